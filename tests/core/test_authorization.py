"""May this token charge?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from csms.core.authorization import is_needless, known, places, verdict
from csms.core.decisions import Policy
from csms.core.flags import STRANGER
from csms.core.replies import AuthorizationGiven, StartAnswered
from csms.core.reports import AuthorizationAsked, SessionStarted, SessionStopped
from csms.core.values import (
    Authorization,
    StationKey,
    Terms,
    Token,
    TokenStatus,
    TransactionLimit,
)
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
        (Token(id_token="A", stations=("CP2",)), TokenStatus.NOT_HERE),
        (Token(id_token="A", blocked=True, expires_at=T0), TokenStatus.BLOCKED),
        (None, TokenStatus.UNKNOWN),
    ],
)
def test_the_verdict(token: Token | None, status: TokenStatus) -> None:
    """Blocked before expired before the place."""
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


def test_what_is_declared_goes_with_the_verdict() -> None:
    """All of it where the token is good; else what its driver is told (C01, I08, Q01)."""
    token = Token(
        id_token="A",
        languages=("nl", "de"),
        personal_message="Hoi",
        charging_priority=-9,
        allowed_energy_transfer=("DC",),
        tariff={"tariff_id": "T"},
        transaction_limit=TransactionLimit(max_time_s=60),
    )
    assert verdict(token, "CP1", T0, Policy()).terms == Terms(
        languages=("nl", "de"),
        personal_message="Hoi",
        charging_priority=-9,
        allowed_energy_transfer=("DC",),
        tariff={"tariff_id": "T"},
        transaction_limit=TransactionLimit(max_time_s=60),
    )
    blocked = verdict(replace(token, blocked=True), "CP1", T0, Policy())
    assert blocked.terms == Terms(languages=("nl", "de"), personal_message="Hoi")
    assert verdict(Token(id_token="A"), "CP1", T0, Policy()).terms is None


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


@pytest.mark.parametrize(
    ("declared", "presented", "same"),
    [
        ("ISO14443", "ISO14443", True),
        ("ISO14443", "iso14443", True),
        ("ISO14443", "KeyCode", False),
        ("ISO14443", "Central", True),
        ("Central", "ISO14443", False),
        ("ISO14443", None, True),
        (None, "KeyCode", True),
        ("", "KeyCode", True),
    ],
)
def test_tokens_are_compared_with_their_kind(
    declared: str | None, presented: str | None, same: bool
) -> None:
    """Where both are known (2.x); a remote start calls every token Central."""
    token = Token(id_token="A", kind=declared)
    assert known({"A": token}, "a", presented) == (token if same else None)


def test_authorize_asks_for_the_kind_too() -> None:
    """A key code is not the card of the same digits."""
    desk = Desk(T0)
    desk.book.add_token(Token(id_token="1234", kind="ISO14443"))
    asked = AuthorizationAsked(id_token="1234", kind="KeyCode")
    unknown = Authorization(status=TokenStatus.UNKNOWN)
    assert desk.say(CP1, asked) == AuthorizationGiven(unknown)


def test_no_authorization_is_accepted() -> None:
    """Whatever stands in the place of the token (C02.FR.02)."""
    desk = Desk(T0)
    for text in ("", "A"):
        asked = AuthorizationAsked(id_token=text, kind="NoAuthorization")
        assert desk.say(CP1, asked) == AuthorizationGiven(
            Authorization(status=TokenStatus.ACCEPTED)
        )
    assert not is_needless(None)


def test_a_token_may_be_good_at_some_evses() -> None:
    """Which ones is told (C01.FR.19); at the others it is not good."""
    token = Token(id_token="A", stations=("CP1/3", "CP1/1", "CP1/x", "CP2/1", "CP10", "CP1/"))
    assert places(token, "CP1") == (1, 3)
    assert places(token, "CP10") is None
    assert places(token, "CP3") == ()
    given = Authorization(status=TokenStatus.ACCEPTED, evse_ids=(1, 3))
    assert verdict(token, "CP1", T0, Policy()) == given
    assert verdict(token, "CP1", T0, Policy(), evse_id=3) == given
    assert verdict(token, "CP1", T0, Policy(), evse_id=2).status is TokenStatus.NOT_HERE
    assert verdict(token, "CP3", T0, Policy()) == Authorization(status=TokenStatus.NOT_HERE)


def test_a_master_pass_is_good_for_everything_but_a_start() -> None:
    """Its group tells the station what it is (C16.FR.01, C16.FR.03)."""
    token = Token(id_token="A", group_id="Masters")
    policy = Policy(master_pass_group="MASTERS")
    good = Authorization(status=TokenStatus.ACCEPTED, group_id="Masters")
    assert verdict(token, "CP1", T0, policy) == good
    assert verdict(token, "CP1", T0, policy, starting=True).status is TokenStatus.INVALID
    for other in (Policy(), Policy(master_pass_group="x")):
        assert verdict(token, "CP1", T0, other, starting=True) == good


def test_a_master_pass_starts_no_session_of_1_6() -> None:
    """And stops any."""
    desk = Desk(T0, Policy(master_pass_group="M"))
    desk.book.add_token(Token(id_token="A"))
    desk.book.add_token(Token(id_token="PASS", group_id="m"))
    reply = desk.say(CP1, SessionStarted(evse_id=1, id_token="PASS", at=T0, meter_wh=0.0))
    assert isinstance(reply, StartAnswered)
    assert reply.authorization.status is TokenStatus.INVALID
    reply = desk.say(CP2, SessionStarted(evse_id=1, id_token="A", at=T0, meter_wh=0.0))
    assert isinstance(reply, StartAnswered)
    stop = SessionStopped(transaction_ref=reply.transaction_ref, at=T0, id_token="PASS")
    desk.say(CP2, stop)
    (session,) = [each for each in desk.sessions if each.station_id == CP2.id]
    assert STRANGER not in session.flags
