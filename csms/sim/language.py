"""What a charger needs of an OCPP version; `csms.sim.v16`, `v201` and `v21` have it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import attrs
from msgspec import Struct

from csms.sim.connector import Sample, Session
from csms.sim.messages import Answer, Fault, Payload, Request
from csms.sim.schema import Schemas
from csms.sim.steps import Step

if TYPE_CHECKING:
    from csms.sim.charger import Charger

TAG_KIND = "ISO14443"
"""Kind of the tags that drivers present, in the words of OCPP 2.0.1 (IdTokenEnum)."""


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


class Verdict(Struct, frozen=True):
    """What a server, or a list, says about a tag: Accepted, Blocked, Expired, Invalid ..."""

    status: str
    group: str | None = None
    """Tags of one group may use each other's reservations and end each other's sessions."""
    expires: datetime | None = None


class Heard(Struct, frozen=True):
    """The answer to a step of a session."""

    transaction_id: int | None = None
    """The id that the server gave the transaction; None where the charger makes it."""
    verdict: Verdict | None = None
    """None: the answer says nothing about the tag."""


class Language(Protocol):
    """One OCPP version, spoken by a charger.  Answers handed in are legal by their schema.

    Messages that a version does not have are None.
    """

    version: str
    subprotocol: str
    codes: frozenset[str]
    schemas: Schemas
    names_transactions: bool
    """Whether the charger makes the transaction ids."""
    extended: bool
    """Whether frames may be SEND and CALLRESULTERROR (OCPP 2.1)."""

    def boot(self, plate: Plate, reason: str) -> Request:
        """The message after power-up; ``reason`` in the words of OCPP 2.0.1."""

    def registered(self, answer: Payload) -> Registered:
        """What its answer says."""

    def heartbeat(self) -> Request:
        """The message that keeps a quiet connection alive."""

    def server_time(self, answer: Payload) -> datetime | None:
        """What its answer says; None when that is no time."""

    def state(self, connector_id: int, status: str) -> str | None:
        """The word for the state of a connector; None when it is not told."""

    def status(self, connector_id: int, status: str, at: datetime) -> Request:
        """The state of a connector; 0: of the charger itself."""

    def authorize(self, tag: str, kind: str) -> Request:
        """May this tag charge?"""

    def verdict(self, answer: Payload) -> Verdict:
        """What the answer says."""

    def tell(self, step: Step) -> Request | None:
        """A step of a session."""

    def heard(self, step: Step, answer: Payload) -> Heard:
        """What the answer to it says."""

    def values(
        self, connector_id: int, session: Session | None, sample: Sample, sampled: tuple[str, ...]
    ) -> Request:
        """The meter's values beside the steps of a session."""

    def reservation_ended(self, reservation_id: int, how: str) -> Request | None:
        """A reservation is over: Expired or Removed."""

    def firmware_status(self, status: str, request_id: int | None, *, signed: bool) -> Request:
        """How a firmware update goes, in the words of OCPP 2.0.1."""

    def log_status(self, status: str, request_id: int | None, *, diagnostics: bool) -> Request:
        """How an upload goes, in the words of OCPP 2.0.1; ``diagnostics``: of 1.6's own kind."""

    def security_event(self, kind: str, at: datetime, info: str | None) -> Request:
        """Something that concerns the charger's security."""

    def sign_certificate(self, csr: str, kind: str, request_id: int | None) -> Request:
        """A certificate is wanted; ``kind`` in the words of OCPP 2.0.1."""

    def serve(self, charger: Charger, action: str, payload: Payload) -> Answer | Fault:
        """Answer a command, which is legal by its schema."""


@attrs.define(eq=False)
class Speech:
    """The versions a charger offers, and the one it speaks: the first, until a server chooses."""

    offered: tuple[Language, ...]
    language: Language = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.language = self.offered[0]

    def choose(self, subprotocol: str) -> bool:
        """Speak what the server chose; True when that is another version than before."""
        for each in self.offered:
            if each.subprotocol == subprotocol and each is not self.language:
                self.language = each
                return True
        return False
