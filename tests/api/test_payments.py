"""Payments at stations, and battery swaps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from csms.core.batteries.vocabulary import RequestSwap
from csms.core.happenings import Happening
from csms.core.payments.vocabulary import AnnounceWebPayment, Settlement

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATION = "/api/v1/stations/CP1"


def test_settlements(api: Any) -> None:
    """All that is known, of the operator's own stations."""
    session_id = str(UUID(int=1))
    paid = Settlement(
        station="CP1",
        psp_ref="P1",
        status="Settled",
        amount="12345678901234567890.10",
        settled_at=NOW,
        received_at=NOW,
        transaction_ref="T1",
        session_id=session_id,
        receipt_id="R1",
        receipt_url="https://pay.example/1",
        vat_number="NL1",
        vat_company={"name": "Acme"},
        detail="fine",
    )
    api.settlements.seed(paid)
    reply = api.ask("GET", f"/api/v1/settlements?session_id={session_id}&psp_ref=P1")
    assert reply.json["items"] == [
        {
            "station": "CP1",
            "psp_ref": "P1",
            "status": "Settled",
            "amount": "12345678901234567890.10",
            "settled_at": "2026-03-01T12:00:00.000Z",
            "received_at": "2026-03-01T12:00:00.000Z",
            "session_id": session_id,
            "transaction_id": "T1",
            "receipt_id": "R1",
            "receipt_url": "https://pay.example/1",
            "vat_number": "NL1",
            "vat_company": {"name": "Acme"},
            "detail": "fine",
        }
    ]
    assert api.ask("GET", "/api/v1/settlements", role="stranger").json["items"] == []
    assert api.ask("GET", "/api/v1/settlements?settled_to=2026-03-01T12:00:00Z").json["items"] == []


def test_a_driver_at_the_payment_page(api: Any) -> None:
    """The EVSE is kept free for a while."""
    api.stations.seed("CP1")
    assert api.ask("POST", f"{STATION}/web-payments", json={"evse_id": 2}).status == 200
    body = {"evse_id": 2, "timeout_s": 60, "queue": True}
    assert api.ask("POST", f"{STATION}/web-payments", json=body).status == 200
    assert [sent[1] for sent in api.operations.sent] == [
        AnnounceWebPayment(evse_id=2, timeout_s=300),
        AnnounceWebPayment(evse_id=2, timeout_s=60),
    ]


@pytest.mark.parametrize(
    "body", [{}, {"evse_id": 0}, {"evse_id": 1, "timeout_s": 0}, {"evse_id": 2**31}]
)
def test_no_such_page(api: Any, body: dict[str, Any]) -> None:
    """It is that of an EVSE, for some time."""
    api.stations.seed("CP1")
    assert api.ask("POST", f"{STATION}/web-payments", json=body).status == 422


def test_a_battery_swap(api: Any) -> None:
    """The station is asked for it."""
    api.stations.seed("CP1")
    body = {"id_token": "TAG"}
    assert api.ask("POST", f"{STATION}/battery-swaps", json={**body, "kind": "Local"}).status == 200
    assert [sent[1] for sent in api.operations.sent] == [RequestSwap(id_token="TAG", kind="Local")]


def test_what_was_swapped(api: Any) -> None:
    """At that station, and nothing else that happened there."""
    api.stations.seed("CP1")
    for number, kind in enumerate(("battery_swap", "security")):
        api.happenings.seed(
            Happening(
                id=number,
                identity="CP1",
                kind=kind,
                at=NOW,
                received_at=NOW,
                content={"event": "BatteryIn"},
            )
        )
    (swap,) = api.ask("GET", f"{STATION}/battery-swaps?at_from=2026-03-01T00:00:00Z").json["items"]
    assert (swap["kind"], swap["content"]) == ("battery_swap", {"event": "BatteryIn"})
    assert api.ask("GET", f"{STATION}/battery-swaps", role="stranger").status == 404
    other = api.ask("GET", f"{STATION}/battery-swaps?kind=security")
    assert (other.status, other.json["field"]) == (422, "kind")
