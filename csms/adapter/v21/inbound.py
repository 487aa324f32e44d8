"""Messages from 2.1 stations that tell more than those of 2.0.1."""

from __future__ import annotations

from typing import cast

import orjson
from msgspec.structs import replace

from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.v21.replies import LIMITS
from csms.adapter.v201 import inbound
from csms.adapter.v201.fields import spare_text
from csms.core.reports import TransactionTold

MAX_COST_BYTES = 32_768
"""Size of the cost details that are kept whole; beyond, their periods are left out."""


def read_transaction(payload: Json, notes: Notes) -> TransactionTold:
    """E01 ff., with limits (E16), tariff and cost (I07 ff.), and what the EVSE is doing."""
    report = inbound.read_transaction(payload, notes)
    get, transaction = payload.get, payload["transactionInfo"]
    limit, cost = transaction.get("transactionLimit"), get("costDetails")
    told = {
        "operation_mode": transaction.get("operationMode"),
        "tariff_id": spare_text(transaction, "tariffId", notes),
        "transaction_limit": None if limit is None else _limit(limit, notes),
        "preconditioning_status": get("preconditioningStatus"),
        "evse_sleep": get("evseSleep"),
        "cost_details": None if cost is None else _cost(cost, notes),
    }
    details = {name: value for name, value in told.items() if value is not None}
    return replace(report, details={**report.details, **details}) if details else report


def _limit(limit: Json, notes: Notes) -> Json:
    told = {name: limit[wire] for wire, name in LIMITS.items() if wire in limit}
    return cast("Json", notes.kept(told, "transactionInfo.transactionLimit"))


def _cost(cost: Json, notes: Notes) -> Json | None:
    """As the station told it; the sums matter more than the periods they were made of."""
    told = cast("Json", notes.kept(cost, "costDetails"))
    if len(orjson.dumps(told)) > MAX_COST_BYTES:
        notes.note(Rule.LONG_LIST, "costDetails.chargingPeriods")
        told.pop("chargingPeriods", None)
    return told if len(orjson.dumps(told)) <= MAX_COST_BYTES else None
