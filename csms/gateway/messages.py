"""What a conversation in OCPP-J consists of, seen from the server."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from csms.adapter.faults import Fault, FaultKind
from csms.core.oddities import Oddity


class Call(Struct, frozen=True, gc=False):
    """The station asks; to be given to `Rpc.answer` or `Rpc.refuse` once."""

    id: str
    action: str
    payload: dict[str, object]
    digest: int
    oddity: Oddity | None = None
    """Of the envelope: `Oddity.REUSED_MESSAGE_ID` or `Oddity.NULL_PAYLOAD`."""


class Garbled(Struct, frozen=True):
    """The station asks, and nobody can read what: to be refused with ``fault``, by
    `Rpc.refuse`.  The payload of ``call`` is empty."""

    call: Call
    fault: Fault


class Told(Struct, frozen=True):
    """The station says something and wants no answer, not even an error (SEND of 2.1)."""

    action: str
    payload: dict[str, object]


class Disputed(Struct, frozen=True):
    """The station cannot use our answer to its CALL ``id`` of ``action`` (CALLRESULTERROR of 2.1).

    ``code`` is in whatever spelling it uses.  Never answered.
    """

    id: str
    action: str
    code: str
    description: str


class Send(Struct, frozen=True):
    """A frame to send at once: a stored answer, or an error when ``fault`` is set.

    ``oddity`` and ``example`` say what was wrong with the frame that it answers.
    """

    frame: bytes
    fault: FaultKind | None = None
    oddity: Oddity | None = None
    example: str = ""


class Answered(Struct, frozen=True):
    """The station's result for our ``call``."""

    call: Outgoing
    payload: dict[str, object]
    oddity: Oddity | None = None


class Failed(Struct, frozen=True):
    """The station's error for our ``call``; ``code`` in whatever spelling it uses.

    ``fault`` is set when it meant to answer well and the frame holds no answer.
    """

    call: Outgoing
    code: str
    description: str
    fault: Fault | None = None
    oddity: Oddity | None = None


class Stray(Struct, frozen=True):
    """An answer to nothing that is open: ``how`` is late, duplicate or unknown.  Never answered."""

    how: str


class Noise(Struct, frozen=True):
    """A frame that is no message and gets no answer."""

    reason: str
    oddity: Oddity = Oddity.UNREADABLE_FRAME


class Flood(Struct, frozen=True):
    """The station does not stop; its connection should be closed (1008)."""

    reason: str


Event = Call | Garbled | Told | Send | Answered | Failed | Disputed | Stray | Noise | Flood


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
