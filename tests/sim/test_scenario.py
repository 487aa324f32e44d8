"""Scenarios from files and options."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from csms.sim.findings import Kind
from csms.sim.scenario import Scenario, ScenarioError, fill, read_scenario

SAMPLE = Path(__file__).parents[2] / "conf" / "simulator.toml"


def test_defaults() -> None:
    """Without file and options: one charger, one session of half a minute, samples each 5 s."""
    scenario = read_scenario(None, {})
    assert scenario == Scenario()
    assert (scenario.stations, scenario.sessions) == (1, 1)
    assert (scenario.session_s, scenario.meter_s) == (30, 5)
    assert scenario.url == "ws://127.0.0.1:9000"


def test_file_and_options(tmp_path: Path) -> None:
    """Options win over the file, which wins over the defaults."""
    path = tmp_path / "scenario.toml"
    path.write_text('stations = 5\nsessions = 3\ntokens = ["A", "B"]\nforgive = ["tag_refused"]\n')
    scenario = read_scenario(path, {"sessions": 9, "back_off_s": (0.5, 2.0)})
    assert (scenario.stations, scenario.sessions) == (5, 9)
    assert scenario.tokens == ("A", "B")
    assert scenario.forgive == (Kind.TAG_REFUSED,)
    assert scenario.back_off_s == (0.5, 2.0)


def test_sample_file() -> None:
    """The sample names every setting, commented out, with its default."""
    lines = [line.removeprefix("# ") for line in SAMPLE.read_text().splitlines()]
    settings = tomllib.loads("\n".join(line for line in lines if " = " in line and line[0] != " "))
    assert settings.keys() == {field.name for field in msgspec.structs.fields(Scenario)}
    assert msgspec.convert(settings, Scenario) == Scenario()
    assert read_scenario(SAMPLE, {}) == Scenario()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"stations": 0}, "stations"),
        ({"stations": "many"}, "stations"),
        ({"statoins": 1}, "statoins"),
        ({"version": "9"}, "version"),
        ({"forgive": ["everything"]}, "forgive"),
        ({"url": "http://host"}, "url"),
        ({"exit": True, "sessions": -1}, "exit"),
        ({"stations": 2, "identity": "CP"}, "identity"),
        ({"identity": "CP{x}"}, "identity"),
        ({"password": "{n"}, "password"),
        ({"tokens": ["{n:q}"]}, "tokens"),
        ({"tokens": []}, "tokens"),
    ],
)
def test_mistakes(settings: dict[str, Any], named: str) -> None:
    """A mistake is told with the name of the setting."""
    with pytest.raises(ScenarioError, match=named):
        read_scenario(None, settings)


def test_broken_file(tmp_path: Path) -> None:
    """A file that is no TOML is told by its name."""
    path = tmp_path / "broken.toml"
    path.write_text("stations = ")
    with pytest.raises(ScenarioError, match=r"broken\.toml"):
        read_scenario(path, {})


def test_fill() -> None:
    """Templates know the number and the identity of a station."""
    assert fill("SIM{n:04d}", 7) == "SIM0007"
    assert fill("{id}-secret", 7, "CP7") == "CP7-secret"
