"""May this token charge?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from csms.core.authorization import known, verdict
from csms.core.decisions import Policy
from csms.core.replies import AuthorizationGiven
from csms.core.reports import AuthorizationAsked, SessionStarted
from csms.core.values import Authorization, StationKey, Token, TokenStatus
from csms.testing.desk import Desk

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")
CP2 = StationKey(2, "CP2")
OPEN = Policy(accept_unknown_tokens=True)


def judged(
    token: Token | None, policy: Policy | None = None, running: int | None = 0
) -> TokenStatus:
    return verdict(token, "CP1", T0, policy or Policy(), running=running).status


@pytest.mark.parametrize(
    ("token", "status"),
    [
        (Token(id_token="A"), TokenStatus.ACCEPTED),
        (Token(id_token="A", blocked=True), TokenStatus.BLOCKED),
        (Token(id_token="A", expires_at=T0), TokenStatus.EXPIRED),
        (Token(id_token="A", expires_at=T0 + timedelta(seconds=1)), TokenStatus.ACCEPTED),
        (Token(id_token="A", stations=("CP1",)), TokenStatus.ACCEPTED),
        (Token(id_token="A", stations=("CP2",)), TokenStatus.INVALID),
        (Token(id_token="A", blocked=True, expires_at=T0), TokenStatus.BLOCKED),
        (None, TokenStatus.INVALID),
    ],
)
def test_the_verdict(token: Token | None, status: TokenStatus) -> None:
    """Blocked before expired before the place; unknown is invalid."""
    assert judged(token) is status


def test_unknown_tokens_may_be_welcome() -> None:
    """A setting lets strangers charge."""
    assert judged(None, OPEN) is TokenStatus.ACCEPTED


@pytest.mark.parametrize(
    ("limit", "default", "running", "status"),
    [
        (None, 0, 5, TokenStatus.ACCEPTED),
        (None, 2, 1, TokenStatus.ACCEPTED),
        (None, 2, 2, TokenStatus.CONCURRENT),
        (1, 0, 1, TokenStatus.CONCURRENT),
        (0, 1, 9, TokenStatus.ACCEPTED),
        (1, 0, None, TokenStatus.ACCEPTED),
    ],
)
def test_concurrent_sessions(
    limit: int | None, default: int, running: int | None, status: TokenStatus
) -> None:
    """The token's own limit beats the setting; 0 is no limit; unknown counts for nothing."""
    token = Token(id_token="A", max_sessions=limit)
    assert judged(token, Policy(concurrent_sessions=default), running) is status


def test_strangers_are_counted_too() -> None:
    """The setting holds for tokens nobody declared."""
    policy = Policy(accept_unknown_tokens=True, concurrent_sessions=1)
    assert judged(None, policy, 1) is TokenStatus.CONCURRENT


def test_group_and_expiry_go_with_the_verdict() -> None:
    """parentIdTag and expiryDate drive the station's cache."""
    token = Token(id_token="A", group_id="G", expires_at=T0 + timedelta(days=1))
    assert verdict(token, "CP1", T0, Policy()) == Authorization(
        status=TokenStatus.ACCEPTED, group_id="G", expires_at=T0 + timedelta(days=1)
    )


def test_tokens_are_found_without_case() -> None:
    """idTag is a CiString."""
    token = Token(id_token="AbC")
    assert known({"ABC": token}, "aBc") is token
    assert known({"ABC": token}, None) is None


def test_authorize_counts_sessions_elsewhere_only() -> None:
    """A driver who presents the token where the session runs may be stopping it."""
    desk = Desk(T0, Policy(concurrent_sessions=1))
    desk.book.add_token(Token(id_token="A"))
    desk.say(CP1, SessionStarted(evse_id=1, id_token="A", at=T0, meter_wh=0.0))
    asked = AuthorizationAsked(id_token="a")
    assert desk.say(CP1, asked) == AuthorizationGiven(Authorization(status=TokenStatus.ACCEPTED))
    assert desk.say(CP2, asked) == AuthorizationGiven(Authorization(status=TokenStatus.CONCURRENT))
