"""Who knocks, in what language, with which key: the rules of the handshake, without the socket.

OCPP-J puts the identity of a station into the last segment of the URL (1.6-J §3.1.1, 2.x Part 4
§3.1) and the OCPP version into the WebSocket subprotocol; a client that has none may name the
version in the query.  What else the URL holds decides nothing.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qsl, unquote_to_bytes

from msgspec import Struct

from csms.core.credentials import normal_form
from csms.core.declarations import check_identity
from csms.core.errors import Invalid
from csms.core.oddities import Oddity

PLACE = "{id}"
"""Stands for the identity in a path pattern."""

_IDENTITY_PARAMETER = "chargepointid"
_VERSION_PARAMETER = "version"

D = TypeVar("D")


class RefusalReason(StrEnum):
    """Why an attempt was turned away (`csms.core.values.RefusedAttempt.reason`)."""

    UNKNOWN_STATION = "unknown_station"
    WRONG_CREDENTIALS = "wrong_credentials"
    NO_CREDENTIALS = "no_credentials"
    NO_COMMON_SUBPROTOCOL = "no_common_subprotocol"
    BAD_IDENTITY = "bad_identity"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    REJECTED_STATION = "rejected_station"


class Target(Struct, frozen=True):
    """What a URL asks for."""

    identity: str
    version: str | None = None
    """OCPP version that a query names; a hint for clients that offer no subprotocol."""
    oddities: tuple[Oddity, ...] = ()
    """What is odd about the spelling of the URL."""


class Credentials(Struct, frozen=True):
    """The two halves of Basic authentication; both may hold any byte (1.6 whitepaper §2.2)."""

    username: bytes
    password: bytes


def locate(resource: str, paths: Sequence[str], query_path: str) -> Target | None:
    """What the resource of a request (path and query, as received) asks for.

    ``paths`` are patterns such as ``/ocpp/{id}``, the first that fits counts; at ``query_path``
    the identity is the parameter ``chargePointId``.  Percent escapes are decoded once, after the
    path was split; doubled and trailing slashes do not matter, but are noted.  None: neither a
    pattern fits, or no station can have that identity.
    """
    path, _, query = _without_origin(resource).partition("?")
    segments = _segments(path)
    if ".." in segments:
        return None
    if query_path and segments == _segments(query_path):
        return _asked(query)
    for pattern in paths:
        *literal, last = _segments(pattern)
        if last == PLACE and len(segments) == len(literal) + 1 and segments[:-1] == literal:
            identity = _decoded(segments[-1])
            if identity is None:
                return None
            version = _version(_parameters(query) or {})
            return Target(identity, version, _odd(path, segments[-1]))
    return None


def choose(
    offered: Iterable[str], dialects: Mapping[str, D], allowed: Iterable[str] | None = None
) -> str | None:
    """The first subprotocol that the station offers and the server speaks.

    The order of the offer is the station's preference (1.6-J §3.2, 2.x Part 4 §3.2).  ``allowed``
    are the subprotocols that this station may use, None: all.
    """
    may = None if allowed is None else frozenset(allowed)
    for name in offered:
        if name in dialects and (may is None or name in may):
            return name
    return None


def basic_credentials(header: str) -> Credentials | None:
    """What an ``Authorization`` header says; None when it is not Basic or is malformed.

    The password begins after the first colon and may hold more of them, NUL, or bytes that are
    no UTF-8.
    """
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        encoded = encoded.strip().rstrip("=")
        decoded = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        return None
    username, colon, password = decoded.partition(b":")
    return Credentials(username, password) if colon else None


def key_oddity(password: bytes, *, in_hex: bool) -> Oddity | None:
    """What is odd about the form in which a station sends its (right) password.

    ``in_hex``: its version sends the very bytes that a key has in hexadecimal digits, and not the
    text that a password is.
    """
    if not in_hex:
        if not _is_text(password):
            return Oddity.KEY_AS_BYTES
        # Digits may be the very text; those of a readable text are hardly chosen by chance.
        meant = normal_form(password)
        return Oddity.KEY_AS_HEX if meant != password and _is_text(meant) else None
    if normal_form(password) != password:
        return Oddity.KEY_AS_HEX
    return Oddity.KEY_AS_TEXT if _is_text(password) else None


def printable(text: str, limit: int = 64) -> str:
    """``text`` as it may be shown and kept: bounded, unprintable characters replaced."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:limit])


def _without_origin(resource: str) -> str:
    """A request line may name the whole URL (RFC 9112 §3.2.2)."""
    scheme, found, rest = resource.partition("://")
    if not found or "/" in scheme or "?" in scheme:
        return resource
    return "/" + rest.partition("/")[2]


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _odd(path: str, segment: str) -> tuple[Oddity, ...]:
    seen = {
        Oddity.DOUBLED_SLASH: "//" in path,
        Oddity.TRAILING_SLASH: path.endswith("/"),
        Oddity.ENCODED_IDENTITY: "%" in segment,
    }
    return tuple([oddity for oddity, is_seen in seen.items() if is_seen])


def _is_text(password: bytes) -> bool:
    try:
        return password.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _parameters(query: str) -> dict[str, str] | None:
    given: dict[str, str] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=32)
    except ValueError:
        return None
    for name, value in pairs:
        given.setdefault(name.lower(), value)
    return given


def _version(given: Mapping[str, str]) -> str | None:
    version = given.get(_VERSION_PARAMETER, "").lower().removeprefix("ocpp").removesuffix("j")
    return version or None


def _asked(query: str) -> Target | None:
    given = _parameters(query)
    if given is None:
        return None
    identity = _checked(given.get(_IDENTITY_PARAMETER, ""))
    if identity is None:
        return None
    return Target(identity, _version(given))


def _decoded(segment: str) -> str | None:
    try:
        # Header bytes beyond ASCII arrive as Latin-1 and are what they were before.
        return _checked(unquote_to_bytes(segment.encode("latin-1")).decode())
    except ValueError:
        return None


def _checked(identity: str) -> str | None:
    try:
        return check_identity(identity)
    except Invalid:
        return None
