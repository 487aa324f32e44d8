"""OCPP 2.0.1, as a table."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.faults import FaultKind
from csms.adapter.leaves import Lenience
from csms.adapter.manners import Envelope, Manners
from csms.adapter.notes import Rule
from csms.adapter.schema import Schemas
from csms.adapter.tables import Inbound, Version
from csms.adapter.v201 import areas, certificates, inbound, replies
from csms.adapter.v201.answers import judge
from csms.adapter.v201.outbound import COMMANDS, interpret, provokes
from csms.adapter.v201.rules import check
from csms.core.replies import (
    Acknowledged,
    AuthorizationGiven,
    BootAnswered,
    DataTransferAnswered,
    TimeTold,
    TransactionAnswered,
)

_CODES: Mapping[FaultKind, str] = {
    FaultKind.FORMAT: "FormatViolation",
    FaultKind.OCCURRENCE: "OccurrenceConstraintViolation",
    FaultKind.TYPE: "TypeConstraintViolation",
    FaultKind.PROPERTY: "PropertyConstraintViolation",
    FaultKind.PROTOCOL: "ProtocolError",
    FaultKind.NOT_IMPLEMENTED: "NotImplemented",
    FaultKind.NOT_SUPPORTED: "NotSupported",
    FaultKind.SECURITY: "SecurityError",
    FaultKind.INTERNAL: "InternalError",
    FaultKind.GENERIC: "GenericError",
    FaultKind.RPC_FRAMEWORK: "RpcFrameworkError",
    FaultKind.MESSAGE_TYPE: "MessageTypeNotSupported",
}
"""Part 4 §4.3; the second is also seen with one r."""

ABSENT = Lenience(default=None)
SPARE = Lenience(spare=True)
_STATUS = Lenience(unknown=Rule.UNKNOWN_STATUS)


def _token(path: str) -> Mapping[str, Lenience]:
    """A token cut short could be somebody else's."""
    return {
        path: Lenience(bare="idToken"),
        f"{path}.idToken": Lenience(ceiling=255, private=True),
        f"{path}.type": Lenience(default=""),
        f"{path}.additionalInfo": SPARE,
        f"{path}.additionalInfo.additionalIdToken": Lenience(private=True),
    }


_READINGS = Lenience(loose=True)


def _metering(path: str) -> Mapping[str, Lenience]:
    """Readings and samples stand for themselves; without what says what it measured, in which
    unit or where, a sample would be taken for another."""
    sampled = f"{path}.sampledValue"
    signed = f"{sampled}.signedMeterValue"
    return {
        path: _READINGS,
        f"{path}.timestamp": ABSENT,
        sampled: _READINGS,
        f"{sampled}.value": Lenience(default=None, fraction=True),
        f"{sampled}.measurand": Lenience(unknown=Rule.UNKNOWN_MEASURAND),
        f"{sampled}.context": SPARE,
        signed: SPARE,
        f"{signed}.signingMethod": Lenience(default=""),
        f"{signed}.encodingMethod": Lenience(default=""),
        f"{signed}.publicKey": Lenience(default=""),
        f"{sampled}.unitOfMeasure": Lenience(bare="unit"),
        f"{sampled}.unitOfMeasure.unit": Lenience(ceiling=64),
    }


_INBOUND: Mapping[str, Inbound] = {
    "Authorize": Inbound(
        inbound.read_authorize,
        AuthorizationGiven,
        replies.write_authorization,
        lenience={
            **_token("idToken"),
            **certificates.PRESENTED,
        },
    ),
    "BootNotification": Inbound(
        inbound.read_boot,
        BootAnswered,
        replies.write_boot,
        boot=True,
        lenience={
            "chargingStation.vendorName": Lenience(default=""),
            "chargingStation.model": Lenience(default=""),
            "chargingStation.serialNumber": SPARE,
            "chargingStation.firmwareVersion": SPARE,
            "chargingStation.modem": SPARE,
            "chargingStation.modem.iccid": SPARE,
            "chargingStation.modem.imsi": SPARE,
            "reason": Lenience(default="", unknown=Rule.UNKNOWN_REASON),
        },
    ),
    "DataTransfer": Inbound(
        inbound.read_data_transfer, DataTransferAnswered, replies.write_data_transfer
    ),
    "Heartbeat": Inbound(inbound.read_heartbeat, TimeTold, replies.write_time),
    "MeterValues": Inbound(
        inbound.read_meter_values,
        Acknowledged,
        replies.write_nothing,
        lenience=_metering("meterValue"),
    ),
    "StatusNotification": Inbound(
        inbound.read_status,
        Acknowledged,
        replies.write_nothing,
        lenience={"connectorStatus": _STATUS, "timestamp": ABSENT},
    ),
    "TransactionEvent": Inbound(
        inbound.read_transaction,
        TransactionAnswered,
        replies.write_transaction,
        money=True,
        lenience={
            **_token("idToken"),
            **_metering("meterValue"),
            "meterValue": Lenience(loose=True, spare=True),
            "cableMaxCurrent": SPARE,
            "evse": Lenience(spare=True, bare="id"),
            "evse.connectorId": SPARE,
            "idToken": Lenience(spare=True, bare="idToken"),
            "numberOfPhasesUsed": SPARE,
            "offline": SPARE,
            "reservationId": SPARE,
            "seqNo": Lenience(default=0),
            "timestamp": ABSENT,
            "transactionInfo.chargingState": Lenience(unknown=Rule.UNKNOWN_STATUS, spare=True),
            "transactionInfo.remoteStartId": SPARE,
            "transactionInfo.stoppedReason": Lenience(
                instead="Other", unknown=Rule.UNKNOWN_REASON, spare=True
            ),
            "transactionInfo.timeSpentCharging": SPARE,
            "transactionInfo.transactionId": Lenience(ceiling=255),
            "triggerReason": Lenience(default="", unknown=Rule.UNKNOWN_REASON),
        },
        proof=(
            "meterValue",
            "meterValue.sampledValue",
            "meterValue.sampledValue.signedMeterValue",
        ),
    ),
}

V201 = Version(
    version="2.0.1",
    subprotocol="ocpp2.0.1",
    codes=_CODES,
    manners=Manners(
        envelope=Envelope(
            unreadable=FaultKind.RPC_FRAMEWORK,
            malformed=FaultKind.RPC_FRAMEWORK,
            bad_id=FaultKind.RPC_FRAMEWORK,
            twin=FaultKind.RPC_FRAMEWORK,
            unknown_type=FaultKind.MESSAGE_TYPE,
        ),
        boots_first=True,
        silent_when_rejected=True,
        has_components=True,
        keys_in_hex=False,
    ),
    schemas=Schemas("v201"),
    request_suffix="Request",
    inbound={**_INBOUND, **areas.INBOUND},
    unserved=frozenset(),
    outbound=frozenset(
        {
            "CancelReservation",
            "CertificateSigned",
            "ChangeAvailability",
            "ClearCache",
            "ClearChargingProfile",
            "ClearDisplayMessage",
            "ClearVariableMonitoring",
            "CostUpdated",
            "CustomerInformation",
            "DataTransfer",
            "DeleteCertificate",
            "GetBaseReport",
            "GetChargingProfiles",
            "GetCompositeSchedule",
            "GetDisplayMessages",
            "GetInstalledCertificateIds",
            "GetLocalListVersion",
            "GetLog",
            "GetMonitoringReport",
            "GetReport",
            "GetTransactionStatus",
            "GetVariables",
            "InstallCertificate",
            "PublishFirmware",
            "RequestStartTransaction",
            "RequestStopTransaction",
            "ReserveNow",
            "Reset",
            "SendLocalList",
            "SetChargingProfile",
            "SetDisplayMessage",
            "SetMonitoringBase",
            "SetMonitoringLevel",
            "SetNetworkProfile",
            "SetVariableMonitoring",
            "SetVariables",
            "TriggerMessage",
            "UnlockConnector",
            "UnpublishFirmware",
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
