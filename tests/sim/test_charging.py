"""Sessions: their messages, their states, their order."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from csms.sim.charging import ImpossibleError
from csms.sim.findings import Kind
from csms.sim.settings import Settings
from csms.sim.vehicle import Vehicle

TRANSACTION = ("StartTransaction", "MeterValues", "StopTransaction")


def states(script: Any, connector: int = 1) -> list[str]:
    return [
        state["status"]
        for state in script.payloads("StatusNotification")
        if state["connectorId"] == connector
    ]


def messages(script: Any) -> list[str]:
    return [action for action in script.actions() if action in TRANSACTION]


def register(payload: dict[str, Any]) -> int:
    return int(payload["meterValue"][0]["sampledValue"][0]["value"])


def test_a_session(online: Any, script: Any, finish: Any, passes: Any, findings: Any) -> None:
    """Plug in, authorize, start, meter, stop, unplug: states and messages as 1.6 §3.3 has them."""
    charger = online(speed=60, settings=Settings(sample_s=5))
    finish(charger.plug_in())
    finish(charger.authorize("TAG"))
    session = finish(charger.start("TAG"))
    passes(12)
    assert finish(charger.stop()) is session
    assert states(script) == ["Available", "Preparing", "Charging", "Finishing", "Available"]
    assert messages(script) == ["StartTransaction", "MeterValues", "MeterValues", "StopTransaction"]
    [start], [stop] = script.payloads("StartTransaction"), script.payloads("StopTransaction")
    values = script.payloads("MeterValues")
    assert (start["idTag"], stop["idTag"], stop["reason"]) == ("TAG", "TAG", "Local")
    assert {each["transactionId"] for each in (*values, stop)} == {session.transaction_id}
    registers = [start["meterStart"], *map(register, values), stop["meterStop"]]
    assert registers == sorted(registers)
    assert session.energy_wh == stop["meterStop"] - start["meterStart"] > 3_000
    assert not findings.total


def test_meter_values_keep_their_pace(
    online: Any, script: Any, finish: Any, passes: Any, entries: Any
) -> None:
    """Samples are taken on time even while the server is slow to answer them."""
    charger = online(settings=Settings(sample_s=5))
    script.answers["MeterValues"] = [entries.silence]
    finish(charger.start("TAG"))
    passes(26)
    samples = [event.data["sample"] for event in charger.events if event.kind == "metered"]
    began = charger.connectors[1].session.started_at
    assert [(sample.at - began).seconds for sample in samples] == [5, 10, 15, 20, 25]
    passes(60)
    times = [each["meterValue"][0]["timestamp"] for each in script.payloads("MeterValues")]
    assert times == sorted(times)
    assert times[0] == times[1] < times[2]


def test_no_meter_values(online: Any, script: Any, finish: Any, passes: Any) -> None:
    """An interval of 0 means none."""
    charger = online(settings=Settings(sample_s=0))
    finish(charger.start("TAG"))
    passes(100, step=5)
    assert "MeterValues" not in script.actions()


def test_full_vehicle(online: Any, script: Any, finish: Any, passes: Any) -> None:
    """A full vehicle suspends the session, which goes on."""
    charger = online(speed=60, settings=Settings(sample_s=5))
    finish(charger.plug_in(1, Vehicle(capacity_wh=20_000, soc=95)))
    finish(charger.start("TAG"))
    passes(60)
    assert states(script)[-2:] == ["Charging", "SuspendedEV"]
    assert charger.connectors[1].session is not None


def test_refused_tag_is_deauthorized(online: Any, script: Any, finish: Any, passes: Any) -> None:
    """A tag that is refused in the start's answer ends the session with DeAuthorized."""
    script.answers["StartTransaction"] = {"transactionId": 9, "idTagInfo": {"status": "Invalid"}}
    charger = online()
    session = finish(charger.start("TAG"))
    passes(5)
    [stop] = script.payloads("StopTransaction")
    assert (stop["transactionId"], stop["reason"]) == (9, "DeAuthorized")
    assert "idTag" not in stop
    assert session.verdict == "Invalid"
    assert states(script)[-1] == "Available"


def test_refused_tag_is_only_suspended(online: Any, script: Any, finish: Any, passes: Any) -> None:
    """Without StopTransactionOnInvalidId the session goes on without energy."""
    script.answers["StartTransaction"] = {"transactionId": 9, "idTagInfo": {"status": "Blocked"}}
    charger = online(settings=Settings(stop_on_invalid=False))
    session = finish(charger.start("TAG"))
    passes(60)
    assert states(script)[-1] == "SuspendedEVSE"
    assert charger.connectors[1].session is session
    assert finish(charger.stop()).energy_wh == 0


@pytest.mark.parametrize("transaction_id", [0, -1, 2**31])
def test_bad_transaction_id(
    online: Any, script: Any, finish: Any, findings: Any, transaction_id: int
) -> None:
    """A transaction id that 1.6 does not allow is a finding."""
    script.answers["StartTransaction"] = {
        "transactionId": transaction_id,
        "idTagInfo": {"status": "Accepted"},
    }
    finish(online().start("TAG"))
    assert findings.counts == {Kind.BAD_TRANSACTION_ID: 1}


def test_transaction_id_given_again(online: Any, script: Any, finish: Any, findings: Any) -> None:
    """The same id for two transactions is a finding."""
    script.answers["StartTransaction"] = {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}
    charger = online(connectors=2)
    finish(charger.start("A", 1))
    assert not findings.total
    finish(charger.start("B", 2))
    assert findings.counts == {Kind.BAD_TRANSACTION_ID: 1}


def test_offline_session(online: Any, script: Any, finish: Any, passes: Any, findings: Any) -> None:
    """A session that takes place offline is told afterwards: in order, with its own times, and
    with the transaction id that the start is given then."""
    charger = online(settings=Settings(sample_s=10))
    finish(charger.cut())
    finish(charger.start("TAG"))
    passes(25)
    finish(charger.stop())
    assert messages(script) == []
    passes(3600, step=60)
    script.transaction_id = 40
    finish(charger.reconnect())
    assert messages(script) == ["StartTransaction", "MeterValues", "MeterValues", "StopTransaction"]
    [start], [stop] = script.payloads("StartTransaction"), script.payloads("StopTransaction")
    assert start["timestamp"] < stop["timestamp"] < script.time()
    assert [each["transactionId"] for each in script.payloads("MeterValues")] == [41, 41]
    assert stop["transactionId"] == 41
    assert not findings.total


def test_cut_during_a_session(online: Any, script: Any, finish: Any, passes: Any) -> None:
    """A session goes on while the connection is cut; what it measured is told afterwards."""
    charger = online(settings=Settings(sample_s=10))
    finish(charger.start("TAG"))
    finish(charger.cut(for_s=30))
    passes(60)
    assert messages(script) == ["StartTransaction"] + ["MeterValues"] * 6
    assert charger.connectors[1].session is not None


def test_unanswered_start_is_repeated(
    online: Any, script: Any, finish: Any, passes: Any, entries: Any
) -> None:
    """A start whose answer never came is sent again with the same content and another id."""
    charger = online()
    script.answers["StartTransaction"] = [entries.silence]
    Deferred.fromCoroutine(charger.start("TAG"))
    passes(45)
    first, second = script.payloads("StartTransaction")
    assert first == second
    assert len(set(script.ids)) == len(script.ids)
    assert charger.connectors[1].session.transaction_id == 1


def test_start_whose_answer_is_lost_with_the_connection(
    online: Any, script: Any, finish: Any, passes: Any, entries: Any
) -> None:
    """A start that is unanswered when the connection breaks is the first after the reconnect."""
    charger = online()
    script.answers["StartTransaction"] = [
        lambda id_, payload: script.peers["CP1"].abort() or entries.silence
    ]
    session = finish(charger.start("TAG"), within=1)
    assert session.transaction_id is None
    passes(10)
    first, second = script.payloads("StartTransaction")
    assert first == second
    assert session.transaction_id == 1


def test_message_given_up(
    online: Any, script: Any, finish: Any, passes: Any, findings: Any, entries: Any
) -> None:
    """A message that the server refuses every time is given up, which is a finding."""
    charger = online(settings=Settings(sample_s=0, attempts=2, retry_s=5))
    script.answers["StartTransaction"] = entries.error("InternalError")
    Deferred.fromCoroutine(charger.start("TAG"))
    passes(6)
    assert findings.counts == {Kind.CALL_ERROR: 2, Kind.MESSAGE_DROPPED: 1}
    finish(charger.stop())
    assert script.payloads("StopTransaction")[0]["transactionId"] == -1


def test_unplugging_ends_a_session(online: Any, script: Any, finish: Any) -> None:
    """Pulling the plug ends the session with EVDisconnected."""
    charger = online()
    finish(charger.start("TAG"))
    finish(charger.unplug())
    [stop] = script.payloads("StopTransaction")
    assert stop["reason"] == "EVDisconnected"
    assert "idTag" not in stop
    assert states(script)[-2:] == ["Finishing", "Available"]


def test_unplugging_suspends_a_session(online: Any, script: Any, finish: Any) -> None:
    """Without StopTransactionOnEVSideDisconnect it is suspended until the vehicle is back."""
    charger = online(settings=Settings(stop_on_unplug=False))
    session = finish(charger.start("TAG"))
    finish(charger.unplug())
    assert states(script)[-1] == "SuspendedEV"
    finish(charger.plug_in())
    assert charger.connectors[1].session is session


def test_begin_and_end_readings(online: Any, script: Any, finish: Any) -> None:
    """StopTxnSampledData puts the readings of begin and end into the stop."""
    charger = online(settings=Settings(stop_sampled=("Energy.Active.Import.Register",)))
    finish(charger.start("TAG"))
    finish(charger.stop())
    [stop] = script.payloads("StopTransaction")
    values = [each["sampledValue"][0] for each in stop["transactionData"]]
    assert [each["context"] for each in values] == ["Transaction.Begin", "Transaction.End"]
    assert int(values[1]["value"]) == stop["meterStop"]


def test_impossible(online: Any, finish: Any) -> None:
    """A driver cannot do what the connector does not allow."""
    charger = online()
    for attempt in (
        lambda: charger.start("TAG", 2),
        lambda: charger.start("TAG", 0),
        charger.stop,
        charger.meter,
    ):
        with pytest.raises(ImpossibleError):
            finish(attempt())
    finish(charger.start("TAG"))
    for attempt in (lambda: charger.start("TAG"), charger.plug_in):
        with pytest.raises(ImpossibleError):
            finish(attempt())
