"""Counts of a run, kept up to date by the events of all chargers."""

from __future__ import annotations

from collections import Counter, deque
from math import ceil

import attrs

from csms.sim.events import Event

LATENCIES_KEPT = 2000


@attrs.define(eq=False)
class Tally:
    """What a run has done so far."""

    connected: int = 0
    accepted: int = 0
    """Stations whose boot was accepted at least once."""
    charging: int = 0
    started: int = 0
    finished: int = 0
    energy_wh: int = 0
    """Of finished sessions."""
    answers: int = 0
    lost: int = 0
    """Connections that broke without our doing."""
    cuts: int = 0
    dropped: int = 0
    commands: Counter[str] = attrs.Factory(Counter)
    verdicts: Counter[str] = attrs.Factory(Counter)
    _booted: set[str] = attrs.field(factory=set, init=False)
    _up: set[str] = attrs.field(factory=set, init=False)
    _latencies: deque[float] = attrs.field(factory=lambda: deque(maxlen=LATENCIES_KEPT), init=False)

    def answered(self, seconds: float) -> None:
        """An answer took so long."""
        self.answers += 1
        self._latencies.append(seconds)

    def note(self, event: Event) -> None:
        """Count an event."""
        match event.kind:
            case "connected":
                self._up.add(event.identity)
            case "lost":
                self.lost += 1
                self._up.discard(event.identity)
            case "cut":
                self.cuts += 1
                self._up.discard(event.identity)
            case "reboot":
                self._up.discard(event.identity)
            case "boot" if event.data.get("status") == "Accepted":
                self._booted.add(event.identity)
            case "started":
                self.charging += 1
                self.started += 1
            case "stopped":
                self.charging -= 1
                self.finished += 1
                self.energy_wh += event.data["session"].energy_wh
            case "dropped":
                self.dropped += 1
            case "command":
                self.commands[event.data["action"]] += 1
            case "authorized":
                self.verdicts[event.data["verdict"]] += 1
        self.connected, self.accepted = len(self._up), len(self._booted)

    def latency_ms(self, share: float) -> float:
        """The quantile of the last answers' latencies, in milliseconds; 0 without any."""
        if not self._latencies:
            return 0.0
        ordered = sorted(self._latencies)
        return ordered[max(0, ceil(share * len(ordered)) - 1)] * 1000

    def line(self, stations: int, findings: int) -> str:
        """All of it in one line."""
        return (
            f"connected {self.connected}/{stations}  charging {self.charging}  "
            f"sessions {self.finished}  {self.energy_wh / 1000:.1f} kWh  "
            f"answers {self.answers} (p50 {self.latency_ms(0.5):.0f} ms, "
            f"p99 {self.latency_ms(0.99):.0f} ms)  lost {self.lost}  findings {findings}"
        )
