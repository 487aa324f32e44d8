"""What stations ask about certificates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from csms.core.certificates.vocabulary import (
    AddRequest,
    CertificateAsked,
    CertificatePurpose,
    CertificateStatusAsked,
    ChainQuestion,
    ChainStatusAsked,
    ChainUnknown,
    ContractAnswer,
    ContractAnswered,
    ContractAsked,
    OpenRequest,
    OpenRequestsAsked,
    RepeatRequest,
    RequestAnswered,
    RequestStatus,
    StationSerialAsked,
    StatusUnknown,
    SupersedeRequest,
)
from csms.core.certificates.x509 import CertificateHash, key_digest
from csms.core.decisions import Policy
from csms.core.happenings import Happened
from csms.core.values import StationKey
from csms.testing.certificates import csr, new_key
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1", 7)
KEY = new_key()
HASH = CertificateHash(
    algorithm="SHA256", issuer_name_hash="aa", issuer_key_hash="bb", serial_number="1"
)


@pytest.fixture
def desk() -> Desk:
    return Desk(NOW)


def test_a_request_is_kept(desk: Desk) -> None:
    """For whoever signs it, and somebody is told."""
    text = csr("CP1", KEY)
    asked = CertificateAsked(csr=text, request_ref=5, root=HASH)
    assert desk.say(CP1, asked) == RequestAnswered(accepted=True)
    (kept,) = desk.book.kept
    request = kept.request
    assert isinstance(kept, AddRequest)
    assert (request.status, request.purpose) == (
        RequestStatus.RECEIVED,
        CertificatePurpose.CHARGING_STATION,
    )
    assert (request.csr, request.subject, request.key) == (
        text,
        "CN=CP1",
        key_digest(KEY.public_key()),
    )
    assert (request.request_ref, request.root) == (5, HASH)
    assert (request.station_id, request.operator_id) == (1, 7)
    event = desk.last("certificate.requested")
    assert event.data["request_id"] == request.id


def test_asked_again(desk: Desk) -> None:
    """A station that waits too long asks the same again (A02.FR.17 ff.)."""
    known = OpenRequest(id="r1", key=key_digest(KEY.public_key()))
    desk.book.answers[OpenRequestsAsked] = lambda _, ask: (
        (known,) if ask.purpose is CertificatePurpose.V2G else ()
    )
    text = csr("SECC", KEY)
    again = CertificateAsked(csr=text, purpose=CertificatePurpose.V2G, request_ref=6)
    assert desk.say(CP1, again) == RequestAnswered(accepted=True)
    assert desk.book.kept == [RepeatRequest(id="r1", csr=text, request_ref=6, at=NOW)]
    assert desk.kinds == []


def test_asked_anew(desk: Desk) -> None:
    """With another key it takes the place of what is open: one of a purpose is."""
    desk.book.answers[OpenRequestsAsked] = lambda *_: (OpenRequest(id="r1", key="old"),)
    desk.say(CP1, CertificateAsked(csr=csr("CP1", KEY)))
    first, second = desk.book.kept
    assert first == SupersedeRequest(id="r1", at=NOW)
    assert isinstance(second, AddRequest)


@pytest.mark.parametrize(
    ("whose", "common", "serial", "accepted"),
    [
        ("either", "CP1", None, True),
        ("either", "SN1", "SN1", True),
        ("either", "SN1", None, False),
        ("serial", "CP1", "SN1", False),
        ("serial", "SN1", "SN1", True),
        ("serial", "SN1", None, False),
        ("identity", "CP1", "SN1", True),
        ("identity", "SN1", "SN1", False),
        ("any", "Somebody", None, True),
    ],
)
def test_whose_name(whose: str, common: str, serial: str | None, accepted: bool) -> None:
    """A station gets no certificate of another name than the operator allows (A00.FR.405)."""
    desk = Desk(NOW, Policy(certificate_name=whose))
    desk.book.answers[StationSerialAsked] = lambda *_: () if serial is None else (serial,)
    reply = desk.say(CP1, CertificateAsked(csr=csr(common, KEY)))
    assert isinstance(reply, RequestAnswered)
    assert reply.accepted is accepted


@pytest.mark.parametrize(
    ("text", "subject"), [("no request", None), (csr("Other", KEY), "CN=Other")]
)
def test_refused(desk: Desk, text: str, subject: str | None) -> None:
    """Why is said, and what was refused is kept, as far as it can be read."""
    reply = desk.say(CP1, CertificateAsked(csr=text))
    (kept,) = desk.book.kept
    assert isinstance(reply, RequestAnswered)
    assert not reply.accepted
    assert (kept.request.status, kept.request.subject) == (RequestStatus.REFUSED, subject)
    assert kept.request.detail == reply.detail
    assert desk.last("certificate.refused").data["detail"] == reply.detail


CONTRACT = ContractAsked(
    schema_version="urn:iso:15118:2:2013:MsgDef", renewal=False, request="AAAA"
)


def test_contracts_without_a_provider(desk: Desk) -> None:
    """The car hears that there are none, and that it asked is kept (M01.FR.01)."""
    reply = desk.say(CP1, CONTRACT)
    assert isinstance(reply, ContractAnswered)
    assert (reply.answer.accepted, reply.answer.response) == (False, "")
    (kept,) = desk.book.kept
    assert isinstance(kept, Happened)
    assert (kept.kind, kept.content["accepted"]) == ("contract_certificate", False)
    assert "AAAA" not in str(kept.content)


def test_contracts_of_a_provider(desk: Desk) -> None:
    """What the provider said goes on to the car as it is."""
    told = ContractAnswer(accepted=True, response="BBBB", remaining=1)
    asked = ContractAsked(
        schema_version="x", renewal=True, request="AAAA", preferred=("E",), answer=told
    )
    assert desk.say(CP1, asked) == ContractAnswered(told)
    (kept,) = desk.book.kept
    assert kept.content["preferred"] == ["E"]


def test_revocations_are_not_known(desk: Desk) -> None:
    """Nobody is asked, so nothing is claimed; that it was wanted is kept."""
    asked = CertificateStatusAsked(hash=HASH, responder="http://ocsp.example")
    assert desk.say(CP1, asked) == StatusUnknown()
    question = ChainQuestion(hash=HASH, source="CRL", urls=("http://crl.example",))
    assert desk.say(CP1, ChainStatusAsked(questions=(question,))) == ChainUnknown((question,))
    one, chain = desk.book.kept
    assert (one.kind, one.content["responder"]) == ("certificate_status", "http://ocsp.example")
    assert chain.content["chain"][0]["urls"] == ["http://crl.example"]
