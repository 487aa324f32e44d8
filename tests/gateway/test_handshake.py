"""The HTTP part of a handshake."""

from __future__ import annotations

import pytest

from csms.gateway.handshake import refusal, tidy

HEAD = b"GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\n"


def test_a_plain_head_is_left_alone() -> None:
    """Nothing to tidy, nothing changed."""
    assert tidy(HEAD + b"\r\n") == HEAD + b"\r\n"


@pytest.mark.parametrize(
    "line",
    [b"Origin: null", b"origin: http://a.example", b"ORIGIN:file://", b"Sec-WebSocket-Origin: x",
     b"Origin : odd"],
)  # fmt: skip
def test_origin_is_renamed(line: bytes) -> None:
    """It decides nothing, and Autobahn refuses what it does not understand of it."""
    value = line.partition(b":")[2]
    renamed = b"x-csms-origin:" + value + b"\r\n"
    assert tidy(HEAD + line + b"\r\nX: y\r\n\r\n") == HEAD + renamed + b"X: y\r\n\r\n"


def test_other_headers_with_origin_stay() -> None:
    """Only the header of that name."""
    head = HEAD + b"X-Origin: a\r\nVia: Origin: b\r\n\r\n"
    assert tidy(head) == head


@pytest.mark.parametrize(
    ("offers", "line"),
    [
        ([b"ocpp1.6"], b"ocpp1.6"),
        ([b"ocpp2.0.1, ocpp1.6"], b"ocpp2.0.1, ocpp1.6"),
        ([b"ocpp2.0.1", b"ocpp1.6"], b"ocpp2.0.1, ocpp1.6"),
        ([b"ocpp1.6,ocpp1.6"], b"ocpp1.6"),
        ([b"ocpp1.6", b"ocpp1.6"], b"ocpp1.6"),
        ([b"ocpp1.6,"], b"ocpp1.6"),
    ],
)
def test_subprotocols_are_named_once(offers: list[bytes], line: bytes) -> None:
    """Repeated or joined, in the order of the offer."""
    head = HEAD + b"".join(b"Sec-WebSocket-Protocol: " + offer + b"\r\n" for offer in offers)
    tidied = tidy(head + b"\r\n")
    assert tidied is not None
    assert tidied.count(b"Sec-WebSocket-Protocol") == 1
    assert b"\r\nSec-WebSocket-Protocol: " + line + b"\r\n" in tidied
    assert tidied.startswith(b"GET /ocpp/CP1 HTTP/1.1\r\n")
    assert tidied.endswith(b"\r\n\r\n")


def test_an_empty_offer_is_none() -> None:
    """A header without names offers nothing."""
    assert tidy(HEAD + b"Sec-WebSocket-Protocol: ,\r\n\r\n") == HEAD + b"\r\n"


def test_bytes_beyond_ascii_become_escapes() -> None:
    """Some stations do not percent-encode; a Cyrillic letter must not split a line."""
    head = "GET /ocpp/хЖ HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    assert tidy(head) == b"GET /ocpp/%D1%85%D0%96 HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("byte", [b"\x00", b"\x0b", b"\x0c", b"\x1c", b"\x7f", b"\n", b"\r"])
def test_control_characters_are_refused(byte: bytes) -> None:
    """They end lines for some readers and not for others."""
    assert tidy(HEAD + b"X: a" + byte + b"Authorization: b\r\n\r\n") is None


def test_a_tab_is_white_space() -> None:
    """RFC 9110 allows it within a header."""
    assert tidy(HEAD + b"X:\ta\r\n\r\n") is not None


def test_refusal() -> None:
    """A complete answer that names no version of ours and ends the connection."""
    head, _, body = refusal(404, "No such station.", {"Retry-After": "5"}).partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 404 Not Found",
        b"Server: csms",
        b"Connection: close",
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Length: 17",
        b"Retry-After: 5",
    ]
    assert body == b"No such station.\n"
