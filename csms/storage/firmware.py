"""The book of firmware updates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from csms.core.errors import NotFound
from csms.core.firmware.vocabulary import (
    FIRMWARE_UPDATES,
    FirmwareUpdate,
    Step,
    UpdateFirmware,
)
from csms.core.operations import without_userinfo
from csms.core.pages import Page, Query
from csms.core.ports.firmware import IFirmwareBook
from csms.core.values import Station
from csms.storage.identities import station_id
from csms.storage.lists import Source, page
from csms.storage.pool import Pool

_FIELDS = (
    "number",
    "identity",
    "operator_id",
    "status",
    "detail",
    "operation_id",
    "location",
    "retrieve_at",
    "install_at",
    "signing_certificate",
    "signature",
    "retries",
    "retry_interval_s",
    "expected_version",
    "version_before",
    "version_after",
    "history",
    "created_at",
    "updated_at",
    "ended_at",
    "confirmed_at",
)

# Operations that time settled, or that were never sent, had no answer to tell the job of.
_STATUS = """
CASE WHEN f.status <> 'Requested' THEN f.status
     WHEN o.status IN ('unreachable', 'expired', 'unsupported', 'rejected') THEN initcap(o.status)
     WHEN o.id IS NULL AND f.created_at < now() - interval '1 day' THEN 'Expired'
     ELSE f.status END
"""

_EXPRESSIONS = {name: f"f.{name}" for name in _FIELDS} | {
    "identity": "s.identity",
    "status": _STATUS,
    "operation_id": "o.id",
}
_COLUMNS = ", ".join(_EXPRESSIONS.values())
_TABLES = """
firmware_update f JOIN station s ON s.id = f.station_id
LEFT JOIN LATERAL (SELECT id, status FROM operation
                   WHERE station_id = f.station_id AND ref = f.number
                   ORDER BY created_at DESC LIMIT 1) o ON true
"""

RECORD = """
INSERT INTO firmware_update (station_id, number, operator_id, status, location, retrieve_at,
                             install_at, signing_certificate, signature, retries,
                             retry_interval_s, expected_version, version_before, created_at,
                             updated_at)
VALUES (%(station_id)s, %(number)s, %(operator_id)s, 'Requested', %(location)s, %(retrieve_at)s,
        %(install_at)s, %(signing_certificate)s, %(signature)s, %(retries)s,
        %(retry_interval_s)s, %(expected_version)s, %(version_before)s, %(at)s, %(at)s)
"""

CLOSE = """
UPDATE firmware_update SET
    status = %(status)s, detail = %(detail)s, updated_at = %(at)s, ended_at = %(at)s,
    history = history || jsonb_build_object('status', %(status)s::text, 'at', %(at)s::timestamptz,
                                            'detail', %(detail)s::text)
WHERE station_id = %(station_id)s AND number = %(number)s AND status = 'Requested'
"""

DISCARD = """
DELETE FROM firmware_update WHERE station_id = %s AND number = %s AND status = 'Requested'
"""

PRUNE = """
DELETE FROM firmware_update WHERE (station_id, number) IN (
    SELECT station_id, number FROM firmware_update WHERE updated_at < %s
    ORDER BY updated_at LIMIT %s)
"""

UPDATE_OF_NUMBER = f"""
SELECT {_COLUMNS} FROM {_TABLES} WHERE f.station_id = %s AND f.number = %s
"""

LIST = Source(
    listing=FIRMWARE_UPDATES,
    columns=_COLUMNS,
    tables=_TABLES,
    filters={"status": f"({_STATUS}) = %s"},
    sorts={name: f"f.{name}" for name in FIRMWARE_UPDATES.sorts},
    keys=("f.number",),
)

_history = msgspec.json.Decoder(tuple[Step, ...]).decode


def _update(*columns: Any) -> FirmwareUpdate:
    fields = dict(zip(_FIELDS, columns, strict=True))
    fields["history"] = _history(fields["history"])
    return FirmwareUpdate(**fields)


@implementer(IFirmwareBook)
@attrs.frozen
class PostgresFirmware:
    """`IFirmwareBook` in PostgreSQL."""

    _pool: Pool

    async def record(
        self, station: Station, command: UpdateFirmware, expected_version: str | None, at: datetime
    ) -> None:
        """See `IFirmwareBook`."""
        values = {
            **msgspec.structs.asdict(command),
            "location": without_userinfo(command.location),
            "station_id": station.id,
            "operator_id": station.operator_id,
            "number": command.ref,
            "expected_version": expected_version,
            "version_before": station.firmware_version,
            "at": at,
        }
        await self._pool.execute(RECORD, values)

    async def close(
        self, station_id: int, number: int, status: str, detail: str | None, at: datetime
    ) -> None:
        """See `IFirmwareBook`."""
        values = {
            "station_id": station_id,
            "number": number,
            "status": status,
            "detail": detail,
            "at": at,
        }
        await self._pool.execute(CLOSE, values)

    async def discard(self, station_id: int, number: int) -> None:
        """See `IFirmwareBook`."""
        await self._pool.execute(DISCARD, (station_id, number))

    async def list(self, query: Query, identity: str, operator_id: int) -> Page[FirmwareUpdate]:
        """See `IFirmwareBook`."""
        own = await station_id(self._pool, identity, operator_id)
        return await page(self._pool, LIST, query, _update, ("f.station_id = %s", own))

    async def get(self, identity: str, operator_id: int, number: int) -> FirmwareUpdate:
        """See `IFirmwareBook`."""
        own = await station_id(self._pool, identity, operator_id)
        found = await self._pool.maybe(UPDATE_OF_NUMBER, (own, number), _update)
        if found is None:
            raise NotFound("there is no such firmware update")
        return found

    async def prune(self, older_than: datetime, limit: int) -> int:
        """See `IFirmwareBook`."""
        return await self._pool.execute(PRUNE, (older_than, limit))
