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

AWAITING_BOOT = f"""
SELECT {_NAMES} FROM variable v
WHERE v.station_id = %s AND v.reboot_required AND v.removed_at IS NULL ORDER BY v.key
"""

INVENTORIED = """
SELECT EXISTS (SELECT FROM inventory i JOIN station s ON s.id = i.station_id
               WHERE i.station_id = %s
                 AND i.firmware_version IS NOT DISTINCT FROM s.firmware_version)
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

    async def awaiting_boot(self, identity: str, operator_id: int) -> Sequence[Wanted]:
        """See `IVariables`."""
        own = await station_id(self._pool, identity, operator_id)
        return await self._pool.many(AWAITING_BOOT, (own,), _wanted)

    async def inventoried(self, identity: str, operator_id: int) -> bool:
        """See `IVariables`."""
        own = await station_id(self._pool, identity, operator_id)
        return await self._pool.one(INVENTORIED, (own,), bool)

    async def prune_history(self, older_than: datetime, limit: int) -> int:
        """See `IVariables`."""
        return await self._pool.execute(PRUNE_HISTORY, (older_than, limit))
