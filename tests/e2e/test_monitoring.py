"""Monitors, events and streams, through the real process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest

from csms.testing.charger import NewerCharger, stamp
from csms.testing.process import Answer, RunningCsms

pytestmark = pytest.mark.e2e

WIRE: dict[str, Any] = {
    "component": {"name": "EVSE", "evse": {"id": 1}},
    "variable": {"name": "Power"},
}
NAME: dict[str, Any] = {"component": "EVSE", "evse_id": 1, "variable": "Power"}


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
    charger: NewerCharger
    identity: str
    caller: ThreadPoolExecutor

    def path(self, path: str) -> str:
        return f"/api/v1/stations/{self.identity}/{path}"

    def ask(
        self, method: str, path: str, body: object, *answers: tuple[str, dict[str, Any]]
    ) -> tuple[Answer, list[dict[str, Any]]]:
        """The API's answer while the charger answers so many requests, and those requests."""
        self.charger.replies |= dict(answers)
        asked = self.caller.submit(self.server.request, method, self.path(path), body)
        heard = [self.hear(action) for action, _ in answers]
        return asked.result(), heard

    def hear(self, action: str) -> dict[str, Any]:
        """The next request of that kind; what the server asks after a boot may come between."""
        while True:
            served, payload = self.charger.serve()
            if served == action:
                return payload

    def set_monitor(self, number: int = 7, severity: int = 4) -> None:
        result = {
            **WIRE,
            "type": "UpperThreshold",
            "severity": severity,
            "status": "Accepted",
            "id": number,
        }
        item = {**NAME, "kind": "UpperThreshold", "value": 11000, "severity": severity}
        self.ask(
            "POST",
            "monitors",
            {"items": [item]},
            ("SetVariableMonitoring", {"setMonitoringResult": [result]}),
        )

    def monitors(self) -> list[int]:
        return [each["monitor_id"] for each in self.server.get(self.path("monitors"))["items"]]

    def events(self) -> list[dict[str, Any]]:
        found = self.server.get(self.path("events?kind=monitor&sort=at"))["items"]
        return [*found]

    def notify(self, *events: dict[str, Any]) -> None:
        usual = {
            "timestamp": stamp(),
            "trigger": "Alerting",
            "actualValue": "12000",
            "eventNotificationType": "CustomMonitor",
            **WIRE,
        }
        data = [{"eventId": number, **usual, **each} for number, each in enumerate(events)]
        payload = {"generatedAt": stamp(), "seqNo": 0, "eventData": data}
        assert self.charger.call("NotifyEvent", payload) == {}


@pytest.fixture
def rig(server: RunningCsms) -> Iterator[Callable[[type[NewerCharger], str], Rig]]:
    """Makes chargers that have booted."""
    open_: list[NewerCharger] = []
    with ThreadPoolExecutor(2) as caller:

        def make(kind: type[NewerCharger], identity: str) -> Rig:
            charger = kind.connect(server.ocpp_url(identity))
            open_.append(charger)
            charger.boot()
            return Rig(server, charger, identity, caller)

        yield make
        for charger in open_:
            charger.socket.close()


@pytest.mark.parametrize("kind", [NewerCharger, V21])
@pytest.mark.parametrize(
    ("body", "fields"),
    [
        pytest.param({}, {}, id="TC_N_47"),
        pytest.param(
            {"criteria": ["ThresholdMonitoring"]},
            {"monitoringCriteria": ["ThresholdMonitoring"]},
            id="TC_N_01",
        ),
        pytest.param({"items": [NAME]}, {"componentVariable": [WIRE]}, id="TC_N_02"),
        pytest.param(
            {"criteria": ["DeltaMonitoring"], "items": [NAME]},
            {"monitoringCriteria": ["DeltaMonitoring"], "componentVariable": [WIRE]},
            id="TC_N_03",
        ),
        pytest.param(
            {
                "criteria": ["DeltaMonitoring", "PeriodicMonitoring"],
                "items": [NAME, {"component": "C"}],
            },
            {
                "monitoringCriteria": ["DeltaMonitoring", "PeriodicMonitoring"],
                "componentVariable": [WIRE, {"component": {"name": "C"}}],
            },
            id="TC_N_60",
        ),
    ],
)
def test_monitoring_reports(
    rig: Any, kind: Any, body: Any, fields: Any, request: pytest.FixtureRequest
) -> None:
    """TC_N_01, TC_N_02, TC_N_03, TC_N_47, TC_N_60: what is asked for, and what is kept of it."""
    one = rig(kind, f"E2E-MR-{abs(hash(request.node.name)) % 10**8}")
    one.set_monitor(99)
    answer, heard = one.ask(
        "POST", "monitors/report", body, ("GetMonitoringReport", {"status": "Accepted"})
    )
    ref = answer.body["payload"]["ref"]
    assert heard == [{"requestId": ref, **fields}]
    monitor = {"id": 1, "transaction": False, "value": 1, "type": "Delta", "severity": 5}
    if kind is V21:
        monitor |= {"type": "TargetDelta", "eventNotificationType": "PreconfiguredMonitor"}
    for number in (1, 0):
        part = {
            "requestId": ref,
            "generatedAt": stamp(),
            "seqNo": number,
            "tbc": number == 0,
            "monitor": [{**WIRE, "variableMonitoring": [{**monitor, "id": number}]}],
        }
        assert one.charger.call("NotifyMonitoringReport", part) == {}
    assert one.monitors() == [0, 1] if not body else [0, 1, 99]


def test_tc_n_104_target_delta_monitoring(rig: Any) -> None:
    """TC_N_104: the monitors of 2.1 that watch for a target."""
    one = rig(V21, "E2E-TARGET")
    item = {**NAME, "kind": "TargetDelta", "value": 1, "severity": 5}
    result = {**WIRE, "type": "TargetDelta", "severity": 5, "status": "Accepted", "id": 3}
    _, heard = one.ask(
        "POST",
        "monitors",
        {"items": [item]},
        ("SetVariableMonitoring", {"setMonitoringResult": [result]}),
    )
    assert heard[0]["setMonitoringData"][0]["type"] == "TargetDelta"
    (monitor,) = one.server.get(one.path("monitors"))["items"]
    assert (monitor["kind"], monitor["origin"]) == ("TargetDelta", "set")


@pytest.mark.parametrize(
    ("kinds", "statuses"),
    [
        pytest.param(["UpperThreshold"], ["Accepted"], id="TC_N_08"),
        pytest.param(["Delta", "LowerThreshold"], ["Accepted", "Duplicate"], id="TC_N_09"),
        pytest.param(["Periodic"], ["Accepted"], id="TC_N_24"),
    ],
)
@pytest.mark.parametrize("kind", [NewerCharger, V21])
def test_monitors_are_set(rig: Any, kinds: list[str], statuses: list[str], kind: Any) -> None:
    """TC_N_08, TC_N_09, TC_N_24: each with the number or the refusal that the station gives."""
    one = rig(kind, f"E2E-SETM-{kinds[0]}-{kind.__name__}")
    items = [{**NAME, "kind": kind, "value": 60, "severity": 8} for kind in kinds]
    results = [
        {**WIRE, "type": kind, "severity": 8, "status": status, "id": number}
        for number, (kind, status) in enumerate(zip(kinds, statuses, strict=True))
    ]
    answer, heard = one.ask(
        "POST",
        "monitors",
        {"items": items},
        ("SetVariableMonitoring", {"setMonitoringResult": results}),
    )
    assert [each["type"] for each in heard[0]["setMonitoringData"]] == kinds
    assert [each["status"] for each in answer.body["items"]] == [
        status.lower() for status in statuses
    ]
    assert one.monitors() == [0]


@pytest.mark.parametrize("kind", [NewerCharger, V21])
def test_tc_n_05_set_monitoring_base(rig: Any, kind: Any) -> None:
    """TC_N_05: and then it is asked which monitors there are."""
    one = rig(kind, f"E2E-BASE-MON-{kind.__name__}")
    one.charger.replies["GetMonitoringReport"] = {"status": "Accepted"}
    answer, heard = one.ask(
        "PUT",
        "monitoring-base",
        {"base": "factory_default"},
        ("SetMonitoringBase", {"status": "Accepted"}),
    )
    assert heard == [{"monitoringBase": "FactoryDefault"}]
    assert answer.body["status"] == "accepted"
    assert set(one.hear("GetMonitoringReport")) == {"requestId"}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        pytest.param("Accepted", "accepted", id="TC_N_16"),
        pytest.param("Rejected", "rejected", id="TC_N_17"),
    ],
)
@pytest.mark.parametrize("kind", [NewerCharger, V21])
def test_monitoring_level(rig: Any, word: str, status: str, kind: Any) -> None:
    """TC_N_16, TC_N_17: the station says whether it can; beyond 9 it is not asked."""
    one = rig(kind, f"E2E-LEVEL-{word}-{kind.__name__}")
    answer, heard = one.ask(
        "PUT", "monitoring-level", {"severity": 3}, ("SetMonitoringLevel", {"status": word})
    )
    assert heard == [{"severity": 3}]
    assert answer.body["status"] == status
    wrong = one.server.request("PUT", one.path("monitoring-level"), {"severity": 10})
    assert wrong.status == 422


@pytest.mark.parametrize("kind", [NewerCharger, V21])
def test_tc_n_18_clear_too_many(rig: Any, kind: Any) -> None:
    """TC_N_18: what is too much for one message goes out in several."""
    one = rig(kind, f"E2E-CLEAR-MANY-{kind.__name__}")
    limit = {
        "component": {"name": "MonitoringCtrlr"},
        "variable": {"name": "ItemsPerMessage", "instance": "ClearVariableMonitoring"},
        "variableAttribute": [{"value": "2"}],
    }
    part = {"requestId": 1, "generatedAt": stamp(), "seqNo": 0, "reportData": [limit]}
    one.charger.call("NotifyReport", part)
    result = {"clearMonitoringResult": [{"id": 1, "status": "Accepted"}]}
    _, heard = one.ask(
        "DELETE", "monitors?ids=1,2,3", None, *[("ClearVariableMonitoring", result)] * 2
    )
    assert heard == [{"id": [1, 2]}, {"id": [3]}]


@pytest.mark.parametrize("kind", [NewerCharger, V21])
def test_tc_n_44_clear_rejected(rig: Any, kind: Any) -> None:
    """TC_N_44: a monitor that the station keeps stays; one that it does not know is gone."""
    one = rig(kind, f"E2E-CLEAR-NO-{kind.__name__}")
    one.set_monitor(7)
    for word, left in (("Rejected", [7]), ("NotFound", [])):
        result = {"clearMonitoringResult": [{"id": 7, "status": word}]}
        one.ask("DELETE", "monitors?ids=7", None, ("ClearVariableMonitoring", result))
        assert one.monitors() == left


@pytest.mark.parametrize(
    ("event", "severity"),
    [
        pytest.param({"variableMonitoringId": 7, "cleared": True}, 4, id="TC_N_49"),
        pytest.param({"variableMonitoringId": 7, "trigger": "Periodic"}, 4, id="TC_N_50"),
        pytest.param(
            {"variableMonitoringId": 8, "eventNotificationType": "HardWiredMonitor"},
            None,
            id="TC_N_21",
        ),
        pytest.param(
            {"eventNotificationType": "HardWiredNotification", "trigger": "Delta"},
            None,
            id="TC_N_48",
        ),
    ],
)
@pytest.mark.parametrize("kind", [NewerCharger, V21])
def test_alert_events(
    rig: Any, event: dict[str, Any], severity: int | None, request: pytest.FixtureRequest, kind: Any
) -> None:
    """TC_N_21, TC_N_48, TC_N_49, TC_N_50: kept once, as grave as the monitor is known to be."""
    one = rig(kind, f"E2E-EV-{abs(hash(request.node.name)) % 10**8}")
    one.set_monitor(7)
    whole = {**event, "timestamp": stamp(), "eventId": 3}
    one.notify(whole)
    one.notify(whole)
    (kept,) = one.events()
    assert (kept["severity"], kept["evse_id"]) == (severity, 1)
    assert kept["content"]["trigger"] == event.get("trigger", "Alerting")
    assert (8 in one.monitors()) == ("HardWiredMonitor" in event.values())


@pytest.mark.parametrize("kind", [NewerCharger, V21])
def test_tc_g_20_lock_failure(rig: Any, kind: Any) -> None:
    """TC_G_20: told as an event; the connector's own state as an event counts like any other."""
    one = rig(kind, f"E2E-LOCK-{kind.__name__}")
    one.charger.status("Available")
    plug = {"evse": {"id": 1, "connectorId": 1}}
    lock = {
        "component": {"name": "ConnectorPlugRetentionLock", **plug},
        "variable": {"name": "Problem"},
        "actualValue": "true",
    }
    state = {
        "component": {"name": "Connector", **plug},
        "variable": {"name": "AvailabilityState"},
        "actualValue": "Faulted",
        "trigger": "Delta",
        "timestamp": stamp(),
    }
    one.notify(lock, state)
    assert {each["content"]["variable"] for each in one.events()} == {
        "Problem",
        "AvailabilityState",
    }
    (connector,) = one.server.get(one.path("connectors"))["items"]
    assert connector["status"] == "Faulted"


# --- streams --------------------------------------------------------------------------------


def test_tc_n_105_frequent_periodic(rig: Any) -> None:
    """TC_N_105: a monitor whose values come as a stream."""
    one = rig(V21, "E2E-STREAM")
    item = {
        **NAME,
        "kind": "Periodic",
        "value": 1,
        "severity": 8,
        "stream": {"interval_s": 5, "values": 10},
    }
    result = {**WIRE, "type": "Periodic", "severity": 8, "status": "Accepted", "id": 4}
    _, heard = one.ask(
        "POST",
        "monitors",
        {"items": [item]},
        ("SetVariableMonitoring", {"setMonitoringResult": [result]}),
    )
    assert heard[0]["setMonitoringData"][0]["periodicEventStream"] == {"interval": 5, "values": 10}
    data = {"id": 1, "params": {"interval": 5, "values": 10}, "variableMonitoringId": 5}
    opened = one.charger.call("OpenPeriodicEventStream", {"constantStreamData": data})
    assert opened == {"status": "Rejected"}
    data["variableMonitoringId"] = 4
    opened = one.charger.call("OpenPeriodicEventStream", {"constantStreamData": data})
    assert opened == {"status": "Accepted"}
    base = "2026-03-01T12:00:00Z"
    one.charger.replies["AdjustPeriodicEventStream"] = {"status": "Accepted"}
    for pending in range(4):
        values = [{"t": pending + 0.5, "v": str(pending)}]
        spoken = {"id": 1, "pending": pending, "basetime": base, "data": values}
        one.charger.tell("NotifyPeriodicEventStream", spoken)
    one.charger.tell("NotifyPeriodicEventStream", {**spoken, "id": 9})
    assert one.hear("AdjustPeriodicEventStream") == {
        "id": 1,
        "params": {"interval": 5, "values": 20},
    }
    one.server.until(one.path("event-streams"), lambda page: page["items"][0]["values"] == 20)
    events = one.events()
    assert [each["at"] for each in events] == [
        f"2026-03-01T12:00:0{second}.500Z" for second in range(4)
    ]
    assert {(each["severity"], each["content"]["variable"]) for each in events} == {(8, "Power")}
    one.server.until(
        one.path("quirks"),
        lambda quirks: "unknown_stream" in str(quirks),
    )
    assert one.charger.call("ClosePeriodicEventStream", {"id": 1}) == {}
    assert one.server.get(one.path("event-streams"))["items"] == []


def test_tc_n_107_get_periodic_event_streams(rig: Any) -> None:
    """TC_N_107: those that the station names are all there are."""
    one = rig(V21, "E2E-STREAMS")
    data = {"id": 3, "params": {"interval": 5}, "variableMonitoringId": 4}
    answer, heard = one.ask(
        "POST",
        "event-streams/read",
        {},
        ("GetPeriodicEventStream", {"constantStreamData": [data]}),
    )
    assert heard == [{}]
    assert answer.body["status"] == "accepted"
    (stream,) = one.server.get(one.path("event-streams"))["items"]
    assert (stream["stream_id"], stream["monitor_id"], stream["interval_s"]) == (3, 4, 5)
    answer, heard = one.ask(
        "PATCH",
        "event-streams/3",
        {"interval_s": 30},
        ("AdjustPeriodicEventStream", {"status": "Accepted"}),
    )
    assert heard == [{"id": 3, "params": {"interval": 30}}]
    (stream,) = one.server.get(one.path("event-streams"))["items"]
    assert stream["interval_s"] == 30


def test_older_stations_have_no_streams(rig: Any) -> None:
    """The operation says so."""
    one = rig(NewerCharger, "E2E-NOSTREAM")
    answer = one.server.request("POST", one.path("event-streams/read"), {})
    assert (answer.status, answer.body["status"]) == (200, "unsupported")
