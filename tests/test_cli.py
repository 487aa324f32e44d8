"""The ``csms`` command."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result

from csms import __version__
from csms.cli import Commands, main
from csms.config import Config

CSMS = Path(sys.executable).with_name("csms")


def invoke(*arguments: str, **environ: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, list(arguments), env=environ)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings file."""
    path = tmp_path / "csms.toml"
    path.write_text('[database]\nurl = "postgresql://user:hunter2@localhost/csms"\n')
    return path


def test_the_version_is_told():
    """``--version`` is one line."""
    assert invoke("--version").output == f"csms {__version__}\n"


def test_the_help_names_every_command():
    """Also the simulator, which is loaded only when it is wanted."""
    said = invoke("--help")
    assert said.exit_code == 0
    for command in ("check-config", "conformance", "migrate", "simulate", "token"):
        assert f"\n  {command} " in said.output


def test_the_simulator_is_among_the_commands():
    """``csms simulate`` explains itself."""
    said = invoke("simulate", "--help")
    assert said.exit_code == 0
    assert "Usage: main simulate" in said.output


def test_an_unknown_command_is_a_usage_error():
    """With the status that shells expect of those."""
    assert invoke("dance").exit_code == 2


def test_good_settings_are_good(settings):
    """``check-config`` names the file it looked at."""
    said = invoke("check-config", "--config", str(settings))
    assert (said.exit_code, said.output) == (0, f"{settings}: good\n")


def test_settings_may_be_the_defaults(tmp_path):
    """Without a file there is still the environment to be checked."""
    done = run("check-config", cwd=tmp_path)
    assert done.stdout.startswith("the defaults, ") or done.stdout.startswith("/etc/csms/")


def test_wrong_settings_are_one_line_and_status_1(settings):
    """The same line as at the start of the server."""
    settings.write_text("[log]\nlevel = 3\n")
    said = invoke("check-config", "-c", str(settings))
    assert said.exit_code == 1
    assert said.stdout == ""
    expected = 'csms: log.level: expected one of "debug", "error", "info", "warn", got 3\n'
    assert said.stderr == expected


def test_the_settings_that_count_can_be_shown(settings):
    """As TOML, so that they can be kept; secrets are left out."""
    said = invoke("check-config", "-c", str(settings), "--show", CSMS__OCPP__INBOUND_LIMIT="5")
    shown = tomllib.loads(said.stdout)
    assert shown["ocpp"]["inbound_limit"] == 5
    assert shown["database"]["url"] == "(hidden)"
    assert "hunter2" not in said.stdout
    shown["ocpp"]["inbound_limit"] = Config().ocpp.inbound_limit
    shown["database"]["url"] = ""
    assert msgspec.convert(shown, Config) == Config()


@pytest.mark.parametrize(
    "arguments",
    [
        ("token",),
        ("token", "--name", "x"),
        ("token", "--name", "x", "--role", "king"),
        ("token", "--name", "x", "--role", "admin", "--expires-days", "0"),
    ],
)
def test_a_token_needs_a_name_and_a_role(arguments):
    """Nothing is guessed where rights are given."""
    assert invoke(*arguments).exit_code == 2


@pytest.fixture
def broken() -> click.Group:
    """The commands, one of which has a bug."""
    group = Commands()

    @group.command()
    def stumble() -> None:
        raise LookupError("over\nsomething")

    return group


def test_a_bug_is_one_line_too(broken):
    """With a hint for whoever wants to know more."""
    said = CliRunner().invoke(broken, ["stumble"])
    assert said.exit_code == 1
    assert said.stderr == "csms: LookupError: over something (CSMS_TRACEBACK=1 shows where)\n"


def test_a_bug_can_be_looked_at(broken):
    """``CSMS_TRACEBACK`` lets the traceback through."""
    said = CliRunner().invoke(broken, ["stumble"], env={"CSMS_TRACEBACK": "1"})
    assert isinstance(said.exception, LookupError)


def run(
    *arguments: str, cwd: Path | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own."""
    return subprocess.run(
        [CSMS, *arguments],
        cwd=cwd,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("arguments", [("migrate",), ("token", "--name", "x", "--role", "admin")])
def test_a_database_that_is_not_there_is_one_line_and_status_1(tmp_path, arguments):
    """No traceback for what is not our fault."""
    url = f"postgresql:///csms?host={tmp_path}&connect_timeout=2"
    done = run(*arguments, CSMS__DATABASE__URL=url)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("csms: ")
    assert "Traceback" not in done.stderr


def test_migrate_tells_how_much_it_did(database):
    """Nothing is left to do on a database that is up to date."""
    done = run("migrate", CSMS__DATABASE__URL=database)
    assert (done.returncode, done.stdout) == (0, "0 migrations applied\n")


def test_a_token_is_told_once_and_alone(database):
    """Standard output is the secret, so that a script can take it."""
    done = run(
        *("token", "--name", "app", "--role", "operator", "--expires-days", "30"),
        CSMS__DATABASE__URL=database,
    )
    assert done.returncode == 0
    [secret] = done.stdout.splitlines()
    assert len(secret) >= 20
    assert done.stderr.startswith('Token "app" (operator) expires 20')
    assert secret not in done.stderr


SCRIPT = """
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from csms.cli import _run

async def work():
    {work}

try:
    print("result", _run(work))
except BaseException as error:
    print("raised", repr(error))
"""


@pytest.mark.parametrize(
    ("work", "said"),
    [
        ("return 3", "result 3"),
        ("raise LookupError('x')", "raised LookupError('x')"),
        ("reactor.callLater(0, reactor.stop); await Deferred()", "raised Abort()"),
    ],
)
def test_work_runs_from_the_start_of_the_reactor_to_its_end(work, said):
    """A result is returned, an error raised, and an interruption is neither."""
    script = SCRIPT.replace("{work}", work)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == said
