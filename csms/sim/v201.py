"""OCPP 2.0.1 as a charger speaks it: the messages it sends and the answers it reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from csms.sim.connector import Sample, Session, Status
from csms.sim.language import Heard, Plate, Registered, Verdict
from csms.sim.messages import CODES_2_0_1, Answer, Fault, Payload, Request
from csms.sim.own_variables import own_variables
from csms.sim.replies import Handler
from csms.sim.schema import Schemas, load_schemas
from csms.sim.standard_variables import standard_variables
from csms.sim.station_time import read_time, wire_time
from csms.sim.steps import Stage, Step
from csms.sim.v201_commands import HANDLERS
from csms.sim.v201_values import STOP_REASONS, meter_value, read_verdict, token
from csms.sim.variables import Catalogue

if TYPE_CHECKING:
    from csms.sim.charger import Charger

EVENTS = {Stage.START: "Started", Stage.STOP: "Ended"}
"""Types of TransactionEvents; all others are Updated."""
TOLD = frozenset({Status.AVAILABLE, Status.RESERVED, Status.UNAVAILABLE})
"""States that are told as they are; all others are Occupied."""


def _catalogue() -> Catalogue:
    return Catalogue(standard_variables() + own_variables())


@attrs.define(eq=False)
class V201:
    """See `csms.sim.language.Language`; one object serves any number of chargers.

    Each connector of the charger is an EVSE with one connector.
    """

    version: str = "2.0.1"
    subprotocol: str = "ocpp2.0.1"
    codes: frozenset[str] = CODES_2_0_1
    schemas: Schemas = attrs.Factory(lambda: load_schemas("v201", "Request"))
    names_transactions: bool = True
    extended: bool = False
    handlers: Mapping[str, Handler] = HANDLERS
    catalogue: Catalogue = attrs.Factory(_catalogue)

    def boot(self, plate: Plate, reason: str) -> Request:
        """BootNotification (B01)."""
        station = {
            "vendorName": plate.vendor,
            "model": plate.model,
            "serialNumber": plate.serial_number,
            "firmwareVersion": plate.firmware_version,
        }
        return Request("BootNotification", {"chargingStation": station, "reason": reason})

    def registered(self, answer: Payload) -> Registered:
        """BootNotificationResponse."""
        return Registered(
            answer["status"], int(answer["interval"]), read_time(answer["currentTime"])
        )

    def heartbeat(self) -> Request:
        """Heartbeat (G02)."""
        return Request("Heartbeat", {})

    def server_time(self, answer: Payload) -> datetime | None:
        """HeartbeatResponse."""
        return read_time(answer["currentTime"])

    def state(self, connector_id: int, status: str) -> str | None:
        """ConnectorStatusEnum; the charger itself is not told of."""
        if connector_id == 0:
            return None
        return status if status in TOLD else "Occupied"

    def status(self, connector_id: int, status: str, at: datetime) -> Request:
        """StatusNotification (G01)."""
        payload = {
            "timestamp": wire_time(at),
            "connectorStatus": self.state(connector_id, status),
            "evseId": connector_id,
            "connectorId": 1,
        }
        return Request("StatusNotification", payload)

    def authorize(self, tag: str, kind: str) -> Request:
        """Authorize (C01)."""
        return Request("Authorize", {"idToken": token(tag, kind)})

    def verdict(self, answer: Payload) -> Verdict:
        """AuthorizeResponse."""
        return read_verdict(answer["idTokenInfo"])

    def tell(self, step: Step) -> Request | None:
        """TransactionEvent (E01 ff.)."""
        session = step.session
        info: Payload = {"transactionId": session.ref}
        payload: Payload = {
            "eventType": EVENTS.get(step.stage, "Updated"),
            "timestamp": wire_time(step.at),
            "triggerReason": step.trigger,
            "seqNo": step.number,
            "transactionInfo": info,
        }
        if step.state is not None:
            info["chargingState"] = step.state
        if step.offline:
            payload["offline"] = True
        if step.sample is not None:
            payload["meterValue"] = [meter_value(step.sample, step.sampled)]
            payload["numberOfPhasesUsed"] = step.sample.phases
            info["timeSpentCharging"] = step.charged_s
        if step.stage is Stage.START or session.transaction_id != session.id:
            # One that began in another version was perhaps never told with its EVSE.
            payload["evse"] = {"id": session.connector_id, "connectorId": 1}
        if step.stage is Stage.START:
            payload["idToken"] = token(session.tag, session.tag_kind)
            if session.remote_id is not None:
                info["remoteStartId"] = session.remote_id
            if session.reservation_id is not None:
                payload["reservationId"] = session.reservation_id
        elif step.stage is Stage.STOP:
            info["stoppedReason"] = STOP_REASONS.get(session.reason or "", session.reason)
            if session.stop_tag is not None:
                payload["idToken"] = token(session.stop_tag, session.tag_kind)
        return Request("TransactionEvent", payload)

    def heard(self, step: Step, answer: Payload) -> Heard:
        """TransactionEventResponse."""
        info = answer.get("idTokenInfo")
        if info is None or step.stage is Stage.STOP:
            return Heard()
        return Heard(verdict=read_verdict(info))

    def values(
        self, connector_id: int, session: Session | None, sample: Sample, sampled: tuple[str, ...]
    ) -> Request:
        """MeterValues (J01), which belong to no transaction."""
        del session
        values = [meter_value(sample, sampled)]
        return Request("MeterValues", {"evseId": connector_id, "meterValue": values})

    def reservation_ended(self, reservation_id: int, how: str) -> Request | None:
        """ReservationStatusUpdate (H04)."""
        payload = {"reservationId": reservation_id, "reservationUpdateStatus": how}
        return Request("ReservationStatusUpdate", payload)

    def firmware_status(self, status: str, request_id: int | None, *, signed: bool) -> Request:
        """FirmwareStatusNotification (L01)."""
        del signed
        return Request("FirmwareStatusNotification", _numbered(status, request_id))

    def log_status(self, status: str, request_id: int | None, *, diagnostics: bool) -> Request:
        """LogStatusNotification (N01)."""
        del diagnostics
        return Request("LogStatusNotification", _numbered(status, request_id))

    def security_event(self, kind: str, at: datetime, info: str | None) -> Request:
        """SecurityEventNotification (A04)."""
        payload = {"type": kind, "timestamp": wire_time(at)}
        return Request(
            "SecurityEventNotification", payload if info is None else payload | {"techInfo": info}
        )

    def sign_certificate(self, csr: str, kind: str, request_id: int | None) -> Request:
        """SignCertificate (A02)."""
        del request_id
        return Request("SignCertificate", {"csr": csr, "certificateType": kind})

    def serve(self, charger: Charger, action: str, payload: Payload) -> Answer | Fault:
        """Answer a command, see `csms.sim.v201_commands`."""
        handler = self.handlers.get(action)
        if handler is None:
            return Fault("NotSupported", f"this charger does not support {action}")
        return handler(charger, payload)


def _numbered(status: str, request_id: int | None) -> Payload:
    return {"status": status} if request_id is None else {"status": status, "requestId": request_id}
