"""The simulator as a process: reactor, signals, terminal, exit status."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorCore, IReactorTime
from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogBeginner,
    textFileLogObserver,
)
from zope.interface import implementer

from csms.sim.findings import Findings
from csms.sim.fleet import Fleet
from csms.sim.language import Language
from csms.sim.misbehaviour import Deeds
from csms.sim.progress import Progress
from csms.sim.scenario import Scenario, fill
from csms.sim.tally import Tally
from csms.sim.tasks import Tasks
from csms.sim.v16 import V16
from csms.sim.v21 import V21
from csms.sim.v201 import V201
from csms.sim.wire import Dialer, station_url

FINE, MISBEHAVED, USAGE, BUG = 0, 1, 2, 3
"""Exit statuses."""
LANGUAGES: dict[str, Callable[[], Language]] = {"1.6": V16, "2.0.1": V201, "2.1": V21}
"""What can be spoken, by version."""
SPARE_FILES = 64
"""File descriptors that a process needs besides its connections."""


class _Reactor(IReactorCore, IReactorTime):
    """What is needed of a reactor."""


@implementer(ILogObserver)
@attrs.define(eq=False)
class BugCounter:
    """Counts failures in the simulator itself: a run with one proves nothing."""

    count: int = 0

    def __call__(self, event: LogEvent) -> None:
        """See `ILogObserver`."""
        if event.get("log_level") is LogLevel.critical:
            self.count += 1


def simulate_until_done(reactor: _Reactor, scenario: Scenario, *, verbose: bool) -> int:
    """Run a scenario in this process; returns the exit status.  Runs the reactor."""
    bugs = BugCounter()
    to_terminal = FilteringLogObserver(
        textFileLogObserver(sys.stderr), [LogLevelFilterPredicate(LogLevel.error)]
    )
    globalLogBeginner.beginLoggingTo([bugs, to_terminal], redirectStandardIO=False)
    tally, findings = Tally(), Findings(frozenset(scenario.forgive))
    progress = Progress(
        clock=reactor,
        write=_write,
        terminal=sys.stdout.isatty(),
        verbose=verbose,
        stations=scenario.stations,
        tally=tally,
        findings=findings,
    )
    findings.watch = progress.finding
    languages = tuple(LANGUAGES[version]() for version in scenario.ocpp)
    deeds = Deeds()
    fleet = Fleet(
        clock=reactor,
        scenario=scenario,
        opener=Dialer(reactor, scenario.url, tuple(each.subprotocol for each in languages)),
        languages=languages,
        deeds=deeds,
        findings=findings,
        tally=tally,
        watch=progress.event,
    )
    background = Tasks()

    async def run() -> None:
        await fleet.run()
        reactor.stop()

    def begin() -> None:
        first = station_url(scenario.url, fill(scenario.identity, scenario.first))
        more = f" and {scenario.stations - 1} more" if scenario.stations > 1 else ""
        progress.say(f"connecting to {first}{more}")
        background.start(progress.run())
        background.start(run())

    def end() -> Deferred[None]:
        background.cancel_all()
        return Deferred.fromCoroutine(fleet.stop())

    reactor.callWhenRunning(begin)
    # Also on SIGINT and SIGTERM, which stop the reactor.
    reactor.addSystemEventTrigger("before", "shutdown", end)
    reactor.run()
    progress.summary(deeds)
    if bugs.count:
        return BUG
    return MISBEHAVED if findings.failed else FINE


def allow_connections(count: int) -> bool:
    """Raise the limit of open files as far as needed; False when it may not go that far."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + SPARE_FILES
    if soft >= wanted:
        return True
    if hard != resource.RLIM_INFINITY and hard < wanted:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return True


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
