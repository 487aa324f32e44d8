"""OCPP 1.6-J with the security extension, as a table."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.faults import FaultKind
from csms.adapter.leaves import Lenience
from csms.adapter.manners import Envelope, Manners
from csms.adapter.notes import Rule
from csms.adapter.schema import Schemas
from csms.adapter.tables import Inbound, Version
from csms.adapter.v16 import areas, inbound, replies
from csms.adapter.v16.answers import judge
from csms.adapter.v16.outbound import COMMANDS, interpret, provokes
from csms.adapter.v16.rules import check
from csms.core.replies import (
    Acknowledged,
    AuthorizationGiven,
    BootAnswered,
    StartAnswered,
    StopAnswered,
    TimeTold,
)

_CODES: Mapping[FaultKind, str] = {
    FaultKind.FORMAT: "FormationViolation",
    FaultKind.OCCURRENCE: "OccurenceConstraintViolation",
    FaultKind.TYPE: "TypeConstraintViolation",
    FaultKind.PROPERTY: "PropertyConstraintViolation",
    FaultKind.PROTOCOL: "ProtocolError",
    FaultKind.NOT_IMPLEMENTED: "NotImplemented",
    FaultKind.NOT_SUPPORTED: "NotSupported",
    FaultKind.SECURITY: "SecurityError",
    FaultKind.INTERNAL: "InternalError",
    FaultKind.GENERIC: "GenericError",
    FaultKind.RPC_FRAMEWORK: "FormationViolation",
    FaultKind.MESSAGE_TYPE: "ProtocolError",
}
"""1.6-J §4.2.3; two are misspelt there, for good (errata 5.1, 5.2).  The last two kinds have no
code of their own in this version."""

_TAG = Lenience(ceiling=255, private=True)
"""A token cut short could be somebody else's."""
_ABSENT = Lenience(default=None)
_SPARE = Lenience(spare=True)
_REGISTER = Lenience(default=None, fraction=True)


_READINGS = Lenience(loose=True)


def _metering(path: str) -> Mapping[str, Lenience]:
    """Readings and samples stand for themselves; without what says what it measured, in which
    unit or where, a sample would be taken for another."""
    sampled = f"{path}.sampledValue"
    return {
        path: _READINGS,
        f"{path}.timestamp": _ABSENT,
        sampled: _READINGS,
        f"{sampled}.value": Lenience(default=""),
        f"{sampled}.context": _SPARE,
        f"{sampled}.format": _SPARE,
        f"{sampled}.measurand": Lenience(unknown=Rule.UNKNOWN_MEASURAND),
        f"{sampled}.unit": Lenience(unknown=Rule.UNKNOWN_UNIT),
    }


def _proof(path: str) -> tuple[str, ...]:
    return path, f"{path}.sampledValue"


_STATUS = Lenience(unknown=Rule.UNKNOWN_STATUS)

_INBOUND: Mapping[str, Inbound] = {
    "Authorize": Inbound(
        inbound.read_authorize,
        AuthorizationGiven,
        replies.write_authorization,
        lenience={"idTag": _TAG},
    ),
    "BootNotification": Inbound(
        inbound.read_boot,
        BootAnswered,
        replies.write_boot,
        boot=True,
        lenience={
            "chargePointVendor": Lenience(default=""),
            "chargePointModel": Lenience(default=""),
            "chargePointSerialNumber": _SPARE,
            "chargeBoxSerialNumber": _SPARE,
            "firmwareVersion": _SPARE,
            "iccid": _SPARE,
            "imsi": _SPARE,
            "meterType": _SPARE,
            "meterSerialNumber": _SPARE,
        },
    ),
    "Heartbeat": Inbound(inbound.read_heartbeat, TimeTold, replies.write_time),
    "MeterValues": Inbound(
        inbound.read_meter_values,
        Acknowledged,
        replies.write_nothing,
        money=True,
        lenience={**_metering("meterValue"), "transactionId": _SPARE},
        proof=_proof("meterValue"),
    ),
    "StartTransaction": Inbound(
        inbound.read_start,
        StartAnswered,
        replies.write_start,
        money=True,
        lenience={
            "idTag": _TAG,
            "meterStart": _REGISTER,
            "reservationId": _SPARE,
            "timestamp": _ABSENT,
        },
    ),
    "StatusNotification": Inbound(
        inbound.read_status,
        Acknowledged,
        replies.write_nothing,
        lenience={
            "errorCode": Lenience(default="NoError", unknown=Rule.UNKNOWN_ERROR_CODE),
            "info": _SPARE,
            "status": _STATUS,
            "timestamp": _SPARE,
            "vendorErrorCode": _SPARE,
            "vendorId": _SPARE,
        },
    ),
    "StopTransaction": Inbound(
        inbound.read_stop,
        StopAnswered,
        replies.write_stop,
        money=True,
        lenience={
            "idTag": Lenience(ceiling=255, private=True, spare=True),
            "meterStop": _REGISTER,
            "reason": Lenience(instead="Other", unknown=Rule.UNKNOWN_REASON, spare=True),
            "timestamp": _ABSENT,
            **_metering("transactionData"),
            "transactionData": Lenience(loose=True, spare=True),
        },
        proof=_proof("transactionData"),
    ),
}

V16 = Version(
    version="1.6",
    subprotocol="ocpp1.6",
    codes=_CODES,
    manners=Manners(
        envelope=Envelope(
            unreadable=None,
            malformed=FaultKind.FORMAT,
            bad_id=FaultKind.FORMAT,
            twin=FaultKind.GENERIC,
            unknown_type=None,
        ),
        boots_first=False,
        silent_when_rejected=False,
        has_components=False,
        keys_in_hex=True,
    ),
    schemas=Schemas("v16"),
    request_suffix="",
    inbound={**_INBOUND, **areas.INBOUND},
    unserved=frozenset(),
    outbound=frozenset(
        {
            "CancelReservation",
            "CertificateSigned",
            "ChangeAvailability",
            "ChangeConfiguration",
            "ClearCache",
            "ClearChargingProfile",
            "DataTransfer",
            "DeleteCertificate",
            "ExtendedTriggerMessage",
            "GetCompositeSchedule",
            "GetConfiguration",
            "GetDiagnostics",
            "GetInstalledCertificateIds",
            "GetLocalListVersion",
            "GetLog",
            "InstallCertificate",
            "RemoteStartTransaction",
            "RemoteStopTransaction",
            "ReserveNow",
            "Reset",
            "SendLocalList",
            "SetChargingProfile",
            "SignedUpdateFirmware",
            "TriggerMessage",
            "UnlockConnector",
            "UpdateFirmware",
        }
    ),
    commands={**COMMANDS, **areas.COMMANDS},
    provokes=provokes,
    check=check,
    interpret=interpret,
    interpreters=areas.INTERPRETERS,
    judge=judge,
)
