"""A private PostgreSQL in the state directory, for everybody who configures no other.

Nothing outside its directory (`csms.storage.home`) is changed, except that a directory is made
for the socket where a long path leaves no room for one, and that programs are copied to a
cache where root's installation is closed to the database's account.

Note: what kills leave behind, and who sees to it.  The product: its lock ends with it, and its
server is told to shut down (`csms.storage.launch`); one that is still there at the next start
is ended first (`csms.storage.postmaster`), so that there is always just one kind of server, a
child of ours with our settings.  The server: it is started again, when the processes it left
are gone.  A start that was making the database: it did so beside its place.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from csms.storage import programs
from csms.storage.home import SOCKET_NAME, Home, give
from csms.storage.postmaster import Postmaster, end_leftovers
from csms.storage.programs import Account, DatabaseRefused, Programs

USER = "csms"
DATABASE = "csms"

SETTINGS = {
    "max_connections": "40",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_compression": "on",
    "max_wal_size": "512MB",
    # After a crash: one call instead of one for each of a thousand files.
    "recovery_init_sync_method": "syncfs",
    "autovacuum": "on",
    "jit": "off",
    # In the data directory, so that nothing is left in /dev/shm, which containers are short of
    # anyway; that is slow for parallel queries, so there are none.
    "dynamic_shared_memory_type": "mmap",
    "max_parallel_workers_per_gather": "0",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # What the server says of itself; errors of statements are ours to log, and their text may
    # hold secrets.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}

_LOG_CHECK_S = 30.0
_ATTEMPTS = 3
_FIRST_DELAY_S = 0.2
_LONGEST_DELAY_S = 5.0


def url_of(socket: str) -> str:
    """The URL of the database behind a socket in that directory."""
    return f"postgresql://{USER}@/{DATABASE}?host={quote(socket, safe='')}&port=5432"


def running(state: Path) -> str | None:
    """The URL of the embedded database of a state directory, if another process runs it now."""
    socket = _home(state).socket_in_use()
    return None if socket is None else url_of(socket)


@attrs.define(eq=False, kw_only=True)
class Embedded:
    """The embedded database, from `start` to `stop`.

    ``state`` is the state directory, ``binaries`` a directory with postgres and initdb ("" for
    the wheel's).  When the server ends by itself it is started again.
    """

    state: Path
    reactor: Any
    binaries: str = ""
    _url: str | None = attrs.field(default=None, init=False)
    _home: Home = attrs.field(init=False)
    _programs: Programs | None = attrs.field(default=None, init=False)
    _server: Postmaster | None = attrs.field(default=None, init=False)
    _reviving: Deferred[None] | None = attrs.field(default=None, init=False)
    _log_check: IDelayedCall | None = attrs.field(default=None, init=False)
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self._home = _home(self.state)

    @property
    def url(self) -> str:
        """The URL of the database, once it was started; it stays the same over restarts."""
        if self._url is None:
            raise RuntimeError("the embedded database is not started")
        return self._url

    @property
    def pid(self) -> int | None:
        """The process id of the server while it runs."""
        return None if self._server is None else self._server.pid

    async def start(self) -> str:
        """Make the database if there is none, start it, and give its URL.

        Raises `DatabaseRefused` with one line that says what stands in the way.  May be
        cancelled.
        """
        await self._home.take(self.reactor)
        try:
            who = programs.account(self._home.data)
            await self._prepare(who)
            socket = self._home.socket_directory(who)
            await self._bring_up_patiently(who, socket)
        except BaseException:
            await self._put_down()
            raise
        self._log_check = self.reactor.callLater(_LOG_CHECK_S, self._check_log)
        self._url = url_of(str(socket))
        return self._url

    async def stop(self) -> None:
        """Shut the database down; returns within about ten seconds, when it is gone."""
        reviving, self._reviving = self._reviving, None
        if reviving is not None:
            reviving.cancel()
        await self._put_down()

    async def _prepare(self, who: Account) -> None:
        """Find the programs, and have data that they understand."""
        for unfinished in self._home.path.glob("data.new-*"):
            # A killed start's initdb may still be writing there; then it goes next time.
            shutil.rmtree(unfinished, ignore_errors=True)
        version = self._home.version
        chosen = await programs.find(self.reactor, self.binaries, who, version)
        if version is None:
            await self._initialise(chosen, who)
        elif version != chosen.major:
            raise DatabaseRefused(
                f"the database in {self._home.data} was made by PostgreSQL {version}, and"
                f" {chosen.directory} has {chosen.major}: set database.binaries to a"
                f" PostgreSQL {version}, or dump and restore the data"
            )
        self._programs = chosen

    async def _initialise(self, chosen: Programs, who: Account) -> None:
        """Make an empty database beside its place and move it there when it is complete."""
        new = Path(tempfile.mkdtemp(prefix="data.new-", dir=self._home.path))
        give(new, who)
        where = ("-D", programs.path_within(new))
        locale = ["--locale=C.UTF-8"]
        if chosen.major >= 17:
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        who_may = ("--auth-local=trust", "--auth-host=reject")
        options = (*where, "-U", USER, "-E", "UTF8", *locale, *who_may)
        await self._must(chosen.directory / "initdb", options, who, new)
        create = f"CREATE DATABASE {DATABASE}\n".encode()
        single = ("--single", *where, "postgres")
        await self._must(chosen.directory / "postgres", single, who, new, create)
        self._home.settle(new)
        self._log.info("embedded database made in {directory}", directory=str(self._home.data))

    async def _must(
        self, program: Path, options: tuple[str, ...], who: Account, data: Path, stdin: bytes = b""
    ) -> None:
        argv = programs.command(program, options, who, data)
        done, output = await programs.run(self.reactor, argv, stdin)
        lines = output.splitlines()
        wrong = [line for line in lines if re.search("error:|ERROR:|FATAL:", line)]
        if not done or wrong:
            shutil.rmtree(data, ignore_errors=True)
            said = (wrong or lines or [f"{program.name} said nothing"])[-1]
            raise DatabaseRefused(f"the database cannot be made: {said}")

    async def _bring_up_patiently(self, who: Account, socket: Path) -> None:
        """Start the server; a crash may have left things that take a moment to go."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self._bring_up(who, socket)
            except DatabaseRefused:
                if attempt == _ATTEMPTS:
                    raise
                await deferLater(self.reactor, _FIRST_DELAY_S * attempt)
            else:
                return

    async def _bring_up(self, who: Account, socket: Path) -> None:
        await end_leftovers(self.reactor, self._home.data)
        (socket / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)
        if self._programs is None:
            raise RuntimeError("the embedded database was not prepared")
        server = self._server = Postmaster(
            reactor=self.reactor,
            programs=self._programs,
            who=who,
            data=self._home.data,
            socket=programs.path_within(socket) if socket == self._home.data else str(socket),
            settings=SETTINGS,
            log_file=self._home.log,
            ended=lambda reason: self._ended(who, socket, reason),
        )
        self._home.trim_log()
        await server.start()

    def _ended(self, who: Account, socket: Path, reason: str) -> None:
        self._log.error("embedded database ended by itself: {reason}", reason=reason)
        reviving = self._reviving = Deferred.fromCoroutine(self._revive(who, socket))
        reviving.addErrback(self._not_revived)

    async def _revive(self, who: Account, socket: Path) -> None:
        delay = _FIRST_DELAY_S
        while True:
            try:
                await self._bring_up(who, socket)
            except DatabaseRefused as error:
                self._log.error("embedded database: {reason}", reason=error.detail)
                await deferLater(self.reactor, delay)
                delay = min(delay * 2, _LONGEST_DELAY_S)
            else:
                self._log.info("embedded database is there again")
                return

    def _not_revived(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            self._log.failure("embedded database cannot be started again", failure=failure)

    async def _put_down(self) -> None:
        check, self._log_check = self._log_check, None
        if check is not None:
            check.cancel()
        if self._server is not None:
            await self._server.stop()
        self._server = None
        self._url = None
        self._home.leave()

    def _check_log(self) -> None:
        self._log_check = self.reactor.callLater(_LOG_CHECK_S, self._check_log)
        self._home.trim_log()


def _home(state: Path) -> Home:
    return Home(state.absolute() / "postgres")
