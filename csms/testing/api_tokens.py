"""Bearer tokens of the API in memory."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import attrs
import msgspec
from zope.interface import implementer

from csms.core.declarations import check_role
from csms.core.ports import IApiTokens
from csms.core.values import DEFAULT_OPERATOR, ApiToken

_USE_NOTED_EVERY = timedelta(minutes=1)


@implementer(IApiTokens)
@attrs.define
class MemoryApiTokens:
    """`IApiTokens` over a dictionary; seeded by `seed`."""

    now: Callable[[], datetime]
    _tokens: dict[str, ApiToken] = attrs.field(factory=dict, init=False)

    def seed(
        self,
        role: str = "admin",
        operator_id: int = DEFAULT_OPERATOR,
        *,
        name: str = "test",
        expires_at: datetime | None = None,
    ) -> str:
        """Put a token; its secret."""
        secret = "csms_" + secrets.token_urlsafe(32)
        self._tokens[secret] = ApiToken(
            id=secrets.token_hex(8),
            operator_id=operator_id,
            name=name,
            role=check_role(role),
            created_at=self.now(),
            expires_at=expires_at,
        )
        return secret

    async def verify(self, secret: str) -> ApiToken | None:
        """See `IApiTokens`."""
        token = self._tokens.get(secret)
        now = self.now()
        if token is None or (token.expires_at is not None and token.expires_at <= now):
            return None
        if token.last_used_at is None or now - token.last_used_at >= _USE_NOTED_EVERY:
            token = msgspec.structs.replace(token, last_used_at=now)
            self._tokens[secret] = token
        return token

    async def create(
        self, name: str, role: str, operator_id: int, expires_at: datetime | None = None
    ) -> tuple[ApiToken, str]:
        """See `IApiTokens`."""
        secret = self.seed(role, operator_id, name=name, expires_at=expires_at)
        return self._tokens[secret], secret
