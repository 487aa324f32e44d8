"""Rules of sessions that go on under another id, or under none.

A station that lost the number of its transaction (or changed its version of OCPP in the middle of
one) tells of it as -1, 0, an id of its own, or by the number we gave as if it had made that name.
What it tells is the session's that it can be of, and that is a matter of place, time and register:

- 1.6 values and stops of no number (``NO_NUMBER``): those of the only open session whose
  register they continue, on their EVSE (a stop tells none: on the station).  An orphan
  (`csms.core.orphans`) that runs there and whose register they continue comes first.
- A stop of 1.6 whose id nobody knows: so, but only of a session that the station named in 2.x.
- An event of 2.x, but not a start, of a name nobody knows: the only open session of its EVSE
  whose register it continues, where that is one that the server numbered, and nobody else's token
  is told.  From then on it has that name.  A start begins a session of its own, and what was open
  there lost its end.
- A name of 2.x that is a number we gave, and the other way round: that session, if what is told
  is of its EVSE and can be its own; once events of 2.x have come, all of them are its own.

The register continues when it is not below the last, has risen by no more than a charger can
deliver since, and was read within `LONGEST` of it.  What is told late or again lies within the
session: between its begin and the newest that is known, in time and in register; so it is found
after the end too, and a stop by what it said.  What fits two, or one that lost its end, is
nobody's: in doubt two sessions are better than one with the energy of two drivers.

Found in that way, except by its number, a session is flagged `NUMBER_MISSING`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from csms.core.authorization import known
from csms.core.decisions import Ask, Policy, State, folded
from csms.core.flags import ADMINISTRATIVE, STOP_MISSING
from csms.core.metering import plausible
from csms.core.orphans import LONGEST
from csms.core.presenting import stops, token_of
from csms.core.reports import SessionStopped, Stage, TransactionTold
from csms.core.sessions import Timed, may_stop
from csms.core.transaction_events import transaction_key
from csms.core.values import Numbering, Session, SessionStatus

Told = Sequence[tuple[datetime, float | None]]
"""Moments that are told of, and the register (Wh) at each, where that is."""


class LikelyAsked(Ask, frozen=True, kw_only=True):
    """The sessions that may be meant, where there is none of that id.

    ``evse_id``: 0 for all of the station.  They are those that are open, and those that ended no
    earlier than ``at``.
    """

    ref: str | None = None
    evse_id: int = 0
    at: datetime


def registers(values: Iterable[Timed]) -> Told:
    """The registers that readings tell."""
    return [(at, found.register_wh) for at, found in values]


def can_be_of(session: Session, told: Told) -> bool:
    """Whether all of that can be of a session; see the note above."""
    return all(_can_be(session, at, register) for at, register in told)


def _can_be(session: Session, at: datetime, register: float | None) -> bool:
    over = session.status is SessionStatus.ENDED
    newest = _newest(session)
    if not session.started_at <= at <= (newest if over else newest + LONGEST):
        return False
    if register is None:
        return True
    first, last = session.meter_start_wh, session.meter_last_wh
    if first is None or last is None:
        return False
    highest = max(last, session.reset_register_wh or last)
    if at <= newest and min(first, last) <= register <= highest:
        return True
    continues = not over and newest <= at and last <= register
    return continues and plausible(register - last, at - newest)


def _newest(session: Session) -> datetime:
    return session.ended_at or session.last_reading_at or session.started_at


def values_of(likely: Iterable[Session], told: Told) -> Session | None:
    """The session of a number that values without one belong to."""
    session = _only(likely, told)
    if session is None or session.transaction_ref is None:
        return None
    if STOP_MISSING in session.flags and any(at > _newest(session) for at, _ in told):
        return None
    return session


def stopped_before(likely: Iterable[Session], report: SessionStopped) -> Session | None:
    """The session of a number that this very stop, sent before, has ended."""
    for session in likely:
        over = session.status is SessionStatus.ENDED and ADMINISTRATIVE not in session.flags
        same = (session.ended_at, session.meter_stop_wh) == (report.at, report.meter_wh)
        if over and same and report.meter_wh:
            return session
    return None


def stopped_by(
    likely: Iterable[Session], report: SessionStopped, group_id: str | None, policy: Policy
) -> Session | None:
    """The open session of a number that a stop without a known one ends; ``group_id`` is that of
    the token that was presented."""
    if not report.meter_wh:
        return None
    session = _only(likely, [(report.at, report.meter_wh)])
    if session is None or not _is_open(session) or (session.meter_last_wh or 0) > report.meter_wh:
        return None
    return session if may_stop(session, report.id_token, group_id, policy) else None


def continued(
    report: TransactionTold, state: State, values: Sequence[Timed], policy: Policy
) -> Session | None:
    """The session that an event of 2.x goes on telling of, though it was not named by its
    station, under the name that it has from now on."""
    if report.stage is Stage.STARTED:
        return None
    session = state.session
    told = registers(values)
    if session is not None:
        if session.numbering is not None:
            return session
        elsewhere = report.evse_id and session.evse_id and report.evse_id != session.evse_id
        if elsewhere or not can_be_of(session, [(report.at, None), *told]):
            return None
        return replace(session, numbering=Numbering(newest_at=report.at))
    if all(register is None for _, register in told):
        return None
    near = state.answers(LikelyAsked) or state.open_sessions
    session = _only(near, [(report.at, None), *told])
    if session is None or not _is_open(session) or session.named_by_station:
        return None
    if session.numbering is not None or not _is_of_token(session, report, state, policy):
        return None
    return replace(
        session,
        transaction_ref=report.transaction_ref,
        named_by_station=True,
        start_key=transaction_key(report.transaction_ref),
        numbering=Numbering(newest_at=report.at),
    )


def _only(likely: Iterable[Session], told: Told) -> Session | None:
    fitting = [session for session in likely if can_be_of(session, told)]
    return fitting[0] if len(fitting) == 1 else None


def _is_open(session: Session) -> bool:
    """Whether it has a number and nothing says that it is over."""
    superseded = session.status is SessionStatus.ENDED or STOP_MISSING in session.flags
    return session.transaction_ref is not None and not superseded


def _is_of_token(session: Session, report: TransactionTold, state: State, policy: Policy) -> bool:
    """Whether nobody else presented a token."""
    token = token_of(report)
    if token is None:
        return True
    if stops(report):
        found = known(state.tokens, token, report.id_token_kind)
        return may_stop(session, token, None if found is None else found.group_id, policy)
    return session.id_token is not None and folded(session.id_token) == folded(token)
