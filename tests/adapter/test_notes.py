"""Departures from the standard are written down."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from csms.adapter.faults import FaultKind, PayloadError
from csms.adapter.notes import MAX_EXAMPLE, Notes, Rule
from csms.core.oddities import Oddity
from csms.core.values import Strictness

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def notes(strictness: Strictness = Strictness.TOLERANT) -> Notes:
    return Notes(NOW, strictness)


def test_nothing_noted() -> None:
    """A payload without departures has no quirks."""
    assert notes().taken() == ()


def test_the_first_of_a_rule_is_kept() -> None:
    """Several departures of one rule are one quirk."""
    taken = notes()
    taken.note(Rule.TOO_LONG, "a")
    taken.note(Rule.TOO_LONG, "b")
    taken.note(Rule.PADDED_TEXT, "c")
    assert taken.taken() == (("too_long", "a"), ("padded_text", "c"))


@pytest.mark.parametrize(
    ("value", "example"),
    [
        (None, "a"),
        ("text", "a=text"),
        ("\0", "a=\ufffd"),
        (5, "a=5"),
        (1.5, "a=1.5"),
        (10**400, "a=int"),
        (float("nan"), "a=float"),
        ([1], "a=list"),
    ],
)
def test_examples_are_short_and_storable(value: object, example: str) -> None:
    """An example shows scalars and names the kind of anything else."""
    taken = notes()
    taken.note(Rule.BAD_NUMBER, "a", value)
    assert taken.taken() == (("bad_number", example),)


def test_examples_are_bounded() -> None:
    """However long the value."""
    taken = notes()
    taken.note(Rule.BAD_NUMBER, "a" * 70, "x" * 5000)
    assert len(taken.taken()[0][1]) == MAX_EXAMPLE


def test_off_writes_nothing_down() -> None:
    """With strictness off there are no quirks, and over-long text is not cut."""
    taken = notes(Strictness.OFF)
    taken.note(Rule.TOO_LONG, "a")
    taken.breach(Rule.TOO_LONG, "a", "is short")
    assert taken.taken() == ()
    assert not taken.cuts
    assert notes().cuts


def test_strict_refuses_a_breach() -> None:
    """What no schema sees is a property fault when strict."""
    with pytest.raises(PayloadError) as caught:
        notes(Strictness.STRICT).breach(Rule.BAD_TIMESTAMP, "at", "must be a time", "x")
    assert caught.value.fault.kind is FaultKind.PROPERTY
    assert caught.value.fault.text == "at: must be a time"


def test_strict_notes_what_is_no_breach() -> None:
    """Some departures are noted however strict a station is held."""
    taken = notes(Strictness.STRICT)
    taken.note(Rule.BAD_NUMBER, "a", "NaN")
    assert taken.taken() == (("bad_number", "a=NaN"),)


def test_unstorable_text_is_mended_and_noted() -> None:
    """NUL becomes U+FFFD, with a quirk."""
    taken = notes()
    assert taken.text("fine", "a") == "fine"
    assert taken.text("a\0", "a") == "a\ufffd"
    assert taken.taken() == (("unstorable_text", "a"),)


def test_every_rule_is_documented() -> None:
    """``docs/quirks.rst`` has a row for each rule, and for nothing else."""
    text = Path("docs/quirks.rst").read_text()
    rows = [line.split("``")[1::2] for line in text.splitlines() if line.startswith("   * - ``")]
    assert {name for row in rows for name in row} == {*Rule, *Oddity}
