"""The device model of a charger: what can be asked, set, reported and watched (2.0.1 block B).

What all chargers have in common is described once, see `csms.sim.variables`; a charger keeps
only what was set otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs
from msgspec import Struct

from csms.sim.messages import Payload
from csms.sim.variables import Catalogue, Scope, Type, Variable

if TYPE_CHECKING:
    from csms.sim.charger import Charger

ACCEPTED, REJECTED, REBOOT = "Accepted", "Rejected", "RebootRequired"
UNKNOWN_COMPONENT, UNKNOWN_VARIABLE = "UnknownComponent", "UnknownVariable"
NO_ATTRIBUTE = "NotSupportedAttributeType"
READ_ONLY, WRITE_ONLY, READ_WRITE = "ReadOnly", "WriteOnly", "ReadWrite"
PASSWORD = (16, 40)
"""Least and most characters of a BasicAuthPassword (2.0.1 A00.FR.205)."""


class Spot(Struct, frozen=True):
    """A variable of one charger: at the station, an EVSE or a connector."""

    variable: Variable
    evse: int | None = None
    connector: int | None = None

    @property
    def component(self) -> Payload:
        """Its component as OCPP spells it."""
        wire: Payload = {"name": self.variable.component}
        if self.variable.component_instance is not None:
            wire["instance"] = self.variable.component_instance
        if self.evse is not None:
            wire["evse"] = {"id": self.evse}
            if self.connector is not None:
                wire["evse"]["connectorId"] = self.connector
        return wire

    @property
    def name(self) -> Payload:
        """The variable as OCPP spells it."""
        wire: Payload = {"name": self.variable.name}
        if self.variable.instance is not None:
            wire["instance"] = self.variable.instance
        return wire


@attrs.define(eq=False)
class DeviceModel:
    """The variables of one charger."""

    charger: Charger
    catalogue: Catalogue
    _set: dict[Spot, str] = attrs.field(factory=dict, init=False)
    _targets: dict[Spot, str] = attrs.field(factory=dict, init=False)

    def spots(self) -> Iterator[Spot]:
        """Everything there is."""
        for variable in self.catalogue.variables:
            match variable.scope:
                case Scope.STATION:
                    yield Spot(variable)
                case Scope.EVSE:
                    for number in self._evses():
                        yield Spot(variable, number)
                case Scope.CONNECTOR:
                    for number in self._evses():
                        yield Spot(variable, number, 1)

    def find(self, component: Payload, name: Payload) -> Spot | str:
        """The variable that is meant; UnknownComponent or UnknownVariable if there is none."""
        evse = component.get("evse")
        number, connector = (None, None) if evse is None else (evse["id"], evse.get("connectorId"))
        scope = Scope.STATION
        if evse is not None:
            scope = Scope.EVSE if connector is None else Scope.CONNECTOR
            if number not in self._evses() or connector not in (None, 1):
                return UNKNOWN_COMPONENT
        found = self.catalogue.find(
            scope, component["name"], component.get("instance"), name["name"], name.get("instance")
        )
        return found if isinstance(found, str) else Spot(found, number, connector)

    def read(self, spot: Spot) -> str:
        """The value now."""
        variable = spot.variable
        if variable.field is not None:
            return _text(getattr(self.charger.settings, variable.field))
        if variable.live is not None:
            return variable.live(self.charger, spot.evse)
        return self._set.get(spot, variable.value)

    def get(self, attribute: str, component: Payload, name: Payload) -> tuple[str, str | None]:
        """The status of a GetVariables result, and the value."""
        spot = self.find(component, name)
        if isinstance(spot, str):
            return spot, None
        variable = spot.variable
        if variable.mutability == WRITE_ONLY:
            return REJECTED, None
        match attribute:
            case "Actual":
                return ACCEPTED, self.read(spot)
            case "Target" if variable.target:
                return ACCEPTED, self._targets.get(spot, self.read(spot))
            case "MinSet" if variable.target and variable.low is not None:
                return ACCEPTED, _text(variable.low)
            case "MaxSet" if variable.target and variable.high is not None:
                return ACCEPTED, _text(variable.high)
        return NO_ATTRIBUTE, None

    def set(
        self, attribute: str, component: Payload, name: Payload, value: str
    ) -> tuple[str, str | None]:
        """The status of a SetVariables result, and the field of the settings that changed."""
        spot = self.find(component, name)
        if isinstance(spot, str):
            return spot, None
        variable = spot.variable
        if attribute == "Target" and variable.target:
            if variable.problem(value):
                return REJECTED, None
            self._targets[spot] = value
            return ACCEPTED, None
        if attribute != "Actual":
            return NO_ATTRIBUTE, None
        if variable.mutability == READ_ONLY or variable.problem(value):
            return REJECTED, None
        if variable.field is None:
            self._set[spot] = value
        elif not self._change(variable, value):
            return REJECTED, None
        return (REBOOT if variable.reboot else ACCEPTED), variable.field

    def report(self, spot: Spot, *, characteristics: bool = True) -> Payload:
        """One entry of a NotifyReport."""
        variable = spot.variable
        attribute: dict[str, Any] = {"mutability": variable.mutability}
        if variable.mutability != WRITE_ONLY:
            attribute["value"] = self.read(spot)
        if variable.constant:
            attribute["constant"] = True
        attributes = [attribute]
        if variable.target:
            value = self._targets.get(spot, self.read(spot))
            attributes.append({"type": "Target", "mutability": READ_WRITE, "value": value})
        entry: Payload = {
            "component": spot.component,
            "variable": spot.name,
            "variableAttribute": attributes,
        }
        if characteristics:
            entry["variableCharacteristics"] = variable.characteristics()
        return entry

    def number(self, name: str, component: str, *, instance: str | None = None) -> int:
        """The value of a station's variable that is a whole number; 0 if there is none."""
        found = self.catalogue.find(Scope.STATION, component, None, name, instance)
        return 0 if isinstance(found, str) else int(self.read(Spot(found)))

    def _evses(self) -> range:
        return range(1, len(self.charger.connectors))

    def _change(self, variable: Variable, value: str) -> bool:
        assert variable.field is not None
        setting: object
        match variable.type:
            case Type.INTEGER:
                setting = int(value)
            case Type.BOOLEAN:
                setting = value.lower() == "true"
            case Type.MEMBERS:
                setting = tuple(each.strip() for each in value.split(",") if each.strip())
            case _:
                if not PASSWORD[0] <= len(value) <= PASSWORD[1]:
                    return False
                setting = value.encode()
        setattr(self.charger.settings, variable.field, setting)
        return True


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)
