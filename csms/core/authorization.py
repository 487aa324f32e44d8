"""May this token charge?  One verdict for every version and every message that asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from csms.core.decisions import Decision, Policy, Question, State, folded
from csms.core.replies import AuthorizationGiven
from csms.core.reports import AuthorizationAsked
from csms.core.values import Authorization, StationKey, Token, TokenStatus


def verdict(
    token: Token | None,
    identity: str,
    at: datetime,
    policy: Policy,
    *,
    running: int | None = None,
) -> Authorization:
    """Judge a token for the station ``identity`` at the moment ``at`` of the event.

    ``running`` is how many sessions the token already has elsewhere; None where that does not
    matter (stopping, or a start that lies in the past: OCPP 1.6 errata, offline transactions).
    """
    concurrent = running is not None and 0 < limit_of(token, policy) <= running
    good = TokenStatus.CONCURRENT if concurrent else TokenStatus.ACCEPTED
    if token is None:
        return Authorization(status=good if policy.accept_unknown_tokens else TokenStatus.INVALID)
    if token.blocked:
        status = TokenStatus.BLOCKED
    elif token.expires_at is not None and token.expires_at <= at:
        status = TokenStatus.EXPIRED
    elif token.stations is not None and identity not in token.stations:
        status = TokenStatus.INVALID
    else:
        status = good
    return Authorization(status=status, expires_at=token.expires_at, group_id=token.group_id)


def limit_of(token: Token | None, policy: Policy) -> int:
    """Sessions the token may have running at once; 0: no limit."""
    if token is None or token.max_sessions is None:
        return policy.concurrent_sessions
    return token.max_sessions


def known(tokens: Mapping[str, Token], id_token: str | None) -> Token | None:
    """The token of that id among those the ledger found."""
    return None if id_token is None else tokens.get(folded(id_token))


def asked(report: AuthorizationAsked) -> Question:
    """What the answer to an Authorize depends on."""
    return Question(tokens=(report.id_token,), sessions_of=report.id_token)


def authorize(
    report: AuthorizationAsked, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Answer Authorize (OCPP 1.6 §4.1, 2.x C01): no side effects.

    A session the token runs on this very station does not count against it: the driver may be
    presenting it to stop.
    """
    token = known(state.tokens, report.id_token)
    given = verdict(token, key.identity, now, policy, running=state.running)
    return Decision(AuthorizationGiven(given))
