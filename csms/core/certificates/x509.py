"""X.509 in the words of OCPP: chains in PEM, hash data, keys, who a certificate is of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
from msgspec import Struct

MAX_PEM = 20_000
"""Characters of a chain that are looked at; twice what any version allows."""
MAX_CHAIN = 10
MAX_NAME = 500
"""Length at which the name of a subject is cut."""

_ALGORITHMS: dict[str, hashes.HashAlgorithm] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}
USUAL_ALGORITHM = "SHA256"


class Unreadable(Exception):  # noqa: N818 - about text that came from outside
    """A text is no PEM of certificates; says why in a sentence."""


class CertificateHash(Struct, frozen=True, kw_only=True):
    """What identifies a certificate between station and server (OCPP CertificateHashData): the
    hashes of its issuer's name and key, and its serial number, all hexadecimal."""

    algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str

    @property
    def id(self) -> str:
        """The same for the same certificate and algorithm, however it is spelled."""
        told = (
            self.algorithm.upper(),
            self.issuer_name_hash.lower(),
            self.issuer_key_hash.lower(),
            self.serial_number.lower().lstrip("0"),
        )
        return hashlib.sha256("|".join(told).encode(errors="replace")).hexdigest()[:32]


class Certificate(Struct, frozen=True, kw_only=True):
    """What matters of a certificate."""

    subject: str
    issuer: str
    common_name: str | None
    valid_from: datetime
    valid_to: datetime
    key: str
    """`key_digest` of its public key."""
    fingerprint: str
    """SHA-256 of the whole, hexadecimal."""
    hashes: tuple[CertificateHash, ...] = ()
    """One for each algorithm; none when its issuer is not known."""


def read_chain(pem: str) -> tuple[Certificate, ...]:
    """The certificates of a PEM text, in its order; raises `Unreadable`.

    The issuer of each is the next one, or itself when it issued itself.
    """
    if len(pem) > MAX_PEM:
        raise Unreadable(f"It is longer than {MAX_PEM} characters.")
    if pem.count("-----BEGIN ") > MAX_CHAIN:
        raise Unreadable(f"It has more than {MAX_CHAIN} certificates.")
    try:
        chain = x509.load_pem_x509_certificates(pem.encode())
        return tuple(_read(each, _issuer(each, chain[i + 1 :])) for i, each in enumerate(chain))
    except Exception:  # noqa: BLE001 - text from outside makes the parser raise many things
        raise Unreadable("It is no certificate in PEM.") from None


def key_digest(key: CertificatePublicKeyTypes) -> str:
    """SHA-256 of a public key (SubjectPublicKeyInfo), hexadecimal."""
    return hashlib.sha256(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()


def common_name(name: x509.Name) -> str | None:
    """The CN of a name, the last if it has several."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[-1].value)[:MAX_NAME] if found else None


def name_text(name: x509.Name) -> str:
    """A name as text (RFC 4514)."""
    return name.rfc4514_string()[:MAX_NAME]


def _issuer(of: x509.Certificate, rest: Sequence[x509.Certificate]) -> x509.Certificate | None:
    if of.issuer == of.subject:
        return of
    return rest[0] if rest and rest[0].subject == of.issuer else None


def _read(of: x509.Certificate, issuer: x509.Certificate | None) -> Certificate:
    return Certificate(
        subject=name_text(of.subject),
        issuer=name_text(of.issuer),
        common_name=common_name(of.subject),
        valid_from=of.not_valid_before_utc,
        valid_to=of.not_valid_after_utc,
        key=key_digest(of.public_key()),
        fingerprint=of.fingerprint(hashes.SHA256()).hex(),
        hashes=() if issuer is None else tuple(_hash(of, issuer, name) for name in _ALGORITHMS),
    )


def _hash(of: x509.Certificate, issuer: x509.Certificate, algorithm: str) -> CertificateHash:
    """Those of OCSP (RFC 6960 §4.1.1), which OCPP borrows."""
    asked = ocsp.OCSPRequestBuilder().add_certificate(of, issuer, _ALGORITHMS[algorithm]).build()
    return CertificateHash(
        algorithm=algorithm,
        issuer_name_hash=asked.issuer_name_hash.hex(),
        issuer_key_hash=asked.issuer_key_hash.hex(),
        serial_number=f"{asked.serial_number:x}",
    )
