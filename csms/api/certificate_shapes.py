"""Shapes of certificates: what stations ask for, what they have."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta

from csms.api.command_shapes import Queued
from csms.api.operations import OperationView, operation_view
from csms.api.shapes import Shape, Time, View, told, told_if
from csms.core.certificates.vocabulary import (
    CertificateKind,
    CertificatePurpose,
    CertificateRequest,
    RequestStatus,
)
from csms.core.certificates.x509 import CertificateHash
from csms.core.holdings import Holding
from csms.core.ports import KindsRead

Chain = Annotated[
    str,
    Meta(min_length=1, max_length=10_000, description="Certificates in PEM, the leaf first."),
]
Pem = Annotated[str, Meta(min_length=1, max_length=10_000, description="In PEM.")]


class HashView(View, frozen=True, kw_only=True):
    """What identifies a certificate between station and server."""

    algorithm: Annotated[str, Meta(description="`SHA256`, `SHA384` or `SHA512`.")]
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


class CertificateView(View, frozen=True, kw_only=True):
    """A certificate that a station has, as far as is known.

    What only a certificate itself tells is null where the station merely listed its hashes.
    """

    key: Annotated[str, Meta(description="Names it in the path that deletes it.")]
    kind: CertificateKind
    hash: (
        Annotated[
            HashView, Meta(description="As the station reported it, or else as it should be.")
        ]
        | None
    )
    children: Annotated[
        tuple[HashView, ...], Meta(description="Of a chain: those below, the leaf last.")
    ]
    subject: str | None
    issuer: str | None
    valid_from: Time | None
    valid_to: Time | None
    fingerprint: Annotated[str, Meta(description="SHA-256 of the certificate.")] | None
    pem: str | None
    origin: Annotated[str, Meta(description="`set` by us, or `told` by the station.")]
    created_at: Time
    updated_at: Time


class InstallRequest(Queued, frozen=True, kw_only=True):
    """A root that the station shall trust."""

    kind: CertificateKind
    certificate: Pem


class CertificatesReadRequest(Queued, frozen=True, kw_only=True):
    """Which certificates to list; no kinds: all. OCPP 1.6 tells of one kind at a time, so that it
    is sent a message for each; and without kinds, of `csms_root` and `manufacturer_root`."""

    kinds: Annotated[tuple[CertificateKind, ...], Meta(max_length=6)] = ()


class KindReadView(View, frozen=True, kw_only=True):
    """What became of one kind that was to be listed."""

    kind: CertificateKind
    status: Annotated[
        str,
        Meta(
            description="That of the operation; `not_sent` after a message that the station did "
            "not answer."
        ),
    ]
    operation_id: str | None
    detail: str | None


class CertificatesReadView(View, frozen=True, kw_only=True):
    """What became of each kind that was asked for, and the operations that asked. A message that
    asks for all kinds names none."""

    items: tuple[KindReadView, ...]
    operations: tuple[OperationView, ...]


def read_view(read: KindsRead) -> CertificatesReadView:
    """A reading of certificates as the API tells it."""
    return CertificatesReadView(
        items=tuple(
            KindReadView(
                kind=each.kind,
                status=each.status,
                operation_id=each.operation_id,
                detail=each.detail,
            )
            for each in read.items
        ),
        operations=tuple(map(operation_view, read.operations)),
    )


class RequestView(View, frozen=True, kw_only=True):
    """A certificate that a station asked for."""

    id: str
    station: str
    purpose: CertificatePurpose
    status: RequestStatus
    detail: Annotated[str, Meta(description="Why, when it was refused or rejected.")] | None
    csr: Annotated[str, Meta(description="The request (PKCS #10) in PEM.")]
    subject: str | None
    key_kind: str | None
    key_bits: int | None
    key: Annotated[str, Meta(description="SHA-256 of the public key.")] | None
    root: Annotated[HashView, Meta(description="The root that is wanted (OCPP 2.1).")] | None
    chain: Annotated[str, Meta(description="What was given for it.")] | None
    operation_id: Annotated[str, Meta(description="What last carried the chain.")] | None
    times: Annotated[int, Meta(description="How often the station asked.")]
    asked_at: Time
    updated_at: Time


class SignRequest(Queued, frozen=True, kw_only=True):
    """The chain for a certificate request."""

    chain: Chain


class RefuseRequest(Shape, frozen=True, kw_only=True):
    """Why a request is refused."""

    detail: Annotated[str, Meta(max_length=500)] | None = None


def hash_view(of: CertificateHash) -> HashView:
    """Hash data as the API tells it."""
    return HashView(
        algorithm=of.algorithm,
        issuer_name_hash=of.issuer_name_hash,
        issuer_key_hash=of.issuer_key_hash,
        serial_number=of.serial_number,
    )


def request_view(request: CertificateRequest) -> RequestView:
    """A certificate request as the API tells it."""
    return RequestView(
        id=request.id,
        station=request.identity,
        purpose=request.purpose,
        status=request.status,
        detail=request.detail,
        csr=request.csr,
        subject=request.subject,
        key_kind=request.key_kind,
        key_bits=request.key_bits,
        key=request.key,
        root=None if request.root is None else hash_view(request.root),
        chain=request.chain,
        operation_id=request.operation_id,
        times=request.times,
        asked_at=told(request.asked_at),
        updated_at=told(request.updated_at),
    )


def certificate_view(holding: Holding) -> CertificateView:
    """An installed certificate as the API tells it."""
    content: dict[str, Any] = holding.content
    known = content.get("hash")
    return CertificateView(
        key=holding.key,
        kind=CertificateKind(content["kind"]),
        hash=None if known is None else HashView(**known),
        children=tuple(HashView(**child) for child in content.get("children", ())),
        subject=content.get("subject"),
        issuer=content.get("issuer"),
        valid_from=_time(content.get("valid_from")),
        valid_to=_time(content.get("valid_to")),
        fingerprint=content.get("fingerprint"),
        pem=content.get("pem"),
        origin=holding.origin,
        created_at=told(holding.created_at),
        updated_at=told(holding.updated_at),
    )


def _time(text: str | None) -> str | None:
    return told_if(None if text is None else datetime.fromisoformat(text))
