"""The rule of TransactionEvent (OCPP 2.x E01 ff.): a station tells of a transaction it named.

The events of a transaction may come in any order, twice, late by days or not at all, and each is
answered as if all were well.  What the session is in the end depends on which of them came and
not on their order (`csms.core.transaction_events`):

- Whatever is told before the start makes a session without one (flag `ORPHAN`), which the start
  fills in when it comes; unless it goes on telling of a session that began in OCPP 1.6
  (`csms.core.continuing`).
- Its place, its token, the remote start it came of and everything else may be told by any event.
  Of what several tell, the event with the highest number counts (`csms.core.numbering`); of its
  tokens see `csms.core.presenting`.
- Energy is that of its readings, whenever they come (`csms.core.metering`): also after the end,
  which a late event never takes back.  What has a number above that of the end is kept and counts
  for nothing.
- 2.x has no register of the stop: it is the one told as such (context Transaction.End), or the
  last of the event that ends it, or else the last there was.

An EVSE has one transaction at a time.  When it has two, the one that began first lost its end: it
stays open as ``suspect``, see `csms.core.sessions`.

Note on transaction ids that are used again
-------------------------------------------
They are to be unique for ever, and some stations begin again at "1".  A start that was made after
the end of the session of that name (or, while that is still open, with another token and after
everything that was heard of it) therefore begins a session of its own, to which the name belongs
from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from csms.core.abilities import limits_asked
from csms.core.answering import answer
from csms.core.continuing import LikelyAsked, continued
from csms.core.decisions import (
    AddReading,
    Ask,
    Decision,
    LinkOperation,
    MergeReading,
    OpenSession,
    Policy,
    Question,
    SaveSession,
    State,
    Write,
    folded,
)
from csms.core.events import Event
from csms.core.figures import figures
from csms.core.flags import NUMBER_MISSING, ORPHAN, STOP_MISSING, flagged
from csms.core.numbering import Place, counted, place_of
from csms.core.presenting import Presented, presented, presented_again, stops, token_of
from csms.core.reports import Stage, TransactionTold
from csms.core.sessions import (
    AHEAD,
    HISTORICAL,
    Figured,
    about,
    ended_event,
    flagged_event,
    meter_event,
    reading_writes,
    started_event,
    suspect,
    timed,
)
from csms.core.transaction_events import (
    begun,
    checked,
    ended,
    is_over,
    measured,
    new_session,
    noted,
    numbering_of,
    placed,
)
from csms.core.values import Session, SessionStatus, StationKey

RESUMED = "session.resumed"
"""Kind of the event that a session goes on after the station was interrupted (2.1 E17): what it
was told of it before, it may have forgotten."""
_RESUMED = "TxResumed"


def transaction_asked(report: TransactionTold) -> Question:
    """What an event of a transaction depends on."""
    token = token_of(report)
    evse_id = report.evse_id or 0
    starts = token is not None and not stops(report)
    maybe = starts and not report.offline and report.remote_start_ref is None
    counts = starts and not report.offline
    return Question(
        tokens=() if token is None else (token,),
        sessions_of=token if counts else None,
        sessions_but_on=evse_id if counts else None,
        transaction_ref=report.transaction_ref,
        named_by_station=True,
        or_by_the_other=report.stage is not Stage.STARTED,
        open_on_evse=evse_id if evse_id and report.stage is not Stage.ENDED else None,
        remote_start=(token, evse_id, report.at + HISTORICAL) if token and maybe else None,
        remote_start_ref=report.remote_start_ref,
        more=(*_likely(report), *((limits_asked(token),) if token and counts else ())),
    )


def _likely(report: TransactionTold) -> tuple[Ask, ...]:
    """Of an end; what is open on the EVSE of other events is looked at anyway."""
    if not report.evse_id or report.stage is not Stage.ENDED:
        return ()
    return (LikelyAsked(ref=report.transaction_ref, evse_id=report.evse_id, at=report.at),)


def transaction_told(
    report: TransactionTold, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Take in TransactionEvent; it never fails, and a token that comes with it is judged."""
    figured = [(reading, figures(reading)) for reading in report.readings]
    values = timed(figured)
    before = state.session
    if before is None or not before.named_by_station:
        before = continued(report, state, values, policy)
    others: dict[str, Session] = {}
    if before is not None and _is_another(before, report):
        others[before.id] = _unnamed(before, now)
        before = None
    new = before is None
    before = before or new_session(report, key, state.session_id, now)
    numbering = numbering_of(before)
    place = place_of(numbering, report)
    if place is Place.AGAIN:
        again = presented_again(before, report, key, state, now, policy)
        evidence = reading_writes(MergeReading, key, before.evse_id, before, figured, now)
        return Decision(answer(report, before, again, state), tuple(evidence))
    session = replace(before, numbering=counted(numbering, report, place))
    if state.session is None and not new:
        session = replace(session, flags=flagged(session.flags, NUMBER_MISSING))
    session = begun(placed(session, report), report, values, new=new)
    found = presented(session, report, key, state, now, policy)
    session = noted(measured(found.session, report, values), report)
    if report.stage is Stage.ENDED:
        session = ended(session, report, values)
    session = checked(_linked(session, report, state, found), report, now)
    session = _alone(session, report, state, others, now)
    writes: list[Write] = []
    if new or session != before:
        session = replace(session, updated_at=now)
        writes.append(OpenSession(session) if new else SaveSession(session))
    writes.extend(map(SaveSession, others.values()))
    if session.operation_id is not None and session.operation_id != before.operation_id:
        writes.append(LinkOperation(operation_id=session.operation_id, session_id=session.id))
    for kind, told in _readings(before, session, figured):
        writes.extend(reading_writes(kind, key, report.evse_id or 0, session, told, now))
    events = [flagged_event(other, now) for other in others.values() if _is_suspect(other)]
    events.extend(_events(before, session, now, new=new))
    if report.trigger == _RESUMED and session.status is not SessionStatus.ENDED:
        events.append(about(RESUMED, session, now))
    told_back = answer(report, session, found.given, state)
    return Decision(told_back, tuple(writes), tuple(events), found.turn)


def _readings(
    before: Session, session: Session, figured: Sequence[Figured]
) -> Iterator[tuple[type[AddReading], Sequence[Figured]]]:
    """How to keep readings: an end may bring those again that came before it."""
    if not is_over(session):
        yield AddReading, figured
        return
    fresh: list[Figured] = []
    known: list[Figured] = []
    last = before.last_reading_at
    for each in figured:
        new = not is_over(before) and (last is None or each[0].taken_at > last)
        (fresh if new else known).append(each)
    yield AddReading, fresh
    yield MergeReading, known


def _is_another(session: Session, report: TransactionTold) -> bool:
    """Whether a start is not that of the session of its name; see the note above."""
    if report.stage is not Stage.STARTED or report.at == session.started_at:
        return False
    orphan = ORPHAN in session.flags
    if is_over(session):
        assert session.ended_at is not None  # it was told with the end
        clockless = report.told_at is not None
        return session.ended_at < report.at and not (orphan and clockless)
    token = token_of(report)
    if orphan or token is None or session.id_token is None:
        return False
    other = folded(token) != folded(session.id_token)
    numbering = numbering_of(session)
    taken_for_its_own = NUMBER_MISSING in session.flags and numbering.first is None
    return other and (taken_for_its_own or numbering.newest_at < report.at)


def _unnamed(session: Session, now: datetime) -> Session:
    """The session that was known by a name that now is another's."""
    session = replace(session, start_key=None, updated_at=now)
    return session if session.status is SessionStatus.ENDED else suspect(session, now)


def _is_suspect(session: Session) -> bool:
    return session.status is SessionStatus.SUSPECT


def _linked(session: Session, report: TransactionTold, state: State, found: Presented) -> Session:
    """The session with the remote start that led to it: the one that the station names, or else
    one that may have asked for what is starting now."""
    named = report.remote_start_ref is not None
    if session.operation_id is None and state.remote_start is not None and (named or found.live):
        return replace(session, operation_id=state.remote_start)
    return session


def _alone(
    session: Session,
    report: TransactionTold,
    state: State,
    others: dict[str, Session],
    now: datetime,
) -> Session:
    """The session, after a look at those that are open on its EVSE: all but the newest of them
    lost their ends.  Those that change are put among the ``others``."""
    if session.status is SessionStatus.ENDED or report.evse_id != session.evse_id:
        return session
    for each in state.open_sessions:
        other = others.get(each.id, each)
        if other.id == session.id or STOP_MISSING in other.flags:
            continue
        if _is_newer(other, session, now):
            session = suspect(session, now)
        else:
            others[other.id] = suspect(other, now)
    return session


def _is_newer(other: Session, session: Session, now: datetime) -> bool:
    """Whether another session began later; one whose clock cannot be right did not."""
    later = (other.started_at, other.id) > (session.started_at, session.id)
    return later and other.started_at <= now + AHEAD


def _events(before: Session, session: Session, now: datetime, *, new: bool) -> list[Event]:
    """What to tell of the change; ``before`` is a blank session where it is ``new``."""
    events: list[Event] = []
    begins = ORPHAN in before.flags and ORPHAN not in session.flags
    if begins:
        events.append(started_event(session))
    elif new:
        events.append(flagged_event(session, now))
    if not begins and _token(session) != _token(before):
        events.append(
            about(
                "session.authorized",
                session,
                now,
                id_token=session.id_token,
                authorization=session.authorization,
            )
        )
    if session.status is SessionStatus.ENDED:
        if begins or _end(session) != _end(before):
            events.append(ended_event(session))
        return events
    if session.charging_state != before.charging_state:
        state = session.charging_state
        events.append(about("session.charging_state", session, now, charging_state=state))
    if _meter(session) != _meter(before):
        events.append(meter_event(session, now))
    if not (new or begins) and session.flags != before.flags:
        events.append(flagged_event(session, now))
    return events


def _token(session: Session) -> tuple[object, ...]:
    return session.id_token, session.authorization


def _meter(session: Session) -> tuple[object, ...]:
    return session.energy_wh, session.power_w, session.soc_percent


def _end(session: Session) -> tuple[object, ...]:
    stop = session.meter_stop_wh, session.stop_reason, session.stop_id_token
    return session.status, session.ended_at, session.energy_wh, session.flags, *stop
