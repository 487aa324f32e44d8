"""The API's description of itself: the OpenAPI document, and a page that shows it.

The document wants a token like everything else.  The page wants none, for it holds no data: it
is a shell that asks for a token, fetches the document with it, and can try calls.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Any

import attrs
import msgspec

from csms.api.openapi import document
from csms.api.routes import PREFIX, PUBLIC, Answer, Call, NoQuery, Route

_PART = "<{tag}>(.*?)</{tag}>"


def content_security_policy(page: str) -> str:
    """A policy under which exactly the page's own script and style run."""

    def hashes(tag: str) -> str:
        parts = re.findall(_PART.format(tag=tag), page, re.DOTALL)
        digests = (b64encode(sha256(part.encode()).digest()).decode() for part in parts)
        return " ".join(f"'sha256-{digest}'" for digest in digests)

    return (
        f"default-src 'none'; script-src {hashes('script')}; style-src {hashes('style')}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@attrs.frozen
class Docs:
    """Handlers of the document and its page."""

    page: str = attrs.field(
        factory=lambda: files("csms.api").joinpath("docs.html").read_text("utf-8")
    )

    def routes(self, others: Sequence[Route]) -> tuple[Route, ...]:
        """The routes of this resource, which describes ``others`` and itself."""
        told: list[bytes] = []

        async def spec(_call: Call[None, NoQuery]) -> Answer:
            if not told:
                # Written when it is first asked for: it takes a good part of a second.
                told.append(msgspec.json.encode(document([*others, *own])))
            return Answer(200, told[0])

        async def page(_call: Call[None, NoQuery]) -> Answer:
            return Answer(200, self.page.encode())

        own = (
            Route(
                method="GET",
                path=f"{PREFIX}/openapi.json",
                name="openapi",
                summary="This document",
                tag="description",
                handler=spec,
                answers={200: dict[str, Any]},
            ),
            Route(
                method="GET",
                path=f"{PREFIX}/docs",
                name="docs",
                summary="This document as a page, where calls can be tried",
                tag="description",
                handler=page,
                answers={200: bytes},
                media="text/html; charset=utf-8",
                headers={"Content-Security-Policy": content_security_policy(self.page)},
                roles=PUBLIC,
            ),
        )
        return own
