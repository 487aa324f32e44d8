"""One run of the PostgreSQL server, and the processes that an earlier run left behind.

Note: how processes are told to be ours.  Process ids are used again, so the one in
``postmaster.pid`` may be anybody's, and another process's working directory may not be
readable.  Command lines are, so the server is started with a ``cluster_name`` made of the
device and inode of its data directory, which PostgreSQL repeats in the title of each of its
processes.  A copied data directory has another inode, a zombie has no command line.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from csms.storage.programs import (
    Account,
    DatabaseRefused,
    Programs,
    command,
    environment,
    path_within,
)

START_TIMEOUT_S = 300.0
"""How long crash recovery may take."""

FAST_S = 4.0
"""How long a shutdown with its checkpoint may take before it is done without."""

IMMEDIATE_S = 2.0

_POLL_S = 0.02
_NUDGE_S = 0.25
_REPORT_S = 10.0
_PROC = Path("/proc")

_log = Logger()


def cluster_name(data: Path) -> str:
    """What the server of a data directory, and no other, is called."""
    status = data.stat()
    return f"csms-{status.st_dev:x}-{status.st_ino:x}"


def processes(name: str) -> tuple[list[int], list[int]]:
    """The servers called ``name``, and the processes working for one, that are alive."""
    servers, workers = [], []
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has just ended
            continue
        if f"cluster_name={name}".encode() in words:
            servers.append(int(entry.name))
        elif words[0].startswith(f"postgres: {name}: ".encode()):
            workers.append(int(entry.name))
    return servers, workers


async def end_leftovers(reactor: Any, data: Path) -> None:
    """End whatever an earlier run left running on ``data``, and remove its stale pid file.

    A server is shut down in order if it can be.  Raises `DatabaseRefused` if it cannot be
    ended at all.
    """
    name = cluster_name(data)
    for number, patience in (
        (signal.SIGINT, FAST_S),
        (signal.SIGQUIT, IMMEDIATE_S),
        (signal.SIGKILL, FAST_S),
    ):
        servers, workers = processes(name)
        if not servers and not workers:
            break
        _log.info(
            "ending the database processes {pids} of an earlier run with {signal}",
            pids=servers or workers,
            signal=number.name,
        )
        # A server ends its workers; without one they have nothing left to finish.
        for pid in servers or workers:
            with suppress(ProcessLookupError):
                os.kill(pid, number if servers else max(number, signal.SIGQUIT))
        deadline = reactor.seconds() + patience
        while any(processes(name)) and reactor.seconds() < deadline:
            await deferLater(reactor, _POLL_S)
    if any(processes(name)):
        raise DatabaseRefused(f"the database processes of an earlier run on {data} do not end")
    # Only now is it certain that nobody uses the data, whatever the pid in the file is today.
    (data / "postmaster.pid").unlink(missing_ok=True)


@attrs.define(eq=False, kw_only=True)
class Postmaster(ProcessProtocol):
    """The server as a child process.

    ``ended`` is called, with the reason, when it ends by itself after it was ready.
    """

    reactor: Any
    programs: Programs
    who: Account
    data: Path
    socket: str
    settings: Mapping[str, str]
    log_file: Path
    ended: Any
    _process: IProcessTransport | None = attrs.field(default=None, init=False)
    _reason: str | None = attrs.field(default=None, init=False)
    _waiting: list[Deferred[None]] = attrs.field(factory=list, init=False)
    _ready: bool = attrs.field(default=False, init=False)

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start it and wait until it takes connections.

        Raises `DatabaseRefused` with the last line of its log if it does not.
        """
        settings = {"cluster_name": cluster_name(self.data), **self.settings}
        arguments = ["-D", path_within(self.data), "-k", self.socket, "-h", ""]
        for key, value in settings.items():
            arguments += ["-c", f"{key}={value}"]
        argv = command(self.programs.directory / "postgres", arguments, self.who, self.data)
        with self.log_file.open("ab") as log, Path(os.devnull).open("rb") as nothing:
            files = {0: nothing.fileno(), 1: log.fileno(), 2: log.fileno()}
            self._process = self.reactor.spawnProcess(
                self, argv[0], argv, env=environment(), childFDs=files
            )
        began = reported = self.reactor.seconds()
        while not self._is_ready():
            if self._reason is not None:
                raise DatabaseRefused(f"the database does not start: {self._last_words()}")
            now = self.reactor.seconds()
            if now - began > START_TIMEOUT_S:
                await self.stop()
                raise DatabaseRefused("the database did not become ready in time")
            if now - reported > _REPORT_S:
                reported = now
                _log.info("database is still starting: {words}", words=self._last_words())
            await deferLater(self.reactor, _POLL_S)
        self._ready = True

    async def stop(self) -> None:
        """Shut it down in order, or, if that takes too long, at once; returns when it is gone."""
        self._ready = False
        for number, patience in (
            (signal.SIGINT, FAST_S),
            (signal.SIGQUIT, IMMEDIATE_S),
            (signal.SIGKILL, FAST_S),
        ):
            deadline = self.reactor.seconds() + patience
            while self._process is not None and self.reactor.seconds() < deadline:
                # Again and again, for until it has become the server a signal may be lost on it.
                self._process.signalProcess(number.name.removeprefix("SIG"))
                await self._gone(_NUDGE_S)

    def processEnded(self, reason: Failure) -> None:
        """Called by Twisted."""
        self._process = None
        self._reason = reason.getErrorMessage()
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            waiter.callback(None)
        if self._ready:
            self._ready = False
            self.ended(self._reason)

    async def _gone(self, patience: float) -> None:
        waiter: Deferred[None] = Deferred()
        self._waiting.append(waiter)
        late = self.reactor.callLater(patience, self._no_longer, waiter)
        await waiter
        if late.active():
            late.cancel()

    def _no_longer(self, waiter: Deferred[None]) -> None:
        self._waiting.remove(waiter)
        waiter.callback(None)

    def _is_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text("ascii").splitlines()
        except (OSError, ValueError):
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _last_words(self) -> str:
        lines = self.log_file.read_text(errors="replace").splitlines()
        telling = [line for line in lines[-20:] if "FATAL" in line or "PANIC" in line]
        return (telling or lines or [str(self._reason)])[-1]
