"""The directory of the embedded database, and who may use it.

In ``STATE/postgres``: ``data`` (the database, owned by the account it runs as), ``lock``
(held by the process that runs it), ``server.log``, and ``socket`` (names the directory of the
server's socket).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import attrs
from twisted.internet.task import deferLater

from csms.storage.programs import Account, DatabaseRefused

LOG_LIMIT_BYTES = 5_000_000
SOCKET_NAME = ".s.PGSQL.5432"

_SOCKET_LIMIT_BYTES = 107
_LOCK_PATIENCE_S = 1.0
_LOCK_POLL_S = 0.02


@attrs.define(eq=False)
class Home:
    """``path`` is the directory; it is made, and made ours alone, by `take`."""

    path: Path
    _lock: TextIOWrapper | None = attrs.field(default=None, init=False)

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.path / "server.log"

    @property
    def version(self) -> int | None:
        """The major version of the PostgreSQL that made the data; None if there are none.

        Raises `DatabaseRefused` if there is something else.
        """
        try:
            return int((self.data / "PG_VERSION").read_text("ascii"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise DatabaseRefused(f"there is no database in {self.data}") from error

    async def take(self, reactor: Any) -> None:
        """Make the directory ours, and ours alone; raises `DatabaseRefused`."""
        try:
            self.path.mkdir(0o700, parents=True, exist_ok=True)
            if self.path.stat().st_uid == os.geteuid():
                self.path.chmod(0o700)
            lock = (self.path / "lock").open("a+")
        except OSError as error:
            raise DatabaseRefused(
                f"the database cannot be kept in {self.path}: {error.strerror}"
            ) from error
        deadline = reactor.seconds() + _LOCK_PATIENCE_S
        # A process that was killed may leave a child that holds the lock for a moment longer.
        while not _locked(lock):
            if reactor.seconds() > deadline:
                lock.seek(0)
                pid = lock.read().strip()
                lock.close()
                raise DatabaseRefused(
                    f"the database in {self.path} is in use by another process (pid {pid})"
                )
            await deferLater(reactor, _LOCK_POLL_S)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def leave(self) -> None:
        """Let others have it."""
        lock, self._lock = self._lock, None
        if lock is None:
            return
        with suppress(OSError):
            socket = Path(self._record.read_text("utf-8"))
            self._record.unlink()
            if socket != self.data:
                shutil.rmtree(socket, ignore_errors=True)
        lock.close()

    def settle(self, new: Path) -> None:
        """Put a complete data directory, made beside its place, there for good."""
        try:
            new.rename(self.data)
        except OSError as error:
            raise DatabaseRefused(
                f"{self.data} is in the way of a new database: {error.strerror}"
            ) from error
        # Or a power failure may undo it, and the next start would clear it away as unfinished.
        for directory in (self.path, self.path.parent):
            descriptor = os.open(directory, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def socket_directory(self, who: Account) -> Path:
        """Where the server's socket is to be: with the data, or where its path is short enough."""
        directory = self.data
        if len(os.fsencode(self.data / SOCKET_NAME)) > _SOCKET_LIMIT_BYTES:
            with suppress(FileNotFoundError):
                directory = Path(self._record.read_text("utf-8"))
            if directory == self.data or not _is_private(directory, who):
                directory = Path(tempfile.mkdtemp(prefix="csms-", dir=_short_directory()))
                give(directory, who)
        self._record.write_text(str(directory), "utf-8")
        return directory

    def socket_in_use(self) -> str | None:
        """The directory of the socket of a server that some process runs now, if one does."""
        try:
            with (self.path / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            with suppress(FileNotFoundError):
                return self._record.read_text("utf-8")
        return None

    def trim_log(self) -> None:
        """Keep the server's log within bounds; the server appends, so it may be cut under it."""
        with suppress(OSError):
            if self.log.stat().st_size > LOG_LIMIT_BYTES:
                shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
                os.truncate(self.log, 0)

    @property
    def _record(self) -> Path:
        return self.path / "socket"


def give(directory: Path, who: Account) -> None:
    """Hand a directory of ours over to the database's account."""
    if os.geteuid() == 0:
        os.chown(directory, who.uid, who.gid)


def _locked(lock: TextIOWrapper) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_private(directory: Path, who: Account) -> bool:
    try:
        status = directory.lstat()
    except OSError:
        return False
    private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077
    return private and status.st_uid == who.uid


def _short_directory() -> Path:
    """A directory with a short name where a private directory can be made."""
    wanted = [Path("/run")] if os.geteuid() == 0 else [Path(os.environ.get("XDG_RUNTIME_DIR", ""))]
    for directory in wanted:
        short = directory.is_absolute() and len(os.fsencode(directory)) < 60
        if short and os.access(directory, os.W_OK | os.X_OK):
            return directory
    return Path("/tmp")  # noqa: S108  # a private directory is made in it
