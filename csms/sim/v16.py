"""OCPP 1.6 as a charger speaks it: the messages it sends and the answers it reads."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from csms.sim.connector import Sample, Session
from csms.sim.language import Plate, Registered, Started
from csms.sim.rpc import CODES_1_6, Answer, Fault, Payload, Request
from csms.sim.schema import Schemas, load_schemas
from csms.sim.settings import Settings
from csms.sim.station_time import read_time, wire_time
from csms.sim.v16_commands import serve
from csms.sim.v16_values import meter_value

if TYPE_CHECKING:
    from csms.sim.charger import Charger


@attrs.define(eq=False)
class V16:
    """See `csms.sim.language.Language`; one object serves any number of chargers."""

    version: str = "1.6"
    subprotocol: str = "ocpp1.6"
    codes: frozenset[str] = CODES_1_6
    schemas: Schemas = attrs.Factory(lambda: load_schemas("v16", ""))

    def boot(self, plate: Plate) -> Request:
        """BootNotification (§4.2)."""
        return Request(
            "BootNotification",
            {
                "chargePointVendor": plate.vendor,
                "chargePointModel": plate.model,
                "chargePointSerialNumber": plate.serial_number,
                "firmwareVersion": plate.firmware_version,
            },
        )

    def registered(self, answer: Payload) -> Registered:
        """BootNotification.conf."""
        return Registered(
            answer["status"], int(answer["interval"]), read_time(answer["currentTime"])
        )

    def heartbeat(self) -> Request:
        """Heartbeat (§4.6)."""
        return Request("Heartbeat", {})

    def server_time(self, answer: Payload) -> datetime | None:
        """Heartbeat.conf."""
        return read_time(answer["currentTime"])

    def status(self, connector_id: int, status: str, at: datetime) -> Request:
        """StatusNotification (§4.9)."""
        return Request(
            "StatusNotification",
            {
                "connectorId": connector_id,
                "errorCode": "NoError",
                "status": status,
                "timestamp": wire_time(at),
            },
        )

    def authorize(self, tag: str) -> Request:
        """Authorize (§4.1)."""
        return Request("Authorize", {"idTag": tag})

    def verdict(self, answer: Payload) -> str:
        """Authorize.conf."""
        return str(answer["idTagInfo"]["status"])

    def start(self, session: Session) -> Request:
        """StartTransaction (§4.8)."""
        return Request(
            "StartTransaction",
            {
                "connectorId": session.connector_id,
                "idTag": session.tag,
                "meterStart": session.meter_start,
                "timestamp": wire_time(session.started_at),
            },
        )

    def started(self, answer: Payload) -> Started:
        """StartTransaction.conf."""
        return Started(int(answer["transactionId"]), str(answer["idTagInfo"]["status"]))

    def meter(self, session: Session, sample: Sample, settings: Settings) -> Request:
        """MeterValues (§4.7) within a transaction, whose id `address` adds."""
        values = meter_value(sample, settings.sampled)
        return Request("MeterValues", {"connectorId": session.connector_id, "meterValue": [values]})

    def stop(self, session: Session, settings: Settings) -> Request:
        """StopTransaction (§4.10), whose transaction id `address` adds."""
        assert session.stopped_at is not None
        payload: Payload = {
            "meterStop": session.meter_stop,
            "timestamp": wire_time(session.stopped_at),
            "reason": session.reason,
        }
        if session.stop_tag is not None:
            payload["idTag"] = session.stop_tag
        if settings.stop_sampled:
            samples = [each for each in (session.begin, session.end) if each is not None]
            payload["transactionData"] = [
                meter_value(each, settings.stop_sampled) for each in samples
            ]
        return Request("StopTransaction", payload)

    def address(self, request: Request, session: Session) -> Request:
        """Add the transactionId."""
        if request.action == "StartTransaction":
            return request
        return Request(request.action, {**request.payload, "transactionId": session.transaction_id})

    def serve(self, charger: Charger, action: str, payload: Payload) -> Answer | Fault:
        """Answer a command, see `csms.sim.v16_commands`."""
        return serve(charger, action, payload)
