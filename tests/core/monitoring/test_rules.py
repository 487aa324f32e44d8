"""Rules of monitors, of what they notice, and of streams."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from csms.core.commands import Command, Outcome
from csms.core.decide import decide, question
from csms.core.decisions import Ask, Policy, SetConnector, State
from csms.core.happenings import Happened
from csms.core.holdings import Drop, Hold
from csms.core.monitoring.events import MAX_EVENTS, MAX_MONITORS
from csms.core.monitoring.streams import MAX_VALUES, MOST_VALUES
from csms.core.monitoring.vocabulary import (
    AdjustStream,
    ClearMonitors,
    ClearResult,
    ConnectorsAsked,
    EventsNotified,
    Held,
    Monitor,
    MonitoringBase,
    MonitorKind,
    MonitorResult,
    MonitorsAsked,
    MonitorsCounted,
    MonitorsReported,
    NamedSession,
    Pace,
    ReadStreams,
    SessionsNamed,
    SetMonitoringBase,
    SetMonitors,
    StationEvent,
    Stream,
    StreamAnswered,
    StreamAsked,
    StreamClosed,
    StreamOpened,
    StreamSpoke,
)
from csms.core.oddities import Oddity
from csms.core.reports import CommandAnswered
from csms.core.reservations.vocabulary import (
    KeepReservation,
    Reservation,
    ReservationsAsked,
    ReservationStatus,
)
from csms.core.values import Connector, ConnectorStatus, Operation, OperationStatus, StationKey
from csms.core.variables.vocabulary import ItemStatus, KeepVariable, RequestAsked
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = StationKey(7, "CS7")
V = {"component": "EVSE", "evse_id": 1, "variable": "Power"}
MONITOR = Monitor(**V, monitor_id=4, kind=MonitorKind.UPPER_THRESHOLD, value=5.0, severity=3)
KNOWN = Held(key="4", content={**V, "monitor_id": 4, "severity": 3, "evse_id": 1})


@pytest.fixture
def desk() -> Desk:
    return Desk(NOW)


def know(desk: Desk, ask: type[Ask], *answers: object) -> None:
    desk.book.answers[ask] = lambda _key, _ask: answers


def kept(desk: Desk, kind: type) -> list[Any]:
    return [write for write in desk.book.kept if isinstance(write, kind)]


def answer(
    desk: Desk, command: Command, found: object = None, status: str = "accepted"
) -> Operation:
    operation = Operation(
        id=f"o{len(desk.book.operations) + 1}",
        operator_id=1,
        station_id=KEY.id,
        identity=KEY.identity,
        action="x",
        payload={},
        status=OperationStatus.PENDING,
        created_at=NOW,
        expires_at=NOW,
    )
    desk.book.operations[operation.id] = operation
    outcome = Outcome(status=status, found=found)
    desk.say(KEY, CommandAnswered(operation=operation, command=command, outcome=outcome, at=NOW))
    return operation


def event(number: int = 1, **fields: Any) -> StationEvent:
    usual: dict[str, Any] = {**V, "at": NOW, "trigger": "Alerting", "value": "7"}
    return StationEvent(event_id=number, **(usual | fields))


# --- monitors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "gone"),
    [
        ((), []),
        (({},), [9]),
        (({"criteria": [], "items": []},), [9]),
        (({"criteria": ["DeltaMonitoring"]},), []),
        (({"items": [{"component": "EVSE"}]},), []),
    ],
)
def test_report(desk: Desk, request_: Any, gone: list[int]) -> None:
    """N02: each monitor is held under its number; a report of all shows what is gone."""
    know(desk, RequestAsked, *request_)
    first = MonitorsReported(ref=9, number=0, last=False, items=(MONITOR,))
    other = replace(MONITOR, monitor_id=5)
    for report in (first, first, MonitorsReported(ref=9, number=1, last=True, items=(other,))):
        desk.say(KEY, report)
    holds = kept(desk, Hold)
    assert [(each.key, each.evse_id, each.origin, each.seen_ref) for each in holds] == [
        ("4", 1, "told", 9),
        ("5", 1, "told", 9),
    ]
    assert holds[0].content["severity"] == 3
    assert [drop.unseen_ref for drop in kept(desk, Drop)] == gone
    assert desk.last("station.report").data == {"kind": "monitoring", "ref": 9}


def test_an_empty_report_of_monitors_shows_nothing(desk: Desk) -> None:
    """That there are none is said by a status."""
    know(desk, RequestAsked, {})
    desk.say(KEY, MonitorsReported(ref=9, number=0, last=True, items=()))
    assert not kept(desk, Drop)
    assert desk.last("station.report").data["ref"] == 9


def test_there_is_an_end_to_monitors(desk: Desk) -> None:
    """A station cannot fill the database with numbers that it makes up."""
    know(desk, MonitorsCounted, MAX_MONITORS)
    desk.say(KEY, MonitorsReported(ref=9, number=0, last=True, items=(MONITOR,)))
    own = event(monitor_id=4, source="HardWiredMonitor")
    desk.say(KEY, EventsNotified(events=(own,)))
    know(desk, MonitorsAsked, KNOWN)
    stream = Stream(stream_id=1, monitor_id=4, pace=Pace())
    assert desk.say(KEY, StreamOpened(stream=stream)) == StreamAnswered(accepted=False)
    assert kept(desk, Hold) == []


def test_set(desk: Desk) -> None:
    """N04: what was accepted is held under the number that the station gave."""
    wanted = (
        replace(MONITOR, monitor_id=None),
        replace(MONITOR, monitor_id=None, kind=MonitorKind.DELTA),
        replace(MONITOR, monitor_id=None, kind=MonitorKind.PERIODIC),
    )
    told = {"severity": 3, "component": "evse", "evse_id": 1, "variable": "power"}
    results = (
        MonitorResult(**told, monitor_id=8, kind=MonitorKind.DELTA, status=ItemStatus.ACCEPTED),
        MonitorResult(**told, kind=MonitorKind.UPPER_THRESHOLD, status=ItemStatus.DUPLICATE),
        MonitorResult(**told, kind=MonitorKind.PERIODIC, status=ItemStatus.ACCEPTED),
        MonitorResult(
            **told, monitor_id=9, kind=MonitorKind.TARGET_DELTA, status=ItemStatus.ACCEPTED
        ),
    )
    operation = answer(desk, SetMonitors(items=wanted), results, "rejected")
    (hold,) = kept(desk, Hold)
    assert (hold.key, hold.origin, hold.operation_id) == ("8", "set", operation.id)
    assert (hold.content["kind"], hold.content["source"]) == ("Delta", "CustomMonitor")


def test_clear(desk: Desk) -> None:
    """N06: what was cleared or is not known is gone; what was refused stays."""
    results = (
        ClearResult(monitor_id=1, status=ItemStatus.ACCEPTED),
        ClearResult(monitor_id=2, status=ItemStatus.UNKNOWN),
        ClearResult(monitor_id=3, status=ItemStatus.REJECTED),
    )
    answer(desk, ClearMonitors(items=(1, 2, 3)), results, "rejected")
    assert [drop.keys for drop in kept(desk, Drop)] == [("1", "2")]
    answer(desk, ClearMonitors(items=(3,)), results[2:], "rejected")
    answer(desk, ClearMonitors(items=(3,)), None, "expired")
    assert len(kept(desk, Drop)) == 1


def test_base(desk: Desk) -> None:
    """N05: somebody has to ask which monitors there are now."""
    command = SetMonitoringBase(base=MonitoringBase.FACTORY_DEFAULT)
    answer(desk, command, None, "rejected")
    assert "monitoring.base" not in desk.kinds
    answer(desk, command)
    assert desk.last("monitoring.base").data == {"base": "factory_default"}


# --- events ---------------------------------------------------------------------------------


def test_events(desk: Desk) -> None:
    """N07: kept in the order of their numbers, as grave as their monitor, and told on."""
    know(desk, MonitorsAsked, KNOWN, Held(key="5", content={"severity": "grave"}))
    told = (
        event(3, monitor_id=4, cleared=True, cause=1),
        event(2, monitor_id=5),
        event(1, monitor_id=6, severity=0),
        event(4),
    )
    desk.say(KEY, EventsNotified(events=told))
    happened = kept(desk, Happened)
    assert [each.content["event_id"] for each in happened] == [1, 2, 3, 4]
    assert [each.severity for each in happened] == [0, None, 3, None]
    assert {(each.kind, each.at, each.evse_id) for each in happened} == {("monitor", NOW, 1)}
    assert happened[2].content == {
        **V,
        "event_id": 3,
        "trigger": "Alerting",
        "value": "7",
        "cause": 1,
        "cleared": True,
        "monitor_id": 4,
    }
    assert desk.kinds == ["station.event"] * 4
    assert desk.book.events[0].data["severity"] == 0


def test_many_events(desk: Desk) -> None:
    """Of too many the last ones are kept."""
    desk.say(KEY, EventsNotified(events=tuple(map(event, range(MAX_EVENTS + 5)))))
    happened = kept(desk, Happened)
    assert len(happened) == MAX_EVENTS
    assert happened[0].content["event_id"] == 5


def test_a_monitor_that_only_events_tell_of(desk: Desk) -> None:
    """N13: the station's own appear with what the first event says of them."""
    own = event(1, monitor_id=4, severity=2, source="HardWiredMonitor")
    again = replace(own, event_id=2)
    custom = event(3, monitor_id=5, source="CustomMonitor")
    desk.say(KEY, EventsNotified(events=(own, again, custom)))
    (hold,) = kept(desk, Hold)
    assert (hold.key, hold.origin) == ("4", "told")
    assert hold.content == {
        **V,
        "monitor_id": 4,
        "severity": 2,
        "source": "HardWiredMonitor",
    }
    know(desk, MonitorsAsked, KNOWN)
    desk.say(KEY, EventsNotified(events=(own,)))
    assert len(kept(desk, Hold)) == 1


def state(value: str, component: str = "Connector", **fields: Any) -> StationEvent:
    usual = {"evse_id": 1, "connector_id": 1, "variable": "AvailabilityState"}
    return event(component=component, value=value, **(usual | fields))


def statuses(desk: Desk) -> dict[tuple[int, int], str]:
    return {place[1:]: each.status.value for place, each in desk.book.connectors.items()}


@pytest.mark.parametrize(
    ("told", "known", "expected"),
    [
        (state(" occupied "), (), {(1, 1): "Occupied"}),
        (state("Reserved", connector_id=2), (), {(1, 2): "Reserved"}),
        (state("Dreaming"), (), {(1, 1): "Unknown"}),
        (state("Faulted", "EVSE", connector_id=None), (), {(1, 1): "Faulted"}),
        (state("Faulted", "EVSE", connector_id=None), ((1, 2),), {(1, 2): "Faulted"}),
        (state("Faulted", "EVSE", connector_id=None), ((1, 1), (1, 2)), {}),
        (state("Unavailable", "ChargingStation", evse_id=None), (), {(0, 0): "Unavailable"}),
        (state("Available", evse_id=None, connector_id=None), (), {}),
        (state("Available", "Cooler"), (), {}),
        (state("true", variable="PROBLEM"), (), {(1, 1): "Faulted"}),
        (state("false", variable="Problem"), (), {}),
        (state("true", "ChargingStation", variable="Problem"), (), {}),
    ],
)
def test_connectors(
    desk: Desk, told: StationEvent, known: Any, expected: dict[tuple[int, int], str]
) -> None:
    """G01.FR.07: the state of a connector comes as an event just as well."""
    connectors = [Connector(evse_id=evse, connector_id=plug) for evse, plug in known]
    know(desk, ConnectorsAsked, *connectors)
    desk.say(KEY, EventsNotified(events=(told,)))
    assert statuses(desk) == expected


def test_the_newest_state_counts(desk: Desk) -> None:
    """By the station's own time, also within one message; each change is told."""
    later = NOW + timedelta(seconds=9)
    first = state("Occupied", number=1, at=NOW)
    problem = state("true", variable="Problem", number=2, at=later, tech_code="E7", tech_info="hot")
    late = state("Available", number=3, at=NOW)
    desk.say(KEY, EventsNotified(events=(late, problem, first)))
    (connector,) = desk.book.connectors.values()
    assert (connector.status, connector.error_code, connector.info) == (
        ConnectorStatus.FAULTED,
        "E7",
        "hot",
    )
    changes = [each.data["status"] for each in desk.book.events if each.kind == "connector.status"]
    assert changes == ["Occupied", "Faulted"]


def test_one_write_for_each_connector() -> None:
    """However often it changes within a message; what is odd is noted."""
    report = EventsNotified(
        events=(state("Occupied", number=1), state("Available", number=2, at=NOW - timedelta(1)))
    )
    assert question(report).more == (ConnectorsAsked(),)
    decision = decide(report, KEY, State(), NOW, Policy())
    assert sum(isinstance(write, SetConnector) for write in decision.writes) == 1
    assert [odd for odd, _ in decision.oddities] == [Oddity.STATUS_OUT_OF_ORDER]


def reservation(number: int, evse_id: int) -> Reservation:
    return Reservation(
        id=f"r{number}",
        operator_id=1,
        station_id=KEY.id,
        identity=KEY.identity,
        number=number,
        evse_id=evse_id,
        id_token="A",
        status=ReservationStatus.ACCEPTED,
        expires_at=NOW + timedelta(hours=1),
        created_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.parametrize("ended", [1, 2])
def test_reservations_see_it(desk: Desk, ended: int) -> None:
    """H01.FR.16: a connector that is out of order ends its reservation, whatever message tells
    of it, and once however often it is told."""
    know(desk, ReservationsAsked, reservation(1, 1), reservation(2, 2))
    faults = [
        state("Faulted", evse_id=ended, number=1),
        state("Unavailable", evse_id=ended, number=2, at=NOW + timedelta(seconds=1)),
        state("Occupied", evse_id=3 - ended, number=3),
    ]
    desk.say(KEY, EventsNotified(events=tuple(faults)))
    (write,) = kept(desk, KeepReservation)
    assert (write.reservation.number, write.reservation.status) == (ended, "removed")
    assert desk.last("reservation.removed").data["reason"] == "Faulted"
    assert desk.kinds.count("reservation.removed") == 1


# --- what variables are -----------------------------------------------------------------------


def test_values_of_variables(desk: Desk) -> None:
    """An event is news of a variable that is known; late news counts as of then."""
    late = NOW - timedelta(hours=1)
    events = event(1), event(2, value=""), event(3, at=late), event(4, at=NOW + timedelta(hours=1))
    desk.say(KEY, EventsNotified(events=events))
    told = kept(desk, KeepVariable)
    assert [(each.value, each.at, each.how) for each in told] == [
        ("7", NOW, "event"),
        ("7", late, "event"),
        ("7", NOW, "event"),
    ]
    assert {each.known_only for each in told} == {True}
    assert {each.key for each in told} == {event().key}


def test_secrets_are_nobody_s_to_read(desk: Desk) -> None:
    """Not even when an event tells them."""
    told = event(component="SecurityCtrlr", variable="BasicAuthPassword", value="hush")
    desk.say(KEY, EventsNotified(events=(told,)))
    assert kept(desk, KeepVariable) == []
    (happened,) = kept(desk, Happened)
    assert happened.content["value"] == desk.last("station.event").data["value"] == "***"


def test_the_session_of_an_event(desk: Desk) -> None:
    """Where the station names one that is known."""
    know(desk, SessionsNamed, NamedSession(transaction_ref="T1", id="s1"))
    events = event(1, transaction_ref="T1"), event(2, transaction_ref="T2"), event(3)
    report = EventsNotified(events=events)
    assert question(report).more == (SessionsNamed(refs=("T1", "T2")),)
    desk.say(KEY, report)
    assert [each.session_id for each in kept(desk, Happened)] == ["s1", None, None]
    assert [each.session_id for each in desk.book.events] == ["s1", None, None]


# --- streams --------------------------------------------------------------------------------

STREAM = Stream(stream_id=2, monitor_id=4, pace=Pace(interval_s=10, values=20))


def held(desk: Desk) -> Held:
    hold = kept(desk, Hold)[-1]
    return Held(key=hold.key, content=hold.content)


def test_open(desk: Desk) -> None:
    """N11: only for a monitor that is known."""
    assert desk.say(KEY, StreamOpened(stream=STREAM)) == StreamAnswered(accepted=False)
    know(desk, MonitorsAsked, KNOWN)
    assert desk.say(KEY, StreamOpened(stream=STREAM)) == StreamAnswered(accepted=True)
    (hold,) = kept(desk, Hold)
    assert (hold.kind, hold.key) == ("event_stream", "2")
    assert hold.content["monitor"] == KNOWN.content
    assert desk.last("stream.opened").data == {"stream_id": 2}
    desk.say(KEY, StreamClosed(stream_id=2))
    (drop,) = kept(desk, Drop)
    assert (drop.kind, drop.keys) == ("event_stream", ("2",))


def spoke(desk: Desk, pending: int = 0, count: int = 1) -> None:
    values = tuple((NOW + timedelta(seconds=n), str(n)) for n in range(count))
    desk.say(KEY, StreamSpoke(stream_id=2, pending=pending, values=values))


def opened(desk: Desk, stream: Stream = STREAM) -> None:
    know(desk, MonitorsAsked, KNOWN)
    desk.say(KEY, StreamOpened(stream=stream))
    desk.book.answers[StreamAsked] = lambda _key, _ask: (held(desk),)


def test_values(desk: Desk) -> None:
    """N15.FR.03: each becomes an event of the stream's monitor, at its own time."""
    opened(desk)
    spoke(desk, count=2)
    happened = kept(desk, Happened)
    assert [(each.at, each.severity, each.evse_id) for each in happened] == [
        (NOW, 3, 1),
        (NOW + timedelta(seconds=1), 3, 1),
    ]
    assert happened[1].content == {
        **V,
        "monitor_id": 4,
        "stream_id": 2,
        "trigger": "Periodic",
        "value": "1",
    }


def test_values_of_a_monitor_of_which_little_is_known(desk: Desk) -> None:
    """They are kept all the same."""
    know(desk, StreamAsked, Held(key="2", content={"monitor_id": 4, "monitor": None}))
    spoke(desk)
    (happened,) = kept(desk, Happened)
    assert (happened.severity, happened.evse_id) == (None, None)


@pytest.mark.parametrize("count", [0, MAX_VALUES, MAX_VALUES + 1, 10 * MAX_VALUES])
def test_many_values(desk: Desk, count: int) -> None:
    """Of too many every so manieth is kept, and the last."""
    opened(desk)
    spoke(desk, count=count)
    happened = kept(desk, Happened)
    assert len(happened) <= MAX_VALUES
    assert bool(happened) == bool(count)
    if happened:
        assert happened[-1].content["value"] == str(count - 1)


def test_a_stream_that_nobody_opened(desk: Desk) -> None:
    """Its values mean nothing, and are left out."""
    report = StreamSpoke(stream_id=2, pending=0, values=((NOW, "1"),))
    decision = decide(report, KEY, State(), NOW, Policy())
    assert decision.writes == ()
    assert decision.oddities == ((Oddity.UNKNOWN_STREAM, "2"),)


@pytest.mark.parametrize(
    ("pending", "pace"),
    [
        ([1, 2, 3, 4], {"interval_s": 10, "values": 40}),
        ([1, 2, 3, 2, 3, 4], None),
        ([1, 1, 1, 1, 1], None),
    ],
)
def test_a_stream_that_falls_behind(desk: Desk, pending: list[int], pace: object) -> None:
    """N15.FR.05: it has grown three times in a row."""
    opened(desk)
    for number in pending:
        spoke(desk, number)
    told = [each.data["pace"] for each in desk.book.events if each.kind == "stream.behind"]
    assert told == ([] if pace is None else [pace])


@pytest.mark.parametrize(("values", "told"), [(None, [20]), (MOST_VALUES, []), (300, [500])])
def test_how_much_is_asked_of_a_stream(desk: Desk, values: int | None, told: list[int]) -> None:
    """Twice as much as before, to a limit; then it is counted anew."""
    opened(desk, replace(STREAM, pace=Pace(values=values)))
    for number in range(6):
        spoke(desk, number)
    behind = [each.data for each in desk.book.events if each.kind == "stream.behind"]
    assert [data["pace"]["values"] for data in behind] == told  # type: ignore[index]  # JSON


def test_adjusted(desk: Desk) -> None:
    """N14: once the station agreed."""
    command = AdjustStream(stream_id=2, pace=Pace(values=50))
    answer(desk, command)
    assert kept(desk, Hold) == []
    opened(desk)
    answer(desk, command, None, "rejected")
    assert len(kept(desk, Hold)) == 1
    answer(desk, command)
    assert held(desk).content["pace"] == {"values": 50}


def test_read(desk: Desk) -> None:
    """N13: those that the station names are all there are."""
    answer(desk, ReadStreams(), None)
    answer(desk, ReadStreams(), (STREAM,), "rejected")
    assert desk.book.kept == []
    know(desk, MonitorsAsked, KNOWN)
    answer(desk, ReadStreams(), (STREAM, Stream(stream_id=3, monitor_id=9, pace=Pace())))
    holds = kept(desk, Hold)
    assert [(each.key, each.content["monitor"] is None) for each in holds] == [
        ("2", False),
        ("3", True),
    ]
    assert [(drop.kind, drop.keys) for drop in kept(desk, Drop)] == [("event_stream", None)]
