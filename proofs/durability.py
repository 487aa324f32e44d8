"""Proof that nothing a station was told is stored is ever lost.

Stations charge without pause against the real server on its embedded database; at a random
moment the server (odd rounds) or its database (even rounds) is killed with SIGKILL; both are
started again; then every message that was acknowledged must be in the database.

    python proofs/durability.py [--rounds 20] [--stations 60] [--seed N]

Prints acknowledged, stored and lost; exit status 1 when anything was lost or stored twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import websockets

from csms.testing.process import RunningCsms

Fact = tuple[str, str, str, str, float]
"""(start|meter|stop, station, transaction, time, register in Wh)"""


class Ledger:
    """What was acknowledged."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def add(self, kind: str, station: str, transaction: int, at: str, register: float) -> None:
        """Note an acknowledged message."""
        self.facts.append((kind, station, str(transaction), at, register))


def now() -> str:
    """The time as stations write it, to the microsecond so that no two are the same."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


class Station:
    """A charge point that charges session after session and believes only acknowledgements."""

    def __init__(self, identity: str, ledger: Ledger, pace: float) -> None:
        self.identity = identity
        self.ledger = ledger
        self.pace = pace
        self.register = 1000.0
        self.number = 0
        self.pending: tuple[str, dict[str, object]] | None = None
        self.transaction: int | None = None
        self.meters = 0

    async def run(self, url: str, stop: asyncio.Event) -> None:
        """Charge until told to stop, reconnecting for ever."""
        while not stop.is_set():
            try:
                async with websockets.connect(
                    url, subprotocols=[websockets.Subprotocol("ocpp1.6")], open_timeout=10
                ) as socket:
                    await self._call(
                        socket,
                        "BootNotification",
                        {"chargePointVendor": "proof", "chargePointModel": "P-1"},
                    )
                    while not stop.is_set():
                        await self._step(socket)
                        await asyncio.sleep(random.uniform(0, 2 * self.pace))
            except (OSError, TimeoutError, websockets.WebSocketException, Refused):
                await asyncio.sleep(random.uniform(0.05, 0.3))

    async def _step(self, socket: websockets.ClientConnection) -> None:
        """Send the transaction message that is due, the same one again until it is answered."""
        if self.pending is None:
            self.pending = self._next()
        action, payload = self.pending
        answer = await self._call(socket, action, payload)
        self.pending = None
        if action == "StartTransaction":
            self.transaction = int(str(answer["transactionId"]))
            self._note("start", str(payload["timestamp"]), self.register)
            self.meters = 0
        elif action == "MeterValues":
            assert self.transaction is not None
            self._note("meter", self.sampled_at, self.register)
            self.meters += 1
        else:
            self._note("stop", str(payload["timestamp"]), self.register)
            self.transaction = None

    def _note(self, kind: str, at: str, register: float) -> None:
        assert self.transaction is not None
        self.ledger.add(kind, self.identity, self.transaction, at, register)

    def _next(self) -> tuple[str, dict[str, object]]:
        at = now()
        self.register += 25
        if self.transaction is None:
            return "StartTransaction", {
                "connectorId": 1,
                "idTag": f"TAG{self.identity}",
                "meterStart": int(self.register),
                "timestamp": at,
            }
        if self.meters < 5:
            self.sampled_at = at
            return "MeterValues", {
                "connectorId": 1,
                "transactionId": self.transaction,
                "meterValue": [{"timestamp": at, "sampledValue": [{"value": str(self.register)}]}],
            }
        return "StopTransaction", {
            "transactionId": self.transaction,
            "meterStop": int(self.register),
            "timestamp": at,
        }

    async def _call(
        self, socket: websockets.ClientConnection, action: str, payload: dict[str, object]
    ) -> dict[str, object]:
        self.number += 1
        uid = f"{self.identity}-{self.number}"
        await socket.send(json.dumps([2, uid, action, payload]))
        while True:
            frame = json.loads(await asyncio.wait_for(socket.recv(), 30))
            if frame[1] == uid and frame[0] == 3:
                answer: dict[str, object] = frame[2]
                return answer
            if frame[1] == uid:
                raise Refused(frame)


class Refused(Exception):  # noqa: N818 - an answer, not an accident
    """The server could not store it and said so."""


async def load(server: RunningCsms, stations: list[Station], seconds: float, victim: str) -> None:
    """Let the stations charge, kill the victim in the middle, let them notice."""
    stop = asyncio.Event()
    tasks = [
        asyncio.create_task(station.run(server.ocpp_url(station.identity), stop))
        for station in stations
    ]
    await asyncio.sleep(seconds)
    os.kill(server.pid if victim == "server" else server.database_pid(), signal.SIGKILL)
    await asyncio.sleep(0.3 if victim == "server" else 4)
    stop.set()
    await asyncio.wait(tasks, timeout=2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


STORED = """
SELECT 'start', st.identity, s.transaction_ref, s.started_at, s.meter_start_wh
  FROM session s JOIN station st ON st.id = s.station_id
UNION ALL
SELECT 'stop', st.identity, s.transaction_ref, s.ended_at, s.meter_stop_wh
  FROM session s JOIN station st ON st.id = s.station_id WHERE s.stop_reason IS NOT NULL
UNION ALL
SELECT 'meter', st.identity, s.transaction_ref, r.taken_at, r.energy_wh
  FROM reading r JOIN session s ON s.id = r.session_id JOIN station st ON st.id = s.station_id
"""


def stored(url: str) -> Counter[Fact]:
    """Everything in the database, in the form of the ledger."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SET timezone = 'UTC'")
        cursor.execute(STORED)
        return Counter(
            (kind, station, ref, at.isoformat().replace("+00:00", "Z"), float(register))
            for kind, station, ref, at, register in cursor.fetchall()
        )


def main() -> int:
    """Run the rounds and print the verdict."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--stations", type=int, default=60)
    parser.add_argument("--pace", type=float, default=0.1, help="mean pause between messages, s")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    random.seed(options.seed)
    ledger = Ledger()
    with tempfile.TemporaryDirectory(prefix="csms-proof-") as directory:
        Path(directory).chmod(0o755)
        server = RunningCsms(Path(directory) / "state")
        stations = [Station(f"P{n:04d}", ledger, options.pace) for n in range(options.stations)]
        try:
            for number in range(1, options.rounds + 1):
                victim = "server" if number % 2 else "database"
                began = time.monotonic()
                server.start()
                up = time.monotonic() - began
                asyncio.run(load(server, stations, random.uniform(1, 4), victim))
                server.stop() if victim == "database" else server.kill()
                print(
                    f"round {number:2}: killed the {victim:8}  up in {up:4.1f} s"
                    f"  acknowledged so far {len(ledger.facts)}",
                    flush=True,
                )
            server.start()
            found = stored(server.database_url())
        finally:
            server.stop()
    acknowledged = Counter(ledger.facts)
    lost = acknowledged - found
    twice = [fact for fact, times in found.items() if times > 1]
    print(
        f"seed {options.seed}: acknowledged {acknowledged.total()}, stored {found.total()}, "
        f"lost {lost.total()}, stored twice {len(twice)}"
    )
    for fact in [*lost, *twice][:5]:
        print("  ", fact)
    return 1 if lost or twice or not acknowledged else 0


if __name__ == "__main__":
    sys.exit(main())
