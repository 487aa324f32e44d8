"""The description of a charger's variables, shared by all chargers of a version.

`csms.sim.standard_variables` and `csms.sim.own_variables` list them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum
from typing import Any

import attrs
from msgspec import Struct

from csms.sim.messages import Payload


class Scope(Enum):
    """What a variable belongs to."""

    STATION = "station"
    EVSE = "evse"
    CONNECTOR = "connector"


class Type(Enum):
    """DataEnum of OCPP 2.0.1."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    STRING = "string"
    TIME = "dateTime"
    OPTION = "OptionList"
    SEQUENCE = "SequenceList"
    MEMBERS = "MemberList"


class Variable(Struct, frozen=True, kw_only=True):
    """A variable and what may be done with it; ``value`` is the one from the factory."""

    component: str
    name: str
    type: Type = Type.STRING
    value: str = ""
    component_instance: str | None = None
    instance: str | None = None
    scope: Scope = Scope.STATION
    mutability: str = "ReadOnly"
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    values: str | None = None
    """Allowed values, separated by commas."""
    field: str | None = None
    """The field of `csms.sim.settings.Settings` behind it."""
    live: Callable[[Any, int | None], str] | None = None
    """Reads what the charger does just now: of a charger and an EVSE."""
    monitorable: bool = False
    reboot: bool = False
    """A change takes effect after the next restart."""
    constant: bool = False
    target: bool = False
    """Whether it has a Target beside its Actual value."""

    def characteristics(self) -> Payload:
        """VariableCharacteristicsType."""
        wire: Payload = {"dataType": self.type.value, "supportsMonitoring": self.monitorable}
        for key, value in (
            ("unit", self.unit),
            ("minLimit", self.low),
            ("maxLimit", self.high),
            ("valuesList", self.values),
        ):
            if value is not None:
                wire[key] = value
        return wire

    def problem(self, text: str) -> bool:
        """Whether it cannot have that value."""
        match self.type:
            case Type.BOOLEAN:
                return text.lower() not in {"true", "false"}
            case Type.INTEGER:
                return not text.lstrip("+-").isdecimal() or self._beyond(int(text))
            case Type.DECIMAL:
                try:
                    return self._beyond(float(text))
                except ValueError:
                    return True
            case Type.TIME:
                try:
                    return datetime.fromisoformat(text) is None
                except ValueError:
                    return True
            case Type.OPTION:
                return self.values is not None and text not in self.values.split(",")
            case Type.SEQUENCE | Type.MEMBERS:
                given = {each.strip() for each in text.split(",") if each.strip()}
                return self.values is not None and not given <= set(self.values.split(","))
        return self.high is not None and len(text) > self.high

    def _beyond(self, number: float) -> bool:
        return not (
            (self.low is None or number >= self.low) and (self.high is None or number <= self.high)
        )


@attrs.define(eq=False)
class Catalogue:
    """All variables, found by name without regard to case (2.0.1 part 2 §2.1)."""

    variables: tuple[Variable, ...]
    _by_name: dict[tuple[object, ...], Variable] = attrs.field(init=False)
    _components: set[tuple[object, ...]] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._by_name = {
            (
                each.scope,
                each.component.lower(),
                _lower(each.component_instance),
                each.name.lower(),
                _lower(each.instance),
            ): each
            for each in self.variables
        }
        self._components = {key[:3] for key in self._by_name}

    def find(
        self,
        scope: Scope,
        component: str,
        component_instance: str | None,
        name: str,
        instance: str | None,
    ) -> Variable | str:
        """The variable, or UnknownComponent or UnknownVariable."""
        place = (scope, component.lower(), _lower(component_instance))
        if place not in self._components:
            return "UnknownComponent"
        found = self._by_name.get((*place, name.lower(), _lower(instance)))
        return "UnknownVariable" if found is None else found


class Table:
    """Collects the variables of one component."""

    def __init__(
        self, component: str, *, scope: Scope = Scope.STATION, instance: str | None = None
    ) -> None:
        self.variables: list[Variable] = []
        self._component = component
        self._scope = scope
        self._instance = instance

    def add(self, name: str, type_: Type, value: object = "", **rest: Any) -> Table:
        """A variable that can only be read, unless told otherwise."""
        text = str(value).lower() if isinstance(value, bool) else str(value)
        instance = rest.pop("component_instance", self._instance)
        self.variables.append(
            Variable(
                component=self._component,
                component_instance=instance,
                scope=self._scope,
                name=name,
                type=type_,
                value=text,
                **rest,
            )
        )
        return self

    def flag(self, name: str, value: object = True, **rest: Any) -> Table:
        """A boolean that can only be read."""
        return self.add(name, Type.BOOLEAN, value, **rest)

    def switch(self, name: str, value: object = False, **rest: Any) -> Table:
        """A boolean that can be set."""
        return self.add(name, Type.BOOLEAN, value, mutability="ReadWrite", **rest)

    def count(self, name: str, value: object = 0, **rest: Any) -> Table:
        """A whole number that can only be read."""
        return self.add(name, Type.INTEGER, value, **rest)

    def whole(self, name: str, value: object = 0, *, low: float = 0, **rest: Any) -> Table:
        """A whole number that can be set."""
        return self.add(name, Type.INTEGER, value, mutability="ReadWrite", low=low, **rest)

    def text(self, name: str, value: object = "", **rest: Any) -> Table:
        """A text that can only be read."""
        return self.add(name, Type.STRING, value, **rest)

    def note(self, name: str, value: object = "", **rest: Any) -> Table:
        """A text that can be set."""
        return self.add(name, Type.STRING, value, mutability="ReadWrite", **rest)

    def members(self, name: str, value: str, values: str, **rest: Any) -> Table:
        """A set of names that can be set."""
        rest.setdefault("mutability", "ReadWrite")
        return self.add(name, Type.MEMBERS, value, values=values, **rest)

    def option(self, name: str, value: str, values: str, **rest: Any) -> Table:
        """One of several names, which can be set."""
        rest.setdefault("mutability", "ReadWrite")
        return self.add(name, Type.OPTION, value, values=values, **rest)


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def joined(tables: Iterable[Table]) -> tuple[Variable, ...]:
    """The variables of several components."""
    return tuple(variable for table in tables for variable in table.variables)
