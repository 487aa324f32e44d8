"""`/stations/{identity}/monitors` and its neighbours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.core.commands import Command, Outcome
from csms.core.holdings import Holding
from csms.core.monitoring.vocabulary import (
    AdjustStream,
    ClearMonitors,
    ClearResult,
    Monitor,
    MonitoringBase,
    MonitoringCriterion,
    MonitorKind,
    Pace,
    ReadStreams,
    RequestMonitoringReport,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
)
from csms.core.variables.vocabulary import Chosen, ItemStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATH = "/api/v1/stations/A"
NAME = {"component": "C", "variable": "V"}


@pytest.fixture(autouse=True)
def station(api: Any) -> None:
    api.stations.seed("A", ocpp_version="2.1")


def hold(api: Any, kind: str, key: str, /, **content: object) -> None:
    holding = Holding(
        kind=kind, key=key, content=content, origin="told", created_at=NOW, updated_at=NOW
    )
    api.holdings.seed("A", holding)


def test_list(api: Any) -> None:
    """Those that a report told of, and those that only an event did."""
    hold(
        api,
        "monitor",
        "4",
        **NAME,
        kind="Delta",
        value=1.5,
        severity=3,
        pace={"values": 10},
    )
    hold(api, "monitor", "5", **NAME, source="HardWiredMonitor")
    first, second = api.ask("GET", f"{PATH}/monitors").json["items"]
    assert (first["monitor_id"], first["kind"], first["stream"]) == (
        4,
        "Delta",
        {"interval_s": None, "values": 10},
    )
    assert (second["kind"], second["source"], second["stream"]) == (
        None,
        "HardWiredMonitor",
        None,
    )


def test_set(api: Any) -> None:
    """Each with what became of it."""
    item = {**NAME, "kind": "Delta", "value": 1, "severity": 2, "stream": {"interval_s": 5}}
    plain = {**NAME, "kind": "Periodic", "value": 60, "severity": 2}
    reply = api.ask("POST", f"{PATH}/monitors", json={"items": [item, plain]})
    assert reply.status == 200
    assert [each["kind"] for each in reply.json["items"]] == ["Delta", "Periodic"]
    monitor = Monitor(**NAME, kind=MonitorKind.DELTA, value=1, severity=2, pace=Pace(interval_s=5))
    other = Monitor(**NAME, kind=MonitorKind.PERIODIC, value=60, severity=2)
    assert api.operations.sent[0][1] == SetMonitors(items=(monitor, other))


def test_clear(api: Any) -> None:
    """By their numbers."""
    result = ClearResult(monitor_id=2, status=ItemStatus.UNKNOWN)
    api.operations.outcome = Outcome(status="rejected", response={"found": [result]})
    reply = api.ask("DELETE", f"{PATH}/monitors?ids=1,%202")
    assert [(each["monitor_id"], each["status"]) for each in reply.json["items"]] == [
        (1, "rejected"),
        (2, "unknown"),
    ]
    assert api.operations.sent[0][1] == ClearMonitors(items=(1, 2))
    for wrong in ("", "x", "1,,2", "9" * 10, ",".join(["1"] * 501)):
        reply = api.ask("DELETE", f"{PATH}/monitors?ids={wrong}")
        assert (reply.status, reply.json["field"]) == (422, "ids")


@pytest.mark.parametrize(
    ("method", "path", "body", "command"),
    [
        ("POST", "monitors/report", None, RequestMonitoringReport()),
        (
            "POST",
            "monitors/report",
            {"criteria": ["DeltaMonitoring"], "items": [NAME]},
            RequestMonitoringReport(criteria=(MonitoringCriterion.DELTA,), items=(Chosen(**NAME),)),
        ),
        ("PUT", "monitoring-base", {"base": "all"}, SetMonitoringBase(base=MonitoringBase.ALL)),
        ("PUT", "monitoring-level", {"severity": 4}, SetMonitoringLevel(severity=4)),
        ("POST", "event-streams/read", None, ReadStreams()),
        (
            "PATCH",
            "event-streams/3",
            {"values": 5},
            AdjustStream(stream_id=3, pace=Pace(values=5)),
        ),
    ],
)
def test_commands(api: Any, method: str, path: str, body: Any, command: Command) -> None:
    """Each is one operation."""
    assert api.ask(method, f"{PATH}/{path}", json=body).status == 200
    assert api.operations.sent[0][1] == command


def test_a_pace_that_says_nothing(api: Any) -> None:
    """Is none."""
    assert api.ask("PATCH", f"{PATH}/event-streams/3", json={}).status == 422


def test_streams(api: Any) -> None:
    """What was agreed, and how far behind the station is."""
    hold(api, "event_stream", "2", monitor_id=4, pace={"values": 10}, pending=7)
    hold(api, "event_stream", "3", monitor_id=5)
    first, second = api.ask("GET", f"{PATH}/event-streams").json["items"]
    assert (first["stream_id"], first["monitor_id"], first["values"], first["pending"]) == (
        2,
        4,
        10,
        7,
    )
    assert (second["interval_s"], second["pending"]) == (None, None)
