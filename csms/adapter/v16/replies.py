"""Answers to 1.6 stations, written from core replies."""

from __future__ import annotations

import orjson

from csms.adapter.times import wire_time
from csms.core.replies import (
    Acknowledged,
    AuthorizationGiven,
    BootAnswered,
    DataTransferAnswered,
    StartAnswered,
    StopAnswered,
    TimeTold,
)
from csms.core.values import Authorization, TokenStatus

Payload = dict[str, object]

MAX_TAG = 20
"""Length of an IdToken (§7.28)."""

_STATUSES = frozenset(
    {
        TokenStatus.ACCEPTED,
        TokenStatus.BLOCKED,
        TokenStatus.CONCURRENT,
        TokenStatus.EXPIRED,
        TokenStatus.INVALID,
    }
)
"""Verdicts that 1.6 has a word for (§7.2); every other one is Invalid there."""


def write_nothing(reply: Acknowledged) -> Payload:  # noqa: ARG001 - a writer
    """The answers that carry nothing."""
    return {}


def write_boot(reply: BootAnswered) -> Payload:
    """§6.4."""
    return {
        "status": reply.registration.value.capitalize(),
        "currentTime": wire_time(reply.at),
        "interval": reply.interval_s,
    }


def write_time(reply: TimeTold) -> Payload:
    """§6.30."""
    return {"currentTime": wire_time(reply.at)}


def write_authorization(reply: AuthorizationGiven) -> Payload:
    """§6.2."""
    return {"idTagInfo": _tag_info(reply.authorization)}


def write_start(reply: StartAnswered) -> Payload:
    """§6.46."""
    return {
        "transactionId": int(reply.transaction_ref),
        "idTagInfo": _tag_info(reply.authorization),
    }


def write_stop(reply: StopAnswered) -> Payload:
    """§6.50."""
    return {} if reply.authorization is None else {"idTagInfo": _tag_info(reply.authorization)}


def write_data_transfer(reply: DataTransferAnswered) -> Payload:
    """§6.16; data that is no text goes out as its JSON."""
    payload: Payload = {"status": reply.status}
    if reply.data is not None:
        payload["data"] = as_text(reply.data)
    return payload


def as_text(data: object) -> str:
    """Data of a DataTransfer, which is text in 1.6."""
    return data if isinstance(data, str) else orjson.dumps(data).decode()


def _tag_info(authorization: Authorization) -> Payload:
    """§7.27.  A group id too long for 1.6 is left out: a station could not compare it."""
    status = authorization.status
    info: Payload = {"status": (status if status in _STATUSES else TokenStatus.INVALID).value}
    if authorization.expires_at is not None:
        info["expiryDate"] = wire_time(authorization.expires_at)
    if authorization.group_id is not None and len(authorization.group_id) <= MAX_TAG:
        info["parentIdTag"] = authorization.group_id
    return info
