"""``twistd csms``: what its options mean, and what a wrong setting does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from twisted.application.service import Application, Service
from twisted.logger import ILogObserver, LogLevel
from twisted.scripts.twistd import ServerOptions

from csms import __version__
from csms.config import Config, ConfigError, Log
from csms.options import Options, compose, configure, observer

TWISTD = Path(sys.executable).with_name("twistd")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings file."""
    path = tmp_path / "csms.toml"
    path.write_text('[server]\nnode = "north"\nroles = ["api"]\n')
    return path


def parsed(*arguments: str) -> Options:
    """The options of ``csms`` in a `twistd` command line."""
    twistd = ServerOptions()
    twistd.parseOptions(list(arguments))
    options = twistd.subOptions
    assert isinstance(options, Options)
    return options


class Product(Service):
    """A product that is nothing but its settings."""

    def __init__(self, config: Config) -> None:
        self.config = config


def composed(*arguments: str) -> Product:
    """The product that a command line leads to."""
    [product] = compose(parsed(*arguments), Product)
    return product


def test_twistd_knows_the_command():
    """The plugin is found and its options are these."""
    assert parsed("-n", "csms")["config"] is None


@pytest.mark.parametrize("flag", ["-c", "--config"])
def test_the_settings_file_is_named_on_the_command_line(settings, flag):
    """Its settings reach the product."""
    assert composed("-n", "csms", flag, str(settings)).config.server.node == "north"


def test_roles_on_the_command_line_count_over_the_settings(settings):
    """Several processes may share one settings file."""
    named = ["--role", "worker", "--role", "gateway", "--role", "worker"]
    product = composed("-n", "csms", "-c", str(settings), *named)
    assert product.config.server.roles == ("worker", "gateway")
    assert product.config.server.node == "north"


def test_without_roles_on_the_command_line_the_settings_count(settings):
    """Nothing said, nothing changed."""
    assert configure(str(settings), []).server.roles == ("api",)


def test_a_role_that_is_none_is_refused(settings):
    """In the same form as a wrong setting."""
    with pytest.raises(ConfigError) as caught:
        configure(str(settings), ["manager"])
    assert str(caught.value) == '--role: expected one of "gateway", "api", "worker", got "manager"'


def test_a_wrong_setting_ends_the_process_before_anything_is_made(settings):
    """One line, status 1."""
    settings.write_text("[server]\nrolls = 3\n")
    with pytest.raises(SystemExit) as caught:
        compose(parsed("-n", "csms", "-c", str(settings)), lambda config: pytest.fail("made"))
    expected = 'csms: server.rolls: there is no such setting; did you mean "roles"?'
    assert caught.value.code == expected


def test_what_the_product_refuses_ends_the_process_alike(settings):
    """Some settings show their fault only when something is made of them."""

    def make(config: Config) -> Service:
        raise ConfigError("server.state_directory: is not writable")

    with pytest.raises(SystemExit) as caught:
        compose(parsed("-n", "csms", "-c", str(settings)), make)
    assert caught.value.code == "csms: server.state_directory: is not writable"


def log_of(*arguments: str) -> ILogObserver | None:
    """The log observer that a command line leads to."""
    application = Application("csms")
    compose(parsed(*arguments), Product).setServiceParent(application)
    return application.getComponent(ILogObserver)


EVENT = {"log_level": LogLevel.info, "log_namespace": "csms", "log_format": "hello"}


@pytest.mark.parametrize("named", [(), ("--logfile", "-")])
def test_in_the_foreground_the_log_is_standard_output(settings, capsysbinary, named):
    """As `twistd` has it."""
    log_of("-n", *named, "csms", "-c", str(settings))(EVENT)
    assert json.loads(capsysbinary.readouterr().out)["message"] == "hello"


def test_a_log_file_is_honoured(settings, tmp_path):
    """``twistd --logfile`` works with our lines."""
    log_of("-n", "--logfile", str(tmp_path / "a.log"), "csms", "-c", str(settings))(EVENT)
    assert json.loads((tmp_path / "a.log").read_text())["message"] == "hello"


def test_a_log_file_that_cannot_be_written_is_told_of(settings, tmp_path):
    """One line, status 1."""
    with pytest.raises(SystemExit) as caught:
        log_of("-n", "--logfile", f"{tmp_path}/no/a.log", "csms", "-c", str(settings))
    expected = f"csms: --logfile: cannot write {tmp_path}/no/a.log: No such file or directory"
    assert caught.value.code == expected


def test_syslog_is_left_to_twistd(settings):
    """`twistd` writes to syslog itself."""
    assert log_of("-n", "--syslog", "csms", "-c", str(settings)) is None


@pytest.mark.parametrize(
    ("log", "terminal", "start"),
    [
        (Log(format="json"), True, b'{"time":"1970-'),
        (Log(format="console"), False, b"1970-01-01T00:00:00.000Z info     csms: hello"),
        (Log(format="console"), True, b"1970-01-01T00:00:00.000Z \x1b[32minfo"),
        (Log(level="warn"), True, b""),
        (Log(level="warn", levels=("csms=info",)), True, b'{"time"'),
    ],
)
def test_the_log_is_as_the_settings_say(log, terminal, start):
    """Format, level and exceptions; color only on terminals."""
    sink = BytesIO()
    observer(log, sink, terminal=terminal)(EVENT)
    assert sink.getvalue().startswith(start)
    assert bool(sink.getvalue()) == bool(start)


def run(*arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `twistd` to its end."""
    return subprocess.run(
        [TWISTD, *arguments],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_wrong_setting_is_one_line_and_status_1(tmp_path):
    """Seen from the shell: nothing else is printed and nothing is started."""
    state = tmp_path / "state"
    done = run(
        *("-n", "--pidfile=", "csms"),
        CSMS__SERVER__STATE_DIRECTORY=str(state),
        CSMS__OCPP__MAX_FRAME_BYTES="x",
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "csms: ocpp.max_frame_bytes: expected an integer between 1024 and 67108864, "
        'got "x" (from CSMS__OCPP__MAX_FRAME_BYTES)\n'
    )
    assert not state.exists()


def test_the_version_can_be_asked_for():
    """Ours, not that of Twisted."""
    done = run("csms", "--version")
    assert (done.returncode, done.stdout) == (0, f"csms {__version__}\n")


def test_the_help_names_the_options():
    """``twistd csms --help`` is enough to start."""
    done = run("csms", "--help")
    assert done.returncode == 0
    assert "--config" in done.stdout
    assert "--role" in done.stdout
