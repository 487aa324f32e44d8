"""The real server, one for all tests that do not break it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csms.testing.process import RunningCsms


@pytest.fixture
def state() -> Iterator[Path]:
    """A state directory that the database's account can reach."""
    path = Path(tempfile.mkdtemp(prefix="csms-e2e-"))
    path.chmod(0o755)
    yield path / "state"
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[RunningCsms]:
    """A server that is up, shared; tests use station identities of their own."""
    path = Path(tempfile.mkdtemp(prefix="csms-e2e-"))
    path.chmod(0o755)
    try:
        with RunningCsms(path / "state") as running:
            yield running
    finally:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def own_server(state: Path) -> Iterator[Callable[..., RunningCsms]]:
    """Makes servers of the test's own, with settings of its own, stopped at the end."""
    made: list[RunningCsms] = []

    def make(**settings: str) -> RunningCsms:
        running = RunningCsms(state, settings)
        running.start()
        made.append(running)
        return running

    yield make
    for running in made:
        running.stop()
