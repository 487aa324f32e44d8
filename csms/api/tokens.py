"""Tokens that drivers present: `/tokens`."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import attrs
from msgspec import UNSET, Meta, UnsetType

from csms.api.reading import moment
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import (
    INT32,
    IdToken,
    Listed,
    Moment,
    Name,
    Shape,
    Text,
    Time,
    View,
    given,
    list_query,
    listed,
    query_of,
    told_if,
)
from csms.core.declarations import PLACE
from csms.core.listings import TOKENS
from csms.core.ports import ITokens
from csms.core.values import Token

Place = Annotated[str, Meta(min_length=1, max_length=58, pattern=PLACE)]
"""A station, or one EVSE of it."""

TokensQuery = list_query(TOKENS, id_token="Beginning of the token.")  # noqa: S106  # no password


class TokenDeclaration(Shape, frozen=True, kw_only=True):
    """A driver's token; null takes a value away."""

    kind: (
        Annotated[
            Name,
            Meta(
                description="Kind of token in OCPP 2.x (ISO14443, eMAID, KeyCode ...); one that is"
                " presented with another kind is another token. null: any kind."
            ),
        ]
        | UnsetType
        | None
    ) = UNSET
    group_id: (
        Annotated[
            IdToken,
            Meta(description="Group (parentIdTag); members may end each other's sessions."),
        ]
        | UnsetType
        | None
    ) = UNSET
    blocked: bool | UnsetType = UNSET
    expires_at: Moment | UnsetType | None = UNSET
    max_sessions: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=INT32,
                description="Sessions at the same time; null: the server's setting, 0: any.",
            ),
        ]
        | UnsetType
        | None
    ) = UNSET
    stations: (
        Annotated[
            tuple[Place, ...],
            Meta(
                max_length=10_000,
                description='Where it is good: "STATION", or "STATION/EVSE" for one EVSE only;'
                " null: everywhere.",
            ),
        ]
        | UnsetType
        | None
    ) = UNSET
    note: Text | UnsetType | None = UNSET


class TokenView(View, frozen=True, kw_only=True):
    """A driver's token."""

    id_token: str
    kind: str | None
    group_id: str | None
    blocked: bool
    expires_at: Time | None
    max_sessions: int | None
    stations: tuple[str, ...] | None
    note: str | None
    created_at: Time | None
    updated_at: Time | None


@attrs.frozen
class Tokens:
    """Handlers of `/tokens`."""

    tokens: ITokens

    async def list(self, call: Call[None, Any]) -> Answer:
        """Tokens of the caller's operator."""
        page = await self.tokens.list(query_of(call.query), call.operator_id)
        return listed(page, token_view, call)

    async def get(self, call: Call[None, NoQuery]) -> Answer:
        """One token."""
        token = await self.tokens.get(call.path["id_token"], call.operator_id)
        return Answer(200, token_view(token))

    async def put(self, call: Call[TokenDeclaration, NoQuery]) -> Answer:
        """Create or replace."""
        id_token = call.path["id_token"]
        token, created = await self.tokens.put(
            Token(operator_id=call.operator_id, id_token=id_token, **_changes(call.body))
        )
        if not created:
            return Answer(200, token_view(token))
        location = f"{PREFIX}/tokens/{quote(id_token, safe='')}"
        return Answer(201, token_view(token), {"Location": location})

    async def patch(self, call: Call[TokenDeclaration, NoQuery]) -> Answer:
        """Change."""
        token = await self.tokens.patch(
            call.path["id_token"], call.operator_id, _changes(call.body)
        )
        return Answer(200, token_view(token))

    async def delete(self, call: Call[None, NoQuery]) -> Answer:
        """Remove."""
        await self.tokens.delete(call.path["id_token"], call.operator_id)
        return Answer(204)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        one = f"{PREFIX}/tokens/{{id_token}}"
        return (
            Route(
                method="GET",
                path=f"{PREFIX}/tokens",
                name="listTokens",
                summary="List drivers' tokens",
                tag="tokens",
                handler=self.list,
                query=TokensQuery,
                answers={200: Listed[TokenView]},
            ),
            Route(
                method="GET",
                path=one,
                name="getToken",
                summary="Get a driver's token",
                tag="tokens",
                handler=self.get,
                answers={200: TokenView},
            ),
            Route(
                method="PUT",
                path=one,
                name="putToken",
                summary="Create or replace a driver's token",
                description="What is left out goes back to its default.",
                tag="tokens",
                handler=self.put,
                body=TokenDeclaration,
                answers={200: TokenView, 201: TokenView},
            ),
            Route(
                method="PATCH",
                path=one,
                name="patchToken",
                summary="Change a driver's token",
                tag="tokens",
                handler=self.patch,
                body=TokenDeclaration,
                answers={200: TokenView},
            ),
            Route(
                method="DELETE",
                path=one,
                name="deleteToken",
                summary="Remove a driver's token",
                tag="tokens",
                handler=self.delete,
                answers={204: None},
            ),
        )


def token_view(token: Token) -> TokenView:
    """A token as the API tells it."""
    return TokenView(
        id_token=token.id_token,
        kind=token.kind,
        group_id=token.group_id,
        blocked=token.blocked,
        expires_at=told_if(token.expires_at),
        max_sessions=token.max_sessions,
        stations=token.stations,
        note=token.note,
        created_at=told_if(token.created_at),
        updated_at=told_if(token.updated_at),
    )


def _changes(declaration: TokenDeclaration) -> dict[str, Any]:
    changes = given(declaration)
    if changes.get("expires_at") is not None:
        changes["expires_at"] = moment(changes["expires_at"], "expires_at")
    return changes
