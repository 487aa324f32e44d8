"""What a vehicle says through its charger."""

from __future__ import annotations

from typing import Any

import pytest

from csms.sim import ImpossibleError, charging_needs, ev_certificate


@pytest.mark.parametrize(
    ("power_w", "kind"),
    [(7400, "AC_single_phase"), (22_000, "AC_three_phase"), (150_000, "DC")],
)
def test_charging_needs(online201: Any, script: Any, finish: Any, power_w: int, kind: str) -> None:
    """The needs are those of vehicle and outlet (K15)."""
    charger = online201(power_w=power_w)
    with pytest.raises(ImpossibleError):
        finish(charging_needs(charger))
    finish(charger.plug_in())
    script.answers["NotifyEVChargingNeeds"] = {"status": "Accepted"}
    assert finish(charging_needs(charger)) == "Accepted"
    [told] = script.payloads("NotifyEVChargingNeeds")
    assert told["chargingNeeds"]["requestedEnergyTransfer"] == kind


def test_ev_certificate(online201: Any, script: Any, finish: Any) -> None:
    """A contract certificate is asked for in the vehicle's own words (M01)."""
    script.answers["Get15118EVCertificate"] = {"status": "Failed", "exiResponse": ""}
    answer = finish(ev_certificate(online201(), "AAAA"))
    assert answer["status"] == "Failed"


def test_security_events(online201: Any, script: Any, passes: Any, finish: Any) -> None:
    """A charger may tell when it starts and when its password changes (A04)."""
    charger = online201(security_events=True)
    passes(1)
    [event] = script.payloads("SecurityEventNotification")
    assert (event["type"], event["techInfo"]) == ("StartupOfTheDevice", "PowerUp")
    charger.settings_changed("password")
    passes(5)
    [_, event] = script.payloads("SecurityEventNotification")
    assert event["type"] == "ReconfigurationOfSecurityParameters"
