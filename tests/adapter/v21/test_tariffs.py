"""Tariffs and costs, in every version."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.adapter.dialect import DIALECTS, Dialect, Request, Unsupported
from csms.core.commands import Command, Raw
from csms.core.errors import Invalid
from csms.core.inquiries.vocabulary import AskStatus, StatusFound
from csms.core.tariffs.vocabulary import (
    Assignment,
    ChangeTariff,
    ClearTariffs,
    ReadTariffs,
    SetTariff,
    ShowCost,
    TariffsFound,
    TariffsGone,
)

OLD, MID, NEW = (DIALECTS[name] for name in ("ocpp1.6", "ocpp2.0.1", "ocpp2.1"))
modern = pytest.mark.parametrize("dialect", [MID, NEW], ids=["2.0.1", "2.1"])
TARIFF: dict[str, object] = {
    "tariff_id": "NIGHT-1",
    "currency": "EUR",
    "energy": {
        "prices": [{"price_kwh": 0.25, "conditions": {"start_time_of_day": "22:00"}}],
        "tax_rates": [{"type": "VAT", "tax": 19.0}],
    },
    "min_cost": {"excl_tax": 1.0},
}
TARIFF_WIRE: dict[str, object] = {
    "tariffId": "NIGHT-1",
    "currency": "EUR",
    "energy": {
        "prices": [{"priceKwh": 0.25, "conditions": {"startTimeOfDay": "22:00"}}],
        "taxRates": [{"type": "VAT", "tax": 19.0}],
    },
    "minCost": {"exclTax": 1.0},
}
SET = SetTariff(evse_id=1, tariff=TARIFF)
CHANGE = ChangeTariff(transaction_ref="T1", tariff=TARIFF)


@pytest.mark.parametrize(
    ("command", "request_"),
    [
        (SET, Request("SetDefaultTariff", {"evseId": 1, "tariff": TARIFF_WIRE})),
        (
            CHANGE,
            Request("ChangeTransactionTariff", {"transactionId": "T1", "tariff": TARIFF_WIRE}),
        ),
        (ReadTariffs(), Request("GetTariffs", {"evseId": 0})),
        (ClearTariffs(), Request("ClearTariffs", {})),
        (ClearTariffs(evse_id=2), Request("ClearTariffs", {"evseId": 2})),
        (ClearTariffs(tariff_ids=("A",)), Request("ClearTariffs", {"tariffIds": ["A"]})),
    ],
)
def test_requests(command: Command, request_: Request) -> None:
    """I07 to I11; a raw request that says the same is the same command."""
    assert NEW.request(command) == request_
    assert NEW.interpret(Raw(action=request_.action, payload=request_.payload)) == command
    for dialect in (OLD, MID):
        assert isinstance(dialect.request(command), Unsupported)
        assert dialect.outcome(command, {}).status == "unsupported"


@modern
@pytest.mark.parametrize(
    ("command", "request_"),
    [
        (
            ShowCost(transaction_ref="T1", total="12.5"),
            Request("CostUpdated", {"totalCost": 12.5, "transactionId": "T1"}),
        ),
        (AskStatus(transaction_ref="T1"), Request("GetTransactionStatus", {"transactionId": "T1"})),
        (AskStatus(), Request("GetTransactionStatus", {})),
    ],
)
def test_requests_of_both(dialect: Dialect, command: Command, request_: Request) -> None:
    """I02 and E14; 1.6 has neither."""
    assert dialect.request(command) == request_
    assert dialect.interpret(Raw(action=request_.action, payload=request_.payload)) == command
    assert isinstance(OLD.request(command), Unsupported)


@pytest.mark.parametrize("command", [SET, CHANGE])
def test_what_no_tariff_has(command: Any) -> None:
    """A name that OCPP does not know, and a value that it does not allow."""
    other = {**TARIFF, "surprise": 1}
    changed = type(command)(
        **{name: getattr(command, name) for name in command.__struct_fields__ if name != "tariff"},
        tariff=other,
    )
    for dialect in (OLD, MID, NEW):
        with pytest.raises(Invalid) as refused:
            dialect.request(changed)
        assert refused.value.field == "tariff.surprise"
    with pytest.raises(Invalid) as refused:
        NEW.request(SetTariff(tariff={**TARIFF, "currency": "EURO"}))
    assert refused.value.field == "tariff.currency"


@pytest.mark.parametrize(
    ("energy", "field"),
    [
        ({"prices": [{"price_kwh": "x"}]}, "tariff.energy.prices[0].price_kwh"),
        ({"prices": [{"price_kwh": 1}, {"priceKwh": 1}]}, "tariff.energy.prices[1].priceKwh"),
        ({"prices": [{}]}, "tariff.energy.prices[0].price_kwh"),
    ],
)
def test_fields_are_those_of_who_asks(energy: Any, field: str) -> None:
    """Not those of the wire; what was misspelt, as it was."""
    with pytest.raises(Invalid) as refused:
        NEW.request(SetTariff(tariff={**TARIFF, "energy": energy}))
    assert refused.value.field == field


def test_a_raw_tariff_that_says_more_stays_as_it_is() -> None:
    """What only vendors know is nothing that we hold."""
    wire = {**TARIFF_WIRE, "customData": {"vendorId": "v"}}
    for action, place in (
        ("SetDefaultTariff", {"evseId": 1}),
        ("ChangeTransactionTariff", {"transactionId": "T1"}),
    ):
        raw = Raw(action=action, payload={**place, "tariff": wire})
        told: Any = NEW.interpret(raw)
        assert told is raw or told.tariff == {**TARIFF, "custom_data": {"vendorId": "v"}}


@given(st.decimals(0, 999_999_999, places=6, allow_nan=False))
def test_costs_are_exact(total: Decimal) -> None:
    """To the last of fifteen digits, whatever a float makes of it on the way."""
    command = ShowCost(transaction_ref="T1", total=format(total, "f"))
    request = NEW.request(command)
    assert isinstance(request, Request)
    sent = json.dumps(request.payload["totalCost"])
    assert Decimal(sent) == total
    told: Any = NEW.interpret(Raw(action="CostUpdated", payload=request.payload))
    assert Decimal(told.total) == total


@pytest.mark.parametrize(
    ("command", "answer", "status", "found"),
    [
        (SET, {"status": "Accepted"}, "accepted", None),
        (SET, {"status": "TooManyElements"}, "rejected", None),
        (CHANGE, {"status": "TxNotFound"}, "rejected", None),
        (ReadTariffs(), {"status": "NoTariff"}, "rejected", TariffsFound()),
        (ReadTariffs(), {"status": "Rejected"}, "rejected", None),
        (ReadTariffs(), {"status": "Accepted"}, "accepted", TariffsFound()),
        (
            ReadTariffs(),
            {
                "status": "Accepted",
                "tariffAssignments": [
                    {"tariffId": "A", "tariffKind": "DefaultTariff", "evseIds": [1, 2**40]},
                    {
                        "tariffId": "B\x00",
                        "tariffKind": "DriverTariff",
                        "validFrom": "2026-03-01T00:00:00Z",
                        "idTokens": ["TAG"],
                    },
                ],
            },
            "accepted",
            TariffsFound(
                (
                    Assignment(tariff_id="A", tariff_kind="DefaultTariff", evse_ids=(1,)),
                    Assignment(
                        tariff_id="B\N{REPLACEMENT CHARACTER}",
                        tariff_kind="DriverTariff",
                        id_tokens=("TAG",),
                        valid_from="2026-03-01T00:00:00Z",
                    ),
                )
            ),
        ),
        (ClearTariffs(), {"clearTariffsResult": []}, "rejected", TariffsGone()),
        (ClearTariffs(), {}, "rejected", None),
        (ClearTariffs(), {"clearTariffsResult": "Accepted"}, "rejected", None),
        (
            ClearTariffs(),
            {"clearTariffsResult": [{"status": "Accepted"}]},
            "accepted",
            TariffsGone(everything=True),
        ),
        (
            ClearTariffs(tariff_ids=("A", "B", "C")),
            {
                "clearTariffsResult": [
                    {"tariffId": "A", "status": "Accepted"},
                    {"tariffId": "B", "status": "NoTariff"},
                    {"tariffId": "C", "status": "Rejected"},
                    {"status": "Accepted"},
                ]
            },
            "rejected",
            TariffsGone(("A", "B")),
        ),
    ],
)
def test_answers(command: Command, answer: Any, status: str, found: object) -> None:
    """What the station made of it; what cannot be read says nothing."""
    outcome = NEW.outcome(command, answer)
    assert (outcome.status, outcome.found) == (status, found)


@modern
@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (
            {"ongoingIndicator": True, "messagesInQueue": False},
            StatusFound(ongoing=True, messages_in_queue=False),
        ),
        ({"messagesInQueue": True}, StatusFound(ongoing=None, messages_in_queue=True)),
        (
            {"ongoingIndicator": "false", "messagesInQueue": 0},
            StatusFound(ongoing=False, messages_in_queue=False),
        ),
        ({"ongoingIndicator": False}, None),
    ],
)
def test_how_transactions_stand(dialect: Dialect, answer: Any, found: object) -> None:
    """E14; without a word on the queue nothing follows."""
    assert dialect.outcome(AskStatus(transaction_ref="T1"), answer).found == found
