"""Certificate signing requests (PKCS #10) as stations send them: read, and judged."""

from __future__ import annotations

import re

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID
from msgspec import Struct

from csms.core.certificates.x509 import (
    MAX_NAME,
    MAX_PEM,
    Unreadable,
    common_name,
    key_digest,
    name_text,
)

LEAST_RSA_BITS = 2048
MOST_RSA_BITS = 8192
"""Beyond that a signature takes too long to check."""
LEAST_CURVE_BITS = 224

_ARMOUR = "-----BEGIN"
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+").fullmatch


class SigningRequest(Struct, frozen=True, kw_only=True):
    """What a CSR asks for; the one who made it has the private key."""

    subject: str
    common_name: str | None
    organizations: tuple[str, ...]
    key_kind: str
    """``rsa``, ``ec``, ``ed25519`` or ``ed448``."""
    key_bits: int
    key: str
    """`csms.core.certificates.x509.key_digest` of the public key."""
    authority: bool
    """Whether it asks for a certificate that can issue others."""


def read_request(pem: str) -> SigningRequest:
    """Read a CSR; raises `Unreadable` when it is none, its key is of a kind that nobody signs, or
    it is not signed with its own key (OCPP 2.x A02.FR.02 ff.).  Without the lines around it, as
    some stations send it, it is read too."""
    if len(pem) > MAX_PEM:
        raise Unreadable(f"It is longer than {MAX_PEM} characters.")
    try:
        return _read(x509.load_pem_x509_csr(_armoured(pem).encode()))
    except Unreadable:
        raise
    except Exception:  # noqa: BLE001 - text from outside makes the parser raise many things
        raise Unreadable("It is no certificate signing request in PEM.") from None


def _read(asked: x509.CertificateSigningRequest) -> SigningRequest:
    # The key first: how long it takes to check a signature depends on it.
    kind, bits = _key_kind(asked.public_key())
    weak = isinstance(asked.signature_hash_algorithm, hashes.SHA1 | hashes.MD5)
    if weak or not asked.is_signature_valid:
        raise Unreadable("It is not properly signed with its own key.")
    return SigningRequest(
        subject=name_text(asked.subject),
        common_name=common_name(asked.subject),
        organizations=tuple(
            str(each.value)[:MAX_NAME]
            for each in asked.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        ),
        key_kind=kind,
        key_bits=bits,
        key=key_digest(asked.public_key()),
        authority=_authority(asked),
    )


def fault_of(asked: SigningRequest, names: tuple[str, ...] | None, organization: str) -> str | None:
    """What is wrong with a request, as a sentence; None: nothing.

    ``names`` are those that its subject may have as CN (None: any); with an ``organization`` its
    subject must have that among its O.
    """
    least = LEAST_RSA_BITS if asked.key_kind == "rsa" else LEAST_CURVE_BITS
    if asked.key_bits < least:
        return f"Its key has {asked.key_bits} bits, less than {least}."
    if asked.authority:
        return "It asks for a certificate that can issue others."
    if asked.common_name is None:
        return "Its subject has no common name."
    if names is not None and asked.common_name not in names:
        return "Its common name is not that of the station."
    if organization and organization not in asked.organizations:
        return "Its organization is not the one that is expected."
    return None


def _armoured(text: str) -> str:
    if _ARMOUR in text or _BASE64(text) is None:
        return text
    kind = "CERTIFICATE REQUEST"
    return f"-----BEGIN {kind}-----\n{text.strip()}\n-----END {kind}-----\n"


def _key_kind(key: CertificatePublicKeyTypes) -> tuple[str, int]:
    match key:
        case rsa.RSAPublicKey() if key.key_size <= MOST_RSA_BITS:
            return "rsa", key.key_size
        case ec.EllipticCurvePublicKey():
            return "ec", key.curve.key_size
        case ed25519.Ed25519PublicKey():
            return "ed25519", 256
        case ed448.Ed448PublicKey():
            return "ed448", 456
        case _:
            raise Unreadable("Its key is of a kind or size that is not signed.")


def _authority(asked: x509.CertificateSigningRequest) -> bool:
    try:
        return asked.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
