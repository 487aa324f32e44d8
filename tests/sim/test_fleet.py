"""All chargers of a run."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from csms.sim.findings import Findings, Kind
from csms.sim.fleet import Fleet
from csms.sim.scenario import Scenario
from csms.sim.sockets import RefusedError
from csms.sim.tally import Tally


@pytest.fixture
def fleet(clock: Any, opener: Any, v16: Any, findings: Findings) -> Any:
    def fleet(**settings: Any) -> Fleet:
        return Fleet(
            clock=clock,
            scenario=Scenario(**settings),
            opener=opener,
            languages=(v16,),
            findings=findings,
            tally=Tally(),
            watch=lambda event: None,
        )

    return fleet


def test_run_and_exit(fleet: Any, script: Any, finish: Any, clock: Any, findings: Any) -> None:
    """A run ends when all stations have had their sessions; nothing is left running."""
    run = fleet(stations=5, sessions=2, session_s=10, pause_s=5, exit=True)
    finish(run.run())
    finish(run.stop())
    assert run.tally.finished == 10
    assert run.tally.energy_wh > 5_000
    assert run.tally.accepted == 5
    assert script.actions().count("StopTransaction") == 10
    assert not findings.failed
    assert not clock.getDelayedCalls()


def test_stays(fleet: Any, finish: Any, passes: Any) -> None:
    """Without exit the chargers stay after their sessions, answering commands."""
    run = fleet(sessions=1, session_s=5)
    running = Deferred.fromCoroutine(run.run())
    passes(200, step=1)
    assert not running.called
    assert run.tally.connected == 1
    finish(run.stop())
    assert running.called


def test_duration(fleet: Any, finish: Any, clock: Any) -> None:
    """A run with a length ends then, whatever goes on."""
    run = fleet(stations=2, sessions=-1, duration_s=60)
    began = clock.seconds()
    finish(run.run())
    assert 60 <= clock.seconds() - began < 61
    finish(run.stop())


def test_connect_rate(fleet: Any, opener: Any, passes: Any, finish: Any) -> None:
    """Stations come at the rate given."""
    run = fleet(stations=20, connect_rate=2.0, sessions=0)
    Deferred.fromCoroutine(run.run())
    passes(4.75)
    assert len(opener.dials) == 10
    passes(10)
    assert len(opener.dials) == 20
    finish(run.stop())


def test_identities(fleet: Any, opener: Any) -> None:
    """Identity, password and tags come from templates."""
    run = fleet(first=41, identity="X{n}", password="{id}!", tokens=("T{n}", "{id}"), meter_s=9)
    station = run.make_station(41)
    assert station.charger.identity == "X41"
    assert station.charger.settings.password == b"X41!"
    assert station.charger.settings.sample_s == 9
    assert station.drivers.tags == ("T41", "X41")


@pytest.mark.parametrize(("delay", "expected"), [(-1.0, None), (4.0, 4.0)])
def test_remote_plug(fleet: Any, delay: float, expected: float | None) -> None:
    """A vehicle comes for a remote start after the time given, or never."""
    assert fleet(remote_plug_s=delay).make_station(1).charger.remote.plug_delay_s == expected


def test_cuts(fleet: Any, script: Any, finish: Any, passes: Any, findings: Any) -> None:
    """Connections are cut again and again; no message is lost by it."""
    run = fleet(
        stations=3, sessions=3, session_s=20, pause_s=5, cut_every_s=15.0, cut_for_s=8.0, exit=True
    )
    finish(run.run(), within=1000)
    finish(run.stop())
    assert run.tally.cuts > 3
    assert run.tally.finished == 9
    stops = script.payloads("StopTransaction")
    assert len({stop["transactionId"] for stop in stops}) == 9
    assert not findings.failed


def test_hopeless(fleet: Any, opener: Any, finish: Any, findings: Any) -> None:
    """A run in which every station is refused is over, with a finding each."""
    opener.refusals = [RefusedError(401, "Unauthorized")] * 2
    run = fleet(stations=2)
    finish(run.run())
    finish(run.stop())
    assert findings.counts == {Kind.HANDSHAKE_REFUSED: 2}


def test_no_server(fleet: Any, opener: Any, finish: Any, findings: Any) -> None:
    """A run that never finds its server fails after its patience."""
    opener.down = True
    run = fleet(patience_s=20.0)
    finish(run.run())
    finish(run.stop())
    assert findings.counts == {Kind.UNREACHABLE: 1}


def test_always_busy(fleet: Any, opener: Any, finish: Any, findings: Any) -> None:
    """A server that is never not busy is as good as none."""
    opener.refusals = [RefusedError(503, "Busy")] * 100
    run = fleet(patience_s=20.0)
    finish(run.run())
    finish(run.stop())
    assert findings.counts == {Kind.UNREACHABLE: 1}


def test_interrupted_search(
    fleet: Any, opener: Any, finish: Any, passes: Any, findings: Any, clock: Any
) -> None:
    """A run that is ended while it still looks for its server has failed."""
    opener.down = True
    run = fleet()
    Deferred.fromCoroutine(run.run())
    passes(10)
    finish(run.stop())
    assert findings.counts == {Kind.UNREACHABLE: 1}
    assert not clock.getDelayedCalls()


def test_never_accepted(
    fleet: Any, script: Any, finish: Any, passes: Any, findings: Any, clock: Any
) -> None:
    """A station that is never accepted is a finding."""
    script.answers["BootNotification"] = {
        "status": "Rejected",
        "interval": 60,
        "currentTime": script.time(),
    }
    run = fleet(duration_s=100.0)
    finish(run.run())
    finish(run.stop())
    assert findings.counts == {Kind.NOT_ACCEPTED: 1}
    assert "Rejected" in findings.lines()[1]
    assert not clock.getDelayedCalls()


@pytest.mark.parametrize("wanted", [True, False])
def test_finish(fleet: Any, script: Any, finish: Any, passes: Any, wanted: bool) -> None:
    """Sessions that run at the end are ended when that is wanted."""
    run = fleet(stations=2, session_s=1000, pause_s=0, finish=wanted)
    Deferred.fromCoroutine(run.run())
    passes(20)
    assert run.tally.charging == 2
    finish(run.stop())
    assert script.actions().count("StopTransaction") == (2 if wanted else 0)


def test_repeated_transaction_id_among_stations(
    fleet: Any, script: Any, finish: Any, findings: Any
) -> None:
    """The same transaction id for two stations is a finding."""
    script.answers["StartTransaction"] = {"transactionId": 5, "idTagInfo": {"status": "Accepted"}}
    run = fleet(stations=2, session_s=5, pause_s=0, exit=True)
    finish(run.run())
    finish(run.stop())
    assert findings.counts == {Kind.BAD_TRANSACTION_ID: 1}


def test_waits_for_queued_messages(
    fleet: Any, script: Any, opener: Any, finish: Any, passes: Any, clock: Any
) -> None:
    """A run does not end before the messages of its sessions are delivered."""
    run = fleet(session_s=10, exit=True)
    running = Deferred.fromCoroutine(run.run())
    passes(5)
    opener.down = True
    script.peers["SIM0001"].abort()
    passes(60)
    assert run.tally.finished == 1
    assert not running.called
    opener.down = False
    passes(100)
    assert running.called
    assert "StopTransaction" in script.actions()
    finish(run.stop())
