"""The vault: whole files under names of ours."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import succeed
from zope.interface.verify import verifyObject

from csms.core.errors import NoRoom, NotFound
from csms.core.ports.logs import IIncoming, IVault
from csms.storage.uploads import Vault, in_threads

T = TypeVar("T")


def at_once(work: Callable[[], T]) -> Awaitable[T]:
    return succeed(work())


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "state" / "uploads", at_once)


def later() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


@pytest_twisted.ensureDeferred
async def test_a_file(tmp_path: Path) -> None:
    """It is there when it is whole, for nobody else to read, and gone when it is deleted."""
    vault = Vault(tmp_path / "uploads", in_threads(reactor))
    assert verifyObject(IVault, vault)
    incoming = vault.begin()
    assert verifyObject(IIncoming, incoming)
    incoming.write(b"one ")
    incoming.write(b"two")
    key, size, sha256 = await incoming.close()
    assert (size, sha256) == (7, hashlib.sha256(b"one two").hexdigest())
    with vault.open(key) as file:
        assert file.read() == b"one two"
    assert (tmp_path / "uploads" / key).stat().st_mode & 0o777 == 0o600
    assert vault.keys(later()) == [key]
    assert vault.keys(datetime.now(UTC) - timedelta(hours=1)) == []
    vault.delete(key)
    vault.delete(key)
    with pytest.raises(NotFound):
        vault.open(key)


def test_abandoned(vault: Vault, tmp_path: Path) -> None:
    """Nothing of it stays."""
    incoming = vault.begin()
    incoming.write(b"half")
    assert len(vault.keys(later())) == 1
    incoming.abandon()
    incoming.abandon()
    assert vault.keys(later()) == []


def test_cut_off_with_the_process(vault: Vault) -> None:
    """What was never whole is found, and can be deleted."""
    incoming = vault.begin()
    incoming.write(b"half")
    (key,) = vault.keys(later())
    with pytest.raises(NotFound):
        vault.open(key)
    vault.delete(key)
    assert vault.keys(later()) == []


@pytest.mark.parametrize("key", ["", "../secret", "/etc/passwd", "0" * 31, "0" * 32 + "/x"])
def test_names_of_others(vault: Vault, tmp_path: Path, key: str) -> None:
    """Only names of ours lead anywhere."""
    (tmp_path / "state" / "uploads").mkdir(parents=True)
    secret = tmp_path / "state" / "secret"
    secret.write_text("x")
    with pytest.raises(NotFound):
        vault.open(key)
    vault.delete(key)
    assert secret.exists()


def test_other_files_are_left_alone(vault: Vault, tmp_path: Path) -> None:
    """What somebody else put there is not ours to sweep away."""
    assert vault.keys(later()) == []
    vault.begin().abandon()
    (tmp_path / "state" / "uploads" / "README").write_text("x")
    assert vault.keys(later()) == []


def test_nowhere_to_write(tmp_path: Path) -> None:
    """A directory that cannot be made is no room."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(NoRoom):
        Vault(tmp_path / "file" / "uploads", at_once).begin()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk(vault: Vault) -> None:
    """It is told, and nothing breaks."""
    incoming = vault.begin()
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, incoming._file.fileno())
    os.close(full)
    with pytest.raises(NoRoom) as refused:
        incoming.write(b"x")
    assert refused.value.detail == "there is no room for the file"
    incoming.abandon()


@pytest_twisted.ensureDeferred
async def test_a_disk_that_fails_at_the_end(vault: Vault, tmp_path: Path) -> None:
    """The file is not there then."""
    incoming = vault.begin()
    incoming.write(b"x")
    for path in (tmp_path / "state" / "uploads").iterdir():
        path.unlink()
    with pytest.raises(NoRoom):
        await incoming.close()
    assert vault.keys(later()) == []
