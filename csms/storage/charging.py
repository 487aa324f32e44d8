"""Profiles that stations hold, where sessions rather than stations change them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
from zope.interface import implementer

from csms.core.charging.profiles import ChargingProfile, plain
from csms.core.ports import IProfiles
from csms.storage.identities import station_id
from csms.storage.pool import Pool
from csms.storage.rows import as_json

BEGUN = """
UPDATE holding h
SET content = jsonb_set(h.content, '{profile,transaction_ref}', to_jsonb(s.transaction_ref)),
    evse_id = s.evse_id, updated_at = %(at)s
FROM session s
WHERE s.id = ANY (%(ids)s::uuid[]) AND s.operation_id IS NOT NULL
  AND s.transaction_ref IS NOT NULL
  AND h.station_id = s.station_id AND h.kind = 'charging_profile' AND h.removed_at IS NULL
  AND h.operation_id = s.operation_id
  AND h.content->'profile'->>'purpose' = 'TxProfile'
"""

ENDED = """
UPDATE holding h SET removed_at = %(at)s, updated_at = %(at)s
FROM session s
WHERE s.id = ANY (%(ids)s::uuid[]) AND s.status = 'ended'
  AND h.station_id = s.station_id AND h.removed_at IS NULL
  AND CASE h.kind
      WHEN 'charging_profile' THEN h.content->'profile'->>'purpose' = 'TxProfile'
          AND CASE WHEN h.content->'profile' ? 'transaction_ref'
                   THEN h.content->'profile'->>'transaction_ref' = s.transaction_ref
                   ELSE h.operation_id = s.operation_id END
      WHEN 'priority_charging' THEN h.key = s.transaction_ref
      WHEN 'allowed_energy_transfer' THEN h.key = s.transaction_ref
      WHEN 'display_message' THEN h.content->>'transaction_ref' = s.transaction_ref
      WHEN 'ev_charging_needs' THEN h.content->>'session_id' = s.id::text
      WHEN 'ev_charging_schedule' THEN h.content->>'session_id' = s.id::text
      ELSE false END
"""

FRUITLESS = """
UPDATE holding h SET removed_at = %(at)s, updated_at = %(at)s
FROM operation o
WHERE o.id = ANY (%(ids)s::uuid[]) AND o.session_id IS NULL
  AND h.station_id = o.station_id AND h.kind = 'charging_profile' AND h.removed_at IS NULL
  AND h.operation_id = o.id AND NOT h.content->'profile' ? 'transaction_ref'
"""

AWAITED = """
SELECT s.id::text FROM session s
JOIN holding h ON h.station_id = s.station_id AND h.kind = 'ev_charging_needs'
              AND h.key = s.evse_id::text AND h.removed_at IS NULL
WHERE s.id = ANY (%s::uuid[])
"""

AMEND = """
UPDATE holding
SET content = jsonb_set(content, '{profile}', %(profile)s::jsonb), updated_at = %(at)s
WHERE station_id = %(station_id)s AND kind = 'charging_profile' AND key = %(key)s
  AND removed_at IS NULL
"""


@implementer(IProfiles)
@attrs.frozen
class PostgresProfiles:
    """`IProfiles` in PostgreSQL."""

    _pool: Pool

    async def begun(self, session_ids: Sequence[str], at: datetime) -> None:
        """See `IProfiles`."""
        await self._pool.execute(BEGUN, {"ids": list(session_ids), "at": at})

    async def awaited(self, session_ids: Sequence[str]) -> frozenset[str]:
        """See `IProfiles`."""
        return frozenset(await self._pool.many(AWAITED, (list(session_ids),), str))

    async def ended(self, session_ids: Sequence[str], at: datetime) -> None:
        """See `IProfiles`."""
        await self._pool.execute(ENDED, {"ids": list(session_ids), "at": at})

    async def fruitless(self, operation_ids: Sequence[str], at: datetime) -> None:
        """See `IProfiles`."""
        await self._pool.execute(FRUITLESS, {"ids": list(operation_ids), "at": at})

    async def amend(
        self,
        identity: str,
        operator_id: int,
        profile_id: int,
        profile: ChargingProfile,
        at: datetime,
    ) -> bool:
        """See `IProfiles`."""
        own = await station_id(self._pool, identity, operator_id)
        changed = {
            "station_id": own,
            "key": str(profile_id),
            "profile": as_json(plain(profile)),
            "at": at,
        }
        return await self._pool.execute(AMEND, changed) > 0
