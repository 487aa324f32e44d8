"""The rows of the table of messages, made from the tables that the server runs on.

A message has a row because a version has one for it; its handler is the rule or the command that
the row leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from csms.adapter.dialect import Dialect, Understood
from csms.adapter.tables import Version
from csms.adapter.v16.version import V16
from csms.adapter.v21.version import V21
from csms.adapter.v201.version import V201
from csms.conformance.evidence import Evidence
from csms.conformance.served import SEEN, SENT
from csms.core.areas import COMMANDS, CONSEQUENCES
from csms.core.commands import Command
from csms.core.decide import RULES
from csms.core.values import Strictness
from csms.testing.examples import example

FROM_STATION: Final = "CS to CSMS"
TO_STATION: Final = "CSMS to CS"
BOTH: Final = "both"

VERSIONS: Mapping[str, Version] = {version.version: version for version in (V16, V201, V21)}


class Row(Struct, frozen=True, kw_only=True):
    """A message of a version; one that goes both ways has what serves each, inbound first."""

    version: str
    message: str
    direction: str
    handlers: tuple[str, ...]
    """``module.function`` of the rule that decides what a station said, ``module.Class`` of the
    command that asks it of one, and the rule for the answer where there is one of its own."""
    routes: tuple[str, ...]
    """Under ``/api/v1``."""
    tests: tuple[str, ...]
    """``module::function`` under ``tests/e2e``: the message was exchanged over a socket there."""


def rows(evidence: Evidence) -> Sequence[Row]:
    """One row for every message of every version, by version and name."""
    return [
        _row(version, message, evidence)
        for version in VERSIONS.values()
        for message in sorted(version.inbound.keys() | version.outbound)
    ]


def _row(version: Version, message: str, evidence: Evidence) -> Row:
    handlers: list[str] = []
    routes: list[str] = []
    tests: list[str] = []
    directions: list[str] = []
    if message in version.inbound:
        directions.append(FROM_STATION)
        handlers.append(_named(_rule(version, message)))
        routes += SEEN[message]
    if message in version.outbound:
        tag, given = SENT[message]
        command = command_of(tag)
        directions.append(TO_STATION)
        handlers.append(_named(command))
        if command in CONSEQUENCES:
            handlers.append(_named(CONSEQUENCES[command][1]))
        routes += given
    for direction in directions:
        tests += evidence.tests(version.version, direction, message)
    return Row(
        version=version.version,
        message=message,
        direction=BOTH if len(directions) > 1 else directions[0],
        handlers=tuple(handlers),
        routes=tuple(routes),
        tests=tuple(dict.fromkeys(tests)),
    )


def command_of(tag: str) -> type[Command]:
    """The command that is kept under a tag."""
    return next(each for each in COMMANDS if each.__struct_config__.tag == tag)


def _rule(version: Version, message: str) -> Callable[..., Any]:
    """The rule that decides the report which the smallest message of that kind is read as."""
    document = version.schemas.documents[version.request_schema(message)]
    now = datetime.now(UTC)
    understood = Dialect(version).read(message, example(document), Strictness.STRICT, now)
    assert isinstance(understood, Understood), (version.version, message, understood)
    return RULES[type(understood.report)][1]


def _named(what: Callable[..., Any]) -> str:
    return f"{what.__module__}.{what.__qualname__}".removeprefix("csms.")
