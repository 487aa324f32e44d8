"""May this token charge?  One verdict for every version and every message that asks.

Note on kinds of tokens
-----------------------
A token is known by its text, whatever the case of its letters.  OCPP 2.x gives every token a
kind, and one of another kind is another token; so a kind that was declared and a kind that was
presented must be the same.  Where one of them is missing the text alone decides: OCPP 1.6 tells
no kinds, and an operator need not declare any.  ``Central`` agrees with every kind, for it is what
a remote start calls the token it brings, whatever kind of token the driver holds elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from csms.core.abilities import takes_tariffs, tariffs_asked
from csms.core.certificates.presented import answer_contract
from csms.core.decisions import Decision, Policy, Question, State, folded
from csms.core.replies import AuthorizationGiven
from csms.core.reports import AuthorizationAsked
from csms.core.values import Authorization, StationKey, Terms, Token, TokenStatus

NO_AUTHORIZATION = "NoAuthorization"
"""The kind of a token that says that none is needed (2.x C02)."""
CENTRAL = "Central"
"""The kind of a token that the server made, or sent along with a remote start."""

ACCEPTED = Authorization(status=TokenStatus.ACCEPTED)
NO_TERMS = Terms()


def verdict(
    token: Token | None,
    identity: str,
    at: datetime,
    policy: Policy,
    *,
    running: int | None = None,
    starting: bool = False,
    evse_id: int = 0,
) -> Authorization:
    """Judge a token for the station ``identity`` at the moment ``at`` of the event.

    ``running`` is how many sessions the token already has elsewhere; None where that does not
    matter (stopping, or a start that lies in the past: OCPP 1.6 errata, offline transactions).
    ``starting``: it was presented to start, which a master pass cannot (2.x C16.FR.03).
    ``evse_id`` 0: not yet known, or of no consequence.
    """
    concurrent = running is not None and 0 < limit_of(token, policy) <= running
    good = TokenStatus.CONCURRENT if concurrent else TokenStatus.ACCEPTED
    if token is None:
        return Authorization(status=good if policy.accept_unknown_tokens else TokenStatus.UNKNOWN)
    evse_ids = places(token, identity)
    if token.blocked:
        status = TokenStatus.BLOCKED
    elif token.expires_at is not None and token.expires_at <= at:
        status = TokenStatus.EXPIRED
    elif evse_ids is not None and not _good_at(evse_id, evse_ids):
        status = TokenStatus.NOT_HERE
    elif starting and is_master_pass(token.group_id, policy):
        status = TokenStatus.INVALID
    else:
        status = good
    return Authorization(
        status=status,
        expires_at=token.expires_at,
        group_id=token.group_id,
        evse_ids=evse_ids or None,
        terms=terms_of(token, accepted=status is TokenStatus.ACCEPTED),
    )


def terms_of(token: Token, *, accepted: bool) -> Terms | None:
    """What is declared of a token beside what it takes to judge it; whom it is refused is told no
    more than why, in words of theirs."""
    terms = Terms(languages=token.languages or (), personal_message=token.personal_message)
    if accepted:
        terms = replace(
            terms,
            charging_priority=token.charging_priority,
            allowed_energy_transfer=token.allowed_energy_transfer or (),
            tariff=token.tariff,
            transaction_limit=token.transaction_limit,
        )
    return None if terms == NO_TERMS else terms


def refused(authorization: Authorization, status: TokenStatus) -> Authorization:
    """The verdict on a token that is good, turned into another."""
    terms = authorization.terms
    if terms is not None:
        terms = Terms(languages=terms.languages, personal_message=terms.personal_message)
        terms = None if terms == NO_TERMS else terms
    return replace(authorization, status=status, terms=terms)


def places(token: Token, identity: str) -> tuple[int, ...] | None:
    """The EVSEs of a station where a token is good; None: all of them."""
    if token.stations is None or identity in token.stations:
        return None
    evses = [place.partition("/") for place in token.stations if place.startswith(f"{identity}/")]
    return tuple(sorted({int(evse) for _, _, evse in evses if _is_number(evse)}))


def _is_number(evse: str) -> bool:
    return evse.isascii() and evse.isdigit() and len(evse) < 10


def _good_at(evse_id: int, evse_ids: tuple[int, ...]) -> bool:
    return evse_id in evse_ids if evse_id else bool(evse_ids)


def limit_of(token: Token | None, policy: Policy) -> int:
    """Sessions the token may have running at once; 0: no limit."""
    if token is None or token.max_sessions is None:
        return policy.concurrent_sessions
    return token.max_sessions


def known(
    tokens: Mapping[str, Token], id_token: str | None, kind: str | None = None
) -> Token | None:
    """The token of that id (and kind, see the note above) among those the ledger found."""
    token = None if id_token is None else tokens.get(folded(id_token))
    if token is None or not (kind and token.kind):
        return token
    presented = kind.casefold()
    return token if presented in (token.kind.casefold(), CENTRAL.casefold()) else None


def is_needless(kind: str | None) -> bool:
    """Whether a token of that kind says that nobody has to be authorized (2.x C02)."""
    return kind is not None and kind.casefold() == NO_AUTHORIZATION.casefold()


def is_master_pass(group_id: str | None, policy: Policy) -> bool:
    """Whether the tokens of a group may stop every session and start none (2.x C16)."""
    return (
        group_id is not None
        and policy.master_pass_group != ""
        and folded(group_id) == folded(policy.master_pass_group)
    )


def asked(report: AuthorizationAsked) -> Question:
    """What the answer to an Authorize depends on."""
    if is_needless(report.kind):
        return Question()
    # What was told a kind is of 2.x, which has tariffs.
    more = () if report.kind is None else (tariffs_asked(report.id_token),)
    return Question(tokens=(report.id_token,), sessions_of=report.id_token, more=more)


def authorize(
    report: AuthorizationAsked, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Answer Authorize (OCPP 1.6 §4.1, 2.x C01): no side effects.

    A session the token runs on this very station does not count against it: the driver may be
    presenting it to stop.  For the same reason a master pass is good; its group tells the
    station what it is (2.x C16).
    """
    if is_needless(report.kind):
        return Decision(AuthorizationGiven(ACCEPTED))
    token = known(state.tokens, report.id_token, report.kind)
    given = verdict(token, key.identity, now, policy, running=state.running)
    if given.terms is not None and not takes_tariffs(state):
        given = replace(given, terms=replace(given.terms, tariff=None))
    if report.presented is not None:
        return answer_contract(report.presented, report.id_token, key, given, now, policy)
    return Decision(AuthorizationGiven(given))
