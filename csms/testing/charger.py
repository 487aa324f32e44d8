"""Chargers in a few lines, on the blocking client of the `websockets` library."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from queue import Queue
from threading import Event, Thread
from typing import Any, ClassVar, Self
from uuid import uuid4

import attrs
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

LIMIT_S = 20.0


def stamp() -> str:
    """The time as a charger writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@attrs.define
class Line:
    """An OCPP-J connection; what the server asks is answered from ``replies``.

    ``asked`` are the actions and payloads that it asked, ``disputed`` the answers that it could
    not use (CALLRESULTERROR).  ``witnessed``, when it is a set, takes in what was exchanged on any
    line, as version, direction and action.
    """

    witnessed: ClassVar[set[tuple[str, str, str]] | None] = None

    socket: ClientConnection
    replies: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    asked: deque[tuple[str, dict[str, Any]]] = attrs.field(factory=deque)
    disputed: deque[list[Any]] = attrs.field(factory=deque)
    _ids: count[int] = attrs.field(factory=lambda: count(1))
    _answers: Queue[list[Any]] | None = None

    @classmethod
    def connect(
        cls,
        url: str,
        password: bytes | None = None,
        subprotocols: tuple[str, ...] | None = None,
        *,
        compression: str | None = "deflate",
        user: str | None = None,
    ) -> Self:
        """Open the socket; raises what `websockets` raises when it is refused.

        ``subprotocols`` None: those of the class; ``user`` None: the identity.
        """
        offered = cls.spoken() if subprotocols is None else subprotocols
        headers: Mapping[str, str] = {}
        if password is not None:
            name = url.rpartition("/")[2] if user is None else user
            credentials = name.encode() + b":" + password
            headers = {"Authorization": "Basic " + base64.b64encode(credentials).decode()}
        manager = connect(
            url,
            subprotocols=[Subprotocol(name) for name in offered] or None,
            compression=compression,
            additional_headers=headers,
            open_timeout=LIMIT_S,
        )
        return cls(manager.__enter__())

    @classmethod
    def spoken(cls) -> tuple[str, ...]:
        """The subprotocols that are offered."""
        return ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def call(self, action: str, payload: Mapping[str, Any], uid: str = "") -> dict[str, Any]:
        """The answer to a CALL, which must be a CALLRESULT."""
        frame = self.exchange([2, uid or f"m{next(self._ids)}", action, payload])
        assert frame[0] == 3, frame
        self._witness("CS to CSMS", action)
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
        if self._answers is not None:
            return self._answers.get(timeout=limit_s)
        while True:
            frame: list[Any] = json.loads(self.socket.recv(limit_s))
            if frame[0] == 5:
                self.disputed.append(frame)
            elif frame[0] != 2:
                return frame
            else:
                self._answer(frame)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Answer the server's CALLs meanwhile, as they come; `call` may be used all the same."""
        self._answers = Queue()
        done = Event()
        thread = Thread(target=self._serve_until, args=(done, self._answers), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(LIMIT_S)
            self._answers = None

    def _serve_until(self, done: Event, answers: Queue[list[Any]]) -> None:
        while not done.is_set():
            try:
                frame = json.loads(self.socket.recv(0.05))
            except TimeoutError:
                continue
            except ConnectionClosed:
                return
            if frame[0] == 2:
                self._answer(frame)
            elif frame[0] == 5:
                self.disputed.append(frame)
            else:
                answers.put(frame)

    def tell(self, action: str, payload: Mapping[str, Any]) -> None:
        """SEND, which gets no answer (2.1)."""
        self.socket.send(json.dumps([6, f"m{next(self._ids)}", action, payload]))
        self._witness("CS to CSMS", action)

    def dispute(self, uid: str, code: str = "FormatViolation") -> None:
        """CALLRESULTERROR for the answer to CALL ``uid`` (2.1)."""
        self.socket.send(json.dumps([5, uid, code, "", {}]))

    def _answer(self, frame: list[Any]) -> None:
        _, uid, action, payload = frame
        self.asked.append((action, payload))
        reply = self.replies.get(action)
        if reply is None:
            self.socket.send(json.dumps([4, uid, "NotImplemented", "", {}]))
        else:
            self.socket.send(json.dumps([3, uid, reply]))
            self._witness("CSMS to CS", action)

    def _witness(self, direction: str, action: str) -> None:
        if Line.witnessed is not None and self.socket.subprotocol is not None:
            version = self.socket.subprotocol.removeprefix("ocpp")
            Line.witnessed.add((version, direction, action))

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


class Charger(Line):
    """A charger of OCPP 1.6."""

    @classmethod
    def spoken(cls) -> tuple[str, ...]:
        """1.6."""
        return ("ocpp1.6",)

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


class NewerCharger(Line):
    """A charger of OCPP 2.0.1, and of 2.1 if that is what is offered."""

    @classmethod
    def spoken(cls) -> tuple[str, ...]:
        """2.0.1."""
        return ("ocpp2.0.1",)

    def boot(self, reason: str = "PowerUp") -> dict[str, Any]:
        """BootNotification."""
        station = {"vendorName": "Acme", "model": "E2E", "firmwareVersion": "1.0"}
        return self.call("BootNotification", {"reason": reason, "chargingStation": station})

    def status(self, status: str, evse: int = 1, connector: int = 1) -> None:
        """StatusNotification."""
        self.call(
            "StatusNotification",
            {
                "timestamp": stamp(),
                "connectorStatus": status,
                "evseId": evse,
                "connectorId": connector,
            },
        )

    def authorize(self, token: str = "TAG", kind: str = "ISO14443") -> str:  # noqa: S107  # no secret
        """Authorize; the status of the token."""
        answer = self.call("Authorize", {"idToken": {"idToken": token, "type": kind}})
        status: str = answer["idTokenInfo"]["status"]
        return status

    def transaction(
        self, what: str, transaction: str, number: int, why: str, **more: Any
    ) -> dict[str, Any]:
        """TransactionEvent; ``number`` is its seqNo, ``why`` the trigger."""
        info = {"transactionId": transaction, **more.pop("transactionInfo", {})}
        return self.call(
            "TransactionEvent",
            {
                "eventType": what,
                "timestamp": stamp(),
                "triggerReason": why,
                "seqNo": number,
                "transactionInfo": info,
                **more,
            },
        )

    def start(self, token: str = "TAG", meter: float = 1000, evse: int = 1) -> str:  # noqa: S107  # no secret
        """A transaction starts with a token; its id."""
        transaction = str(uuid4())
        self.transaction(
            "Started",
            transaction,
            0,
            "Authorized",
            evse={"id": evse, "connectorId": 1},
            idToken={"idToken": token, "type": "ISO14443"},
            meterValue=[register(meter, "Transaction.Begin")],
        )
        return transaction

    def meter(self, transaction: str, meter: float, number: int = 1) -> dict[str, Any]:
        """The register in a running transaction."""
        return self.transaction(
            "Updated",
            transaction,
            number,
            "MeterValuePeriodic",
            meterValue=[register(meter, "Sample.Periodic")],
        )

    def stop(
        self, transaction: str, meter: float, number: int = 2, reason: str = "Local"
    ) -> dict[str, Any]:
        """The transaction ends."""
        return self.transaction(
            "Ended",
            transaction,
            number,
            "StopAuthorized",
            transactionInfo={"stoppedReason": reason},
            meterValue=[register(meter, "Transaction.End")],
        )


def register(wh: float, context: str) -> dict[str, Any]:
    """A MeterValue of 2.x with the imported energy in Wh."""
    return {"timestamp": stamp(), "sampledValue": [{"value": wh, "context": context}]}
