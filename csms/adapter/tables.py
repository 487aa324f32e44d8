"""What a version of OCPP is made of: one row per message, in tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
from msgspec import Struct

from csms.adapter.faults import FaultKind
from csms.adapter.leaves import Lenience
from csms.adapter.manners import Manners
from csms.adapter.notes import Notes
from csms.adapter.schema import Flaw, Json, Schemas, dotted
from csms.adapter.wording import snake
from csms.core.commands import Command
from csms.core.reports import Report


class Understood(Struct, frozen=True):
    """A message of a station in the core's words.

    ``quirks``: tolerated departures from the standard, each a rule's name (at most one per
    rule) and a short example.  ``maimed``: something of what it proves could not be read.
    """

    report: Report
    quirks: tuple[tuple[str, str], ...] = ()
    maimed: bool = False


class Request(Struct, frozen=True):
    """A command in the words of a version."""

    action: str
    payload: dict[str, object]


class Unsupported(Struct, frozen=True):
    """A version has no words for a command; ``reason`` is a sentence.

    ``field`` is the place in the command that it has no word for, where it has the message.
    """

    reason: str
    field: str | None = None


class Verdict(Struct, frozen=True):
    """What an answer to a command means: the status of `csms.core.commands.Outcome`."""

    status: str
    detail: str | None = None


@attrs.frozen
class Inbound:
    """A message that a station may send.

    ``read`` is handed a payload that has the shape of the schema (or was mended to have it)
    and raises `csms.adapter.faults.PayloadError`; ``write`` spells the answer, a ``reply``.
    """

    read: Callable[[Any, Notes], Report]
    reply: type
    write: Callable[[Any], dict[str, object]]
    boot: bool = False
    money: bool = False
    proof: tuple[str, ...] = ()
    """Places, by path as in ``lenience``, of what proves the money."""
    one_way: bool = False
    """Sent by SEND (2.1) and never answered; ``write`` is not used."""
    echoed: bool = False
    """The answer repeats parts of it: what cannot be mended into a valid message is refused."""
    lenience: Mapping[str, Lenience] = attrs.field(factory=dict)
    """By field path without indices (``meterValue.sampledValue.unit``)."""


@attrs.frozen
class Outbound:
    """A command of the core: how a version spells it.

    ``fields`` names, as those who give the command do, the field for each place of the payload
    that it calls differently, by path without indices; None: the command has the payload itself.
    """

    spell: Callable[[Any], Request | Unsupported]
    fields: Mapping[str, str] | None
    learn: Callable[[Any, Any], object] | None = None
    """What the answer to a command tells, free of any version: (command, payload) to the
    ``found`` of its `csms.core.commands.Outcome`.  The payload has the shape of its schema (or was
    mended to have it); may raise `csms.adapter.faults.PayloadError`."""
    lenience: Mapping[str, Lenience] = attrs.field(factory=dict)
    """How far the answer may depart from its schema, for ``learn``; as `Inbound.lenience`."""
    judge: Callable[[Any, Json], Verdict] | None = None
    """What the answer to a command means, where `Version.judge` cannot tell from the action."""
    names: Mapping[str, str] = attrs.field(factory=dict)
    """What wire names beyond ``fields`` are called, unless the same in snake case."""

    def field(self, path: tuple[str | int, ...]) -> str:
        """The place in the command that became ``path`` of the payload."""
        if self.fields is None or not path:
            return dotted(("payload", *path))
        for length in range(len(path), 0, -1):
            place = ".".join(step for step in path[:length] if isinstance(step, str))
            if isinstance(path[length - 1], str) and place in self.fields:
                field = self._numbered(self.fields[place], path[:length])
                return dotted((field, *self._named(path[length:])))
        return dotted(tuple(self._named(path)))

    def _numbered(self, field: str, path: tuple[str | int, ...]) -> str:
        """The field with the place of the item that it is of, where the list has a name too."""
        assert self.fields is not None  # who calls has looked into them
        for length, step in enumerate(path):
            outer = ".".join(name for name in path[:length] if isinstance(name, str))
            of = self.fields.get(outer)
            if isinstance(step, int) and of is not None and field.startswith(f"{of}."):
                field = f"{of}[{step}]{field.removeprefix(of)}"
        return field

    def _named(self, path: tuple[str | int, ...]) -> Iterator[str | int]:
        for step in path:
            yield self.names.get(step) or snake(step) if isinstance(step, str) else step


@attrs.frozen(eq=False)
class Version:
    """Everything that is particular to one version."""

    version: str
    subprotocol: str
    codes: Mapping[FaultKind, str]
    manners: Manners
    schemas: Schemas
    request_suffix: str
    """What the name of a request's schema has after the action."""
    inbound: Mapping[str, Inbound]
    unserved: frozenset[str]
    """Messages from stations that the version has and we do not serve."""
    outbound: frozenset[str]
    """Actions that may be sent to a station."""
    commands: Mapping[type[Command], Outbound]
    provokes: Callable[[Request], frozenset[str]]
    """Messages that a station sends because it was asked to by a request."""
    check: Callable[[Request], Flaw | None]
    """Rules for requests that the schemas do not know; called with a valid one."""
    interpret: Callable[[Request], Command | None]
    """The core's command that a raw request amounts to; None when that makes no difference."""
    judge: Callable[[str, Json], Verdict]
    """What an answer to an action means."""
    interpreters: Mapping[str, Callable[[Json], Command | None]] = attrs.field(factory=dict)
    """As ``interpret``, by action and of the payload: what the areas add."""

    def request_schema(self, action: str) -> str:
        """The name of the schema of a request; that of a SEND has no suffix."""
        name = action + self.request_suffix
        return name if name in self.schemas.documents else action
