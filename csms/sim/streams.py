"""Periodic event streams of a charger: values of a monitor, sent without answer (2.1 N11 ff.)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs

from csms.sim.messages import NoAnswer, Payload, Request
from csms.sim.monitoring import Monitors
from csms.sim.station_time import wire_time
from csms.sim.tasks import pause

if TYPE_CHECKING:
    from csms.sim.charger import Charger

INTERVAL_S, VALUES = 15, 10
"""Of a stream that names none."""


@attrs.define(eq=False)
class Stream:
    """Sends when ``interval_s`` have passed or ``values`` are there."""

    id: int
    monitor: int
    interval_s: int
    values: int
    data: list[tuple[float, str]] = attrs.field(factory=list)

    @property
    def wire(self) -> Payload:
        """ConstantStreamData."""
        return {
            "id": self.id,
            "variableMonitoringId": self.monitor,
            "params": {"interval": self.interval_s, "values": self.values},
        }


@attrs.define(eq=False)
class Streams:
    """The streams of one charger by id."""

    charger: Charger
    monitors: Monitors
    streams: dict[int, Stream] = attrs.field(factory=dict)
    _next_id: int = attrs.field(default=1, init=False)

    def open(self, monitor: int, params: Payload) -> None:
        """Ask the server for a stream of a monitor's values, and send it if that agrees."""
        stream = Stream(
            self._next_id,
            monitor,
            params.get("interval", INTERVAL_S),
            params.get("values", VALUES),
        )
        self._next_id += 1
        self.charger.tasks.start(self._open(stream))

    def adjust(self, number: int, params: Payload) -> bool:
        """Change a stream; False when there is none."""
        stream = self.streams.get(number)
        if stream is None:
            return False
        stream.interval_s = params.get("interval", stream.interval_s)
        stream.values = params.get("values", stream.values)
        self.charger.tasks.start(self._sending(stream), ("stream", number))
        return True

    def monitor_cleared(self, monitor: int) -> None:
        """A monitor is gone, and its stream with it (N13)."""
        for number, stream in list(self.streams.items()):
            if stream.monitor == monitor:
                del self.streams[number]
                self.charger.tasks.cancel(("stream", number))
                self.charger.send_soon(Request("ClosePeriodicEventStream", {"id": number}))

    async def _open(self, stream: Stream) -> None:
        request = Request("OpenPeriodicEventStream", {"constantStreamData": stream.wire})
        try:
            answer = await self.charger.presence.call(request)
        except NoAnswer:
            return
        monitor = self.monitors.monitors.get(stream.monitor)
        if answer["status"] != "Accepted" or monitor is None:
            return
        self.streams[stream.id] = stream

        def take(value: str) -> None:
            stream.data.append((self.charger.presence.time.now().timestamp(), value))
            if len(stream.data) >= max(1, stream.values):
                self._send(stream)

        monitor.stream = take
        self.charger.tasks.start(self._sending(stream), ("stream", stream.id))

    async def _sending(self, stream: Stream) -> None:
        while stream.interval_s > 0:
            await pause(self.charger.clock, stream.interval_s)
            if stream.data:
                self._send(stream)

    def _send(self, stream: Stream) -> None:
        data, stream.data = stream.data, []
        began = data[0][0]
        payload: Payload = {
            "id": stream.id,
            "pending": 0,
            "basetime": wire_time(datetime.fromtimestamp(began, UTC)),
            "data": [{"t": round(at - began, 3), "v": value} for at, value in data],
        }
        self.charger.line.tell(Request("NotifyPeriodicEventStream", payload))
