"""What can be wrong with a message, before a version spells it as an error code."""

from __future__ import annotations

from enum import StrEnum
from typing import NoReturn

from msgspec import Struct

MAX_TEXT = 255
"""Length of an error description (OCPP-J 2.x §4.2.3; good for 1.6 too)."""


class FaultKind(StrEnum):
    """The error codes of OCPP-J by their meaning; `Dialect.codes` has a version's spelling."""

    FORMAT = "format"
    """The structure is not that of the message."""
    OCCURRENCE = "occurrence"
    """A required field is absent, or a list too short or too long."""
    TYPE = "type"
    """A field has the wrong JSON type."""
    PROPERTY = "property"
    """A field has the right type and a value that is not allowed."""
    PROTOCOL = "protocol"
    NOT_IMPLEMENTED = "not_implemented"
    """The version has no such action."""
    NOT_SUPPORTED = "not_supported"
    """The version has the action, yet it is not served here."""
    SECURITY = "security"
    INTERNAL = "internal"
    GENERIC = "generic"
    RPC_FRAMEWORK = "rpc_framework"
    """The frame is no OCPP-J message."""
    MESSAGE_TYPE = "message_type"
    """The message type number is not known."""


class Fault(Struct, frozen=True):
    """Why a message cannot be served.

    ``text`` goes back to the station: at most 255 characters, and it names places and rules,
    never what the station sent.
    """

    kind: FaultKind
    text: str


class PayloadError(Exception):
    """Ends the reading of a payload with a fault; does not leave this package."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


def refuse(kind: FaultKind, path: str, rule: str) -> NoReturn:
    """Raise `PayloadError`: at ``path`` of the payload ``rule`` is broken."""
    raise PayloadError(Fault(kind, f"{path or 'payload'}: {rule}"[:MAX_TEXT]))
