"""How chargers of the field shake hands."""

from __future__ import annotations

from csms.sim.sockets import Twist

HANDSHAKES = (
    Twist(name="no_subprotocol", no_subprotocol=True),
    Twist(name="origin_header", origin="http://localhost:8080"),
    Twist(name="double_slash", double_slash=True),
    Twist(name="trailing_slash", trailing_slash=True),
    Twist(name="percent_encoded_id", encoded=True),
    Twist(name="hex_password", hex_password=True),
    Twist(name="bytes_password", bytes_password=True),
    Twist(name="text_password", bytes_password=True),
)
PASSWORDS = frozenset({"hex_password", "bytes_password", "text_password"})
EXCUSED_STATUS = {
    "no_subprotocol": frozenset({400, 426}),
    **{name: frozenset({401}) for name in PASSWORDS},
}
"""HTTP statuses by which the standard lets a server refuse a twisted handshake."""
DIGITS = frozenset(b"0123456789abcdefABCDEF")


def fits(twist: Twist, version: str, password: bytes | None) -> bool:
    """Whether a charger that speaks that version, and has that password, can do so."""
    if twist.no_subprotocol:
        # Without a subprotocol a server can only guess, and everybody guesses 1.6.
        return version == "1.6"
    if twist.name not in PASSWORDS:
        return True
    if password is None or twist.hex_password:
        return password is not None
    meant = _meant_by_digits(password)
    return meant is not None and _is_text(meant) == (twist.name == "text_password")


def _meant_by_digits(password: bytes) -> bytes | None:
    """The bytes that a password of hexadecimal digits means; None: it is none."""
    if not password or len(password) % 2 or not set(password) <= DIGITS:
        return None
    return bytes.fromhex(password.decode())


def _is_text(password: bytes) -> bool:
    try:
        return password.decode().isprintable()
    except UnicodeDecodeError:
        return False
