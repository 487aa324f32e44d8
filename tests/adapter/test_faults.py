"""Faults are told in few words of our own."""

from __future__ import annotations

import pytest

from csms.adapter.faults import MAX_TEXT, Fault, FaultKind, PayloadError, refuse


def test_refuse_names_the_place() -> None:
    """The text is the place and the rule."""
    with pytest.raises(PayloadError) as caught:
        refuse(FaultKind.TYPE, "a.b", "is wrong")
    assert caught.value.fault == Fault(FaultKind.TYPE, "a.b: is wrong")


def test_refuse_names_the_payload_as_a_whole() -> None:
    """A fault of no field in particular is the payload's."""
    with pytest.raises(PayloadError, match="payload: is wrong"):
        refuse(FaultKind.FORMAT, "", "is wrong")


def test_texts_are_bounded() -> None:
    """No more than an error description holds."""
    with pytest.raises(PayloadError) as caught:
        refuse(FaultKind.FORMAT, "a" * 999, "is wrong")
    assert len(caught.value.fault.text) == MAX_TEXT
