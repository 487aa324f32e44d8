"""Tokens that come with the events of a transaction (OCPP 2.x): who started it, who stopped it.

A token may be there from the start, come with a later event (cable first, then the card), or
never.  Of those that were presented to start, the session is that of the first that was accepted,
or of the first of all while none was.  Whoever presents one with the end, or to stop (trigger
``StopAuthorized``), is who stopped it.
"""

from __future__ import annotations

from datetime import datetime

import attrs
from msgspec.structs import replace

from csms.core.authorization import ACCEPTED, is_needless, known, refused, verdict
from csms.core.decisions import Policy, State, folded
from csms.core.flags import ADMINISTRATIVE, STRANGER, UNAUTHORIZED, flagged, unflagged
from csms.core.numbering import is_newer, told
from csms.core.reports import Stage, TransactionTold
from csms.core.sessions import HISTORICAL, may_stop, turn_of
from csms.core.values import Authorization, Session, SessionStatus, StationKey, TokenStatus

INVALID = Authorization(status=TokenStatus.INVALID)
TOKEN = "id_token"  # noqa: S105  # the name of a detail
STOP_TOKEN = "stop_id_token"  # noqa: S105  # the same
_KIND, _ADDITIONS = "id_token_kind", "additional_info"


@attrs.frozen
class Presented:
    """What a token that was presented makes of the session, and the verdict on it.

    ``given``: None when no token was presented.  ``live``: it was presented now, to start.
    ``turn``: see `csms.core.decisions.Decision`.
    """

    session: Session
    given: Authorization | None = None
    live: bool = False
    turn: tuple[int, str] | None = None


def token_of(report: TransactionTold) -> str | None:
    """The token that somebody presented; None also where none is needed."""
    return None if is_needless(report.id_token_kind) else report.id_token


def stops(report: TransactionTold) -> bool:
    """Whether a token that comes with the event was presented to stop."""
    stopping = report.stage is Stage.UPDATED and report.trigger == "StopAuthorized"
    return report.stage is Stage.ENDED or stopping


def presented(
    session: Session,
    report: TransactionTold,
    key: StationKey,
    state: State,
    now: datetime,
    policy: Policy,
) -> Presented:
    """Judge the token of an event that was not heard before.

    One that is presented now, to start, counts against those that run elsewhere; one of an event
    that is old, or that came while the station was offline, does not (it is judged all the same,
    for the answer puts the station's cache right).
    """
    if report.id_token_unreadable:
        return Presented(_unknown(session, report), INVALID)
    if report.id_token is None:
        return Presented(session)
    if is_needless(report.id_token_kind):
        if session.authorization is None and not stops(report):
            session = replace(session, authorization=TokenStatus.ACCEPTED)
        return Presented(session, ACCEPTED)
    if stops(report):
        given = _verdict(session, report, key, state, now, policy)
        return Presented(_stopped(session, report, given, policy), given)
    accepted = _is_its_own(session, report) and session.authorization == TokenStatus.ACCEPTED
    running = None
    if not accepted and is_live(report, session, now):
        running = state.running
    given = _verdict(session, report, key, state, now, policy, running)
    turn = None
    if running is not None and given.status is TokenStatus.ACCEPTED:
        turn = turn_of(report.id_token, key, state, policy)
    return Presented(_started(session, report, given, policy), given, running is not None, turn)


def presented_again(
    session: Session,
    report: TransactionTold,
    key: StationKey,
    state: State,
    now: datetime,
    policy: Policy,
) -> Authorization | None:
    """The answer to the token of an event that was heard before: the same verdict, unless the
    token itself is no longer good."""
    if report.id_token_unreadable:
        return INVALID
    if report.id_token is None:
        return None
    if is_needless(report.id_token_kind):
        return ACCEPTED
    given = _verdict(session, report, key, state, now, policy)
    was_concurrent = session.authorization == TokenStatus.CONCURRENT and not stops(report)
    if was_concurrent and _is_its_own(session, report) and given.status is TokenStatus.ACCEPTED:
        given = refused(given, TokenStatus.CONCURRENT)
    return given


def is_live(report: TransactionTold, session: Session, now: datetime) -> bool:
    """Whether an event is of now, and its transaction still runs."""
    open_still = session.status is not SessionStatus.ENDED
    return open_still and not report.offline and now - report.at < HISTORICAL


def _is_its_own(session: Session, report: TransactionTold) -> bool:
    """Whether the token is the one that the session has."""
    if session.id_token is None or report.id_token is None:
        return False
    return folded(session.id_token) == folded(report.id_token)


def _unknown(session: Session, report: TransactionTold) -> Session:
    """The session with a token that nobody can read, which is good for nothing."""
    if session.authorization is not None or stops(report):
        return session
    flags = flagged(session.flags, UNAUTHORIZED)
    return replace(session, authorization=TokenStatus.INVALID, flags=flags)


def _verdict(
    session: Session,
    report: TransactionTold,
    key: StationKey,
    state: State,
    now: datetime,
    policy: Policy,
    running: int | None = None,
) -> Authorization:
    starting = not stops(report)
    return verdict(
        known(state.tokens, report.id_token, report.id_token_kind),
        key.identity,
        min(report.at, now),
        policy,
        running=running,
        starting=starting,
        evse_id=session.evse_id if starting else 0,
    )


def _started(
    session: Session, report: TransactionTold, given: Authorization, policy: Policy
) -> Session:
    """The session with a token that was presented to start, where it is the one that counts."""
    numbering = session.numbering
    assert numbering is not None  # it has been counted
    earlier = session.id_token is None or not is_newer(numbering, TOKEN, report)
    if earlier:
        numbering = told(numbering, report, TOKEN)
    if not _counts(session, report, given, earlier=earlier):
        same = earlier and _is_its_own(session, report)
        return replace(session, numbering=numbering) if same else session
    good = given.status is TokenStatus.ACCEPTED
    flags = session.flags
    session = replace(
        session,
        id_token=report.id_token,
        group_id=given.group_id,
        authorization=given.status,
        numbering=numbering if earlier else told(numbering, report, TOKEN),
        details=_details(session, report),
        flags=unflagged(flags, UNAUTHORIZED) if good else flagged(flags, UNAUTHORIZED),
    )
    return _estranged(session, policy)


def _counts(
    session: Session, report: TransactionTold, given: Authorization, *, earlier: bool
) -> bool:
    """Whether a token (or a new verdict on the same) takes the place of the one before it."""
    if session.id_token is None:
        return True
    good = given.status is TokenStatus.ACCEPTED
    was_good = session.authorization == TokenStatus.ACCEPTED
    if good != was_good:
        return good
    return earlier and not _is_its_own(session, report)


def _details(session: Session, report: TransactionTold) -> dict[str, object]:
    """The details of the session with what came with the token."""
    details = {name: value for name, value in session.details.items() if name != _ADDITIONS}
    if report.id_token_kind is not None:
        details[_KIND] = report.id_token_kind
    if report.additional_info:
        details[_ADDITIONS] = [
            {"id_token": text, "type": kind} for text, kind in report.additional_info
        ]
    return details


def _stopped(
    session: Session, report: TransactionTold, given: Authorization, policy: Policy
) -> Session:
    """The session with a token that was presented to stop; of two ends the first holds."""
    numbering = session.numbering
    assert numbering is not None  # it has been counted
    over = session.status is SessionStatus.ENDED and ADMINISTRATIVE not in session.flags
    if (over and report.stage is Stage.ENDED) or not is_newer(numbering, STOP_TOKEN, report):
        return session
    numbering = replace(told(numbering, report, STOP_TOKEN), stop_group=given.group_id)
    session = replace(session, stop_id_token=report.id_token, numbering=numbering)
    return _estranged(session, policy)


def _estranged(session: Session, policy: Policy) -> Session:
    """The session, marked when it was stopped by somebody who may not."""
    numbering = session.numbering
    assert numbering is not None  # it has been counted
    if may_stop(session, session.stop_id_token, numbering.stop_group, policy):
        return replace(session, flags=unflagged(session.flags, STRANGER))
    return replace(session, flags=flagged(session.flags, STRANGER))
