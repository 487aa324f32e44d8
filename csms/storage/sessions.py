"""Charging sessions and their readings, as they are asked for; the ledger writes them."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from csms.core.errors import NotFound
from csms.core.listings import READINGS, SESSIONS, STATION_READINGS
from csms.core.pages import Page, Query
from csms.core.ports import ISessions
from csms.core.values import Numbering, Sample, Session, SessionStatus, StoredReading
from csms.storage.identities import station_id
from csms.storage.lists import Source, page
from csms.storage.pool import Pool
from csms.storage.rows import uuid

_FIELDS = (
    "id",
    "operator_id",
    "station_id",
    "identity",
    "evse_id",
    "connector_id",
    "transaction_ref",
    "named_by_station",
    "start_key",
    "id_token",
    "group_id",
    "authorization",
    "status",
    "started_at",
    "ended_at",
    "meter_start_wh",
    "meter_stop_wh",
    "meter_last_wh",
    "energy_wh",
    "reset_register_wh",
    "reset_energy_wh",
    "power_w",
    "soc_percent",
    "last_reading_at",
    "stop_reason",
    "stop_id_token",
    "operation_id",
    "reservation_ref",
    "charging_state",
    "details",
    "numbering",
    "flags",
    "version",
    "created_at",
    "updated_at",
)
_READING_FIELDS = (
    "station_id",
    "evse_id",
    "session_id",
    "taken_at",
    "received_at",
    "energy_wh",
    "power_w",
    "soc_percent",
    "samples",
)

_EXPRESSIONS = {name: f'x."{name}"' for name in _FIELDS} | {"identity": "s.identity"}
_COLUMNS = ", ".join(_EXPRESSIONS.values())
_TABLES = "session x JOIN station s ON s.id = x.station_id"

SESSION_BY_ID = f"""
SELECT {_COLUMNS} FROM {_TABLES}
WHERE x.id = %(id)s AND x.operator_id = coalesce(%(operator_id)s, x.operator_id)
"""

LIST = Source(
    listing=SESSIONS,
    columns=_COLUMNS,
    tables=_TABLES,
    filters={
        # Also those of a station of that identity that is no more.
        "station": "x.station_id IN (SELECT id FROM station WHERE identity = %s)",
        "status": "x.status = %s",
        "id_token": "upper(x.id_token) = upper(%s)",
        "evse_id": "x.evse_id = %s",
        "transaction_id": "x.transaction_ref = %s",
        "started_from": "x.started_at >= %s",
        "started_to": "x.started_at < %s",
    },
    sorts={name: _EXPRESSIONS[name] for name in SESSIONS.sorts},
    keys=("x.id",),
)

LIST_READINGS = Source(
    listing=READINGS,
    columns=", ".join(_READING_FIELDS),
    tables="reading",
    filters={},
    sorts={"taken_at": "taken_at"},
    keys=("fingerprint",),
)

LIST_STATION_READINGS = Source(
    listing=STATION_READINGS,
    columns=", ".join(_READING_FIELDS),
    tables="reading",
    where="session_id IS NULL",
    filters={
        "evse_id": "evse_id = %s",
        # What is usual is left out of samples.
        "measurand": f"""EXISTS (SELECT FROM jsonb_array_elements(samples) each
            WHERE coalesce(each->>'measurand', '{Sample().measurand}') = %s)""",
        "taken_from": "taken_at >= %s",
        "taken_to": "taken_at < %s",
    },
    sorts={"taken_at": "taken_at"},
    keys=("fingerprint",),
)

_decode_samples = msgspec.json.Decoder(tuple[Sample, ...]).decode
_decode_details = msgspec.json.Decoder(dict[str, object]).decode
_decode_numbering = msgspec.json.Decoder(Numbering).decode


def session(*columns: Any) -> Session:
    """A row of `_FIELDS`."""
    fields = dict(zip(_FIELDS, columns, strict=True))
    fields["status"] = SessionStatus(fields["status"])
    fields["flags"] = tuple(fields["flags"])
    fields["details"] = _decode_details(fields["details"])
    if fields["numbering"] is not None:
        fields["numbering"] = _decode_numbering(fields["numbering"])
    return Session(**fields)


def reading(*columns: Any) -> StoredReading:
    """A row of `_READING_FIELDS`."""
    fields = dict(zip(_READING_FIELDS, columns, strict=True))
    fields["samples"] = _decode_samples(fields["samples"])
    return StoredReading(**fields)


@implementer(ISessions)
@attrs.frozen
class PostgresSessions:
    """`ISessions` in PostgreSQL."""

    _pool: Pool

    async def list(self, query: Query, operator_id: int | None = None) -> Page[Session]:
        """See `ISessions`."""
        own = () if operator_id is None else (("x.operator_id = %s", operator_id),)
        return await page(self._pool, LIST, query, session, *own)

    async def get(self, session_id: str, operator_id: int | None = None) -> Session:
        """See `ISessions`."""
        found = None
        if (key := uuid(session_id)) is not None:
            asked = {"id": key, "operator_id": operator_id}
            found = await self._pool.maybe(SESSION_BY_ID, asked, session)
        if found is None:
            raise NotFound("there is no such session")
        return found

    async def readings(
        self, session_id: str, query: Query, operator_id: int | None = None
    ) -> Page[StoredReading]:
        """See `ISessions`."""
        known = await self.get(session_id, operator_id)
        own = ("session_id = %s::uuid", known.id)
        return await page(self._pool, LIST_READINGS, query, reading, own)

    async def station_readings(
        self, identity: str, query: Query, operator_id: int
    ) -> Page[StoredReading]:
        """See `ISessions`."""
        own = ("station_id = %s", await station_id(self._pool, identity, operator_id))
        return await page(self._pool, LIST_STATION_READINGS, query, reading, own)
