"""``twistd csms``: its command line, and the step from there to a service."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast, get_args

import msgspec
from twisted.application.service import IService
from twisted.logger import ILogObserver
from twisted.python import usage
from twisted.python.logfile import LogFile

from csms import __version__
from csms.config import Config, ConfigError, Log, Role, load, locate
from csms.logs import LineObserver, Sink, Threshold, colored_console_line, console_line, json_line
from csms.process import IReactor, Process

_LOG_FILE = "twistd.log"
_LOG_FILE_BYTES = 100_000_000
_LOG_FILES = 10


class Options(usage.Options):
    """The options after ``twistd [options] csms``."""

    synopsis = "[--config FILE] [--role ROLE ...]"
    longdesc = (
        "A charging-station management system. Without --config the file is $CSMS_CONFIG, "
        "./conf/csms.toml or /etc/csms/csms.toml, whichever there is first, and otherwise "
        "every setting has its default."
    )
    optParameters = (("config", "c", None, "The TOML file with the settings."),)  # noqa: N815  # Twisted's name

    def __init__(self) -> None:
        super().__init__()
        self["roles"] = []

    def opt_role(self, role: str) -> None:
        """Do only this (gateway, api or worker; may be repeated), whatever the settings say."""
        self["roles"].append(role)

    def opt_version(self) -> None:
        """Show the version and exit."""
        sys.stdout.write(f"csms {__version__}\n")
        raise SystemExit(0)


def makeService(options: Options) -> IService:
    """The product as one service, for `twistd`."""
    # Imported here: the options are also asked for by those who only want their help.
    from csms.service import make_service  # noqa: PLC0415

    return compose(options, make_service)


def compose(options: Options, make: Callable[[Config], IService]) -> IService:
    """What ``make`` makes of the settings, in a `Process` of its own.

    A wrong setting ends the process: one line on standard error, status 1, nothing started.
    """
    try:
        config = configure(options["config"], options["roles"])
        process = _process(config.log, options.parent or {})
        make(config).setServiceParent(process)
    except ConfigError as error:
        raise SystemExit(f"csms: {error}") from None
    return process


def configure(path: str | None, roles: list[str]) -> Config:
    """The settings from the file at ``path`` or where it is usually found; ``roles`` override
    those in it unless empty.  Raises `ConfigError`."""
    config = load(Path(path) if path else locate(os.environ), os.environ)
    for role in roles:
        if role not in get_args(Role):
            known = ", ".join(f'"{name}"' for name in get_args(Role))
            raise ConfigError(f'--role: expected one of {known}, got "{role}"')
    if not roles:
        return config
    server = msgspec.structs.replace(config.server, roles=tuple(dict.fromkeys(roles)))
    return msgspec.structs.replace(config, server=server)


def observer(log: Log, sink: Sink, *, terminal: bool) -> ILogObserver:
    """What writes log lines to ``sink`` as the settings say."""
    if log.format == "json":
        render = json_line
    else:
        render = colored_console_line if terminal else console_line
    return LineObserver(sink=sink, render=render, threshold=Threshold.of(log.level, log.levels))


def _process(log: Log, twistd: Mapping[str, object]) -> Process:
    """The service at the top, its log where the options of `twistd` want it."""
    # Imported here, since importing it makes it.
    from twisted.internet import reactor  # noqa: PLC0415

    if twistd.get("syslog"):
        own = None
    elif name := _log_file(twistd):
        own = observer(log, _rotating(name), terminal=False)
    else:
        colorful = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        own = observer(log, sys.stdout.buffer, terminal=colorful)
    return Process(reactor=cast("IReactor", reactor), observer=own)


def _log_file(twistd: Mapping[str, object]) -> str:
    """As `twistd` has it: standard output in the foreground, else a file; "" is the former."""
    if name := twistd.get("logfile"):
        return "" if name == "-" else str(name)
    return "" if twistd.get("nodaemon") else _LOG_FILE


def _rotating(name: str) -> LogFile:
    limits = {"rotateLength": _LOG_FILE_BYTES, "maxRotatedFiles": _LOG_FILES}
    try:
        file: LogFile = LogFile.fromFullPath(name, **limits)
    except OSError as error:
        raise ConfigError(f"--logfile: cannot write {name}: {error.strerror}") from error
    return file
