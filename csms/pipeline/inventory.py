"""What stations are made of: asked for when they have booted, as far as it is not known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs

from csms.core.commands import Command
from csms.core.monitoring.vocabulary import MONITOR, RequestMonitoringReport
from csms.core.ports import IDeviceModel, IHoldings, IOperations, ISpeech, IStations, IVariables
from csms.core.values import Operation, OperationStatus
from csms.core.variables.inventory import CONFIGURATION, wanted_now
from csms.core.variables.vocabulary import ReadVariables, ReportBase, RequestReport
from csms.pipeline.portions import UNANSWERED

AFTER_BOOT = "csms:after-boot"
"""Who asks, as it is kept with the operation."""

_WHOLE: tuple[Command, ...] = (RequestReport(base=ReportBase.FULL), ReadVariables())
"""How stations are asked for all they are made of; each version knows one of the two."""


@attrs.define(eq=False, kw_only=True)
class Inventory:
    """Keeps what is known of a device model true."""

    operations: IOperations
    variables: IVariables
    model: IDeviceModel
    stations: IStations
    holdings: IHoldings
    speech: ISpeech
    now: Callable[[], datetime]

    async def refresh(self, identity: str, operator_id: int) -> None:
        """To be called when a station has booted and may be asked things.

        One whose device model (2.x B07) or configuration (1.6 §5.8) is not known, or is that of
        another firmware, is asked for all of it, see `wanted_now`; settings that waited for this
        boot are read; and since the numbers of monitors may have changed (N04.FR.19), they are
        asked for where there are any.  Refusals are the caller's to log.
        """
        station = await self.stations.get(identity, operator_id)
        version = station.ocpp_version or ""
        whole = next((each for each in _WHOLE if self.speech.check(version, each) is None), None)
        if whole is not None:
            await self._whole(identity, operator_id, whole)
        monitors = RequestMonitoringReport()
        if self.speech.check(version, monitors) is None and await self.holdings.list(
            identity, operator_id, MONITOR
        ):
            await self._ask(identity, operator_id, monitors)
        waiting = await self.variables.awaiting_boot(identity, operator_id)
        if waiting:
            await self.model.read(identity, operator_id, waiting, requested_by=AFTER_BOOT)

    async def _whole(self, identity: str, operator_id: int, whole: Command) -> None:
        known = await self.variables.inventory(identity, operator_id)
        if known.whole:
            return
        if wanted_now(known, self.now()):
            operation = await self._ask(identity, operator_id, whole)
            if operation.status is OperationStatus.UNREACHABLE and operation.sent_at is None:
                return
            await self.variables.inventory_asked(identity, operator_id, self.now())
        if isinstance(whole, ReadVariables):
            await self._by_name(identity, operator_id)

    async def _by_name(self, identity: str, operator_id: int) -> None:
        """The configuration keys that we go by, as far as they were not told.

        Some stations do not answer when they are asked for all, or tell only some.  The first key
        says how many they take at once, so it is asked for on its own.
        """
        keys = [item.key for item in CONFIGURATION]
        values = await self.variables.values(identity, operator_id, keys)
        missing = [item for item in CONFIGURATION if item.key not in values]
        alone = missing[:1] if CONFIGURATION[0] in missing else []
        for items in (alone, missing[len(alone) :]):
            if items:
                batch = await self.model.read(identity, operator_id, items, requested_by=AFTER_BOOT)
                if batch.items[0].status in UNANSWERED:
                    return

    async def _ask(self, identity: str, operator_id: int, command: Command) -> Operation:
        return await self.operations.submit(identity, operator_id, command, requested_by=AFTER_BOOT)
