"""How fast is it on this machine: the real server, its embedded database, real sockets.

    python bench/bench.py [--ocpp 1.6,2.0.1,2.1] [--stations 100,1000] [--seconds 8]
                          [--mix heartbeat,meter,session]

Stations connect, boot and then keep exactly one CALL open each (a closed loop).  ``meter`` is a
MeterValues (2.x: a TransactionEvent) of four sampled values within a transaction; ``session`` is
Authorize, StartTransaction, five MeterValues, StopTransaction, or the same as TransactionEvents.
Everything but heartbeats is committed before it is answered.  CPU is that of the server and its
database together, per message; it holds when the machine is busy with other things, the rate does
not.  Memory is that of the server process alone, per idle connection.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import picows
import uvloop

from csms.testing.process import RunningCsms

TICKS = os.sysconf("SC_CLK_TCK")
LIMIT_S = 120.0


def now() -> str:
    """The time as stations write it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def result_of(frame: bytes) -> bytes:
    """The payload of a CALLRESULT; raises on anything else."""
    if not frame.startswith(b"[3,"):
        raise RuntimeError(f"no CALLRESULT: {frame[:200]!r}")
    return frame.split(b",", 2)[2][:-1]


class Station(picows.WSListener):  # type: ignore[misc]  # the package has no types
    """One charge point: what it says next is what its script yields."""

    def __init__(self, number: int, load: Load) -> None:
        self.tag = f"T{number:06d}"
        self.number = 0
        self.register = 1000
        self.load = load
        self.script: Iterator[str] = iter(())
        self.transport: picows.WSTransport | None = None
        self.answer = b""
        self.sent = 0.0
        self.idle: asyncio.Future[None] | None = None

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        """Ready to speak."""
        self.transport = transport

    def on_ws_frame(self, _: picows.WSTransport, frame: picows.WSFrame) -> None:
        """An answer: note it and say the next thing."""
        if frame.msg_type != picows.WSMsgType.TEXT:
            return
        self.answer = frame.get_payload_as_bytes()
        if self.answer.startswith(b"[2,"):
            return
        self.load.answered(time.perf_counter() - self.sent)
        self.speak()

    def speak(self) -> None:
        """Say the next thing, or be idle."""
        call = next(self.script, None)
        if call is None:
            assert self.idle is not None
            self.idle.set_result(None)
            return
        self.number += 1
        self.sent = time.perf_counter()
        assert self.transport is not None
        self.transport.send(
            picows.WSMsgType.TEXT, f'[2,"{self.tag}-{self.number}",{call}]'.encode()
        )

    async def run(self, script: Iterator[str]) -> None:
        """Say all of a script, each thing when the one before is answered."""
        self.idle = asyncio.get_running_loop().create_future()
        self.script = script
        self.speak()
        await self.idle

    def boot(self) -> Iterator[str]:
        """What every station says first."""
        yield '"BootNotification",{"chargePointVendor":"bench","chargePointModel":"B-1"}'
        yield (
            '"StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available",'
            f'"timestamp":"{now()}"}}'
        )

    def heartbeat(self, more: Callable[[], bool]) -> Iterator[str]:
        """Heartbeats only."""
        while more():
            yield '"Heartbeat",{}'

    def meter(self, more: Callable[[], bool]) -> Iterator[str]:
        """Meter values of one long transaction."""
        yield self._start()
        transaction = self._transaction()
        while more():
            yield self._values(transaction)
        yield self._stop(transaction)

    def session(self, more: Callable[[], bool]) -> Iterator[str]:
        """Whole sessions."""
        while more():
            yield f'"Authorize",{{"idTag":"{self.tag}"}}'
            yield self._start()
            transaction = self._transaction()
            for _ in range(5):
                yield self._values(transaction)
            yield self._stop(transaction)

    def _start(self) -> str:
        return (
            f'"StartTransaction",{{"connectorId":1,"idTag":"{self.tag}",'
            f'"meterStart":{self.register},"timestamp":"{now()}"}}'
        )

    def _transaction(self) -> int:
        payload = result_of(self.answer)
        return int(payload.split(b'"transactionId":', 1)[1].split(b",")[0].rstrip(b"}"))

    def _values(self, transaction: int) -> str:
        result_of(self.answer)
        self.register += 25
        return (
            f'"MeterValues",{{"connectorId":1,"transactionId":{transaction},"meterValue":['
            f'{{"timestamp":"{now()}","sampledValue":['
            f'{{"value":"{self.register}","measurand":"Energy.Active.Import.Register","unit":"Wh"}},'
            '{"value":"11040","measurand":"Power.Active.Import","unit":"W"},'
            '{"value":"16.0","measurand":"Current.Import","phase":"L1","unit":"A"},'
            '{"value":"230.4","measurand":"Voltage","phase":"L1-N","unit":"V"}]}]}'
        )

    def _stop(self, transaction: int) -> str:
        return (
            f'"StopTransaction",{{"transactionId":{transaction},"meterStop":{self.register},'
            f'"timestamp":"{now()}","reason":"Local"}}'
        )


class NewerStation(Station):
    """One charging station of 2.x."""

    def __init__(self, number: int, load: Load) -> None:
        super().__init__(number, load)
        self.transactions = 0
        self.events = 0

    def boot(self) -> Iterator[str]:
        """What every station says first."""
        yield (
            '"BootNotification",{"reason":"PowerUp",'
            '"chargingStation":{"vendorName":"bench","model":"B-2"}}'
        )
        yield (
            '"StatusNotification",{"evseId":1,"connectorId":1,"connectorStatus":"Available",'
            f'"timestamp":"{now()}"}}'
        )

    def meter(self, more: Callable[[], bool]) -> Iterator[str]:
        """Meter values of one long transaction."""
        yield self._started()
        while more():
            yield self._updated()
        yield self._ended()

    def session(self, more: Callable[[], bool]) -> Iterator[str]:
        """Whole sessions."""
        while more():
            yield f'"Authorize",{{"idToken":{self._token()}}}'
            yield self._started()
            for _ in range(5):
                yield self._updated()
            yield self._ended()

    def _token(self) -> str:
        return f'{{"idToken":"{self.tag}","type":"ISO14443"}}'

    def _event(self, kind: str, why: str, more: str) -> str:
        if kind != "Started":
            result_of(self.answer)
            self.register += 25
        event = (
            f'"TransactionEvent",{{"eventType":"{kind}","timestamp":"{now()}",'
            f'"triggerReason":"{why}","seqNo":{self.events},'
            f'"transactionInfo":{{"transactionId":"{self.tag}-{self.transactions}"}}{more}}}'
        )
        self.events += 1
        return event

    def _register(self, context: str) -> str:
        return f'{{"value":{self.register},"context":"{context}"}}'

    def _started(self) -> str:
        self.transactions += 1
        self.events = 0
        begin = self._register("Transaction.Begin")
        return self._event(
            "Started",
            "Authorized",
            f',"evse":{{"id":1,"connectorId":1}},"idToken":{self._token()},'
            f'"meterValue":[{{"timestamp":"{now()}","sampledValue":[{begin}]}}]',
        )

    def _updated(self) -> str:
        return self._event(
            "Updated",
            "MeterValuePeriodic",
            f',"meterValue":[{{"timestamp":"{now()}","sampledValue":['
            f'{{"value":{self.register + 25},"measurand":"Energy.Active.Import.Register"}},'
            '{"value":11040,"measurand":"Power.Active.Import","unitOfMeasure":{"unit":"W"}},'
            '{"value":16.0,"measurand":"Current.Import","phase":"L1",'
            '"unitOfMeasure":{"unit":"A"}},'
            '{"value":230.4,"measurand":"Voltage","phase":"L1-N","unitOfMeasure":{"unit":"V"}}'
            "]}]",
        )

    def _ended(self) -> str:
        end = self._register("Transaction.End")
        return self._event(
            "Ended",
            "StopAuthorized",
            f',"meterValue":[{{"timestamp":"{now()}","sampledValue":[{end}]}}]',
        )


class Load:
    """What is measured between `begin` and `end`."""

    def __init__(self) -> None:
        self.latencies: list[float] = []

    def answered(self, latency: float) -> None:
        """Note an answer."""
        self.latencies.append(latency)


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for each in found:
        found.extend(parents.get(each, ()))
    return found


def cpu_s(pids: list[int]) -> float:
    """CPU seconds these processes have used."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def rss_kib(pid: int) -> int:
    """Memory of one process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:", 1)[1].split()[0])


def until(end: float) -> Callable[[], bool]:
    """Whether there is time left."""
    return lambda: time.perf_counter() < end


async def measure(
    server: RunningCsms, version: str, count: int, mixes: list[str], seconds: float
) -> None:
    """Connect, then one line per mix."""
    kind = Station if version == "1.6" else NewerStation
    load = Load()
    before_kib = rss_kib(server.pid)
    began = time.perf_counter()

    async def connected(number: int) -> Station:
        _, station = await picows.ws_connect(
            lambda: kind(number, load),
            server.ocpp_url(f"BENCH{count}-{number}"),
            extra_headers={"Sec-WebSocket-Protocol": f"ocpp{version}"},
        )
        await station.run(station.boot())
        return station

    stations = await asyncio.gather(*(connected(number) for number in range(count)))
    storm_s = time.perf_counter() - began
    await asyncio.sleep(1)
    kib = (rss_kib(server.pid) - before_kib) / count
    print(
        f"{version:<6}{count:>6} connect, boot   all within {storm_s:5.2f} s   "
        f"{kib:5.1f} KiB per connection"
    )
    for mix in mixes:
        pids = tree(server.pid)
        more = until(time.perf_counter() + seconds)
        load.latencies = []
        used, began = cpu_s(pids), time.perf_counter()
        running = asyncio.gather(*(each.run(getattr(each, mix)(more)) for each in stations))
        await asyncio.wait_for(running, LIMIT_S)
        elapsed, used = time.perf_counter() - began, cpu_s(pids) - used
        latencies = sorted(load.latencies)
        number = len(latencies)
        print(
            f"{version:<6}{count:>6} {mix:<12}{number / elapsed:>10,.0f}/s   p50 "
            f"{latencies[number // 2] * 1000:6.1f} ms   p99 "
            f"{latencies[number * 99 // 100] * 1000:6.1f} ms   {used / number * 1e6:6.1f} us CPU",
            flush=True,
        )
    for station in stations:
        if station.transport is not None:
            station.transport.disconnect()


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--ocpp", default="1.6,2.0.1,2.1")
    parser.add_argument("--stations", default="100,1000")
    parser.add_argument("--mix", default="heartbeat,meter,session")
    parser.add_argument("--seconds", type=float, default=8.0)
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="csms-bench-"))
    directory.chmod(0o755)
    uvloop.install()
    try:
        mixes, seconds = options.mix.split(","), options.seconds
        for version in options.ocpp.split(","):
            for count in map(int, options.stations.split(",")):
                with RunningCsms(directory / f"{version}-{count}") as server:
                    asyncio.run(measure(server, version, count, mixes, seconds))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
