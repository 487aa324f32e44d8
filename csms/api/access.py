"""Who may call what: bearer tokens and their roles (RFC 6750)."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from csms.api.problems import Forbidden, Unauthenticated
from csms.api.routes import Route
from csms.core.ports import IApiTokens
from csms.core.values import ApiToken

_MAX_SECRET = 512


@attrs.frozen
class Access:
    """The door: every route that is not public wants a token whose role it admits."""

    tokens: IApiTokens

    async def admit(self, route: Route, authorization: Sequence[str]) -> ApiToken | None:
        """The caller's token, None for a public route.

        ``authorization`` are the values of the header.  Raises `Unauthenticated` or `Forbidden`.
        """
        if route.public:
            return None
        secret = _bearer(authorization)
        token = await self.tokens.verify(secret)
        if token is None:
            raise Unauthenticated("this token is unknown or has expired", code="invalid_token")
        if token.role not in route.roles:
            raise Forbidden(f"the role {token.role} may not do this")
        return token


def _bearer(authorization: Sequence[str]) -> str:
    if not authorization:
        raise Unauthenticated("send a token in the header Authorization: Bearer <token>")
    scheme, _, secret = authorization[0].partition(" ")
    secret = secret.strip()
    if (
        len(authorization) > 1
        or scheme.lower() != "bearer"
        or not 1 <= len(secret) <= _MAX_SECRET
        or not secret.isascii()
        or not secret.isprintable()
    ):
        raise Unauthenticated(
            "the header Authorization holds no bearer token", code="invalid_token"
        )
    return secret
