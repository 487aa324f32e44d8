"""What is decided when a station asks for a certificate, or about one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from csms.core.certificates.presented import hash_content
from csms.core.certificates.signing_requests import SigningRequest, fault_of, read_request
from csms.core.certificates.vocabulary import (
    AddRequest,
    CertificateAsked,
    CertificatePurpose,
    CertificateRequest,
    CertificateStatusAsked,
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
from csms.core.certificates.x509 import Unreadable
from csms.core.decisions import Decision, Policy, Question, State, Write
from csms.core.happenings import Happened, HappeningKind, fingerprint
from csms.core.station import fact
from csms.core.values import StationKey

if TYPE_CHECKING:
    from csms.core.areas import Rules

NOT_ASKED = ContractAnswer(accepted=False, detail="No provider of contracts is configured.")


def request_asked(report: CertificateAsked) -> Question:
    """A request is held against the station's name and what it asked for before."""
    return Question(more=(StationSerialAsked(), OpenRequestsAsked(purpose=report.purpose)))


def certificate_asked(
    report: CertificateAsked, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Keep a certificate request for whoever signs it (2.x A02, A03; whitepaper §2.2).

    One that is asked again, as stations do that wait too long (A02.FR.17 ff.), is the same
    request: it is known by its key.  One with another key takes the place of what is open.
    """
    try:
        asked = read_request(report.csr)
    except Unreadable as error:
        return _refused(report, key, state, now, str(error), None)
    fault = fault_of(
        asked, _names(report.purpose, key, state, policy), policy.certificate_organization
    )
    if fault is not None:
        return _refused(report, key, state, now, fault, asked)
    before: tuple[OpenRequest, ...] = state.answers(OpenRequestsAsked)
    same = next((each for each in before if each.key == asked.key), None)
    if same is not None:
        again = RepeatRequest(id=same.id, csr=report.csr, request_ref=report.request_ref, at=now)
        return Decision(RequestAnswered(accepted=True), (again,))
    request = _kept(report, key, state, now, RequestStatus.RECEIVED, asked)
    writes: tuple[Write, ...] = (
        *(SupersedeRequest(id=each.id, at=now) for each in before),
        AddRequest(request=request),
    )
    event = fact(
        "certificate.requested",
        key,
        now,
        request_id=request.id,
        purpose=report.purpose.value,
        subject=asked.subject,
    )
    return Decision(RequestAnswered(accepted=True), writes, (event,))


def contract_asked(
    report: ContractAsked, key: StationKey, _state: State, now: datetime, _policy: Policy
) -> Decision:
    """Pass on what the provider of contracts said to a car (2.x M01, M02); what the two say to
    each other is between them, so only that they did is kept."""
    answer = NOT_ASKED if report.answer is None else report.answer
    content: dict[str, object] = {
        "schema_version": report.schema_version,
        "renewal": report.renewal,
        "preferred": list(report.preferred),
        "accepted": answer.accepted,
        "detail": answer.detail,
    }
    kept = _happened(key, "contract_certificate", now, content)
    return Decision(ContractAnswered(answer), (kept,))


def status_asked(
    report: CertificateStatusAsked, key: StationKey, _state: State, now: datetime, _policy: Policy
) -> Decision:
    """Nobody is asked about revocations yet, and the station hears so (2.x M06.FR.02)."""
    content = {**hash_content(report.hash), "responder": report.responder, "status": "Failed"}
    return Decision(StatusUnknown(), (_happened(key, "certificate_status", now, content),))


def chain_status_asked(
    report: ChainStatusAsked, key: StationKey, _state: State, now: datetime, _policy: Policy
) -> Decision:
    """As `status_asked`, for a whole chain (2.1 M07)."""
    asked = [
        {**hash_content(each.hash), "source": each.source, "urls": list(each.urls)}
        for each in report.questions
    ]
    content: dict[str, object] = {"chain": asked, "status": "Failed"}
    kept = _happened(key, "certificate_status", now, content)
    return Decision(ChainUnknown(report.questions), (kept,))


def _names(
    purpose: CertificatePurpose, key: StationKey, state: State, policy: Policy
) -> tuple[str, ...] | None:
    """What may be the common name in a request: whose it is says the operator, and only of a
    station's own certificate; that for cars is named by rules of theirs."""
    if purpose in (CertificatePurpose.V2G, CertificatePurpose.V2G20):
        return None
    serial: str | None = state.answer(StationSerialAsked)
    serials = () if serial is None else (serial,)
    match policy.certificate_name:
        case "serial":
            return serials
        case "identity":
            return (key.identity,)
        case "either":
            return (*serials, key.identity)
        case _:
            return None


def _refused(
    report: CertificateAsked,
    key: StationKey,
    state: State,
    now: datetime,
    why: str,
    asked: SigningRequest | None,
) -> Decision:
    request = _kept(report, key, state, now, RequestStatus.REFUSED, asked)
    kept = AddRequest(request=msgspec.structs.replace(request, detail=why))
    event = fact(
        "certificate.refused",
        key,
        now,
        request_id=request.id,
        purpose=report.purpose.value,
        detail=why,
    )
    return Decision(RequestAnswered(accepted=False, detail=why), (kept,), (event,))


def _kept(
    report: CertificateAsked,
    key: StationKey,
    state: State,
    now: datetime,
    status: RequestStatus,
    asked: SigningRequest | None,
) -> CertificateRequest:
    return CertificateRequest(
        id=state.session_id,
        operator_id=key.operator_id,
        station_id=key.id,
        identity=key.identity,
        purpose=report.purpose,
        request_ref=report.request_ref,
        csr=report.csr,
        subject=None if asked is None else asked.subject,
        key_kind=None if asked is None else asked.key_kind,
        key_bits=None if asked is None else asked.key_bits,
        key=None if asked is None else asked.key,
        root=report.root,
        status=status,
        asked_at=now,
        updated_at=now,
    )


def _happened(
    key: StationKey, kind: HappeningKind, now: datetime, content: dict[str, object]
) -> Happened:
    return Happened(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=kind,
        at=now,
        received_at=now,
        content=content,
        fingerprint=fingerprint(content),
    )


RULES: Rules = {
    CertificateAsked: (request_asked, certificate_asked),
    ContractAsked: (lambda _: Question(), contract_asked),
    CertificateStatusAsked: (lambda _: Question(), status_asked),
    ChainStatusAsked: (lambda _: Question(), chain_status_asked),
}
