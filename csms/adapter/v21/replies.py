"""Answers to 2.1 stations that say more than those to stations of 2.0.1."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.tables import Unsupported
from csms.adapter.v21.tariffs import spelled
from csms.adapter.v201 import replies
from csms.adapter.v201.replies import Payload
from csms.core.replies import AuthorizationGiven, TransactionAnswered
from csms.core.values import TransactionLimit

MAX_TOKEN = 255
"""Length of an idToken of 2.1."""

LIMITS: Mapping[str, str] = {
    "maxCost": "max_cost",
    "maxEnergy": "max_energy_wh",
    "maxTime": "max_time_s",
    "maxSoC": "max_soc_percent",
}
"""The limits of a transaction, and what the core calls them."""


def write_authorization(reply: AuthorizationGiven) -> Payload:
    """C01, with the driver's tariff (I08) and the ways in which energy may flow (Q01)."""
    payload = replies.write_authorization(reply, MAX_TOKEN)
    terms = reply.authorization.terms
    if terms is not None:
        if terms.allowed_energy_transfer:
            payload["allowedEnergyTransfer"] = list(terms.allowed_energy_transfer)
        if terms.tariff is not None and not isinstance(
            tariff := spelled(terms.tariff), Unsupported
        ):
            payload["tariff"] = tariff
    return payload


def write_transaction(reply: TransactionAnswered) -> Payload:
    """E01 ff., with limits (E16)."""
    payload = replies.write_transaction(reply, MAX_TOKEN)
    if reply.transaction_limit is not None:
        payload["transactionLimit"] = _limit(reply.transaction_limit)
    return payload


def _limit(limit: TransactionLimit) -> Payload:
    told = {wire: getattr(limit, name) for wire, name in LIMITS.items()}
    return {wire: value for wire, value in told.items() if value is not None}
