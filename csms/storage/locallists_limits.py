"""What stations said of the lists and reservations they take, under OCPP's own names."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from zope.interface import implementer

from csms.core.locallists.vocabulary import ListLimits
from csms.core.ports.locallists import IListLimits
from csms.storage.pool import Pool

# The settings of 1.6 have no component.
SETTINGS = """
SELECT lower(coalesce(component || '.', '') || variable), value, max_limit FROM variable
WHERE station_id = %(station_id)s AND attribute = 'Actual' AND removed_at IS NULL
  AND lower(coalesce(component || '.', '') || variable) = ANY (%(names)s)
"""

_ITEMS = (
    "localauthlistctrlr.itemspermessage",
    "localauthlistctrlr.itemspermessagesendlocallist",
    "sendlocallistmaxlength",
)
_SIZE = ("localauthlistctrlr.bytespermessage", "localauthlistctrlr.bytespermessagesendlocallist")
_ENTRIES = ("localauthlistmaxlength",)
_ENTRIES_LIMIT = ("localauthlistctrlr.entries",)
_ANY = ("reservationctrlr.nonevsespecific", "reserveconnectorzerosupported")

_TRUTHS = {"true": True, "1": True, "false": False, "0": False}

_Row = tuple[str | None, float | None]


def _setting(name: str, value: str | None, limit: float | None) -> tuple[str, _Row]:
    return name, (value, limit)


@implementer(IListLimits)
@attrs.frozen
class PostgresListLimits:
    """`IListLimits` from the device model."""

    _pool: Pool

    async def of_list(self, station_id: int) -> ListLimits:
        """See `IListLimits`."""
        found = await self._settings(station_id, (*_ITEMS, *_SIZE, *_ENTRIES, *_ENTRIES_LIMIT))
        limits = [found[name][1] for name in _ENTRIES_LIMIT if name in found]
        most = next((int(limit) for limit in limits if limit is not None and limit > 0), None)
        return ListLimits(
            items=_number(found, _ITEMS),
            size_bytes=_number(found, _SIZE),
            entries=most or _number(found, _ENTRIES),
        )

    async def reserves_any(self, station_id: int) -> bool | None:
        """See `IListLimits`."""
        found = await self._settings(station_id, _ANY)
        words = (str(value).strip().lower() for value, _ in found.values())
        return next((_TRUTHS[word] for word in words if word in _TRUTHS), None)

    async def _settings(self, station_id: int, names: tuple[str, ...]) -> Mapping[str, _Row]:
        asked = {"station_id": station_id, "names": list(names)}
        return dict(await self._pool.many(SETTINGS, asked, _setting))


def _number(found: Mapping[str, _Row], names: tuple[str, ...]) -> int | None:
    """The first of the settings that is a number one can go by."""
    for name in names:
        value = (found[name][0] or "").strip() if name in found else ""
        if value.isascii() and value.isdigit() and int(value[:9]) > 0:
            return int(value[:9])
    return None
