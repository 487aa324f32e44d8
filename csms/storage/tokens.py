"""Tokens that drivers present.

They are one whatever the case of their letters (OCPP CiString), and spelled as last put.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from zope.interface import implementer

from csms.core.declarations import check_token, token_changes
from csms.core.errors import NotFound
from csms.core.listings import TOKENS
from csms.core.pages import Page, Query
from csms.core.ports import ITokens
from csms.core.values import Token
from csms.storage.lists import Source, page
from csms.storage.pool import Pool
from csms.storage.rows import storable

_FIELDS = (
    "operator_id",
    "id_token",
    "kind",
    "group_id",
    "blocked",
    "expires_at",
    "max_sessions",
    "stations",
    "note",
    "created_at",
    "updated_at",
)
_COLUMNS = ", ".join(_FIELDS)
_THIS = "operator_id = %(operator_id)s AND upper(id_token) = upper(%(this)s)"

TOKEN_OF_ID = f"SELECT {_COLUMNS} FROM token WHERE {_THIS}"

PUT_TOKEN = f"""
INSERT INTO token (operator_id, id_token, kind, group_id, blocked, expires_at, max_sessions,
                   stations, note)
VALUES (%(operator_id)s, %(id_token)s, %(kind)s, %(group_id)s, %(blocked)s, %(expires_at)s,
        %(max_sessions)s, %(stations)s, %(note)s)
ON CONFLICT (operator_id, upper(id_token)) DO UPDATE SET
    id_token = excluded.id_token, kind = excluded.kind, group_id = excluded.group_id,
    blocked = excluded.blocked, expires_at = excluded.expires_at,
    max_sessions = excluded.max_sessions, stations = excluded.stations, note = excluded.note,
    updated_at = now()
RETURNING xmax = 0, {_COLUMNS}
"""

# Completed with the columns given.
CHANGE_TOKEN = f"UPDATE token SET {{changes}} WHERE {_THIS} RETURNING {_COLUMNS}"

DELETE_TOKEN = f"DELETE FROM token WHERE {_THIS}"

LIST = Source(
    listing=TOKENS,
    columns=_COLUMNS,
    tables="token",
    filters={
        "group_id": "upper(group_id) = upper(%s)",
        "blocked": "blocked = %s",
        "id_token": "starts_with(upper(id_token), upper(%s))",
    },
    sorts={name: name for name in TOKENS.sorts} | {"id_token": "upper(id_token)"},
    keys=("upper(id_token)",),
)


def token(*columns: Any) -> Token:
    """A row of `_FIELDS`."""
    fields = dict(zip(_FIELDS, columns, strict=True))
    if fields["stations"] is not None:
        fields["stations"] = tuple(fields["stations"])
    return Token(**fields)


def _put(created: bool, *columns: Any) -> tuple[Token, bool]:
    return token(*columns), created


@implementer(ITokens)
@attrs.frozen
class PostgresTokens:
    """`ITokens` in PostgreSQL."""

    _pool: Pool

    async def list(self, query: Query, operator_id: int) -> Page[Token]:
        """See `ITokens`."""
        return await page(self._pool, LIST, query, token, ("operator_id = %s", operator_id))

    async def get(self, id_token: str, operator_id: int) -> Token:
        """See `ITokens`."""
        return await self._one(TOKEN_OF_ID, id_token, operator_id, {})

    async def put(self, token: Token) -> tuple[Token, bool]:
        """See `ITokens`."""
        checked = check_token(token)
        values = {name: getattr(checked, name) for name in _FIELDS}
        return await self._pool.one(PUT_TOKEN, _parameters(values), _put)

    async def patch(self, id_token: str, operator_id: int, changes: Mapping[str, object]) -> Token:
        """See `ITokens`."""
        given = token_changes(changes)
        sets = [*(f"{name} = %({name})s" for name in given), "updated_at = now()"]
        sql = CHANGE_TOKEN.format(changes=", ".join(sets))
        return await self._one(sql, id_token, operator_id, _parameters(given))

    async def delete(self, id_token: str, operator_id: int) -> None:
        """See `ITokens`."""
        key = {"this": id_token, "operator_id": operator_id}
        if not storable(id_token) or not await self._pool.execute(DELETE_TOKEN, key):
            raise NotFound("there is no such token")

    async def _one(
        self, sql: str, id_token: str, operator_id: int, values: Mapping[str, object]
    ) -> Token:
        found = None
        if storable(id_token):
            key = {"this": id_token, "operator_id": operator_id}
            found = await self._pool.maybe(sql, {**values, **key}, token)
        if found is None:
            raise NotFound("there is no such token")
        return found


def _parameters(fields: Mapping[str, object]) -> dict[str, object]:
    """Fields as parameters: psycopg2 takes a list for an array, and a tuple for a row."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()
    }
