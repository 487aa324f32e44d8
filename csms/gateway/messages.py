"""What a conversation in OCPP-J consists of, seen from the server."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from csms.adapter.faults import FaultKind

REUSED_ID = "reused_message_id"
NULL_PAYLOAD = "null_payload"


class Call(Struct, frozen=True, gc=False):
    """The station asks; to be given to `Rpc.answer` or `Rpc.refuse` once."""

    id: str
    action: str
    payload: dict[str, object]
    digest: int
    quirk: str = ""
    """A tolerated oddity of the envelope: `REUSED_ID` or `NULL_PAYLOAD`."""


class Send(Struct, frozen=True):
    """A frame to send at once: a stored answer, or an error when ``fault`` is set."""

    frame: bytes
    fault: FaultKind | None = None


class Answered(Struct, frozen=True):
    """The station's result for our ``call``."""

    call: Outgoing
    payload: dict[str, object]


class Failed(Struct, frozen=True):
    """The station's error for our ``call``; ``code`` in whatever spelling it uses."""

    call: Outgoing
    code: str
    description: str


class Stray(Struct, frozen=True):
    """An answer to nothing that is open: ``how`` is late, duplicate or unknown.  Never answered."""

    how: str


class Noise(Struct, frozen=True):
    """A frame that is no message and gets no answer."""

    reason: str


class Flood(Struct, frozen=True):
    """The station does not stop; its connection should be closed (1008)."""

    reason: str


Event = Call | Send | Answered | Failed | Stray | Noise | Flood


class Phase(StrEnum):
    """Life of one of our CALLs."""

    QUEUED = "queued"
    OPEN = "open"
    SETTLED = "settled"


class Outgoing:
    """One of our CALLs; ``token`` is whatever its owner wants to find again."""

    __slots__ = ("action", "deadline", "frame", "id", "phase", "token")

    def __init__(
        self, message_id: str, action: str, frame: bytes, deadline: float, token: object
    ) -> None:
        self.id = message_id
        self.action = action
        self.frame = frame
        self.deadline = deadline
        self.token = token
        self.phase = Phase.QUEUED
