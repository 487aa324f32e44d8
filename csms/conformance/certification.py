"""The certification cases for a central system, and the tests that bear their ids."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec
from msgspec import Struct

FILE = "cases.json"
_ID = re.compile(r"TC_(?:[A-S]_\d+|\d{3})(?:_\d)?(?!\d)")


class Case(Struct, frozen=True, kw_only=True):
    """A case: what it is about, and why no test bears its id, if none does."""

    id: str
    version: str
    group: str
    title: str
    reason: str | None = None


class _Listed(Struct, frozen=True, forbid_unknown_fields=True):
    """A case in the file."""

    title: str
    reason: str | None = None


def cases() -> Sequence[Case]:
    """All of them, in the order of the file."""
    content = files("csms.conformance").joinpath(FILE).read_bytes()
    listed = msgspec.json.decode(content, type=dict[str, dict[str, dict[str, _Listed]]])
    return [
        Case(id=name, version=version, group=group, title=case.title, reason=case.reason)
        for version, groups in listed.items()
        for group, those in groups.items()
        for name, case in those.items()
    ]


def claims(folder: Path) -> Mapping[str, Sequence[str]]:
    """By case, the tests in ``folder`` that bear its id: ``module::function``, sorted.

    An id counts where a test is named: in the function's name (where those of several are told by
    their beginning, ``test_tc_017_018_``, only if it is whole), its docstring, or the parameters.
    """
    known = frozenset(case.id for case in cases())
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("test_*.py")):
        for test, named, ids in _borne(ast.parse(path.read_text(encoding="utf-8"))):
            for name in ids | (named & known):
                found[name].append(f"{path.stem}::{test}")
    return {name: sorted(found[name]) for name in sorted(found)}


def functions(path: Path) -> frozenset[str]:
    """The names of the tests of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(function.name for function in _tests(tree))


def _borne(tree: ast.Module) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
    """Of each test the name, the id in it, and the ids beside it."""
    tables = dict(_tables(tree))
    for function in _tests(tree):
        texts = [
            ast.get_docstring(function) or "",
            *map(ast.unparse, function.decorator_list),
        ]
        texts += [
            tables[node.id]
            for decorator in function.decorator_list
            for node in ast.walk(decorator)
            if isinstance(node, ast.Name) and node.id in tables
        ]
        first = _ID.findall(function.name.upper())[:1]
        yield function.name, frozenset(first), ids(*texts)


def ids(*texts: str) -> frozenset[str]:
    """The ids of cases that stand in texts."""
    return frozenset(name for text in texts for name in _ID.findall(text))


def _tests(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
            "test_"
        ):
            yield node


def _tables(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What a module assigns to a name, for the parameters that stand in a table."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, ast.unparse(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, ast.unparse(value)
