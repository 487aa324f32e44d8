"""What a charger needs of an OCPP version; `csms.sim.v16` is the first that has it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from csms.sim.connector import Sample, Session
from csms.sim.rpc import Answer, Fault, Payload, Request
from csms.sim.schema import Schemas
from csms.sim.settings import Settings

if TYPE_CHECKING:
    from csms.sim.charger import Charger


class Plate(Struct, frozen=True, kw_only=True):
    """What is written on a charger."""

    vendor: str = "csms"
    model: str = "Simulator"
    serial_number: str
    firmware_version: str = "1.0.0"
    meter_serial_number: str | None = None


class Registered(Struct, frozen=True):
    """The answer to a boot: ``status`` is Accepted, Pending or Rejected."""

    status: str
    interval_s: int
    at: datetime | None
    """None when the answer names no time that a calendar has."""


class Started(Struct, frozen=True):
    """The answer to a start; ``verdict`` is the status of the tag."""

    transaction_id: int
    verdict: str


class Language(Protocol):
    """One OCPP version, spoken by a charger.  Answers handed in are legal by their schema."""

    version: str
    subprotocol: str
    codes: frozenset[str]
    schemas: Schemas

    def boot(self, plate: Plate) -> Request:
        """The message after power-up."""

    def registered(self, answer: Payload) -> Registered:
        """What its answer says."""

    def heartbeat(self) -> Request:
        """The message that keeps a quiet connection alive."""

    def server_time(self, answer: Payload) -> datetime | None:
        """What its answer says; None when that is no time."""

    def status(self, connector_id: int, status: str, at: datetime) -> Request:
        """The state of a connector; 0: of the charger itself."""

    def authorize(self, tag: str) -> Request:
        """May this tag charge?"""

    def verdict(self, answer: Payload) -> str:
        """What the answer says: Accepted, Blocked, Expired, Invalid, ConcurrentTx."""

    def start(self, session: Session) -> Request:
        """A session began."""

    def started(self, answer: Payload) -> Started:
        """What the answer says."""

    def meter(self, session: Session, sample: Sample, settings: Settings) -> Request:
        """The meter's values within a session."""

    def stop(self, session: Session, settings: Settings) -> Request:
        """A session ended."""

    def address(self, request: Request, session: Session) -> Request:
        """The same message with the transaction's id, now that it is known."""

    def serve(self, charger: Charger, action: str, payload: Payload) -> Answer | Fault:
        """Answer a command, which is legal by its schema."""
