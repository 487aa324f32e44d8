"""Passwords of stations: kept as a slow hash, recognised in every form that stations send.

Note: one key, several spellings
--------------------------------
The key of an OCPP 1.6 station (``AuthorizationKey``, security whitepaper §2.2) is 16 to 20 random
bytes that an operator handles as up to 40 hexadecimal digits.  A station should send the bytes;
many send the digits, or any plain text they were given.  OCPP 2.x passwords are text.  So that one
stored hash recognises each spelling, what is hashed is a normal form: the bytes that the
hexadecimal digits mean, if the password is nothing but pairs of such digits, else the password
itself.  What a station presents is tried as digits, as it came, and as digits of digits (a plain
text that somebody configured as hexadecimal).
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import scrypt, sha256
from hmac import compare_digest
from os import urandom

from msgspec import Struct

MAX_PASSWORD = 256
"""Bytes; longer ones are refused unread (OCPP 2.1 ends at 64 characters)."""

_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2})+")
_SALT_BYTES = 16
_HASH_BYTES = 32
_MAX_MEMORY = 128 * 1024 * 1024


class Cost(Struct, frozen=True):
    """Parameters of scrypt (RFC 7914); memory is ``128 * n * r`` bytes."""

    n: int = 4096
    r: int = 8
    p: int = 1


DEFAULT_COST = Cost()
"""About 10 ms and 4 MiB."""


def hash_password(password: str | bytes, cost: Cost = DEFAULT_COST) -> str:
    """What to keep of a station's password: ``scrypt$n$r$p$salt$hash``, the last two in base64.

    Takes about 10 ms, so call it in a thread.
    """
    secret = password.encode() if isinstance(password, str) else password
    salt = urandom(_SALT_BYTES)
    derived = _derive(normal_form(secret), salt, cost)
    return f"scrypt${cost.n}${cost.r}${cost.p}${_text(salt)}${_text(derived)}"


def verify_password(stored: str, presented: bytes) -> bool:
    """Whether ``presented``, in any of its spellings, is the password that was hashed.

    Takes about 10 ms per spelling, so call it in a thread.  A stored text that is no hash of
    `hash_password` matches nothing.
    """
    parts = _parse(stored)
    if parts is None or len(presented) > MAX_PASSWORD:
        return False
    cost, salt, expected = parts
    return any(
        compare_digest(_derive(secret, salt, cost), expected) for secret in _spellings(presented)
    )


def normal_form(secret: bytes) -> bytes:
    """The bytes that a key in hexadecimal digits means, any other secret as it is."""
    return bytes.fromhex(secret.decode("ascii")) if _HEX.fullmatch(secret) else secret


def _spellings(presented: bytes) -> Iterator[bytes]:
    once = normal_form(presented)
    yield once
    if once != presented:
        yield presented
        twice = normal_form(once)
        if twice != once:
            yield twice


def _parse(stored: str) -> tuple[Cost, bytes, bytes] | None:
    try:
        name, n, r, p, salt, derived = stored.split("$")
        parts = (
            Cost(int(n), int(r), int(p)),
            b64decode(salt, validate=True),
            b64decode(derived, validate=True),
        )
    except ValueError:
        return None
    return parts if name == "scrypt" and parts[2] else None


def _derive(secret: bytes, salt: bytes, cost: Cost) -> bytes:
    # Of one length, because to HMAC (within scrypt) a key is the same with NULs at its end.
    return scrypt(
        sha256(secret).digest(),
        salt=salt,
        n=cost.n,
        r=cost.r,
        p=cost.p,
        maxmem=_MAX_MEMORY,
        dklen=_HASH_BYTES,
    )


def _text(value: bytes) -> str:
    return b64encode(value).decode("ascii")
