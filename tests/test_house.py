"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from csms.adapter.dialect import DIALECTS

CSMS = Path(__file__).parents[1] / "csms"
VERSIONS = {dialect.version for dialect in DIALECTS.values()}
KNOWING = {"adapter", "sim", "testing", "conformance"}
"""Rooms that may know a version by its name."""
FILES = [path for path in CSMS.rglob("*.py") if path.relative_to(CSMS).parts[0] not in KNOWING]


def names_a_version(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in VERSIONS


def judgements(source: str) -> list[int]:
    """Lines on which something depends on a version's name: comparisons, look-ups, cases."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare() | ast.MatchValue():
                judging: list[ast.AST] = list(ast.walk(node))
            case ast.Subscript() if ast.unparse(node.value) != "Literal":
                judging = list(ast.walk(node.slice))
            case ast.Dict():
                judging = [key for key in node.keys if key is not None]
            case _:
                judging = []
        if any(map(names_a_version, judging)):
            found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    "source",
    ['v == "1.6"', 'v in ("2.1",)', 'X["2.0.1"]', '{"1.6": 1}', 'match v:\n case "2.1": 1'],
)
def test_a_judgement_is_seen(source: str) -> None:
    """What the next test looks for."""
    assert judgements(source)


def test_versions_are_told_apart_in_the_adapter_only() -> None:
    """Elsewhere they may be listed, and nothing may depend on which one it is."""
    assert len(FILES) > 100
    seen = {str(path.relative_to(CSMS)): judgements(path.read_text("utf-8")) for path in FILES}
    assert {place: lines for place, lines in seen.items() if lines} == {}
