"""Messages to stations of as many items as they take, one after another."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

import attrs

from csms.core.commands import Command
from csms.core.errors import Invalid, Refusal
from csms.core.ports import IOperations, IVariables
from csms.core.values import Operation, OperationStatus
from csms.core.variables.portions import UNKNOWN_LIMIT, Portioned, limit, limits, portions

T = TypeVar("T")

NOT_SENT = "not_sent"
_ITEM = re.compile(r"items(?:\[(\d+)\])?(.*)", re.DOTALL)
_SILENT = (OperationStatus.PENDING, OperationStatus.EXPIRED, OperationStatus.UNREACHABLE)
UNANSWERED = frozenset((NOT_SENT, OperationStatus.QUEUED.value, *(each.value for each in _SILENT)))
"""Statuses of items that the station said nothing of."""


@attrs.frozen(kw_only=True)
class Courtesy:
    """Who asks, and whether it may wait for the station to return."""

    identity: str
    operator_id: int
    requested_by: str | None
    queue: bool


@attrs.define(eq=False, kw_only=True)
class Portions:
    """Sends what is too much for one message in several, one after another."""

    operations: IOperations
    variables: IVariables

    async def split(
        self, courtesy: Courtesy, of: Portioned, items: Sequence[T]
    ) -> list[tuple[T, ...]]:
        """The items in portions that the station takes, as far as it said what that is."""
        names, bytes_name = limits(of)
        keys = [name.key for name in (*names, bytes_name)]
        values = await self.variables.values(courtesy.identity, courtesy.operator_id, keys)
        most = limit(values, names) or UNKNOWN_LIMIT
        return portions(items, most, limit(values, (bytes_name,)))

    async def send(
        self,
        courtesy: Courtesy,
        portions_: Sequence[tuple[T, ...]],
        command: Callable[..., Command],
    ) -> list[tuple[tuple[T, ...], Operation | str]]:
        """Each portion with its operation, or why it was not sent.

        The first is refused by raising; after one that the station left without answer no more
        are sent, for each would keep the asker waiting as long again.
        """
        sent: list[tuple[tuple[T, ...], Operation | str]] = []
        reachable, start = True, 0
        for portion in portions_:
            begin, start = start, start + len(portion)
            if not reachable:
                sent.append((portion, "the station did not answer before"))
                continue
            try:
                operation = await self.operations.submit(
                    courtesy.identity,
                    courtesy.operator_id,
                    command(items=portion),
                    requested_by=courtesy.requested_by,
                    queue=courtesy.queue,
                )
            except Invalid as invalid:
                placed = _placed(invalid, begin, len(portion))
                if not sent:
                    raise placed from None
                sent.append((portion, placed.detail))
            except Refusal as refusal:
                if not sent:
                    raise
                sent.append((portion, refusal.detail))
                reachable = False
            else:
                sent.append((portion, operation))
                reachable = operation.status not in _SILENT
        return sent


def _placed(invalid: Invalid, begin: int, size: int) -> Invalid:
    """The same of the item at fault, by its place among all; ``begin`` is that of the portion."""
    field = invalid.field or ""
    found = _ITEM.fullmatch(field)
    if found is None or (found[1] is None and size > 1):
        return invalid
    place = f"items[{begin + int(found[1] or 0)}]{found[2]}"
    return Invalid(invalid.detail.replace(field, place, 1), field=place, code=invalid.code)
