"""OCPP 1.6 as a charger speaks it: the messages it sends and the answers it reads."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from csms.sim.connector import Sample, Session
from csms.sim.language import Heard, Plate, Registered, Verdict
from csms.sim.messages import CODES_1_6, Answer, Fault, Payload, Request
from csms.sim.schema import Schemas, load_schemas
from csms.sim.station_time import read_time, wire_time
from csms.sim.steps import Stage, Step
from csms.sim.v16_commands import serve
from csms.sim.v16_optional import read_verdict
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
    names_transactions: bool = False
    extended: bool = False

    def boot(self, plate: Plate, reason: str) -> Request:
        """BootNotification (§4.2), which tells no reason."""
        del reason
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

    def state(self, connector_id: int, status: str) -> str | None:
        """All states are told, as they are called here."""
        del connector_id
        return status

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

    def authorize(self, tag: str, kind: str) -> Request:
        """Authorize (§4.1)."""
        del kind
        return Request("Authorize", {"idTag": tag})

    def verdict(self, answer: Payload) -> Verdict:
        """Authorize.conf."""
        return read_verdict(answer["idTagInfo"])

    def tell(self, step: Step) -> Request | None:
        """StartTransaction (§4.8), MeterValues (§4.7) or StopTransaction (§4.10)."""
        match step.stage:
            case Stage.START:
                return _start(step.session)
            case Stage.METER:
                assert step.sample is not None
                session = step.session
                return self.values(session.connector_id, session, step.sample, step.sampled)
            case Stage.STOP:
                return _stop(step.session, step.sampled)
            case Stage.UPDATE:
                return None

    def heard(self, step: Step, answer: Payload) -> Heard:
        """StartTransaction.conf, StopTransaction.conf or MeterValues.conf."""
        info = answer.get("idTagInfo")
        if step.stage is not Stage.START:
            # A stop's answer judges the tag that stopped, which need not be the session's.
            return Heard()
        return Heard(int(answer["transactionId"]), None if info is None else read_verdict(info))

    def values(
        self, connector_id: int, session: Session | None, sample: Sample, sampled: tuple[str, ...]
    ) -> Request:
        """MeterValues (§4.7)."""
        payload: Payload = {
            "connectorId": connector_id,
            "meterValue": [meter_value(sample, sampled)],
        }
        if session is not None and session.transaction_id is not None:
            payload["transactionId"] = _transaction_id(session)
        return Request("MeterValues", payload)

    def reservation_ended(self, reservation_id: int, how: str) -> Request | None:
        """Nothing tells it but StatusNotification."""
        del reservation_id, how
        return None

    def firmware_status(self, status: str, request_id: int | None, *, signed: bool) -> Request:
        """FirmwareStatusNotification (§4.5) or, of a signed update, that of the whitepaper."""
        if not signed:
            return Request("FirmwareStatusNotification", {"status": status})
        return Request("SignedFirmwareStatusNotification", _numbered(status, request_id))

    def log_status(self, status: str, request_id: int | None, *, diagnostics: bool) -> Request:
        """DiagnosticsStatusNotification (§4.4) or LogStatusNotification (whitepaper)."""
        if not diagnostics:
            return Request("LogStatusNotification", _numbered(status, request_id))
        status = {"UploadFailure": "UploadFailed"}.get(status, status)
        return Request("DiagnosticsStatusNotification", {"status": status})

    def security_event(self, kind: str, at: datetime, info: str | None) -> Request:
        """SecurityEventNotification (whitepaper)."""
        payload = {"type": kind, "timestamp": wire_time(at)}
        return Request(
            "SecurityEventNotification", payload if info is None else payload | {"techInfo": info}
        )

    def sign_certificate(self, csr: str, kind: str, request_id: int | None) -> Request:
        """SignCertificate (whitepaper), which knows one kind of certificate."""
        del kind, request_id
        return Request("SignCertificate", {"csr": csr})

    def serve(self, charger: Charger, action: str, payload: Payload) -> Answer | Fault:
        """Answer a command, see `csms.sim.v16_commands`."""
        return serve(charger, action, payload)


def _start(session: Session) -> Request:
    payload: Payload = {
        "connectorId": session.connector_id,
        "idTag": session.tag,
        "meterStart": session.meter_start,
        "timestamp": wire_time(session.started_at),
    }
    if session.reservation_id is not None:
        payload["reservationId"] = session.reservation_id
    return Request("StartTransaction", payload)


def _stop(session: Session, sampled: tuple[str, ...]) -> Request:
    assert session.stopped_at is not None
    payload: Payload = {
        "transactionId": _transaction_id(session),
        "meterStop": session.meter_stop,
        "timestamp": wire_time(session.stopped_at),
        "reason": session.reason,
    }
    if session.stop_tag is not None:
        payload["idTag"] = session.stop_tag
    if sampled:
        samples = [each for each in (session.begin, session.end) if each is not None]
        payload["transactionData"] = [meter_value(each, sampled) for each in samples]
    return Request("StopTransaction", payload)


def _transaction_id(session: Session) -> int:
    """-1 for one that has none (errata 3.18), or one of another version."""
    return session.transaction_id if isinstance(session.transaction_id, int) else -1


def _numbered(status: str, request_id: int | None) -> Payload:
    return {"status": status} if request_id is None else {"status": status, "requestId": request_id}
