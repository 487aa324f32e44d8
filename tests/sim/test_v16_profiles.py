"""Charging profiles of OCPP 1.6."""

from __future__ import annotations

from typing import Any

import pytest

from csms.sim.settings import Settings

ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}


def profile(limit: float = 16, **more: Any) -> dict[str, Any]:
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        },
        **more,
    }


def put(script: Any, connector: int, **more: Any) -> Any:
    payload = {"connectorId": connector, "csChargingProfiles": profile(**more)}
    return script.ask("SetChargingProfile", payload)


def test_limit(online: Any, script: Any, finish: Any) -> None:
    """A profile limits the power; no power is SuspendedEVSE (§3.13)."""
    charger = online(settings=Settings(sample_s=0))
    finish(charger.start("TAG"))
    assert put(script, 1) == ACCEPTED
    assert charger.connectors[1].offered_w == 16 * 230 * 3
    assert put(script, 1, limit=0) == ACCEPTED
    assert script.payloads("StatusNotification")[-1]["status"] == "SuspendedEVSE"
    assert script.ask("ClearChargingProfile", {"id": 1}) == ACCEPTED
    assert script.ask("ClearChargingProfile", {"id": 1}) == {"status": "Unknown"}
    assert script.payloads("StatusNotification")[-1]["status"] == "Charging"


def test_profile_of_a_transaction(online: Any, script: Any, finish: Any) -> None:
    """A TxProfile needs a transaction, which need not be named (§5.16)."""
    charger = online(settings=Settings(sample_s=0))
    own = {"chargingProfilePurpose": "TxProfile"}
    assert put(script, 1, **own) == REJECTED
    session = finish(charger.start("TAG"))
    assert put(script, 1, transactionId=session.transaction_id + 1, **own) == REJECTED
    assert put(script, 1, **own) == ACCEPTED
    assert charger.equipment.smart.profiles[1].transaction == session.transaction_id
    finish(charger.stop())
    assert not charger.equipment.smart.profiles


def test_remote_start_with_profile(online: Any, script: Any, passes: Any) -> None:
    """The profile of a remote start counts before its transaction has an id."""
    charger = online(settings=Settings(sample_s=0))
    own = profile(10, chargingProfilePurpose="TxProfile")
    payload = {"idTag": "APP", "chargingProfile": own}
    assert script.ask("RemoteStartTransaction", payload) == ACCEPTED
    passes(5)
    assert charger.connectors[1].offered_w == 6900


@pytest.mark.parametrize(
    "change", [{"chargingProfilePurpose": "TxDefaultProfile"}, {"transactionId": 3}]
)
def test_remote_start_with_a_bad_profile(online: Any, script: Any, change: Any) -> None:
    """Only a TxProfile without transaction can come with a remote start (§5.11)."""
    online()
    own = profile(10, chargingProfilePurpose="TxProfile") | change
    payload = {"idTag": "APP", "chargingProfile": own}
    assert script.ask("RemoteStartTransaction", payload) == REJECTED


def test_composite(online: Any, script: Any) -> None:
    """What the profiles will allow (§5.7)."""
    online()
    put(script, 0)
    payload = {"connectorId": 1, "duration": 60, "chargingRateUnit": "A"}
    answer = script.ask("GetCompositeSchedule", payload)
    # Nobody charges: a relative profile has not begun.
    assert answer["chargingSchedule"]["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 31.9}
    ]
    station = {"chargingProfilePurpose": "ChargePointMaxProfile", "chargingProfileId": 2}
    put(script, 0, chargingProfileKind="Absolute", **station)
    answer = script.ask("GetCompositeSchedule", {"connectorId": 0, "duration": 60})
    assert answer["connectorId"] == 0
    assert answer["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 11_040
    purpose = {"chargingProfilePurpose": "ChargePointMaxProfile"}
    assert script.ask("ClearChargingProfile", purpose) == ACCEPTED
    bad = {"connectorId": 9, "duration": 60}
    assert script.ask("GetCompositeSchedule", bad) == REJECTED
