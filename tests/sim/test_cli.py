"""The command line, as far as nothing is started."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from csms.sim.cli import simulate
from csms.sim.scenario import Scenario


def test_every_setting_has_an_option() -> None:
    """What a file can say, an option can say."""
    options = {parameter.name for parameter in simulate.params}
    fields = {field.name for field in msgspec.structs.fields(Scenario)} - {"version"}
    assert fields <= options


def test_help_tells_the_defaults() -> None:
    """The help shows each option with its default."""
    text = CliRunner().invoke(simulate, ["--help"]).output
    assert "[SIM{n:04d}]" in text
    assert "[1.0 60.0]" in text


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--stations", "0"], "stations"),
        (["http://host"], "url"),
        (["--exit", "--sessions", "-1"], "exit"),
        (["--stations", "100000000"], "open files"),
        (["--forgive", "everything"], "forgive"),
        (["--ocpp", "1.5"], "ocpp"),
        (["--misbehave", "7"], "misbehave"),
        (["--misbehave-only", "politeness"], "politeness"),
    ],
)
def test_mistakes(arguments: list[str], named: str) -> None:
    """Wrong usage is told with the setting's name; the status is 2."""
    result = CliRunner().invoke(simulate, arguments)
    assert result.exit_code == 2
    assert named in result.output


def test_wrong_file(tmp_path: Path) -> None:
    """A mistake in the file is wrong usage too."""
    path = tmp_path / "scenario.toml"
    path.write_text("stations = -1\n")
    result = CliRunner().invoke(simulate, ["--scenario", str(path)])
    assert result.exit_code == 2
    assert "stations" in result.output


def test_url_as_an_option() -> None:
    """The URL may be an argument or an option."""
    result = CliRunner().invoke(simulate, ["--url", "http://host"])
    assert "http://host" in result.output
