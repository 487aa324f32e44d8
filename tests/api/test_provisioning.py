"""What stations should have set, over REST."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.core.commands import ResetKind
from csms.core.provisioning.vocabulary import ItemResult, ProvisioningRun, StepResult
from csms.core.variables.vocabulary import Setting

PROFILES = "/api/v1/provisioning-profiles"
STATE = "/api/v1/stations/CP1/provisioning"
PROFILE = {
    "identity": "CP*",
    "vendor": "Acme",
    "model": None,
    "priority": 2,
    "settings": [
        {"variable": "HeartbeatInterval", "value": "60"},
        {"component": "C", "evse_id": 1, "variable": "V", "attribute": "Target", "value": "1"},
    ],
    "reset": "hard",
    "note": "n",
}
T0 = datetime(2026, 3, 1, tzinfo=UTC)


def test_profiles(api: Any) -> None:
    """Created, replaced, listed, removed."""
    reply = api.ask("PUT", f"{PROFILES}/all%20of%20it", json=PROFILE)
    assert (reply.status, reply.headers["Location"]) == (201, f"{PROFILES}/all%20of%20it")
    assert reply.json["settings"][1]["attribute"] == "Target"
    assert {**PROFILE, "settings": reply.json["settings"]}.items() <= reply.json.items()
    assert api.ask("GET", f"{PROFILES}/all%20of%20it").json == reply.json
    assert api.ask("GET", f"{PROFILES}?name=all").json["items"] == [reply.json]
    replaced = api.ask("PUT", f"{PROFILES}/all%20of%20it", json={})
    assert (replaced.status, replaced.json["settings"]) == (200, [])
    assert api.ask("DELETE", f"{PROFILES}/all%20of%20it").status == 204
    assert api.ask("DELETE", f"{PROFILES}/all%20of%20it").status == 404
    assert api.ask("GET", f"{PROFILES}/all%20of%20it").status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"settings": [{"variable": "A"}]}, "settings[0]"),
        (
            {"settings": [{"variable": "AuthorizationKey", "value": "x"}]},
            "settings[0].variable",
        ),
        ({"settings": [{"variable": "A", "value": "x", "evse_id": 1}]}, "settings[0].evse_id"),
        (
            {"settings": [{"variable": "A", "value": "x", "attribute": "Target"}]},
            "settings[0].attribute",
        ),
        ({"settings": [{"variable": "A", "value": "x"}] * 2}, "settings[1]"),
        ({"reset": "gently"}, "reset"),
        ({"identity": ""}, "identity"),
    ],
)
def test_profiles_that_make_no_sense(api: Any, body: Any, field: str) -> None:
    """They are refused by field."""
    reply = api.ask("PUT", f"{PROFILES}/p", json=body)
    assert reply.status == 422
    assert reply.json["field"].startswith(field)


def test_values_of_profiles(api: Any) -> None:
    """Are texts to a station, however they are given."""
    settings = [
        {"variable": f"V{n}", "value": value} for n, value in enumerate(["x", 5, 0.5, True])
    ]
    kept = api.ask("PUT", f"{PROFILES}/p", json={"settings": settings}).json["settings"]
    assert [each["value"] for each in kept] == ["x", "5", "0.5", "true"]


def test_state(api: Any) -> None:
    """What a station should have, where it differs, and what was done the last time."""
    station = api.stations.seed("CP1", vendor="acme", ocpp_version="1.6")
    api.ask("PUT", f"{PROFILES}/p", json=PROFILE)
    state = api.ask("GET", STATE).json
    assert (state["profiles"], state["run"]) == (["p"], None)
    assert [wish["setting"]["variable"] for wish in state["wishes"]] == ["HeartbeatInterval"]
    (found,) = state["drift"]
    assert found == {**state["wishes"][0], "value": None, "reboot_required": False}
    item = ItemResult(
        setting=Setting(variable="HeartbeatInterval", value="60"),
        profile="p",
        status="reboot_required",
        before="300",
        after="60",
    )
    api.provisioning.runs[station.id] = ProvisioningRun(
        booted_at=T0,
        started_at=T0,
        finished_at=T0,
        items=(item,),
        steps=(StepResult(name="settings", done=True),),
    )
    run = api.ask("GET", STATE).json["run"]
    assert (run["reboot_required"], run["reset"], run["items"][0]["before"]) == (True, None, "300")
    assert run["items"][0]["after"] == "60"
    api.provisioning.runs[station.id] = ProvisioningRun(
        booted_at=T0, items=(item,), reset=ResetKind.SOFT
    )
    run = api.ask("GET", STATE).json["run"]
    assert (run["reboot_required"], run["reset"], run["finished_at"]) == (False, "soft", None)


def test_again(api: Any) -> None:
    """A station can be set up without a boot."""
    station = api.stations.seed("CP1")
    assert api.ask("POST", STATE).status == 202
    assert list(api.provisioning.boots) == [station.id]


def test_whose_profiles(api: Any) -> None:
    """No operator sees another's, and readers only read."""
    api.stations.seed("CP1")
    api.ask("PUT", f"{PROFILES}/p", json={})
    assert api.ask("GET", PROFILES, role="stranger").json["items"] == []
    assert api.ask("DELETE", f"{PROFILES}/p", role="stranger").status == 404
    assert api.ask("PUT", f"{PROFILES}/p", json={}, role="auditor").status == 403
    for method in ("GET", "POST"):
        assert api.ask(method, STATE, role="stranger").status == 404
