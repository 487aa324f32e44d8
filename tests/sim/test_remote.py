"""Sessions that the server starts."""

from __future__ import annotations

from typing import Any

from csms.sim.settings import Settings

ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}


def remote_start(script: Any, connector: int | None = None) -> Any:
    chosen = {} if connector is None else {"connectorId": connector}
    return script.ask("RemoteStartTransaction", {"idTag": "APP", **chosen})


def test_remote_start_and_stop(online: Any, script: Any, passes: Any, findings: Any) -> None:
    """Accepted means it happens: a vehicle comes, a session runs, a remote stop ends it."""
    charger = online(connectors=2)
    assert remote_start(script, 2) == ACCEPTED
    passes(3)
    [start] = script.payloads("StartTransaction")
    assert (start["connectorId"], start["idTag"]) == (2, "APP")
    assert "Authorize" not in script.actions()
    assert script.ask("RemoteStopTransaction", {"transactionId": 1}) == ACCEPTED
    passes(3)
    [stop] = script.payloads("StopTransaction")
    assert stop["reason"] == "Remote"
    assert script.payloads("StatusNotification")[-1]["status"] == "Available"
    assert charger.connectors[2].vehicle is None
    assert not findings.total


def test_charger_chooses(online: Any, script: Any, finish: Any, passes: Any) -> None:
    """Without a connector the charger takes one with a vehicle, else any free one."""
    charger = online(connectors=2)
    finish(charger.plug_in(2))
    assert remote_start(script) == ACCEPTED
    passes(3)
    assert remote_start(script) == ACCEPTED
    passes(3)
    assert [start["connectorId"] for start in script.payloads("StartTransaction")] == [2, 1]
    assert remote_start(script) == REJECTED


def test_rejected(online: Any, script: Any, finish: Any) -> None:
    """Unknown, busy, reserved and inoperative connectors are refused."""
    charger = online(connectors=3)
    finish(charger.start("TAG", 1))
    charger.availability.change(2, operative=False)
    assert [remote_start(script, number) for number in (0, 1, 2, 4)] == [REJECTED] * 4
    assert remote_start(script, 3) == ACCEPTED
    assert remote_start(script, 3) == REJECTED


def test_unknown_transaction(online: Any, script: Any, finish: Any) -> None:
    """Only a running transaction can be stopped."""
    charger = online()
    finish(charger.start("TAG"))
    assert script.ask("RemoteStopTransaction", {"transactionId": 77}) == REJECTED
    finish(charger.stop())
    assert script.ask("RemoteStopTransaction", {"transactionId": 1}) == REJECTED


def test_authorize_remote(online: Any, script: Any, passes: Any) -> None:
    """With AuthorizeRemoteTxRequests the tag is checked first; a refused one starts nothing."""
    script.answers["Authorize"] = [
        {"idTagInfo": {"status": "Expired"}},
        {"idTagInfo": {"status": "Accepted"}},
    ]
    charger = online(settings=Settings(authorize_remote=True))
    remote_start(script)
    passes(5)
    assert "StartTransaction" not in script.actions()
    assert charger.connectors[1].free
    remote_start(script)
    passes(5)
    assert script.actions().count("Authorize") == 2
    assert "StartTransaction" in script.actions()


def test_no_verdict(online: Any, script: Any, passes: Any, entries: Any) -> None:
    """When the tag cannot be checked nothing starts and the connector is free again."""
    script.answers["Authorize"] = entries.error("InternalError")
    charger = online(settings=Settings(authorize_remote=True))
    remote_start(script)
    passes(5)
    assert "StartTransaction" not in script.actions()
    assert charger.connectors[1].free


def test_no_vehicle_comes(online: Any, script: Any, passes: Any) -> None:
    """Without a vehicle within ConnectionTimeOut the connector is given back."""
    charger = online(plug_delay_s=None, settings=Settings(plug_timeout_s=30))
    remote_start(script)
    passes(29)
    assert script.payloads("StatusNotification")[-1]["status"] == "Preparing"
    assert remote_start(script) == REJECTED
    passes(2)
    assert script.payloads("StatusNotification")[-1]["status"] == "Available"
    assert charger.connectors[1].free
    assert "StartTransaction" not in script.actions()


def test_driver_plugs_in(online: Any, script: Any, finish: Any, passes: Any) -> None:
    """A vehicle that is plugged in by hand begins the session that waits for it."""
    charger = online(plug_delay_s=None)
    remote_start(script)
    passes(10)
    finish(charger.plug_in())
    assert script.payloads("StartTransaction")[0]["idTag"] == "APP"


def test_before_acceptance(make: Any, script: Any, finish: Any, findings: Any) -> None:
    """A remote start while Pending is refused and a finding (1.6 §4.2 forbids it)."""
    charger = make()
    finish(charger.connect())
    assert remote_start(script) == REJECTED
    assert [str(kind) for kind in findings.counts] == ["bad_command"]
