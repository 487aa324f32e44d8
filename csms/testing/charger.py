"""A charger in a few lines, on the blocking client of the `websockets` library."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any, Self

import attrs
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

LIMIT_S = 20.0


def stamp() -> str:
    """The time as a charger writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@attrs.define
class Charger:
    """Speaks OCPP-J 1.6 by hand; what the server asks is answered from ``replies``."""

    socket: ClientConnection
    replies: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    asked: deque[tuple[str, dict[str, Any]]] = attrs.field(factory=deque)
    _ids: count[int] = attrs.field(factory=lambda: count(1))

    @classmethod
    def connect(
        cls, url: str, password: bytes | None = None, subprotocols: tuple[str, ...] = ("ocpp1.6",)
    ) -> Self:
        """Open the socket; raises what `websockets` raises when it is refused."""
        headers: Mapping[str, str] = {}
        if password is not None:
            credentials = url.rpartition("/")[2].encode() + b":" + password
            headers = {"Authorization": "Basic " + base64.b64encode(credentials).decode()}
        manager = connect(
            url,
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            additional_headers=headers,
            open_timeout=LIMIT_S,
        )
        return cls(manager.__enter__())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def call(self, action: str, payload: Mapping[str, Any], uid: str = "") -> dict[str, Any]:
        """The answer to a CALL, which must be a CALLRESULT."""
        frame = self.exchange([2, uid or f"m{next(self._ids)}", action, payload])
        assert frame[0] == 3, frame
        answer: dict[str, Any] = frame[2]
        return answer

    def exchange(self, message: list[Any]) -> list[Any]:
        """Send a frame and return the one that answers it, whatever it is."""
        self.socket.send(json.dumps(message))
        while True:
            frame = self._receive(LIMIT_S)
            if frame[1] == message[1]:
                return frame

    def _receive(self, limit_s: float) -> list[Any]:
        """The next answer; CALLs of the server before it are answered."""
        while True:
            frame: list[Any] = json.loads(self.socket.recv(limit_s))
            if frame[0] != 2:
                return frame
            self._answer(frame)

    def _answer(self, frame: list[Any]) -> None:
        _, uid, action, payload = frame
        self.asked.append((action, payload))
        reply = self.replies.get(action)
        if reply is None:
            self.socket.send(json.dumps([4, uid, "NotImplemented", "", {}]))
        else:
            self.socket.send(json.dumps([3, uid, reply]))

    def serve(self) -> tuple[str, dict[str, Any]]:
        """Wait for one CALL of the server, answer it and return it."""
        if not self.asked:
            frame = json.loads(self.socket.recv(LIMIT_S))
            assert frame[0] == 2, frame
            self._answer(frame)
        return self.asked.popleft()

    def closed(self) -> int | None:
        """Wait for the server to close; the code it gave."""
        try:
            while True:
                self.socket.recv(LIMIT_S)
        except ConnectionClosed as close:
            return None if close.rcvd is None else close.rcvd.code

    def boot(self) -> dict[str, Any]:
        """BootNotification."""
        return self.call(
            "BootNotification",
            {"chargePointVendor": "Acme", "chargePointModel": "E2E", "firmwareVersion": "1.0"},
        )

    def status(self, status: str, connector: int = 1) -> None:
        """StatusNotification."""
        self.call(
            "StatusNotification",
            {
                "connectorId": connector,
                "status": status,
                "errorCode": "NoError",
                "timestamp": stamp(),
            },
        )

    def start(self, tag: str = "TAG", meter: int = 1000) -> int:
        """StartTransaction; the transaction's number."""
        answer = self.call(
            "StartTransaction",
            {"connectorId": 1, "idTag": tag, "meterStart": meter, "timestamp": stamp()},
        )
        number: int = answer["transactionId"]
        return number

    def meter(self, transaction: int, register: float) -> None:
        """MeterValues with one register."""
        values = [{"timestamp": stamp(), "sampledValue": [{"value": str(register)}]}]
        self.call(
            "MeterValues", {"connectorId": 1, "transactionId": transaction, "meterValue": values}
        )

    def stop(self, transaction: int, meter: int, reason: str = "Local") -> dict[str, Any]:
        """StopTransaction."""
        return self.call(
            "StopTransaction",
            {
                "transactionId": transaction,
                "meterStop": meter,
                "timestamp": stamp(),
                "reason": reason,
            },
        )
