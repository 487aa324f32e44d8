"""The words of local authorization lists."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from csms.core.commands import Command
from csms.core.decisions import Ask, Write, folded
from csms.core.values import TokenStatus

USUAL_KIND = "ISO14443"
"""The kind of a token of which nobody knows better: a card."""

MAX_ENTRIES = 10_000
"""Tokens of one list."""


class ListEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A token of a list, with what the station shall make of it.

    Tokens differ by their text (whatever its case) and their kind.
    """

    id_token: str
    kind: str = USUAL_KIND
    """OCPP 2.x IdTokenEnum text; 1.6 does not tell."""
    status: TokenStatus = TokenStatus.ACCEPTED
    group_id: str | None = None
    expires_at: datetime | None = None

    @property
    def key(self) -> str:
        """What tells it apart."""
        return f"{self.kind}:{folded(self.id_token)}"


class Listed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A token by its name, to be taken off a list."""

    id_token: str
    kind: str = USUAL_KIND

    @property
    def key(self) -> str:
        """See `ListEntry.key`."""
        return f"{self.kind}:{folded(self.id_token)}"


class ListMode(StrEnum):
    """Where the wanted content comes from."""

    MANUAL = "manual"
    """Whoever uses the API writes it."""
    TOKENS = "tokens"
    """The tokens of the operator that are good at the station."""


class ListStatus(StrEnum):
    """How a station's list compares with what is wanted."""

    UNMANAGED = "unmanaged"
    """Nothing is wanted."""
    STALE = "stale"
    """It is not what is wanted, as far as is known; it will be sent."""
    SENDING = "sending"
    SYNCED = "synced"
    """The station confirmed what is wanted."""
    FAILED = "failed"
    """The station refused it; it is tried again later."""
    UNSUPPORTED = "unsupported"
    """The station keeps no list."""


class LocalList(Struct, frozen=True, kw_only=True):
    """The list of a station, without its entries."""

    station_id: int
    operator_id: int
    identity: str
    mode: ListMode | None = None
    status: ListStatus = ListStatus.UNMANAGED
    last_version: int = 0
    """The highest version that was ever given or heard of; none is given twice."""
    confirmed_version: int | None = None
    """The version that the station is known to hold, whose content is known; None: unsure."""
    reported_version: int | None = None
    """What it last said when it was asked; 0: empty, -1: it keeps none."""
    reported_at: datetime | None = None
    confirmed_at: datetime | None = None
    entries: int = 0
    """Tokens wanted."""
    differing: int = 0
    """Tokens to send or to take off."""
    omitted: int = 0
    """Tokens that found no room."""
    detail: str | None = None
    operation_id: str | None = None
    """The operation that last sent a part of it."""
    retry_at: datetime | None = None
    updated_at: datetime | None = None


class Difference(Struct, frozen=True, kw_only=True):
    """A token as it is wanted and as the station is known to hold it, if so."""

    wanted: ListEntry | None = None
    held: ListEntry | None = None


class ListLimits(Struct, frozen=True, kw_only=True):
    """What a station takes; None: unknown.  See `csms.core.locallists.parts`."""

    items: int | None = None
    """Tokens in one message."""
    size_bytes: int | None = None
    """Bytes of one message."""
    entries: int | None = None
    """Tokens in the list."""


class SendLocalList(Command, frozen=True, kw_only=True, tag="send_local_list"):
    """Replace the list (``full``) or change it (1.6 §5.15, 2.x D01).

    A version cannot express every token; what it cannot is left out.
    """

    version: int
    full: bool
    entries: tuple[ListEntry, ...] = ()
    removed: tuple[Listed, ...] = ()


class ReadLocalListVersion(Command, frozen=True, kw_only=True, tag="read_local_list_version"):
    """Ask for the version of the list (1.6 §5.10, 2.x D02)."""


class ListAsked(Ask, frozen=True, kw_only=True):
    """The `Confirmed` of the station's list, if there is a record of one."""


class Confirmed(Struct, frozen=True, kw_only=True):
    """Which version the station is known to hold; None: unsure."""

    version: int | None = None


class ConfirmList(Write, frozen=True, kw_only=True):
    """The station took a list, or a change of its list."""

    station_id: int
    operator_id: int
    version: int
    full: bool
    sure: bool
    """Whether it is known what it was that was changed."""
    entries: tuple[KeyedEntry, ...]
    removed: tuple[str, ...]
    """Keys."""
    at: datetime


class KeyedEntry(Struct, frozen=True):
    """An entry under its key."""

    key: str
    content: ListEntry


class DoubtList(Write, frozen=True, kw_only=True):
    """The station refused a list or did not answer.

    ``unsure``: what it holds is not known any more.  ``state``: ``idle`` (send what is wanted
    when it is due), ``failed`` or ``unsupported``.
    """

    station_id: int
    operator_id: int
    state: str
    unsure: bool
    detail: str | None
    at: datetime


class TellListVersion(Write, frozen=True, kw_only=True):
    """The station said which version its list has."""

    station_id: int
    operator_id: int
    version: int
    at: datetime
