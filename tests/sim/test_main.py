"""The simulator as a process of its own, against a scripted server on a loopback port."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import attrs
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from csms.sim.main import BUG, FINE, MISBEHAVED, BugCounter, allow_connections

QUICK = ["--session-s", "0.2", "--pause-s", "0.1", "--meter-s", "0", "--back-off-s", "0.05", "0.1"]


@attrs.define(eq=False)
class Run(ProcessProtocol):
    """A running simulator."""

    output: str = ""
    status: Deferred[int] = attrs.Factory(Deferred)
    wanted: str = ""
    seen: Deferred[None] = attrs.Factory(Deferred)

    def outReceived(self, data: bytes) -> None:
        self.output += data.decode()
        if self.wanted and self.wanted in self.output and not self.seen.called:
            self.seen.callback(None)

    def errReceived(self, data: bytes) -> None:
        self.output += data.decode()

    def processEnded(self, reason: Failure) -> None:
        self.status.callback(0 if reason.check(ProcessDone) else reason.value.exitCode)

    async def shows(self, text: str) -> None:
        """Wait until the simulator has printed that."""
        self.wanted, self.seen = text, Deferred()
        self.outReceived(b"")
        await self.seen.addTimeout(30, reactor)


def start(url: str, *options: str) -> Run:
    run = Run()
    command = [sys.executable, "-m", "csms.sim", url, *options]
    reactor.spawnProcess(run, sys.executable, command, env=dict(os.environ))
    return run


async def ends(run: Run) -> int:
    """Wait for the end; returns the exit status."""
    return await run.status.addTimeout(30, reactor)


@pytest_twisted.ensureDeferred
async def test_one_charger(server: Any) -> None:
    """A charger charges once and exits with status 0; what it did is told line by line."""
    run = start(server.url, "--exit", *QUICK)
    assert await ends(run) == FINE
    for text in ("boot accepted", "connector 1: Charging", "transaction 1", "Available", "OK"):
        assert text in run.output
    assert server.script.payloads("StopTransaction")[0]["idTag"] == "TAG0001"


@pytest_twisted.ensureDeferred
async def test_many_chargers(server: Any) -> None:
    """Many chargers run in one process; a status line sums them up."""
    run = start(server.url, "--stations", "20", "--exit", *QUICK)
    assert await ends(run) == FINE
    assert "sessions 20" in run.output
    assert "connector 1" not in run.output
    assert len(server.script.payloads("StopTransaction")) == 20


@pytest_twisted.ensureDeferred
async def test_misbehaviour(server: Any) -> None:
    """A server that misbehaves makes the run fail, and the summary says how."""
    server.script.answers["StartTransaction"] = {
        "transactionId": 0,
        "idTagInfo": {"status": "Accepted"},
    }
    run = start(server.url, "--exit", *QUICK)
    assert await ends(run) == MISBEHAVED
    assert "bad_transaction_id: 1" in run.output
    assert "FAILED" in run.output


@pytest_twisted.ensureDeferred
async def test_forgiven(server: Any) -> None:
    """Forgiven findings are listed but do not make the run fail."""
    server.script.answers["Authorize"] = {"idTagInfo": {"status": "Blocked"}}
    run = start(server.url, "--exit", "--forgive", "tag_refused", *QUICK)
    assert await ends(run) == FINE
    assert "tag_refused: 1 (forgiven)" in run.output


@pytest_twisted.ensureDeferred
async def test_refused_handshake(server: Any) -> None:
    """A refused handshake ends the run with its HTTP status in the message."""
    server.factory.refusals = [401]
    run = start(server.url)
    assert await ends(run) == MISBEHAVED
    assert "handshake refused: HTTP 401 Not you" in run.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest_twisted.ensureDeferred
async def test_signals(server: Any, number: int) -> None:
    """Ctrl-C and SIGTERM end the run cleanly; until then commands are answered."""
    run = start(server.url, "--finish", "--session-s", "100")
    await run.shows("transaction 1")
    answer = await server.script.command("ClearCache", {}, "SIM0001")
    assert answer[2] == {"status": "Accepted"}
    run.transport.signalProcess(number)
    assert await ends(run) == FINE, run.output
    assert "commands answered: ClearCache 1" in run.output
    assert server.script.payloads("StopTransaction")[0]["reason"] == "Local"


def test_bugs_are_counted() -> None:
    """Failures in the simulator itself are told from those of the server."""
    from twisted.logger import Logger

    bugs = BugCounter()
    log = Logger(observer=bugs)
    log.error("trouble")
    assert bugs.count == 0
    log.failure("bug", Failure(RuntimeError()))
    assert bugs.count == 1
    assert BUG not in (FINE, MISBEHAVED)


def test_open_files() -> None:
    """The limit of open files is raised where it may be, else the answer is no."""
    assert allow_connections(1)
    assert not allow_connections(2**40)


@pytest_twisted.ensureDeferred
async def test_another_version(server: Any, v201: Any) -> None:
    """With --ocpp the charger offers what is named, and speaks what is chosen."""
    server.script.schemas = v201.schemas
    server.factory.choose = lambda offered: offered[1]
    run = start(server.url, "--exit", "--ocpp", "2.1,2.0.1", *QUICK)
    assert await ends(run) == FINE
    assert server.script.requests[0].protocols == ["ocpp2.1", "ocpp2.0.1"]
    kinds = [each["eventType"] for each in server.script.payloads("TransactionEvent")]
    assert (kinds[0], kinds[-1]) == ("Started", "Ended")


@pytest_twisted.ensureDeferred
async def test_misbehaving_run(server: Any) -> None:
    """The summary tells what the chargers did wrong on purpose."""
    run = start(
        server.url, "--exit", "--misbehave-only", "time_with_space", "--misbehave", "1", *QUICK
    )
    assert await ends(run) == FINE
    assert "misbehaved on purpose:" in run.output
    assert "time_with_space: " in run.output


@pytest_twisted.ensureDeferred
async def test_misbehaviour_without_a_rate(server: Any) -> None:
    """Naming a misbehaviour is enough."""
    run = start(server.url, "--exit", "--misbehave-only", "null_payload", *QUICK)
    assert await ends(run) == FINE
