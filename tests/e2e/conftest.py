"""The real server, one for all tests that do not break it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from csms.conformance.evidence import Witnessed
from csms.testing.charger import Line
from csms.testing.process import RunningCsms


@pytest.fixture(autouse=True)
def evidence(request: pytest.FixtureRequest) -> Iterator[None]:
    """Write down what a test exchanges, if ``CSMS_EVIDENCE`` names a folder for it."""
    folder = os.environ.get("CSMS_EVIDENCE")
    if folder is None:
        yield
        return
    Line.witnessed = set()
    yield
    exchanged, Line.witnessed = Line.witnessed, None
    function, _, case = request.node.name.partition("[")
    record = Witnessed(f"{request.path.stem}::{function}", case, tuple(sorted(exchanged)))
    with Path(folder, f"{os.getpid()}.jsonl").open("ab") as file:
        file.write(msgspec.json.encode(record) + b"\n")


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


@pytest.fixture(scope="session")
def server_with_known_tokens() -> Iterator[RunningCsms]:
    """The same, where only tokens that are known may charge."""
    path = Path(tempfile.mkdtemp(prefix="csms-e2e-"))
    path.chmod(0o755)
    try:
        settings = {"CSMS__AUTHORIZATION__UNKNOWN_TOKENS": "refuse"}
        with RunningCsms(path / "state", settings) as running:
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
