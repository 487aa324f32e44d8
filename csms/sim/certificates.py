"""Keys and certificates of a charger: kept, told apart by their hashes, asked for anew.

The hashes are those of an OCSP request (RFC 6960 §4.1.1), as OCPP wants them.
"""

from __future__ import annotations

from typing import Any

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec import Struct

from csms.sim.messages import Payload

ROOM = 32
"""How many certificates a charger keeps."""


class Kept(Struct, frozen=True):
    """A certificate; ``kind`` in the words of OCPP 2.0.1 (InstallCertificateUseEnum)."""

    kind: str
    hashes: Payload
    pem: str


@attrs.define(eq=False)
class Certificates:
    """``kind`` of a certificate that is asked for: ChargingStationCertificate, V2GCertificate."""

    identity: str
    kept: list[Kept] = attrs.field(factory=list)
    own: dict[str, str] = attrs.field(factory=dict)
    """PEM chains of the charger's own, by kind."""
    _keys: dict[str, Any] = attrs.field(factory=dict, init=False)

    def install(self, kind: str, pem: str) -> str:
        """Keep a root; returns Accepted, Rejected (no certificate) or Failed (no room)."""
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
        except ValueError:
            return "Rejected"
        kept = Kept(kind, certificate_hashes(certificate), pem)
        if any(each.kind == kind and each.hashes == kept.hashes for each in self.kept):
            return "Accepted"
        if len(self.kept) >= ROOM:
            return "Failed"
        self.kept.append(kept)
        return "Accepted"

    def find(self, kinds: list[str] | None) -> list[Kept]:
        """Those of the kinds; None: all."""
        return [each for each in self.kept if kinds is None or each.kind in kinds]

    def delete(self, wanted: Payload) -> str:
        """Remove the one with those hashes; returns Accepted or NotFound."""
        names = ("hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber")
        for each in self.kept:
            if all(str(each.hashes[name]).lower() == str(wanted[name]).lower() for name in names):
                self.kept.remove(each)
                return "Accepted"
        return "NotFound"

    def request(self, kind: str, organization: str) -> str:
        """A new key, and the PEM of a request for its certificate."""
        key = self._keys[kind] = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, self.identity[:64]),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            ]
        )
        csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
        return csr.public_bytes(serialization.Encoding.PEM).decode()

    def signed(self, kind: str, chain: str) -> str | None:
        """Take the certificate that was asked for; returns what is wrong with it, if anything."""
        key = self._keys.get(kind)
        if key is None:
            return "no certificate was asked for"
        try:
            leaf = x509.load_pem_x509_certificates(chain.encode())[0]
        except (ValueError, IndexError):
            return "no certificate"
        encoding = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        if leaf.public_key().public_bytes(*encoding) != key.public_key().public_bytes(*encoding):
            return "not of our key"
        self.own[kind] = chain
        return None


def certificate_hashes(certificate: x509.Certificate) -> Payload:
    """CertificateHashData of a root, which is its own issuer."""

    def digest(data: bytes) -> str:
        made = hashes.Hash(hashes.SHA256())
        made.update(data)
        return made.finalize().hex()

    return {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": digest(certificate.issuer.public_bytes()),
        "issuerKeyHash": digest(_key_bits(certificate)),
        "serialNumber": f"{certificate.serial_number:x}",
    }


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The BIT STRING of the public key without tag and length, as an OCSP request has it."""
    der = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    # SubjectPublicKeyInfo is SEQUENCE { AlgorithmIdentifier, BIT STRING }.
    _, inside, _ = _element(der)
    _, _, rest = _element(inside)
    _, bits, _ = _element(rest)
    return bits[1:]


def _element(der: bytes) -> tuple[int, bytes, bytes]:
    """Tag and content of the first element, and what follows it."""
    length, start = der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start], "big")
    return der[0], der[start : start + length], der[start + length :]
