"""Boot, clock, heartbeats, states of connectors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from csms.sim.findings import Kind
from csms.sim.messages import Gone, Refused
from csms.sim.station_time import wire_time


def boots(script: Any) -> int:
    return int(script.actions().count("BootNotification"))


def registration(script: Any, status: str, interval: int) -> dict[str, Any]:
    return {"status": status, "interval": interval, "currentTime": script.time()}


def test_boot(online: Any, script: Any) -> None:
    """An accepted boot is followed by the states of the charger and of each connector."""
    charger = online(connectors=2)
    assert charger.presence.accepted
    assert script.actions() == ["BootNotification"] + ["StatusNotification"] * 3
    states = script.payloads("StatusNotification")
    assert [state["connectorId"] for state in states] == [0, 1, 2]
    assert {state["status"] for state in states} == {"Available"}


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_boot_is_repeated(make: Any, script: Any, finish: Any, clock: Any, status: str) -> None:
    """Pending and Rejected: nothing but another boot after the interval (1.6 §4.2)."""
    script.answers["BootNotification"] = [registration(script, status, 20)] * 2
    charger = make()
    finish(charger.connect())
    began = clock.seconds()
    finish(charger.boot())
    assert clock.seconds() - began == 40
    assert script.actions()[:4] == ["BootNotification"] * 3 + ["StatusNotification"]


def test_boot_without_interval(make: Any, script: Any, finish: Any, clock: Any) -> None:
    """An interval of 0 leaves the wait to the charger."""
    script.answers["BootNotification"] = [registration(script, "Pending", 0)]
    charger = make()
    finish(charger.connect())
    began = clock.seconds()
    finish(charger.boot())
    assert clock.seconds() - began >= 10


def test_boot_refused_by_error(
    make: Any, script: Any, finish: Any, findings: Any, entries: Any
) -> None:
    """A CALLERROR to the boot is a finding; the charger tries again."""
    script.answers["BootNotification"] = [entries.error("InternalError")]
    charger = make()
    finish(charger.connect())
    finish(charger.boot())
    assert findings.counts == {Kind.CALL_ERROR: 1}
    assert boots(script) == 2


def test_boot_over_a_broken_line(make: Any, script: Any, finish: Any, entries: Any) -> None:
    """A connection that breaks ends the boot."""
    script.answers["BootNotification"] = entries.silence
    charger = make()
    finish(charger.connect())
    booting = Deferred.fromCoroutine(charger.boot())
    script.peers["CP1"].abort()
    with pytest.raises(Gone):
        booting.result.raiseException()
    booting.addErrback(lambda _: None)


def test_run_survives_a_break(make: Any, script: Any, finish: Any, entries: Any) -> None:
    """Switched on, a charger boots over as many connections as it takes."""
    script.answers["BootNotification"] = [
        lambda id_, payload: script.peers["CP1"].abort() or entries.silence
    ]
    charger = make()
    finish(charger.run())
    assert charger.presence.accepted
    assert boots(script) == 2


def accept_with(script: Any, interval: int) -> None:
    script.answers["BootNotification"] = lambda id_, payload: registration(
        script, "Accepted", interval
    )


def test_heartbeats_do_not_drift(
    make: Any, script: Any, finish: Any, passes: Any, clock: Any, entries: Any
) -> None:
    """Heartbeats keep to multiples of the interval although answers take their time."""
    accept_with(script, 10)
    beats: list[float] = []

    def answer(id_: str, payload: Any) -> Any:
        beats.append(clock.seconds())
        frame = f'[3, "{id_}", {{"currentTime": "{script.time()}"}}]'
        clock.callLater(3, script.peers["CP1"].send, frame.encode())
        return entries.silence

    script.answers["Heartbeat"] = answer
    charger = make()
    finish(charger.connect())
    finish(charger.boot())
    began = clock.seconds()
    passes(40)
    assert [beat - began for beat in beats] == [10, 20, 30, 40]


def test_slow_heartbeats_do_not_pile_up(
    make: Any, script: Any, finish: Any, passes: Any, clock: Any, entries: Any
) -> None:
    """Beats that were due while one was unanswered are left out."""
    accept_with(script, 10)
    script.answers["Heartbeat"] = [entries.silence]
    charger = make()
    finish(charger.connect())
    finish(charger.boot())
    passes(45)
    assert script.actions().count("Heartbeat") == 2


def test_clock_is_adopted(make: Any, script: Any, finish: Any, clock: Any) -> None:
    """The charger takes its time from the boot's answer and stamps messages with it."""
    ahead = datetime.fromtimestamp(clock.seconds(), UTC) + timedelta(hours=5)
    answer = registration(script, "Accepted", 300) | {"currentTime": wire_time(ahead)}
    script.answers["BootNotification"] = [answer]
    charger = make()
    finish(charger.connect())
    finish(charger.boot())
    assert script.payloads("StatusNotification")[0]["timestamp"] == wire_time(ahead)
    assert [event.kind for event in charger.events].count("clock") == 1


def test_clock_is_adopted_from_heartbeats(online: Any, script: Any, finish: Any) -> None:
    """A heartbeat's answer sets the clock too."""
    charger = online()
    script.answers["Heartbeat"] = {"currentTime": "2031-01-01T00:00:00+06:00"}
    finish(charger.presence.beat())
    assert charger.presence.time.now() == datetime(2030, 12, 31, 18, tzinfo=UTC)


def test_forgotten_by_the_server(
    online: Any, script: Any, finish: Any, passes: Any, entries: Any
) -> None:
    """A server that answers SecurityError has forgotten the charger, which boots again."""
    charger = online()
    script.answers["Heartbeat"] = [entries.error("SecurityError")]
    with pytest.raises(Refused):
        finish(charger.presence.beat())
    passes(0.5)
    assert boots(script) == 2
    assert charger.presence.accepted


def test_triggered_boot_while_pending(
    make: Any, script: Any, finish: Any, passes: Any, clock: Any
) -> None:
    """A boot that the server asks for while Pending is enough; the long wait ends with it."""
    script.answers["BootNotification"] = [registration(script, "Pending", 1000)]
    charger = make()
    finish(charger.connect())
    booting = Deferred.fromCoroutine(charger.boot())
    passes(5)
    assert not booting.called
    assert script.ask("TriggerMessage", {"requestedMessage": "BootNotification"}) == {
        "status": "Accepted"
    }
    assert booting.called
    assert charger.presence.accepted
    passes(2000, step=10)
    assert boots(script) == 2


def test_triggered_boot_is_not_accepted(online: Any, script: Any, passes: Any) -> None:
    """A server may take its acceptance back: heartbeats end, boots go on after the interval."""
    charger = online()
    script.answers["BootNotification"] = [registration(script, "Rejected", 60)]
    script.ask("TriggerMessage", {"requestedMessage": "BootNotification"})
    assert not charger.presence.accepted
    passes(59)
    assert boots(script) == 2
    passes(3)
    assert charger.presence.accepted


def test_states_are_told_after_an_outage(online: Any, script: Any, finish: Any) -> None:
    """After a reconnect only states that changed meanwhile are told (1.6 §4.9)."""
    charger = online(connectors=2)
    finish(charger.cut())
    finish(charger.plug_in(2))
    script.calls.clear()
    finish(charger.reconnect())
    assert script.actions() == ["StatusNotification"]
    [state] = script.payloads("StatusNotification")
    assert (state["connectorId"], state["status"]) == (2, "Preparing")


def test_state_that_was_refused_is_told_again(
    online: Any, script: Any, finish: Any, entries: Any
) -> None:
    """A state that the server did not take counts as untold."""
    charger = online()
    script.answers["StatusNotification"] = [entries.error("InternalError")]
    finish(charger.plug_in())
    finish(charger.cut())
    finish(charger.reconnect())
    told = [state["status"] for state in script.payloads("StatusNotification")]
    assert told[-2:] == ["Preparing", "Preparing"]


def test_boot_on_reconnect(online: Any, script: Any, finish: Any) -> None:
    """Some chargers boot on every connection."""
    charger = online(boots_on_reconnect=True)
    finish(charger.cut())
    finish(charger.reconnect())
    assert boots(script) == 2


def test_heartbeats_after_reconnect(online: Any, script: Any, finish: Any, passes: Any) -> None:
    """Heartbeats end with a connection and go on with the next."""
    charger = online()
    finish(charger.cut())
    passes(700, step=10)
    assert "Heartbeat" not in script.actions()
    finish(charger.reconnect())
    passes(301)
    assert script.actions().count("Heartbeat") == 1


@pytest.mark.parametrize(
    "change", [{"interval": -5}, {"currentTime": "0000-01-01T00:00:00Z"}], ids=str
)
@pytest.mark.parametrize("status", ["Accepted", "Pending"])
def test_nonsense_in_the_boot_s_answer(
    make: Any, script: Any, finish: Any, findings: Any, status: str, change: dict[str, Any]
) -> None:
    """What the schema allows and reason does not is a finding; the charger goes on."""
    script.answers["BootNotification"] = [registration(script, status, 10) | change]
    charger = make()
    finish(charger.connect())
    finish(charger.boot())
    assert findings.counts == {Kind.BAD_ANSWER: 1}
