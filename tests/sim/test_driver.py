"""People at a charger."""

from __future__ import annotations

import random
from typing import Any

import pytest

from csms.sim.driver import Drivers
from csms.sim.findings import Kind
from csms.sim.scenario import Scenario


@pytest.fixture
def drivers(clock: Any) -> Any:
    def drivers(charger: Any, *tags: str, **settings: Any) -> Drivers:
        scenario = Scenario(**settings)
        return Drivers(clock, charger, scenario, tags or ("TAG",), random.Random(1))

    return drivers


def test_one_session(online: Any, script: Any, drivers: Any, finish: Any) -> None:
    """A driver comes, charges for the time given, and leaves a free connector."""
    charger = online()
    people = drivers(charger, session_s=30)
    finish(people.run())
    [start], [stop] = script.payloads("StartTransaction"), script.payloads("StopTransaction")
    assert stop["timestamp"] > start["timestamp"]
    session = next(event.data["session"] for event in charger.events if event.kind == "stopped")
    assert 29.5 <= (session.stopped_at - session.started_at).total_seconds() <= 30.5
    assert charger.connectors[1].free
    assert (people.begun, people.done) == (1, 1)


def test_several_sessions(online: Any, drivers: Any, finish: Any, clock: Any) -> None:
    """Sessions follow each other with a pause between them."""
    charger = online()
    began = clock.seconds()
    finish(drivers(charger, sessions=3, session_s=10, pause_s=20).run())
    assert clock.seconds() - began > 3 * 10 + 2 * 20
    assert [event.kind for event in charger.events].count("stopped") == 3


def test_all_connectors_are_used(online: Any, script: Any, drivers: Any, finish: Any) -> None:
    """The sessions of a station are shared out among its connectors."""
    charger = online(connectors=2)
    finish(drivers(charger, sessions=4, session_s=10, pause_s=1).run())
    starts = [start["connectorId"] for start in script.payloads("StartTransaction")]
    assert sorted(starts) == [1, 1, 2, 2]


def test_no_sessions(online: Any, drivers: Any, finish: Any) -> None:
    """Nobody comes when no sessions are wanted."""
    people = drivers(online(), sessions=0)
    finish(people.run())
    assert people.begun == 0


def test_refused_tag(online: Any, script: Any, drivers: Any, finish: Any, findings: Any) -> None:
    """A driver whose tag is refused leaves; that is a finding, since a session was wanted."""
    charger = online()
    script.answers["Authorize"] = {"idTagInfo": {"status": "Blocked"}}
    people = drivers(charger)
    finish(people.run())
    assert "StartTransaction" not in script.actions()
    assert findings.counts == {Kind.TAG_REFUSED: 1}
    assert (people.done, charger.connectors[1].free) == (0, True)
    assert script.payloads("StatusNotification")[-1]["status"] == "Available"


def test_refused_at_the_start(
    online: Any, script: Any, drivers: Any, finish: Any, findings: Any
) -> None:
    """A tag that is refused only at the start ends the session early."""
    charger = online()
    script.answers["StartTransaction"] = {"transactionId": 1, "idTagInfo": {"status": "Expired"}}
    finish(drivers(charger, session_s=60).run(), within=20)
    assert findings.counts == {Kind.TAG_REFUSED: 1}
    assert script.payloads("StopTransaction")[0]["reason"] == "DeAuthorized"


def test_no_verdict(
    online: Any, script: Any, drivers: Any, finish: Any, findings: Any, entries: Any
) -> None:
    """A driver who gets no verdict leaves."""
    charger = online()
    script.answers["Authorize"] = entries.error("InternalError")
    finish(drivers(charger).run())
    assert findings.counts == {Kind.CALL_ERROR: 1}
    assert charger.connectors[1].free


def test_stopped_by_the_server(
    online: Any, script: Any, drivers: Any, finish: Any, clock: Any, findings: Any
) -> None:
    """A driver whose session the server stops leaves early."""
    charger = online()
    clock.callLater(10, lambda: script.ask("RemoteStopTransaction", {"transactionId": 1}))
    people = drivers(charger, session_s=100)
    finish(people.run(), within=20)
    assert people.done == 1
    assert script.payloads("StopTransaction")[0]["reason"] == "Remote"
    assert not findings.total


def test_waits_for_its_turn(
    online: Any, script: Any, drivers: Any, finish: Any, clock: Any, passes: Any
) -> None:
    """A driver waits while the server's own session occupies the connector."""
    charger = online()
    script.ask("RemoteStartTransaction", {"idTag": "APP"})
    passes(3)
    clock.callLater(20, lambda: script.ask("RemoteStopTransaction", {"transactionId": 1}))
    finish(drivers(charger, session_s=5).run())
    assert [start["idTag"] for start in script.payloads("StartTransaction")] == ["APP", "TAG"]


def test_out_of_service_meanwhile(
    online: Any, script: Any, drivers: Any, finish: Any, clock: Any
) -> None:
    """A connector that goes out of service before the start sends its driver away."""
    charger = online()

    def close(id_: str, payload: Any) -> None:
        script.ask("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})

    script.answers["Authorize"] = close
    people = drivers(charger)
    finish(people.run())
    assert people.done == 0
    assert "StartTransaction" not in script.actions()
    assert charger.connectors[1].vehicle is None


def test_offline_drivers(online: Any, script: Any, drivers: Any, finish: Any) -> None:
    """People charge while the connection is cut; the server hears of it later."""
    charger = online()
    finish(charger.cut())
    people = drivers(charger, session_s=10)
    finish(people.run())
    assert people.done == 1
    finish(charger.reconnect())
    assert "StopTransaction" in script.actions()


def test_variation(online: Any, drivers: Any) -> None:
    """Times vary by the spread in a fleet and not at all with a single charger."""
    charger = online()
    fleet, single = drivers(charger, stations=2, spread=0.5), drivers(charger)
    times = {fleet._about(10) for _ in range(100)}
    assert 5 <= min(times) < 7
    assert 13 < max(times) <= 15
    assert {single._about(10) for _ in range(10)} == {10}
