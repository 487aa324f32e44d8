"""The contract of `csms.core.ports.IStations`: declaring stations, and forgetting them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from csms.core.errors import Conflict, Invalid, NotFound
from csms.core.pages import Query
from csms.core.ports import IStations, Quirk
from csms.core.values import Connector, ConnectorStatus, Registration, Strictness
from csms.testing.waiting import together, waits

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS, THEIRS = 1, 2
HASH = "scrypt$x"
PLUG = Connector(evse_id=1, kind="CCS2", max_power_w=150_000)


class StationsBench(Protocol):
    """A register with nothing in it, and the hands of the reports that change it; operators 1
    and 2 exist."""

    stations: IStations

    async def report(self, identity: str, **fields: object) -> None:
        """Set columns that the station reports."""

    async def connect(self, identity: str) -> None:
        """Open a connection of the station."""

    async def plug(self, identity: str, connector: Connector) -> None:
        """Report a connector, as a status notification does."""

    async def quirk(self, identity: str, quirk: Quirk) -> None:
        """Count a quirk."""


class DeclaringContract:
    """Mixed into a test class that has a fixture ``bench``."""

    @pytest.fixture
    def stations(self, bench: StationsBench) -> IStations:
        """The register."""
        return bench.stations

    @waits
    async def test_put_creates(self, stations: IStations) -> None:
        """A station that nobody declared is created as declared."""
        fields = {
            "registration": "pending",
            "name": "North gate",
            "latitude": 42.87,
            "longitude": 74.59,
            "address": "Chuy Avenue 1",
            "city": "Bishkek",
            "country": "KG",
            "vendor": "Acme",
            "model": "M1",
            "serial_number": "S-1",
            "vendor_data": {"depth": {"list": [1, 2.5, None, "ü"]}},
            "password_hash": "scrypt$x",
            "strictness": Strictness.STRICT,
            "ocpp_versions": ["1.6"],
            "heartbeat_interval_s": 60,
        }
        station, created = await stations.put("CP-1", OURS, fields, [PLUG])
        assert created
        assert (station.identity, station.operator_id) == ("CP-1", OURS)
        assert {name: getattr(station, name) for name in fields} == {
            **fields,
            "ocpp_versions": ("1.6",),
        }
        assert station.connectors == (PLUG,)
        assert not station.connected
        assert station.created_at.utcoffset() == timedelta(0)
        assert await stations.get("CP-1") == station

    @waits
    async def test_put_defaults(self, stations: IStations) -> None:
        """A declared station takes part, and departures from the standard are tolerated."""
        station, _ = await stations.put("CP-1", OURS, {}, None)
        assert station.registration is Registration.ACCEPTED
        assert station.strictness is None
        assert station.vendor_data == {}
        assert station.password_hash is None
        assert station.connectors == ()

    @waits
    async def test_put_replaces(self, stations: IStations) -> None:
        """What is declared again without a field loses it."""
        fields = {"name": "North", "registration": "rejected", "vendor_data": {"a": 1}}
        before, _ = await stations.put("CP-1", OURS, fields, None)
        after, created = await stations.put("CP-1", OURS, {"city": "Osh"}, None)
        assert not created
        assert (after.id, after.created_at) == (before.id, before.created_at)
        assert (after.name, after.city, after.vendor_data) == (None, "Osh", {})
        assert after.registration is Registration.ACCEPTED

    @waits
    async def test_put_keeps_password(self, stations: IStations) -> None:
        """Replacing a declaration keeps the password unless one is given, for a station must
        not become open to anybody because its password was not repeated."""
        await stations.put("CP-1", OURS, {"password_hash": HASH}, None)
        kept, _ = await stations.put("CP-1", OURS, {"name": "North"}, None)
        assert kept.password_hash == HASH
        opened, _ = await stations.put("CP-1", OURS, {"password_hash": None}, None)
        assert opened.password_hash is None

    @waits
    async def test_put_keeps_reported(self, bench: StationsBench, stations: IStations) -> None:
        """What the station reported of itself outlives a new declaration."""
        await stations.put("CP-1", OURS, {}, None)
        reported = {
            "vendor": "Acme",
            "model": "M1",
            "serial_number": "S-1",
            "firmware_version": "1.0",
            "booted_at": AT,
            "last_seen_at": AT,
        }
        await bench.report("CP-1", **reported)
        station, _ = await stations.put("CP-1", OURS, {"name": "North", "model": "M2"}, None)
        assert {name: getattr(station, name) for name in reported} == {**reported, "model": "M2"}

    @waits
    async def test_put_connectors(self, bench: StationsBench, stations: IStations) -> None:
        """The declared connectors replace those before; a plug that stays keeps its status, and
        the station's own status (EVSE 0) stays in any case."""
        await stations.put("CP-1", OURS, {}, [PLUG])
        own = Connector(evse_id=0, connector_id=0, status=ConnectorStatus.AVAILABLE, status_at=AT)
        await bench.plug("CP-1", own)
        faulted = Connector(
            evse_id=1,
            kind="CCS2",
            max_power_w=150_000,
            status=ConnectorStatus.FAULTED,
            status_at=AT,
            error_code="GroundFailure",
            info="x",
            vendor_id="v",
            vendor_error_code="e",
        )
        await bench.plug("CP-1", faulted)
        await bench.plug("CP-1", Connector(evse_id=2, status=ConnectorStatus.CHARGING))
        second = Connector(evse_id=1, connector_id=2, kind="Type2")
        station, _ = await stations.put("CP-1", OURS, {}, [second, Connector(evse_id=1, kind="X")])
        assert [(c.evse_id, c.connector_id, c.kind) for c in station.connectors] == [
            (0, 0, None),
            (1, 1, "X"),
            (1, 2, "Type2"),
        ]
        assert station.connectors[0] == own
        plug = station.connectors[1]
        assert (plug.status, plug.status_at, plug.max_power_w) == (faulted.status, AT, None)
        assert (plug.error_code, plug.info) == ("GroundFailure", "x")
        assert (plug.vendor_id, plug.vendor_error_code) == ("v", "e")

    @waits
    async def test_put_without_connectors(self, stations: IStations) -> None:
        """A declaration that says nothing of connectors leaves them as they are; an empty list
        takes them away."""
        await stations.put("CP-1", OURS, {}, [PLUG])
        assert (await stations.put("CP-1", OURS, {}, None))[0].connectors == (PLUG,)
        assert (await stations.put("CP-1", OURS, {}, []))[0].connectors == ()

    @waits
    async def test_put_taken(self, stations: IStations) -> None:
        """An identity belongs to one operator."""
        await stations.put("CP-1", OURS, {}, None)
        for identity in ("CP-1", "cp-1"):
            with pytest.raises(Conflict) as caught:
                await stations.put(identity, THEIRS, {"name": "Mine"}, None)
            assert caught.value.code == "identity_taken"
        assert (await stations.get("CP-1")).name is None

    @waits
    async def test_put_other_case(self, stations: IStations) -> None:
        """Two identities that differ only in case would be a trap."""
        await stations.put("CP-1", OURS, {}, None)
        with pytest.raises(Conflict) as caught:
            await stations.put("cp-1", OURS, {}, None)
        assert caught.value.code == "identity_differs_in_case"

    @waits
    async def test_put_together(self, stations: IStations) -> None:
        """Two that declare the same new station at once create one."""
        results = await together(
            *(stations.put("CP-1", OURS, {"city": "Osh"}, [PLUG]) for _ in range(4))
        )
        assert sorted(created for _, created in results) == [False, False, False, True]
        assert len({station.id for station, _ in results}) == 1
        assert (await stations.get("CP-1")).connectors == (PLUG,)

    @pytest.mark.parametrize(
        "identity", ["", "x" * 49, "a/b", "a:b", ".", "..", "a\tb", "a\0b", "\ud800"]
    )
    @waits
    async def test_bad_identity(self, stations: IStations, identity: str) -> None:
        """An identity has 1 to 48 printable characters, none of which means something in a URL
        path or in Basic auth."""
        for call in (
            stations.put(identity, OURS, {}, None),
            stations.enlist(identity, Registration.ACCEPTED),
        ):
            with pytest.raises(Invalid) as caught:
                await call
            assert caught.value.field == "identity"

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"nonsense": 1}, "nonsense"),
            ({"id": 1}, "id"),
            ({"latitude": 91.0}, "latitude"),
            ({"latitude": "x"}, "latitude"),
            ({"longitude": -181}, "longitude"),
            ({"registration": "maybe"}, "registration"),
            ({"registration": None}, "registration"),
            ({"name": "a\0"}, "name"),
            ({"vendor_data": {"a": ["b", {"c": "\0"}]}}, "vendor_data.a[1].c"),
            ({"ocpp_versions": ["1.6", 2]}, "ocpp_versions[1]"),
            ({"heartbeat_interval_s": 0}, "heartbeat_interval_s"),
        ],
    )
    @waits
    async def test_bad_field(
        self, stations: IStations, fields: dict[str, object], field: str
    ) -> None:
        """A field that cannot be is refused by name, and nothing is changed."""
        await stations.put("CP-1", OURS, {"name": "North"}, None)
        for call in (
            stations.put("CP-1", OURS, fields, None),
            stations.patch("CP-1", OURS, fields, None),
        ):
            with pytest.raises(Invalid) as caught:
                await call
            assert caught.value.field == field
        assert (await stations.get("CP-1")).name == "North"

    @pytest.mark.parametrize(
        ("connectors", "field"),
        [
            ([Connector(evse_id=0)], "connectors[0].evse_id"),
            ([PLUG, Connector(evse_id=2, connector_id=0)], "connectors[1].connector_id"),
            ([Connector(evse_id=1, max_power_w=0)], "connectors[0].max_power_w"),
            ([Connector(evse_id=2**31)], "connectors[0].evse_id"),
            ([PLUG, PLUG], "connectors[1]"),
            ([Connector(evse_id=1, kind="\0")], "connectors[0].kind"),
        ],
    )
    @waits
    async def test_bad_connector(
        self, stations: IStations, connectors: list[Connector], field: str
    ) -> None:
        """A connector that cannot be is refused by its place."""
        with pytest.raises(Invalid) as caught:
            await stations.put("CP-1", OURS, {}, connectors)
        assert caught.value.field == field

    @waits
    async def test_patch(self, stations: IStations) -> None:
        """Only what is given changes."""
        fields = {"name": "North", "city": "Osh", "password_hash": HASH}
        before, _ = await stations.put("CP-1", OURS, fields, [PLUG])
        after = await stations.patch(
            "CP-1", OURS, {"city": None, "registration": "rejected", "vendor_data": {"k": 1}}, None
        )
        assert (after.name, after.city, after.password_hash) == ("North", None, HASH)
        assert after.registration is Registration.REJECTED
        assert after.vendor_data == {"k": 1}
        assert after.connectors == (PLUG,)
        assert after.updated_at >= before.updated_at
        assert await stations.get("CP-1") == after

    @waits
    async def test_patch_nothing(self, stations: IStations) -> None:
        """No change is a change too."""
        before, _ = await stations.put("CP-1", OURS, {"name": "North"}, None)
        after = await stations.patch("CP-1", OURS, {}, None)
        assert (after.id, after.name) == (before.id, "North")

    @waits
    async def test_patch_connectors(self, bench: StationsBench, stations: IStations) -> None:
        """Connectors are changed as a set, by the rule of a new declaration."""
        await stations.put("CP-1", OURS, {}, [PLUG, Connector(evse_id=2)])
        await bench.plug("CP-1", Connector(evse_id=2, status=ConnectorStatus.CHARGING))
        station = await stations.patch("CP-1", OURS, {}, [Connector(evse_id=2, kind="GBT_DC")])
        assert station.connectors == (
            Connector(evse_id=2, kind="GBT_DC", status=ConnectorStatus.CHARGING),
        )

    # --- forgetting

    @waits
    async def test_delete(self, bench: StationsBench, stations: IStations) -> None:
        """A deleted station is told one last time, as it was, and then is nowhere."""
        before, _ = await stations.put("CP-1", OURS, {"name": "North"}, [PLUG])
        await bench.connect("CP-1")
        gone = await stations.delete("CP-1", OURS)
        assert (gone.id, gone.name, gone.connectors) == (before.id, "North", (PLUG,))
        assert gone.connected
        assert await stations.find("CP-1") is None
        assert (await stations.list(Query())).items == ()
        for call in (
            stations.get("CP-1"),
            stations.patch("CP-1", OURS, {}, None),
            stations.delete("CP-1", OURS),
            stations.quirks("CP-1", OURS),
        ):
            with pytest.raises(NotFound):
                await call

    @waits
    async def test_delete_others(self, stations: IStations) -> None:
        """Nobody deletes or changes the stations of another operator."""
        await stations.put("CP-1", OURS, {}, None)
        for call in (
            stations.delete("CP-1", THEIRS),
            stations.patch("CP-1", THEIRS, {"name": "x"}, []),
            stations.quirks("CP-1", THEIRS),
        ):
            with pytest.raises(NotFound):
                await call
        assert (await stations.get("CP-1")).name is None

    @waits
    async def test_created_anew(self, stations: IStations) -> None:
        """The identity of a deleted station is free, for any operator and in any case; who
        gets it inherits nothing."""
        before, _ = await stations.put("CP-1", OURS, {"password_hash": HASH}, [PLUG])
        await stations.delete("CP-1", OURS)
        after, created = await stations.put("cp-1", THEIRS, {}, None)
        assert created
        assert after.id != before.id
        assert (after.password_hash, after.connectors) == (None, ())
