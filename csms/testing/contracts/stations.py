"""The contract of `csms.core.ports.IStations`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from zope.interface.verify import verifyObject

from csms.core.errors import Conflict, Invalid, NotFound
from csms.core.listings import STATIONS
from csms.core.pages import Query
from csms.core.ports import IStations, Quirk
from csms.core.values import Connector, Registration
from csms.testing.contracts.declaring import (
    AT,
    HASH,
    OURS,
    PLUG,
    THEIRS,
    DeclaringContract,
    StationsBench,
)
from csms.testing.contracts.paging import check_foreign_cursor, check_pages, check_refusals
from csms.testing.waiting import together, waits


class StationsContract(DeclaringContract):
    """Mixed into a test class that has a fixture ``bench``."""

    def test_provides(self, stations: IStations) -> None:
        """It provides the port, with the signatures that the port has."""
        assert verifyObject(IStations, stations)

    # --- asking

    @waits
    async def test_find(self, bench: StationsBench, stations: IStations) -> None:
        """The handshake gets the station of exactly that identity, without its connectors."""
        await stations.put("CP-1", OURS, {"password_hash": HASH}, [PLUG])
        await bench.connect("CP-1")
        found = await stations.find("CP-1")
        assert found is not None
        assert (found.identity, found.password_hash, found.connected) == ("CP-1", HASH, True)
        assert found.connectors == ()

    @pytest.mark.parametrize("identity", ["cp-1", "CP-2", "", "CP-1 ", "a\0", "x" * 5000, "\ud800"])
    @waits
    async def test_find_none(self, stations: IStations, identity: str) -> None:
        """Another identity, be it of another case or impossible, is nobody's."""
        await stations.put("CP-1", OURS, {}, None)
        assert await stations.find(identity) is None

    @waits
    async def test_find_together(self, stations: IStations) -> None:
        """Many that ask at once get each their own answer."""
        for number in range(3):
            await stations.put(f"CP-{number}", OURS, {}, None)
        names = [f"CP-{number % 5}" for number in range(20)]
        found = await together(*(stations.find(name) for name in names))
        assert [station and station.identity for station in found] == [
            name if name in {"CP-0", "CP-1", "CP-2"} else None for name in names
        ]

    @waits
    async def test_get_none(self, stations: IStations) -> None:
        """Nobody sees the stations of another operator; the server itself sees all."""
        await stations.put("CP-1", OURS, {}, None)
        assert (await stations.get("CP-1", OURS)).identity == "CP-1"
        for identity, operator_id in (("CP-1", THEIRS), ("CP-2", OURS), ("cp-1", None), ("\0", 1)):
            with pytest.raises(NotFound):
                await stations.get(identity, operator_id)

    @waits
    async def test_connected(self, bench: StationsBench, stations: IStations) -> None:
        """A station with a live connection says so, everywhere."""
        await stations.put("CP-1", OURS, {}, None)
        await bench.connect("CP-1")
        assert (await stations.get("CP-1")).connected
        assert (await stations.list(Query())).items[0].connected
        assert (await stations.patch("CP-1", OURS, {}, None)).connected

    # --- enlisting

    @waits
    async def test_enlist(self, stations: IStations) -> None:
        """A station that nobody declared is created in the state asked for, for the default
        operator."""
        station = await stations.enlist("CP-1", Registration.PENDING)
        assert (station.identity, station.operator_id) == ("CP-1", OURS)
        assert station.registration is Registration.PENDING
        assert station.password_hash is None
        assert await stations.get("CP-1") == station

    @waits
    async def test_enlist_again(self, stations: IStations) -> None:
        """A station that exists stays as it is, whoever has it."""
        before, _ = await stations.put("CP-1", THEIRS, {"registration": "rejected"}, None)
        assert await stations.enlist("CP-1", Registration.ACCEPTED) == before

    @waits
    async def test_enlist_other_case(self, stations: IStations) -> None:
        """An identity that differs only in case from a known one is not enlisted."""
        await stations.put("CP-1", OURS, {}, None)
        with pytest.raises(Conflict) as caught:
            await stations.enlist("cp-1", Registration.ACCEPTED)
        assert caught.value.code == "identity_differs_in_case"

    @waits
    async def test_enlist_together(self, stations: IStations) -> None:
        """Many that come at once are each enlisted once, each in the state it was given."""
        calls = [
            stations.enlist(
                f"CP-{number % 7}",
                Registration.PENDING if number % 7 == 3 else Registration.ACCEPTED,
            )
            for number in range(21)
        ]
        enlisted = await together(*calls)
        assert [station.identity for station in enlisted] == [f"CP-{n % 7}" for n in range(21)]
        assert len({station.id for station in enlisted}) == 7
        assert {s.identity for s in enlisted if s.registration is Registration.PENDING} == {"CP-3"}

    # --- listing

    async def _populate(self, bench: StationsBench) -> None:
        stations = bench.stations
        if (await stations.list(Query(limit=1))).items:
            return
        for number in range(12):
            fields = {
                "vendor": ["acme", "bolt", None][number % 3],
                "model": f"m{number % 2}",
                "name": None if number % 4 == 0 else "same",
                "registration": "pending" if number % 5 == 0 else "accepted",
            }
            # Not in the order of their identities.
            identity = f"cp-{(number * 7) % 12:02}"
            await stations.put(identity, OURS, fields, [Connector(evse_id=number + 1)])
            if number % 2:
                await bench.report(identity, last_seen_at=AT + timedelta(seconds=number // 4))
        await bench.connect("cp-03")
        await bench.connect("cp-04")
        await stations.put("zz-1", THEIRS, {"vendor": "acme"}, None)

    @waits
    async def test_pages(self, bench: StationsBench) -> None:
        """The pages of a list, however sorted, are the whole list."""
        await self._populate(bench)
        await check_pages(lambda q: bench.stations.list(q, OURS), STATIONS, 12)

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({}, 12),
            ({"vendor": "acme"}, 4),
            ({"vendor": "acme", "model": "m0"}, 2),
            ({"registration": "pending"}, 3),
            ({"registration": Registration.PENDING}, 3),
            ({"connected": True}, 2),
            ({"connected": False}, 10),
            ({"identity": "cp-0"}, 10),
            ({"identity": "cp-1"}, 2),
            ({"identity": "p-0"}, 0),
            ({"identity": "cp_0"}, 0),
            ({"identity": "cp-%"}, 0),
        ],
    )
    @waits
    async def test_filters(
        self, bench: StationsBench, filters: dict[str, object], expected: int
    ) -> None:
        """Filters narrow the list, together; an identity is a prefix, taken literally."""
        await self._populate(bench)
        found = await bench.stations.list(Query(filters=filters), OURS)
        assert len(found.items) == expected
        assert all(len(station.connectors) == 1 for station in found.items)

    @pytest.mark.parametrize(
        ("filters", "field"),
        [
            ({"connected": "yes"}, "connected"),
            ({"registration": "maybe"}, "registration"),
            ({"vendor": 1}, "vendor"),
            ({"vendor": "a\0"}, "vendor"),
            ({"vendor": "\ud800"}, "vendor"),
        ],
    )
    @waits
    async def test_bad_filter(
        self, stations: IStations, filters: dict[str, object], field: str
    ) -> None:
        """A filter's value has to be of its kind."""
        with pytest.raises(Invalid) as caught:
            await stations.list(Query(filters=filters))
        assert caught.value.field == field

    @waits
    async def test_list_of_all(self, bench: StationsBench) -> None:
        """An operator lists its own stations, the server all of them, by identity."""
        await self._populate(bench)
        stations = bench.stations
        assert [s.identity for s in (await stations.list(Query(), THEIRS)).items] == ["zz-1"]
        names = [s.identity for s in (await stations.list(Query())).items]
        assert len(names) == 13
        assert names == sorted(names)

    @waits
    async def test_list_refusals(self, bench: StationsBench) -> None:
        """What a list cannot be asked is refused by name."""
        await self._populate(bench)
        await check_refusals(bench.stations.list)
        await check_foreign_cursor(
            bench.stations.list,
            Query(filters={"vendor": "acme"}),
            Query(filters={"vendor": "bolt"}),
        )
        await check_foreign_cursor(bench.stations.list, Query(), Query(sort="-identity"))

    @waits
    async def test_page_of_changed(self, bench: StationsBench) -> None:
        """A page goes on behind the last item even when that item is gone."""
        await self._populate(bench)
        stations = bench.stations
        first = await stations.list(Query(limit=3), OURS)
        await stations.delete("cp-02", OURS)
        await stations.put("cp-000", OURS, {}, None)
        second = await stations.list(Query(limit=3, cursor=first.next_cursor), OURS)
        assert [s.identity for s in second.items] == ["cp-03", "cp-04", "cp-05"]

    # --- passwords on offer

    @waits
    async def test_offered_password(self, stations: IStations) -> None:
        """It stands beside the one that counts until it is proven, withdrawn, replaced, or
        overruled by hand."""

        async def hashes() -> tuple[str | None, str | None]:
            known = await stations.get("CP-1", OURS)
            return known.password_hash, known.offered_password_hash

        known, _ = await stations.put("CP-1", OURS, {"password_hash": "old"}, None)
        await stations.offer_password(known.id, "first", "m1")
        await stations.offer_password(known.id, "new", "m2")
        found = await stations.find("CP-1")
        assert found is not None
        assert found.offered_password_hash == "new"
        await stations.withdraw_password(known.id, "m1")
        await stations.prove_password(known.id, "first")
        await stations.patch("CP-1", OURS, {"name": "n"}, None)
        assert await hashes() == ("old", "new")
        await stations.prove_password(known.id, "new")
        assert await hashes() == ("new", None)
        await stations.offer_password(known.id, "newer", "m3")
        await stations.withdraw_password(known.id, "m3")
        assert await hashes() == ("new", None)
        await stations.offer_password(known.id, "newest", "m4")
        await stations.patch("CP-1", OURS, {"password_hash": "by hand"}, None)
        assert await hashes() == ("by hand", None)

    # --- quirks

    @waits
    async def test_quirks(self, bench: StationsBench, stations: IStations) -> None:
        """The most frequent departure from the standard comes first."""
        await stations.put("CP-1", OURS, {}, None)
        assert list(await stations.quirks("CP-1", OURS)) == []
        told = [
            Quirk(name=name, count=count, example="x", first_at=AT, last_at=AT)
            for name, count in (("rare", 1), ("often", 9), ("always", 9))
        ]
        for quirk in told:
            await bench.quirk("CP-1", quirk)
        assert list(await stations.quirks("CP-1", OURS)) == [told[2], told[1], told[0]]
