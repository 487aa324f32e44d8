"""Device models in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count

import attrs
from msgspec.structs import replace
from zope.interface import implementer

from csms.core.listings import VARIABLE_CHANGES, VARIABLES
from csms.core.pages import Page, Query
from csms.core.paging import page
from csms.core.ports import IStations, IVariables, Variable, VariableChange
from csms.core.variables.inventory import Inventoried
from csms.core.variables.vocabulary import Attribute, VariableName, Wanted


def _component(item: VariableName, value: object) -> bool:
    return (item.component or "").lower() == str(value).lower()


def _variable(item: VariableName, value: object) -> bool:
    return item.variable.lower() == str(value).lower()


def _removed(item: Variable, value: object) -> bool:
    return (item.removed_at is not None) is value


def _from(change: VariableChange, value: object) -> bool:
    return isinstance(value, datetime) and change.at >= value


def _to(change: VariableChange, value: object) -> bool:
    return isinstance(value, datetime) and change.at < value


def _key(item: VariableName) -> object:
    return item.key


@implementer(IVariables)
@attrs.define
class MemoryVariables:
    """`IVariables` over lists; seeded by `seed` and `seed_change`."""

    stations: IStations
    whole: set[str] = attrs.field(factory=set, init=False)
    """Identities of stations whose device model is known as a whole."""
    asked: dict[str, list[datetime]] = attrs.field(factory=dict, init=False)
    """When they were asked for it, by identity."""
    _known: list[tuple[str, Variable]] = attrs.field(factory=list, init=False)
    _changes: list[tuple[str, VariableChange]] = attrs.field(factory=list, init=False)
    _ids: count[int] = attrs.field(factory=lambda: count(1), init=False)

    def seed(self, identity: str, variable: Variable) -> Variable:
        """The station has told that; its id is given here."""
        kept = replace(variable, id=next(self._ids))
        self._known.append((identity, kept))
        return kept

    def seed_change(self, identity: str, change: VariableChange) -> VariableChange:
        """That has changed; its id is given here."""
        kept = replace(change, id=next(self._ids))
        self._changes.append((identity, kept))
        return kept

    async def list(self, query: Query, identity: str, operator_id: int) -> Page[Variable]:
        """See `IVariables`."""
        known = await self._of(identity, operator_id)
        if "removed" not in query.filters:
            known = [variable for variable in known if variable.removed_at is None]
        return page(
            VARIABLES,
            query,
            known,
            key=lambda variable: (variable.id,),
            tests={"component": _component, "variable": _variable, "removed": _removed},
            values={"name": _key},
        )

    async def history(self, query: Query, identity: str, operator_id: int) -> Page[VariableChange]:
        """See `IVariables`."""
        await self.stations.get(identity, operator_id)
        return page(
            VARIABLE_CHANGES,
            query,
            [change for whose, change in self._changes if whose == identity],
            key=lambda change: (change.id,),
            tests={
                "component": _component,
                "variable": _variable,
                "at_from": _from,
                "at_to": _to,
            },
        )

    async def values(
        self, identity: str, operator_id: int, keys: Sequence[str]
    ) -> Mapping[str, str]:
        """See `IVariables`."""
        return {
            variable.key: variable.value
            for variable in await self._of(identity, operator_id)
            if variable.key in keys
            and variable.attribute is Attribute.ACTUAL
            and variable.value is not None
            and variable.removed_at is None
        }

    async def known(
        self, identity: str, operator_id: int, keys: Sequence[str]
    ) -> Sequence[Variable]:
        """See `IVariables`."""
        return [
            variable
            for variable in await self._of(identity, operator_id)
            if variable.key in keys and variable.removed_at is None
        ]

    async def awaiting_boot(self, identity: str, operator_id: int) -> Sequence[Wanted]:
        """See `IVariables`; every boot is as if it had been since."""
        return [
            variable
            for variable in await self._of(identity, operator_id)
            if variable.reboot_required and variable.removed_at is None
        ]

    async def inventory(self, identity: str, operator_id: int) -> Inventoried:
        """See `IVariables`."""
        await self.stations.get(identity, operator_id)
        asked = self.asked.get(identity, [])
        return Inventoried(identity in self.whole, len(asked), asked[-1] if asked else None)

    async def inventory_asked(self, identity: str, operator_id: int, at: datetime) -> None:
        """See `IVariables`."""
        await self.stations.get(identity, operator_id)
        self.asked.setdefault(identity, []).append(at)

    async def prune_history(self, older_than: datetime, limit: int) -> int:
        """See `IVariables`."""
        old = [each for each in self._changes if each[1].at < older_than][:limit]
        for each in old:
            self._changes.remove(each)
        return len(old)

    async def _of(self, identity: str, operator_id: int) -> Sequence[Variable]:
        await self.stations.get(identity, operator_id)
        return [variable for whose, variable in self._known if whose == identity]
