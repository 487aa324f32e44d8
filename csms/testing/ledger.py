"""A ledger in memory: the same answers as the real one, failures on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import attrs
from msgspec.structs import asdict, replace
from zope.interface import implementer

from csms.core import decisions as d
from csms.core.assembly import Assembly, AssemblyAsked, TakePart
from csms.core.consequences import OperationAsked
from csms.core.continuing import LikelyAsked
from csms.core.decisions import Decision, Question, State, folded
from csms.core.events import Event
from csms.core.ids import new_id
from csms.core.ports import ILedger
from csms.core.values import (
    Connection,
    Connector,
    Operation,
    OperationStatus,
    Registration,
    Sample,
    Session,
    SessionStatus,
    StationKey,
    Token,
    TokenStatus,
)


@attrs.define
class MemoryBook:
    """What ledgers write to: shared by the lanes of one intake."""

    registrations: dict[int, Registration] = attrs.field(factory=dict)
    intervals: dict[int, int] = attrs.field(factory=dict)
    booted: dict[int, d.BootStation] = attrs.field(factory=dict)
    progress: dict[int, dict[str, str]] = attrs.field(factory=dict)
    deaf: dict[int, datetime | None] = attrs.field(factory=dict)
    connections: dict[int, Connection] = attrs.field(factory=dict)
    connectors: dict[tuple[int, int, int], Connector] = attrs.field(factory=dict)
    tokens: dict[tuple[int, str], Token] = attrs.field(factory=dict)
    sessions: dict[str, Session] = attrs.field(factory=dict)
    readings: dict[tuple[int, datetime, int], d.AddReading] = attrs.field(factory=dict)
    operations: dict[str, Operation] = attrs.field(factory=dict)
    quarantine: list[d.Quarantine] = attrs.field(factory=list)
    kept: list[d.Write] = attrs.field(factory=list)
    """What areas write, in that order."""
    answers: dict[type[d.Ask], Callable[[StationKey, Any], tuple[Any, ...]]] = attrs.field(
        factory=dict
    )
    """How the questions of areas are answered; what is not here finds nothing."""
    assemblies: dict[tuple[int, str, int], Assembly] = attrs.field(factory=dict)
    events: list[Event] = attrs.field(factory=list)
    numbers: count[int] = attrs.field(factory=lambda: count(1))

    def add_token(self, token: Token) -> None:
        """Make a token known."""
        self.tokens[token.operator_id, folded(token.id_token)] = token

    def keep(self, session: Session) -> None:
        """Keep a session; `ValueError` when a station has another of its start."""
        for other in self.sessions.values():
            same = other.start_key is not None and other.start_key == session.start_key
            if same and other.station_id == session.station_id and other.id != session.id:
                raise ValueError("there is a session of that start")
        self.sessions[session.id] = session

    def release(self, write: d.ReleaseConnection) -> None:
        """Keep the end of a connection, unless there is a newer one."""
        held = self.connections[write.station_id]
        if held.epoch == write.epoch:
            gone = replace(held, disconnected_at=write.at, close_reason=write.reason)
            self.connections[write.station_id] = gone

    def keep_more(self, write: d.Write) -> None:
        """Keep what areas write."""
        match write:
            case d.SettleOperation(operation):
                self.operations[operation.id] = operation
                return
            case d.MeterSession(session):
                told = {name: getattr(session, name) for name in d.METERED}
                version = session.version + 1
                self.keep(replace(self.sessions[session.id], version=version, **told))
                return
            case TakePart():
                place = (write.station_id, write.kind, write.ref)
                self.assemblies[place] = self.assemblies.get(place, Assembly()).after(write)
        self.kept.append(write)

    def unknown_samples(self, reading: d.AddReading) -> tuple[Sample, ...]:
        """The samples that are not kept of that moment, from the same place or session."""
        kept = {
            sample
            for other in self.readings.values()
            if (other.station_id, other.taken_at) == (reading.station_id, reading.taken_at)
            and (other.evse_id == reading.evse_id or other.session_id == reading.session_id)
            for sample in other.samples
        }
        return tuple(sample for sample in reading.samples if sample not in kept)


@implementer(ILedger)
@attrs.define
class MemoryLedger:
    """`ILedger` over a `MemoryBook`.

    ``trouble`` is called with the decisions of each commit before it happens; what it raises,
    the commit raises.
    """

    book: MemoryBook
    trouble: Callable[[Sequence[Decision]], None] = lambda _: None
    remote_start_window: timedelta = timedelta(minutes=10)
    batches: list[int] = attrs.field(factory=list)

    async def gather(
        self, asked: Sequence[tuple[StationKey, Question]], now: datetime
    ) -> list[State]:
        """See `ILedger.gather`."""
        return [self._state(key, question, now) for key, question in asked]

    async def commit(self, decisions: Sequence[Decision]) -> None:
        """See `ILedger.commit`."""
        self.trouble(decisions)
        for decision in decisions:
            # First what gives up its start key, then what takes it.
            for write in sorted(decision.writes, key=_is_new):
                self._write(write)
            self.book.events.extend(decision.events)
        self.batches.append(len(decisions))

    async def abandon(self) -> None:
        """See `ILedger.abandon`."""

    async def ready(self) -> None:
        """See `ILedger.ready`."""

    def _state(self, key: StationKey, asked: Question, now: datetime) -> State:
        book = self.book
        state = State(session_id=new_id(now))
        mine = sorted(
            (s for s in book.sessions.values() if s.station_id == key.id),
            key=lambda session: session.created_at,
        )
        if asked.station:
            state.registration = book.registrations.get(key.id, Registration.ACCEPTED)
            state.booted = key.id in book.booted
            state.heartbeat_interval_s = book.intervals.get(key.id)
            state.deaf_since = book.deaf.get(key.id)
            if key.id in book.connections:
                state.ocpp_version = book.connections[key.id].ocpp_version
        if asked.connection and key.id in book.connections:
            held = book.connections[key.id]
            state.epoch, state.connected = held.epoch, held.disconnected_at is None
        if asked.connector is not None:
            state.connector = book.connectors.get((key.id, *asked.connector))
        state.tokens = {
            folded(name): book.tokens[key.operator_id, folded(name)]
            for name in asked.tokens
            if (key.operator_id, folded(name)) in book.tokens
        }
        if asked.sessions_of is not None:
            state.running = self._running(key, asked)
        if asked.transaction_ref is not None:
            by_station = asked.named_by_station
            called = (
                s
                for s in mine
                if s.transaction_ref == asked.transaction_ref
                and (s.start_key is not None or not s.named_by_station)
                and (s.named_by_station == by_station or asked.or_by_the_other)
            )
            state.session = _only(sorted(called, key=lambda s: s.named_by_station != by_station))
        if asked.start_key is not None:
            state.started = _only(s for s in mine if s.start_key == asked.start_key)
        if asked.open_on_evse is not None:
            state.open_sessions = tuple(
                s
                for s in mine
                if s.evse_id == asked.open_on_evse and s.status is not SessionStatus.ENDED
            )[-8:]
        if asked.orphans:
            state.orphans = tuple(s for s in mine if s.transaction_ref is None)[-8:]
        if asked.remote_start is not None:
            state.remote_start = self._remote_start(key, asked.remote_start, now)
        if asked.remote_start_ref is not None:
            state.remote_start = self._remote_start_numbered(key, asked.remote_start_ref)
        if asked.new_transaction and (
            state.started is None
            or (asked.clockless and state.started.status is SessionStatus.ENDED)
        ):
            taken = {session.transaction_ref for session in mine}
            state.transaction_ref = next(n for n in map(str, book.numbers) if n not in taken)
        state.found = {type(ask): self._answers(key, ask) for ask in asked.more}
        return state

    def _answers(self, key: StationKey, ask: d.Ask) -> tuple[Any, ...]:
        book = self.book
        match ask:
            case OperationAsked(id=name):
                operation = book.operations.get(name)
                return () if operation is None else (operation.status.value,)
            case AssemblyAsked(kind=kind, ref=ref):
                known = book.assemblies.get((key.id, kind, ref))
                return () if known is None else (known,)
            case LikelyAsked():
                return self._likely(key, ask)
            case _:
                answer = book.answers.get(type(ask))
                return () if answer is None else answer(key, ask)

    def _likely(self, key: StationKey, ask: LikelyAsked) -> tuple[Session, ...]:
        mine = [s for s in self.book.sessions.values() if s.station_id == key.id]
        if ask.ref is not None and any(s.transaction_ref == ask.ref for s in mine):
            return ()
        return tuple(
            s
            for s in sorted(mine, key=lambda session: session.created_at)
            if ask.evse_id in (0, s.evse_id)
            and (s.ended_at is None or s.started_at <= ask.at <= s.ended_at)
        )

    def _running(self, key: StationKey, asked: Question) -> int:
        assert asked.sessions_of is not None
        return sum(
            session.operator_id == key.operator_id
            and folded(session.id_token or "") == folded(asked.sessions_of)
            and session.status is SessionStatus.ACTIVE
            and session.authorization == TokenStatus.ACCEPTED
            and not (
                session.station_id == key.id and asked.sessions_but_on in (None, session.evse_id)
            )
            for session in self.book.sessions.values()
        )

    def _remote_start(
        self, key: StationKey, wanted: tuple[str, int, datetime], now: datetime
    ) -> str | None:
        fitting = [
            operation
            for operation in self.book.operations.values()
            if operation.station_id == key.id
            and operation.action == "remote_start"
            and folded(operation.id_token or "") == folded(wanted[0])
            and operation.session_id is None
            and operation.status in (OperationStatus.PENDING, OperationStatus.ACCEPTED)
            and operation.evse_id in (None, wanted[1])
            and now - self.remote_start_window < operation.created_at <= wanted[2]
        ]
        oldest = min(fitting, key=lambda operation: operation.created_at, default=None)
        return None if oldest is None else oldest.id

    def _remote_start_numbered(self, key: StationKey, ref: int) -> str | None:
        fitting = [
            operation
            for operation in self.book.operations.values()
            if (operation.station_id, operation.ref) == (key.id, ref)
            and operation.action in ("remote_start", "RequestStartTransaction")
            and operation.session_id is None
        ]
        newest = max(fitting, key=lambda operation: operation.created_at, default=None)
        return None if newest is None else newest.id

    def _write(self, write: d.Write) -> None:
        book = self.book
        match write:
            case d.ClaimConnection():
                book.connections[write.station_id] = Connection(
                    station_id=write.station_id,
                    operator_id=write.operator_id,
                    identity="",
                    epoch=write.epoch,
                    node=write.node,
                    peer=write.peer,
                    ocpp_version=write.ocpp_version,
                    connected_at=write.at,
                    last_seen_at=write.at,
                )
            case d.ReleaseConnection():
                book.release(write)
            case d.BootStation():
                book.booted[write.station_id] = write
            case d.ProgressStation():
                told = {
                    "firmware_status": write.firmware_status,
                    "diagnostics_status": write.diagnostics_status,
                }
                progress = book.progress.setdefault(write.station_id, {})
                progress.update({k: v for k, v in told.items() if v is not None})
            case d.SetHearing(station_id=station_id, deaf_since=deaf_since):
                book.deaf[station_id] = deaf_since
            case d.SetConnector():
                place = (write.station_id, write.evse_id, write.connector_id)
                book.connectors[place] = Connector(
                    evse_id=write.evse_id,
                    connector_id=write.connector_id,
                    status=write.status,
                    status_at=write.status_at,
                    status_told=write.status_told,
                    error_code=write.error_code,
                    info=write.info,
                    vendor_id=write.vendor_id,
                    vendor_error_code=write.vendor_error_code,
                )
            case d.OpenSession():
                book.keep(write.session)
            case d.SaveSession():
                book.keep(replace(write.session, version=write.session.version + 1))
            case d.MergeReading():
                samples = book.unknown_samples(write)
                if samples:
                    self._write(d.AddReading(**asdict(replace(write, samples=samples))))
            case d.AddReading():
                book.readings.setdefault(
                    (write.station_id, write.taken_at, write.fingerprint), write
                )
            case d.LinkOperation():
                operation = book.operations[write.operation_id]
                book.operations[write.operation_id] = replace(
                    operation, session_id=write.session_id
                )
            case d.Quarantine():
                book.quarantine.append(write)
            case _:
                book.keep_more(write)


def _is_new(write: d.Write) -> bool:
    return isinstance(write, d.OpenSession)


def _only(sessions: Iterable[Session]) -> Session | None:
    return next(iter(sessions), None)
