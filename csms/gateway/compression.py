"""permessage-deflate (RFC 7692): what is agreed on, and the work.

Note: memory
------------
Nothing is kept between messages: no context takeover in either direction, so the stations of a
full server cost no more for offering compression.  Autobahn's own state would be 100 KiB for each
of them after its first message.  While a message is inflated a window is needed, so a small one is
asked for where the station lets us ask; what a message may inflate to is bounded by whoever feeds
`Deflate`.

Note: what is compressed
------------------------
A peer may leave any message as it is (§6), and most of ours are too short to shrink.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from autobahn.exception import PayloadCorruptError, PayloadExceededError
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept

WORTH = 256
"""Bytes from which on a message is compressed."""

_NAME = "permessage-deflate"
_WINDOW_BITS = 12
_MEMORY_LEVEL = 4
_SMALLEST = 9
"""zlib does not do a raw window of 8 bits."""
_FULL = 15
_END = b"\x00\x00\xff\xff"
"""What ends a message and is left out on the wire (§7.2.1)."""
_BITS = {str(bits): bits for bits in range(8, _FULL + 1)}

Parameters = Mapping[str, Sequence[str | bool]]


def acceptable(extensions: Sequence[tuple[str, Parameters]]) -> list[tuple[str, dict[str, Any]]]:
    """The first offer that can be accepted, if any, in a form that Autobahn reads.

    An offer that is wrong or asks too much is declined, which is no reason to turn the station
    away (§5.1): the next may do, or there is no compression.
    """
    for name, parameters in extensions:
        if name == _NAME and (wanted := _understood(parameters)) is not None:
            return [(name, {key: [value] for key, value in wanted.items()})]
    return []


def accept(offers: Sequence[object]) -> PerMessageDeflateOfferAccept | None:
    """Autobahn: how to accept the one offer that `acceptable` left."""
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer):
            return PerMessageDeflateOfferAccept(
                offer,
                request_no_context_takeover=True,
                request_max_window_bits=_WINDOW_BITS if offer.accept_max_window_bits else 0,
            )
    return None


class Deflate:
    """Compression of one connection, in place of Autobahn's own."""

    __slots__ = ("_bits_in", "_bits_out", "_inflater")

    EXTENSION_NAME = _NAME

    def __init__(self, server_max_window_bits: int, client_max_window_bits: int) -> None:
        self._bits_in = client_max_window_bits
        self._bits_out = min(server_max_window_bits, _WINDOW_BITS)
        self._inflater: Any = None

    def deflated(self, payload: bytes) -> bytes:
        """A whole message as it goes into a frame with RSV1."""
        deflater = zlib.compressobj(
            zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -self._bits_out, _MEMORY_LEVEL
        )
        data = deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH)
        return data.removesuffix(_END)

    def start_decompress_message(self) -> None:
        """Autobahn: a compressed message begins."""
        self._inflater = zlib.decompressobj(-self._bits_in)

    def decompress_message_data(self, data: bytes, max_output_len: int | None = None) -> bytes:
        """Autobahn: some of it.

        Raises Autobahn's `PayloadExceededError` when it inflates to more than
        ``max_output_len`` bytes, of which no more than one beyond is made, and its
        `PayloadCorruptError` when it is no deflated data.
        """
        # zlib takes 0 for no limit.
        limit = 0 if max_output_len is None else max(max_output_len, 0) + 1
        if self._inflater is None:
            raise PayloadCorruptError("it was corrupt before")
        try:
            inflated: bytes = self._inflater.decompress(data, limit)
        except zlib.error as error:
            self._inflater = None
            raise PayloadCorruptError(str(error)) from error
        if limit and len(inflated) == limit:
            self._inflater = None
            raise PayloadExceededError("it inflates to too much")
        return inflated

    def end_decompress_message(self) -> None:
        """Autobahn: it is complete.  Raises `PayloadCorruptError` as above."""
        try:
            self.decompress_message_data(_END)
        finally:
            self._inflater = None


def _understood(parameters: Parameters) -> dict[str, str | bool] | None:
    """The parameters of an offer as they are answered; None: declined (§7.1)."""
    wanted: dict[str, str | bool] = {"server_no_context_takeover": True}
    for name, values in parameters.items():
        match name, list(values):
            case "server_no_context_takeover" | "client_no_context_takeover", [True]:
                pass  # so it is done in any case
            case "server_max_window_bits", [str(text)] if _BITS.get(text, 0) >= _SMALLEST:
                wanted[name] = str(min(_BITS[text], _WINDOW_BITS))
            case "client_max_window_bits", [True]:
                wanted[name] = True
            case "client_max_window_bits", [str(text)] if text in _BITS:
                # It will use no more than this anyway, and must not be asked for more.
                if _BITS[text] >= _WINDOW_BITS:
                    wanted[name] = text
            case _:
                return None
    return wanted
