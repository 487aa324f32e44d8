"""Drivers' tokens in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import attrs
import msgspec
from zope.interface import implementer

from csms.core.declarations import check_token, token_changes
from csms.core.errors import NotFound
from csms.core.listings import TOKENS
from csms.core.pages import Page, Query
from csms.core.paging import page
from csms.core.ports import ITokens
from csms.core.tariffs.rules import check_content
from csms.core.values import DEFAULT_OPERATOR, Token


def _prefix(token: Token, value: object) -> bool:
    return token.id_token.upper().startswith(str(value).upper())


def _group(token: Token, value: object) -> bool:
    return token.group_id is not None and token.group_id.upper() == str(value).upper()


@implementer(ITokens)
@attrs.define
class MemoryTokens:
    """`ITokens` over a dictionary; seeded by `seed`."""

    now: Callable[[], datetime]
    _tokens: dict[tuple[int, str], Token] = attrs.field(factory=dict, init=False)

    def seed(self, id_token: str, operator_id: int = DEFAULT_OPERATOR, **fields: object) -> Token:
        """Put a token, with `Token` fields as wanted."""
        at = self.now()
        token = Token(id_token=id_token, operator_id=operator_id, created_at=at, updated_at=at)
        return self._keep(msgspec.structs.replace(token, **fields))

    async def list(self, query: Query, operator_id: int) -> Page[Token]:
        """See `ITokens`."""
        return page(
            TOKENS,
            query,
            [token for token in self._tokens.values() if token.operator_id == operator_id],
            key=lambda token: (token.id_token.upper(),),
            tests={"id_token": _prefix, "group_id": _group},
            values={"id_token": lambda token: token.id_token.upper()},
        )

    async def get(self, id_token: str, operator_id: int) -> Token:
        """See `ITokens`."""
        try:
            return self._tokens[operator_id, id_token.upper()]
        except KeyError:
            raise NotFound("there is no such token") from None

    async def put(self, token: Token) -> tuple[Token, bool]:
        """See `ITokens`."""
        token = check_token(token)
        self._check_tariff(token.tariff, token.operator_id)
        old = self._tokens.get((token.operator_id, token.id_token.upper()))
        at = self.now()
        created = at if old is None else old.created_at
        kept = msgspec.structs.replace(token, created_at=created, updated_at=at)
        return self._keep(kept), old is None

    async def patch(self, id_token: str, operator_id: int, changes: Mapping[str, object]) -> Token:
        """See `ITokens`."""
        given = token_changes(changes)
        self._check_tariff(given.get("tariff"), operator_id)
        old = await self.get(id_token, operator_id)
        return self._keep(msgspec.structs.replace(old, **given, updated_at=self.now()))

    async def delete(self, id_token: str, operator_id: int) -> None:
        """See `ITokens`."""
        if self._tokens.pop((operator_id, id_token.upper()), None) is None:
            raise NotFound("there is no such token")

    def _check_tariff(self, tariff: object, operator_id: int) -> None:
        if isinstance(tariff, dict):
            known = [
                token.tariff
                for token in self._tokens.values()
                if token.operator_id == operator_id and token.tariff is not None
            ]
            check_content(known, tariff)

    def _keep(self, token: Token) -> Token:
        self._tokens[token.operator_id, token.id_token.upper()] = token
        return token
