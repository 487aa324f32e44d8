"""The messages of OCPP-J as a charger handles them, and the errors there are.

Deliberately shares nothing with the server's own end: the simulator is to find the server's
mistakes, so it must not repeat them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from msgspec import Struct

CALL, RESULT, ERROR, RESULT_ERROR, SEND = 2, 3, 4, 5, 6

Payload = dict[str, Any]

CODES_1_6 = frozenset(
    {
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormationViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "TypeConstraintViolation",
        "GenericError",
    }
)
"""Error codes of OCPP-J 1.6 §4.2.3, in the spelling of its table."""
_CODES_2 = frozenset(
    {
        "FormatViolation",
        "GenericError",
        "InternalError",
        "MessageTypeNotSupported",
        "NotImplemented",
        "NotSupported",
        "OccurrenceConstraintViolation",
        "PropertyConstraintViolation",
        "ProtocolError",
        "RpcFrameworkError",
        "SecurityError",
        "TypeConstraintViolation",
    }
)
CODES_2_0_1 = _CODES_2 | {"OccurenceConstraintViolation"}
"""Error codes of OCPP 2.0.1 part 4 §4.3, one of which its editions spell in two ways."""
CODES_2_1 = _CODES_2
"""Error codes of OCPP 2.1 part 4 §4.4."""


class Request(Struct, frozen=True):
    """A message to the server."""

    action: str
    payload: Payload
    deed: str | None = None
    """The misbehaviour that it is; then it is bent no further."""


class Bent(Struct, frozen=True):
    """What is sent instead of a CALL by a charger that misbehaves."""

    name: str
    """Of the misbehaviour."""
    id: str
    frames: tuple[bytes, ...]
    """The last of them is the CALL."""
    excused: bool
    """Whether a server may answer it with a CALLERROR."""
    after: tuple[Request, ...] = ()
    """Sent when it was answered."""


class BentAnswer(Struct, frozen=True):
    """How a command is answered: later, with another frame ``instead``, or several ``times``."""

    name: str | None = None
    """Of the misbehaviour, if it is one."""
    late_s: float = 0.0
    instead: bytes | None = None
    times: int = 1


BENT_NOT = BentAnswer()
"""As it should be."""


class Bender(Protocol):
    """Misbehaves in a charger's stead, see `csms.sim.misbehaviour`."""

    def bend(self, request: Request, id_: str) -> Bent | None:
        """What to send instead of a CALL; None: nothing else."""

    def answered(self, request: Request, id_: str, answer: Payload) -> None:
        """A CALL, as it was before it was bent, was answered under the id that it had."""

    def refused(self, request: Request, bent: Bent) -> None:
        """A CALL that was bent was answered with a CALLERROR."""

    def provoked(self, id_: str) -> bool:
        """Whether an answer under that id is to something that was sent beside a CALL."""

    def bend_answer(self, id_: str) -> BentAnswer:
        """How to answer a command."""

    def did(self, name: str) -> None:
        """A misbehaviour has left for the server."""


class Answer(Struct, frozen=True):
    """A charger's CALLRESULT; ``then`` runs when it is on its way."""

    payload: Payload
    then: Callable[[], None] | None = None


class Fault(Struct, frozen=True):
    """A charger's CALLERROR."""

    code: str
    text: str = ""


class NoAnswer(Exception):  # noqa: N818 - expected of any server, no error of ours
    """A message of the charger came to nothing."""


class Gone(NoAnswer):
    """There is no connection, or it broke before the answer."""


class TimedOut(NoAnswer):
    """The server did not answer in time."""


class Illegal(NoAnswer):
    """The server's answer breaks OCPP."""


class Refused(NoAnswer):
    """The server answered with a CALLERROR of that ``code``."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code = code
