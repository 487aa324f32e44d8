"""How the process logs and ends, tried on real `twistd` processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from twisted.application.service import Application, MultiService
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import ILogObserver

from csms.process import Process

TWISTD = Path(sys.executable).with_name("twistd")
TAC = """
import os, signal, sys
from twisted.application.service import Application, Service
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from csms.config import Log
from csms.options import observer
from csms.process import Process, fail

log = Logger(namespace="csms.story")

class Story(Service):
    def startService(self):
        log.info("started {station}", station="CP1")
        {tells}

    def stopService(self):
        log.info("stopping")
        done = Deferred()
        reactor.callLater(0, done.callback, None)
        return done.addCallback(lambda _: log.info("stopped"))

application = Application("story")
process = Process(reactor=reactor, observer=observer(Log(), sys.stdout.buffer, terminal=False))
Story().setServiceParent(process)
process.setServiceParent(application)
"""


def run(tmp_path: Path, tells: str, *twistd: str) -> subprocess.CompletedProcess[str]:
    """Run a process whose service does ``tells`` when it is started."""
    tac = tmp_path / "story.tac"
    tac.write_text(TAC.replace("{tells}", tells))
    return subprocess.run(
        [TWISTD, "-n", "--pidfile=", *twistd, "-y", tac],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def messages(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The messages of the process's log."""
    return [json.loads(line)["message"] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_is_an_orderly_stop(tmp_path, name):
    """Services finish what they do, and the status is 0 instead of that of the signal."""
    done = run(tmp_path, f"reactor.callLater(0, os.kill, os.getpid(), signal.{name})")
    assert done.returncode == 0
    assert messages(done) == ["started CP1", "stopping", "stopped"]
    assert done.stderr == ""


def test_a_second_signal_changes_nothing(tmp_path):
    """Whoever asks twice gets the same orderly stop."""
    twice = "[reactor.callLater(0, os.kill, os.getpid(), signal.SIGTERM) for _ in range(2)]"
    done = run(tmp_path, twice)
    assert done.returncode == 0
    assert messages(done) == ["started CP1", "stopping", "stopped"]


@pytest.mark.parametrize("tells", ["{}", "reactor.callLater(0, lambda: {})"])
def test_a_failure_ends_the_process_with_a_line_and_status_1(tmp_path, tells):
    """Whether it shows while starting or later, what was started is stopped."""
    done = run(tmp_path, tells.replace("{}", "fail(reactor, 'no database')"))
    assert done.returncode == 1
    assert done.stderr == "csms: no database\n"
    assert messages(done) == ["started CP1", "stopping", "stopped"]


def test_what_code_prints_is_logged(tmp_path):
    """Standard output stays one JSON object per line."""
    done = run(tmp_path, "print('hello\\nworld'); fail(reactor, 'end')")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    printed = [record["message"] for record in records if record["namespace"] == "stdout"]
    assert printed == ["hello", "world"]


def test_a_logger_chosen_on_the_command_line_wins(tmp_path):
    """``twistd --logger`` is the operator's word."""
    done = run(tmp_path, "fail(reactor, 'end')", "--logger", "twisted.logger.LogPublisher")
    assert done.stdout == ""


def test_the_application_gets_the_observer():
    """`twistd` looks for the observer on the application, when it has one to give."""
    with_one, without = Application("with"), Application("without")
    Process(reactor=MemoryReactorClock(), observer=print).setServiceParent(with_one)
    Process(reactor=MemoryReactorClock(), observer=None).setServiceParent(without)
    assert with_one.getComponent(ILogObserver) is print
    assert without.getComponent(ILogObserver) is None


def test_it_may_also_live_below_another_service():
    """Where there is no application, there is nobody to hand an observer to."""
    parent, process = MultiService(), Process(reactor=MemoryReactorClock(), observer=print)
    process.setServiceParent(parent)
    assert list(parent) == [process]
