"""Answers that are remembered."""

from __future__ import annotations

from csms.gateway.answers import Answers
from csms.gateway.messages import Call


def call(message_id: str, digest: int = 1) -> Call:
    return Call(message_id, "Heartbeat", {}, digest)


def test_found_by_id() -> None:
    """With what tells the same CALL from another one of that id."""
    answers = Answers()
    answers.keep(call("a"), b"[3]")
    given = answers.find("a")
    assert given is not None
    assert (given.digest, given.action, given.frame) == (1, "Heartbeat", b"[3]")
    assert answers.find("b") is None


def test_forgotten() -> None:
    """That one and no other."""
    answers = Answers()
    answers.keep(call("a"), None)
    answers.keep(call("b"), None)
    given = answers.find("a")
    assert given is not None
    answers.forget(given)
    assert answers.find("a") is None
    assert answers.find("b") is not None


def test_few_are_kept() -> None:
    """The oldest goes first."""
    answers = Answers()
    for number in range(5):
        answers.keep(call(str(number)), None)
    assert [answers.find(str(number)) is not None for number in range(5)] == [
        False, True, True, True, True,
    ]  # fmt: skip
