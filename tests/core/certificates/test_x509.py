"""Certificates in the words of OCPP."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from csms.core.certificates.x509 import (
    MAX_CHAIN,
    MAX_PEM,
    CertificateHash,
    Unreadable,
    key_digest,
    read_chain,
)
from csms.testing.certificates import certificate, new_key

ROOT_KEY = new_key()
ROOT = certificate("Root", ROOT_KEY, serial=0x0ABC)


def test_a_root() -> None:
    """It issued itself, so its hashes are of its own name and key (RFC 6960 §4.1.1)."""
    (root,) = read_chain(ROOT)
    parsed = x509.load_pem_x509_certificate(ROOT.encode())
    point = ROOT_KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert (root.subject, root.issuer, root.common_name) == ("CN=Root", "CN=Root", "Root")
    assert root.key == key_digest(ROOT_KEY.public_key())
    assert [each.algorithm for each in root.hashes] == ["SHA256", "SHA384", "SHA512"]
    assert root.hashes[0] == CertificateHash(
        algorithm="SHA256",
        issuer_name_hash=hashlib.sha256(parsed.subject.public_bytes()).hexdigest(),
        issuer_key_hash=hashlib.sha256(point).hexdigest(),
        serial_number="abc",
    )


def test_a_chain() -> None:
    """The issuer of each is the next one; where that is not there its hashes are not known."""
    leaf = certificate("Leaf", issuer=("Root", ROOT_KEY))
    below, root = read_chain(leaf + ROOT)
    assert below.hashes[0].issuer_key_hash == root.hashes[0].issuer_key_hash
    (alone,) = read_chain(leaf)
    assert alone.hashes == ()
    stranger = read_chain(leaf + certificate("Another"))[0]
    assert stranger.hashes == ()


def test_names() -> None:
    """A subject may have no common name."""
    (nameless,) = read_chain(certificate(""))
    assert nameless.common_name is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no certificate",
        ROOT[:200],
        ROOT * (MAX_CHAIN + 1),
        "x" * (MAX_PEM + 1),
        "\ud800",
    ],
)
def test_what_is_no_chain(text: str) -> None:
    """Whatever it is, it is said to be none, and nothing else happens."""
    with pytest.raises(Unreadable):
        read_chain(text)


@given(start=st.integers(0, len(ROOT)), junk=st.text(max_size=40))
def test_damaged_chains(start: int, junk: str) -> None:
    """Whatever became of it on the way."""
    with suppress(Unreadable):
        read_chain(ROOT[:start] + junk + ROOT[start + len(junk) :])


def test_hashes_are_the_same_however_they_are_spelled() -> None:
    """In capitals, or with a serial number that begins with zeros."""
    told = CertificateHash(
        algorithm="SHA256", issuer_name_hash="AB", issuer_key_hash="CD", serial_number="0F"
    )
    again = CertificateHash(
        algorithm="sha256", issuer_name_hash="ab", issuer_key_hash="cd", serial_number="f"
    )
    other = CertificateHash(
        algorithm="SHA384", issuer_name_hash="ab", issuer_key_hash="cd", serial_number="f"
    )
    assert told.id == again.id != other.id
