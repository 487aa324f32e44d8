"""Certificate signing requests, read and judged."""

from __future__ import annotations

from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.core.certificates.signing_requests import SigningRequest, fault_of, read_request
from csms.core.certificates.x509 import MAX_PEM, Unreadable, key_digest
from csms.testing.certificates import csr, name, new_key

KEY = new_key()
GOOD = SigningRequest(
    subject="CN=CP1",
    common_name="CP1",
    organizations=("Op",),
    key_kind="ec",
    key_bits=256,
    key="k",
    authority=False,
)


def test_what_it_says() -> None:
    """Whose it is, and of which key."""
    asked = read_request(csr("CP1", KEY, organization="Op"))
    assert asked == replace(GOOD, subject="O=Op,CN=CP1", key=key_digest(KEY.public_key()))
    assert read_request(csr(authority=True)).authority


def test_names_that_cannot_be_stored() -> None:
    """No database takes a NUL, so it is spelled out."""
    assert read_request(csr("a\0b")).subject == "CN=a\\00b"


def test_without_armour() -> None:
    """Some stations leave out the lines around it."""
    bare = "".join(csr("CP1", KEY).splitlines()[1:-1])
    assert read_request(bare).common_name == "CP1"


@pytest.mark.parametrize(
    ("key", "kind", "bits"),
    [
        (rsa.generate_private_key(65537, 1024), "rsa", 1024),
        (ec.generate_private_key(ec.SECP192R1()), "ec", 192),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519", 256),
        (ed448.Ed448PrivateKey.generate(), "ed448", 456),
    ],
)
def test_keys(key: object, kind: str, bits: int) -> None:
    """Each kind that a station may have."""
    digest = None if kind.startswith("ed") else hashes.SHA256()
    builder = x509.CertificateSigningRequestBuilder(name("CP1"))
    pem = builder.sign(key, digest).public_bytes(Encoding.PEM).decode()
    asked = read_request(pem)
    assert (asked.key_kind, asked.key_bits) == (kind, bits)


def _of_dsa() -> str:
    key = dsa.generate_private_key(1024)
    builder = x509.CertificateSigningRequestBuilder(name("CP1"))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def _forged() -> str:
    """Signed with the key of another."""
    honest = x509.load_pem_x509_csr(csr("CP1").encode()).public_bytes(Encoding.DER)
    spoiled = honest[:-1] + bytes([honest[-1] ^ 1])
    return x509.load_der_x509_csr(spoiled).public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize(
    "text", ["", "no request", "x" * (MAX_PEM + 1), _of_dsa(), _forged(), "\ud800"]
)
def test_what_is_no_request(text: str) -> None:
    """Unreadable, of a key that nobody signs, or without proof of its key: said in words."""
    with pytest.raises(Unreadable) as caught:
        read_request(text)
    assert str(caught.value).endswith(".")


@given(start=st.integers(0, 400), junk=st.binary(min_size=1, max_size=8))
def test_damaged_requests(start: int, junk: bytes) -> None:
    """Whatever became of it on the way, nothing but that it is none."""
    honest = csr("CP1", KEY)
    with suppress(Unreadable):
        read_request(honest[:start] + junk.decode("latin-1") + honest[start + len(junk) :])


@pytest.mark.parametrize(
    ("changes", "names", "organization", "word"),
    [
        ({}, ("CP1", "SN"), "Op", None),
        ({}, None, "", None),
        ({"key_kind": "rsa", "key_bits": 1024}, None, "", "1024"),
        ({"key_bits": 192}, None, "", "224"),
        ({"authority": True}, None, "", "issue"),
        ({"common_name": None}, None, "", "common name"),
        ({}, ("SN",), "", "station"),
        ({}, (), "", "station"),
        ({}, None, "Other", "organization"),
    ],
)
def test_judged(
    changes: dict[str, object],
    names: tuple[str, ...] | None,
    organization: str,
    word: str | None,
) -> None:
    """Key sizes (A00.FR.501 ff.), whose it is (A00.FR.404 f.), and that it is no authority's."""
    fault = fault_of(replace(GOOD, **changes), names, organization)
    assert fault is None if word is None else word in str(fault)
