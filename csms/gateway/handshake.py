"""The HTTP part of a WebSocket handshake: what is taken out of a request, and what a refusal says.

Note: why requests are tidied before Autobahn reads them
--------------------------------------------------------
Autobahn takes a request apart with ``str.splitlines``, which also splits at bytes that are parts
of Cyrillic letters or plain control characters, so a header could be smuggled past a proxy; it
refuses an ``Origin`` that it does not understand, and firmware sends all kinds; it refuses a
subprotocol that is named twice.  None of this is a reason to turn a station away.  An ``Origin``
proves nothing and can do no harm here, where no cookie ever opens a door.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

HEADER_END = b"\r\n\r\n"
SERVER = "csms"
"""What we call ourselves; without a version, which would only help an attacker."""
ORIGIN = "x-csms-origin"
"""What becomes of the name of an ``Origin`` header, so that nobody but us looks at it."""

_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n")
_ORIGIN = re.compile(rb"(?im)^(?:sec-websocket-)?origin[ \t]*:")
_PROTOCOL = re.compile(rb"(?im)^sec-websocket-protocol[ \t]*:([^\r\n]*)\r\n")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")


def tidy(head: bytes) -> bytes | None:
    """A request's head (up to and with the empty line) as Autobahn may read it; None: malformed.

    Bytes beyond ASCII become percent escapes, ``Origin`` is renamed, subprotocols are named once
    each and in order.
    """
    if _FORBIDDEN.search(head):
        return None
    if not head.isascii():
        head = _BEYOND_ASCII.sub(lambda found: b"%%%02X" % found[0][0], head)
    head = _ORIGIN.sub(ORIGIN.encode() + b":", head)
    offers = _PROTOCOL.findall(head)
    if offers:
        names = dict.fromkeys(name.strip() for offer in offers for name in offer.split(b","))
        names.pop(b"", None)
        head = _PROTOCOL.sub(b"", head)
        if names:
            line = b"\r\nSec-WebSocket-Protocol: " + b", ".join(names)
            head = head.replace(b"\r\n", line + b"\r\n", 1)
    return head


def refusal(status: int, text: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A complete HTTP answer that ends the connection; ``text`` is for a human."""
    body = f"{text}\n".encode()
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Server: {SERVER}",
        "Connection: close",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    return "\r\n".join(lines).encode("ascii") + HEADER_END + body
