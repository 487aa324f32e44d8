"""One-time passwords by time (RFC 6238), as dynamic QR codes of payments bear them (2.1 C25)."""

from __future__ import annotations

import hmac
from datetime import datetime


def password(secret: bytes, at: datetime, *, validity_s: int, length: int = 6) -> str:
    """The decimal password of the window in which ``at`` (aware) lies, by SHA-1; ``length`` is 1
    to 9 digits."""
    return _password(secret, int(at.timestamp()) // validity_s, length)


def is_valid(
    presented: str, secret: bytes, at: datetime, *, validity_s: int, length: int = 6
) -> bool:
    """Whether a password is that of the window of ``at``, of the one before or of the one after:
    clocks differ, and drivers take their time.  Takes the same time for every wrong one."""
    window = int(at.timestamp()) // validity_s
    given = presented.encode(errors="replace")
    matches = [
        hmac.compare_digest(given, _password(secret, near, length).encode())
        for near in (window - 1, window, window + 1)
        if near >= 0
    ]
    return any(matches)


def _password(secret: bytes, window: int, length: int) -> str:
    """RFC 4226 §5.3, with the window as the counter."""
    digest = hmac.digest(secret, window.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**length:0{length}d}"
