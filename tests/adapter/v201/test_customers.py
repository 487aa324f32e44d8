"""Customers, in every version."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from csms.adapter.dialect import DIALECTS, Dialect, Request, Understood, Unsupported
from csms.core.certificates.x509 import CertificateHash
from csms.core.commands import Raw
from csms.core.customers.vocabulary import AskCustomer, Customer, CustomerTold
from csms.core.replies import Acknowledged
from csms.core.values import Strictness

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD = DIALECTS["ocpp1.6"]
modern = pytest.mark.parametrize(
    "dialect", [DIALECTS["ocpp2.0.1"], DIALECTS["ocpp2.1"]], ids=["2.0.1", "2.1"]
)
HASH = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa",
    "issuerKeyHash": "bb",
    "serialNumber": "01",
}


@modern
@pytest.mark.parametrize(
    ("customer", "payload"),
    [
        (
            Customer(id_token="TAG", kind="eMAID"),
            {"idToken": {"idToken": "TAG", "type": "eMAID"}},
        ),
        (Customer(identifier="42"), {"customerIdentifier": "42"}),
        (
            Customer(
                certificate=CertificateHash(
                    algorithm="SHA256",
                    issuer_name_hash="aa",
                    issuer_key_hash="bb",
                    serial_number="01",
                )
            ),
            {"customerCertificate": HASH},
        ),
    ],
)
def test_requests(dialect: Dialect, customer: Customer, payload: dict[str, object]) -> None:
    """N09, N10: whoever it is; a raw request that says the same is the same command."""
    command = AskCustomer(ref=3, customer=customer, report=True, clear=True)
    whole = {"requestId": 3, "report": True, "clear": True, **payload}
    assert dialect.request(command) == Request("CustomerInformation", whole)
    assert dialect.interpret(Raw(action="CustomerInformation", payload=whole)) == command
    assert isinstance(OLD.request(command), Unsupported)


@modern
def test_a_token_is_the_servers_unless_told_otherwise(dialect: Dialect) -> None:
    """2.x wants a type; that of one that is listed comes with the command."""
    request = dialect.request(AskCustomer(customer=Customer(id_token="TAG")))
    assert isinstance(request, Request)
    assert request.payload["idToken"] == {"idToken": "TAG", "type": "Central"}


@modern
@pytest.mark.parametrize("status", ["Rejected", "Invalid"])
def test_refusals(dialect: Dialect, status: str) -> None:
    """N09.FR.02, N09.FR.08."""
    command = AskCustomer(ref=3, customer=Customer(identifier="42"))
    assert dialect.outcome(command, {"status": status}).status == "rejected"


@modern
@pytest.mark.parametrize("strictness", list(Strictness))
def test_parts(dialect: Dialect, strictness: Strictness) -> None:
    """N09.FR.05."""
    payload = {
        "requestId": 3,
        "seqNo": 0,
        "generatedAt": "2026-03-01T12:00:00Z",
        "data": "name=X",
        "tbc": True,
    }
    told = dialect.read("NotifyCustomerInformation", payload, strictness, NOW)
    assert told == Understood(CustomerTold(ref=3, number=0, text="name=X", last=False))
    assert dialect.write("NotifyCustomerInformation", Acknowledged()) == {}


@modern
def test_a_part_that_lacks_almost_everything(dialect: Dialect) -> None:
    """It is acknowledged and kept all the same, and no example of it is shown anywhere."""
    told = dialect.read("NotifyCustomerInformation", {"data": 5}, Strictness.TOLERANT, NOW)
    assert isinstance(told, Understood)
    assert told.report == CustomerTold(ref=None, number=None, text="5")
    assert not any("5" in example for _, example in told.quirks)
