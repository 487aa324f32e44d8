"""Payments at stations, in every version."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.adapter.dialect import DIALECTS, Fault, FaultKind, Request, Understood, Unsupported
from csms.adapter.v21.version import V21
from csms.core.commands import Raw
from csms.core.payments.vocabulary import (
    AnnounceWebPayment,
    SettlementAnswered,
    SettlementTold,
    VatAnswered,
    VatAsked,
)
from csms.core.values import Strictness

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, MID, NEW = (DIALECTS[name] for name in ("ocpp1.6", "ocpp2.0.1", "ocpp2.1"))
PAID: dict[str, Any] = {
    "pspRef": "P1",
    "status": "Settled",
    "settlementAmount": 12.34,
    "settlementTime": "2026-03-01T11:00:00Z",
}
TOLD = SettlementTold(
    psp_ref="P1",
    status="Settled",
    amount="12.34",
    at=datetime(2026, 3, 1, 11, tzinfo=UTC),
)


def read(
    action: str, payload: object, strictness: Strictness = Strictness.TOLERANT
) -> tuple[Any, list[str]]:
    """What is understood, and what was odd."""
    understood = NEW.read(action, payload, strictness, NOW)
    assert isinstance(understood, Understood), understood
    return understood.report, [name for name, _ in understood.quirks]


def amount_of(text: str) -> Any:
    """What becomes of an amount, as it is spelled on the wire."""
    payload = orjson.dumps({**PAID, "settlementAmount": 4711}).replace(b"4711", text.encode())
    return NEW.read("NotifySettlement", orjson.loads(payload), Strictness.TOLERANT, NOW)


def test_a_driver_at_the_payment_page() -> None:
    """C25.FR.12; a raw request that says the same is the same command."""
    command = AnnounceWebPayment(evse_id=1, timeout_s=60)
    payload = {"evseId": 1, "timeout": 60}
    assert NEW.request(command) == Request("NotifyWebPaymentStarted", payload)
    assert NEW.interpret(Raw(action="NotifyWebPaymentStarted", payload=payload)) == command
    for dialect in (OLD, MID):
        assert isinstance(dialect.request(command), Unsupported)


@pytest.mark.parametrize("strictness", list(Strictness))
def test_a_settlement(strictness: Strictness) -> None:
    """C18 to C20: all that it tells."""
    assert read("NotifySettlement", PAID, strictness) == (TOLD, [])
    more = {
        **PAID,
        "transactionId": "T1",
        "receiptId": "R1",
        "receiptUrl": "https://acme.example/R1",
        "statusInfo": "fine",
        "vatNumber": "NL1",
        "vatCompany": {"name": "Acme", "address1": "x", "city": "y", "country": "z"},
    }
    report, quirks = read("NotifySettlement", more, strictness)
    assert quirks == []
    assert (report.transaction_ref, report.receipt_id, report.receipt_url) == (
        "T1",
        "R1",
        "https://acme.example/R1",
    )
    assert (report.detail, report.vat_number) == ("fine", "NL1")
    assert report.vat_company == {"name": "Acme", "address1": "x", "city": "y", "country": "z"}
    assert NEW.carries_money("NotifySettlement")


@given(st.decimals(-(10**12), 10**12, places=2, allow_nan=False))
def test_amounts_are_exact(amount: Decimal) -> None:
    """To the cent, up to any price of anything."""
    understood = amount_of(str(amount))
    assert Decimal(understood.report.amount) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", "0"),
        ("12", "12"),
        ("0.1", "0.1"),
        ("-3.5", "-3.5"),
        ("1E2", "100.0"),
        ("1.5e-7", "0.00000015"),
        ("0.123456789012345", "0.123456789012345"),
        ("123456789012.345", "123456789012.345"),
        ("9007199254740993", "9007199254740993"),
        ("1e22", "1" + "0" * 22),
        ('"12.34"', "12.34"),
        ('"12,34"', "12.34"),
    ],
)
def test_spellings_of_amounts(text: str, amount: str) -> None:
    """Exponents, many digits, text for a number."""
    understood = amount_of(text)
    assert isinstance(understood, Understood)
    assert isinstance(understood.report, SettlementTold)
    assert understood.report.amount == amount


@given(st.floats() | st.integers() | st.just(10**5000) | st.just(-(10**5000)))
def test_no_amount_raises(amount: float) -> None:
    """What is no number is a fault, so that the message is kept as it came."""
    result = NEW.read(
        "NotifySettlement", {**PAID, "settlementAmount": amount}, Strictness.TOLERANT, NOW
    )
    if isinstance(result, Understood):
        assert isinstance(result.report, SettlementTold)
        told = Decimal(result.report.amount)
        assert told == amount or float(told) == amount
        assert "E" not in result.report.amount
    else:
        assert not math.isfinite(amount)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"status": "Lost"}, {"status": "Lost"}),
        ({"settlementTime": None}, {"at": NOW}),
        ({"settlementTime": "yesterday"}, {"at": NOW}),
        ({"pspRef": 17}, {"psp_ref": "17"}),
        ({"pspRef": "p" * 300}, {"psp_ref": "p" * 300}),
        ({"pspRef": "p\x00"}, {"psp_ref": "p\ufffd"}),
        ({"transactionId": "t" * 300}, {"transaction_ref": None}),
        ({"receiptUrl": []}, {"receipt_url": None}),
        ({"receiptId": ""}, {"receipt_id": None}),
        ({"vatCompany": "Acme"}, {"vat_company": None}),
        ({"vatCompany": {"name": "Acme", "more": 1}}, {"vat_company": {"name": "Acme"}}),
    ],
)
def test_what_is_odd_costs_only_itself(change: dict[str, Any], told: dict[str, Any]) -> None:
    """The payment is kept with the rest."""
    report, _ = read("NotifySettlement", {**PAID, **change})
    assert {name: getattr(report, name) for name in told} == told


@pytest.mark.parametrize(
    "change",
    [
        {"pspRef": ""},
        {"pspRef": None},
        {"pspRef": "p" * 513},
        {"settlementAmount": None},
        {"settlementAmount": "NaN"},
        {"settlementAmount": "a lot"},
        {"status": None},
    ],
)
def test_what_is_no_settlement(change: dict[str, Any]) -> None:
    """Without reference, amount or status nobody could book it."""
    result = NEW.read("NotifySettlement", {**PAID, **change}, Strictness.TOLERANT, NOW)
    assert isinstance(result, Fault)


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        (None, {}),
        ("https://pay.example/1", {"receiptUrl": "https://pay.example/1"}),
        ("https://pay.example/" + "x" * 2000, {}),
    ],
)
def test_the_answer_to_a_settlement(url: str | None, answer: dict[str, Any]) -> None:
    """Where the receipt is, if it is ours and can be told."""
    payload = NEW.write("NotifySettlement", SettlementAnswered(url))
    assert payload == answer
    assert V21.schemas.outbound_flaw("NotifySettlementResponse", payload) is None


@pytest.mark.parametrize(
    ("payload", "asked"),
    [
        ({"vatNumber": "NL1"}, VatAsked(vat_number="NL1")),
        ({"vatNumber": "NL1", "evseId": 3}, VatAsked(vat_number="NL1", evse_id=3)),
        ({"vatNumber": 17, "evseId": "3"}, VatAsked(vat_number="17", evse_id=3)),
        ({"vatNumber": "NL1", "evseId": -1}, VatAsked(vat_number="NL1")),
        ({"vatNumber": "NL1", "evseId": 2**40}, VatAsked(vat_number="NL1")),
        ({"vatNumber": "NL1", "evseId": []}, VatAsked(vat_number="NL1")),
        ({"vatNumber": "x" * 20}, VatAsked(vat_number="x" * 20)),
    ],
)
def test_vat_numbers_are_repeated(payload: dict[str, Any], asked: VatAsked) -> None:
    """C22: the number as it was mended, and the EVSE if it is one."""
    report, _ = read("VatNumberValidation", payload)
    assert report == asked
    for accepted in (True, False):
        reply = VatAnswered(accepted=accepted, vat_number=asked.vat_number, evse_id=asked.evse_id)
        answer = NEW.write("VatNumberValidation", reply)
        assert V21.schemas.outbound_flaw("VatNumberValidationResponse", answer) is None
        assert answer["vatNumber"] == asked.vat_number
        assert answer.get("evseId") == asked.evse_id
        assert answer["status"] == ("Accepted" if accepted else "Rejected")


@pytest.mark.parametrize("strictness", list(Strictness))
def test_a_number_too_long_cannot_be_repeated(strictness: Strictness) -> None:
    """One that is cut is another number."""
    fault = NEW.read("VatNumberValidation", {"vatNumber": "x" * 21}, strictness, NOW)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.PROPERTY
