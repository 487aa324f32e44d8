"""What the end-to-end tests have shown: recorded by running them, kept with the package.

The record is made by ``make conformance``; ``CSMS_EVIDENCE`` names the folder to which each process
of the tests writes what went over its sockets, a `Witnessed` a line.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec
from msgspec import Struct, field

from csms.conformance.certification import ids

FILE = "evidence.json"
AT_MOST = 2
"""Tests that are named for a message and direction."""
_EVERY = "test_every_message"
_WORD = re.compile("[A-Z]+(?![a-z])|[A-Z][a-z]+")

Exchange = tuple[str, str, str]
"""Version, direction and action."""


class Witnessed(Struct, frozen=True):
    """A test that passed through sockets: ``module::function``, the name of its parameters, and
    what was exchanged."""

    test: str
    case: str
    exchanged: tuple[Exchange, ...]


class Proven(Struct, frozen=True):
    """The tests that bear a certification case, and the versions that they spoke."""

    tests: tuple[str, ...]
    versions: tuple[str, ...] = ()


class Evidence(Struct, frozen=True):
    """Tests by version, direction and message; certification cases by their id."""

    messages: dict[str, dict[str, dict[str, tuple[str, ...]]]] = field(default_factory=dict)
    cases: dict[str, Proven] = field(default_factory=dict)

    def tests(self, version: str, direction: str, message: str) -> Sequence[str]:
        """The tests in which a message was exchanged."""
        return self.messages.get(version, {}).get(direction, {}).get(message, ())


def load() -> Evidence:
    """What was recorded last."""
    content = files("csms.conformance").joinpath(FILE).read_bytes()
    return msgspec.json.decode(content, type=Evidence)


def saved(evidence: Evidence) -> str:
    """The content of the file: sorted, an entry a line, so that a difference shows what changed."""
    messages = {
        version: {direction: _object(found, 3) for direction, found in directions.items()}
        for version, directions in evidence.messages.items()
    }
    table = {version: _object(directions, 2) for version, directions in messages.items()}
    return f"{_object({'cases': _object(evidence.cases, 1), 'messages': _object(table, 1)}, 0)}\n"


def _object(entries: Mapping[str, object], depth: int) -> str:
    """A JSON object with its entries in lines; texts among them are JSON already."""
    inner, end = " " * (depth + 1), " " * depth
    lines = [
        f'{inner}"{name}": '
        + (entry if isinstance(entry, str) else msgspec.json.encode(entry).decode())
        for name, entry in sorted(entries.items())
    ]
    return "{\n" + ",\n".join(lines) + f"\n{end}}}" if lines else "{}"


def witnessed(folder: Path) -> Sequence[Witnessed]:
    """What a run of the tests recorded."""
    return [
        msgspec.json.decode(line, type=Witnessed)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]


def gathered(
    records: Iterable[Witnessed], claims: Mapping[str, Sequence[str]], last: Evidence
) -> Evidence:
    """What the records show; without any, ``last``, with the certification cases as they are
    claimed now."""
    seen = list(records)
    if not seen:
        proven = {
            case: Proven(tuple(tests), last.cases[case].versions if case in last.cases else ())
            for case, tests in claims.items()
        }
        return Evidence(last.messages, proven)
    return Evidence(
        _messages(seen),
        {case: Proven(tuple(tests), _spoken(case, tests, seen)) for case, tests in claims.items()},
    )


def _messages(seen: Sequence[Witnessed]) -> dict[str, dict[str, dict[str, tuple[str, ...]]]]:
    breadth: dict[Exchange, dict[str, int]] = defaultdict(dict)
    for record in seen:
        for exchange in record.exchanged:
            found = breadth[exchange]
            found[record.test] = min(len(record.exchanged), found.get(record.test, 1 << 30))
    table: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {}
    for (version, direction, action), tests in breadth.items():
        # The test that bears the name, or says little else, is the one about this message.
        ranked = sorted(tests, key=lambda test: (-_named(action, test), tests[test], test))
        chosen = [test for test in ranked if _EVERY not in test][:AT_MOST] or ranked[:1]
        table.setdefault(version, {}).setdefault(direction, {})[action] = tuple(sorted(chosen))
    return table


def _named(action: str, test: str) -> int:
    """How many words of the action are in the name of the test's function."""
    name = test.partition("::")[2]
    return sum(word.lower() in name for word in _WORD.findall(action))


def _spoken(case: str, tests: Sequence[str], seen: Sequence[Witnessed]) -> tuple[str, ...]:
    """The versions in which the tests of a case exchanged anything; where parameters bear its id,
    with those."""
    those = [record for record in seen if record.test in tests]
    own = [record for record in those if case in ids(record.case)]
    spoken = {version for record in own or those for version, _, _ in record.exchanged}
    return tuple(sorted(spoken))
