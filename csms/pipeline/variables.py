"""The device models of stations: read and written in as many messages as it takes; what was written
is read back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import attrs
import msgspec
from msgspec.structs import replace
from zope.interface import implementer

from csms.core.errors import Invalid, Refusal
from csms.core.events import Event
from csms.core.ports import (
    Batch,
    IDeviceModel,
    IOperations,
    IPasswords,
    ISpeech,
    IStations,
    ISubscriber,
    ITasks,
    ItemOutcome,
    IVariables,
)
from csms.core.values import Operation
from csms.core.variables.portions import Portioned, alone
from csms.core.variables.rules import WRITTEN
from csms.core.variables.secrets import is_password, is_secret
from csms.core.variables.vocabulary import (
    ItemStatus,
    ReadVariables,
    Setting,
    Wanted,
    WriteVariables,
)
from csms.pipeline.portions import NOT_SENT, Courtesy, Portions

Written = tuple[int, str, tuple[str, str]]
"""Operator, identity, and which attribute (`Wanted.place`)."""

W = TypeVar("W", bound=Wanted)

READ_BACK = "csms:read-back"
"""Who asks, as it is kept with the operation."""


def bare(item: Wanted) -> Wanted:
    """Only which attribute it is."""
    return Wanted(**{name: getattr(item, name) for name in Wanted.__struct_fields__})


@implementer(IDeviceModel)
@attrs.define(eq=False, kw_only=True)
class DeviceModel:
    """`IDeviceModel` over operations."""

    operations: IOperations
    variables: IVariables
    stations: IStations
    speech: ISpeech
    passwords: IPasswords
    _portions: Portions = attrs.field(init=False)
    _writing: Counter[Written] = attrs.field(factory=Counter, init=False)

    @_portions.default
    def _make_portions(self) -> Portions:
        return Portions(operations=self.operations, variables=self.variables)

    async def read(
        self,
        identity: str,
        operator_id: int,
        items: Sequence[Wanted],
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Batch:
        """See `IDeviceModel`."""
        courtesy = Courtesy(
            identity=identity, operator_id=operator_id, requested_by=requested_by, queue=queue
        )
        split: list[tuple[Wanted, ...]] = [()]
        if items:
            split = await self._portions.split(courtesy, Portioned.READ, items)
        return await self._batch(courtesy, split, ReadVariables)

    async def write(
        self,
        identity: str,
        operator_id: int,
        items: Sequence[Setting],
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Batch:
        """See `IDeviceModel`."""
        courtesy = Courtesy(
            identity=identity, operator_id=operator_id, requested_by=requested_by, queue=queue
        )
        if len(items) == 1 and is_password(items[0]):
            return await self._password(courtesy, items[0])
        for place, item in enumerate(items):
            if is_password(item):
                raise Invalid(
                    f"{item.variable} is a password, which is set on its own, with no other item",
                    field=f"items[{place}]",
                )
        split: list[tuple[Setting, ...]]
        if alone(items):
            split = [(item,) for item in items]
        else:
            split = await self._portions.split(courtesy, Portioned.WRITE, items)
        mine = [(operator_id, identity, item.place) for item in items]
        self._writing.update(mine)
        try:
            batch = await self._batch(courtesy, split, WriteVariables)
            return await self._read_back(courtesy, batch)
        finally:
            self._writing -= Counter(mine)

    def reads_back(self, operator_id: int, identity: str, item: Wanted) -> bool:
        """Whether the attribute is being written here, and is read back by who does that."""
        return (operator_id, identity, item.place) in self._writing

    async def _read_back(self, courtesy: Courtesy, batch: Batch) -> Batch:
        """The batch with what the station then tells of what it accepted, if it does."""
        done = [
            bare(each.item)
            for each in batch.items
            if each.status == ItemStatus.ACCEPTED and not is_secret(each.item)
        ]
        if not done:
            return batch
        try:
            read = await self.read(
                courtesy.identity, courtesy.operator_id, done, requested_by=READ_BACK
            )
        except Refusal:
            return batch
        told = {each.item.place: each.value for each in read.items}
        items = [replace(each, value=told.get(each.item.place)) for each in batch.items]
        return replace(batch, items=tuple(items))

    async def _password(self, courtesy: Courtesy, item: Setting) -> Batch:
        operation, _ = await self.passwords.change(
            courtesy.identity,
            courtesy.operator_id,
            item.value,
            requested_by=courtesy.requested_by,
        )
        outcome = ItemOutcome(
            item=item,
            status=operation.status.value,
            operation_id=operation.id,
            detail=operation.detail,
        )
        return Batch(operations=(operation,), items=(outcome,))

    async def _batch(
        self,
        courtesy: Courtesy,
        split: Sequence[tuple[W, ...]],
        command: type[ReadVariables | WriteVariables],
    ) -> Batch:
        sent = await self._portions.send(courtesy, split, cast("Any", command))
        station = await self.stations.get(courtesy.identity, courtesy.operator_id)
        version = station.ocpp_version or ""
        outcomes: list[ItemOutcome] = []
        for portion, operation in sent:
            if isinstance(operation, str):
                outcomes += [
                    ItemOutcome(item=item, status=NOT_SENT, detail=operation) for item in portion
                ]
                continue
            found: Any = None
            if operation.response is not None:
                asked: Any = command(items=cast("Any", portion))
                found = self.speech.found(version, asked, operation.response)
            outcomes += _outcomes(portion, operation, found)
        made = tuple(each for _, each in sent if isinstance(each, Operation))
        return Batch(operations=made, items=tuple(outcomes))


def _outcomes(
    portion: Sequence[Wanted], operation: Operation, found: Sequence[Any] | None
) -> list[ItemOutcome]:
    """What became of each item; of everything that was told when nothing was named."""
    told = {each.place: each for each in found or ()}
    outcomes: list[ItemOutcome] = []
    for item in portion or [*told.values()]:
        each = told.get(item.place)
        outcomes.append(
            ItemOutcome(
                item=item,
                status=operation.status.value if each is None else each.status.value,
                operation_id=operation.id,
                detail=operation.detail if each is None else each.detail,
                value=getattr(each, "value", None),
            )
        )
    return outcomes


@implementer(ISubscriber)
@attrs.define(eq=False, kw_only=True)
class ReadBack:
    """Reads what was written, for what counts is what the station then says; unless it has said
    that since.

    What needs a boot first is read after it, see `csms.pipeline.inventory`.
    """

    model: IDeviceModel
    variables: IVariables
    tasks: ITasks
    spared: Callable[[int, str, Wanted], bool]
    """Whether somebody reads it back himself, by operator, identity and attribute."""
    frequent: bool = attrs.field(default=False, init=False)

    async def receive(self, events: Sequence[Event]) -> None:
        """See `ISubscriber`."""
        for event in events:
            if event.kind == WRITTEN:
                whose = (event.operator_id, event.identity)
                items = [item for item in _written(event.data) if not self.spared(*whose, item)]
                if items:
                    self.tasks.spawn(
                        self._read(event, items), "reading back settings", station=event.identity
                    )

    async def _read(self, event: Event, items: Sequence[Wanted]) -> None:
        whose = (event.identity, event.operator_id)
        known = await self.variables.known(*whose, [item.key for item in items])
        heard = {each.place for each in known if each.reported_at > event.at}
        items = [item for item in items if item.place not in heard]
        if items:
            await self.model.read(*whose, items, requested_by=READ_BACK)


def _written(data: Mapping[str, object]) -> list[Wanted]:
    """The names in an event, but for those that wait for a boot."""
    told = data.get("items")
    items = told if isinstance(told, list) else []
    return [
        msgspec.convert({k: v for k, v in item.items() if k != "reboot_required"}, Wanted)
        for item in items
        if not item.get("reboot_required")
    ]
