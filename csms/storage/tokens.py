"""Tokens that drivers present.

They are one whatever the case of their letters (OCPP CiString), and spelled as last put.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from csms.core.declarations import check_token, token_changes
from csms.core.errors import NotFound
from csms.core.listings import TOKENS
from csms.core.pages import Page, Query
from csms.core.ports import ITokens
from csms.core.tariffs.rules import check_content
from csms.core.values import Token, TransactionLimit
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
    "languages",
    "personal_message",
    "charging_priority",
    "allowed_energy_transfer",
    "tariff",
    "transaction_limit",
    "note",
    "created_at",
    "updated_at",
)
_ARRAYS = ("stations", "languages", "allowed_energy_transfer")
_decode_tariff = msgspec.json.Decoder(dict[str, object]).decode
_DECODERS: Mapping[str, Callable[[str], object]] = {
    "tariff": _decode_tariff,
    "transaction_limit": msgspec.json.Decoder(TransactionLimit).decode,
}
_COLUMNS = ", ".join(_FIELDS)
_THIS = "operator_id = %(operator_id)s AND upper(id_token) = upper(%(this)s)"

TOKEN_OF_ID = f"SELECT {_COLUMNS} FROM token WHERE {_THIS}"

PUT_TOKEN = f"""
INSERT INTO token (operator_id, id_token, kind, group_id, blocked, expires_at, max_sessions,
                   stations, languages, personal_message, charging_priority,
                   allowed_energy_transfer, tariff, transaction_limit, note)
VALUES (%(operator_id)s, %(id_token)s, %(kind)s, %(group_id)s, %(blocked)s, %(expires_at)s,
        %(max_sessions)s, %(stations)s, %(languages)s, %(personal_message)s,
        %(charging_priority)s, %(allowed_energy_transfer)s, %(tariff)s, %(transaction_limit)s,
        %(note)s)
ON CONFLICT (operator_id, upper(id_token)) DO UPDATE SET
    id_token = excluded.id_token, kind = excluded.kind, group_id = excluded.group_id,
    blocked = excluded.blocked, expires_at = excluded.expires_at,
    max_sessions = excluded.max_sessions, stations = excluded.stations,
    languages = excluded.languages, personal_message = excluded.personal_message,
    charging_priority = excluded.charging_priority,
    allowed_energy_transfer = excluded.allowed_energy_transfer, tariff = excluded.tariff,
    transaction_limit = excluded.transaction_limit, note = excluded.note, updated_at = now()
RETURNING xmax = 0, {_COLUMNS}
"""

# Completed with the columns given.
CHANGE_TOKEN = f"UPDATE token SET {{changes}} WHERE {_THIS} RETURNING {_COLUMNS}"

TARIFFS_OF_ID = """
SELECT tariff FROM token
WHERE operator_id = %(operator_id)s AND tariff IS NOT NULL AND tariff->>'tariff_id' = %(tariff_id)s
  AND tariff <> %(tariff)s::jsonb
LIMIT 1
"""

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
    for name in _ARRAYS:
        if fields[name] is not None:
            fields[name] = tuple(fields[name])
    for name, decode in _DECODERS.items():
        if fields[name] is not None:
            fields[name] = decode(fields[name])
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
        await self._check_tariff(checked.tariff, checked.operator_id)
        values = {name: getattr(checked, name) for name in _FIELDS}
        return await self._pool.one(PUT_TOKEN, _parameters(values), _put)

    async def patch(self, id_token: str, operator_id: int, changes: Mapping[str, object]) -> Token:
        """See `ITokens`."""
        given = token_changes(changes)
        await self._check_tariff(given.get("tariff"), operator_id)
        sets = [*(f"{name} = %({name})s" for name in given), "updated_at = now()"]
        sql = CHANGE_TOKEN.format(changes=", ".join(sets))
        return await self._one(sql, id_token, operator_id, _parameters(given))

    async def delete(self, id_token: str, operator_id: int) -> None:
        """See `ITokens`."""
        key = {"this": id_token, "operator_id": operator_id}
        if not storable(id_token) or not await self._pool.execute(DELETE_TOKEN, key):
            raise NotFound("there is no such token")

    async def _check_tariff(self, tariff: Any, operator_id: int) -> None:
        """Raises `Conflict` for one that has the id of another of the operator's."""
        if tariff is None:
            return
        asked = {"operator_id": operator_id, **_parameters({"tariff": tariff})}
        asked["tariff_id"] = tariff["tariff_id"]
        check_content(await self._pool.many(TARIFFS_OF_ID, asked, _decode_tariff), tariff)

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
    """Fields as parameters: psycopg2 takes a list for an array, and a tuple for a row; structures
    go as JSON."""
    return {name: _parameter(value) for name, value in fields.items()}


def _parameter(value: object) -> object:
    match value:
        case tuple():
            return list(value)
        case dict() | TransactionLimit():
            return msgspec.json.encode(value).decode()
        case _:
            return value
