"""The ledger: gathers what a batch of reports must know and writes what was decided.

A batch costs two round trips whatever its size: ``BEGIN`` with one query that answers all
questions, then one multi-statement write that ends in ``COMMIT``; one more when something could
not be read and goes into quarantine.  The transaction is
REPEATABLE READ, and sessions are written only over the version they were made from, so that one
that somebody else changed (or opened) in between makes the batch `Stale` and is not overwritten.
That lets a ledger answer from what it wrote last (`csms.storage.remembered`): a batch of which all
is remembered is only the write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

import attrs
import msgspec
import psycopg2
from msgspec.structs import replace
from twisted.logger import Logger
from zope.interface import implementer

from csms.core import decisions as d
from csms.core.decisions import Decision, Question, Stale, State, Unstorable, folded
from csms.core.events import FREQUENT
from csms.core.ids import new_id
from csms.core.ports import ILedger
from csms.core.values import Connector, Registration, Session, StationKey, Token
from csms.storage import ledger_areas
from csms.storage import ledger_sql as sql
from csms.storage.lane import Lane, Row
from csms.storage.remembered import Remembered

_log = Logger()
_encode = msgspec.json.Encoder().encode
_session = msgspec.json.Decoder(Session).decode
_token = msgspec.json.Decoder(Token).decode
_connector = msgspec.json.Decoder(Connector).decode

# A row of a question: index, station id, identity, operator, text value, number.
_Row = dict[str, object]
_Topic = Callable[[int, StationKey, Question], Iterable[_Row]]
_Asked = tuple[int, StationKey, Question]


def _of_station(i: int, key: StationKey, asked: Question) -> Iterable[_Row]:
    if asked.station:
        yield {"i": i, "s": key.id}


def _of_connection(i: int, key: StationKey, asked: Question) -> Iterable[_Row]:
    if asked.connection:
        yield {"i": i, "s": key.id}


def _of_connector(i: int, key: StationKey, asked: Question) -> Iterable[_Row]:
    if asked.connector is not None:
        yield {"i": i, "s": key.id, "e": asked.connector[0], "c": asked.connector[1]}


def _of_tokens(i: int, key: StationKey, asked: Question) -> Iterable[_Row]:
    for token in asked.tokens:
        # In upper case by the database: of letters beyond ASCII its notion is not ours.
        yield {"i": i, "o": key.operator_id, "v": token}


def _of_running(i: int, key: StationKey, asked: Question) -> Iterable[_Row]:
    if asked.sessions_of is not None:
        yield {
            "i": i,
            "s": key.id,
            "o": key.operator_id,
            "v": asked.sessions_of,
            "e": asked.sessions_but_on,
        }


def _of_transaction(i: int, key: StationKey, asked: Question) -> Iterable[_Row]:
    if asked.transaction_ref is not None:
        yield {
            "i": i,
            "s": key.id,
            "n": key.identity,
            "v": asked.transaction_ref,
            "k": asked.named_by_station,
            "b": asked.or_by_the_other,
        }


def _of_start(i: int, key: StationKey, asked: Question) -> Iterable[_Row]:
    if asked.start_key is not None:
        yield {"i": i, "s": key.id, "n": key.identity, "v": asked.start_key}


def _of_open(i: int, key: StationKey, asked: Question) -> Iterable[_Row]:
    if asked.open_on_evse is not None:
        yield {"i": i, "s": key.id, "n": key.identity, "e": asked.open_on_evse}


def _of_orphans(i: int, key: StationKey, asked: Question) -> Iterable[_Row]:
    if asked.orphans:
        yield {"i": i, "s": key.id, "n": key.identity}


def _of_remote_start(i: int, key: StationKey, asked: Question) -> Iterable[_Row]:
    if asked.remote_start is not None:
        token, evse_id, before = asked.remote_start
        yield {"i": i, "s": key.id, "v": token, "e": evse_id, "t": before}


def _of_remote_start_numbered(i: int, key: StationKey, asked: Question) -> Iterable[_Row]:
    if asked.remote_start_ref is not None:
        yield {"i": i, "s": key.id, "e": asked.remote_start_ref}


def _of_number(i: int, key: StationKey, asked: Question) -> Iterable[_Row]:
    if asked.new_transaction:
        yield {"i": i, "s": key.id, "v": asked.start_key, "e": asked.clockless}


_TOPICS: Sequence[tuple[str, _Topic]] = (
    (sql.STATION_OF, _of_station),
    (sql.CONNECTION_OF, _of_connection),
    (sql.CONNECTOR_OF, _of_connector),
    (sql.TOKENS_NAMED, _of_tokens),
    (sql.SESSIONS_RUNNING, _of_running),
    (sql.SESSION_OF_TRANSACTION, _of_transaction),
    (sql.SESSION_OF_START, _of_start),
    (sql.SESSIONS_OPEN, _of_open),
    (sql.SESSIONS_ORPHANED, _of_orphans),
    (sql.REMOTE_START_FOR, _of_remote_start),
    (sql.REMOTE_START_NUMBERED, _of_remote_start_numbered),
    (sql.NEW_NUMBERS, _of_number),
)


class _StationRow(msgspec.Struct):
    registration: Registration
    booted: bool
    heartbeat_interval_s: int | None
    ocpp_version: str | None
    deaf_since: datetime | None


class _ConnectionRow(msgspec.Struct):
    epoch: int
    connected: bool


_station_row = msgspec.json.Decoder(_StationRow).decode
_connection_row = msgspec.json.Decoder(_ConnectionRow).decode
NOTHING = Question()
_MeterRow = msgspec.defstruct("_MeterRow", ["id", "version", *d.METERED])


def _meter_row(session: Session) -> object:
    return _MeterRow(session.id, session.version, *_metered(session))


_metered = attrgetter(*d.METERED)


def _learn(state: State, topic: str, text: str) -> None:
    """Put one answer where it belongs."""
    match topic:
        case "session":
            state.session = _session(text)
        case "token":
            token = _token(text)
            state.tokens = {**state.tokens, folded(token.id_token): token}
        case "started":
            state.started = _session(text)
        case "open":
            state.open_sessions = (*state.open_sessions, _session(text))
        case "orphan":
            state.orphans = (*state.orphans, _session(text))
        case "running":
            state.running = int(text)
        case "number":
            state.transaction_ref = text
        case "remote_start":
            state.remote_start = text
        case "connector":
            state.connector = _connector(text)
        case "station":
            row = _station_row(text)
            state.registration = row.registration
            state.booted = row.booted
            state.heartbeat_interval_s = row.heartbeat_interval_s
            state.ocpp_version = row.ocpp_version
            state.deaf_since = row.deaf_since
        case "connection":
            held = _connection_row(text)
            state.epoch = held.epoch
            state.connected = held.connected
        case _:
            area = ledger_areas.TOPICS_BY_NAME[topic]
            before = state.found.get(area.ask, ())
            state.found = {**state.found, area.ask: (*before, area.decode(text))}


def _more(asked: Sequence[_Asked]) -> dict[type[d.Ask], list[_Row]]:
    """What areas ask, by kind."""
    rows: dict[type[d.Ask], list[_Row]] = {}
    for i, key, question in asked:
        for ask in question.more:
            row = {"i": i, "s": key.id, "o": key.operator_id, "n": key.identity}
            rows.setdefault(type(ask), []).append(row | msgspec.structs.asdict(ask))
    return rows


_KEPT = (d.SaveSession, d.MeterSession, d.OpenSession)
_CHANGED = (d.SaveSession, d.MeterSession)
_WRITES: Sequence[tuple[type, str]] = (
    (d.ClaimConnection, sql.CLAIM_CONNECTIONS),
    (d.ReleaseConnection, sql.RELEASE_CONNECTIONS),
    (d.BootStation, sql.BOOT_STATIONS),
    (d.ProgressStation, sql.PROGRESS_STATIONS),
    (d.SetHearing, sql.SET_HEARING),
    (d.SetConnector, sql.SET_CONNECTORS),
    # First what gives up its start key, then what takes it.
    (d.SaveSession, sql.SAVE_SESSIONS),
    (d.MeterSession, sql.METER_SESSIONS),
    (d.OpenSession, sql.OPEN_SESSIONS),
    (d.AddReading, sql.ADD_READINGS),
    (d.MergeReading, sql.MERGE_READINGS),
    (d.LinkOperation, sql.LINK_OPERATIONS),
    *ledger_areas.WRITES,
)


def _params(kind: type, writes: Sequence[Any]) -> tuple[object, ...]:
    """The parameters of a statement of `_WRITES`."""
    if kind not in _KEPT:
        return (_encode(writes).decode(),)
    rows = [write.session for write in writes]
    if kind is d.MeterSession:
        rows = [_meter_row(session) for session in rows]
    text = _encode(rows).decode()
    return (text, len(rows)) if kind in _CHANGED else (text,)


_STALE = ("40001", "40P01", "23505")
"""Serialization failure, deadlock, and a key that somebody else took at the same moment."""
_PASSING = ("55", "57")
"""Classes of errors that are about the moment: locks, cancelled statements."""


def _judged(error: psycopg2.Error) -> Exception:
    """What an error of the database means for the batch."""
    code = error.pgcode
    if code in _STALE:
        return Stale(str(error))
    if code is None or code.startswith(_PASSING):
        return error
    # The rest of what it says quotes what was to be stored, tokens too.
    return Unstorable(f"{error.diag.message_primary} ({code})")


@implementer(ILedger)
@attrs.define
class PostgresLedger:
    """`ILedger` on one database connection.

    ``remote_start_window`` is how long after a remote start a session can be its result.
    ``concurrent_sessions`` is how many sessions of a token matter where the token does not say;
    None: all of them.
    """

    lane: Lane
    remote_start_window: timedelta = timedelta(minutes=10)
    concurrent_sessions: int | None = None
    _remembered: Remembered = attrs.field(factory=Remembered, init=False)
    _batch: Sequence[int] = attrs.field(default=(), init=False)
    """The stations that were asked about last."""
    _open: bool = attrs.field(default=False, init=False)

    async def gather(
        self, asked: Sequence[tuple[StationKey, Question]], now: datetime
    ) -> list[State]:
        """See `ILedger.gather`."""
        states = [State(session_id=new_id(now)) for _ in asked]
        self._batch = [key.id for key, _ in asked]
        left: list[_Asked] = []
        for i, (key, whole) in enumerate(asked):
            question = self._remembered.recall(key, whole, states[i])
            if question != NOTHING:
                left.append((i, key, question))
        query, params = self._query(left, now)
        if not query:
            return states
        self._open = True
        for topic_name, index, text in await self._execute((query, params), before=sql.BEGIN):
            _learn(states[_int(index)], str(topic_name), str(text))
        for i, key, question in left:
            self._remembered.learn(key, question, states[i])
        return states

    def _query(self, asked: Sequence[_Asked], now: datetime) -> tuple[str, list[str]]:
        """One query that answers everything, and its parameters; empty where nothing is asked."""
        queries: list[str] = []
        params: list[str] = []
        for query, topic in _TOPICS:
            rows = [row for i, key, question in asked for row in topic(i, key, question)]
            if rows:
                if query is sql.SESSIONS_RUNNING:
                    rows = [{**row, "m": self.concurrent_sessions} for row in rows]
                queries.append(query)
                params.append(_encode(rows).decode())
                if query is sql.REMOTE_START_FOR:
                    params.append((now - self.remote_start_window).isoformat())
        for ask, rows in _more(asked).items():
            queries.append(ledger_areas.TOPICS[ask].query)
            params.append(_encode(rows).decode())
        return " UNION ALL ".join(queries), params

    async def commit(self, decisions: Sequence[Decision]) -> None:
        """See `ILedger.commit`."""
        by_kind: dict[type, list[Any]] = {kind: [] for kind, _ in _WRITES}
        unreadable: list[Any] = []
        by_kind[d.Quarantine] = unreadable
        for decision in decisions:
            for write in decision.writes:
                by_kind[type(write)].append(write)
        statements = [
            (statement, _params(kind, by_kind[kind]))
            for kind, statement in _WRITES
            if by_kind[kind]
        ]
        turns = {decision.turn for decision in decisions if decision.turn is not None}
        if turns:
            rows = [{"operator_id": operator, "id_token": token} for operator, token in turns]
            statements.insert(0, (sql.TAKE_TURNS, (_encode(rows).decode(),)))
        events = [event for decision in decisions for event in decision.events]
        for frequent in (False, True):
            some = [event for event in events if (event.kind in FREQUENT) is frequent]
            if some:
                statements.append((sql.APPEND_EVENTS, (_encode(some).decode(), frequent)))
        if not (statements or unreadable or self._open):
            return
        before = "" if self._open else sql.BEGIN
        self._open = True
        dropped: list[Row] = []
        if unreadable:
            # A round trip of its own, for its answer is wanted; there is seldom one.
            quarantine = (sql.QUARANTINE, (_encode(unreadable).decode(),))
            dropped = await self._execute(quarantine, before=before)
            before = ""
        await self._execute(*statements, before=before, after="COMMIT")
        self._open = False
        self._remember(by_kind)
        _tell_dropped(dropped)

    def _remember(self, by_kind: Mapping[type, Sequence[Any]]) -> None:
        """What a commit left behind."""
        self._remembered.forget(claim.station_id for claim in by_kind[d.ClaimConnection])
        for kind in _CHANGED:
            for write in by_kind[kind]:
                version = write.session.version + 1
                self._remembered.keep(replace(write.session, version=version))
        for write in by_kind[d.OpenSession]:
            self._remembered.keep(write.session)

    async def abandon(self) -> None:
        """See `ILedger.abandon`."""
        if self._open:
            self._open = False
            await self.lane.rollback()

    async def ready(self) -> None:
        """See `ILedger.ready`."""
        await self.lane.wait_ready()

    async def _execute(
        self, *statements: tuple[str, Sequence[object]], before: str, after: str = ""
    ) -> list[Row]:
        try:
            return await self.lane.execute(*statements, before=before, after=after)
        except Exception as error:
            self._remembered.forget(self._batch)
            if isinstance(error, psycopg2.Error):
                raise _judged(error) from error
            raise


def _tell_dropped(dropped: Sequence[Row]) -> None:
    for identity, count in dropped:
        if count == 1:
            _log.error(
                "The quarantine holds {most} messages or {bytes} bytes of this station of today;"
                " what may be more of its money is no longer kept",
                most=sql.MOST_QUARANTINED,
                bytes=sql.MOST_QUARANTINED_BYTES,
                station=identity,
            )


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
