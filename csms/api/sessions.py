"""Charging sessions and their meter values: `/sessions`."""

from __future__ import annotations

from typing import Annotated, Any

import attrs
from msgspec import Meta

from csms.api.command_shapes import Queued
from csms.api.commands import OUTCOME
from csms.api.operations import OperationView, operation_answer
from csms.api.remote import Remote
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import (
    Json,
    Listed,
    Time,
    View,
    list_query,
    listed,
    query_of,
    told,
    told_if,
)
from csms.core.listings import READINGS, SESSIONS, STATION_READINGS
from csms.core.numbering import missing
from csms.core.ports import ISessions
from csms.core.values import Sample, Session, SessionStatus, StoredReading

SessionsQuery = list_query(
    SESSIONS,
    station="Identity of the station.",
    started_from="Sessions that started then or later.",
    started_to="Sessions that started before then.",
    transaction_id="Transaction id that station and server use.",
)
ReadingsQuery = list_query(READINGS)
StationReadingsQuery = list_query(
    STATION_READINGS,
    evse_id="0: the main meter of the station.",
    measurand="Readings with a sample of that.",
    taken_from="Taken then or later.",
    taken_to="Taken before then.",
)


class SessionView(View, frozen=True, kw_only=True):
    """A charging session."""

    id: str
    station: str
    evse_id: int
    connector_id: int
    transaction_id: (
        Annotated[
            str, Meta(description="What station and server know it by; a number for OCPP 1.6.")
        ]
        | None
    )
    id_token: str | None
    group_id: str | None
    authorization: Annotated[str, Meta(description="Verdict on the token at the start.")] | None
    status: SessionStatus
    started_at: Time
    ended_at: Time | None
    energy_wh: Annotated[float, Meta(description="Delivered so far.")]
    power_w: float | None
    soc_percent: float | None
    meter_start_wh: float | None
    meter_last_wh: float | None
    meter_stop_wh: float | None
    last_reading_at: Time | None
    stop_reason: str | None
    stop_id_token: str | None
    operation_id: Annotated[str, Meta(description="The remote start that led to it.")] | None
    reservation_ref: int | None
    charging_state: (
        Annotated[
            str,
            Meta(
                description="Charging, EVConnected, SuspendedEV, SuspendedEVSE or Idle, as last"
                " told; null for OCPP 1.6."
            ),
        ]
        | None
    )
    details: Annotated[
        dict[str, Json],
        Meta(
            description="What else the station told of the transaction, each as last told:"
            " id_token_kind, additional_info, time_spent_charging_s, phases_used,"
            " cable_max_current_a, and with OCPP 2.1 operation_mode, tariff_id, transaction_limit,"
            " preconditioning_status, evse_sleep, cost_details (in the station's own form)."
            " `offline`: something of it happened while the station was offline."
            " And what it was told: total_cost, personal_message, and the tariff that it was"
            " changed to."
        ),
    ]
    missing_events: (
        Annotated[
            int,
            Meta(
                description="Events of the transaction that have not come, by their numbers; null:"
                " nobody can tell (OCPP 1.6 has no numbers)."
            ),
        ]
        | None
    )
    flags: Annotated[tuple[str, ...], Meta(description="What was odd, for a human to look at.")]
    created_at: Time
    updated_at: Time


class SampleView(View, frozen=True, kw_only=True):
    """One measured value."""

    measurand: str
    value: float | None
    unit: str
    phase: str | None
    context: str
    location: str
    raw: Annotated[str, Meta(description="As sent, when it was no plain number.")] | None
    signed: Annotated[str, Meta(description="Signed meter data.")] | None


class ReadingView(View, frozen=True, kw_only=True):
    """What a meter measured at one moment."""

    taken_at: Time
    received_at: Time
    evse_id: int
    energy_wh: float | None
    power_w: float | None
    soc_percent: float | None
    samples: tuple[SampleView, ...]


@attrs.frozen
class Sessions:
    """Handlers of `/sessions`."""

    sessions: ISessions
    remote: Remote

    async def list(self, call: Call[None, Any]) -> Answer:
        """Sessions of the caller's operator."""
        page = await self.sessions.list(query_of(call.query), call.operator_id)
        return listed(page, session_view, call)

    async def get(self, call: Call[None, NoQuery]) -> Answer:
        """One session."""
        session = await self.sessions.get(call.path["session_id"], call.operator_id)
        return Answer(200, session_view(session))

    async def readings(self, call: Call[None, Any]) -> Answer:
        """The meter values of a session."""
        page = await self.sessions.readings(
            call.path["session_id"], query_of(call.query), call.operator_id
        )
        return listed(page, reading_view, call)

    async def station_readings(self, call: Call[None, Any]) -> Answer:
        """The meter values of a station that belong to no session."""
        page = await self.sessions.station_readings(
            call.path["identity"], query_of(call.query), call.operator_id
        )
        return listed(page, reading_view, call)

    async def stop(self, call: Call[Queued, NoQuery]) -> Answer:
        """End a session."""
        operation = await self.remote.stop_session(
            call, call.path["session_id"], queue=call.body.queue
        )
        return operation_answer(operation)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        one = f"{PREFIX}/sessions/{{session_id}}"
        return (
            Route(
                method="GET",
                path=f"{PREFIX}/sessions",
                name="listSessions",
                summary="List sessions",
                tag="sessions",
                handler=self.list,
                query=SessionsQuery,
                answers={200: Listed[SessionView]},
            ),
            Route(
                method="GET",
                path=one,
                name="getSession",
                summary="Get a session",
                tag="sessions",
                handler=self.get,
                answers={200: SessionView},
            ),
            Route(
                method="GET",
                path=f"{one}/meter-values",
                name="listMeterValues",
                summary="List the meter values of a session",
                tag="sessions",
                handler=self.readings,
                query=ReadingsQuery,
                answers={200: Listed[ReadingView]},
            ),
            Route(
                method="GET",
                path=f"{PREFIX}/stations/{{identity}}/meter-values",
                name="listStationMeterValues",
                summary="List the meter values of a station that belong to no session",
                description="Those of its main meter (EVSE 0), and of EVSEs beside their sessions:"
                " in OCPP 2.x all that a station tells by MeterValues.",
                tag="stations",
                handler=self.station_readings,
                query=StationReadingsQuery,
                answers={200: Listed[ReadingView]},
            ),
            Route(
                method="POST",
                path=f"{one}/stop",
                name="stopSession",
                summary="Stop a session",
                description=OUTCOME,
                tag="sessions",
                handler=self.stop,
                body=Queued,
                body_optional=True,
                answers={200: OperationView, 202: OperationView},
                refuses=frozenset({409}),
            ),
        )


_SAME = (
    "id",
    "evse_id",
    "connector_id",
    "id_token",
    "group_id",
    "authorization",
    "status",
    "energy_wh",
    "power_w",
    "soc_percent",
    "meter_start_wh",
    "meter_last_wh",
    "meter_stop_wh",
    "stop_reason",
    "stop_id_token",
    "operation_id",
    "reservation_ref",
    "charging_state",
    "details",
    "flags",
)


def session_view(session: Session) -> SessionView:
    """A session as the API tells it."""
    same: dict[str, Any] = {name: getattr(session, name) for name in _SAME}
    return SessionView(
        **same,
        station=session.identity,
        transaction_id=session.transaction_ref,
        missing_events=missing(session.numbering),
        started_at=told(session.started_at),
        ended_at=told_if(session.ended_at),
        last_reading_at=told_if(session.last_reading_at),
        created_at=told(session.created_at),
        updated_at=told(session.updated_at),
    )


def reading_view(reading: StoredReading) -> ReadingView:
    """A reading as the API tells it."""
    return ReadingView(
        taken_at=told(reading.taken_at),
        received_at=told(reading.received_at),
        evse_id=reading.evse_id,
        energy_wh=reading.energy_wh,
        power_w=reading.power_w,
        soc_percent=reading.soc_percent,
        samples=tuple(map(_sample_view, reading.samples)),
    )


def _sample_view(sample: Sample) -> SampleView:
    return SampleView(
        measurand=sample.measurand,
        value=sample.value,
        unit=sample.unit,
        phase=sample.phase,
        context=sample.context,
        location=sample.location,
        raw=sample.raw,
        signed=sample.signed,
    )
