"""The tables as pages: text for a terminal, reStructuredText, Markdown, JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from csms.conformance.certification import Case
from csms.conformance.evidence import Evidence
from csms.conformance.rows import FROM_STATION, TO_STATION, Row

T = TypeVar("T")
K = TypeVar("K")

Cell = Sequence[str]
"""Entries of a cell; those that are code stand in backquotes."""


class Section(Struct, frozen=True):
    """A heading, the text under it, and a table."""

    heading: str
    text: str
    columns: Sequence[str]
    body: Sequence[Sequence[Cell]]


_MESSAGES: Final = (
    "Every message of every version: which way it goes, what serves it, where it is at home in the "
    "API (under ``/api/v1``), and end-to-end tests (under ``tests/e2e``) in which it went over a "
    "socket of the running process. DataTransfer goes both ways and is one row. Besides the routes "
    "named here, ``POST /stations/{identity}/commands`` sends any message that goes to a station. "
    "``make conformance`` makes this page."
)
_CASES: Final = (
    "The certification cases for a central system: the end-to-end tests (under ``tests/e2e``) that "
    "bear their id, with the versions they are run in, or why there is none. The 252 numbers of "
    "2.0.1 are also cases of 2.1, which has 77 more. ``make conformance`` makes this page."
)


def messages_page(rows: Sequence[Row], form: str) -> str:
    """The table of messages."""
    if form == "json":
        return _json(rows)
    sections = [
        Section(
            f"OCPP {version}",
            _counted(those),
            ("Message", "Direction", "Handler", "REST route", "Test"),
            [
                (
                    _code([row.message]),
                    [row.direction],
                    _code(row.handlers),
                    _code(row.routes),
                    _code(row.tests),
                )
                for row in those
            ],
        )
        for version, those in _by(rows, lambda row: row.version)
    ]
    return _PAGES[form]("Messages", _MESSAGES, sections)


def certification_page(cases: Sequence[Case], evidence: Evidence, form: str) -> str:
    """The table of certification cases."""
    if form == "json":
        return _json([_told(case, evidence) for case in cases])
    sections = [
        Section(
            f"OCPP {version}: {group}",
            _covered(those, evidence),
            ("Case", "What", "Versions", "Test, or why there is none"),
            [_case(case, evidence) for case in those],
        )
        for (version, group), those in _by(cases, lambda case: (case.version, case.group))
    ]
    versions = [
        f"- OCPP {version}: {_covered(those, evidence)}"
        for version, those in _by(cases, lambda case: case.version)
    ]
    text = "\n".join([_CASES, "", *versions, f"- all: {_covered(cases, evidence)}"])
    return _PAGES[form]("Certification cases", text, sections)


def _told(case: Case, evidence: Evidence) -> dict[str, object]:
    proven = evidence.cases.get(case.id)
    return {
        **msgspec.structs.asdict(case),
        "tests": () if proven is None else proven.tests,
        "versions": () if proven is None else proven.versions,
    }


def _case(case: Case, evidence: Evidence) -> Sequence[Cell]:
    proven = evidence.cases.get(case.id)
    if proven is None:
        return (_code([case.id]), [case.title], [], [case.reason or ""])
    # A test of all versions bears ids of 1.6 and of the newer ones.
    spoken = [each for each in proven.versions if (each == "1.6") == (case.version == "1.6")]
    return (_code([case.id]), [case.title], spoken, _code(proven.tests))


def _counted(rows: Sequence[Row]) -> str:
    to = sum(row.direction != FROM_STATION for row in rows)
    of = sum(row.direction != TO_STATION for row in rows)
    return f"{len(rows)} messages: {of} from stations, {to} to stations."


def _covered(cases: Sequence[Case], evidence: Evidence) -> str:
    tested = sum(case.id in evidence.cases for case in cases)
    return f"{len(cases)} cases, {tested} with a test, {len(cases) - tested} with a reason."


def _by(those: Iterable[T], key: Callable[[T], K]) -> Sequence[tuple[K, list[T]]]:
    groups: dict[K, list[T]] = {}
    for each in those:
        groups.setdefault(key(each), []).append(each)
    return list(groups.items())


def _code(entries: Iterable[str]) -> Cell:
    return [f"`{entry}`" for entry in entries]


def _json(those: Sequence[object]) -> str:
    return msgspec.json.format(msgspec.json.encode(those), indent=1).decode()


def _rst(title: str, text: str, sections: Sequence[Section]) -> str:
    lines = [title, "=" * len(title), "", *_wrapped(text), ""]
    for section in sections:
        lines += [section.heading, "-" * len(section.heading), "", section.text, ""]
        lines += [".. list-table::", "   :header-rows: 1", ""]
        for cells in ([[column] for column in section.columns], *section.body):
            for number, cell in enumerate(cells):
                content = ", ".join(entry.replace("`", "``") for entry in cell)
                lines.append(f"   {'* -' if number == 0 else '  -'} {content}".rstrip())
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _markdown(title: str, text: str, sections: Sequence[Section]) -> str:
    lines = [f"# {title}", "", text.replace("``", "`"), ""]
    for section in sections:
        lines += [f"## {section.heading}", "", section.text, ""]
        lines += [_piped(section.columns), _piped("---" for _ in section.columns)]
        lines += [_piped(", ".join(cell) for cell in cells) for cells in section.body]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _piped(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(title: str, text: str, sections: Sequence[Section]) -> str:
    lines = [title, "", *_wrapped(text.replace("``", "")), ""]
    for section in sections:
        lines += [f"{section.heading} ({section.text.rstrip('.')})", ""]
        cells: list[Sequence[Cell]] = [
            [[column] for column in section.columns],
            *([_bare(cell) for cell in row] for row in section.body),
        ]
        widths = [
            max(len(entry) for cell in column for entry in cell or [""])
            for column in zip(*cells, strict=True)
        ]
        for row in cells:
            for line in zip_longest(*row, fillvalue=""):
                padded = map(str.ljust, line, widths)
                lines.append("  ".join(padded).rstrip())
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _bare(cell: Cell) -> Cell:
    return [entry.replace("`", "") for entry in cell]


def _wrapped(text: str) -> list[str]:
    """Lines of at most 98 characters."""
    return [line for given in text.splitlines() for line in textwrap.wrap(given, 98) or [""]]


_PAGES: Mapping[str, Callable[[str, str, Sequence[Section]], str]] = {
    "text": _text,
    "rst": _rst,
    "markdown": _markdown,
}
FORMATS: Final = (*_PAGES, "json")
