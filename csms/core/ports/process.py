"""What a process offers its parts: access, health, work in the background."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from zope.interface import Interface

from csms.core.values import ApiToken


class Readiness(Struct, frozen=True, kw_only=True):
    """Whether this process can do its work, and per part (``database``, ``intake`` ...) why not."""

    ready: bool
    parts: Mapping[str, str]


class IApiTokens(Interface):
    """Bearer tokens of the API."""

    def verify(secret: str) -> Awaitable[ApiToken | None]:
        """The token of that secret, unless unknown or expired."""

    def create(
        name: str, role: str, operator_id: int, expires_at: datetime | None = None
    ) -> Awaitable[tuple[ApiToken, str]]:
        """A new token and its secret, which is told this once."""


class IHealth(Interface):
    """Can this process do its work?"""

    def readiness() -> Awaitable[Readiness]:
        """Never raises, answers within 2 s."""


class ITasks(Interface):
    """Where a coroutine is started that nobody awaits."""

    def spawn(work: Coroutine[Any, Any, object], /, what: str, **fields: object) -> None:
        """Start it; a failure is logged with ``what`` and the fields, and it is waited for at
        shutdown."""
