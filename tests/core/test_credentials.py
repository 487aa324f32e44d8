"""Passwords: one hash recognises every spelling that stations use, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csms.core.credentials import Cost, hash_password, normal_form, verify_password

CHEAP = Cost(n=2, r=1, p=1)
KEY = "0123456789abcdef0123456789ABCDEF01234567"
KEY_BYTES = bytes.fromhex(KEY)


def test_hash_describes_itself() -> None:
    """Name, cost, salt and hash stand in the text, so that the cost can change later."""
    name, n, r, p, salt, derived = hash_password("secret", CHEAP).split("$")
    assert (name, n, r, p) == ("scrypt", "2", "1", "1")
    assert len(salt) == 24
    assert len(derived) == 44


def test_default_cost_is_slow() -> None:
    """Whoever gets hold of the hashes must pay for each guess."""
    assert hash_password("secret").startswith("scrypt$4096$8$1$")


def test_salted() -> None:
    """Equal passwords do not look equal."""
    assert hash_password("secret", CHEAP) != hash_password("secret", CHEAP)


@pytest.mark.parametrize(
    ("declared", "presented"),
    [
        ("a plain password", b"a plain password"),
        ("p:a:s:s", b"p:a:s:s"),
        ("ключ", "ключ".encode()),
        (KEY, KEY_BYTES),
        (KEY, KEY.encode()),
        (KEY, KEY.lower().encode()),
        (KEY, KEY.upper().encode()),
        ("a plain password", b"a plain password".hex().encode()),
        ("1234567812345678", b"1234567812345678"),
        ("1234567812345678", b"1234567812345678".hex().encode()),
        ("odd", b"odd"),
        ("abc", b"abc"),
    ],
)
def test_every_spelling_fits(declared: str, presented: bytes) -> None:
    """The text itself, the bytes that its hexadecimal digits mean, and its hexadecimal digits."""
    assert verify_password(hash_password(declared, CHEAP), presented)


@pytest.mark.parametrize(
    ("declared", "presented"),
    [
        ("secret", b"Secret"),
        ("secret", b""),
        ("secret", b"secret "),
        (KEY, KEY_BYTES[:-1]),
        (KEY, KEY_BYTES + b"\0"),
        ("00", b""),
    ],
)
def test_anything_else_does_not(declared: str, presented: bytes) -> None:
    """Letters count, except those of hexadecimal digits."""
    assert not verify_password(hash_password(declared, CHEAP), presented)


def test_bytes_may_be_anything() -> None:
    """A key sent as bytes may hold NUL, a colon, and what is no UTF-8 (whitepaper §2.2)."""
    raw = b"\x00:\xff\xfe" * 4
    assert verify_password(hash_password(raw.hex(), CHEAP), raw)


def test_text_that_looks_like_digits_of_digits() -> None:
    """A text password of digits may be sent as the digits of its letters."""
    stored = hash_password("3132", CHEAP)
    assert verify_password(stored, b"3132")
    assert verify_password(stored, b"33313332")
    assert not verify_password(stored, b"32")


def test_too_long_is_refused() -> None:
    """Hashing must not be an attack."""
    long = b"x" * 300
    assert not verify_password(hash_password(long, CHEAP), long)


@pytest.mark.parametrize(
    "stored",
    ["", "secret", "scrypt$2$1$1$AA==", "bcrypt$2$1$1$AA==$AA==", "scrypt$x$1$1$AA==$AA==",
     "scrypt$2$1$1$!$AA==", "scrypt$2$1$1$AA==$"],
)  # fmt: skip
def test_no_hash_fits_nothing(stored: str) -> None:
    """What is no hash of ours lets nobody in."""
    assert not verify_password(stored, b"secret")


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=1, max_size=40), st.binary(min_size=1, max_size=40))
def test_only_the_same_bytes_fit(one: bytes, other: bytes) -> None:
    """Two keys are the same when their normal forms are, in some spelling."""
    stored = hash_password(one, CHEAP)
    assert verify_password(stored, one)
    forms = {other, normal_form(other), normal_form(normal_form(other))}
    assert verify_password(stored, other) is (normal_form(one) in forms)
