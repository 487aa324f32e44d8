"""The contract of `csms.core.ports.IConnections`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest
from zope.interface.verify import verifyObject

from csms.core.errors import NotFound
from csms.core.listings import CONNECTIONS, REFUSED
from csms.core.pages import Query
from csms.core.ports import IConnections
from csms.core.values import Connection, RefusedAttempt
from csms.testing.contracts.paging import check_pages, check_refusals
from csms.testing.waiting import waits

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS, THEIRS = 1, 2


def attempt(identity: str, reason: str = "unknown_station", minutes: int = 0) -> RefusedAttempt:
    """An attempt that was turned away."""
    at = AT + timedelta(minutes=minutes)
    return RefusedAttempt(
        identity=identity, reason=reason, peer="192.0.2.1", first_at=at, last_at=at, attempts=3
    )


class ConnectionsBench(Protocol):
    """No connections; operators 1 and 2 exist."""

    connections: IConnections

    async def connect(
        self, identity: str, operator_id: int, *, node: str = "n1", minutes: int = 0
    ) -> Connection:
        """A live connection, opened that long after `AT` over OCPP 1.6 from 192.0.2.1, epoch 1,
        of a station made for it."""

    async def disconnect(self, identity: str) -> None:
        """Close the connection of a station."""

    async def refuse(self, attempt: RefusedAttempt) -> None:
        """Turn somebody away."""


class ConnectionsContract:
    """Mixed into a test class that has a fixture ``bench``."""

    @pytest.fixture
    def connections(self, bench: ConnectionsBench) -> IConnections:
        """The port."""
        return bench.connections

    def test_provides(self, connections: IConnections) -> None:
        """It provides the port, with the signatures that the port has."""
        assert verifyObject(IConnections, connections)

    @waits
    async def test_get(self, bench: ConnectionsBench) -> None:
        """A live connection tells where it is and since when."""
        made = await bench.connect("cp-1", OURS)
        got = await bench.connections.get("cp-1", OURS)
        assert got == made
        assert (got.identity, got.epoch, got.node, got.peer) == ("cp-1", 1, "n1", "192.0.2.1")
        assert (got.ocpp_version, got.connected_at, got.last_seen_at) == ("1.6", AT, AT)
        assert got.disconnected_at is None
        assert await bench.connections.get("cp-1") == made

    @waits
    async def test_get_none(self, bench: ConnectionsBench) -> None:
        """A connection that is closed, unknown or another operator's is not found."""
        await bench.connect("cp-1", OURS)
        await bench.connect("cp-2", OURS)
        await bench.disconnect("cp-2")
        for identity, operator_id in (
            ("cp-1", THEIRS),
            ("CP-1", OURS),
            ("cp-2", None),
            ("cp-3", None),
            ("\0", None),
        ):
            with pytest.raises(NotFound):
                await bench.connections.get(identity, operator_id)

    @waits
    async def test_closed(self, bench: ConnectionsBench) -> None:
        """The list holds live connections only."""
        await bench.connect("cp-1", OURS)
        await bench.connect("cp-2", OURS)
        await bench.disconnect("cp-1")
        assert [c.identity for c in (await bench.connections.list(Query())).items] == ["cp-2"]

    async def _populate(self, bench: ConnectionsBench) -> None:
        if (await bench.connections.list(Query(limit=1))).items:
            return
        for number in range(11):
            await bench.connect(
                f"cp-{(number * 7) % 11:02}", OURS, node=f"n{number % 2}", minutes=number // 3
            )
        await bench.connect("zz-1", THEIRS)

    @waits
    async def test_pages(self, bench: ConnectionsBench) -> None:
        """The pages of the list, however sorted, are the whole list."""
        await self._populate(bench)
        await check_pages(lambda q: bench.connections.list(q, OURS), CONNECTIONS, 11)

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({"node": "n0"}, 6),
            ({"ocpp_version": "1.6"}, 11),
            ({"ocpp_version": "2.1"}, 0),
            ({"identity": "cp-1", "node": "n1"}, 1),
            ({"identity": "cp_"}, 0),
        ],
    )
    @waits
    async def test_filters(
        self, bench: ConnectionsBench, filters: dict[str, object], expected: int
    ) -> None:
        """Filters narrow the list, together; an identity is a prefix, taken literally."""
        await self._populate(bench)
        found = await bench.connections.list(Query(filters=filters), OURS)
        assert len(found.items) == expected

    @waits
    async def test_list_of_all(self, bench: ConnectionsBench) -> None:
        """An operator lists its own connections, the server all of them."""
        await self._populate(bench)
        theirs = await bench.connections.list(Query(), THEIRS)
        assert [c.identity for c in theirs.items] == ["zz-1"]
        assert len((await bench.connections.list(Query())).items) == 12
        await check_refusals(bench.connections.list)

    # --- those turned away

    async def _refuse(self, bench: ConnectionsBench) -> None:
        if (await bench.connections.refused(Query(limit=1))).items:
            return
        for number in range(9):
            reason = ("unknown_station", "wrong_credentials", "bad_identity")[number % 3]
            await bench.refuse(attempt(f"x{number // 2}", reason, number // 4))

    @waits
    async def test_refused_pages(self, bench: ConnectionsBench) -> None:
        """The pages of the list, however sorted, are the whole list."""
        await self._refuse(bench)
        await check_pages(bench.connections.refused, REFUSED, 9)

    @waits
    async def test_refused(self, bench: ConnectionsBench) -> None:
        """Attempts come newest first, with all that is known of them; filters narrow them."""
        told = [attempt("b", minutes=1), attempt("a", "bad_identity", 2), attempt("ab", minutes=3)]
        for one in told:
            await bench.refuse(one)
        ask = bench.connections.refused
        assert list((await ask(Query())).items) == [told[2], told[1], told[0]]
        assert (await ask(Query(filters={"reason": "bad_identity"}))).items == (told[1],)
        assert (await ask(Query(filters={"identity": "a"}, sort="identity"))).items == (
            told[1],
            told[2],
        )
        await check_refusals(ask)

    @waits
    async def test_forget_refused(self, bench: ConnectionsBench) -> None:
        """An identity that was adopted is no longer among those turned away."""
        for one in (attempt("a"), attempt("a", "bad_identity"), attempt("ab")):
            await bench.refuse(one)
        await bench.connections.forget_refused("a")
        await bench.connections.forget_refused("nobody\0")
        left = (await bench.connections.refused(Query())).items
        assert [one.identity for one in left] == ["ab"]
