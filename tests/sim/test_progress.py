"""What a run shows."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from csms.sim.events import Event
from csms.sim.findings import Finding, Findings, Kind
from csms.sim.progress import FINDINGS_SHOWN, Progress
from csms.sim.tally import Tally


@pytest.fixture
def screen() -> list[str]:
    return []


@pytest.fixture
def progress(clock: Any, screen: list[str], findings: Findings) -> Any:
    def progress(*, terminal: bool = False, verbose: bool = False) -> Progress:
        return Progress(
            clock=clock,
            write=screen.append,
            terminal=terminal,
            verbose=verbose,
            stations=3,
            tally=Tally(),
            findings=findings,
        )

    return progress


def event(kind: str) -> Event:
    return Event(0.0, "CP1", kind, f"it {kind}", {})


def test_events(progress: Any, screen: list[str]) -> None:
    """Of a single charger each event of interest has a line."""
    show = progress(verbose=True)
    show.event(event("started"))
    show.event(event("heartbeat"))
    [line] = screen
    assert line.endswith("  CP1  it started\n")


def test_no_events(progress: Any, screen: list[str]) -> None:
    """Of many chargers single events are not shown."""
    progress().event(event("started"))
    assert screen == []


def test_terminal(progress: Any, screen: list[str], passes: Any) -> None:
    """On a terminal the status line is overwritten every second."""
    show = progress(terminal=True)
    running = Deferred.fromCoroutine(show.run())
    running.addErrback(lambda _: None)
    passes(3)
    assert len(screen) == 3
    assert all(each.startswith("\r\x1b[2Kconnected 0/3") for each in screen)
    assert not any("\n" in each for each in screen)
    running.cancel()


def test_plain(progress: Any, screen: list[str], passes: Any) -> None:
    """In a log file the status comes as lines, every ten seconds."""
    running = Deferred.fromCoroutine(progress().run())
    running.addErrback(lambda _: None)
    passes(30)
    assert len(screen) == 3
    assert all(each.endswith("\n") and "\r" not in each for each in screen)
    running.cancel()


def test_no_status_of_a_single_charger(progress: Any) -> None:
    """Where events are shown there is no status line."""
    assert Deferred.fromCoroutine(progress(verbose=True).run()).called


def test_lines_above_the_status(progress: Any, screen: list[str]) -> None:
    """A line of its own replaces the status line, which follows below it."""
    show = progress(terminal=True)
    show.show()
    show.say("hello")
    assert screen[1].startswith("\r\x1b[2K")
    assert "hello\nconnected" in screen[1]


def test_findings(progress: Any, screen: list[str]) -> None:
    """The first findings are shown as they come, then only counted."""
    show = progress()
    for number in range(FINDINGS_SHOWN + 10):
        show.finding(Finding(Kind.BAD_FRAME, "CP1", f"frame {number}"))
    assert len(screen) == FINDINGS_SHOWN + 1
    assert "CP1  ! bad_frame: frame 0" in screen[0]


def test_summary(progress: Any, screen: list[str], findings: Findings) -> None:
    """The summary tells the counts, the findings, and the verdict."""
    show = progress(terminal=True)
    show.show()
    show.tally.cuts = 2
    show.tally.commands["Reset"] = 3
    show.summary()
    text = "".join(screen)
    assert "cuts 2  messages given up 0\n" in text
    assert "commands answered: Reset 3\n" in text
    assert text.endswith("OK\n")
    findings.report(Kind.CALL_ERROR, "CP1", "Authorize: InternalError")
    show.summary()
    text = "".join(screen)
    assert "call_error: 1\n  CP1: Authorize: InternalError\n" in text
    assert text.endswith("FAILED: the server misbehaved\n")
