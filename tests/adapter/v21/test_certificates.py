"""What only 2.1 stations ask about certificates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from csms.adapter.dialect import DIALECTS, Fault, FaultKind
from csms.core.values import Strictness

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HASHES = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "a",
    "issuerKeyHash": "b",
    "serialNumber": "c",
}


@pytest.mark.parametrize("strictness", list(Strictness))
def test_what_cannot_be_repeated_is_refused(strictness: Strictness) -> None:
    """An unknown word would come back to the station as ours."""
    asked = {
        "source": "Oracle",
        "urls": ["https://ocsp.example"],
        "certificateHashData": HASHES,
    }
    payload = {"certificateStatusRequests": [asked]}
    fault = DIALECTS["ocpp2.1"].read("GetCertificateChainStatus", payload, strictness, NOW)
    assert fault == Fault(
        FaultKind.PROPERTY,
        "certificateStatusRequests[0].source: is not one of the allowed values",
    )
