"""Device models of stations: variables, configuration keys, and their history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from zope.interface import implementer

from csms.core.listings import VARIABLE_CHANGES, VARIABLES
from csms.core.pages import Page, Query
from csms.core.ports import IVariables, Variable, VariableChange
from csms.core.variables.inventory import Inventoried
from csms.core.variables.vocabulary import Attribute, Mutability, Wanted
from csms.storage.identities import station_id
from csms.storage.lists import Source, page
from csms.storage.pool import Pool

_NAME = (
    "component",
    "component_instance",
    "evse_id",
    "connector_id",
    "variable",
    "variable_instance",
    "attribute",
)
_FIELDS = (
    *_NAME,
    "value",
    "mutability",
    "persistent",
    "constant",
    "data_type",
    "unit",
    "min_limit",
    "max_limit",
    "max_elements",
    "values_list",
    "supports_monitoring",
    "id",
    "reboot_required",
    "pending_value",
    "reported_at",
    "changed_at",
    "removed_at",
)
_CHANGE_FIELDS = (*_NAME, "id", "old", "new", "how", "operation_id", "at")
_NAMES = ", ".join(f"v.{name}" for name in _NAME)

_FILTERS = {
    "component": "lower(v.component) = lower(%s)",
    "variable": "lower(v.variable) = lower(%s)",
}

LIST = Source(
    listing=VARIABLES,
    columns=", ".join(f"v.{name}" for name in _FIELDS),
    tables="variable v",
    filters={
        **_FILTERS,
        "evse_id": "v.evse_id = %s",
        "attribute": "v.attribute = %s",
        "removed": "(v.removed_at IS NOT NULL) = %s",
    },
    sorts={
        "name": "v.key",
        "reported_at": "v.reported_at",
        "changed_at": "v.changed_at",
    },
    keys=("v.id",),
)

HISTORY = Source(
    listing=VARIABLE_CHANGES,
    columns=f"{_NAMES}, h.id, h.old, h.new, h.how, h.operation_id::text, h.at",
    tables="variable_history h JOIN variable v ON v.id = h.variable_id",
    filters={**_FILTERS, "at_from": "h.at >= %s", "at_to": "h.at < %s"},
    sorts={"at": "h.at"},
    keys=("h.id",),
)

VALUES = """
SELECT key, value FROM variable
WHERE station_id = %s AND attribute = 'Actual' AND key = ANY (%s)
  AND value IS NOT NULL AND removed_at IS NULL
"""

KNOWN = f"""
SELECT {LIST.columns} FROM variable v
WHERE v.station_id = %s AND v.key = ANY (%s) AND v.removed_at IS NULL
"""

AWAITING_BOOT = f"""
SELECT {_NAMES} FROM variable v JOIN station s ON s.id = v.station_id
WHERE v.station_id = %s AND v.reboot_required AND v.removed_at IS NULL
  AND s.booted_at > v.pending_at ORDER BY v.key
"""

INVENTORY = """
SELECT i.station_id IS NOT NULL, coalesce(a.asks, 0), a.asked_at
FROM station s
LEFT JOIN inventory i ON i.station_id = s.id
    AND (i.firmware_version, i.ocpp_version)
        IS NOT DISTINCT FROM (s.firmware_version, s.ocpp_version)
LEFT JOIN inventory_ask a ON a.station_id = s.id
    AND (a.firmware_version, a.ocpp_version)
        IS NOT DISTINCT FROM (s.firmware_version, s.ocpp_version)
WHERE s.id = %s
"""

NOTE_INVENTORY_ASKED = """
INSERT INTO inventory_ask AS held (
    station_id, operator_id, firmware_version, ocpp_version, asks, asked_at)
SELECT id, operator_id, firmware_version, ocpp_version, 1, %s FROM station WHERE id = %s
ON CONFLICT (station_id) DO UPDATE SET
    asks = 1 + CASE WHEN (held.firmware_version, held.ocpp_version)
                         IS NOT DISTINCT FROM (excluded.firmware_version, excluded.ocpp_version)
                    THEN held.asks ELSE 0 END,
    firmware_version = excluded.firmware_version, ocpp_version = excluded.ocpp_version,
    asked_at = excluded.asked_at
"""

PRUNE_HISTORY = """
DELETE FROM variable_history
WHERE id IN (SELECT id FROM variable_history WHERE at < %s ORDER BY at LIMIT %s)
"""


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "attribute": Attribute(fields["attribute"])}


def _variable(*columns: Any) -> Variable:
    fields = _named(dict(zip(_FIELDS, columns, strict=True)))
    if fields["mutability"] is not None:
        fields["mutability"] = Mutability(fields["mutability"])
    return Variable(**fields)


def _change(*columns: Any) -> VariableChange:
    return VariableChange(**_named(dict(zip(_CHANGE_FIELDS, columns, strict=True))))


def _wanted(*columns: Any) -> Wanted:
    return Wanted(**_named(dict(zip(_NAME, columns, strict=True))))


def _pair(key: str, value: str) -> tuple[str, str]:
    return key, value


@implementer(IVariables)
@attrs.frozen
class PostgresVariables:
    """`IVariables` in PostgreSQL."""

    _pool: Pool

    async def list(self, query: Query, identity: str, operator_id: int) -> Page[Variable]:
        """See `IVariables`."""
        own = await station_id(self._pool, identity, operator_id)
        conditions: list[tuple[str, object]] = [("v.station_id = %s", own)]
        if "removed" not in query.filters:
            conditions.append((LIST.filters["removed"], False))
        return await page(self._pool, LIST, query, _variable, *conditions)

    async def history(self, query: Query, identity: str, operator_id: int) -> Page[VariableChange]:
        """See `IVariables`."""
        own = await station_id(self._pool, identity, operator_id)
        return await page(self._pool, HISTORY, query, _change, ("h.station_id = %s", own))

    async def values(
        self, identity: str, operator_id: int, keys: Sequence[str]
    ) -> Mapping[str, str]:
        """See `IVariables`."""
        own = await station_id(self._pool, identity, operator_id)
        return dict(await self._pool.many(VALUES, (own, [*keys]), _pair))

    async def known(
        self, identity: str, operator_id: int, keys: Sequence[str]
    ) -> Sequence[Variable]:
        """See `IVariables`."""
        own = await station_id(self._pool, identity, operator_id)
        return await self._pool.many(KNOWN, (own, [*keys]), _variable)

    async def awaiting_boot(self, identity: str, operator_id: int) -> Sequence[Wanted]:
        """See `IVariables`."""
        own = await station_id(self._pool, identity, operator_id)
        return await self._pool.many(AWAITING_BOOT, (own,), _wanted)

    async def inventory(self, identity: str, operator_id: int) -> Inventoried:
        """See `IVariables`."""
        own = await station_id(self._pool, identity, operator_id)
        return await self._pool.one(INVENTORY, (own,), Inventoried)

    async def inventory_asked(self, identity: str, operator_id: int, at: datetime) -> None:
        """See `IVariables`."""
        own = await station_id(self._pool, identity, operator_id)
        await self._pool.execute(NOTE_INVENTORY_ASKED, (at, own))

    async def prune_history(self, older_than: datetime, limit: int) -> int:
        """See `IVariables`."""
        return await self._pool.execute(PRUNE_HISTORY, (older_than, limit))
