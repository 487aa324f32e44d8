"""What is done for one station that booted: its settings first, then the rest.

Whatever was known of the settings before may have changed while the station was away, by hand or
because it forgot all it had: after a boot they are read, those that are wished and no others.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from msgspec.structs import replace
from twisted.logger import Logger

from csms.core.commands import Reset, ResetKind
from csms.core.errors import Conflict, Refusal, Unavailable
from csms.core.ports import IDeviceModel, IOperations, ISpeech, IStations, IVariables, Variable
from csms.core.ports.provisioning import IProvisioningBook
from csms.core.provisioning.rules import (
    Place,
    alike,
    differing,
    reset_for,
    restarted,
    wishes,
)
from csms.core.provisioning.vocabulary import (
    Boot,
    ItemResult,
    ProvisioningRun,
    StepResult,
    Wish,
)
from csms.core.values import OperationStatus, Station
from csms.core.variables.portions import FEW, Portioned, first_limit
from csms.core.variables.vocabulary import ItemStatus, Wanted
from csms.pipeline.portions import UNANSWERED
from csms.pipeline.variables import bare

ASKED_BY = "provisioning"

Step = Callable[[Boot], Coroutine[Any, Any, None]]
"""What is done for a station that booted; what it raises is noted and stops no other."""


@attrs.frozen
class Found:
    """What a station has of what it should have, by `Wanted.place`."""

    values: Mapping[Place, str]
    pending: Mapping[Place, str]
    """What it accepted for its next boot."""
    unheard: Mapping[Place, tuple[str, str | None]]
    """Of what it did not answer: the status and detail."""

    def must_write(self, wish: Wish, *, differs: bool) -> bool:
        """Whether it has, or will have after its next boot, something else."""
        place = wish.setting.place
        if place in self.unheard:
            return False
        if place in self.pending:
            return not alike(self.pending[place], wish.setting)
        return differs


def values_of(known: Sequence[Variable]) -> tuple[dict[Place, str], dict[Place, str]]:
    """The values that are known, and those that wait for a boot; by `Wanted.place`."""
    values = {each.place: each.value for each in known if each.value is not None}
    pending = {
        each.place: each.pending_value
        for each in known
        if each.reboot_required and each.pending_value is not None
    }
    return values, pending


@attrs.frozen(eq=False, kw_only=True)
class Setup:
    """Everything that follows a boot, for one station; ``steps`` by their names."""

    book: IProvisioningBook
    stations: IStations
    variables: IVariables
    model: IDeviceModel
    operations: IOperations
    speech: ISpeech
    now: Callable[[], datetime]
    steps: Mapping[str, Step]
    _log: Logger = attrs.field(factory=Logger, init=False)

    async def run(self, boot: Boot) -> ProvisioningRun:
        """What came of it; raises `Unavailable` when that should be tried again."""
        before = await self.book.run(boot.station_id)
        run = ProvisioningRun(booted_at=boot.booted_at, started_at=self.now())
        settings, (items, wished) = await self._tried(
            "settings", boot, self._settings(boot), ((), ())
        )
        results = [settings]
        for name, step in self.steps.items():
            result, _ = await self._tried(name, boot, step(boot), None)
            results.append(result)
        kind = reset_for(wished, items, before)
        if kind is not None:
            result, _ = await self._tried("reset", boot, self._reset(boot, kind), None)
            results.append(result)
        again = kind is not None and results[-1].done
        return replace(
            run,
            finished_at=self.now(),
            items=restarted(wished, items, before, again=again),
            steps=tuple(results),
            reset=kind,
        )

    async def _tried(
        self, name: str, boot: Boot, work: Any, otherwise: Any
    ) -> tuple[StepResult, Any]:
        try:
            found = await work
        except Unavailable:
            raise
        except Refusal as refusal:
            return StepResult(name=name, done=False, detail=refusal.detail), otherwise
        except Exception:  # noqa: BLE001 - a bug in one step stops no other
            self._log.failure(
                "{step} after the boot of {station} failed", step=name, station=boot.identity
            )
            return StepResult(name=name, done=False, detail="an error of the server"), otherwise
        return StepResult(name=name, done=True), found

    async def _reset(self, boot: Boot, kind: ResetKind) -> None:
        operation = await self.operations.submit(
            boot.identity, boot.operator_id, Reset(kind=kind), requested_by=ASKED_BY
        )
        refused = operation.status not in (OperationStatus.ACCEPTED, OperationStatus.PENDING)
        if refused and operation.status is not OperationStatus.EXPIRED:  # it may have heard it
            raise Conflict(operation.detail or operation.status.value)

    async def _settings(self, boot: Boot) -> tuple[Sequence[ItemResult], Sequence[Wish]]:
        """Read what is wished, then write what differs."""
        station: Station = await self.stations.get(boot.identity, boot.operator_id)
        components = self.speech.has_components(station.ocpp_version or "")
        profiles = await self.book.all(boot.operator_id)
        wished = wishes(profiles, station, components=components)
        if not wished:
            return (), ()
        found = await self._read(boot, wished, components=components)
        differ = differing(wished, found.values)
        to_write = [wish for wish in wished if found.must_write(wish, differs=wish in differ)]
        if len(to_write) > FEW and components:
            await self._learn(boot, first_limit(Portioned.WRITE, keys=False))
        told: dict[Place, ItemResult] = {}
        if to_write:
            settings = [wish.setting for wish in to_write]
            written = await self.model.write(
                boot.identity, boot.operator_id, settings, requested_by=ASKED_BY
            )
            outcomes = {each.item.place: each for each in written.items}
            for wish in to_write:
                outcome = outcomes.get(wish.setting.place)
                told[wish.setting.place] = ItemResult(
                    setting=wish.setting,
                    profile=wish.profile,
                    status="not_sent" if outcome is None else outcome.status,
                    detail=None if outcome is None else outcome.detail,
                    after=None if outcome is None else outcome.value,
                )
        items = [
            replace(
                told.get(wish.setting.place) or _unwritten(wish, found),
                before=found.values.get(wish.setting.place),
            )
            for wish in wished
        ]
        return items, wished

    async def _read(self, boot: Boot, wished: Sequence[Wish], *, components: bool) -> Found:
        """What the station has; what it did not answer is as it was known."""
        whose = (boot.identity, boot.operator_id)
        if len(wished) > FEW:
            await self._learn(boot, first_limit(Portioned.READ, keys=not components))
        items = [bare(wish.setting) for wish in wished]
        read = await self.model.read(*whose, items, requested_by=ASKED_BY)
        known = await self.variables.known(*whose, [item.key for item in items])
        values, pending = values_of(known)
        unheard = {}
        for each in read.items:
            place = each.item.place
            if each.value is not None:
                values[place] = each.value
            elif each.status in UNANSWERED:
                unheard[place] = (each.status, each.detail)
            else:
                values.pop(place, None)
        return Found(values, pending, unheard)

    async def _learn(self, boot: Boot, name: Wanted) -> None:
        """How much the station takes in a message, unless it is known."""
        whose = (boot.identity, boot.operator_id)
        if not await self.variables.values(*whose, [name.key]):
            await self.model.read(*whose, [name], requested_by=ASKED_BY)


def _unwritten(wish: Wish, found: Found) -> ItemResult:
    """Of a wish that needed no writing, or could not be written."""
    place = wish.setting.place
    status, detail = "same", None
    if place in found.unheard:
        status, detail = found.unheard[place]
    elif place in found.pending:
        status = ItemStatus.REBOOT_REQUIRED.value
    return ItemResult(setting=wish.setting, profile=wish.profile, status=status, detail=detail)
