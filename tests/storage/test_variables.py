"""Device models on PostgreSQL: what the ledger keeps, and what is read of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import pytest_twisted
from zope.interface.verify import verifyObject

from csms.core.commands import Outcome
from csms.core.credentials import verify_password
from csms.core.decide import decide, question
from csms.core.decisions import Policy
from csms.core.errors import NotFound
from csms.core.monitoring.vocabulary import EventsNotified, StationEvent
from csms.core.pages import Query
from csms.core.ports import IVariables
from csms.core.reports import CommandAnswered, Report
from csms.core.values import Operation, OperationStatus, StationKey
from csms.core.variables.inventory import Inventoried
from csms.core.variables.vocabulary import (
    Attribute,
    ChangePassword,
    ItemStatus,
    Mutability,
    ReadResult,
    ReadVariables,
    ReportBase,
    RequestReport,
    Setting,
    Told,
    VariableName,
    VariablesReported,
    Wanted,
    WriteResult,
    WriteVariables,
)
from csms.storage.ledger import PostgresLedger
from csms.storage.operations import PostgresOperations
from csms.storage.pool import Pool
from csms.storage.stations import PostgresStations
from csms.storage.variables import PostgresVariables
from csms.storage.variables_ledger import MAX_CHANGES_TOLD

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
INTERVAL = VariableName(component="OCPPCommCtrlr", variable="HeartbeatInterval")


def told(value: str | None, variable: str = "HeartbeatInterval", **more: Any) -> Told:
    return Told(component="OCPPCommCtrlr", variable=variable, value=value, **more)


class Desk:
    """One station says things, through the real ledger."""

    def __init__(self, pool: Pool, key: StationKey) -> None:
        self.pool = pool
        self.key = key
        self.now = T0
        self.ledger = PostgresLedger(pool.lane())
        self.book = PostgresOperations(pool)
        self.variables = PostgresVariables(pool)
        self._numbers = iter(range(1, 1000))

    async def say(self, report: Report) -> None:
        await self.ledger.ready()
        (state,) = await self.ledger.gather([(self.key, question(report))], self.now)
        await self.ledger.commit([decide(report, self.key, state, self.now, Policy())])
        self.now += timedelta(minutes=1)

    async def answer(self, command: Any, found: object, status: str = "accepted") -> Operation:
        operation = Operation(
            id=f"00000000-0000-7000-8000-{next(self._numbers):012}",
            operator_id=1,
            station_id=self.key.id,
            identity=self.key.identity,
            action=command.__struct_config__.tag,
            payload={"base": getattr(command, "base", None)},
            status=OperationStatus.PENDING,
            ref=getattr(command, "ref", None),
            created_at=self.now,
            expires_at=self.now,
        )
        await self.book.record(operation, b"")
        outcome = Outcome(status=status, found=found)
        await self.say(
            CommandAnswered(operation=operation, command=command, outcome=outcome, at=self.now)
        )
        return operation

    async def report(self, ref: int, *items: Told, number: int = 0, last: bool = True) -> None:
        await self.say(VariablesReported(ref=ref, number=number, last=last, items=items))

    async def known(self, **filters: object) -> list[Any]:
        page = await self.variables.list(Query(filters=filters), self.key.identity, 1)
        return [*page.items]

    async def changes(self) -> list[tuple[str | None, str | None, str]]:
        page = await self.variables.history(Query(sort="at"), self.key.identity, 1)
        return [(change.old, change.new, change.how) for change in page.items]


@pytest_twisted.async_fixture
async def desk(pool: Pool) -> Desk:
    key = await pool.one(
        "INSERT INTO station (identity, registration, firmware_version)"
        " VALUES ('CS1', 'accepted', '1.0') RETURNING id, identity",
        (),
        StationKey,
    )
    return Desk(pool, key)


@pytest_twisted.ensureDeferred
async def test_a_report_is_kept(desk: Desk) -> None:
    """With all that it says, under a name whose case does not matter; the newest counts."""
    whole = told(
        "300",
        attribute=Attribute.ACTUAL,
        mutability=Mutability.READ_WRITE,
        persistent=True,
        constant=False,
        data_type="integer",
        unit="s",
        min_limit=1.0,
        max_limit=1e6,
        max_elements=1,
        values_list="a,b",
        supports_monitoring=True,
    )
    await desk.report(1, told("1"), whole, last=False)
    (variable,) = await desk.known()
    assert {name: getattr(variable, name) for name in Told.__struct_fields__} == {
        name: getattr(whole, name) for name in Told.__struct_fields__
    }
    await desk.report(
        1, Told(component="OCPPCOMMCTRLR", variable="heartbeatinterval", value="60"), number=1
    )
    (variable,) = await desk.known()
    assert (variable.component, variable.value, variable.unit) == ("OCPPCommCtrlr", "60", "s")
    assert variable.changed_at == variable.reported_at == T0 + timedelta(minutes=1)
    assert await desk.changes() == [("300", "60", "reported")]


@pytest_twisted.ensureDeferred
async def test_a_full_report_shows_what_is_gone(desk: Desk) -> None:
    """When every part is there, in whatever order; any other report leaves the rest alone."""
    await desk.answer(RequestReport(base=ReportBase.SUMMARY, ref=1), None)
    await desk.answer(RequestReport(base=ReportBase.FULL, ref=2), None)
    await desk.report(9, told("x", "Old"))
    await desk.report(1, told("300"))
    assert len(await desk.known()) == 2
    assert not (await desk.variables.inventory("CS1", 1)).whole
    await desk.report(2, told("60"), number=1)
    assert len(await desk.known()) == 2
    await desk.report(2, told("1", "New"), number=0, last=False)
    assert [variable.variable for variable in await desk.known()] == ["HeartbeatInterval", "New"]
    assert [variable.variable for variable in await desk.known(removed=True)] == ["Old"]
    assert (await desk.variables.inventory("CS1", 1)).whole
    await desk.pool.execute("UPDATE station SET firmware_version = '2.0'", ())
    assert not (await desk.variables.inventory("CS1", 1)).whole


@pytest_twisted.ensureDeferred
async def test_how_often_it_was_asked_for(desk: Desk) -> None:
    """Of the firmware and OCPP version that the station has now."""
    assert await desk.variables.inventory("CS1", 1) == Inventoried()
    for minutes in range(2):
        await desk.variables.inventory_asked("CS1", 1, T0 + timedelta(minutes=minutes))
    asked = T0 + timedelta(minutes=1)
    assert await desk.variables.inventory("CS1", 1) == Inventoried(False, 2, asked)
    for change in ("firmware_version = '2.0'", "ocpp_version = '2.1'"):
        await desk.pool.execute(f"UPDATE station SET {change}", ())
        assert await desk.variables.inventory("CS1", 1) == Inventoried()
        await desk.variables.inventory_asked("CS1", 1, T0)
        assert await desk.variables.inventory("CS1", 1) == Inventoried(False, 1, T0)
    await desk.answer(ReadVariables(), (ReadResult(variable="K", status=ItemStatus.ACCEPTED),))
    assert (await desk.variables.inventory("CS1", 1)).whole
    await desk.pool.execute("UPDATE station SET ocpp_version = '2.0.1'", ())
    assert not (await desk.variables.inventory("CS1", 1)).whole


NAME = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval"}


async def pending(desk: Desk) -> tuple[str | None, str | None, bool]:
    (variable,) = await desk.known()
    assert await desk.variables.known("CS1", 1, [INTERVAL.key, "x"]) == [variable]
    return variable.value, variable.pending_value, variable.reboot_required


async def booted(desk: Desk) -> None:
    await desk.pool.execute("UPDATE station SET booted_at = %s", (desk.now,))
    desk.now += timedelta(minutes=1)


@pytest_twisted.ensureDeferred
async def test_settings(desk: Desk) -> None:
    """What was set is kept as such until it is read; what the station then says wins."""
    setting = Setting(**NAME, value="60")
    done = (WriteResult(**NAME, status=ItemStatus.ACCEPTED),)
    operation = await desk.answer(WriteVariables(items=(setting,)), done)
    assert await desk.variables.values("CS1", 1, [INTERVAL.key, "x"]) == {INTERVAL.key: "60"}
    read = (ReadResult(**NAME, value="300", status=ItemStatus.ACCEPTED),)
    await desk.answer(ReadVariables(items=(Wanted(**NAME),)), read)
    assert await desk.changes() == [(None, "60", "set"), ("60", "300", "read")]
    page = await desk.variables.history(Query(sort="at"), "CS1", 1)
    assert page.items[0].operation_id == operation.id
    gone = (ReadResult(**NAME, status=ItemStatus.UNKNOWN),)
    await desk.answer(ReadVariables(items=(Wanted(**NAME),)), gone)
    assert await desk.known() == []
    assert await desk.variables.values("CS1", 1, [INTERVAL.key]) == {}
    assert await desk.variables.known("CS1", 1, [INTERVAL.key]) == []


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("heard", ["60", "300"])
async def test_settings_that_wait_for_a_boot(desk: Desk, heard: str) -> None:
    """The value that counts until then is told beside the new one, whatever is read before the
    boot; what the station says after it wins."""
    await desk.report(1, told("300"))
    setting = Setting(**NAME, value="60")
    done = (WriteResult(**NAME, status=ItemStatus.REBOOT_REQUIRED),)
    await booted(desk)
    await desk.answer(WriteVariables(items=(setting,)), done)
    assert await pending(desk) == ("300", "60", True)
    assert await desk.variables.values("CS1", 1, [INTERVAL.key]) == {INTERVAL.key: "300"}
    read = (ReadResult(**NAME, value="300", status=ItemStatus.ACCEPTED),)
    await desk.answer(ReadVariables(items=(Wanted(**NAME),)), read)
    assert await pending(desk) == ("300", "60", True)
    assert await desk.variables.awaiting_boot("CS1", 1) == []
    await booted(desk)
    assert await desk.variables.awaiting_boot("CS1", 1) == [Wanted(**NAME)]
    read = (ReadResult(**NAME, value=heard, status=ItemStatus.ACCEPTED),)
    await desk.answer(ReadVariables(items=(Wanted(**NAME),)), read)
    assert await pending(desk) == (heard, None, False)
    assert await desk.variables.awaiting_boot("CS1", 1) == []
    changes = [("300", "60", "set")]
    assert await desk.changes() == changes + [("60", "300", "read")] * (heard == "300")


@pytest_twisted.ensureDeferred
async def test_settings_that_are_set_again(desk: Desk) -> None:
    """The newest counts, whether it waits for a boot or not."""
    for value, status in [
        ("60", ItemStatus.REBOOT_REQUIRED),
        ("70", ItemStatus.REBOOT_REQUIRED),
        ("80", ItemStatus.ACCEPTED),
    ]:
        done = (WriteResult(**NAME, status=status),)
        await desk.answer(WriteVariables(items=(Setting(**NAME, value=value),)), done)
        now = (None, value, True) if status is ItemStatus.REBOOT_REQUIRED else ("80", None, False)
        assert await pending(desk) == now
    assert await desk.changes() == [
        (None, "60", "set"),
        ("60", "70", "set"),
        ("70", "80", "set"),
    ]


@pytest_twisted.ensureDeferred
async def test_a_list_that_may_be_cut_short(desk: Desk) -> None:
    """1.6: with as many keys as go into a message, nothing is gone for it."""
    most = ReadResult(variable="GetConfigurationMaxKeys", value="1", status=ItemStatus.ACCEPTED)
    key = ReadResult(variable="K", value="60", status=ItemStatus.ACCEPTED)
    await desk.answer(ReadVariables(items=(Wanted(variable="K"),)), (key,))
    await desk.answer(ReadVariables(), (most,))
    assert len(await desk.known()) == 2
    assert (await desk.variables.inventory("CS1", 1)).whole


@pytest_twisted.ensureDeferred
async def test_configuration_keys(desk: Desk) -> None:
    """1.6: what an answer with everything leaves out is gone."""
    await desk.report(1, told("300"))
    key = ReadResult(variable="HeartbeatInterval", value="60", status=ItemStatus.ACCEPTED)
    secret = ReadResult(variable="AuthorizationKey", value="s3cret", status=ItemStatus.ACCEPTED)
    await desk.answer(ReadVariables(), (key, secret))
    known = await desk.known()
    assert [(each.component, each.variable, each.value) for each in known] == [
        (None, "AuthorizationKey", None),
        (None, "HeartbeatInterval", "60"),
    ]


@pytest_twisted.ensureDeferred
async def test_lists(desk: Desk) -> None:
    """Filtered whatever the case of names, sorted by name; nobody sees another's."""
    await desk.report(
        1, told("1", "B"), told("2", "A"), Told(component="X", variable="A", evse_id=2)
    )
    assert [each.variable for each in await desk.known(component="ocppcommctrlr")] == ["A", "B"]
    assert len(await desk.known(variable="a")) == 2
    assert len(await desk.known(evse_id=2, attribute="Actual")) == 1
    for work in (
        desk.variables.list(Query(), "CS1", 2),
        desk.variables.history(Query(), "CS1", 2),
        desk.variables.values("CS1", 2, []),
        desk.variables.awaiting_boot("nobody", 1),
        desk.variables.known("CS1", 2, []),
        desk.variables.inventory("CS1", 2),
        desk.variables.inventory_asked("CS1", 2, T0),
    ):
        with pytest.raises(NotFound):
            await work


@pytest_twisted.ensureDeferred
async def test_history_has_an_end(desk: Desk) -> None:
    """Old changes are deleted, and filtered by name and time."""
    for number, value in enumerate("123"):
        await desk.report(number, told(value))
    page = await desk.variables.history(
        Query(
            filters={
                "component": "OCPPCOMMCTRLR",
                "variable": "heartbeatinterval",
                "at_from": T0,
                "at_to": T0 + timedelta(minutes=2),
            }
        ),
        "CS1",
        1,
    )
    assert [(change.old, change.new) for change in page.items] == [("1", "2")]
    assert await desk.variables.prune_history(T0 + timedelta(minutes=2), 10) == 1
    assert await desk.changes() == [("2", "3", "reported")]


@pytest_twisted.ensureDeferred
async def test_passwords(desk: Desk) -> None:
    """Offered before they are sent; a yes swaps, a no withdraws, and no answer leaves both."""
    stations = PostgresStations(desk.pool)

    async def hashes() -> tuple[str | None, str | None]:
        station = await stations.get("CS1")
        return station.password_hash, station.offered_password_hash

    await stations.put("CS1", 1, {"password_hash": "old"}, None)
    command = ChangePassword(password="p" * 16, mark="m")
    await stations.offer_password(desk.key.id, "new", "m")
    await desk.answer(command, None, "expired")
    assert await hashes() == ("old", "new")
    await desk.answer(ChangePassword(password="p" * 16, mark="other"), None, "accepted")
    assert await hashes() == ("old", "new")
    await desk.answer(command, None, "rejected")
    assert await hashes() == ("old", None)
    await stations.offer_password(desk.key.id, "new", "m")
    await desk.answer(command, ItemStatus.ACCEPTED)
    assert await hashes() == ("new", None)
    await stations.offer_password(desk.key.id, "newer", "m2")
    await stations.prove_password(desk.key.id, "new")
    assert await hashes() == ("new", "newer")
    await stations.prove_password(desk.key.id, "newer")
    assert await hashes() == ("newer", None)
    await stations.offer_password(desk.key.id, "newest", "m3")
    await stations.withdraw_password(desk.key.id, "m2")
    assert await hashes() == ("newer", "newest")
    await stations.patch("CS1", 1, {"password_hash": "by hand"}, None)
    assert await hashes() == ("by hand", None)
    setting = Setting(variable="AuthorizationKey", value="31" * 16)
    result = WriteResult(variable="AuthorizationKey", status=ItemStatus.ACCEPTED)
    await desk.answer(WriteVariables(items=(setting,)), (result,))
    stored, _ = await hashes()
    assert stored is not None
    assert verify_password(stored, b"1" * 16)
    assert [each.value for each in await desk.known()] == [None]


def test_interface(pool: Pool) -> None:
    """It provides what it promises."""
    assert verifyObject(IVariables, PostgresVariables(pool))


def noticed(value: str, at: datetime, variable: str = "HeartbeatInterval") -> EventsNotified:
    event = StationEvent(
        component="OCPPCommCtrlr",
        variable=variable,
        event_id=1,
        at=at,
        trigger="Delta",
        value=value,
    )
    return EventsNotified(events=(event,))


@pytest_twisted.ensureDeferred
async def test_events_tell_values(desk: Desk) -> None:
    """Of variables that are known; what is told late undoes nothing that was heard since, and
    what waits for a restart still does."""
    await desk.report(1, told("300"))
    setting = Setting(**msgspec.to_builtins(INTERVAL), value="60")
    done = WriteResult(**msgspec.to_builtins(INTERVAL), status=ItemStatus.REBOOT_REQUIRED)
    await desk.answer(WriteVariables(items=(setting,)), (done,))
    await desk.say(noticed("10", T0 - timedelta(hours=1)))
    assert await pending(desk) == ("300", "60", True)
    await desk.say(noticed("20", desk.now))
    await desk.say(noticed("x", desk.now, "MadeUp"))
    await desk.say(noticed("20", desk.now))
    assert await pending(desk) == ("20", "60", True)
    assert (await desk.changes())[1:] == [("300", "20", "event")]


@pytest_twisted.ensureDeferred
async def test_events_make_no_endless_history(desk: Desk) -> None:
    """The value is known all the same; what we do is part of the history always."""
    await desk.report(1, told("300"))
    flood = """INSERT INTO variable_history (variable_id, station_id, new, how, at)
               SELECT id, station_id, 'x', 'event', %s::timestamptz
               FROM variable, generate_series(1, %s)"""
    await desk.pool.execute(flood, (desk.now, MAX_CHANGES_TOLD))
    await desk.say(noticed("20", desk.now))
    (variable,) = await desk.known()
    assert variable.value == "20"
    counted = "SELECT count(*) FROM variable_history"
    assert await desk.pool.one(counted, (), int) == MAX_CHANGES_TOLD
    setting = Setting(**msgspec.to_builtins(INTERVAL), value="60")
    done = WriteResult(**msgspec.to_builtins(INTERVAL), status=ItemStatus.ACCEPTED)
    await desk.answer(WriteVariables(items=(setting,)), (done,))
    assert await desk.pool.one(counted, (), int) == MAX_CHANGES_TOLD + 1
