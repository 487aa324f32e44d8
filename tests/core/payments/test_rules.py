"""Payments that stations take themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from csms.core.decide import salvage
from csms.core.decisions import Policy, Quarantine
from csms.core.happenings import Happened
from csms.core.payments.vocabulary import (
    KeepSettlement,
    Known,
    SettlementAnswered,
    SettlementAsked,
    SettlementTold,
    VatAnswered,
    VatAsked,
)
from csms.core.values import Session, StationKey
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")
SESSION = Session(
    id="01890000-0000-7000-8000-000000000002",
    operator_id=1,
    station_id=1,
    identity="CP1",
    evse_id=1,
    transaction_ref="T1",
    named_by_station=True,
    start_key="T1",
    started_at=NOW,
    created_at=NOW,
    updated_at=NOW,
)
PAID = SettlementTold(
    psp_ref="P1", status="Settled", amount="12.34", at=NOW, transaction_ref="T1", receipt_id="R1"
)


@pytest.fixture
def desk() -> Desk:
    """A desk that finds again what it kept, with a session at its station."""
    desk = Desk(NOW + timedelta(seconds=5), Policy(receipt_url="https://pay.example/r/"))
    desk.book.keep(SESSION)

    def known(key: StationKey, ask: SettlementAsked) -> tuple[Known, ...]:
        mine = [each for each in kept(desk) if (each.station_id, each.psp_ref) == (key.id, "P1")]
        return tuple(
            Known(
                status=each.status,
                amount=each.amount,
                settled_at=each.settled_at,
                transaction_ref=each.transaction_ref,
            )
            for each in mine[-1:]
            if each.psp_ref == ask.psp_ref
        )

    desk.book.answers[SettlementAsked] = known
    return desk


def kept(desk: Desk) -> list[KeepSettlement]:
    """The settlements, as they were written."""
    return [write for write in desk.book.kept if isinstance(write, KeepSettlement)]


def happened(desk: Desk) -> list[dict[str, Any]]:
    """What was told of payments, each thing once."""
    told = {
        (each.at, each.fingerprint): each.content
        for each in desk.book.kept
        if isinstance(each, Happened)
    }
    return list(told.values())


def test_a_settlement_is_kept_with_its_session(desk: Desk) -> None:
    """And told to the world; the receipt is ours (TC_C_117, TC_C_118)."""
    url = f"https://pay.example/r/{SESSION.id}"
    assert desk.say(CP1, PAID) == SettlementAnswered(url)
    [write] = kept(desk)
    assert (write.psp_ref, write.status, write.amount) == ("P1", "Settled", "12.34")
    assert (write.session_id, write.receipt_id, write.receipt_url) == (SESSION.id, "R1", url)
    assert (write.settled_at, write.received_at) == (NOW, NOW + timedelta(seconds=5))
    assert desk.last("payment.settlement").data == {
        "psp_ref": "P1",
        "status": "Settled",
        "amount": "12.34",
    }
    assert happened(desk) == [
        {
            "psp_ref": "P1",
            "status": "Settled",
            "amount": "12.34",
            "transaction_ref": "T1",
            "detail": None,
        }
    ]


@pytest.mark.parametrize(
    ("report", "policy"),
    [
        (PAID, Policy()),
        (replace(PAID, receipt_url="https://acme.example/1"), None),
        (replace(PAID, transaction_ref="T9"), None),
        (replace(PAID, transaction_ref=None), None),
        (replace(PAID, status="Failed"), None),
        (replace(PAID, status="Canceled"), None),
    ],
    ids=["not set", "the station's", "no such session", "no session", "failed", "canceled"],
)
def test_where_the_receipt_is_not_ours(
    desk: Desk, report: SettlementTold, policy: Policy | None
) -> None:
    """None is promised; that of the station is kept."""
    desk.policy = policy or desk.policy
    assert desk.say(CP1, report) == SettlementAnswered()
    assert kept(desk)[0].receipt_url == report.receipt_url


def test_the_same_payment_told_again_is_no_news(desk: Desk) -> None:
    """Whatever its time says by now, and however the amount is spelled; what it adds is kept."""
    first = desk.say(CP1, PAID)
    later = NOW + timedelta(hours=1)
    again = replace(PAID, at=later, amount="12.340", transaction_ref=None, detail="late")
    assert desk.say(CP1, PAID) == first
    assert desk.say(CP1, again) == SettlementAnswered()
    assert {write.settled_at for write in kept(desk)} == {NOW}
    assert desk.kinds == ["payment.settlement"]


@pytest.mark.parametrize(
    "change",
    [{"status": "Failed"}, {"amount": "12.35"}, {"transaction_ref": "T2"}],
    ids=lambda change: next(iter(change)),
)
def test_a_payment_that_changes(desk: Desk, change: dict[str, Any]) -> None:
    """Takes the place of what was told before, which stays as something that happened; also
    when it is of another transaction."""
    desk.say(CP1, PAID)
    desk.say(CP1, replace(PAID, at=NOW + timedelta(minutes=1), **change))
    assert kept(desk)[-1].settled_at == NOW + timedelta(minutes=1)
    assert desk.kinds == ["payment.settlement"] * 2
    assert len(happened(desk)) == 2


def test_what_comes_late_changes_nothing(desk: Desk) -> None:
    """A station may deliver an older message after a newer one; it is kept all the same."""
    desk.say(CP1, PAID)
    desk.say(CP1, replace(PAID, at=NOW - timedelta(minutes=1), status="Failed"))
    assert [write.status for write in kept(desk)] == ["Settled"]
    assert [told["status"] for told in happened(desk)] == ["Settled", "Failed"]
    assert desk.kinds == ["payment.settlement"]


def test_what_cannot_be_decided_is_not_lost() -> None:
    """A settlement is money: it is kept for whoever settles the bill."""
    decision = salvage(PAID, CP1, NOW)
    assert decision is not None
    [write] = decision.writes
    assert isinstance(write, Quarantine)
    assert "12.34" in write.content


@pytest.mark.parametrize(
    ("by_form", "number", "accepted"),
    [
        (False, "DE136695976", False),
        (True, "DE136695976", True),
        (True, "DE136695977", False),
        (True, "XX1", False),
    ],
)
def test_vat_numbers(*, desk: Desk, by_form: bool, number: str, accepted: bool) -> None:
    """C22 (TC_C_108): by policy; the question is repeated, and kept with what was said."""
    desk.policy = Policy(vat_by_form=by_form)
    reply = desk.say(CP1, VatAsked(vat_number=number, evse_id=3))
    assert reply == VatAnswered(accepted=accepted, vat_number=number, evse_id=3)
    [told] = desk.book.kept
    assert isinstance(told, Happened)
    assert (told.kind, told.evse_id) == ("vat_validation", 3)
    assert told.content == {"vat_number": number, "accepted": accepted}
