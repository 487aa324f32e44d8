"""OCPP 2.1, as a table: that of 2.0.1 and what is new."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from msgspec.structs import replace

from csms.adapter.schema import Schemas
from csms.adapter.tables import Inbound
from csms.adapter.v21 import areas, inbound, replies
from csms.adapter.v21.outbound import COMMANDS
from csms.adapter.v201.version import SPARE, V201

_authorize = V201.inbound["Authorize"]
_transaction = V201.inbound["TransactionEvent"]

_INBOUND: Mapping[str, Inbound] = {
    **V201.inbound,
    "Authorize": attrs.evolve(_authorize, write=replies.write_authorization),
    "TransactionEvent": attrs.evolve(
        _transaction,
        read=inbound.read_transaction,
        write=replies.write_transaction,
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
    **areas.INBOUND,
}

V21 = attrs.evolve(
    V201,
    version="2.1",
    subprotocol="ocpp2.1",
    manners=replace(
        V201.manners,
        envelope=replace(V201.manners.envelope, unknown_type=None, newer=True),
    ),
    schemas=Schemas("v21"),
    inbound=_INBOUND,
    commands={**V201.commands, **COMMANDS, **areas.COMMANDS},
    interpreters=areas.INTERPRETERS,
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
