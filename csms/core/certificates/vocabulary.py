"""Values, commands, reports, replies, questions and writes of certificates."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from csms.core.certificates.x509 import CertificateHash
from csms.core.commands import Command
from csms.core.decisions import Ask, Write
from csms.core.listings import Filter, Kind, Listing, Sort
from csms.core.replies import Reply
from csms.core.reports import Report

HOLDING = "certificate"
"""Kind of the holdings that are installed certificates."""


class CertificateKind(StrEnum):
    """What a station has a certificate for (OCPP GetCertificateIdUseType)."""

    CSMS_ROOT = "csms_root"
    MANUFACTURER_ROOT = "manufacturer_root"
    V2G_ROOT = "v2g_root"
    MO_ROOT = "mo_root"
    OEM_ROOT = "oem_root"
    V2G_CHAIN = "v2g_chain"


class CertificatePurpose(StrEnum):
    """What a station wants a certificate of its own for (OCPP CertificateSigningUseType)."""

    CHARGING_STATION = "charging_station"
    V2G = "v2g"
    V2G20 = "v2g20"
    COMBINED = "combined"
    """For the server and for cars; what a 2.x station means that does not say what for."""


class RequestStatus(StrEnum):
    """Life of a certificate request."""

    RECEIVED = "received"
    """Waits for somebody to sign it."""
    REFUSED = "refused"
    """By a rule or by an operator."""
    SUPERSEDED = "superseded"
    """The station asked anew, with another key."""
    SIGNED = "signed"
    """A chain was given for it, and the station has not answered yet."""
    ACCEPTED = "accepted"
    """The station has taken the chain."""
    REJECTED = "rejected"
    """The station refused the chain."""


OPEN = (RequestStatus.RECEIVED, RequestStatus.SIGNED)
"""A request that waits for somebody; a station has one of a purpose."""
SIGNABLE = (*OPEN, RequestStatus.REJECTED)
"""A chain may be given (again)."""


class CertificateRequest(Struct, frozen=True, kw_only=True):
    """A certificate that a station asked for, and what became of it."""

    id: str
    operator_id: int
    station_id: int
    identity: str
    purpose: CertificatePurpose
    request_ref: int | None = None
    """requestId (2.1), which the answer repeats."""
    csr: str
    subject: str | None = None
    """None where the request could not be read; so with the key."""
    key_kind: str | None = None
    key_bits: int | None = None
    key: str | None = None
    """Digest of the public key, by which a repetition is recognised."""
    root: CertificateHash | None = None
    """The root that the chain shall lead to (2.1)."""
    status: RequestStatus
    detail: str | None = None
    chain: str | None = None
    operation_id: str | None = None
    """The operation that last carried the chain."""
    times: int = 1
    """How often the station asked."""
    asked_at: datetime
    updated_at: datetime


# --- what stations say --------------------------------------------------------------------------


class CertificateAsked(Report, frozen=True, kw_only=True):
    """SignCertificate (1.6 security extension, 2.x A02, A03): sign this."""

    csr: str
    purpose: CertificatePurpose = CertificatePurpose.CHARGING_STATION
    request_ref: int | None = None
    root: CertificateHash | None = None


class ContractAnswer(Struct, frozen=True, kw_only=True):
    """What the provider of contracts says: ``response`` is EXI in base64, empty when it failed."""

    accepted: bool
    response: str = ""
    remaining: int | None = None
    """Contracts that were left out (2.1)."""
    detail: str | None = None


class ContractAsked(Report, frozen=True, kw_only=True):
    """Get15118EVCertificate (2.x M01, M02): a car wants a contract certificate, or a new one.

    ``request`` is the car's EXI message in base64, which is for the provider of contracts alone.
    ``answer`` is what that said, put in on the way here; None: nobody was asked.
    """

    schema_version: str
    renewal: bool
    request: str
    most_chains: int | None = None
    preferred: tuple[str, ...] = ()
    """eMAIDs (2.1)."""
    answer: ContractAnswer | None = None


class CertificateStatusAsked(Report, frozen=True, kw_only=True):
    """GetCertificateStatus (2.x M06): is this certificate revoked?"""

    hash: CertificateHash
    responder: str


class ChainQuestion(Struct, frozen=True, kw_only=True):
    """One certificate whose status is wanted."""

    hash: CertificateHash
    source: str
    """``OCSP`` or ``CRL``."""
    urls: tuple[str, ...]


class ChainStatusAsked(Report, frozen=True, kw_only=True):
    """GetCertificateChainStatus (2.1 M07): are these revoked?"""

    questions: tuple[ChainQuestion, ...]


# --- what they are answered ---------------------------------------------------------------------


class RequestAnswered(Reply, frozen=True, kw_only=True):
    """Answer to `CertificateAsked`; ``detail`` is a sentence that says why not."""

    accepted: bool
    detail: str | None = None


class ContractAnswered(Reply, frozen=True):
    """Answer to `ContractAsked`."""

    answer: ContractAnswer


class StatusUnknown(Reply, frozen=True):
    """Answer to `CertificateStatusAsked`: nobody was asked, so nothing is known."""


class ChainUnknown(Reply, frozen=True):
    """Answer to `ChainStatusAsked`: nobody was asked, so nothing is known."""

    questions: tuple[ChainQuestion, ...]


# --- what we ask of them ------------------------------------------------------------------------


class DeliverCertificate(Command, frozen=True, kw_only=True, tag="deliver_certificate"):
    """CertificateSigned: the chain for a request, leaf first, in PEM."""

    chain: str
    purpose: CertificatePurpose | None = None
    request_ref: int | None = None


class InstallCertificate(Command, frozen=True, kw_only=True, tag="install_certificate"):
    """InstallCertificate (2.x M05): trust this root, in PEM."""

    kind: CertificateKind
    certificate: str


class DeleteCertificate(Command, frozen=True, kw_only=True, tag="delete_certificate"):
    """DeleteCertificate (2.x M04); ``hash`` as the station told it, ``kind`` where it is known.
    Found is whether the certificate is not there any more, or never was."""

    hash: CertificateHash
    kind: CertificateKind | None = None


class ReadCertificates(Command, frozen=True, kw_only=True, tag="read_certificates"):
    """GetInstalledCertificateIds (2.x M03); no kinds: all of them."""

    kinds: tuple[CertificateKind, ...] = ()


class Installed(Struct, frozen=True, kw_only=True):
    """A certificate that a station says it has; what `ReadCertificates` finds is a tuple of
    these."""

    kind: CertificateKind
    hash: CertificateHash
    children: tuple[CertificateHash, ...] = ()


# --- what rules ask and want kept ---------------------------------------------------------------


class StationSerialAsked(Ask, frozen=True, kw_only=True):
    """The serial number that the station booted with, if it has one."""


class OpenRequest(Struct, frozen=True, kw_only=True):
    """A request that waits, as far as the rules care."""

    id: str
    key: str


class OpenRequestsAsked(Ask, frozen=True, kw_only=True):
    """The station's open requests of a purpose; each an `OpenRequest`."""

    purpose: CertificatePurpose


class HeldCertificate(Struct, frozen=True, kw_only=True):
    """An installed certificate as it is kept."""

    key: str
    content: dict[str, object]


class HeldCertificatesAsked(Ask, frozen=True, kw_only=True):
    """The installed certificates of the station; each a `HeldCertificate`."""


class AddRequest(Write, frozen=True, kw_only=True):
    """A new certificate request."""

    request: CertificateRequest


class RepeatRequest(Write, frozen=True, kw_only=True):
    """The station asked the same again; the newest number and text count."""

    id: str
    csr: str
    request_ref: int | None
    at: datetime


class SupersedeRequest(Write, frozen=True, kw_only=True):
    """The station asked for something else in its place."""

    id: str
    at: datetime


class SettleRequest(Write, frozen=True, kw_only=True):
    """What a station made of a chain for that key."""

    station_id: int
    key: str
    status: RequestStatus
    detail: str | None
    chain: str
    operation_id: str
    at: datetime


COMMANDS: tuple[type[Command], ...] = (
    DeliverCertificate,
    InstallCertificate,
    DeleteCertificate,
    ReadCertificates,
)

CERTIFICATE_REQUESTS = Listing(
    name="certificate_requests",
    filters={
        "status": Filter(Kind.TEXT, tuple(RequestStatus)),
        "purpose": Filter(Kind.TEXT, tuple(CertificatePurpose)),
    },
    sorts={"asked_at": Sort(Kind.TIME), "updated_at": Sort(Kind.TIME)},
    default="-asked_at",
    keys=(Kind.UUID,),
)
