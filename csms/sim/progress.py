"""What a run shows on a terminal or in a log file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.sim.events import Event
from csms.sim.findings import Finding, Findings
from csms.sim.misbehaviour import Deeds
from csms.sim.tally import Tally
from csms.sim.tasks import pause

QUIET = frozenset({"heartbeat", "plugged", "unplugged", "stop_answered"})
"""Events whose consequences are shown anyway."""
FINDINGS_SHOWN = 20
"""Findings shown as they come up; the summary has more."""
TERMINAL_PERIOD_S = 1.0
PLAIN_PERIOD_S = 10.0
CLEAR = "\r\x1b[2K"


@attrs.define(eq=False)
class Progress:
    """Prints events (``verbose``) or a status line of all stations.

    ``write`` prints text as it is; ``terminal``: lines may be overwritten in place.
    """

    clock: IReactorTime
    write: Callable[[str], None]
    terminal: bool
    verbose: bool
    stations: int
    tally: Tally
    findings: Findings
    _line: str = attrs.field(default="", init=False)
    _shown: int = attrs.field(default=0, init=False)

    def event(self, event: Event) -> None:
        """Something happened to a charger."""
        if self.verbose and event.kind not in QUIET:
            self.say(f"{event.identity}  {event.text}")

    def finding(self, finding: Finding) -> None:
        """The server did something wrong."""
        self._shown += 1
        if self._shown <= FINDINGS_SHOWN:
            self.say(f"{finding.identity}  ! {finding.kind}: {finding.text}")
        elif self._shown == FINDINGS_SHOWN + 1:
            self.say("more findings are counted, not shown; see the summary")

    def say(self, text: str) -> None:
        """Print a line of its own."""
        at = datetime.fromtimestamp(self.clock.seconds()).astimezone()
        cleared = CLEAR if self._line else ""
        self.write(f"{cleared}{at:%H:%M:%S}  {text}\n{self._line}")

    async def run(self) -> None:
        """Show the status line again and again, unless events are shown instead."""
        while not self.verbose:
            await pause(self.clock, TERMINAL_PERIOD_S if self.terminal else PLAIN_PERIOD_S)
            self.show()

    def show(self) -> None:
        """Show the status line now."""
        line = self.tally.line(self.stations, self.findings.total)
        if self.terminal:
            self._line = line
            self.write(CLEAR + line)
        else:
            self.say(line)

    def summary(self, deeds: Deeds | None = None) -> None:
        """Show how it went."""
        if self._line:
            self._line = ""
            self.write(CLEAR)
        self.write(f"\n{self.tally.line(self.stations, self.findings.total)}\n")
        if self.tally.cuts or self.tally.dropped:
            self.write(f"cuts {self.tally.cuts}  messages given up {self.tally.dropped}\n")
        if self.tally.commands:
            counts = ", ".join(f"{name} {count}" for name, count in self.tally.commands.items())
            self.write(f"commands answered: {counts}\n")
        if deeds is not None and deeds.done:
            self.write("misbehaved on purpose:\n")
            for line in deeds.lines():
                self.write(line + "\n")
        for line in self.findings.lines():
            self.write(line + "\n")
        self.write("FAILED: the server misbehaved\n" if self.findings.failed else "OK\n")
