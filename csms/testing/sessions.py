"""Charging sessions in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count

import attrs
from zope.interface import implementer

from csms.core.errors import NotFound
from csms.core.listings import READINGS, SESSIONS, STATION_READINGS, Listing
from csms.core.pages import Page, Query
from csms.core.paging import page
from csms.core.ports import ISessions
from csms.core.values import Session, StoredReading


def _station(session: Session, value: object) -> bool:
    return session.identity == value


def _token(session: Session, value: object) -> bool:
    return session.id_token is not None and session.id_token.upper() == str(value).upper()


def _from(session: Session, value: object) -> bool:
    return isinstance(value, datetime) and session.started_at >= value


def _to(session: Session, value: object) -> bool:
    return isinstance(value, datetime) and session.started_at < value


def _transaction(session: Session, value: object) -> bool:
    return session.transaction_ref == value


_TESTS = {
    "station": _station,
    "id_token": _token,
    "transaction_id": _transaction,
    "started_from": _from,
    "started_to": _to,
}


_Entry = tuple[int, StoredReading]


def _measures(entry: _Entry, value: object) -> bool:
    return any(sample.measurand == value for sample in entry[1].samples)


def _taken_from(entry: _Entry, value: object) -> bool:
    return isinstance(value, datetime) and entry[1].taken_at >= value


def _taken_to(entry: _Entry, value: object) -> bool:
    return isinstance(value, datetime) and entry[1].taken_at < value


_READING_TESTS = {
    "evse_id": lambda entry, value: entry[1].evse_id == value,
    "measurand": _measures,
    "taken_from": _taken_from,
    "taken_to": _taken_to,
}


@implementer(ISessions)
@attrs.define
class MemorySessions:
    """`ISessions` over dictionaries; seeded by `seed` and `seed_reading`."""

    now: Callable[[], datetime]
    _sessions: dict[str, Session] = attrs.field(factory=dict, init=False)
    _readings: list[tuple[int, StoredReading]] = attrs.field(factory=list, init=False)
    _stations: dict[tuple[str, int], int] = attrs.field(factory=dict, init=False)
    _numbers: count[int] = attrs.field(factory=count, init=False)

    def seed(self, session: Session) -> Session:
        """Put a session, which replaces the one of the same id (a UUID)."""
        self._sessions[session.id] = session
        return session

    def seed_reading(self, reading: StoredReading) -> StoredReading:
        """Put a reading."""
        self._readings.append((next(self._numbers), reading))
        return reading

    def seed_station(self, identity: str, station_id: int, operator_id: int) -> None:
        """There is a station, whose readings can be asked for."""
        self._stations[identity, operator_id] = station_id

    async def list(self, query: Query, operator_id: int | None = None) -> Page[Session]:
        """See `ISessions`."""
        return page(
            SESSIONS,
            query,
            [session for session in self._sessions.values() if _of(session, operator_id)],
            key=lambda session: (session.id,),
            tests=_TESTS,
        )

    async def get(self, session_id: str, operator_id: int | None = None) -> Session:
        """See `ISessions`."""
        session = self._sessions.get(session_id.lower())
        if session is None or not _of(session, operator_id):
            raise NotFound("there is no such session")
        return session

    async def readings(
        self, session_id: str, query: Query, operator_id: int | None = None
    ) -> Page[StoredReading]:
        """See `ISessions`."""
        session = await self.get(session_id, operator_id)
        return self._page(READINGS, query, lambda reading: reading.session_id == session.id)

    async def station_readings(
        self, identity: str, query: Query, operator_id: int
    ) -> Page[StoredReading]:
        """See `ISessions`."""
        station_id = self._stations.get((identity, operator_id))
        if station_id is None:
            raise NotFound("there is no such station")
        return self._page(
            STATION_READINGS,
            query,
            lambda reading: reading.session_id is None and reading.station_id == station_id,
        )

    def _page(
        self, listing: Listing, query: Query, mine: Callable[[StoredReading], bool]
    ) -> Page[StoredReading]:
        found = page(
            listing,
            query,
            [entry for entry in self._readings if mine(entry[1])],
            key=lambda entry: (entry[0],),
            tests=_READING_TESTS,
            values={"taken_at": lambda entry: entry[1].taken_at},
        )
        return Page(tuple(reading for _, reading in found.items), found.next_cursor)


def _of(session: Session, operator_id: int | None) -> bool:
    return operator_id in (None, session.operator_id)
