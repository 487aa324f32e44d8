"""Monitoring in the words of 2.x."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Dialect, Fault, Understood
from csms.adapter.tables import Request, Unsupported
from csms.core.commands import Command, Raw
from csms.core.monitoring.vocabulary import (
    AdjustStream,
    ClearMonitors,
    ClearResult,
    EventsNotified,
    Monitor,
    MonitoringBase,
    MonitoringCriterion,
    MonitorKind,
    MonitorResult,
    MonitorsReported,
    Pace,
    ReadStreams,
    RequestMonitoringReport,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
    StationEvent,
    Stream,
    StreamAnswered,
    StreamClosed,
    StreamOpened,
    StreamSpoke,
)
from csms.core.replies import Acknowledged
from csms.core.values import Strictness
from csms.core.variables.vocabulary import Chosen, ItemStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TIME = "2026-03-01T11:00:00Z"
THEN = datetime(2026, 3, 1, 11, tzinfo=UTC)
OLDER, NEWER = DIALECTS["ocpp2.0.1"], DIALECTS["ocpp2.1"]
modern = pytest.mark.parametrize("dialect", [OLDER, NEWER], ids=["2.0.1", "2.1"])
WIRE: dict[str, Any] = {"component": {"name": "C"}, "variable": {"name": "V"}}
NAME: dict[str, Any] = {"component": "C", "variable": "V"}
PLAIN = Monitor(**NAME, kind=MonitorKind.DELTA, value=2.5, severity=4)

COMMANDS: list[tuple[Command, str, dict[str, Any]]] = [
    (
        SetMonitors(
            items=(
                PLAIN,
                Monitor(
                    **NAME,
                    monitor_id=7,
                    kind=MonitorKind.PERIODIC,
                    value=60,
                    severity=9,
                    transaction=True,
                ),
            )
        ),
        "SetVariableMonitoring",
        {
            "setMonitoringData": [
                {**WIRE, "type": "Delta", "value": 2.5, "severity": 4},
                {
                    **WIRE,
                    "type": "Periodic",
                    "value": 60,
                    "severity": 9,
                    "id": 7,
                    "transaction": True,
                },
            ]
        },
    ),
    (ClearMonitors(items=(1, 2)), "ClearVariableMonitoring", {"id": [1, 2]}),
    (
        SetMonitoringBase(base=MonitoringBase.HARD_WIRED_ONLY),
        "SetMonitoringBase",
        {"monitoringBase": "HardWiredOnly"},
    ),
    (SetMonitoringLevel(severity=3), "SetMonitoringLevel", {"severity": 3}),
    (RequestMonitoringReport(ref=5), "GetMonitoringReport", {"requestId": 5}),
    (
        RequestMonitoringReport(
            criteria=(MonitoringCriterion.DELTA,), items=(Chosen(component="C"),), ref=5
        ),
        "GetMonitoringReport",
        {
            "requestId": 5,
            "monitoringCriteria": ["DeltaMonitoring"],
            "componentVariable": [{"component": {"name": "C"}}],
        },
    ),
]
NEW: list[tuple[Command, str, dict[str, Any]]] = [
    (
        SetMonitors(
            items=(
                Monitor(
                    **NAME,
                    kind=MonitorKind.TARGET_DELTA,
                    value=1,
                    severity=1,
                    pace=Pace(interval_s=5, values=10),
                ),
            )
        ),
        "SetVariableMonitoring",
        {
            "setMonitoringData": [
                {
                    **WIRE,
                    "type": "TargetDelta",
                    "value": 1,
                    "severity": 1,
                    "periodicEventStream": {"interval": 5, "values": 10},
                }
            ]
        },
    ),
    (
        AdjustStream(stream_id=2, pace=Pace(values=10)),
        "AdjustPeriodicEventStream",
        {"id": 2, "params": {"values": 10}},
    ),
    (ReadStreams(), "GetPeriodicEventStream", {}),
]


@modern
@pytest.mark.parametrize(("command", "action", "payload"), COMMANDS)
def test_requests(dialect: Dialect, command: Command, action: str, payload: dict[str, Any]) -> None:
    """Each in its own words; and the same words sent raw have the same consequences."""
    assert dialect.request(command) == Request(action, payload)
    assert dialect.interpret(Raw(action=action, payload=payload)) == command


@pytest.mark.parametrize(("command", "action", "payload"), NEW)
def test_requests_of_the_newer_version(
    command: Command, action: str, payload: dict[str, Any]
) -> None:
    """Streams, and monitors of a target, are of 2.1."""
    assert NEWER.request(command) == Request(action, payload)
    assert NEWER.interpret(Raw(action=action, payload=payload)) == command
    assert isinstance(OLDER.request(command), Unsupported)


def test_newer_monitors() -> None:
    """Without a stream, too."""
    monitor = Monitor(**NAME, kind=MonitorKind.TARGET_DELTA, value=1, severity=1)
    assert isinstance(OLDER.request(SetMonitors(items=(monitor,))), Unsupported)
    keyed = Monitor(variable="K", kind=MonitorKind.DELTA, value=1, severity=1)
    assert isinstance(NEWER.request(SetMonitors(items=(keyed,))), Unsupported)


@modern
@pytest.mark.parametrize(
    ("action", "payload"),
    [
        (
            "SetVariableMonitoring",
            {"setMonitoringData": [{**WIRE, "type": "Delta", "value": 1, "severity": 2**31}]},
        ),
        ("ClearVariableMonitoring", {"id": [2**31]}),
    ],
)
def test_raw_messages_that_are_left_as_they_are(
    dialect: Dialect, action: str, payload: dict[str, Any]
) -> None:
    """Our own command could not say them."""
    raw = Raw(action=action, payload=payload)
    assert dialect.interpret(raw) == raw


def test_raw_values_that_are_left_as_they_are() -> None:
    """Such as no number can hold."""
    item = {**WIRE, "type": "Delta", "value": 10**400, "severity": 1}
    raw = Raw(action="SetVariableMonitoring", payload={"setMonitoringData": [item]})
    assert OLDER.interpret(raw) == raw


@modern
def test_what_was_set(dialect: Dialect) -> None:
    """TC_N_08: the station's number for each; what makes no sense is left out."""
    same = {**WIRE, "type": "Delta", "severity": 4}
    answer = {
        "setMonitoringResult": [
            {**same, "status": "Accepted", "id": 9},
            {**same, "status": "Duplicate", "statusInfo": {"reasonCode": "Twice"}},
            {**same, "status": "Accepted", "id": -1},
            {**same, "status": "Accepted", "type": "Nonsense"},
            {**same, "status": "UnsupportedMonitorType"},
            {"status": "Accepted"},
        ]
    }
    told: dict[str, Any] = {**NAME, "kind": MonitorKind.DELTA, "severity": 4}
    assert dialect.outcome(SetMonitors(items=(PLAIN,)), answer).found == (
        MonitorResult(**told, monitor_id=9, status=ItemStatus.ACCEPTED),
        MonitorResult(**told, status=ItemStatus.DUPLICATE, detail="Twice"),
        MonitorResult(**told, status=ItemStatus.UNSUPPORTED),
    )


@modern
def test_what_was_cleared(dialect: Dialect) -> None:
    """TC_N_44: for each number."""
    answer = {
        "clearMonitoringResult": [
            {"id": 1, "status": "Accepted"},
            {"id": 2, "status": "NotFound"},
            {"id": 3, "status": "Rejected"},
        ]
    }
    assert dialect.outcome(ClearMonitors(items=(1, 2, 3)), answer).found == (
        ClearResult(monitor_id=1, status=ItemStatus.ACCEPTED),
        ClearResult(monitor_id=2, status=ItemStatus.UNKNOWN),
        ClearResult(monitor_id=3, status=ItemStatus.REJECTED),
    )


def read(
    dialect: Dialect, action: str, payload: Any, strictness: Strictness = Strictness.TOLERANT
) -> Any:
    understood = dialect.read(action, payload, strictness, NOW)
    assert isinstance(understood, Understood), understood
    return understood


@modern
def test_report(dialect: Dialect) -> None:
    """N02: each monitor with the name of what it watches."""
    monitors = [
        {"id": 1, "transaction": True, "value": 2, "type": "Delta", "severity": 3},
        {"id": 2, "transaction": False, "value": 1.5, "type": "Periodic", "severity": 9},
    ]
    if dialect is NEWER:
        monitors = [{**each, "eventNotificationType": "CustomMonitor"} for each in monitors]
    payload = {
        "requestId": 4,
        "generatedAt": TIME,
        "seqNo": 1,
        "tbc": True,
        "monitor": [{**WIRE, "variableMonitoring": monitors}],
    }
    understood = read(dialect, "NotifyMonitoringReport", payload, Strictness.STRICT)
    source = "CustomMonitor" if dialect is NEWER else None
    assert understood.report == MonitorsReported(
        ref=4,
        number=1,
        last=False,
        items=(
            Monitor(
                **NAME,
                monitor_id=1,
                kind=MonitorKind.DELTA,
                value=2.0,
                severity=3,
                transaction=True,
                source=source,
            ),
            Monitor(
                **NAME,
                monitor_id=2,
                kind=MonitorKind.PERIODIC,
                value=1.5,
                severity=9,
                source=source,
            ),
        ),
    )
    assert dialect.write("NotifyMonitoringReport", Acknowledged()) == {}


@modern
def test_a_careless_report(dialect: Dialect) -> None:
    """What makes no sense is left out item by item."""
    good = {"id": 1, "value": "2", "type": "delta"}
    payload = {
        "monitor": [
            1,
            {**WIRE, "variableMonitoring": [{**good, "id": -1}]},
            {**WIRE, "variableMonitoring": [{**good, "type": "Guess"}]},
            {**WIRE, "variableMonitoring": [{}, good]},
            {**WIRE},
        ]
    }
    report = read(dialect, "NotifyMonitoringReport", payload).report
    assert [(each.monitor_id, each.severity) for each in report.items] == [(1, 9)]
    assert (report.ref, report.number, report.last) == (0, None, True)


@modern
def test_events(dialect: Dialect) -> None:
    """N07: with everything that they tell."""
    data = {
        "eventId": 5,
        "timestamp": TIME,
        "trigger": "Delta",
        "cause": 4,
        "actualValue": "1",
        "techCode": "E7",
        "techInfo": "hot",
        "cleared": False,
        "transactionId": "t",
        "variableMonitoringId": 3,
        "eventNotificationType": "HardWiredMonitor",
        **WIRE,
    }
    payload = {"generatedAt": TIME, "seqNo": 0, "eventData": [data]}
    event = StationEvent(
        **NAME,
        event_id=5,
        at=THEN,
        trigger="Delta",
        cause=4,
        value="1",
        tech_code="E7",
        tech_info="hot",
        cleared=False,
        transaction_ref="t",
        monitor_id=3,
        source="HardWiredMonitor",
    )
    understood = read(dialect, "NotifyEvent", payload, Strictness.STRICT)
    assert understood.report == EventsNotified(events=(event,))
    assert dialect.write("NotifyEvent", Acknowledged()) == {}


@modern
def test_careless_events(dialect: Dialect) -> None:
    """Only a name is needed."""
    payload = {
        "eventData": [
            {**WIRE, "variableMonitoringId": -1, "timestamp": "yesterday"},
            {"component": {"name": "C", "evse": {"id": -5}}, "variable": {"name": "V"}},
            {"eventId": 1},
        ]
    }
    understood = read(dialect, "NotifyEvent", payload)
    event = StationEvent(**NAME, event_id=0, at=NOW, trigger="", value="")
    assert understood.report.events == (event,)
    assert "unreadable_field" in [name for name, _ in understood.quirks]
    assert read(dialect, "NotifyEvent", {}).report.events == ()


# --- streams --------------------------------------------------------------------------------

CONSTANT = {"id": 2, "params": {"interval": 5, "values": 10}, "variableMonitoringId": 4}
STREAM = Stream(stream_id=2, monitor_id=4, pace=Pace(interval_s=5, values=10))


def test_streams_begin_and_end() -> None:
    """N11, N12."""
    opened = read(NEWER, "OpenPeriodicEventStream", {"constantStreamData": CONSTANT})
    assert opened.report == StreamOpened(stream=STREAM)
    for accepted, word in ((True, "Accepted"), (False, "Rejected")):
        answer = NEWER.write("OpenPeriodicEventStream", StreamAnswered(accepted))
        assert answer == {"status": word}
    closed = read(NEWER, "ClosePeriodicEventStream", {"id": 2})
    assert closed.report == StreamClosed(stream_id=2)
    assert NEWER.write("ClosePeriodicEventStream", Acknowledged()) == {}
    bare = {"id": 2, "variableMonitoringId": 4}
    opened = read(NEWER, "OpenPeriodicEventStream", {"constantStreamData": bare})
    assert opened.report.stream.pace == Pace()


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("OpenPeriodicEventStream", {"constantStreamData": {**CONSTANT, "id": -1}}),
        ("ClosePeriodicEventStream", {"id": 2**31}),
        ("NotifyPeriodicEventStream", {"id": -1, "data": [{"t": 0, "v": ""}]}),
    ],
)
def test_impossible_streams(action: str, payload: Any) -> None:
    """Numbers have 31 bits."""
    assert isinstance(NEWER.read(action, payload, Strictness.TOLERANT, NOW), Fault)


def test_values() -> None:
    """N15: each has its own time."""
    payload = {
        "id": 2,
        "pending": 3,
        "basetime": TIME,
        "data": [{"t": 0, "v": "1"}, {"t": 1.5, "v": "2"}],
    }
    understood = read(NEWER, "NotifyPeriodicEventStream", payload, Strictness.STRICT)
    later = datetime(2026, 3, 1, 11, 0, 1, 500_000, tzinfo=UTC)
    assert understood.report == StreamSpoke(
        stream_id=2, pending=3, values=((THEN, "1"), (later, "2"))
    )
    assert NEWER.is_one_way("NotifyPeriodicEventStream")


def test_careless_values() -> None:
    """One whose time is none is left out; what stands without a base is of now."""
    data = [{"t": "0", "v": 1}, {"t": 10**400, "v": "x"}, {"t": 1e18, "v": "x"}, {"t": 4e9}, {}]
    report = read(NEWER, "NotifyPeriodicEventStream", {"id": 2, "data": data}).report
    assert report == StreamSpoke(stream_id=2, pending=0, values=((NOW, "1"),))


def test_streams_that_are_open() -> None:
    """N13: those that make sense."""
    answer = {"constantStreamData": [CONSTANT, {**CONSTANT, "id": -1}, {}]}
    assert NEWER.outcome(ReadStreams(), answer).found == (STREAM,)
    assert NEWER.outcome(ReadStreams(), {}).found == ()
