"""Meter values of OCPP 1.6."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from csms.sim.connector import Sample
from csms.sim.settings import MEASURANDS
from csms.sim.v16_values import meter_value


def sample(phases: int = 3, soc: float | None = 55.4) -> Sample:
    return Sample(
        at=datetime(2026, 1, 1, tzinfo=UTC),
        energy_wh=1234.9,
        power_w=22_000.4,
        current_a=31.88,
        voltage_v=230.04,
        phases=phases,
        soc=soc,
    )


def by_measurand(phases: int, soc: float | None = 55.4) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for value in meter_value(sample(phases, soc), MEASURANDS)["sampledValue"]:
        entry = (value["value"], value["unit"], value.get("phase", ""))
        found.setdefault(value["measurand"], []).append(entry)
    return found


def test_three_phases() -> None:
    """Currents and voltages are given per phase, energy and power as totals."""
    values = by_measurand(3)
    assert values["Energy.Active.Import.Register"] == [("1234", "Wh", "")]
    assert values["Power.Active.Import"] == [("22000", "W", "")]
    assert values["Current.Import"] == [("31.9", "A", f"L{number}") for number in (1, 2, 3)]
    assert values["Voltage"] == [("230.0", "V", f"L{number}-N") for number in (1, 2, 3)]
    assert values["SoC"] == [("55", "Percent", "")]


@pytest.mark.parametrize(("phases", "entries"), [(0, [""]), (1, ["L1"])])
def test_fewer_phases(phases: int, entries: list[str]) -> None:
    """Direct current has no phase, a single phase is named."""
    assert [phase for _, _, phase in by_measurand(phases)["Current.Import"]] == entries


def test_state_of_charge_unknown() -> None:
    """Without a vehicle there is no state of charge."""
    assert "SoC" not in by_measurand(3, None)


def test_only_what_is_wanted() -> None:
    """The measurands wanted are given, in their order; never none at all."""
    wanted = meter_value(sample(), ("SoC", "Power.Active.Import"))["sampledValue"]
    assert [value["measurand"] for value in wanted] == ["SoC", "Power.Active.Import"]
    for nothing in ((), ("SoC",)):
        [value] = meter_value(sample(soc=None), nothing)["sampledValue"]
        assert value["measurand"] == "Energy.Active.Import.Register"


def test_context() -> None:
    """Every value carries the context of the sample."""
    values = meter_value(sample(), MEASURANDS)["sampledValue"]
    assert {value["context"] for value in values} == {"Sample.Periodic"}
