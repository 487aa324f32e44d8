"""Whom a command is for: the token that it names, as the operator's list knows it.

Note on kinds of tokens
-----------------------
Stations of OCPP 2.x tell tokens apart by their kind, so one token has to have the same kind in
every command that names it, or the driver for whom an EVSE is reserved could not be started there.
It is the kind that comes with the command, else that of the token in the operator's list; one that
is listed without a kind is a card, as in local lists; and one that is not listed is taken for one
that the server made (``Central``), since no card of that id was ever told of.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from msgspec.structs import replace

from csms.core.authorization import is_master_pass, is_needless, verdict
from csms.core.authorization import known as known_token
from csms.core.batteries.vocabulary import RequestSwap
from csms.core.commands import Command, RemoteStart
from csms.core.customers.vocabulary import AskCustomer
from csms.core.decisions import Policy, folded
from csms.core.errors import Conflict
from csms.core.locallists.vocabulary import USUAL_KIND
from csms.core.reservations.vocabulary import ReserveNow
from csms.core.values import Token, TokenStatus


def bearer_of(command: Command) -> str | None:
    """The token that a command names."""
    match command:
        case RemoteStart() | ReserveNow() | RequestSwap():
            return command.id_token
        case AskCustomer():
            return command.customer.id_token
        case _:
            return None


def known(command: Command, token: Token | None) -> Token | None:
    """The token of the operator's list, unless the command says that it means one of another
    kind."""
    if token is None:
        return None
    kind = command.customer.kind if isinstance(command, AskCustomer) else _kind(command)
    return known_token({folded(token.id_token): token}, token.id_token, kind)


def check(
    command: Command, token: Token | None, identity: str, now: datetime, policy: Policy
) -> None:
    """Refuse to have a session started, an EVSE kept or a battery given out for somebody who may
    not charge there, as the verdict would be if the token were presented.

    ``token`` is the one that is `known`.  Raises `Conflict`: ``master_pass`` (2.x C16.FR.03), be it
    one by its own group or by that which comes with the command; else ``not_authorized``.
    """
    if not isinstance(command, RemoteStart | ReserveNow | RequestSwap):
        return
    own = None if token is None else token.group_id
    given = None if isinstance(command, RequestSwap) else command.group_id
    if is_master_pass(own, policy) or is_master_pass(given, policy):
        raise Conflict("a master pass starts no session", code="master_pass")
    if is_needless(command.kind):
        return
    evse_id = None if isinstance(command, RequestSwap) else command.evse_id
    found = verdict(token, identity, now, policy, evse_id=evse_id or 0)
    if found.status is not TokenStatus.ACCEPTED:
        raise Conflict(f"the token is {found.status.value}", code="not_authorized")


def named(command: Command, token: Token | None) -> Command:
    """The command with the kind and the group of a token that is `known`, where it brings none of
    its own."""
    if token is None:
        return command
    kind = token.kind or USUAL_KIND
    match command:
        case RemoteStart() | ReserveNow():
            return replace(
                command, kind=command.kind or kind, group_id=command.group_id or token.group_id
            )
        case RequestSwap():
            return replace(command, kind=command.kind or kind)
        case AskCustomer():
            customer = replace(command.customer, kind=command.customer.kind or kind)
            return replace(command, customer=customer)
        case _:
            return command


def _kind(command: Command) -> str | None:
    return cast("str | None", getattr(command, "kind", None))
