"""Who uses a reservation: sessions that begin where one holds, and connectors that cannot serve.

The rules of sessions and connectors know nothing of reservations: `watched` puts a question and a
conclusion around a rule, and what that decided stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from csms.core.decisions import (
    Ask,
    Decision,
    OpenSession,
    Policy,
    Question,
    SaveSession,
    SetConnector,
    State,
    Write,
    folded,
)
from csms.core.events import Event
from csms.core.replies import StartAnswered
from csms.core.reports import ConnectorChanged, Report, SessionStarted, Stage, TransactionTold
from csms.core.reservations.rules import changed, event_of, facts, kept
from csms.core.reservations.vocabulary import (
    KeepReservation,
    Reservation,
    ReservationsAsked,
    ReservationStatus,
)
from csms.core.sessions import HISTORICAL
from csms.core.values import ConnectorStatus, Session, SessionStatus, StationKey, TokenStatus

if TYPE_CHECKING:
    from csms.core.areas import AskOf, Rule

_ARRIVAL = frozenset({"CablePluggedIn", "EVDetected"})
"""Triggers of events that may be the first to tell the EVSE."""
_HELD = (ReservationStatus.ACCEPTED, ReservationStatus.UNCONFIRMED)
_OUT_OF_ORDER = frozenset({ConnectorStatus.FAULTED, ConnectorStatus.UNAVAILABLE})

Said = SessionStarted | TransactionTold | ConnectorChanged


def watched(row: tuple[AskOf, Rule]) -> tuple[AskOf, Rule]:
    """The row of a report (`SessionStarted`, `TransactionTold` or `ConnectorChanged`) with what
    it means to reservations."""
    asks, rule = row

    def asked(report: Said) -> Question:
        question = asks(report)
        wanted = _wanted(report)
        return question if wanted is None else replace(question, more=(*question.more, wanted))

    @wraps(rule)
    def decided(
        report: Said, key: StationKey, state: State, now: datetime, policy: Policy
    ) -> Decision:
        decision = rule(report, key, state, now, policy)
        known: tuple[Reservation, ...] = state.answers(ReservationsAsked)
        if not known:
            return decision
        writes, events = _follows(report, decision, state, known, now)
        return replace(
            decision,
            writes=(*decision.writes, *writes),
            events=(*decision.events, *events),
        )

    return asked, decided


def after(
    found: Mapping[type[Ask], tuple[Any, ...]], writes: Iterable[Write]
) -> Mapping[type[Ask], tuple[Any, ...]]:
    """What is known after ``writes``, for the next of several changes that come at once."""
    changes = {
        write.reservation.id: write.reservation
        for write in writes
        if isinstance(write, KeepReservation)
    }
    if not changes:
        return found
    known: tuple[Reservation, ...] = found[ReservationsAsked]
    return {**found, ReservationsAsked: tuple(changes.get(each.id, each) for each in known)}


Follows = tuple[Sequence[KeepReservation], Sequence[Event]]
_NOTHING: Follows = ((), ())


def _wanted(report: Report) -> ReservationsAsked | None:
    """What must be known of reservations; most messages have nothing to do with them."""
    match report:
        case ConnectorChanged(status=status):
            return ReservationsAsked(live=True) if status in _OUT_OF_ORDER else None
        case SessionStarted(reservation_ref=ref):
            return ReservationsAsked(number=ref, live=True)
        case TransactionTold(reservation_ref=ref, id_token=token, stage=stage, trigger=trigger):
            live = token is not None or stage is Stage.STARTED or trigger in _ARRIVAL
            return ReservationsAsked(number=ref, live=live) if live or ref is not None else None
        case _:  # pragma: no cover - nothing else is watched
            return None


def _follows(
    report: Said,
    decision: Decision,
    state: State,
    known: Sequence[Reservation],
    now: datetime,
) -> Follows:
    if isinstance(report, ConnectorChanged):
        return _out_of_order(report, decision, known, now)
    if isinstance(report, SessionStarted):
        assert isinstance(decision.reply, StartAnswered)  # which every start is
        session, before = _told_of(decision, decision.reply.transaction_ref), None
    else:
        session, before = _told_of(decision, report.transaction_ref), state.session
    if session is None:
        return _NOTHING
    anew = before is None or before.id_token is None or before.evse_id != session.evse_id
    return _of_session(session, report.reservation_ref, known, now, anew=anew)


def _told_of(decision: Decision, transaction_ref: str) -> Session | None:
    """The session that the report is about, if it changed."""
    sessions = (
        write.session for write in decision.writes if isinstance(write, OpenSession | SaveSession)
    )
    return next((each for each in sessions if each.transaction_ref == transaction_ref), None)


def _of_session(
    session: Session, ref: int | None, known: Sequence[Reservation], now: datetime, *, anew: bool
) -> Follows:
    """The reservation that a session names is used, whatever we believed of it; else the one
    that holds for its token or group where it runs (H03.FR.07, 1.6 §5.13).

    One that the station never confirmed is no reason to tell of a conflict.
    """
    named = next((each for each in known if ref is not None and each.number == ref), None)
    if named is not None:
        over = named.status is ReservationStatus.USED
        return _NOTHING if over else _used(named, session, now)
    holding = [each for each in known if _holds(each, session)]
    if session.authorization in (None, TokenStatus.ACCEPTED):
        # One for this EVSE before one for any.
        holding.sort(key=lambda each: each.evse_id is None)
        for each in holding:
            if _meant(each, session):
                return _used(each, session, now)
    if anew and session.id_token is not None:
        foreign = [
            replace(each, conflict_at=now, conflict_session_id=session.id, updated_at=now)
            for each in holding
            if each.evse_id is not None and each.status is ReservationStatus.ACCEPTED
        ]
        writes = [KeepReservation(each) for each in foreign]
        return writes, [_conflict(each, session, now) for each in foreign]
    return _NOTHING


def _holds(reservation: Reservation, session: Session) -> bool:
    """Whether it held, or may have, where and when the session began."""
    return (
        reservation.status in _HELD
        and session.status is not SessionStatus.ENDED
        and reservation.evse_id in (None, session.evse_id)
        and reservation.created_at - HISTORICAL <= session.started_at < reservation.expires_at
    )


def _meant(reservation: Reservation, session: Session) -> bool:
    """Whether the session's token is the one, or of its group."""
    if session.id_token is None:
        return False
    if folded(session.id_token) == folded(reservation.id_token):
        return True
    groups = session.group_id, reservation.group_id
    return None not in groups and folded(groups[0] or "") == folded(groups[1] or "")


def _used(reservation: Reservation, session: Session, now: datetime) -> Follows:
    used = changed(reservation, ReservationStatus.USED, now, reason=None, session_id=session.id)
    return (KeepReservation(used),), (event_of(used),)


def _conflict(reservation: Reservation, session: Session, now: datetime) -> Event:
    """Somebody else charges where it is reserved; the station let him."""
    return Event(
        kind="reservation.conflict",
        operator_id=reservation.operator_id,
        station_id=reservation.station_id,
        identity=reservation.identity,
        at=now,
        session_id=session.id,
        data=facts(reservation),
    )


def _out_of_order(
    report: ConnectorChanged, decision: Decision, known: Sequence[Reservation], now: datetime
) -> Follows:
    """A reserved connector that is out of order ends the reservation: stations of 1.6 say nothing
    more about it, those of 2.x do (H01.FR.16, H01.FR.17).

    Of an EVSE with several plugs another may still serve, which is for the station to say.
    """
    if report.status not in _OUT_OF_ORDER or report.connector_id > 1:
        return _NOTHING
    if not any(isinstance(write, SetConnector) for write in decision.writes):
        return _NOTHING
    gone = [
        changed(each, ReservationStatus.REMOVED, now, reason=report.status.value)
        for each in known
        if each.status in _HELD and report.evse_id in (0, each.evse_id)
    ]
    writes, events = kept(gone)
    return writes, events
