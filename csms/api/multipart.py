"""Files sent as forms (``multipart/form-data``), read as they come."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Field, File, MultipartDecoder, NeedData

from csms.api.problems import Malformed

MAX_PARTS = 32
MAX_HELD = 1024 * 1024
"""Bytes held at most: what one read brings, or the head of a part."""
MAX_BOUNDARY = 200


def boundary_of(content_type: str | None) -> bytes | None:
    """The boundary of a form; None when the body is none."""
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary")
    if kind.lower() != "multipart/form-data" or not boundary or len(boundary) > MAX_BOUNDARY:
        return None
    return boundary.encode("latin-1", "replace")


@attrs.define(eq=False)
class FormFile:
    """The first file of a form; what else it has is read over."""

    _boundary: bytes
    name: str | None = attrs.field(default=None, init=False)
    content_type: str | None = attrs.field(default=None, init=False)
    _decoder: MultipartDecoder = attrs.field(init=False)
    _found: bool = attrs.field(default=False, init=False)
    _inside: bool = attrs.field(default=False, init=False)
    _ended: bool = attrs.field(default=False, init=False)

    @_decoder.default
    def _make_decoder(self) -> MultipartDecoder:
        return MultipartDecoder(self._boundary, MAX_HELD, max_parts=MAX_PARTS)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What of the file is in these bytes; raises `Malformed`."""
        try:
            self._decoder.receive_data(data)
            yield from self._events()
        except (ValueError, RequestEntityTooLarge):
            raise Malformed("the form cannot be read") from None

    def end(self) -> None:
        """The body is over; raises `Malformed` when the file is not."""
        if not self._ended:
            raise Malformed("the form holds no whole file")

    def _events(self) -> Iterator[bytes]:
        while not isinstance(event := self._decoder.next_event(), NeedData):
            match event:
                case File() if not self._found:
                    self._found = self._inside = True
                    self.name = event.filename
                    self.content_type = event.headers.get("content-type")
                case File() | Field():
                    self._inside = False
                case Data() if self._inside:
                    if event.data:
                        yield event.data
                    self._ended = self._ended or not event.more_data
                case _:
                    pass
