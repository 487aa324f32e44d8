"""Bearer tokens of the API.

A secret is ``csms_`` and 256 random bits; its SHA-256 is kept.  A token that was verified is
believed for `BELIEVED_S` without asking again, so one that is taken away works that much longer;
its expiry is held against the clock each time.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from csms.core.declarations import check_role
from csms.core.errors import Invalid
from csms.core.ids import new_id
from csms.core.ports import IApiTokens
from csms.core.values import ApiToken
from csms.storage.pool import Pool
from csms.storage.rows import storable

BELIEVED_S = 30
USE_NOTED_EVERY_S = 60
MAX_BELIEVED = 10_000

_SECRET = re.compile(r"csms_[A-Za-z0-9_-]{43}")
_FIELDS = ("id", "operator_id", "name", "role", "created_at", "expires_at", "last_used_at")
_COLUMNS = ", ".join(_FIELDS)

TOKEN_OF_SECRET = f"SELECT {_COLUMNS} FROM api_token WHERE secret_hash = %s"

ISSUE = """
INSERT INTO api_token (id, operator_id, name, role, secret_hash, created_at, expires_at)
VALUES (%(id)s, %(operator_id)s, %(name)s, %(role)s, %(secret_hash)s, %(created_at)s,
        %(expires_at)s)
"""

NOTE_USE = """
UPDATE api_token SET last_used_at = %(at)s
WHERE id = %(id)s AND (last_used_at IS NULL OR last_used_at < %(at)s)
"""


def token(*columns: Any) -> ApiToken:
    """A row of `_FIELDS`."""
    return ApiToken(**dict(zip(_FIELDS, columns, strict=True)))


@implementer(IApiTokens)
@attrs.define(eq=False)
class PostgresApiTokens:
    """`IApiTokens` in PostgreSQL."""

    _pool: Pool
    _now: Callable[[], datetime]
    _max_believed: int = MAX_BELIEVED
    _believed: dict[bytes, tuple[ApiToken, datetime]] = attrs.field(factory=dict, init=False)

    async def verify(self, secret: str) -> ApiToken | None:
        """See `IApiTokens`."""
        if not _SECRET.fullmatch(secret):
            return None
        now = self._now()
        secret_hash = _hashed(secret)
        found, until = self._believed.get(secret_hash, (None, now))
        if until <= now:
            found = await self._pool.maybe(TOKEN_OF_SECRET, (secret_hash,), token)
            until = now + timedelta(seconds=BELIEVED_S)
        if found is None or (found.expires_at is not None and found.expires_at <= now):
            self._believed.pop(secret_hash, None)
            return None
        due = timedelta(seconds=USE_NOTED_EVERY_S)
        if found.last_used_at is None or now - found.last_used_at >= due:
            found = msgspec.structs.replace(found, last_used_at=now)
            self._believe(secret_hash, found, until)
            await self._pool.execute(NOTE_USE, {"id": found.id, "at": now})
        else:
            self._believe(secret_hash, found, until)
        return found

    async def create(
        self, name: str, role: str, operator_id: int, expires_at: datetime | None = None
    ) -> tuple[ApiToken, str]:
        """See `IApiTokens`."""
        now = self._now()
        made = ApiToken(
            id=new_id(now),
            operator_id=operator_id,
            name=_check_name(name),
            role=check_role(role),
            created_at=now,
            expires_at=expires_at,
        )
        secret = "csms_" + secrets.token_urlsafe(32)
        row = {**msgspec.structs.asdict(made), "secret_hash": _hashed(secret)}
        await self._pool.execute(ISSUE, row)
        return made, secret

    def _believe(self, secret_hash: bytes, found: ApiToken, until: datetime) -> None:
        if len(self._believed) >= self._max_believed:
            self._believed.clear()
        self._believed[secret_hash] = (found, until)


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _check_name(name: str) -> str:
    if not storable(name):
        raise Invalid("holds characters that cannot be kept", field="name")
    return name
