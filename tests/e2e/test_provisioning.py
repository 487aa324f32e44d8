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


def keys_of(values: dict[str, str], asked: list[str] | None) -> dict[str, Any]:
    """A GetConfiguration.conf of a station that has those values."""
    names = [*values] if asked is None else asked
    return {
        "configurationKey": [
            {"key": name, "readonly": False, "value": values[name]}
            for name in names
            if name in values
        ],
        "unknownKey": [name for name in names if name not in values],
    }


class Keyed(Charger):
    """A charger of 1.6 with a configuration, which may accept for its next boot only; it takes
    ``most`` tokens in a message."""

    values: dict[str, str]
    pending: dict[str, str]
    most: int = 2
    reboots: bool = False

    def _answer(self, frame: list[Any]) -> None:
        _, _, action, payload = frame
        if action == "GetConfiguration":
            self.replies[action] = keys_of(self.values, payload.get("key"))
        elif action == "ChangeConfiguration":
            into = self.pending if self.reboots else self.values
            into[payload["key"]] = payload["value"]
            status = "RebootRequired" if self.reboots else "Accepted"
            self.replies[action] = {"status": status}
        elif action == "SendLocalList":
            tokens = len(payload.get("localAuthorizationList", ()))
            self.replies[action] = {"status": "Accepted" if tokens <= self.most else "Failed"}
        super()._answer(frame)


def boot(station: Line, server: RunningCsms, identity: str) -> Any:
    """The run that follows a boot."""
    path = f"/api/v1/stations/{identity}/provisioning"
    before = server.get(path)["run"]
    with station.serving():
        station.boot()
        state = server.until(path, lambda now: now["run"] not in (None, before))
    return state["run"]


def test_after_each_boot(own_server: Callable[..., RunningCsms]) -> None:
    """A station that has forgotten what it was set is set up again; all that it is made of is
    asked for once, and a list goes out as large as it takes."""
    server = own_server(**QUICK)
    setting = {"variable": "HeartbeatInterval", "value": 240}
    assert (
        server.request("PUT", "/api/v1/provisioning-profiles/p", {"settings": [setting]}).status
        == 201
    )
    state = "/api/v1/stations/SET-1/provisioning"
    with Keyed.connect(server.ocpp_url("SET-1")) as cp:
        cp.values = {"HeartbeatInterval": "300", "SendLocalListMaxLength": "2"}
        run = boot(cp, server, "SET-1")
        (item,) = run["items"]
        assert (item["before"], item["after"]) == ("300", "240")
        assert ("GetConfiguration", {}) in cp.asked
        for _ in range(2):
            cp.values["HeartbeatInterval"] = "999"
            cp.asked.clear()
            run = boot(cp, server, "SET-1")
            assert [item["status"] for item in run["items"]] == ["accepted"]
            assert [payload for _, payload in cp.asked] == [
                {"key": ["HeartbeatInterval"]},
                {"key": "HeartbeatInterval", "value": "240"},
                {"key": ["HeartbeatInterval"]},
            ]
        entries = [{"id_token": f"T{number}"} for number in range(3)]
        path = "/api/v1/stations/SET-1/local-list"
        with cp.serving():
            assert server.request("PUT", path, {"entries": entries}).status == 200
            answer = server.request("POST", f"{path}/sync")
        assert answer.body["status"] == "synced"
        cp.reboots = True
        cp.pending = {}
        cp.values["HeartbeatInterval"] = "999"
        run = boot(cp, server, "SET-1")
        assert run["reboot_required"]
        (found,) = server.get(state)["drift"]
        assert (found["value"], found["reboot_required"]) == ("999", True)
        cp.values |= cp.pending
        assert [item["status"] for item in boot(cp, server, "SET-1")["items"]] == ["same"]
        assert server.get(state)["drift"] == []


def test_a_station_that_never_tells_its_inventory(own_server: Callable[..., RunningCsms]) -> None:
    """It is not asked at each boot; what it should have is read at each."""
    server = own_server(**QUICK)
    setting = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval", "value": "60"}
    server.request("PUT", "/api/v1/provisioning-profiles/p", {"settings": [setting]})
    result = {
        "attributeStatus": "Accepted",
        "attributeValue": "60",
        "component": {"name": "OCPPCommCtrlr"},
        "variable": {"name": "HeartbeatInterval"},
    }
    with NewerCharger.connect(server.ocpp_url("SET-2")) as cs:
        cs.replies = {"GetVariables": {"getVariableResult": [result]}, "GetBaseReport": ACCEPTED}
        for _ in range(4):
            boot(cs, server, "SET-2")
        asked = [action for action, _ in cs.asked]
        assert asked == ["GetVariables", "GetBaseReport"] * 2 + ["GetVariables"] * 2


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
