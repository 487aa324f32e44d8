"""What chargers of the field send beside their messages: frames that are none, and more messages.

None of it says anything about money, and all of it may be answered or ignored.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from uuid import UUID

import orjson
from msgspec import Struct

from csms.sim.messages import CALL, ERROR, RESULT, RESULT_ERROR, SEND, Payload, Request
from csms.sim.places import BOTH, NEWER, OLDER, samples

UNKNOWN = 2**31 - 1
"""The number of a transaction that nobody was given."""
NO_ID = "-1"
"""Under which a server answers what has no id that it could read (2.x Part 4 §4.2.3)."""
LATEST = ("2.1",)


class Stray(Struct, frozen=True):
    """A frame that goes before a message.

    ``make`` is given an id of its own and that of the last message answered, if there is one.
    """

    name: str
    make: Callable[[str, str | None, random.Random], object]
    versions: tuple[str, ...] = BOTH
    ids: Callable[[str], tuple[str, ...]] = lambda _: ()
    """Those that an error in answer to it may have, made of its own."""
    open: bool = False
    """Whether only a charger that is accepted says such a thing."""


def _unasked(id_: str, last: str | None, rng: random.Random) -> object:
    del last
    return rng.choice(([RESULT, id_, {}], [ERROR, id_, "GenericError", "", {}]))


def _disputed(id_: str, last: str | None, rng: random.Random) -> object:
    del id_, rng
    return None if last is None else [RESULT_ERROR, last, "FormatViolation", "", {}]


def _told(action: str, payload: Payload) -> Callable[[str, str | None, random.Random], object]:
    return lambda id_, _, __: [SEND, id_, action, payload]


def _long(id_: str) -> str:
    return f"{id_}-{id_}"


STREAM = "NotifyPeriodicEventStream"
VALUES: Payload = {
    "id": 999_999,
    "pending": 0,
    "basetime": "2026-01-01T00:00:00Z",
    "data": [{"t": 0, "v": "1"}],
}
STRAYS = (
    Stray("empty_frame", lambda *_: b""),
    Stray("unreadable_frame", lambda *_: b'{"half a', ids=lambda _: (NO_ID,)),
    Stray(
        "unknown_message_type", lambda id_, *_: [9, id_, "Heartbeat", {}], ids=lambda id_: (id_,)
    ),
    Stray("malformed_call", lambda id_, *_: [CALL, id_, "Heartbeat"], ids=lambda id_: (id_,)),
    Stray(
        "bad_message_id",
        lambda id_, *_: [CALL, _long(id_), "Heartbeat", {}],
        ids=lambda id_: (_long(id_), NO_ID),
    ),
    Stray("unasked_answer", _unasked),
    Stray("disputed_answer", _disputed, LATEST, open=True),
    Stray("unknown_send", _told("NotifyNothing", {}), LATEST, open=True),
    Stray("unusable_send", _told(STREAM, {"id": "first", "data": 7}), LATEST, open=True),
    Stray("unknown_stream", _told(STREAM, VALUES), LATEST, open=True),
)
"""Frames beside a message."""


def stray_frame(stray: Stray, id_: str, last: str | None, rng: random.Random) -> bytes | None:
    """The frame; None: there is nothing that it could be about."""
    frame = stray.make(id_, last, rng)
    if frame is None or isinstance(frame, bytes):
        return frame
    return orjson.dumps(frame)


class More(Struct, frozen=True):
    """A message that goes after another one; ``make`` returns None when it does not fit."""

    name: str
    make: Callable[[Request, random.Random], Request | None]
    excused: bool
    versions: tuple[str, ...] = BOTH


def _beat(request: Request, rng: random.Random) -> Request | None:
    del request, rng
    return Request("Heartbeat", {}, "null_payload")


def _data(request: Request, rng: random.Random) -> Request | None:
    del request, rng
    payload = {"vendorId": "csms.simulator", "messageId": "Odd", "data": {"free": [1, 2]}}
    return Request("DataTransfer", payload, "data_not_text")


def _meter(name: str, *numbers: int) -> Callable[[Request, random.Random], Request | None]:
    """What is no energy, once more; registers would be of a session that nobody has."""

    def make(request: Request, rng: random.Random) -> Request | None:
        if request.action != "MeterValues" or "transactionId" not in request.payload:
            return None
        found = samples(request.payload)
        if not found:
            return None
        at = request.payload["meterValue"][0]["timestamp"]
        payload = {
            "connectorId": request.payload["connectorId"],
            "transactionId": rng.choice(numbers),
            "meterValue": [{"timestamp": at, "sampledValue": found}],
        }
        return Request("MeterValues", payload, name)

    return make


def _end(name: str, *ids: str) -> Callable[[Request, random.Random], Request | None]:
    """The end of a transaction that never began, without any reading."""

    def make(request: Request, rng: random.Random) -> Request | None:
        if request.action != "TransactionEvent":
            return None
        number = rng.choice(ids) if ids else str(UUID(int=rng.getrandbits(128), version=4))
        payload = {
            "eventType": "Ended",
            "timestamp": request.payload["timestamp"],
            "triggerReason": "AbnormalCondition",
            "seqNo": 0,
            "transactionInfo": {"transactionId": number, "stoppedReason": "Other"},
        }
        return Request("TransactionEvent", payload, name)

    return make


_BAD, _UNKNOWN = "bad_transaction_id", "unknown_transaction"
MORE = (
    More("null_payload", _beat, excused=True),
    More("data_not_text", _data, excused=True, versions=OLDER),
    More(_BAD, _meter(_BAD, 0, -1), excused=False, versions=OLDER),
    More(_BAD, _end(_BAD, "0", "-1"), excused=False, versions=NEWER),
    More(_UNKNOWN, _meter(_UNKNOWN, UNKNOWN), excused=False, versions=OLDER),
    More(_UNKNOWN, _end(_UNKNOWN), excused=False, versions=NEWER),
)
"""Messages after a message."""
