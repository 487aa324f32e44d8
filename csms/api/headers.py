"""Headers that every response carries: request id, security, cross-origin rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import uuid4

import attrs

REQUEST_ID = "X-Request-ID"

SECURITY = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "csms",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_EXPOSED = f"Allow, Link, Location, Retry-After, {REQUEST_ID}"


def request_id(sent: str | None) -> str:
    """The caller's own id of its request, if it is a sane one; else a new one."""
    return sent if sent is not None and _SANE_ID.fullmatch(sent) else uuid4().hex


@attrs.frozen
class Origins:
    """Web origins whose scripts may read our answers; ``*`` stands for all (tokens travel in a
    header, never in a cookie, so that is not as bad as it sounds)."""

    allowed: frozenset[str]

    def headers(self, origin: str | None) -> dict[str, str]:
        """What an answer to a script of ``origin`` carries."""
        if not self.allowed:
            return {}
        if not self._admits(origin):
            return {"Vary": "Origin"}
        return {
            "Vary": "Origin",
            "Access-Control-Allow-Origin": str(origin),
            "Access-Control-Expose-Headers": _EXPOSED,
        }

    def preflight(self, origin: str | None, methods: Sequence[str]) -> dict[str, str]:
        """What the answer to a preflight of ``origin`` carries besides."""
        if not self._admits(origin):
            return {}
        return {
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": f"Authorization, Content-Type, {REQUEST_ID}",
            "Access-Control-Max-Age": "600",
        }

    def _admits(self, origin: str | None) -> bool:
        return origin is not None and (origin in self.allowed or "*" in self.allowed)
