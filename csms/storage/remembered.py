"""The open sessions that a lane wrote last, so that the next message of most asks nothing.

Nine of ten messages tell of a session that the same lane wrote a moment ago.  What is remembered
may be out of date all the same, for jobs and other processes write sessions too.  That costs one
more attempt and no more: the ledger writes a session only over the version that it was made
from, and forgets the stations of a batch that fails.

What is not remembered has no version, so that nothing is concluded from its absence: a start asks
the database what is open on its EVSE, and so does whoever would find nothing there.

A station's messages come to one lane of one process until it connects to another; when it comes
back, its `ClaimConnection` makes the lane forget what is old by then.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from msgspec.structs import replace

from csms.core.decisions import Question, State
from csms.core.values import Session, SessionStatus, StationKey
from csms.storage.ledger_sql import OPEN_LIMIT


@attrs.define
class _Known:
    """What is known of one station."""

    sessions: dict[str, Session] = attrs.field(factory=dict)
    """Open ones, by id."""
    complete: set[int] = attrs.field(factory=set)
    """EVSEs of which every open session is among them."""

    def named(self, transaction_ref: str, *, by_station: bool) -> Session | None:
        """The session of that name, which an older one may have had before."""
        for session in self.sessions.values():
            if (
                session.transaction_ref == transaction_ref
                and session.named_by_station is by_station
                and (session.start_key is not None or not by_station)
            ):
                return session
        return None

    def on(self, evse_id: int) -> tuple[Session, ...]:
        """Its open sessions, as `Question.open_on_evse` wants them."""
        there = [each for each in self.sessions.values() if each.evse_id == evse_id]
        there.sort(key=lambda session: session.created_at)
        return tuple(there[-OPEN_LIMIT:])


@attrs.define
class Remembered:
    """Sessions of the ``limit`` stations that were last heard of, at most ``open_limit`` of each;
    a station that has more open, or as many EVSEs, is not remembered."""

    limit: int = 10_000
    open_limit: int = 64
    _stations: dict[int, _Known] = attrs.field(factory=dict, init=False)

    def recall(self, key: StationKey, question: Question, state: State) -> Question:
        """Answer what is known, into ``state``; gives what is left of the question."""
        known = self._stations.get(key.id)
        if known is None:
            return question
        start = _is_start(question)
        if question.transaction_ref is not None:
            session = known.named(question.transaction_ref, by_station=question.named_by_station)
            if session is not None:
                state.session = session
                question = replace(
                    question, transaction_ref=None, named_by_station=False, or_by_the_other=False
                )
        if question.open_on_evse in known.complete and not start:
            sessions = known.on(question.open_on_evse)
            if sessions:
                state.open_sessions = sessions
                question = replace(question, open_on_evse=None)
        return question

    def learn(self, key: StationKey, question: Question, state: State) -> None:
        """Remember what the database answered to that question."""
        evse_id = question.open_on_evse
        if evse_id is not None and len(state.open_sessions) < OPEN_LIMIT:
            known = self._known(key.id)
            known.complete.add(evse_id)
            known.sessions.update((session.id, session) for session in state.open_sessions)
            self._limit(key.id, known)

    def keep(self, session: Session) -> None:
        """Remember a session as it was written."""
        known = self._known(session.station_id)
        if session.status is SessionStatus.ENDED:
            known.sessions.pop(session.id, None)
            return
        known.sessions[session.id] = session
        self._limit(session.station_id, known)

    def forget(self, station_ids: Iterable[int]) -> None:
        """Know nothing of these stations."""
        for station_id in station_ids:
            self._stations.pop(station_id, None)

    def _limit(self, station_id: int, known: _Known) -> None:
        if max(len(known.sessions), len(known.complete)) > self.open_limit:
            self.forget([station_id])

    def _known(self, station_id: int) -> _Known:
        known = self._stations.pop(station_id, None) or _Known()
        self._stations[station_id] = known
        if len(self._stations) > self.limit:
            del self._stations[next(iter(self._stations))]
        return known


def _is_start(question: Question) -> bool:
    """Whether a session may begin, in 1.6 or in 2.x."""
    named = question.transaction_ref is not None and not question.or_by_the_other
    return question.start_key is not None or named
