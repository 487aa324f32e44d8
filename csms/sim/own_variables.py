"""The variables of the simulated charger's own parts: station, EVSEs, connectors, hardware."""

from __future__ import annotations

from typing import Any

from csms.sim.connector import MAINS_V, Status
from csms.sim.variables import Scope, Table, Type, Variable, joined

CONNECTOR_TYPES = {True: "cType2", False: "cCCS2"}
"""Of alternating current and of direct current, in the words of OCPP 2.0.1."""


def _evse(charger: Any, evse: int | None) -> Any:
    return charger.connectors[evse or 0]


def availability(charger: Any, evse: int | None) -> str:
    """AvailabilityState of the station (None) or an EVSE."""
    connector = _evse(charger, evse)
    if connector.session is not None or connector.vehicle is not None:
        return "Occupied"
    return str(connector.resting_status())


def power(charger: Any, evse: int | None) -> str:
    """The power that flows now, in W; the station's is that of all EVSEs."""
    total = 0.0
    for connector in charger.connectors.values():
        if evse in (None, connector.id) and connector.session is not None and connector.vehicle:
            connector.advance(charger.clock.seconds())
            total += connector.vehicle.power_w(connector.offered_w)
    return f"{total:.0f}"


def _current(charger: Any, evse: int | None) -> str:
    phases = max(1, _evse(charger, evse).phases)
    return f"{float(power(charger, evse)) / (phases * MAINS_V):.1f}"


def _energy(charger: Any, evse: int | None) -> str:
    connector = _evse(charger, evse)
    connector.advance(charger.clock.seconds())
    return f"{connector.register_wh:.0f}"


def _charge(charger: Any, evse: int | None) -> str:
    vehicle = _evse(charger, evse).vehicle
    return "0" if vehicle is None else f"{vehicle.soc:.0f}"


def _most_power(charger: Any, evse: int | None) -> str:
    return f"{_evse(charger, evse or 1).power_w:.0f}"


def _phases(charger: Any, evse: int | None) -> str:
    return str(_evse(charger, evse or 1).phases)


def _connector_type(charger: Any, evse: int | None) -> str:
    return CONNECTOR_TYPES[_evse(charger, evse).phases > 0]


def _plate(name: str) -> Any:
    def read(charger: Any, evse: int | None) -> str:
        del evse
        return str(getattr(charger.presence.plate, name))

    return read


def _operative(charger: Any, evse: int | None) -> str:
    return str(_evse(charger, evse).operative).lower()


def _plugged(charger: Any, evse: int | None) -> str:
    return str(_evse(charger, evse).vehicle is not None).lower()


def _locked(charger: Any, evse: int | None) -> str:
    return str(_evse(charger, evse).session is not None).lower()


def _charging(charger: Any, evse: int | None) -> str:
    return str(_evse(charger, evse).status == Status.CHARGING).lower()


def _state(table: Table, **rest: Any) -> Table:
    states = "Available,Occupied,Reserved,Unavailable,Faulted"
    table.option("AvailabilityState", "Available", states, mutability="ReadOnly",
                 live=availability, monitorable=True, **rest)  # fmt: skip
    table.flag("Available").switch("Enabled", True)
    return table.flag("Problem", False, monitorable=True).flag("Fallback", False)


def _station() -> list[Table]:
    station = _state(Table("ChargingStation"))
    station.text("Model", live=_plate("model")).text("VendorName", live=_plate("vendor"))
    station.text("SerialNumber", live=_plate("serial_number"))
    station.text("FirmwareVersion", live=_plate("firmware_version"))
    station.count("SupplyPhases", live=_phases, constant=True).flag("OCPPVersion21", False)
    station.add("Power", Type.DECIMAL, live=power, unit="W", monitorable=True)
    controller = Table("Controller").flag("Active").flag("Available").text("ECVariant", "4")
    controller.text("FirmwareVersion", live=_plate("firmware_version")).text("ICCID", "")
    controller.add("Temperature", Type.DECIMAL, "36.5", unit="Celsius", monitorable=True)
    controller.count("MessagesInQueue", live=_queued, monitorable=True)
    supply = Table("ElectricalFeed").flag("Active").flag("Available")
    supply.add("ACVoltage", Type.DECIMAL, "230", unit="V", monitorable=True)
    supply.add("ACFrequency", Type.DECIMAL, "50", unit="Hz", monitorable=True)
    supply.add("DCCurrent", Type.DECIMAL, "0", unit="A").text("PowerType", "AC")
    link = Table("DataLink").flag("Active").flag("Available").flag("Complete")
    link.add("SignalStrength", Type.DECIMAL, "-67", unit="dBm", monitorable=True)
    link.text("IPAddress", "192.0.2.17").text("MACAddress", "02:00:00:00:00:01").text("Type", "LAN")
    parts = [station, controller, supply, link]
    for name in (
        "CPPWMController", "ElectricalMeter", "RCD", "Relay", "FuseBox", "SurgeProtector",
        "CoolingSystem", "Heater", "DistributionPanel", "LocalEnergyStorage", "VehicleIdSensor",
    ):  # fmt: skip
        part = Table(name).flag("Active").flag("Available").flag("Problem", False, monitorable=True)
        part.text("SerialNumber", f"{name[:8].upper()}-0001", constant=True)
        part.text("FirmwareVersion", "1.4").text("VendorName", "csms").text("Model", name)
        parts.append(part.count("OperatingTimes", 0, monitorable=True).switch("Enabled", True))
    return parts


def _queued(charger: Any, evse: int | None) -> str:
    del evse
    return str(len(charger.charging.outbox))


def _evse_parts() -> list[Table]:
    evse = _state(Table("EVSE", scope=Scope.EVSE))
    evse.add("Power", Type.DECIMAL, live=power, unit="W", monitorable=True)
    evse.add("ACCurrent", Type.DECIMAL, live=_current, unit="A", monitorable=True)
    evse.add("ACVoltage", Type.DECIMAL, "230", unit="V", monitorable=True)
    evse.add("DCVoltage", Type.DECIMAL, "0", unit="V").count("SupplyPhases", live=_phases)
    evse.add("EnergyImport", Type.DECIMAL, live=_energy, unit="Wh", monitorable=True)
    evse.add("StateOfCharge", Type.DECIMAL, live=_charge, unit="Percent", monitorable=True)
    evse.add("MaxPower", Type.DECIMAL, live=_most_power, unit="W", constant=True)
    evse.text("EvseId", "DE*CSM*E0001").switch("AllowReset", True).flag(
        "Operative", live=_operative
    )
    evse.add("ChargingPower", Type.DECIMAL, "11000", unit="W", mutability="ReadWrite", low=0,
             high=350_000, target=True)  # fmt: skip
    evse.option("ISO15118EvseId", "DE*CSM*E0001", "DE*CSM*E0001", mutability="ReadOnly")
    vehicle = Table("ConnectedEV", scope=Scope.EVSE).flag("Available", live=_plugged)
    vehicle.text("VehicleId", "").text("ProtocolAgreed", "").flag("Charging", live=_charging)
    vehicle.add("StateOfCharge", Type.DECIMAL, live=_charge, unit="Percent", monitorable=True)
    reader = Table("TokenReader", scope=Scope.EVSE).flag("Active").flag("Available")
    reader.switch("Enabled", True).text("Token", "").members("TokenType", "ISO14443",
                                                            "ISO14443,ISO15693")  # fmt: skip
    screen = (
        Table("Display", scope=Scope.EVSE).flag("Active").flag("Available").text("Height", "480")
    )
    screen.text("Width", "800").switch("Enabled", True).option("Color", "true", "true,false")
    return [evse, vehicle, reader, screen]


def _connector_parts() -> list[Table]:
    connector = _state(Table("Connector", scope=Scope.CONNECTOR))
    connector.text("ConnectorType", live=_connector_type, constant=True)
    connector.count("SupplyPhases", live=_phases).count("ChargeProtocol", 1)
    connector.flag("Tripped", False, monitorable=True).flag("Operative", live=_operative)
    lock = Table("ConnectorHolsterRelease", scope=Scope.CONNECTOR).flag("Active").flag("Available")
    lock.switch("Enabled", True).text("State", "released")
    plug = Table("ConnectorPlugRetentionLock", scope=Scope.CONNECTOR).flag("Active", live=_locked)
    plug.flag("Problem", False, monitorable=True).count("Tries", 0).whole("TriesSetLimit", 3)
    plug.add("Temperature", Type.DECIMAL, "24", unit="Celsius", monitorable=True)
    sensor = (
        Table("CableBreakawaySensor", scope=Scope.CONNECTOR).flag("Active").flag("Tripped", False)
    )
    return [connector, lock, plug, sensor]


def own_variables() -> tuple[Variable, ...]:
    """Those of the charger itself."""
    return joined([*_station(), *_evse_parts(), *_connector_parts()])
