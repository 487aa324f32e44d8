"""The vault: files that came from outside, in a directory of ours under names of ours.

A file that is being written has the suffix ``.part`` and loses it when all of it is on the disk,
so that what bears a plain name is whole, whenever the process is killed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar

import attrs
from twisted.internet.threads import deferToThreadPool
from zope.interface import implementer

from csms.core.errors import NoRoom, NotFound
from csms.core.ports.logs import IIncoming, IVault

T = TypeVar("T")

PART = ".part"
_KEY = re.compile(r"[0-9a-f]{32}").fullmatch
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def in_threads(reactor: Any) -> Threads:
    """The threads of the reactor."""

    def run(work: Callable[[], T]) -> Awaitable[T]:
        return deferToThreadPool(reactor, reactor.getThreadPool(), work)

    return run


class Threads(Protocol):
    """Does blocking work elsewhere."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """The result of ``work``."""


@implementer(IIncoming)
@attrs.define(eq=False)
class IncomingFile:
    """`IIncoming` in a directory."""

    _path: Path
    _key: str
    _file: FileIO
    _threads: Threads
    _size: int = attrs.field(default=0, init=False)
    _digest: Any = attrs.field(factory=hashlib.sha256, init=False)

    def write(self, data: bytes) -> None:
        """See `IIncoming`."""
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) or 0 :]
        except OSError as error:
            raise _no_room(error) from error
        self._size += len(data)
        self._digest.update(data)

    def abandon(self) -> None:
        """See `IIncoming`."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._path.unlink()

    async def close(self) -> tuple[str, int, str]:
        """See `IIncoming`."""
        try:
            await self._threads(self._settle)
        except OSError as error:
            self.abandon()
            raise _no_room(error) from error
        return self._key, self._size, self._digest.hexdigest()

    def _settle(self) -> None:
        os.fsync(self._file.fileno())
        self._file.close()
        self._path.rename(self._path.with_suffix(""))
        directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


@implementer(IVault)
@attrs.frozen(eq=False)
class Vault:
    """`IVault` in a directory, which is made when it is first needed.

    ``threads`` is where the disk is waited for.
    """

    _directory: Path
    _threads: Threads

    def begin(self) -> IncomingFile:
        """See `IVault`."""
        key = secrets.token_hex(16)
        path = self._directory / f"{key}{PART}"
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = FileIO(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")
        except OSError as error:
            raise _no_room(error) from error
        return IncomingFile(path, key, file, self._threads)

    def open(self, key: str) -> IO[bytes]:
        """See `IVault`."""
        if _KEY(key):
            with suppress(FileNotFoundError):
                return (self._directory / key).open("rb")
        raise NotFound("the file is not there any more")

    def delete(self, key: str) -> None:
        """See `IVault`."""
        if _KEY(key.removesuffix(PART)):
            (self._directory / key).unlink(missing_ok=True)

    def keys(self, older_than: datetime) -> Sequence[str]:
        """See `IVault`."""
        found = []
        with suppress(FileNotFoundError):
            for entry in os.scandir(self._directory):
                with suppress(FileNotFoundError):
                    written = datetime.fromtimestamp(entry.stat().st_mtime, UTC)
                    if _KEY(entry.name.removesuffix(PART)) and written < older_than:
                        found.append(entry.name)
        return found


def _no_room(error: OSError) -> NoRoom:
    if error.errno in _FULL:
        return NoRoom("there is no room for the file")
    return NoRoom("the file cannot be kept")
