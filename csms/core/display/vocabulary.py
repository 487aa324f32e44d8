"""What displays are spoken of with: messages, commands and reports."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from csms.core.commands import Command
from csms.core.reports import Report

MESSAGE = "display_message"
"""Kind of the holdings that are messages, by their id."""
MESSAGES = "display_messages"
"""Kind of the assemblies that answer `ReportMessages`."""


class Priority(StrEnum):
    """How a message is shown beside others."""

    ALWAYS_FRONT = "AlwaysFront"
    IN_FRONT = "InFront"
    NORMAL_CYCLE = "NormalCycle"


class Format(StrEnum):
    """How the content of a message is to be read."""

    ASCII = "ASCII"
    HTML = "HTML"
    URI = "URI"
    UTF8 = "UTF8"
    QRCODE = "QRCODE"


class Text(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A content in one language (RFC 5646)."""

    format: Format
    content: str
    language: str | None = None


class DisplayMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message; times are RFC 3339."""

    priority: Priority
    message: Text
    state: str | None = None
    """Shown only while the station is in that state: Charging, Faulted, Idle, Unavailable, in 2.1
    also Suspended and Discharging."""
    start_at: str | None = None
    end_at: str | None = None
    transaction_ref: str | None = None
    """It goes when that transaction ends."""
    message_extra: tuple[Text, ...] = ()
    """The same in other languages (2.1)."""


class SetMessage(Command, frozen=True, kw_only=True, tag="set_display_message"):
    """Have a station show a message (2.x O01, O02, O06); one of that number is replaced."""

    ref: int | None = None
    message: DisplayMessage


class ClearMessage(Command, frozen=True, kw_only=True, tag="clear_display_message"):
    """Take a message off (2.x O05)."""

    message_id: int


class ReportMessages(Command, frozen=True, kw_only=True, tag="report_display_messages"):
    """Have a station tell its messages (2.x O03, O04): those of the ids, or all that fit."""

    ref: int | None = None
    message_ids: tuple[int, ...] = ()
    priority: Priority | None = None
    state: str | None = None


class NothingThere(Struct, frozen=True):
    """Found in an answer: there is no such message, or none at all."""


class MessagesTold(Report, frozen=True, kw_only=True):
    """NotifyDisplayMessages (2.x O03, O04): ``messages`` are JSON of `DisplayMessage` as far as the
    station kept to the standard; each has an ``id``."""

    ref: int | None
    messages: tuple[dict[str, object], ...]
    last: bool = True
