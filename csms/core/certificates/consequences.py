"""What follows from the answers of stations to commands about certificates."""

from __future__ import annotations

from datetime import datetime

from csms.core.certificates.presented import hash_content
from csms.core.certificates.vocabulary import (
    HOLDING,
    CertificateKind,
    DeleteCertificate,
    DeliverCertificate,
    HeldCertificate,
    HeldCertificatesAsked,
    InstallCertificate,
    Installed,
    ReadCertificates,
    RequestStatus,
    SettleRequest,
)
from csms.core.certificates.x509 import USUAL_ALGORITHM, Certificate, Unreadable, read_chain
from csms.core.consequences import (
    NO_CONSEQUENCE,
    Answered,
    Consequence,
    Consequences,
    nothing_asked,
)
from csms.core.decisions import Question, State, Write
from csms.core.holdings import Drop, Hold
from csms.core.reports import CommandAnswered
from csms.core.station import fact
from csms.core.times import utc_text

Content = dict[str, object]


def delivered(answered: Answered, _state: State, now: datetime) -> Consequence:
    """A station took the chain for its request, or did not (2.x A02.FR.08 ff.); one that was not
    reached can still be given it."""
    command: DeliverCertificate = answered.command
    if answered.outcome.status not in ("accepted", "rejected", "unsupported"):
        return NO_CONSEQUENCE
    try:
        leaf = next(iter(read_chain(command.chain)), None)
    except Unreadable:
        leaf = None
    if leaf is None:
        return NO_CONSEQUENCE
    status = RequestStatus.ACCEPTED if answered.accepted else RequestStatus.REJECTED
    settled = SettleRequest(
        station_id=answered.key.id,
        key=leaf.key,
        status=status,
        detail=answered.outcome.detail,
        chain=command.chain,
        operation_id=answered.operation.id,
        at=now,
    )
    event = fact(
        "certificate.delivered",
        answered.key,
        now,
        operation_id=answered.operation.id,
        status=status.value,
        subject=leaf.subject,
        valid_to=utc_text(leaf.valid_to),
    )
    return Consequence((settled,), (event,))


def installed(answered: Answered, _state: State, now: datetime) -> Consequence:
    """A root that a station accepts is there from then on (2.x M05)."""
    command: InstallCertificate = answered.command
    if not answered.accepted:
        return NO_CONSEQUENCE
    try:
        certificate = next(iter(read_chain(command.certificate)), None)
    except Unreadable:
        certificate = None
    if certificate is None:
        return NO_CONSEQUENCE
    content = {**_described(certificate), "pem": command.certificate}
    hold = _hold(answered, now, command.kind, _usual_id(certificate), content, origin="set")
    event = fact(
        "certificate.installed",
        answered.key,
        now,
        operation_id=answered.operation.id,
        kind=command.kind.value,
        subject=certificate.subject,
    )
    return Consequence((hold,), (event,))


def deleted(answered: Answered, _state: State, now: datetime) -> Consequence:
    """What a station deleted, or says it does not have, is not there (2.x M04)."""
    command: DeleteCertificate = answered.command
    if not (answered.accepted or answered.outcome.found is True):
        return NO_CONSEQUENCE
    drop = Drop(station_id=answered.key.id, kind=HOLDING, matching={"id": command.hash.id}, at=now)
    event = fact(
        "certificate.deleted",
        answered.key,
        now,
        operation_id=answered.operation.id,
        serial_number=command.hash.serial_number,
    )
    return Consequence((drop,), (event,) if answered.accepted else ())


def held_asked(_report: CommandAnswered) -> Question:
    """What is known of a certificate beyond its hashes is not forgotten."""
    return Question(more=(HeldCertificatesAsked(),))


def read(answered: Answered, state: State, now: datetime) -> Consequence:
    """What a station lists of the kinds that it was asked for is all that it has of them
    (2.x M03)."""
    command: ReadCertificates = answered.command
    found = answered.outcome.found
    if not isinstance(found, tuple):
        return NO_CONSEQUENCE
    known: tuple[HeldCertificate, ...] = state.answers(HeldCertificatesAsked)
    writes: list[Write] = []
    for each in found:
        content = {
            **_remembered(each, known),
            **_hashed(each),
            "children": [hash_content(child) for child in each.children],
        }
        writes.append(_hold(answered, now, each.kind, each.hash.id, content, origin="told"))
    asked: tuple[Content | None, ...] = tuple({"kind": kind.value} for kind in command.kinds)
    writes.extend(
        Drop(station_id=answered.key.id, kind=HOLDING, matching=matching, at=now)
        for matching in asked or (None,)
    )
    return Consequence(tuple(writes))


def _hold(
    answered: Answered,
    now: datetime,
    kind: CertificateKind,
    identifier: str,
    content: Content,
    *,
    origin: str,
) -> Hold:
    return Hold(
        station_id=answered.key.id,
        operator_id=answered.key.operator_id,
        kind=HOLDING,
        key=f"{kind.value}.{identifier}",
        content={**content, "kind": kind.value, "id": identifier},
        origin=origin,
        operation_id=answered.operation.id if origin == "set" else None,
        at=now,
    )


def _described(certificate: Certificate) -> Content:
    content: Content = {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "valid_from": utc_text(certificate.valid_from),
        "valid_to": utc_text(certificate.valid_to),
        "fingerprint": certificate.fingerprint,
        "ids": [each.id for each in certificate.hashes],
    }
    for each in certificate.hashes:
        if each.algorithm == USUAL_ALGORITHM:
            content["hash"] = hash_content(each)
    return content


def _usual_id(certificate: Certificate) -> str:
    """That of the usual algorithm; where the issuer is not known, until it is read of the station,
    that of the certificate itself."""
    usual = (each.id for each in certificate.hashes if each.algorithm == USUAL_ALGORITHM)
    return next(usual, certificate.fingerprint[:32])


def _hashed(each: Installed) -> Content:
    return {"hash": hash_content(each.hash)}


def _remembered(each: Installed, known: tuple[HeldCertificate, ...]) -> Content:
    """What is known of a certificate that a station now lists by its hashes, whatever algorithm
    it uses."""
    for held in known:
        ids = held.content.get("ids")
        if isinstance(ids, list) and each.hash.id in ids:
            return held.content
    return {}


CONSEQUENCES: Consequences = {
    DeliverCertificate: (nothing_asked, delivered),
    InstallCertificate: (nothing_asked, installed),
    DeleteCertificate: (nothing_asked, deleted),
    ReadCertificates: (held_asked, read),
}
