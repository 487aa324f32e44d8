"""OCPP 2.1, as a table: that of 2.0.1 and what is new."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import attrs

from csms.adapter.schema import Schemas
from csms.adapter.tables import Inbound
from csms.adapter.v21 import replies
from csms.adapter.v201.replies import fixed, write_authorization, write_transaction
from csms.adapter.v201.version import SPARE, V201, notified

_rejected = fixed(status="Rejected")
_authorize = V201.inbound["Authorize"]
_transaction = V201.inbound["TransactionEvent"]

_INBOUND: Mapping[str, Inbound] = {
    **V201.inbound,
    "Authorize": attrs.evolve(
        _authorize, write=partial(write_authorization, longest=replies.MAX_TOKEN)
    ),
    "BatterySwap": notified("BatterySwap", money=True),
    "ClosePeriodicEventStream": notified("ClosePeriodicEventStream"),
    "GetCertificateChainStatus": attrs.evolve(
        notified("GetCertificateChainStatus", replies.write_chain_status), echoed=True
    ),
    "NotifyDERAlarm": notified("NotifyDERAlarm", spare=("extraInfo",)),
    "NotifyDERStartStop": notified("NotifyDERStartStop"),
    "NotifyPeriodicEventStream": attrs.evolve(notified("NotifyPeriodicEventStream"), one_way=True),
    "NotifyPriorityCharging": notified("NotifyPriorityCharging"),
    "NotifySettlement": notified("NotifySettlement", money=True),
    "OpenPeriodicEventStream": notified("OpenPeriodicEventStream", _rejected),
    "PullDynamicScheduleUpdate": notified("PullDynamicScheduleUpdate", _rejected),
    "ReportDERControl": notified("ReportDERControl"),
    "TransactionEvent": attrs.evolve(
        _transaction,
        write=partial(write_transaction, longest=replies.MAX_TOKEN),
        lenience={
            **_transaction.lenience,
            "costDetails": SPARE,
            "evseSleep": SPARE,
            "preconditioningStatus": SPARE,
            "transactionInfo.operationMode": SPARE,
            "transactionInfo.tariffId": SPARE,
            "transactionInfo.transactionLimit": SPARE,
        },
    ),
    "VatNumberValidation": attrs.evolve(
        notified("VatNumberValidation", replies.write_vat_number), echoed=True
    ),
}

V21 = attrs.evolve(
    V201,
    version="2.1",
    subprotocol="ocpp2.1",
    schemas=Schemas("v21"),
    inbound=_INBOUND,
    outbound=V201.outbound
    | {
        "AFRRSignal",
        "AdjustPeriodicEventStream",
        "ChangeTransactionTariff",
        "ClearDERControl",
        "ClearTariffs",
        "GetDERControl",
        "GetPeriodicEventStream",
        "GetTariffs",
        "NotifyAllowedEnergyTransfer",
        "NotifyWebPaymentStarted",
        "RequestBatterySwap",
        "SetDERControl",
        "SetDefaultTariff",
        "UpdateDynamicSchedule",
        "UsePriorityCharging",
    },
)
