"""Profiles and boots: the book, and the one in memory that does the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_twisted
from zope.interface.verify import verifyObject

from csms.core.commands import ResetKind
from csms.core.errors import NotFound
from csms.core.pages import Query
from csms.core.ports.provisioning import IProvisioningBook
from csms.core.provisioning.vocabulary import (
    Boot,
    ItemResult,
    ProvisioningProfile,
    ProvisioningRun,
    StepResult,
)
from csms.core.values import Registration
from csms.core.variables.vocabulary import Attribute, Setting
from csms.storage.provisioning import PostgresProvisioning
from csms.storage.stations import PostgresStations
from csms.testing.provisioning import MemoryProvisioning

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTING = Setting(component="C", evse_id=1, variable="V", attribute=Attribute.TARGET, value="1")


def at(minutes: int) -> datetime:
    return T0 + timedelta(minutes=minutes)


class Book:
    """A book, and stations for it."""

    def __init__(self, request: Any) -> None:
        self.book: IProvisioningBook
        self.pool: Any = None
        if request.param == "memory":
            self.book = MemoryProvisioning(lambda: T0)
        else:
            self.pool = request.getfixturevalue("pool")
            self.book = PostgresProvisioning(self.pool)
        self.count = 0

    async def boot(self, minutes: int, identity: str = "CP1", station_id: int = 1) -> Boot:
        if self.pool is not None:
            stations = PostgresStations(self.pool)
            station_id = (await stations.enlist(identity, Registration.ACCEPTED)).id
        return Boot(station_id=station_id, identity=identity, operator_id=1, booted_at=at(minutes))


@pytest.fixture(params=["memory", "postgres"])
def books(request: Any) -> Book:
    return Book(request)


def profile(name: str, **fields: Any) -> ProvisioningProfile:
    return ProvisioningProfile(name=name, operator_id=1, **fields)


@pytest_twisted.ensureDeferred
async def test_profiles(books: Book) -> None:
    """Created, replaced, listed, removed; nobody sees another operator's."""
    book = books.book
    assert verifyObject(IProvisioningBook, book)
    wanted = profile(
        "a",
        identity="CP*",
        vendor="v",
        model="m",
        priority=3,
        settings=(SETTING,),
        reset=ResetKind.HARD,
        note="n",
    )
    kept, created = await book.put(wanted)
    assert created
    assert kept.created_at is not None
    assert kept.settings == (SETTING,)
    assert (kept.reset, kept.priority, kept.identity) == (ResetKind.HARD, 3, "CP*")
    kept, created = await book.put(profile("a"))
    assert not created
    assert (kept.settings, kept.reset, kept.note) == ((), None, None)
    assert await book.get("a", 1) == kept
    await book.put(profile("b", priority=1))
    page = await book.list(Query(sort="-priority"), 1)
    assert [each.name for each in page.items] == ["b", "a"]
    page = await book.list(Query(filters={"name": "b"}), 1)
    assert [each.name for each in page.items] == ["b"]
    assert [each.name for each in await book.all(1)] == ["a", "b"]
    assert await book.all(2) == []
    for name, operator in (("a", 2), ("c", 1), ("\0", 1)):
        with pytest.raises(NotFound):
            await book.get(name, operator)
        with pytest.raises(NotFound):
            await book.delete(name, operator)
    await book.delete("a", 1)
    with pytest.raises(NotFound):
        await book.get("a", 1)


@pytest_twisted.ensureDeferred
async def test_boots(books: Book) -> None:
    """Each station is due once, by its newest boot, until it was set up after that."""
    book = books.book
    first, second = await books.boot(1), await books.boot(2, "CP2", 2)
    await book.note([second, first], [at(7), at(5)])
    assert await book.due(at(4), 10) == []
    assert list(await book.due(at(9), 10)) == [first, second]
    assert list(await book.due(at(9), 1)) == [first]
    await book.note([first], [at(3)])
    assert await book.due(at(4), 10) == []
    again = await books.boot(6)
    await book.note([again], [at(8)])
    await book.finish(first.station_id, ProvisioningRun(booted_at=first.booted_at))
    assert list(await book.due(at(9), 10)) == [second, again]
    await book.finish(again.station_id, ProvisioningRun(booted_at=again.booted_at))
    assert list(await book.due(at(9), 10)) == [second]


@pytest_twisted.ensureDeferred
async def test_runs(books: Book) -> None:
    """What was done is kept as it was."""
    book = books.book
    boot = await books.boot(1)
    assert await book.run(boot.station_id) is None
    await book.note([boot], [at(1)])
    assert await book.run(boot.station_id) is None
    run = ProvisioningRun(
        booted_at=boot.booted_at,
        started_at=at(2),
        finished_at=at(3),
        items=(ItemResult(setting=SETTING, profile="a", status="same", before="1"),),
        steps=(StepResult(name="settings", done=False, detail="why"),),
        reset=ResetKind.SOFT,
    )
    await book.finish(boot.station_id, run)
    assert await book.run(boot.station_id) == run
