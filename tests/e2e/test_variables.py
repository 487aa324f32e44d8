"""Device models, passwords and monitors, through the real process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest
from websockets.exceptions import InvalidStatus

from csms.testing.charger import Charger, Line, NewerCharger, stamp
from csms.testing.process import Answer, RunningCsms

pytestmark = pytest.mark.e2e

WIRE: dict[str, Any] = {"component": {"name": "C"}, "variable": {"name": "V"}}
NAME = {"component": "C", "variable": "V"}
Replies = Callable[[dict[str, Any]], dict[str, Any]]


class V21(NewerCharger):
    """A charger of 2.1."""

    @classmethod
    def spoken(cls) -> tuple[str, ...]:
        """2.1."""
        return ("ocpp2.1",)


@attrs.define
class Rig:
    """A charger and somebody who calls the API about it."""

    server: RunningCsms
    charger: Line
    identity: str
    caller: ThreadPoolExecutor

    def path(self, path: str) -> str:
        return f"/api/v1/stations/{self.identity}/{path}"

    def ask(
        self,
        method: str,
        path: str,
        body: object,
        *answers: tuple[str, dict[str, Any]],
    ) -> tuple[Answer, list[dict[str, Any]]]:
        """The API's answer while the charger answers so many requests, and those requests."""
        self.charger.replies |= dict(answers)
        asked = self.caller.submit(self.server.request, method, self.path(path), body)
        heard = []
        for action, reply in answers:
            self.charger.replies[action] = reply
            heard.append(self.hear(action))
        return asked.result(), heard

    def hear(self, action: str) -> dict[str, Any]:
        """The next request of that kind; what the server asks after a boot may come between."""
        while True:
            served, payload = self.charger.serve()
            if served == action:
                return payload

    def known(self, **filters: str) -> dict[str, str | None]:
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        found = self.server.get(f"{self.path('variables')}?{query}")["items"]
        return {each["variable"]: each["value"] for each in found}


@pytest.fixture
def rig(server: RunningCsms) -> Iterator[Callable[[type[Line], str], Rig]]:
    """Makes chargers that have booted."""
    open_: list[Line] = []
    with ThreadPoolExecutor(2) as caller:

        def make(kind: type[Any], identity: str) -> Rig:
            charger = kind.connect(server.ocpp_url(identity))
            open_.append(charger)
            charger.boot()
            return Rig(server, charger, identity, caller)

        yield make
        for charger in open_:
            charger.socket.close()


# --- 1.6 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "payload"),
    [
        pytest.param([], {}, id="TC_019_1"),
        pytest.param([{"variable": "B"}], {"key": ["B"]}, id="TC_019_2"),
    ],
)
def test_keys_are_read(rig: Any, items: Any, payload: dict[str, Any]) -> None:
    """TC_019_1, TC_019_2: all configuration keys, or those that are named; both are kept."""
    one = rig(Charger, f"E2E-KEYS-{len(items)}")
    keys = [
        {"key": "A", "readonly": True, "value": "1"},
        {"key": "AuthorizationKey", "readonly": False, "value": "s3cret"},
    ]
    answer, heard = one.ask(
        "POST",
        "variables/read",
        {"items": items},
        ("GetConfiguration", {"configurationKey": keys, "unknownKey": ["B"]}),
    )
    assert heard == [payload]
    assert answer.status == 200
    statuses = {item["variable"]: item["status"] for item in answer.body["items"]}
    assert statuses["B"] == "unknown"
    assert one.known() == {"A": "1", "AuthorizationKey": None}
    assert "s3cret" not in json.dumps(answer.body)


def test_tc_021_change_configuration(rig: Any) -> None:
    """TC_021: a key is changed, and what counts is what the station says of it then."""
    one = rig(Charger, "E2E-CHANGE")
    key = {"key": "MeterValueSampleInterval", "readonly": False, "value": "10"}
    items = [{"variable": "MeterValueSampleInterval", "value": 5}]
    answer, heard = one.ask(
        "PATCH",
        "variables",
        {"items": items},
        ("ChangeConfiguration", {"status": "Accepted"}),
        ("GetConfiguration", {"configurationKey": [key]}),
    )
    assert heard == [
        {"key": "MeterValueSampleInterval", "value": "5"},
        {"key": ["MeterValueSampleInterval"]},
    ]
    (item,) = answer.body["items"]
    assert (item["status"], item["value"]) == ("accepted", "10")
    history = one.server.get(one.path("variables/history?sort=at"))["items"]
    assert [(each["old"], each["new"], each["how"]) for each in history] == [
        (None, "5", "set"),
        ("5", "10", "read"),
    ]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        pytest.param("NotSupported", "unknown", id="TC_040_1"),
        pytest.param("Rejected", "rejected", id="TC_040_2"),
    ],
)
def test_keys_that_cannot_be_changed(rig: Any, word: str, status: str) -> None:
    """TC_040_1, TC_040_2: the station's no is told, and nothing is kept."""
    one = rig(Charger, f"E2E-NO-{word}")
    answer, _ = one.ask(
        "PATCH",
        "variables",
        {"items": [{"variable": "K", "value": "x"}]},
        ("ChangeConfiguration", {"status": word}),
    )
    assert answer.body["items"][0]["status"] == status
    assert one.known() == {}


def come_in(server: RunningCsms, identity: str, password: bytes) -> bool:
    """Whether that password opens the door."""
    try:
        Charger.connect(server.ocpp_url(identity), password).socket.close()
    except InvalidStatus:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "action", "answer", "accepted"),
    [
        pytest.param(
            Charger, "ChangeConfiguration", {"status": "Accepted"}, True, id="TC_073-Accepted"
        ),
        pytest.param(
            Charger, "ChangeConfiguration", {"status": "Rejected"}, False, id="TC_073-Rejected"
        ),
        pytest.param(NewerCharger, "SetVariables", "Accepted", True, id="TC_A_09"),
        pytest.param(NewerCharger, "SetVariables", "Rejected", False, id="TC_A_10"),
        pytest.param(V21, "SetVariables", "Accepted", True, id="TC_A_09-2.1"),
        pytest.param(V21, "SetVariables", "Rejected", False, id="TC_A_10-2.1"),
    ],
)
def test_passwords(
    server: RunningCsms, kind: Any, action: str, answer: Any, *, accepted: bool
) -> None:
    """TC_073, TC_A_09, TC_A_10: the new password counts once it is accepted, else the old one."""
    identity = f"E2E-PW-{kind.__name__}-{accepted}"
    old = b"0123456789abcdef!"
    body = {"password": old.decode()}
    assert server.request("PUT", f"/api/v1/stations/{identity}", body).status == 201
    with kind.connect(server.ocpp_url(identity), old) as charger, ThreadPoolExecutor(1) as caller:
        charger.boot()
        if isinstance(answer, str):
            result = {
                "component": {"name": "SecurityCtrlr"},
                "variable": {"name": "BasicAuthPassword"},
                "attributeStatus": answer,
            }
            answer = {"setVariableResult": [result]}
        charger.replies[action] = answer
        asked = caller.submit(server.request, "PUT", f"/api/v1/stations/{identity}/password", {})
        served, payload = charger.serve()
        while served != action:
            served, payload = charger.serve()
        told = asked.result()
    new = told.body["new_password"]
    assert new in json.dumps(payload)
    assert new not in json.dumps(told.body["operation"])
    sent = bytes.fromhex(new) if kind is Charger else new.encode()
    assert come_in(server, identity, sent) == accepted
    assert come_in(server, identity, old) != accepted


def test_a_password_whose_answer_was_lost(server: RunningCsms) -> None:
    """Both are good until the station comes in with the new one; then only that."""
    identity, old, new = "E2E-PW-LOST", b"old-old-old-old-o", "new-new-new-new-n"
    server.request("PUT", f"/api/v1/stations/{identity}", {"password": old.decode()})
    path = f"/api/v1/stations/{identity}/password"
    with Charger.connect(server.ocpp_url(identity), old) as charger, ThreadPoolExecutor(1) as pool:
        charger.boot()
        asked = pool.submit(server.request, "PUT", path, {"password": new})
        assert json.loads(charger.socket.recv(20))[2] == "ChangeConfiguration"
        charger.socket.close()
        told = asked.result()
    assert told.body["operation"]["status"] == "unreachable"
    assert told.body["new_password"] is None
    assert come_in(server, identity, old)
    assert come_in(server, identity, new.encode())
    assert not come_in(server, identity, old)
    assert come_in(server, identity, new.encode())


# --- 2.x ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [NewerCharger, V21])
@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["V"], id="TC_B_06"),
        pytest.param(["V", "W"], id="TC_B_07"),
    ],
)
def test_variables_are_read(rig: Any, kind: Any, names: list[str]) -> None:
    """TC_B_06, TC_B_07: one, and several in a message; each with its own status."""
    one = rig(kind, f"E2E-GET-{kind.__name__}-{len(names)}")
    results = [
        {
            "component": {"name": "C"},
            "variable": {"name": name},
            "attributeStatus": "Accepted",
            "attributeValue": name.lower(),
        }
        for name in reversed(names)
    ]
    items = [{"component": "C", "variable": name} for name in names]
    answer, heard = one.ask(
        "POST", "variables/read", {"items": items}, ("GetVariables", {"getVariableResult": results})
    )
    assert len(heard[0]["getVariableData"]) == len(names)
    assert [(item["variable"], item["value"]) for item in answer.body["items"]] == [
        (name, name.lower()) for name in names
    ]
    assert one.known(component="c") == {name: name.lower() for name in names}


@pytest.mark.parametrize("kind", [NewerCharger, V21])
def test_tc_b_08_limit_to_maximum_number_of_values(rig: Any, kind: Any) -> None:
    """TC_B_08: no more in a message than the station says that it takes."""
    one = rig(kind, f"E2E-GET-MANY-{kind.__name__}")
    limit = {
        "component": {"name": "DeviceDataCtrlr"},
        "variable": {"name": "ItemsPerMessage", "instance": "GetVariables"},
        "variableAttribute": [{"value": "2"}],
    }
    one.charger.call("NotifyReport", report(77, 0, limit))
    result = {"getVariableResult": [{**WIRE, "attributeStatus": "UnknownVariable"}]}
    items = [{"component": "C", "variable": name} for name in "ABC"]
    answer, heard = one.ask(
        "POST", "variables/read", {"items": items}, *[("GetVariables", result)] * 2
    )
    assert [len(payload["getVariableData"]) for payload in heard] == [2, 1]
    assert len(answer.body["operations"]) == 2


@pytest.mark.parametrize("kind", [NewerCharger, V21])
@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"V": "1"}, id="TC_B_09"),
        pytest.param({"V": "1", "W": "2"}, id="TC_B_10"),
    ],
)
def test_variables_are_written(rig: Any, kind: Any, values: Mapping[str, str]) -> None:
    """TC_B_09, TC_B_10: one, and several in a message; what waits for a boot is not read back."""
    one = rig(kind, f"E2E-SET-{kind.__name__}-{len(values)}")
    results = [
        {"component": {"name": "C"}, "variable": {"name": name}, "attributeStatus": status}
        for name, status in zip(values, ["RebootRequired", "Rejected"], strict=False)
    ]
    items = [{"component": "C", "variable": name, "value": each} for name, each in values.items()]
    answer, heard = one.ask(
        "PATCH", "variables", {"items": items}, ("SetVariables", {"setVariableResult": results})
    )
    assert [each["attributeValue"] for each in heard[0]["setVariableData"]] == [*values.values()]
    assert [item["status"] for item in answer.body["items"]] == [
        "reboot_required",
        "rejected",
    ][: len(values)]
    (known,) = one.server.get(one.path("variables"))["items"]
    assert (known["value"], known["pending_value"]) == (None, "1")
    assert known["reboot_required"]


def report(ref: int, number: int, *data: dict[str, Any], tbc: bool = False) -> dict[str, Any]:
    """A part of a NotifyReport."""
    return {
        "requestId": ref,
        "generatedAt": stamp(),
        "seqNo": number,
        "tbc": tbc,
        "reportData": [*data],
    }


def item(name: str, value: str = "1") -> dict[str, Any]:
    """A variable of a report."""
    return {
        "component": {"name": "C"},
        "variable": {"name": name},
        "variableAttribute": [{"type": "Actual", "value": value, "mutability": "ReadWrite"}],
    }


@pytest.mark.parametrize(
    ("base", "word"),
    [
        pytest.param("configuration", "ConfigurationInventory", id="TC_B_12"),
        pytest.param("full", "FullInventory", id="TC_B_13"),
        pytest.param("summary", "SummaryInventory", id="TC_B_14"),
    ],
)
@pytest.mark.parametrize("kind", [NewerCharger, V21])
def test_base_reports(rig: Any, base: str, word: str, kind: Any) -> None:
    """TC_B_12, TC_B_13, TC_B_14: put together from parts in any order; a full one is all."""
    one = rig(kind, f"E2E-BASE-{base}-{kind.__name__}")
    one.charger.call("NotifyReport", report(0, 0, item("Before")))
    answer, heard = one.ask(
        "POST", "reports", {"base": base}, ("GetBaseReport", {"status": "Accepted"})
    )
    assert heard[0]["reportBase"] == word
    ref = heard[0]["requestId"]
    assert answer.body["payload"]["ref"] == ref
    for number in (2, 0, 1, 1):
        part = report(ref, number, item(f"V{number}"), tbc=number < 2)
        assert one.charger.call("NotifyReport", part) == {}
    joined = one.server.get(one.path(f"reports/{ref}"))
    assert (joined["status"], len(joined["items"])) == ("complete", 3)
    before = set() if base == "full" else {"Before"}
    assert set(one.known()) == {"V0", "V1", "V2"} | before


@pytest.mark.parametrize("kind", [NewerCharger, V21])
def test_tc_b_18_custom_report(rig: Any, kind: Any) -> None:
    """TC_B_18: components in a state, and variables by name."""
    one = rig(kind, f"E2E-CUSTOM-{kind.__name__}")
    body = {"criteria": ["Problem"], "items": [{"component": "C", "variable": "V"}]}
    answer, heard = one.ask("POST", "reports", body, ("GetReport", {"status": "EmptyResultSet"}))
    assert heard[0] == {
        "requestId": answer.body["payload"]["ref"],
        "componentCriteria": ["Problem"],
        "componentVariable": [WIRE],
    }
    assert (answer.body["status"], answer.body["detail"]) == ("rejected", "EmptyResultSet")
    assert one.server.request("POST", one.path("reports"), {}).status == 422


PROFILE = {
    "url": "wss://csms.example/ocpp",
    "interface": "Wired0",
    "security_profile": 2,
    "message_timeout_s": 30,
}


@pytest.mark.parametrize(
    ("kind", "more", "word", "status"),
    [
        pytest.param(NewerCharger, {}, "Accepted", "accepted", id="TC_B_42"),
        pytest.param(NewerCharger, {}, "Failed", "rejected", id="TC_B_44"),
        pytest.param(V21, {}, "Failed", "rejected", id="TC_B_44-2.1"),
        pytest.param(
            V21,
            {"identity": "NEW", "password": "0123456789abcdef"},
            "Accepted",
            "accepted",
            id="TC_B_100-TC_B_42",
        ),
    ],
)
def test_network_profiles(rig: Any, kind: Any, more: Any, word: str, status: str) -> None:
    """TC_B_42, TC_B_44, TC_B_100: the profile goes out whole, its password is not shown."""
    one = rig(kind, f"E2E-NET-{kind.__name__}-{word}")
    answer, heard = one.ask(
        "PUT", "network-profiles/2", PROFILE | more, ("SetNetworkProfile", {"status": word})
    )
    assert heard[0]["configurationSlot"] == 2
    assert heard[0]["connectionData"].get("basicAuthPassword") == more.get("password")
    assert answer.body["status"] == status
    assert "0123456789abcdef" not in json.dumps(answer.body)


def test_tc_b_105_new_network_configuration_by_variables(rig: Any) -> None:
    """TC_B_105: a slot of 2.1 is a component whose variables can be set."""
    one = rig(V21, "E2E-NET-VARS")
    name = {"component": {"name": "NetworkConfiguration", "instance": "2"}}
    values = {"OcppCsmsUrl": "wss://c.example", "BasicAuthPassword": "0123456789abcdef"}
    items = [
        {
            "component": "NetworkConfiguration",
            "component_instance": "2",
            "variable": variable,
            "value": value,
        }
        for variable, value in values.items()
    ]
    results = [
        {**name, "variable": {"name": variable}, "attributeStatus": "Accepted"}
        for variable in values
    ]
    read = {
        "getVariableResult": [{**name, "variable": {"name": "V"}, "attributeStatus": "Rejected"}]
    }
    answer, heard = one.ask(
        "PATCH",
        "variables",
        {"items": items},
        ("SetVariables", {"setVariableResult": results}),
        ("GetVariables", read),
    )
    assert [each["attributeValue"] for each in heard[0]["setVariableData"]] == [*values.values()]
    assert [each["status"] for each in answer.body["items"]] == ["accepted", "accepted"]
    assert "0123456789abcdef" not in json.dumps(answer.body)
    assert one.known() == {"OcppCsmsUrl": "wss://c.example", "BasicAuthPassword": None}


def test_raw_messages_have_the_same_consequences(rig: Any) -> None:
    """Whoever sends GetVariables in its own words fills the device model, too."""
    one = rig(NewerCharger, "E2E-RAW-VARS")
    body = {"action": "GetVariables", "payload": {"getVariableData": [WIRE]}}
    result = {**WIRE, "attributeStatus": "Accepted", "attributeValue": "7"}
    answer, _ = one.ask("POST", "commands", body, ("GetVariables", {"getVariableResult": [result]}))
    assert answer.body["status"] == "accepted"
    assert one.known() == {"V": "7"}
