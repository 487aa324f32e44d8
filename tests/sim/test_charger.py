"""The charger as a whole: cuts, restarts, availability, changes of its settings."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from csms.sim.settings import Settings

ACCEPTED, REJECTED, SCHEDULED = ({"status": each} for each in ("Accepted", "Rejected", "Scheduled"))


def last_state(script: Any, connector: int = 1) -> str:
    return [
        str(state["status"])
        for state in script.payloads("StatusNotification")
        if state["connectorId"] == connector
    ][-1]


def availability(script: Any, connector: int, kind: str) -> Any:
    return script.ask("ChangeAvailability", {"connectorId": connector, "type": kind})


def test_cut_waits_for_reconnect(online: Any, script: Any, finish: Any, passes: Any) -> None:
    """A cut without a length lasts until the charger is told to come back."""
    charger = online()
    finish(charger.cut())
    passes(600, step=10)
    assert not charger.line.up
    finish(charger.reconnect())
    assert charger.line.up


def test_cut_for_a_time(online: Any, finish: Any, passes: Any) -> None:
    """A cut with a length ends by itself."""
    charger = online()
    finish(charger.cut(for_s=10))
    passes(9)
    assert not charger.line.up
    passes(2)
    assert charger.line.up


def test_loss_after_a_cut(online: Any, script: Any, finish: Any, passes: Any) -> None:
    """After a cut the charger again keeps its connection by itself."""
    charger = online()
    finish(charger.cut())
    finish(charger.reconnect())
    script.peers["CP1"].abort()
    passes(5)
    assert charger.line.up


def test_reconnect_delivers(online: Any, script: Any, finish: Any) -> None:
    """A reconnect returns when everything that waited was answered."""
    charger = online()
    finish(charger.cut())
    finish(charger.start("TAG"))
    finish(charger.stop())
    finish(charger.reconnect())
    assert "StopTransaction" in script.actions()
    assert len(charger.charging.outbox) == 0


def test_soft_reset(online: Any, script: Any, finish: Any, passes: Any, findings: Any) -> None:
    """A soft reset ends sessions and tells it before the charger goes; then it boots."""
    charger = online(reboot_s=5)
    finish(charger.start("TAG"))
    assert script.ask("Reset", {"type": "Soft"}) == ACCEPTED
    assert script.payloads("StopTransaction")[0]["reason"] == "SoftReset"
    passes(4)
    assert not charger.line.up
    passes(2)
    assert charger.presence.accepted
    assert script.actions().count("BootNotification") == 2
    assert last_state(script) == "Available"
    assert not findings.total


def test_hard_reset(online: Any, script: Any, finish: Any, passes: Any) -> None:
    """After a hard reset the stop is told once the new boot is accepted."""
    charger = online(reboot_s=5)
    finish(charger.start("TAG"))
    assert script.ask("Reset", {"type": "Hard"}) == ACCEPTED
    assert not charger.line.up
    assert "StopTransaction" not in script.actions()
    passes(6)
    assert script.payloads("StopTransaction")[0]["reason"] == "HardReset"
    actions = script.actions()
    assert actions.index("StopTransaction") > len(actions) - actions[::-1].index("BootNotification")


def test_reset_of_a_slow_talker(
    online: Any, script: Any, finish: Any, passes: Any, entries: Any
) -> None:
    """A charger that resets does not wait for ever for the answer to its last message."""
    charger = online()
    finish(charger.start("TAG"))
    script.answers["StopTransaction"] = [entries.silence]
    script.ask("Reset", {"type": "Soft"})
    passes(9)
    assert charger.restarting
    assert charger.line.up
    assert script.ask("Reset", {"type": "Hard"}) == REJECTED
    assert script.ask("RemoteStartTransaction", {"idTag": "APP"}) == REJECTED
    passes(10)
    assert script.actions().count("BootNotification") == 2
    assert script.actions().count("StopTransaction") == 2


def test_settings_survive_a_reset(online: Any, script: Any, passes: Any) -> None:
    """What was configured outlasts a restart."""
    charger = online()
    script.ask("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "7"})
    script.ask("Reset", {"type": "Hard"})
    passes(10)
    assert charger.settings.sample_s == 7


def test_availability_of_a_connector(online: Any, script: Any, finish: Any) -> None:
    """An idle connector goes out of service at once and comes back."""
    charger = online(connectors=2)
    assert availability(script, 2, "Inoperative") == ACCEPTED
    assert last_state(script, 2) == "Unavailable"
    assert last_state(script, 1) == "Available"
    assert availability(script, 2, "Operative") == ACCEPTED
    assert last_state(script, 2) == "Available"
    assert availability(script, 3, "Inoperative") == REJECTED
    assert charger.connectors[2].free


def test_availability_is_scheduled(online: Any, script: Any, finish: Any) -> None:
    """A connector that charges goes out of service after its session."""
    charger = online()
    finish(charger.start("TAG"))
    assert availability(script, 1, "Inoperative") == SCHEDULED
    assert last_state(script) == "Charging"
    finish(charger.stop())
    assert last_state(script) == "Unavailable"


def test_availability_of_the_charger(online: Any, script: Any, finish: Any) -> None:
    """Connector 0 means everything; the charger itself follows when the last session is over."""
    charger = online(connectors=2)
    finish(charger.start("TAG"))
    assert availability(script, 0, "Inoperative") == SCHEDULED
    assert last_state(script, 2) == "Unavailable"
    assert last_state(script, 0) == "Available"
    finish(charger.stop())
    assert last_state(script, 1) == last_state(script, 0) == "Unavailable"
    assert availability(script, 0, "Operative") == ACCEPTED
    assert [last_state(script, number) for number in (0, 1, 2)] == ["Available"] * 3


def test_back_in_service_with_a_vehicle(online: Any, script: Any, finish: Any) -> None:
    """A connector with a vehicle comes back into service as Preparing."""
    charger = online()
    availability(script, 1, "Inoperative")
    finish(charger.plug_in())
    assert last_state(script) == "Unavailable"
    availability(script, 1, "Operative")
    assert last_state(script) == "Preparing"


def test_availability_survives_a_reset(online: Any, script: Any, passes: Any) -> None:
    """A connector that is out of service is so after a restart (1.6 §5.2)."""
    online()
    availability(script, 1, "Inoperative")
    script.ask("Reset", {"type": "Hard"})
    passes(10)
    assert last_state(script) == "Unavailable"


def test_heartbeat_interval_takes_effect(online: Any, script: Any, passes: Any) -> None:
    """A new heartbeat interval counts from the moment of the change."""
    online()
    script.ask("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "10"})
    passes(31)
    assert script.actions().count("Heartbeat") == 3


def test_sample_interval_takes_effect(online: Any, script: Any, finish: Any, passes: Any) -> None:
    """A new sample interval counts within a running session too, also one of 0."""
    charger = online(settings=Settings(sample_s=0))
    finish(charger.start("TAG"))
    script.ask("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "4"})
    passes(13)
    assert script.actions().count("MeterValues") == 3
    script.ask("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "0"})
    passes(60)
    assert script.actions().count("MeterValues") == 3


def test_new_password(online: Any, script: Any, opener: Any, passes: Any) -> None:
    """A new AuthorizationKey makes the charger come back with it, decoded from hexadecimal."""
    charger = online()
    key = "0001020304050607" * 2
    assert script.ask("ChangeConfiguration", {"key": "AuthorizationKey", "value": key}) == ACCEPTED
    passes(5)
    assert charger.line.up
    assert opener.dials[-1][1] == bytes.fromhex(key)
    assert charger.presence.accepted


def test_pings_change_with_a_reset(online: Any, script: Any, opener: Any, passes: Any) -> None:
    """WebSocketPingInterval asks for a reboot, after which it is in effect."""
    online()
    answer = script.ask("ChangeConfiguration", {"key": "WebSocketPingInterval", "value": "17"})
    assert answer == {"status": "RebootRequired"}
    script.ask("Reset", {"type": "Hard"})
    passes(10)
    assert [ping for _, _, ping in opener.dials] == [60, 17]


def test_close_without_finishing(online: Any, script: Any, finish: Any, clock: Any) -> None:
    """A charger that is just switched off leaves its session open and no timer behind."""
    charger = online()
    finish(charger.start("TAG"))
    finish(charger.close())
    assert "StopTransaction" not in script.actions()
    assert not clock.getDelayedCalls()


def test_close_and_finish(online: Any, script: Any, finish: Any, clock: Any) -> None:
    """A charger that finishes ends its session and waits for the answer."""
    charger = online(connectors=2)
    finish(charger.start("A", 1))
    finish(charger.start("B", 2))
    finish(charger.close(finish=True))
    assert script.actions().count("StopTransaction") == 2
    assert not clock.getDelayedCalls()


def test_close_during_a_restart(online: Any, script: Any, finish: Any, clock: Any) -> None:
    """A charger can be switched off while it restarts."""
    charger = online()
    script.ask("Reset", {"type": "Hard"})
    finish(charger.close())
    assert not clock.getDelayedCalls()


def test_many_chargers_share_a_run(make: Any, script: Any, finish: Any, findings: Any) -> None:
    """Many chargers share a run: identities, sessions and transaction ids stay apart."""
    chargers = [make(f"CP{number}") for number in range(50)]
    for charger in chargers:
        finish(charger.run())
        finish(charger.start("TAG"))
    ids = {charger.connectors[1].session.transaction_id for charger in chargers}
    assert len(ids) == 50
    assert not findings.total


def test_own_seed(make: Any) -> None:
    """Each charger draws its own random numbers, the same in every run."""
    first, again, other = make("CP1"), make("CP1"), make("CP2")
    registers = [each.connectors[1].register_wh for each in (first, again, other)]
    assert registers[0] == registers[1] != registers[2]


@pytest.mark.parametrize("hard", [True, False])
def test_offline_reset(online: Any, script: Any, finish: Any, passes: Any, hard: bool) -> None:
    """What an offline charger has queued outlasts a restart and is told after the boot."""
    charger = online()
    finish(charger.cut())
    finish(charger.start("TAG"))
    restarted = Deferred.fromCoroutine(charger.restart(hard=hard))
    passes(30)
    assert restarted.called
    transaction = [each for each in script.actions() if "Transaction" in each]
    assert transaction == ["StartTransaction", "StopTransaction"]


def test_message_asked_for_meets_a_break(
    online: Any, script: Any, passes: Any, findings: Any, entries: Any
) -> None:
    """A message that the server asked for and that meets a broken connection is forgotten."""
    charger = online()
    script.answers["Heartbeat"] = [
        lambda id_, payload: script.peers["CP1"].abort() or entries.silence
    ]
    script.ask("TriggerMessage", {"requestedMessage": "Heartbeat"})
    passes(5)
    assert charger.line.up
    assert not findings.total


def test_break_during_the_return(
    online: Any, script: Any, finish: Any, passes: Any, entries: Any
) -> None:
    """A connection that breaks again while the charger takes up the talk is dialled again."""
    charger = online(boots_on_reconnect=True)
    script.answers["BootNotification"] = [
        lambda id_, payload: script.peers["CP1"].abort() or entries.silence
    ]
    finish(charger.cut(for_s=5))
    passes(20)
    assert charger.line.up
    assert script.actions().count("BootNotification") == 3
