"""What sessions and vehicles lead to in smart charging, after it was committed."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from twisted.logger import Logger
from zope.interface import implementer

from csms.core.charging import vocabulary as v
from csms.core.charging.needs import FRESH, offered
from csms.core.charging.profiles import PROFILE, Purpose, profile_of
from csms.core.charging.scene import installed
from csms.core.errors import NotFound, Refusal
from csms.core.events import Event
from csms.core.holdings import Holding
from csms.core.ports import (
    ISubscriber,
    ITasks,
)
from csms.pipeline.charging import Charging, known_power_w


@implementer(ISubscriber)
@attrs.frozen(eq=False)
class ChargingFollower:
    """Keeps profiles in step with sessions, sends vehicles the profiles they were promised, and
    stations those of sessions that they resume.

    A vehicle waits a minute for its profile (2.x K15.FR.08); one that could not be sent by then
    is not sent.
    """

    charging: Charging
    tasks: ITasks
    frequent: bool = attrs.field(default=False, init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    async def receive(self, events: Sequence[Event]) -> None:
        """See `ISubscriber.receive`."""
        begun = [each for each in events if each.kind == "session.started" and each.session_id]
        asked_for = [str(each.session_id) for each in begun if each.data.get("operation_id")]
        ended = [each.session_id for each in events if each.kind == "session.ended"]
        fruitless = [
            str(each.data.get("operation_id"))
            for each in events
            if each.kind == "operation.expired" and each.data.get("action") == "remote_start"
        ]
        at = self.charging.now()
        if asked_for:
            await self.charging.profiles.begun(asked_for, at)
        if over := [session_id for session_id in ended if session_id]:
            await self.charging.profiles.ended(over, at)
        if fruitless:
            await self.charging.profiles.fruitless(fruitless, at)
        fresh = [event for event in events if at - event.at < FRESH]
        started = [str(each.session_id) for each in fresh if each.kind == "session.started"]
        awaited = await self.charging.profiles.awaited(started) if started else frozenset()
        for event in fresh:
            self._follow(event, awaited)

    def _follow(self, event: Event, awaited: frozenset[str]) -> None:
        """Sending waits for the station, which what else happened must not."""
        match event.kind, event.data:
            case "session.started", _ if event.session_id in awaited:
                work = self._offer(event, waiting=True)
            case "session.ev_needs", {"answer": "Accepted"}:
                work = self._offer(event, waiting=False)
            case "session.resumed", _:
                work = self._restore(event)
            case "session.ev_schedule", {"again": True, "profile_id": int(profile_id)}:
                work = self._again(event, profile_id)
            case _:
                return
        self.tasks.spawn(work, "sending profiles", station=event.identity)

    async def _offer(self, event: Event, *, waiting: bool) -> None:
        """Send what a vehicle is offered; ``waiting``: if it waits for its session to begin."""
        try:
            session = await self.charging.sessions.get(event.session_id or "", event.operator_id)
            needs = await self.charging.holdings.get(
                event.identity, event.operator_id, v.NEEDS, str(session.evse_id)
            )
        except NotFound:
            return
        if session.transaction_ref is None or not self._awaited(needs, waiting=waiting):
            return
        told, tuples = needs.content.get("needs"), needs.content.get("max_tuples")
        station = await self.charging.stations.get(event.identity, event.operator_id)
        profile = offered(
            told if isinstance(told, dict) else {},
            await self.charging.scene(event.identity, event.operator_id),
            session.evse_id,
            session.transaction_ref,
            self.charging.now(),
            evse_max_w=known_power_w(
                [each.max_power_w for each in station.connectors if each.evse_id == session.evse_id]
            ),
            max_tuples=tuples if isinstance(tuples, int) else None,
        )
        if profile is None:
            self._log.warn(
                "nothing is known that bounds what a vehicle may draw, so it is sent no profile",
                station=event.identity,
                session=session.id,
            )
            return
        profile = await self.charging.named(event.identity, event.operator_id, profile)
        command = v.SetProfile(evse_id=session.evse_id, profile=profile)
        await self._send(event, command, session.id)

    def _awaited(self, needs: Holding, *, waiting: bool) -> bool:
        status = "Processing" if waiting else "Accepted"
        return (
            needs.content.get("answer") == status and self.charging.now() - needs.updated_at < FRESH
        )

    async def _again(self, event: Event, profile_id: int) -> None:
        """Send a vehicle its profile once more, for it means to exceed it (K16.FR.11)."""
        try:
            held = await self.charging.holdings.get(
                event.identity, event.operator_id, PROFILE, str(profile_id)
            )
        except NotFound:
            return
        profile = profile_of(held.content)
        if profile is not None:
            command = v.SetProfile(evse_id=held.evse_id or 0, profile=profile)
            await self._send(event, command, event.session_id)

    async def _restore(self, event: Event) -> None:
        """Send the profiles of a session once more that we gave it, for the station may have
        lost them when it was interrupted (2.1 E17.FR.15)."""
        transaction_ref = event.data.get("transaction_ref")
        held = await self.charging.holdings.list(event.identity, event.operator_id, PROFILE)
        for each in installed(each for each in held if each.origin == "set"):
            own = each.profile.transaction_ref == transaction_ref
            if own and each.profile.purpose is Purpose.TX:
                command = v.SetProfile(evse_id=each.evse_id, profile=each.profile)
                await self._send(event, command, event.session_id)

    async def _send(self, event: Event, command: v.SetProfile, session_id: str | None) -> None:
        try:
            await self.charging.operations.submit(
                event.identity,
                event.operator_id,
                command,
                requested_by="charging",
                session_id=session_id,
            )
        except Refusal as refusal:
            self._log.warn(
                "a session's profile could not be sent: {detail}",
                detail=refusal.detail,
                station=event.identity,
                session=session_id,
            )
