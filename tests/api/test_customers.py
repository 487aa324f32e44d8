"""What stations know of customers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.core.customers.vocabulary import AskCustomer, Customer
from csms.core.ports import Assembled

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "/api/v1/stations/CP1/customer-information"
HASH = {
    "algorithm": "SHA256",
    "issuer_name_hash": "aa",
    "issuer_key_hash": "bb",
    "serial_number": "01",
}


def test_asking(api: Any) -> None:
    """For whomever, to tell, to forget, or both."""
    api.stations.seed("CP1")
    assert api.ask("POST", URL, json={"id_token": "TAG", "clear": True}).status == 200
    assert api.ask("POST", URL, json={"certificate": HASH}).status == 200
    first, second = (sent[1] for sent in api.operations.sent)
    assert first == AskCustomer(customer=Customer(id_token="TAG"), report=True, clear=True)
    assert second.customer.certificate.issuer_key_hash == "bb"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id_token": "TAG", "customer_identifier": "42"},
        {"id_token": "TAG", "report": False},
    ],
)
def test_one_customer_and_something_to_do(api: Any, body: dict[str, Any]) -> None:
    """Anything else is a mistake of the caller."""
    api.stations.seed("CP1")
    assert api.ask("POST", URL, json=body).status == 422


def test_reading_and_forgetting(api: Any) -> None:
    """It is not for auditors, nor among the other reports."""
    api.stations.seed("CP1")
    report = Assembled(
        kind="customer_information",
        ref=3,
        status="complete",
        parts=2,
        items=("na", "me"),
        started_at=NOW,
        updated_at=NOW,
        completed_at=NOW,
    )
    api.assemblies.seed("CP1", report)
    assert api.ask("GET", f"{URL}/3").json["text"] == "name"
    assert api.ask("GET", f"{URL}/3", role="auditor").status == 403
    assert api.ask("GET", "/api/v1/stations/CP1/reports").json["items"] == []
    assert api.ask("GET", "/api/v1/stations/CP1/reports/3").json["items"] == []
    assert api.ask("DELETE", f"{URL}/3").status == 204
    assert api.ask("GET", f"{URL}/3").status == 404
    assert api.ask("DELETE", f"{URL}/3").status == 404
