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
    Json,
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
from csms.core.declarations import LANGUAGE, MAX_MESSAGE, PLACE
from csms.core.energy.vocabulary import Transfer
from csms.core.errors import Invalid
from csms.core.listings import TOKENS
from csms.core.ports import ISpeech, ITokens
from csms.core.tariffs.vocabulary import SetTariff
from csms.core.values import Token, TransactionLimit

Language = Annotated[
    str, Meta(pattern=LANGUAGE, description="Language tag (RFC 5646): `en`, `de-AT` ...")
]
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
    languages: (
        Annotated[
            tuple[Language, ...],
            Meta(
                min_length=1,
                max_length=2,
                description="What the driver reads, the preferred language first.",
            ),
        ]
        | UnsetType
        | None
    ) = UNSET
    personal_message: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=MAX_MESSAGE,
                description="What the driver is shown when the token is presented (OCPP 2.x).",
            ),
        ]
        | UnsetType
        | None
    ) = UNSET
    charging_priority: (
        Annotated[
            int,
            Meta(
                ge=-9,
                le=9,
                description="How its sessions stand among others: -9 last, 9 first (OCPP 2.x).",
            ),
        ]
        | UnsetType
        | None
    ) = UNSET
    allowed_energy_transfer: (
        Annotated[
            tuple[Transfer, ...],
            Meta(
                min_length=1,
                max_length=len(Transfer),
                description="Ways in which energy may flow (OCPP 2.1).",
            ),
        ]
        | UnsetType
        | None
    ) = UNSET
    tariff: (
        Annotated[
            dict[str, Json],
            Meta(
                description="The driver's own tariff (OCPP 2.1): its TariffType with its names in"
                " snake case, without `valid_from`; with its content its `tariff_id` must change."
            ),
        ]
        | UnsetType
        | None
    ) = UNSET
    transaction_limit: (
        Annotated[TransactionLimit, Meta(description="Where its sessions end (OCPP 2.1).")]
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
    languages: tuple[str, ...] | None
    personal_message: str | None
    charging_priority: int | None
    allowed_energy_transfer: tuple[str, ...] | None
    tariff: dict[str, Json] | None
    transaction_limit: TransactionLimit | None
    note: str | None
    created_at: Time | None
    updated_at: Time | None


@attrs.frozen
class Tokens:
    """Handlers of `/tokens`."""

    tokens: ITokens
    speech: ISpeech

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
        changes = self._changes(call.body)
        token, created = await self.tokens.put(
            Token(operator_id=call.operator_id, id_token=id_token, **changes)
        )
        if not created:
            return Answer(200, token_view(token))
        location = f"{PREFIX}/tokens/{quote(id_token, safe='')}"
        return Answer(201, token_view(token), {"Location": location})

    async def patch(self, call: Call[TokenDeclaration, NoQuery]) -> Answer:
        """Change."""
        token = await self.tokens.patch(
            call.path["id_token"], call.operator_id, self._changes(call.body)
        )
        return Answer(200, token_view(token))

    async def delete(self, call: Call[None, NoQuery]) -> Answer:
        """Remove."""
        await self.tokens.delete(call.path["id_token"], call.operator_id)
        return Answer(204)

    def _changes(self, declaration: TokenDeclaration) -> dict[str, Any]:
        """What is declared; raises `Invalid`."""
        changes = given(declaration)
        if changes.get("expires_at") is not None:
            changes["expires_at"] = moment(changes["expires_at"], "expires_at")
        if changes.get("tariff") is not None:
            self._check_tariff(changes["tariff"])
        return changes

    def _check_tariff(self, tariff: dict[str, object]) -> None:
        """Raises `Invalid` for a tariff that no version can say."""
        reasons = []
        for version in self.speech.versions():
            reason = self.speech.check(version, SetTariff(tariff=tariff))
            if reason is None:
                return
            reasons.append(reason)
        raise Invalid(reasons[0], field="tariff")

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
                refuses=frozenset({409}),
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
                refuses=frozenset({409}),
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
        languages=token.languages,
        personal_message=token.personal_message,
        charging_priority=token.charging_priority,
        allowed_energy_transfer=token.allowed_energy_transfer,
        tariff=token.tariff,
        transaction_limit=token.transaction_limit,
        note=token.note,
        created_at=told_if(token.created_at),
        updated_at=told_if(token.updated_at),
    )
