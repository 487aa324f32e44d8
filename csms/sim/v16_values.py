"""Meter values of a simulated OCPP 1.6 charger (§7.32 ff.)."""

from __future__ import annotations

from math import floor
from typing import Any

from csms.sim.connector import Sample
from csms.sim.station_time import wire_time


def meter_value(sample: Sample, measurands: tuple[str, ...]) -> dict[str, Any]:
    """A MeterValue with the measurands wanted; energy always, so that it is never empty."""
    values = [
        value
        for measurand in measurands
        for value in _sampled(measurand, sample)
        if value["value"] != ""
    ] or _sampled("Energy.Active.Import.Register", sample)
    for value in values:
        value["context"] = sample.context
    return {"timestamp": wire_time(sample.at), "sampledValue": values}


def _sampled(measurand: str, sample: Sample) -> list[dict[str, Any]]:
    """SampledValues of one measurand; per phase where there are phases."""
    match measurand:
        case "Power.Active.Import":
            return [{"value": f"{sample.power_w:.0f}", "measurand": measurand, "unit": "W"}]
        case "Current.Import":
            return _phases(sample, f"{sample.current_a:.1f}", measurand, "A", "")
        case "Voltage":
            return _phases(sample, f"{sample.voltage_v:.1f}", measurand, "V", "-N")
        case "SoC":
            level = "" if sample.soc is None else f"{sample.soc:.0f}"
            return [{"value": level, "measurand": "SoC", "unit": "Percent", "location": "EV"}]
        case _:
            # Rounded down like the registers of start and stop, or it would run backwards.
            energy = str(floor(sample.energy_wh))
            return [{"value": energy, "measurand": "Energy.Active.Import.Register", "unit": "Wh"}]


def _phases(
    sample: Sample, value: str, measurand: str, unit: str, suffix: str
) -> list[dict[str, Any]]:
    plain = {"value": value, "measurand": measurand, "unit": unit}
    return [plain | {"phase": f"L{number}{suffix}"} for number in range(1, sample.phases + 1)] or [
        plain
    ]
