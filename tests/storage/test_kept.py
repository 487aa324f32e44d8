"""What areas share: holdings, happenings, reports in parts, operations settled by the intake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import pytest_twisted
from msgspec.structs import replace
from zope.interface.verify import verifyObject

from csms.core.assembly import AssemblyAsked, part_taken
from csms.core.commands import Outcome, Raw
from csms.core.consequences import OperationAsked
from csms.core.decide import decide, question
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy, Quarantine, Question, Write
from csms.core.errors import NotFound
from csms.core.happenings import DROPPED, Happened, fingerprint
from csms.core.holdings import Drop, Hold, Holding
from csms.core.ids import new_id
from csms.core.listings import REPORTS, Kind, Listing, held
from csms.core.pages import Page, Query
from csms.core.ports import Assembled, IAssemblies, IHappenings, IHoldings
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, StationKey
from csms.storage.assemblies import PostgresAssemblies
from csms.storage.happenings import PostgresHappenings
from csms.storage.holdings import PostgresHoldings
from csms.storage.ledger import PostgresLedger
from csms.storage.operations import PostgresOperations
from csms.storage.pool import Pool
from csms.storage.quarantine import PostgresQuarantine
from csms.storage.shared_ledger import LARGE_BYTES, MAX_HAPPENINGS, MAX_HOLDINGS, MAX_LARGE
from csms.testing.contracts.paging import check_pages, check_refusals, pages

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


@pytest_twisted.async_fixture
async def ledger(pool: Pool) -> PostgresLedger:
    ledger = PostgresLedger(pool.lane())
    await ledger.ready()
    return ledger


@pytest_twisted.async_fixture
async def key(pool: Pool) -> StationKey:
    return await pool.one(
        "INSERT INTO station (identity, registration) VALUES ('CP1', 'accepted')"
        " RETURNING id, identity",
        (),
        StationKey,
    )


async def write(ledger: PostgresLedger, *writes: Write) -> None:
    await ledger.commit([Decision(ACKNOWLEDGED, writes)])


def hold(key: StationKey, name: str, minutes: float = 0, **fields: object) -> Hold:
    given = {"kind": "profile", "content": {"name": name}, "origin": "set", **fields}
    return Hold(station_id=key.id, operator_id=1, key=name, at=at(minutes), **given)


async def keys(pool: Pool, kind: str = "profile", evse_id: int | None = None) -> list[str]:
    held = await PostgresHoldings(pool).list("CP1", 1, kind, evse_id=evse_id)
    return [holding.key for holding in held]


# -- holdings ------------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_the_stores_are_what_the_ports_say(pool: Pool) -> None:
    """They provide them."""
    assert verifyObject(IHoldings, PostgresHoldings(pool))
    assert verifyObject(IHappenings, PostgresHappenings(pool))
    assert verifyObject(IAssemblies, PostgresAssemblies(pool))


@pytest_twisted.ensureDeferred
async def test_a_station_holds_one_thing_under_a_key(pool, ledger, key) -> None:
    """The newer replaces the one before; of two in one decision the later counts."""
    await write(ledger, hold(key, "1", evse_id=1))
    await write(
        ledger,
        hold(key, "1", 1, evse_id=2, content={"name": "b"}),
        hold(key, "1", 1, evse_id=2, content={"name": "c"}),
    )
    held = await PostgresHoldings(pool).get("CP1", 1, "profile", "1")
    assert held.content == {"name": "c"}
    assert (held.evse_id, held.created_at, held.updated_at) == (2, at(0), at(1))
    assert await keys(pool) == ["1"]
    assert await keys(pool, evse_id=1) == []
    assert await keys(pool, "message") == []


@pytest_twisted.ensureDeferred
async def test_what_we_set_stays_ours_when_the_station_tells_of_it(pool, ledger, key) -> None:
    """Until it was gone."""
    holdings = PostgresHoldings(pool)
    operation = new_id(T0)
    await write(ledger, hold(key, "1", operation_id=operation))
    await write(ledger, hold(key, "1", 1, origin="told"))
    held = await holdings.get("CP1", 1, "profile", "1")
    assert (held.origin, held.operation_id) == ("set", operation)
    await write(ledger, Drop(station_id=key.id, kind="profile", keys=("1",), at=at(2)))
    assert await keys(pool) == []
    await write(ledger, hold(key, "1", 3, origin="told"))
    held = await holdings.get("CP1", 1, "profile", "1")
    assert (held.origin, held.created_at) == ("told", at(3))


@pytest_twisted.ensureDeferred
async def test_dropping_by_place_and_content(pool, ledger, key) -> None:
    """Only what is on the EVSE, and contains what is given."""
    await write(
        ledger,
        hold(key, "1", evse_id=1, content={"level": 1}),
        hold(key, "2", evse_id=1, content={"level": 2}),
        hold(key, "3", evse_id=2, content={"level": 1}),
    )
    drop = Drop(station_id=key.id, kind="profile", evse_id=1, matching={"level": 1}, at=at(1))
    await write(ledger, drop)
    assert await keys(pool) == ["2", "3"]


@pytest_twisted.ensureDeferred
async def test_a_whole_report_drops_what_it_left_out(pool, ledger, key) -> None:
    """What its earlier parts told of stays, and so does what its last part holds."""
    await write(ledger, hold(key, "gone"), hold(key, "kept"), hold(key, "last"))
    await write(ledger, hold(key, "kept", 1, origin="told", seen_ref=7))
    await write(
        ledger,
        hold(key, "last", 2, origin="told", seen_ref=7),
        Drop(station_id=key.id, kind="profile", unseen_ref=7, at=at(2)),
    )
    assert await keys(pool) == ["kept", "last"]


@pytest_twisted.ensureDeferred
async def test_replacing_all_of_a_kind(pool, ledger, key) -> None:
    """Dropping everything spares what is held in the same decision."""
    await write(ledger, hold(key, "1"), hold(key, "2"))
    await write(ledger, hold(key, "2", 1), Drop(station_id=key.id, kind="profile", at=at(1)))
    assert await keys(pool) == ["2"]


@pytest_twisted.ensureDeferred
async def test_holdings_of_others_are_not_found(pool, ledger, key) -> None:
    """Not of another operator, nor of a station that is none, nor by a key that cannot be."""
    await write(ledger, hold(key, "1"))
    holdings = PostgresHoldings(pool)
    for identity, operator, name in (
        ("CP1", 2, "1"),
        ("CP2", 1, "1"),
        ("CP\0", 1, "1"),
        ("CP1", 1, "2"),
        ("CP1", 1, "\0"),
    ):
        with pytest.raises(NotFound):
            await holdings.get(identity, operator, "profile", name)
    with pytest.raises(NotFound):
        await holdings.list("CP1", 2, "profile")


@pytest_twisted.ensureDeferred
async def test_what_went_long_ago_is_forgotten(pool, ledger, key) -> None:
    """What is there stays, however old."""
    await write(ledger, hold(key, "1"), hold(key, "2"))
    await write(ledger, Drop(station_id=key.id, kind="profile", keys=("1",), at=at(1)))
    holdings = PostgresHoldings(pool)
    assert await holdings.prune(at(1), 10) == 0
    assert await holdings.prune(at(2), 10) == 1
    assert await pool.one("SELECT count(*)::int FROM holding", (), int) == 1


@pytest_twisted.ensureDeferred
async def test_no_station_makes_up_keys_without_end(pool, ledger, key) -> None:
    """Beyond some thousands new ones are left out, and those there are still change."""
    await pool.execute(
        "INSERT INTO holding (station_id, kind, key, operator_id, content, origin, created_at,"
        " updated_at) SELECT %s, 'profile', n, 1, '{}', 'told', now(), now()"
        " FROM generate_series(1, %s) n",
        (key.id, MAX_HOLDINGS),
    )
    await write(ledger, hold(key, "one more"), hold(key, "1"), hold(key, "x", kind="message"))
    with pytest.raises(NotFound):
        await PostgresHoldings(pool).get("CP1", 1, "profile", "one more")
    assert (await PostgresHoldings(pool).get("CP1", 1, "profile", "1")).content == {"name": "1"}
    assert await keys(pool, "message") == ["x"]


@pytest_twisted.ensureDeferred
async def test_holdings_page_by_page(pool, ledger, key) -> None:
    """By the one convention: numbers as numbers, texts as texts, none that has gone."""
    holdings = PostgresHoldings(pool)
    numbers = (1, 2, 9, 10, 11, 100, 1000)
    await write(ledger, *(hold(key, str(each), each, evse_id=each % 2) for each in numbers))
    await write(ledger, hold(key, "5"), hold(key, "x", kind="message"))
    await write(ledger, Drop(station_id=key.id, kind="profile", keys=("5",), at=at(1)))
    for kind in (Kind.INTEGER, Kind.TEXT):
        listing = held("profiles", "profile_id", kind, placed=True)
        for sort in (None, "profile_id", "-profile_id", "updated_at", "-updated_at"):

            async def fetch(query: Query, listing: Listing = listing) -> Page[Holding]:
                return await holdings.page(listing, query, "CP1", 1, "profile")

            found = [page.items for page in await pages(fetch, Query(sort=sort, limit=3))]
            assert [*map(len, found)] == [3, 3, 1]
            order = [each.key for items in found for each in items]
            texts = kind is Kind.TEXT and sort in (None, "profile_id", "-profile_id")
            expected = sorted(map(str, numbers)) if texts else [*map(str, numbers)]
            assert order == (expected[::-1] if sort and sort[0] == "-" else expected)
        await check_refusals(fetch)
        odd = await fetch(Query(filters={"evse_id": 1}))
        assert {each.key for each in odd.items} == {"1", "9", "11"}
    with pytest.raises(NotFound):
        await holdings.page(listing, Query(), "CP1", 2, "profile")


# -- happenings ----------------------------------------------------------------------------


def happened(key: StationKey, what: str, minutes: float = 0, **fields: object) -> Happened:
    return Happened(
        station_id=key.id,
        operator_id=1,
        kind="security",
        at=at(minutes),
        received_at=at(minutes),
        content={"what": what},
        fingerprint=fingerprint(what),
        **fields,
    )


@pytest_twisted.ensureDeferred
async def test_what_happened_is_listed_newest_first(pool, ledger, key) -> None:
    """And what is told again is kept once."""
    await write(ledger, happened(key, "a"), happened(key, "b", 1, severity=3, evse_id=2))
    await write(ledger, happened(key, "a"))
    happenings = PostgresHappenings(pool)
    page = await happenings.list(Query(), 1, identity="CP1")
    assert [each.content["what"] for each in page.items] == ["b", "a"]
    assert page.items[0].identity == "CP1"
    for filters in (
        {"severity": 3},
        {"evse_id": 2, "kind": "security"},
        {"at_from": at(1), "at_to": at(2)},
    ):
        page = await happenings.list(Query(filters=filters), 1)
        assert [each.content["what"] for each in page.items] == ["b"]
    assert not (await happenings.list(Query(filters={"severity": 2}), 1)).items
    assert not (await happenings.list(Query(), 2)).items
    with pytest.raises(NotFound):
        await happenings.list(Query(), 2, identity="CP1")


@pytest_twisted.ensureDeferred
async def test_what_happened_long_ago_is_forgotten(pool, ledger, key) -> None:
    """In batches."""
    await write(ledger, *(happened(key, str(i), i) for i in range(4)))
    happenings = PostgresHappenings(pool)
    assert await happenings.prune(at(3), 2) == 2
    assert await happenings.prune(at(3), 2) == 1
    assert len((await happenings.list(Query(), 1)).items) == 1


@pytest_twisted.ensureDeferred
async def test_a_day_has_an_end(pool, ledger, key) -> None:
    """Of one kind at one station; what is left out is noted once, and the next day begins anew."""
    flood = """INSERT INTO happening (operator_id, station_id, kind, at, received_at, content,
                                      fingerprint)
               SELECT 1, %s, 'security', %s::timestamptz, %s::timestamptz, '{}', n
               FROM generate_series(2, %s) n"""
    await pool.execute(flood, (key.id, at(0), at(0), MAX_HAPPENINGS))
    happenings = PostgresHappenings(pool)

    async def kept(kind: str) -> int:
        counted = "SELECT count(*) FROM happening WHERE kind = %s"
        return await pool.one(counted, (kind,), int)

    await write(ledger, happened(key, "a", 1), happened(key, "b", 1))
    assert await kept("security") == MAX_HAPPENINGS
    await write(ledger, happened(key, "c", 2))
    await write(ledger, replace(happened(key, "alarm", 2), kind="alarm"))
    assert (await kept("security"), await kept("alarm")) == (MAX_HAPPENINGS, 1)
    (note,) = (await happenings.list(Query(filters={"kind": DROPPED}), 1)).items
    assert (note.content, note.received_at) == (
        {"kind": "security", "limit": MAX_HAPPENINGS},
        at(1),
    )
    await write(ledger, happened(key, "d", 24 * 60))
    assert (await kept("security"), await kept(DROPPED)) == (MAX_HAPPENINGS + 1, 1)


@pytest_twisted.ensureDeferred
async def test_a_day_of_large_ones_ends_earlier(pool, ledger, key) -> None:
    """While small ones go on."""
    flood = """INSERT INTO happening (operator_id, station_id, kind, at, received_at, content,
                                      fingerprint)
               SELECT 1, %s, 'security', %s::timestamptz, %s::timestamptz, '{}', n
               FROM generate_series(2, %s) n"""
    await pool.execute(flood, (key.id, at(0), at(0), MAX_LARGE))
    large = "x" * LARGE_BYTES
    await write(ledger, happened(key, large, 1))
    await write(ledger, happened(key, large, 2), happened(key, "small", 2))
    counted = "SELECT count(*) FROM happening WHERE kind = 'security'"
    assert await pool.one(counted, (), int) == MAX_LARGE + 1


# -- reports in parts ----------------------------------------------------------------------


async def take(
    ledger: PostgresLedger,
    key: StationKey,
    number: int | None,
    items: list[object],
    minutes: float = 0,
    *,
    last: bool = False,
) -> bool:
    ask = AssemblyAsked(kind="variables", ref=7)
    [state] = await ledger.gather([(key, Question(more=(ask,)))], at(minutes))
    before = state.answer(AssemblyAsked)
    taken = part_taken(key, "variables", 7, number, items, at(minutes), before, last=last)
    await write(ledger, *taken.writes)
    return taken.completed


@pytest_twisted.ensureDeferred
async def test_parts_are_put_together_in_their_order(pool, ledger, key) -> None:
    """However they came; a part that came again takes the place of the one before."""
    assemblies = PostgresAssemblies(pool)
    assert not await take(ledger, key, 1, ["b"], last=True)
    assert (await assemblies.get("CP1", 1, 7, None)).status == "collecting"
    assert not await take(ledger, key, 1, ["B", "C"], 1, last=True)
    assert await take(ledger, key, 0, ["a"], 2)
    report = await assemblies.get("CP1", 1, 7, "variables")
    assert (report.status, report.parts, report.items) == ("complete", 2, ("a", "B", "C"))
    assert (report.started_at, report.completed_at) == (at(0), at(2))
    [listed] = (await assemblies.list(Query(), "CP1", 1)).items
    assert (listed.ref, listed.items) == (7, ())


@pytest_twisted.ensureDeferred
async def test_reports_page_by_page(pool, ledger, key) -> None:
    """By the one convention, those of some kinds left out."""
    assemblies = PostgresAssemblies(pool)
    for number in range(6):
        ask = AssemblyAsked(kind="variables", ref=number)
        [state] = await ledger.gather([(key, Question(more=(ask,)))], at(number))
        before = state.answer(AssemblyAsked)
        kind = "secret" if number == 5 else "variables"
        taken = part_taken(key, kind, number, 0, ["x"], at(number), before, last=number == 1)
        await write(ledger, *taken.writes)

    async def fetch(query: Query) -> Page[Assembled]:
        return await assemblies.list(query, "CP1", 1, without=("secret",))

    await check_pages(fetch, REPORTS, 5)
    await check_refusals(fetch)
    for status, refs in [("complete", [1]), ("collecting", [4, 3, 2, 0]), ("incomplete", [])]:
        found = await fetch(Query(filters={"status": status, "kind": "variables"}))
        assert [each.ref for each in found.items] == refs


@pytest_twisted.ensureDeferred
async def test_a_report_begun_anew_forgets_the_one_before(pool, ledger, key) -> None:
    """The station counts its requests from the start again."""
    assert not await take(ledger, key, 0, ["a"])
    assert await take(ledger, key, 1, ["b"], last=True)
    assert not await take(ledger, key, 0, ["x"], 1)
    report = await PostgresAssemblies(pool).get("CP1", 1, 7, None)
    assert (report.status, report.items, report.started_at) == ("collecting", ("x",), at(1))
    assert await take(ledger, key, 1, ["y"], 2, last=True)
    assert (await PostgresAssemblies(pool).get("CP1", 1, 7, None)).items == ("x", "y")


@pytest_twisted.ensureDeferred
async def test_parts_without_numbers(pool, ledger, key) -> None:
    """Each gets the next one."""
    assert not await take(ledger, key, None, ["a"])
    assert await take(ledger, key, None, ["b"], last=True)
    assert (await PostgresAssemblies(pool).get("CP1", 1, 7, None)).items == ("a", "b")


@pytest_twisted.ensureDeferred
async def test_a_report_that_does_not_go_on_is_incomplete(pool, ledger, key) -> None:
    """Until it does."""
    assemblies = PostgresAssemblies(pool)
    await take(ledger, key, 0, ["a"])
    assert await assemblies.give_up(at(0), at(10)) == 0
    assert await assemblies.give_up(at(1), at(11)) == 1
    assert await assemblies.give_up(at(1), at(11)) == 0
    assert (await assemblies.get("CP1", 1, 7, None)).status == "incomplete"
    assert await take(ledger, key, 1, ["b"], 12, last=True)
    assert (await assemblies.get("CP1", 1, 7, None)).status == "complete"


@pytest_twisted.ensureDeferred
async def test_old_reports_are_forgotten_with_their_parts(pool, ledger, key) -> None:
    """And nobody sees those of others."""
    assemblies = PostgresAssemblies(pool)
    await take(ledger, key, 0, ["a"])
    with pytest.raises(NotFound):
        await assemblies.get("CP1", 2, 7, None)
    with pytest.raises(NotFound):
        await assemblies.get("CP1", 1, 8, None)
    assert await assemblies.prune(at(0), 10) == 0
    assert await assemblies.prune(at(1), 10) == 1
    with pytest.raises(NotFound):
        await assemblies.get("CP1", 1, 7, None)
    assert await pool.one("SELECT count(*)::int FROM assembly_part", (), int) == 0


# -- operations ----------------------------------------------------------------------------


@pytest_twisted.ensureDeferred
async def test_an_answer_settles_its_operation(pool, ledger, key) -> None:
    """Once; its command is forgotten."""
    book = PostgresOperations(pool)
    assert await book.number() < await book.number()
    operation = Operation(
        id=new_id(T0),
        operator_id=1,
        station_id=key.id,
        identity="CP1",
        action="GetReport",
        payload={},
        status=OperationStatus.PENDING,
        ref=12,
        created_at=T0,
        sent_at=T0,
        expires_at=at(1),
    )
    await book.record(operation, b"{}")
    assert (await book.get(operation.id)).ref == 12
    for status, response in (("accepted", {"status": "Accepted"}), ("rejected", None)):
        report = CommandAnswered(
            operation=operation,
            command=Raw(action="GetReport"),
            outcome=Outcome(status=status, response=response, detail="so"),
            at=at(0.5),
        )
        [state] = await ledger.gather([(key, question(report))], T0)
        await ledger.commit([decide(report, key, state, at(1), Policy())])
    settled = await book.get(operation.id)
    assert (settled.status, settled.detail) == (OperationStatus.ACCEPTED, "so")
    assert settled.response == {"status": "Accepted"}
    assert settled.settled_at == at(0.5)
    assert not await book.due(key.id)


@pytest_twisted.ensureDeferred
async def test_an_answer_without_payload(pool, ledger, key) -> None:
    """No response is no response, not a JSON null; another station's operation is not found."""
    book = PostgresOperations(pool)
    operation = Operation(
        id=new_id(T0),
        operator_id=1,
        station_id=key.id,
        identity="CP1",
        action="reset",
        payload={},
        status=OperationStatus.PENDING,
        created_at=T0,
        expires_at=at(1),
    )
    await book.record(operation, b"{}")
    ask = Question(more=(OperationAsked(id=operation.id),))
    other = StationKey(key.id + 1, "CP2")
    states = await ledger.gather([(key, ask), (other, ask)], T0)
    await ledger.abandon()
    assert [state.answers(OperationAsked) for state in states] == [("pending",), ()]
    report = CommandAnswered(
        operation=operation,
        command=Raw(action="Reset"),
        outcome=Outcome(status="unreachable"),
        at=T0,
    )
    [state] = await ledger.gather([(key, question(report))], T0)
    await ledger.commit([decide(report, key, state, T0, Policy())])
    assert (await book.get(operation.id)).response is None


@pytest_twisted.ensureDeferred
async def test_forgetting_one_report_or_those_of_a_kind(pool, ledger, key) -> None:
    """And no other."""
    assemblies = PostgresAssemblies(pool)
    await take(ledger, key, 0, ["a"])
    with pytest.raises(NotFound):
        await assemblies.forget("CP1", 1, "monitors", 7)
    assert await assemblies.prune(at(1), 10, "monitors") == 0
    await assemblies.forget("CP1", 1, "variables", 7)
    with pytest.raises(NotFound):
        await assemblies.get("CP1", 1, 7, None)


@pytest_twisted.ensureDeferred
async def test_the_quarantine_is_listed_by_the_time_it_came(pool, ledger, key) -> None:
    """The newest first, the operator's own."""
    for minute, action in enumerate(("StopTransaction", "TransactionEvent")):
        message = Quarantine(
            station_id=key.id,
            operator_id=key.operator_id,
            received_at=at(minute),
            action=action,
            fault="type: x",
            content=f"[{minute}]",
        )
        await write(ledger, message)
    quarantine = PostgresQuarantine(pool)
    page = await quarantine.list(Query(), 1, identity="CP1")
    assert [(each.identity, each.content) for each in page.items] == [
        ("CP1", "[1]"),
        ("CP1", "[0]"),
    ]
    for filters in (
        {"action": "StopTransaction"},
        {"received_from": at(0), "received_to": at(1)},
    ):
        page = await quarantine.list(Query(filters=filters), 1)
        assert [each.content for each in page.items] == ["[0]"]
    assert not (await quarantine.list(Query(), 2)).items
    with pytest.raises(NotFound):
        await quarantine.list(Query(), 2, identity="CP1")
