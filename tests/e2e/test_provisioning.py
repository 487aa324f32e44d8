"""A station boots and is set up: what it should have, and what is asked of it then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from csms.testing.charger import Charger, Line, NewerCharger
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

QUICK = {
    "CSMS__PROVISIONING__ENABLED": "true",
    "CSMS__PROVISIONING__SETTLE_S": "0",
    "CSMS__PROVISIONING__SPREAD_S": "0",
}
ACCEPTED = {"status": "Accepted"}


def served(station: Line, last: str) -> list[str]:
    """The actions that the station is asked for, up to that one."""
    actions: list[str] = []
    while last not in actions:
        actions.append(station.serve()[0])
    return actions


def run_of(server: RunningCsms, identity: str) -> Any:
    path = f"/api/v1/stations/{identity}/provisioning"
    return server.until(path, lambda state: state["run"] is not None)


def test_stations_are_set_up(own_server: Callable[..., RunningCsms]) -> None:
    """By profile after each boot: what differs is written, and only that; what came of it is
    there to be read; a station of 2.x is asked what it is made of."""
    server = own_server(**QUICK)
    profile = {
        "vendor": "acme",
        "reset": "soft",
        "settings": [
            {"variable": "HeartbeatInterval", "value": "60"},
            {"variable": "ConnectionTimeOut", "value": "30"},
            {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval", "value": "60"},
        ],
    }
    path = "/api/v1/provisioning-profiles/all%20of%20Acme"
    assert server.request("PUT", path, profile).status == 201
    with Charger.connect(server.ocpp_url("SET-1")) as cp:
        keys = [
            {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
            {"key": "ConnectionTimeOut", "readonly": False, "value": "30"},
        ]
        cp.replies = {
            "GetConfiguration": {"configurationKey": keys},
            "ChangeConfiguration": {"status": "RebootRequired"},
            "GetLocalListVersion": {"listVersion": 0},
            "Reset": ACCEPTED,
        }
        cp.boot()
        assert {"GetConfiguration", "ChangeConfiguration"} <= {*served(cp, "Reset")}
        state = run_of(server, "SET-1")
        assert state["profiles"] == ["all of Acme"]
        items = {item["setting"]["variable"]: item for item in state["run"]["items"]}
        assert items["HeartbeatInterval"]["status"] == "reboot_required"
        assert items["HeartbeatInterval"]["before"] == "300"
        assert items["ConnectionTimeOut"]["status"] == "same"
        assert state["run"]["reset"] == "soft"
    with NewerCharger.connect(server.ocpp_url("SET-2")) as cs:
        cs.replies = {
            "GetVariables": {
                "getVariableResult": [
                    {
                        "attributeStatus": "Accepted",
                        "attributeValue": "60",
                        "component": {"name": "OCPPCommCtrlr"},
                        "variable": {"name": "HeartbeatInterval"},
                    }
                ]
            },
            "GetBaseReport": ACCEPTED,
            "GetLocalListVersion": {"versionNumber": 0},
        }
        cs.boot()
        assert served(cs, "GetBaseReport")[0] == "GetVariables"
        state = run_of(server, "SET-2")
        assert [item["status"] for item in state["run"]["items"]] == ["same"]
        assert state["drift"] == []
        steps = {step["name"]: step["done"] for step in state["run"]["steps"]}
        assert steps["settings"]
        assert steps["device model"]
