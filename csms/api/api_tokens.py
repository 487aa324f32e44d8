"""Bearer tokens of the API itself: `/api-tokens`, for administrators only."""

from __future__ import annotations

from typing import Annotated, Literal

import attrs
from msgspec import Meta

from csms.api.reading import moment
from csms.api.routes import ADMINS, PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import Moment, Shape, Time, View, told, told_if
from csms.core.ports import IApiTokens

Role = Literal["admin", "operator", "auditor"]


class ApiTokenRequest(Shape, frozen=True, kw_only=True):
    """A token to make."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    role: Role
    expires_at: Moment | None = None


class ApiTokenView(View, frozen=True, kw_only=True):
    """A new token; its secret is told this once."""

    id: str
    name: str
    role: Role
    created_at: Time
    expires_at: Time | None
    secret: str


@attrs.frozen
class ApiTokens:
    """Handlers of `/api-tokens`."""

    api_tokens: IApiTokens

    async def create(self, call: Call[ApiTokenRequest, NoQuery]) -> Answer:
        """Make a token of the caller's operator."""
        body = call.body
        expires_at = None if body.expires_at is None else moment(body.expires_at, "expires_at")
        token, secret = await self.api_tokens.create(
            body.name, body.role, call.operator_id, expires_at
        )
        return Answer(
            201,
            ApiTokenView(
                id=token.id,
                name=token.name,
                role=body.role,
                created_at=told(token.created_at),
                expires_at=told_if(token.expires_at),
                secret=secret,
            ),
        )

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        return (
            Route(
                method="POST",
                path=f"{PREFIX}/api-tokens",
                name="createApiToken",
                summary="Make a token of the API",
                tag="api tokens",
                handler=self.create,
                body=ApiTokenRequest,
                answers={201: ApiTokenView},
                roles=ADMINS,
                locates=False,
            ),
        )
