"""Provisioning profiles, and the stations that are to be set up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from csms.core.commands import ResetKind
from csms.core.errors import NotFound
from csms.core.pages import Page, Query
from csms.core.ports.provisioning import IProvisioningBook
from csms.core.provisioning.vocabulary import (
    PROVISIONING_PROFILES,
    Boot,
    ProvisioningProfile,
    ProvisioningRun,
)
from csms.core.variables.vocabulary import Setting
from csms.storage.lists import Source, page
from csms.storage.pool import Pool
from csms.storage.rows import as_json, storable

_FIELDS = (
    "name",
    "operator_id",
    "identity",
    "vendor",
    "model",
    "priority",
    "settings",
    "reset",
    "note",
    "created_at",
    "updated_at",
)
_COLUMNS = ", ".join(_FIELDS)

PROFILES_OF_OPERATOR = f"""
SELECT {_COLUMNS} FROM provisioning_profile WHERE operator_id = %s ORDER BY name
"""

PROFILE_OF_NAME = f"""
SELECT {_COLUMNS} FROM provisioning_profile WHERE operator_id = %s AND name = %s
"""

PUT_PROFILE = f"""
INSERT INTO provisioning_profile (operator_id, name, identity, vendor, model, priority, settings,
                                  reset, note)
VALUES (%(operator_id)s, %(name)s, %(identity)s, %(vendor)s, %(model)s, %(priority)s,
        %(settings)s, %(reset)s, %(note)s)
ON CONFLICT (operator_id, name) DO UPDATE SET
    identity = excluded.identity, vendor = excluded.vendor, model = excluded.model,
    priority = excluded.priority, settings = excluded.settings, reset = excluded.reset,
    note = excluded.note, updated_at = now()
RETURNING xmax = 0, {_COLUMNS}
"""

DELETE_PROFILE = "DELETE FROM provisioning_profile WHERE operator_id = %s AND name = %s"

NOTE_BOOTS = """
INSERT INTO provisioning_run AS known (station_id, operator_id, booted_at, due_at)
SELECT DISTINCT ON (q.station_id) q.station_id, s.operator_id, q.booted_at, q.due_at
FROM jsonb_to_recordset(%s::jsonb) AS q(
    station_id bigint, booted_at timestamptz, due_at timestamptz)
JOIN station s ON s.id = q.station_id
ORDER BY q.station_id, q.booted_at DESC
ON CONFLICT (station_id) DO UPDATE SET booted_at = excluded.booted_at, due_at = excluded.due_at
WHERE known.booted_at < excluded.booted_at
"""

BOOTS_DUE = """
SELECT p.station_id, s.identity, s.operator_id, p.booted_at
FROM provisioning_run p JOIN station s ON s.id = p.station_id
WHERE p.due_at <= %s AND s.deleted_at IS NULL ORDER BY p.due_at LIMIT %s
"""

RUN_OF_STATION = "SELECT run FROM provisioning_run WHERE station_id = %s AND run IS NOT NULL"

FINISH = """
UPDATE provisioning_run SET
    run = %(run)s, due_at = CASE WHEN booted_at > %(booted_at)s THEN due_at END
WHERE station_id = %(station_id)s
"""

LIST = Source(
    listing=PROVISIONING_PROFILES,
    columns=_COLUMNS,
    tables="provisioning_profile",
    filters={"name": "starts_with(name, %s)"},
    sorts={name: name for name in PROVISIONING_PROFILES.sorts},
    keys=("name",),
)

_settings = msgspec.json.Decoder(tuple[Setting, ...]).decode
_run = msgspec.json.Decoder(ProvisioningRun).decode


def _profile(*columns: Any) -> ProvisioningProfile:
    fields = dict(zip(_FIELDS, columns, strict=True))
    fields["settings"] = _settings(fields["settings"])
    fields["reset"] = None if fields["reset"] is None else ResetKind(fields["reset"])
    return ProvisioningProfile(**fields)


def _put(created: bool, *columns: Any) -> tuple[ProvisioningProfile, bool]:
    return _profile(*columns), created


def _boot(station_id: int, identity: str, operator_id: int, booted_at: datetime) -> Boot:
    return Boot(
        station_id=station_id, identity=identity, operator_id=operator_id, booted_at=booted_at
    )


@implementer(IProvisioningBook)
@attrs.frozen
class PostgresProvisioning:
    """`IProvisioningBook` in PostgreSQL."""

    _pool: Pool

    async def list(self, query: Query, operator_id: int) -> Page[ProvisioningProfile]:
        """See `IProvisioningBook`."""
        return await page(self._pool, LIST, query, _profile, ("operator_id = %s", operator_id))

    async def all(self, operator_id: int) -> Sequence[ProvisioningProfile]:
        """See `IProvisioningBook`."""
        return await self._pool.many(PROFILES_OF_OPERATOR, (operator_id,), _profile)

    async def get(self, name: str, operator_id: int) -> ProvisioningProfile:
        """See `IProvisioningBook`."""
        found = None
        if storable(name):
            found = await self._pool.maybe(PROFILE_OF_NAME, (operator_id, name), _profile)
        if found is None:
            raise NotFound("there is no such profile")
        return found

    async def put(self, profile: ProvisioningProfile) -> tuple[ProvisioningProfile, bool]:
        """See `IProvisioningBook`."""
        values = msgspec.structs.asdict(profile)
        values["settings"] = as_json(profile.settings)
        values["reset"] = None if profile.reset is None else profile.reset.value
        return await self._pool.one(PUT_PROFILE, values, _put)

    async def delete(self, name: str, operator_id: int) -> None:
        """See `IProvisioningBook`."""
        if not storable(name) or not await self._pool.execute(DELETE_PROFILE, (operator_id, name)):
            raise NotFound("there is no such profile")

    async def note(self, boots: Sequence[Boot], due_at: Sequence[datetime]) -> None:
        """See `IProvisioningBook`."""
        rows = [
            {"station_id": boot.station_id, "booted_at": boot.booted_at, "due_at": due}
            for boot, due in zip(boots, due_at, strict=True)
        ]
        await self._pool.execute(NOTE_BOOTS, (as_json(rows),))

    async def due(self, now: datetime, limit: int) -> Sequence[Boot]:
        """See `IProvisioningBook`."""
        return await self._pool.many(BOOTS_DUE, (now, limit), _boot)

    async def run(self, station_id: int) -> ProvisioningRun | None:
        """See `IProvisioningBook`."""
        return await self._pool.maybe(RUN_OF_STATION, (station_id,), _run)

    async def finish(self, station_id: int, run: ProvisioningRun) -> None:
        """See `IProvisioningBook`."""
        values = {"station_id": station_id, "run": as_json(run), "booted_at": run.booted_at}
        await self._pool.execute(FINISH, values)
