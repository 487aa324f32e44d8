"""PostgreSQL's programs: found, tried, and refused with a reason."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

from csms.storage import programs
from csms.storage.embedded import Embedded
from csms.storage.programs import Account, DatabaseRefused
from csms.testing.postgres import place

NOWHERE = Path("/nowhere")


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that everybody may read."""
    made = Path(tempfile.mkdtemp(prefix="csms-", dir=place()))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def script(path: Path, text: str) -> None:
    """Make a program."""
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)


def test_nobody_is_root() -> None:
    """The account is never root's."""
    assert programs.account(NOWHERE).uid != 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use everybody's data")
def test_data_of_somebody_else() -> None:
    """Data of another user are refused, and the user is named."""
    with pytest.raises(DatabaseRefused, match="belongs to the user root: start as that user"):
        programs.account(Path("/"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give things away")
def test_owner_of_the_data(directory: Path) -> None:
    """For root it is the owner of the data that are there."""
    os.chown(directory, 54321, 54322)
    who = programs.account(directory)
    assert who == Account(54321, 54322)
    assert who.name == "54321"


def test_version_in_the_wheel() -> None:
    """The wheel's programs are those of the version asked for, or the newest."""
    assert programs.wheel(16) != programs.wheel()
    assert programs.wheel(9) == programs.wheel()


@pytest_twisted.ensureDeferred
async def test_chosen_directory(directory: Path) -> None:
    """The directory that the user chose is used, and its version found out."""
    script(directory / "postgres", "echo 'postgres (PostgreSQL) 17.2 (Debian 17.2-1)'")
    script(directory / "initdb", "")
    found = await programs.find(reactor, str(directory), programs.account(NOWHERE), 16)
    assert (found.directory, found.major) == (directory, 17)


@pytest_twisted.ensureDeferred
async def test_too_old(directory: Path) -> None:
    """A PostgreSQL that is too old is refused, with its version."""
    script(directory / "postgres", "echo 'postgres (PostgreSQL) 13.4'")
    script(directory / "initdb", "")
    with pytest.raises(DatabaseRefused, match="has PostgreSQL 13: 14 or newer is needed"):
        await programs.find(reactor, str(directory), programs.account(NOWHERE), None)


@pytest_twisted.ensureDeferred
async def test_database_that_cannot_be_made(directory: Path) -> None:
    """What initdb complains of is what the user is told, and nothing is left."""
    script(directory / "postgres", "echo 'postgres (PostgreSQL) 17.2'")
    script(directory / "initdb", "echo 'initdb: error: no space'; echo 'initdb: hint'; exit 1")
    state = directory / "state"
    embedded = Embedded(state=state, reactor=reactor, binaries=str(directory))
    with pytest.raises(DatabaseRefused, match="cannot be made: initdb: error: no space"):
        await embedded.start()
    assert [path.name for path in (state / "postgres").iterdir()] == ["lock"]


@pytest_twisted.ensureDeferred
async def test_run() -> None:
    """A command's success and its output are told; it is given what it reads."""
    assert await programs.run(reactor, ["/bin/cat"], b"a letter") == (True, "a letter")
    assert await programs.run(reactor, ["/bin/sh", "-c", "echo no >&2; exit 3"]) == (False, "no")


@pytest_twisted.ensureDeferred
async def test_run_given_up(directory: Path) -> None:
    """A command that is given up is killed."""
    told = directory / "pid"
    running = Deferred.fromCoroutine(
        programs.run(reactor, ["/bin/sh", "-c", f"echo $$ > {told}; exec sleep 600"])
    )
    while not (told.exists() and told.read_text().endswith("\n")):
        await deferLater(reactor, 0.01)
    running.cancel()
    with pytest.raises(CancelledError):
        await running
    while Path(f"/proc/{told.read_text().strip()}").exists():
        await deferLater(reactor, 0.01)


def test_environment() -> None:
    """No setting of ours, such as PGDATA or PGPORT, reaches PostgreSQL's programs."""
    assert not [name for name in programs.environment() if name.startswith("PG")]
