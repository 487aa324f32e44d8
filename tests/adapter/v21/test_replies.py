"""Answers to what only 2.1 stations say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Fault, FaultKind, Understood
from csms.adapter.v21.version import V21
from csms.core.replies import Noted
from csms.core.reports import Notified
from csms.core.values import Strictness

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DIALECT = DIALECTS["ocpp2.1"]
HASHES = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "a",
    "issuerKeyHash": "b",
    "serialNumber": "c",
}
ASKED = {"source": "OCSP", "urls": ["https://ocsp.example"], "certificateHashData": HASHES}


def write(action: str, payload: dict[str, Any]) -> dict[str, Any]:
    answer = DIALECT.write(action, Noted(payload))
    assert V21.schemas.outbound_flaw(f"{action}Response", answer) is None
    return answer


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        ("BatterySwap", {}),
        ("ClosePeriodicEventStream", {}),
        ("NotifyDERAlarm", {}),
        ("NotifyDERStartStop", {}),
        ("NotifyPriorityCharging", {}),
        ("NotifySettlement", {}),
        ("OpenPeriodicEventStream", {"status": "Rejected"}),
        ("PullDynamicScheduleUpdate", {"status": "Rejected"}),
        ("ReportDERControl", {}),
    ],
)
def test_answers(action: str, answer: dict[str, Any]) -> None:
    """Nothing is promised that nobody does."""
    assert write(action, {}) == answer


@pytest.mark.parametrize("extra", [{}, {"evseId": 3}])
def test_vat_numbers_are_repeated(extra: dict[str, Any]) -> None:
    """With the EVSE if there was one."""
    payload = {"vatNumber": "NL1", **extra}
    assert write("VatNumberValidation", payload) == {**payload, "status": "Rejected"}


def test_every_certificate_asked_for_is_answered() -> None:
    """As one whose status could not be found, which is good for no time."""
    other = {**ASKED, "source": "CRL"}
    answer = write("GetCertificateChainStatus", {"certificateStatusRequests": [ASKED, other]})
    assert answer == {
        "certificateStatus": [
            {
                "certificateHashData": HASHES,
                "source": source,
                "status": "Failed",
                "nextUpdate": "1970-01-01T00:00:00.000Z",
            }
            for source in ("OCSP", "CRL")
        ]
    }


@pytest.mark.parametrize("strictness", list(Strictness))
def test_what_cannot_be_repeated_is_refused(strictness: Strictness) -> None:
    """An unknown word or number would come back to the station as ours."""
    asked = {**ASKED, "source": "Oracle"}
    payload = {"certificateStatusRequests": [asked]}
    fault = DIALECT.read("GetCertificateChainStatus", payload, strictness, NOW)
    assert fault == Fault(
        FaultKind.PROPERTY,
        "certificateStatusRequests[0].source: is not one of the allowed values",
    )
    payload = {"vatNumber": "NL1", "evseId": -1}
    fault = DIALECT.read("VatNumberValidation", payload, strictness, NOW)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.PROPERTY


def test_what_can_be_mended_is_repeated() -> None:
    """As it was mended."""
    understood: Any = DIALECT.read(
        "VatNumberValidation", {"vatNumber": 17, "evseId": "3"}, Strictness.TOLERANT, NOW
    )
    assert isinstance(understood, Understood)
    assert write("VatNumberValidation", understood.report.payload) == {
        "status": "Rejected",
        "vatNumber": "17",
        "evseId": 3,
    }


def test_streams() -> None:
    """A SEND is kept like any other message, and is known to want no answer."""
    payload = {
        "id": 1,
        "pending": 0,
        "basetime": "2025-06-01T12:00:00Z",
        "data": [{"t": 0, "v": "1"}],
    }
    action = "NotifyPeriodicEventStream"
    understood = DIALECT.read(action, payload, Strictness.STRICT, NOW)
    assert understood == Understood(Notified(action=action, payload=payload))
    assert DIALECT.is_one_way(action)
