"""The contract of `csms.core.ports.IApiTokens`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from zope.interface.verify import verifyObject

from csms.core.declarations import ROLES
from csms.core.errors import Invalid
from csms.core.ports import IApiTokens
from csms.testing.waiting import waits

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@attrs.define
class Watch:
    """A time that the test sets."""

    at: datetime = AT

    def __call__(self) -> datetime:
        """The time."""
        return self.at

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


class ApiTokensContract:
    """Mixed into a test class that has the fixtures ``watch`` and ``api_tokens``, which tells
    the time from it and has no tokens; operators 1 and 2 exist."""

    def test_provides(self, api_tokens: IApiTokens) -> None:
        """It provides the port, with the signatures that the port has."""
        assert verifyObject(IApiTokens, api_tokens)

    @pytest.mark.parametrize("role", ROLES)
    @waits
    async def test_create(self, api_tokens: IApiTokens, role: str) -> None:
        """A token is told its secret once, and is known by it from then on."""
        token, secret = await api_tokens.create("ü", role, 2)
        assert re.fullmatch(r"csms_[A-Za-z0-9_-]{43}", secret)
        assert (token.name, token.role, token.operator_id) == ("ü", role, 2)
        assert token.last_used_at is None
        verified = await api_tokens.verify(secret)
        assert verified is not None
        assert (verified.id, verified.role, verified.operator_id) == (token.id, role, 2)
        assert verified.created_at == token.created_at

    @waits
    async def test_several(self, api_tokens: IApiTokens) -> None:
        """Tokens may share a name; each has its own secret."""
        one, first = await api_tokens.create("x", "admin", 1)
        two, second = await api_tokens.create("x", "auditor", 1)
        assert one.id != two.id
        assert first != second
        verified = await api_tokens.verify(second)
        assert verified is not None
        assert verified.id == two.id

    @pytest.mark.parametrize("secret", ["", "csms_", "csms_" + "x" * 43, "\0", "\ud800", "é" * 99])
    @waits
    async def test_unknown(self, api_tokens: IApiTokens, secret: str) -> None:
        """What is nobody's secret opens nothing."""
        await api_tokens.create("x", "admin", 1)
        assert await api_tokens.verify(secret) is None

    @waits
    async def test_bad_role(self, api_tokens: IApiTokens) -> None:
        """There are three roles."""
        with pytest.raises(Invalid) as caught:
            await api_tokens.create("x", "root", 1)
        assert caught.value.field == "role"

    @waits
    async def test_expiry(self, watch: Watch, api_tokens: IApiTokens) -> None:
        """A token is good until the moment it expires, also one that was just used."""
        until = AT + timedelta(seconds=10)
        token, secret = await api_tokens.create("x", "admin", 1, until)
        assert token.expires_at == until
        watch.advance(9)
        assert await api_tokens.verify(secret) is not None
        watch.advance(1)
        assert await api_tokens.verify(secret) is None

    @waits
    async def test_use(self, watch: Watch, api_tokens: IApiTokens) -> None:
        """The last use is noted, to the minute."""
        _, secret = await api_tokens.create("x", "admin", 1)

        async def used() -> datetime | None:
            token = await api_tokens.verify(secret)
            return None if token is None else token.last_used_at

        assert await used() == AT
        watch.advance(59)
        assert await used() == AT
        watch.advance(1)
        assert await used() == AT + timedelta(seconds=60)
