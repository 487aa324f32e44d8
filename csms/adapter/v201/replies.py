"""Answers to 2.x stations, written from core replies."""

from __future__ import annotations

from decimal import Decimal

from csms.adapter.times import wire_time
from csms.core.replies import (
    Acknowledged,
    AuthorizationGiven,
    BootAnswered,
    DataTransferAnswered,
    TimeTold,
    TransactionAnswered,
)
from csms.core.values import Authorization, Terms

Payload = dict[str, object]

MAX_TOKEN = 36
"""Length of an idToken of 2.0.1."""
MAX_LANGUAGES = 2


def write_nothing(reply: Acknowledged) -> Payload:  # noqa: ARG001 - a writer
    """The answers that carry nothing."""
    return {}


def write_boot(reply: BootAnswered) -> Payload:
    """B01 to B03."""
    return {
        "status": reply.registration.value.capitalize(),
        "currentTime": wire_time(reply.at),
        "interval": reply.interval_s,
    }


def write_time(reply: TimeTold) -> Payload:
    """G02."""
    return {"currentTime": wire_time(reply.at)}


def write_authorization(reply: AuthorizationGiven, longest: int = MAX_TOKEN) -> Payload:
    """C01, and what the contract certificate is worth that came with it (C07)."""
    payload: Payload = {"idTokenInfo": _token_info(reply.authorization, longest)}
    if reply.authorization.certificate_status is not None:
        payload["certificateStatus"] = reply.authorization.certificate_status
    return payload


def write_transaction(reply: TransactionAnswered, longest: int = MAX_TOKEN) -> Payload:
    """E01 ff."""
    given = reply.authorization
    payload: Payload = {} if given is None else {"idTokenInfo": _token_info(given, longest)}
    if reply.total_cost is not None:
        payload["totalCost"] = float(Decimal(reply.total_cost))
    if reply.charging_priority is not None:
        payload["chargingPriority"] = reply.charging_priority
    if reply.personal_message is not None:
        payload["updatedPersonalMessage"] = _shown(reply.personal_message)
    return payload


def write_data_transfer(reply: DataTransferAnswered) -> Payload:
    """P02."""
    payload: Payload = {"status": reply.status}
    if reply.data is not None:
        payload["data"] = reply.data
    return payload


def _token_info(authorization: Authorization, longest: int) -> Payload:
    """IdTokenInfoType.  A group id too long for the version is left out: a station could not
    compare it."""
    info: Payload = {"status": authorization.status.value}
    if authorization.expires_at is not None:
        info["cacheExpiryDateTime"] = wire_time(authorization.expires_at)
    if authorization.evse_ids is not None:
        info["evseId"] = list(authorization.evse_ids)
    group = authorization.group_id
    if group is not None and len(group) <= longest:
        info["groupIdToken"] = {"idToken": group, "type": "Central"}
    if authorization.terms is not None:
        info.update(_terms(authorization.terms))
    return info


def _terms(terms: Terms) -> Payload:
    """What is for the driver, and how the session stands among others."""
    said: Payload = {}
    for number, language in enumerate(terms.languages[:MAX_LANGUAGES], start=1):
        said[f"language{number}"] = language
    if terms.charging_priority is not None:
        said["chargingPriority"] = terms.charging_priority
    if terms.personal_message is not None:
        said["personalMessage"] = _shown(terms.personal_message)
    return said


def _shown(text: str) -> Payload:
    return {"format": "UTF8", "content": text}
