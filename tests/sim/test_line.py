"""Connecting, losing the connection, coming back."""

from __future__ import annotations

import random
from typing import Any

import pytest

from csms.sim.findings import Findings, Kind
from csms.sim.line import BackOff
from csms.sim.sockets import RefusedError, UnreachableError


def kinds(findings: Findings) -> list[Kind]:
    return list(findings.counts.elements())


def test_connect_once(make: Any, opener: Any, finish: Any) -> None:
    """One attempt, which raises when nobody is there."""
    opener.down = True
    charger = make()
    with pytest.raises(UnreachableError):
        finish(charger.connect())
    assert len(opener.dials) == 1
    assert not charger.line.up


def test_password_and_pings_are_handed_over(make: Any, opener: Any, finish: Any) -> None:
    """The dialler is told password and ping interval as the settings have them."""
    charger = make()
    charger.settings.password = b"\x00secret"
    charger.settings.ping_s = 7
    finish(charger.connect())
    assert opener.dials == [("CP1", b"\x00secret", 7)]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 101])
def test_hopeless_refusal(make: Any, opener: Any, finish: Any, findings: Any, status: int) -> None:
    """A refusal that will not change ends the search and is a finding with its HTTP status."""
    opener.refusals = [RefusedError(status, "No")]
    with pytest.raises(RefusedError):
        finish(make().run())
    assert kinds(findings) == [Kind.HANDSHAKE_REFUSED]
    assert str(status) in findings.lines()[1]


def test_busy_server(make: Any, opener: Any, finish: Any, findings: Any, clock: Any) -> None:
    """A server that asks for patience, with Retry-After or without, gets it: no finding."""
    opener.refusals = [RefusedError(503, "Busy", 20.0), RefusedError(429, "Slowly")]
    began = clock.seconds()
    finish(make().run())
    assert clock.seconds() - began >= 20
    assert not findings.total


def test_broken_server(make: Any, opener: Any, finish: Any, findings: Any) -> None:
    """A server that fails is tried again, but its failure is a finding."""
    opener.refusals = [RefusedError(500, "Oops")]
    finish(make().run())
    assert kinds(findings) == [Kind.HANDSHAKE_REFUSED]


def test_patience(make: Any, opener: Any, finish: Any, clock: Any) -> None:
    """A server that was never there is looked for so long and no longer."""
    opener.down = True
    began = clock.seconds()
    with pytest.raises(UnreachableError):
        finish(make(patience_s=20.0).run())
    assert 20 <= clock.seconds() - began < 80


def test_server_comes_up_late(make: Any, opener: Any, finish: Any, clock: Any) -> None:
    """A server that comes up while it is looked for is found."""
    opener.down = True
    clock.callLater(15, lambda: setattr(opener, "down", False))
    charger = make(patience_s=60.0)
    finish(charger.run())
    assert charger.presence.accepted


def test_reconnects_after_loss(online: Any, script: Any, opener: Any, passes: Any) -> None:
    """A lost connection comes back by itself, however long the server is away."""
    charger = online(patience_s=1.0)
    opener.down = True
    script.peers["CP1"].abort()
    assert not charger.line.up
    passes(300, step=1)
    assert len(opener.dials) > 3
    opener.down = False
    passes(90, step=1)
    assert charger.line.up
    assert script.actions().count("BootNotification") == 1


def test_stays_away(online: Any, script: Any, passes: Any) -> None:
    """A charger that is not to reconnect does not."""
    charger = online(stays=False)
    script.peers["CP1"].abort()
    passes(300, step=5)
    assert not charger.line.up


@pytest.mark.parametrize(("code", "accused"), [(1000, 0), (1001, 0), (1002, 1), (1008, 1)])
def test_accusing_close(online: Any, script: Any, findings: Any, code: int, accused: int) -> None:
    """A close code that blames the charger is a finding, going away is not."""
    online()
    script.peers["CP1"].close(code, "because")
    assert findings.counts[Kind.CLOSED_BY_SERVER] == accused


def test_binary_frame(online: Any, findings: Any) -> None:
    """A binary frame is a finding."""
    online().line.binary()
    assert kinds(findings) == [Kind.BAD_FRAME]


def test_unanswered_ping(online: Any, findings: Any) -> None:
    """A server that does not answer pings is a finding."""
    online().line.unanswered_ping()
    assert kinds(findings) == [Kind.NO_PONG]


def test_close(online: Any, script: Any, passes: Any) -> None:
    """A charger that is switched off stays off."""
    charger = online()
    assert charger.line.up
    charger.tasks.start(charger.close())
    passes(100, step=5)
    assert not charger.line.up


def test_back_off() -> None:
    """Waits double from the first to the longest, with jitter of a half either way."""
    back_off, rng = BackOff(1.0, 8.0), random.Random(1)
    for attempt, middle in enumerate([1, 2, 4, 8, 8, 8]):
        waits = {back_off.wait_s(attempt, rng) for _ in range(50)}
        assert len(waits) > 1
        assert middle * 0.5 <= min(waits) <= max(waits) <= middle * 1.5
    assert back_off.wait_s(10_000, rng) <= 12


def test_find_ends_a_redial(online: Any, script: Any, opener: Any, finish: Any) -> None:
    """Told to reconnect, a charger that waits to redial does not do both."""
    charger = online()
    script.peers["CP1"].abort()
    finish(charger.reconnect())
    assert len(opener.dials) == 2
    finish(charger.events.until("connected", timeout_s=1))


def test_break_right_after_the_boot(
    make: Any, script: Any, finish: Any, entries: Any, passes: Any
) -> None:
    """A connection that breaks while the states are told after the boot is dialled again."""
    script.answers["StatusNotification"] = [
        lambda id_, payload: script.peers["CP1"].abort() or entries.silence
    ]
    charger = make()
    finish(charger.run())
    assert charger.line.up
    script.peers["CP1"].abort()
    passes(5)
    assert charger.line.up
