"""The charging profiles of a charger, and what they do to its power."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import inf
from typing import TYPE_CHECKING

import attrs
from msgspec import structs

from csms.sim.connector import Connector
from csms.sim.profiles import Period, Profile, Purpose, Situation, allowed_w, composite
from csms.sim.tasks import pause

if TYPE_CHECKING:
    from csms.sim.charger import Charger

ROOM = 50
STACK = 20
"""Highest stack level."""
PERIODS = 100
AHEAD = timedelta(days=7)
"""How far the next change is looked for."""
NOTICE_W = 1.0


@attrs.define(eq=False)
class SmartCharging:
    """The profiles of one charger by id."""

    charger: Charger
    profiles: dict[int, Profile] = attrs.field(factory=dict)
    priority: set[str] = attrs.field(factory=set)
    """Sessions with priority (2.1 K22)."""

    def problem(self, profile: Profile) -> str | None:
        """Why a profile cannot be taken; None if it can."""
        if not 0 <= profile.connector < len(self.charger.connectors):
            return "UnknownEvse"
        if profile.stack > STACK or any(len(each.periods) > PERIODS for each in profile.schedules):
            return "TooMany"
        if profile.purpose is Purpose.EXTERNAL:
            return "InvalidProfile"
        if profile.purpose is Purpose.STATION and profile.connector != 0:
            return "InvalidProfile"
        if profile.purpose is Purpose.TRANSACTION:
            connector = self.charger.connectors[profile.connector]
            session = connector.session
            if session is None or not session.known_as(profile.transaction):
                return "TxNotFound"
        if profile.kind == "Recurring" and profile.recurrence is None:
            return "InvalidProfile"
        if any(not each.periods or each.periods[0].start_s != 0 for each in profile.schedules):
            return "InvalidSchedule"
        if any(period.gives_back for each in profile.schedules for period in each.periods):
            return "UnsupportedParam"
        return "TooMany" if len(self.profiles) >= ROOM else None

    def put(self, profile: Profile) -> None:
        """Take a profile; one of the same level, purpose and place is replaced (1.6 §3.13.2)."""
        session = self.charger.connectors[profile.connector].session
        if session is not None and session.known_as(profile.transaction):
            profile = structs.replace(profile, transaction=session.transaction_id)
        for number, each in list(self.profiles.items()):
            if (each.stack, each.purpose, each.connector, each.transaction) == (
                profile.stack,
                profile.purpose,
                profile.connector,
                profile.transaction,
            ):
                del self.profiles[number]
        self.profiles[profile.id] = profile
        self.apply()

    def find(
        self,
        *,
        ids: list[int] | None = None,
        connector: int | None = None,
        purpose: Purpose | None = None,
        stack: int | None = None,
        sources: list[str] | None = None,
    ) -> list[Profile]:
        """The profiles that match everything given."""
        return [
            each
            for each in self.profiles.values()
            if (ids is None or each.id in ids)
            and connector in (None, each.connector)
            and purpose in (None, each.purpose)
            and stack in (None, each.stack)
            and (sources is None or each.source in sources)
        ]

    def remove(self, profiles: list[Profile]) -> bool:
        """Forget profiles; False when there are none."""
        for each in profiles:
            self.profiles.pop(each.id, None)
        self.apply()
        return bool(profiles)

    def update(self, profile_id: int, newest: Period) -> bool:
        """Change the limits of a dynamic profile (2.1 K28); False when there is none, or power
        would have to be given back."""
        found = self.profiles.get(profile_id)
        if found is None or found.kind != "Dynamic" or newest.gives_back:
            return False
        schedule = found.schedules[0]
        period = structs.replace(schedule.periods[0], limit=newest.limit, figures=newest.figures)
        changed = structs.replace(schedule, periods=(period,))
        now = self.charger.presence.time.now()
        self.profiles[profile_id] = structs.replace(found, schedules=(changed,), set_at=now)
        self.apply()
        return True

    def schedule(self, connector_id: int, duration_s: float) -> list[tuple[float, float]]:
        """Offsets in seconds and limits in W; of connector 0 the whole charger's."""
        charger = self.charger
        now = charger.presence.time.now()
        connectors = [
            each for each in charger.connectors.values() if connector_id in (0, each.id) and each.id
        ]
        most = sum(each.power_w for each in connectors)
        if connector_id == 0:
            situation = Situation(connector=0, phases=connectors[0].phases)
            station = [
                each
                for each in self.profiles.values()
                if each.purpose in (Purpose.STATION, Purpose.EXTERNAL)
            ]
            return composite(station, now, duration_s, situation, most)
        situation = self._situation(connectors[0])
        return composite(self.profiles.values(), now, duration_s, situation, most)

    def sessions_changed(self) -> None:
        """A session has begun or ended: its profiles go with it (1.6 §3.13.1)."""
        for number, each in list(self.profiles.items()):
            if each.purpose is Purpose.TRANSACTION and not self._runs(each):
                del self.profiles[number]
        self.priority &= self.charger.equipment.running()
        self.apply()

    def apply(self) -> None:
        """Let the limits of now take effect, and again when they change by themselves."""
        for connector in self.charger.connectors.values():
            if connector.id > 0:
                self._limit(connector)
        next_turn = self._next_turn_s()
        if next_turn is None:
            self.charger.tasks.cancel("profiles")
        else:
            self.charger.tasks.start(self._apply_later(next_turn), "profiles")

    # Inside

    def _runs(self, profile: Profile) -> bool:
        """Whether the transaction of a profile runs; one without id is that of its connector."""
        session = self.charger.connectors[profile.connector].session
        return session is not None and profile.transaction in (None, session.transaction_id)

    def _limit(self, connector: Connector) -> None:
        charger = self.charger
        now = charger.presence.time.now()
        limit = allowed_w(self.profiles.values(), now, self._situation(connector))
        before = connector.offered_w
        if limit == connector.limit_w:
            return
        connector.advance(charger.clock.seconds())
        connector.limit_w = limit
        if abs(connector.offered_w - before) < NOTICE_W:
            return
        shown = "no limit" if limit == inf else f"{limit / 1000:.1f} kW"
        charger.events.note(
            "limited", f"connector {connector.id}: {shown}", connector=connector.id, limit_w=limit
        )
        charger.charging.flow.rate_changed(connector)

    def _situation(self, connector: Connector) -> Situation:
        session = connector.session
        return Situation(
            connector=connector.id,
            phases=connector.phases,
            transaction=None if session is None else session.transaction_id,
            session_start=None if session is None else session.started_at,
            sharing=max(1, len(self.charger.charging.busy())),
            priority=session is not None and session.ref in self.priority,
        )

    def _next_turn_s(self) -> float | None:
        now = self.charger.presence.time.now()
        starts: list[datetime | None] = [
            each.session.started_at for each in self.charger.charging.busy() if each.session
        ]
        turns = [
            turn
            for profile in self.profiles.values()
            for start in (starts or [None])
            for turn in profile.turns(now, now + AHEAD, start)
        ]
        return (min(turns) - now).total_seconds() if turns else None

    async def _apply_later(self, seconds: float) -> None:
        await pause(self.charger.clock, seconds)
        # Later: `apply` puts another task in this one's place.
        self.charger.tasks.start(self._apply_soon())

    async def _apply_soon(self) -> None:
        await pause(self.charger.clock, 0)
        self.apply()
