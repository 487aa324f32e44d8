"""Certificate requests in memory, and the makings of certificates for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from msgspec.structs import replace
from zope.interface import implementer

from csms.core.certificates.vocabulary import (
    CERTIFICATE_REQUESTS,
    OPEN,
    SIGNABLE,
    CertificateRequest,
    RequestStatus,
)
from csms.core.errors import Conflict, NotFound
from csms.core.pages import Page, Query
from csms.core.paging import page
from csms.core.ports import ICertificateRequests, IStations

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def new_key() -> ec.EllipticCurvePrivateKey:
    """A private key, quick to make."""
    return ec.generate_private_key(ec.SECP256R1())


def name(common: str | None, organization: str | None = None) -> x509.Name:
    """The name of a subject."""
    parts = {NameOID.COMMON_NAME: common, NameOID.ORGANIZATION_NAME: organization}
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts.items() if value])


def csr(
    common: str | None = "CP1",
    key: Key | None = None,
    *,
    organization: str | None = None,
    authority: bool = False,
) -> str:
    """A certificate signing request in PEM."""
    builder = x509.CertificateSigningRequestBuilder(name(common, organization))
    if authority:
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        builder = builder.add_extension(constraints, critical=True)
    signed = builder.sign(key or new_key(), hashes.SHA256())
    return signed.public_bytes(Encoding.PEM).decode()


def certificate(
    common: str,
    key: Key | None = None,
    issuer: tuple[str, Key] | None = None,
    *,
    valid_from: datetime = EPOCH,
    valid_to: datetime = EPOCH + timedelta(days=36_500),
    serial: int = 0x1234,
) -> str:
    """A certificate in PEM, of that key and issuer; its own if there is none."""
    key = key or new_key()
    signer, signing = issuer or (common, key)
    built = (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(name(signer))
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(valid_from)
        .not_valid_after(valid_to)
        .sign(signing, hashes.SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode()


@implementer(ICertificateRequests)
@attrs.define
class MemoryCertificateRequests:
    """`ICertificateRequests` over a list; seeded by `seed`."""

    stations: IStations
    _requests: list[CertificateRequest] = attrs.field(factory=list, init=False)

    async def seed(self, request: CertificateRequest) -> CertificateRequest:
        """A station asked for that."""
        self._requests.append(request)
        return request

    async def list(self, query: Query, identity: str, operator_id: int) -> Page[CertificateRequest]:
        """See `ICertificateRequests`."""
        mine = await self._mine(identity, operator_id)
        return page(CERTIFICATE_REQUESTS, query, mine, key=lambda each: (each.id,))

    async def _mine(self, identity: str, operator_id: int) -> Sequence[CertificateRequest]:
        await self.stations.get(identity, operator_id)
        return [each for each in self._requests if each.identity == identity]

    async def get(self, identity: str, operator_id: int, request_id: str) -> CertificateRequest:
        """See `ICertificateRequests`."""
        for each in await self._mine(identity, operator_id):
            if each.id == request_id:
                return each
        raise NotFound("there is no such certificate request")

    async def sign(
        self, identity: str, operator_id: int, request_id: str, chain: str, at: datetime
    ) -> CertificateRequest:
        """See `ICertificateRequests`."""
        request = await self.get(identity, operator_id, request_id)
        rivals = [
            each
            for each in self._requests
            if (each.station_id, each.purpose) == (request.station_id, request.purpose)
            and each.status in OPEN
            and each.id != request.id
        ]
        if request.status in SIGNABLE and rivals:
            raise Conflict("the station has asked for another since")
        changed = replace(
            request, status=RequestStatus.SIGNED, detail=None, chain=chain, updated_at=at
        )
        return self._decided(request, SIGNABLE, changed)

    async def refuse(
        self, identity: str, operator_id: int, request_id: str, detail: str | None, at: datetime
    ) -> CertificateRequest:
        """See `ICertificateRequests`."""
        request = await self.get(identity, operator_id, request_id)
        changed = replace(request, status=RequestStatus.REFUSED, detail=detail, updated_at=at)
        return self._decided(request, OPEN, changed)

    def _decided(
        self,
        request: CertificateRequest,
        before: Sequence[RequestStatus],
        changed: CertificateRequest,
    ) -> CertificateRequest:
        if request.status not in before:
            raise Conflict(f"the request is {request.status.value}", code="request_closed")
        self._requests[self._requests.index(request)] = changed
        return changed
