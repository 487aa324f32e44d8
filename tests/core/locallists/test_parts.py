"""What must be sent, in parts that a station can take."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.core.locallists.parts import Part, entry_of, parts_of, room
from csms.core.locallists.vocabulary import (
    MAX_ENTRIES,
    Difference,
    Listed,
    ListEntry,
    ListLimits,
)
from csms.core.values import Token, TokenStatus

ANY = ListLimits()


def entry(name: str, status: TokenStatus = TokenStatus.ACCEPTED) -> ListEntry:
    """A token of a list."""
    return ListEntry(id_token=name, status=status)


def new(*names: str) -> list[Difference]:
    """Tokens that are wanted and not held."""
    return [Difference(wanted=entry(name)) for name in names]


def test_change() -> None:
    """A change brings what is new or different, and takes off what is not wanted."""
    tokens = [
        Difference(wanted=entry("same"), held=entry("same")),
        Difference(wanted=entry("new")),
        Difference(wanted=entry("blocked", TokenStatus.BLOCKED), held=entry("blocked")),
        Difference(held=ListEntry(id_token="gone", kind="eMAID")),
        Difference(),
    ]
    assert parts_of(tokens, ANY, full=False) == (
        Part(
            full=False,
            entries=(entry("new"), entry("blocked", TokenStatus.BLOCKED)),
            removed=(Listed(id_token="gone", kind="eMAID"),),
        ),
    )


def test_no_change() -> None:
    """Where nothing differs nothing is sent."""
    assert parts_of([Difference(wanted=entry("A"), held=entry("A"))], ANY, full=False) == ()


def test_full() -> None:
    """A full list has what is wanted, whatever is held."""
    tokens = [Difference(wanted=entry("A"), held=entry("A")), Difference(held=entry("B"))]
    assert parts_of(tokens, ANY, full=True) == (Part(full=True, entries=(entry("A"),)),)


def test_empty_full() -> None:
    """An empty list is sent as such (TC_D_04)."""
    assert parts_of([], ANY, full=True) == (Part(full=True),)


def test_full_in_parts() -> None:
    """A list beyond the limit begins with a full one and goes on with changes."""
    parts = parts_of(new("A", "B", "C", "D", "E"), ListLimits(items=2), full=True)
    assert [(part.full, [each.id_token for each in part.entries]) for part in parts] == [
        (True, ["A", "B"]),
        (False, ["C", "D"]),
        (False, ["E"]),
    ]


def test_usual_limit() -> None:
    """A station that does not say how many it takes gets a hundred at a time."""
    parts = parts_of(new(*map(str, range(101))), ANY, full=False)
    assert [len(part.entries) for part in parts] == [100, 1]


def test_bytes() -> None:
    """A message stays below the bytes that the station takes, yet brings at least one token."""
    names = ["x" * 255 for _ in range(3)]
    tokens = [Difference(wanted=entry(name)) for name in names]
    parts = parts_of(tokens, ListLimits(size_bytes=1500), full=False)
    assert [len(part.entries) for part in parts] == [2, 1]
    parts = parts_of(tokens, ListLimits(size_bytes=10), full=False)
    assert [len(part.entries) for part in parts] == [1, 1, 1]


def test_bytes_of_odd_letters() -> None:
    """Letters beyond ASCII may take six bytes each."""
    tokens = [Difference(wanted=entry("\N{SNOWMAN}" * 100)) for _ in range(2)]
    assert len(parts_of(tokens, ListLimits(size_bytes=1500), full=False)) == 2


@given(
    st.lists(st.sampled_from("abcdefgh"), unique=True),
    st.lists(st.sampled_from("abcdefgh"), unique=True),
    st.integers(1, 4),
    st.booleans(),
)
def test_parts_lead_there(wanted: list[str], held: list[str], items: int, full: bool) -> None:
    """Whatever is wanted and held, the parts make the one of the other."""
    tokens = [
        Difference(
            wanted=entry(name) if name in wanted else None,
            held=entry(name, TokenStatus.INVALID) if name in held else None,
        )
        for name in "abcdefgh"
    ]
    state = {name: entry(name, TokenStatus.INVALID) for name in held}
    for part in parts_of(tokens, ListLimits(items=items), full=full):
        assert len(part.entries) + len(part.removed) <= items
        if part.full:
            state.clear()
        state.update({each.id_token: each for each in part.entries})
        for each in part.removed:
            del state[each.id_token]
    assert state == {name: entry(name) for name in wanted}


@pytest.mark.parametrize(
    ("entries", "most"), [(None, MAX_ENTRIES), (5, 5), (0, 0), (-1, 0), (10**6, MAX_ENTRIES)]
)
def test_room(entries: int | None, most: int) -> None:
    """A list is as long as the station and we take."""
    assert room(ListLimits(entries=entries)) == most


def test_entry_of_token() -> None:
    """A driver's token becomes an entry; one of unknown kind is a card."""
    at = datetime(2027, 1, 1, tzinfo=UTC)
    token = Token(id_token="A", group_id="G", expires_at=at)
    assert entry_of(token) == ListEntry(id_token="A", kind="ISO14443", group_id="G", expires_at=at)
    assert entry_of(Token(id_token="A", kind="eMAID")).kind == "eMAID"


def test_keys() -> None:
    """Tokens differ by kind, not by the case of their letters."""
    assert entry("tag").key == entry("TAG").key == Listed(id_token="Tag").key
    assert entry("tag").key != ListEntry(id_token="tag", kind="eMAID").key
