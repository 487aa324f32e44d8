"""What 2.1 stations say more than those of 2.0.1."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Understood
from csms.adapter.v21.inbound import MAX_COST_BYTES
from csms.core.reports import TransactionTold
from csms.core.values import Strictness

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TIME = "2025-06-01T12:00:00Z"
EVENT: dict[str, Any] = {
    "eventType": "Updated",
    "timestamp": TIME,
    "triggerReason": "RunningCost",
    "seqNo": 3,
    "transactionInfo": {"transactionId": "T1"},
}
COST: dict[str, Any] = {
    "totalCost": {"currency": "EUR", "typeOfCost": "NormalCost", "total": {"inclTax": 1.21}},
    "totalUsage": {"energy": 1.5, "chargingTime": 60, "idleTime": 0},
}


def read(
    payload: dict[str, Any], strictness: Strictness = Strictness.TOLERANT
) -> tuple[TransactionTold, list[str]]:
    understood = DIALECTS["ocpp2.1"].read("TransactionEvent", payload, strictness, NOW)
    assert isinstance(understood, Understood)
    assert isinstance(understood.report, TransactionTold)
    return understood.report, [name for name, _ in understood.quirks]


@pytest.mark.parametrize("strictness", list(Strictness))
def test_what_a_transaction_tells_more(strictness: Strictness) -> None:
    """Limits (E16), tariff and cost (I07), operation mode (Q01), sleep and preconditioning."""
    report, quirks = read(
        {
            **EVENT,
            "numberOfPhasesUsed": 3,
            "evseSleep": False,
            "preconditioningStatus": "Ready",
            "costDetails": COST,
            "transactionInfo": {
                "transactionId": "T1",
                "operationMode": "CentralSetpoint",
                "tariffId": "NIGHT",
                "transactionLimit": {"maxCost": 20.0, "maxEnergy": 5000.0, "maxSoC": 80},
            },
        },
        strictness,
    )
    assert quirks == []
    assert report.details == {
        "phases_used": 3,
        "operation_mode": "CentralSetpoint",
        "tariff_id": "NIGHT",
        "transaction_limit": {"max_cost": 20.0, "max_energy_wh": 5000.0, "max_soc_percent": 80},
        "preconditioning_status": "Ready",
        "evse_sleep": False,
        "cost_details": COST,
    }


def test_an_event_with_nothing_more() -> None:
    """Has no details."""
    report, quirks = read(EVENT)
    assert (report.details, quirks) == ({}, [])


def period(n: int) -> dict[str, Any]:
    return {"startPeriod": TIME, "tariffId": f"{n}" * 40}


def test_the_periods_of_a_cost_that_is_endless_are_left_out() -> None:
    """The sums are what matters."""
    periods = [period(n % 10) for n in range(MAX_COST_BYTES // 60)]
    report, quirks = read({**EVENT, "costDetails": {**COST, "chargingPeriods": periods}})
    assert report.details == {"cost_details": COST}
    assert quirks == ["long_list"]
    few = {**COST, "chargingPeriods": periods[:9]}
    assert read({**EVENT, "costDetails": few})[0].details == {"cost_details": few}


def test_a_cost_that_is_endless_without_its_periods_is_none() -> None:
    """Nobody has so many taxes."""
    taxes = [{"type": "T" * 20, "tax": 1.0} for _ in range(MAX_COST_BYTES // 20)]
    total = {**COST["totalCost"], "energy": {"taxRates": taxes}}
    report, quirks = read({**EVENT, "costDetails": {**COST, "totalCost": total}})
    assert (report.details, quirks) == ({}, ["long_list"])


def test_what_cannot_be_kept_is_mended() -> None:
    """Numbers without end, and text that no database takes."""
    cost = {**COST, "failureReason": "a\x00"}
    limit = {"maxTime": 10**400, "maxEnergy": 1}
    info = {"transactionId": "T1", "transactionLimit": limit, "tariffId": "b\x00"}
    report, quirks = read({**EVENT, "costDetails": cost, "transactionInfo": info})
    assert report.details == {
        "tariff_id": "b\N{REPLACEMENT CHARACTER}",
        "transaction_limit": {"max_time_s": None, "max_energy_wh": 1},
        "cost_details": {**COST, "failureReason": "a\N{REPLACEMENT CHARACTER}"},
    }
    assert "unstorable_text" in quirks
