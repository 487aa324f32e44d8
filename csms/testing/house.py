"""The whole upward street in memory: gateway, dialects, intake and rules, without a port."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
import orjson
from twisted.internet.task import Clock

from csms.core.decisions import Policy
from csms.gateway.settings import GatewaySettings
from csms.pipeline.intake import Intake, IntakeSettings
from csms.testing.gateway import MemoryCharger, MemoryGateway, RecordingDoorbell
from csms.testing.ledger import MemoryBook, MemoryLedger

T0 = datetime(2030, 1, 1, tzinfo=UTC)
"""When it begins."""


def _at(moment: datetime) -> Clock:
    clock = Clock()
    clock.advance(moment.timestamp())
    return clock


@attrs.define
class MemoryHouse:
    """Stations connect to it as to the product; ``settings`` are those of the gateway."""

    settings: dict[str, Any] = attrs.field(factory=dict)
    clock: Clock = attrs.field(factory=lambda: _at(T0))
    book: MemoryBook = attrs.field(factory=MemoryBook)
    doorbell: RecordingDoorbell = attrs.field(factory=RecordingDoorbell)
    intake: Intake = attrs.field(init=False)
    gateway: MemoryGateway = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Build it."""
        self.intake = Intake(
            self.clock,
            [MemoryLedger(self.book)],
            Policy(accept_unknown_tokens=True),
            IntakeSettings(),
            self.now,
            lambda: None,
            self.doorbell,
        )
        self.gateway = MemoryGateway(
            settings=GatewaySettings(
                node="test",
                **{
                    "open_access": "always",
                    "unknown": "accept",
                    "connections_per_minute": 0,
                    "messages_per_s": 0,
                    "ping_interval_s": 0,
                    **self.settings,
                },
            ),
            clock=self.clock,
            intake=self.intake,  # type: ignore[arg-type]  # a real one in place of the recorder
            doorbell=self.doorbell,
        )

    def now(self) -> datetime:
        """The clock's time."""
        return datetime.fromtimestamp(self.clock.seconds(), UTC)

    def settle(self, seconds: float = 0.0) -> None:
        """Let the intake do what waits for it."""
        for _ in range(4):
            self.clock.advance(seconds / 4)

    def charger(self, version: str, identity: str = "CP1") -> MemoryCharger:
        """A station that is connected."""
        charger = self.gateway.charger(identity, version)
        self.settle()
        return charger

    def booted(self, version: str, identity: str = "CP1") -> MemoryCharger:
        """A station that is connected and has booted; nothing of that is noted."""
        charger = self.charger(version, identity)
        self.ask(charger, "BootNotification", boot_of(version), "boot")
        self.doorbell.quirks.clear()
        return charger

    def say(self, charger: MemoryCharger, frame: object) -> list[Any]:
        """What the server says to a frame, be it an array or a text."""
        charger.send_text(frame if isinstance(frame, str | bytes) else orjson.dumps(frame))
        self.settle()
        return charger.received()

    def ask(
        self, charger: MemoryCharger, action: str, payload: object, message_id: str = "1"
    ) -> list[Any]:
        """The answer to a CALL, which must come alone."""
        (frame,) = self.say(charger, [2, message_id, action, payload])
        answer: list[Any] = frame
        return answer

    @property
    def quirks(self) -> list[str]:
        """Names of the departures that were noted, in order."""
        return [str(name) for _, name, _ in self.doorbell.quirks]


def boot_of(version: str) -> dict[str, Any]:
    """The payload of a BootNotification."""
    if version == "1.6":
        return {"chargePointVendor": "Acme", "chargePointModel": "Rig"}
    return {"reason": "PowerUp", "chargingStation": {"vendorName": "Acme", "model": "Rig"}}
