"""Whom a command is for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from csms.core.batteries.vocabulary import RequestSwap
from csms.core.bearers import bearer_of, check, known, named
from csms.core.commands import Command, RemoteStart, Reset
from csms.core.customers.vocabulary import AskCustomer, Customer
from csms.core.decisions import Policy
from csms.core.errors import Conflict
from csms.core.reservations.vocabulary import ReserveNow
from csms.core.values import Token

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
START = RemoteStart(id_token="TAG", evse_id=1)
RESERVE = ReserveNow(id_token="TAG", expires_at=NOW + timedelta(hours=1))
SWAP = RequestSwap(id_token="TAG")
ASK = AskCustomer(customer=Customer(id_token="TAG"))
CHARGING = [START, RESERVE, SWAP]
OPEN = Policy(accept_unknown_tokens=True)


def kind_of(command: Command) -> str | None:
    """The kind in which a command names its token."""
    kind: str | None = (command.customer if isinstance(command, AskCustomer) else command).kind
    return kind


def test_who_is_named() -> None:
    """Starts, reservations, swaps and questions for a customer's token name one."""
    assert [bearer_of(each) for each in (*CHARGING, ASK)] == ["TAG"] * 4
    assert bearer_of(AskCustomer(customer=Customer(identifier="x"))) is None
    assert bearer_of(Reset()) is None


@pytest.mark.parametrize("command", [*CHARGING, ASK])
def test_a_token_has_one_kind(command: Command) -> None:
    """In every command the same: its own, ISO14443 when it is listed without, none (which is
    Central) when it is not listed."""
    assert kind_of(named(command, Token(id_token="TAG", kind="eMAID"))) == "eMAID"
    assert kind_of(named(command, Token(id_token="TAG"))) == "ISO14443"
    assert named(command, None) == command
    assert named(Reset(), Token(id_token="TAG")) == Reset()


@pytest.mark.parametrize("command", [START, RESERVE])
def test_a_token_brings_its_group(command: RemoteStart | ReserveNow) -> None:
    """Unless the command has another."""
    token = Token(id_token="TAG", group_id="G1")
    whole = named(command, token)
    assert isinstance(whole, RemoteStart | ReserveNow)
    assert whole.group_id == "G1"
    given = replace(command, kind="Local", group_id="G2")
    assert named(given, token) == given


def test_of_another_kind_it_is_another_token() -> None:
    """As when it is presented; Central is any kind."""
    token = Token(id_token="tag", kind="eMAID")
    for command in (START, RESERVE, SWAP):
        assert known(command, token) == token
        assert known(replace(command, kind="central"), token) == token
        assert known(replace(command, kind="Local"), token) is None
    assert known(ASK, token) == token
    other = AskCustomer(customer=Customer(id_token="TAG", kind="Local"))
    assert known(other, token) is None
    assert known(START, None) is None


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"blocked": True}, "Blocked"),
        ({"expires_at": NOW - timedelta(seconds=1)}, "Expired"),
        ({"stations": ("CS2",)}, "NotAtThisLocation"),
    ],
)
@pytest.mark.parametrize("command", CHARGING)
def test_who_may_not_charge_is_refused(command: Command, fields: dict[str, Any], word: str) -> None:
    """Whatever policy says of strangers."""
    with pytest.raises(Conflict) as caught:
        check(command, Token(id_token="TAG", **fields), "CS1", NOW, OPEN)
    assert (caught.value.code, caught.value.detail) == ("not_authorized", f"the token is {word}")


def test_a_token_of_one_evse() -> None:
    """It is good there, and where the EVSE is not said."""
    token = Token(id_token="TAG", stations=("CS1/1",))
    for command in CHARGING:
        check(command, token, "CS1", NOW, Policy())
    with pytest.raises(Conflict):
        check(replace(START, evse_id=2), token, "CS1", NOW, Policy())


@pytest.mark.parametrize("command", CHARGING)
def test_strangers(command: Command) -> None:
    """By policy, as with charging."""
    check(command, None, "CS1", NOW, OPEN)
    with pytest.raises(Conflict) as caught:
        check(command, None, "CS1", NOW, Policy())
    assert caught.value.code == "not_authorized"


@pytest.mark.parametrize("command", CHARGING)
def test_a_master_pass_starts_nothing(command: Command) -> None:
    """Neither one by its own group nor by that which comes with a command (2.x C16.FR.03)."""
    policy = Policy(master_pass_group="M", accept_unknown_tokens=True)
    with pytest.raises(Conflict) as caught:
        check(command, Token(id_token="TAG", group_id="m"), "CS1", NOW, policy)
    assert caught.value.code == "master_pass"
    if not isinstance(command, RequestSwap):
        with pytest.raises(Conflict) as caught:
            check(replace(command, group_id="m"), None, "CS1", NOW, policy)
        assert caught.value.code == "master_pass"
    check(command, Token(id_token="TAG", group_id="G"), "CS1", NOW, policy)


def test_whom_nobody_asks() -> None:
    """Where no authorization is needed, and questions for a customer."""
    check(RemoteStart(id_token="", kind="NoAuthorization"), None, "CS1", NOW, Policy())
    check(ASK, Token(id_token="TAG", blocked=True), "CS1", NOW, Policy())
