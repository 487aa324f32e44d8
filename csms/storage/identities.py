"""Whose a station is: the door before everything that is kept with it."""

from __future__ import annotations

from csms.core.errors import NotFound
from csms.storage.pool import Pool
from csms.storage.rows import storable

STATION_ID = """
SELECT id FROM station
WHERE identity = %(identity)s AND operator_id = %(operator_id)s AND deleted_at IS NULL
"""


async def station_id(pool: Pool, identity: str, operator_id: int) -> int:
    """The id of an operator's station; raises `NotFound`."""
    found = None
    if storable(identity):
        asked = {"identity": identity, "operator_id": operator_id}
        found = await pool.maybe(STATION_ID, asked, int)
    if found is None:
        raise NotFound("there is no such station")
    return found
