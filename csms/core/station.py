"""Rules of the station itself: connecting, booting, the state of its connectors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from csms.core.decisions import (
    ACKNOWLEDGED,
    BootStation,
    ClaimConnection,
    Decision,
    Policy,
    Quarantine,
    Question,
    ReleaseConnection,
    SetConnector,
    SetHearing,
    State,
)
from csms.core.events import Event
from csms.core.happenings import Happened, HappeningKind, fingerprint
from csms.core.oddities import Oddity
from csms.core.replies import BootAnswered, ConnectionClaimed
from csms.core.reports import (
    AnswerDisputed,
    Booted,
    Connected,
    ConnectorChanged,
    Disconnected,
    HearingChanged,
    Quarantined,
)
from csms.core.times import utc_text
from csms.core.values import Connector, Registration, StationKey

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead of ours a station's clock may be before we stop believing it."""

STATION = Question(station=True)
CONNECTION = Question(connection=True)
CLAIM = Question(station=True, connection=True)


def fact(kind: str, key: StationKey, at: datetime, /, **data: object) -> Event:
    """An event about the station itself."""
    return Event(
        kind=kind,
        operator_id=key.operator_id,
        station_id=key.id,
        identity=key.identity,
        at=at,
        data=data,
    )


def connected(
    report: Connected, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """The newest connection wins; its epoch fences off what an older one may still do.

    A station may change its OCPP version from one connection to the next: its history stays its
    own, and the change is told, for it may also be somebody who plays the station.
    """
    epoch = state.epoch + 1
    claim = ClaimConnection(
        station_id=key.id,
        operator_id=key.operator_id,
        epoch=epoch,
        node=report.node,
        peer=report.peer,
        ocpp_version=report.ocpp_version,
        at=now,
    )
    event = fact(
        "station.connected",
        key,
        now,
        epoch=epoch,
        node=report.node,
        peer=report.peer,
        ocpp_version=report.ocpp_version,
    )
    deaf = state.deaf_since is not None
    reply = ConnectionClaimed(epoch, state.registration, state.booted, deaf)
    if state.ocpp_version in (None, report.ocpp_version):
        return Decision(reply, (claim,), (event,))
    change = {"before": state.ocpp_version, "after": report.ocpp_version}
    changed = fact("station.version", key, now, epoch=epoch, peer=report.peer, **change)
    return Decision(reply, (claim, _happened("version", key, now, change)), (event, changed))


def hearing_changed(
    report: HearingChanged, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """A station answers no CALL any more, or does again; told when it changes."""
    if report.deaf == (state.deaf_since is not None):
        return Decision(ACKNOWLEDGED)
    hearing = SetHearing(station_id=key.id, deaf_since=now if report.deaf else None)
    kind: HappeningKind = "deaf" if report.deaf else "hearing"
    data: dict[str, object] = {"action": report.action} if report.deaf else {}
    event = fact(f"station.{kind}", key, now, **data)
    return Decision(ACKNOWLEDGED, (hearing, _happened(kind, key, now, data)), (event,))


def answer_disputed(
    report: AnswerDisputed, key: StationKey, _state: State, now: datetime, _policy: Policy
) -> Decision:
    """What we answered did not arrive as far as the station is concerned; somebody should know."""
    data: dict[str, object] = {"action": report.action, "code": report.code}
    event = fact("station.answer_disputed", key, now, **data)
    return Decision(ACKNOWLEDGED, (_happened("answer_disputed", key, now, data),), (event,))


def disconnected(
    report: Disconnected, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """An old socket's late close never touches a newer connection."""
    if report.epoch != state.epoch or not state.connected:
        return Decision(ACKNOWLEDGED)
    release = ReleaseConnection(station_id=key.id, epoch=report.epoch, reason=report.reason, at=now)
    event = fact("station.disconnected", key, now, epoch=report.epoch, reason=report.reason)
    return Decision(ACKNOWLEDGED, (release,), (event,))


def booted(
    report: Booted, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Answer BootNotification (OCPP 1.6 §4.2, 2.x B01-B03).

    The registration is a property of the station's record, not of the socket.  A boot ends no
    session: what was running is told by StopTransactions still in the station's queue.
    """
    interval = {
        Registration.ACCEPTED: state.heartbeat_interval_s or policy.heartbeat_interval_s,
        Registration.PENDING: policy.pending_interval_s,
        Registration.REJECTED: policy.rejected_interval_s,
    }[state.registration]
    write = BootStation(
        station_id=key.id,
        vendor=report.vendor,
        model=report.model,
        serial_number=report.serial_number,
        firmware_version=report.firmware_version,
        iccid=report.iccid,
        imsi=report.imsi,
        meter_type=report.meter_type,
        meter_serial_number=report.meter_serial_number,
        at=now,
    )
    event = fact(
        "station.booted",
        key,
        now,
        vendor=report.vendor,
        model=report.model,
        serial_number=report.serial_number,
        firmware_version=report.firmware_version,
        reason=report.reason,
        registration=state.registration,
    )
    reply = BootAnswered(at=now, interval_s=interval, registration=state.registration)
    return Decision(reply, (write,), (event,))


def connector_asked(report: ConnectorChanged) -> Question:
    """A status is held against the one before."""
    return Question(connector=(report.evse_id, report.connector_id))


def connector_changed(
    report: ConnectorChanged, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep a StatusNotification (OCPP 1.6 §4.9, 2.x G01), newest by the station's own time.

    Where it told no time, or one far ahead, it is taken to mean now.  What comes after that, or
    after a time that is yet to come, is newer whatever it tells: it may be the first word of a
    clock that was set right.
    """
    at, told = report.at or now, report.at is not None
    odd: tuple[tuple[Oddity, str], ...] = ()
    if at > now + CLOCK_TOLERANCE:
        odd = ((Oddity.CLOCK_AHEAD, utc_text(at)),)
        at, told = now, False
    before = state.connector
    if told and before is not None and before.status_told and _is_between(before, at, now):
        place = f"{report.evse_id}.{report.connector_id} {utc_text(at)}"
        return Decision(ACKNOWLEDGED, oddities=((Oddity.STATUS_OUT_OF_ORDER, place),))
    write = SetConnector(
        station_id=key.id,
        operator_id=key.operator_id,
        evse_id=report.evse_id,
        connector_id=report.connector_id,
        status=report.status,
        status_at=at,
        status_told=told,
        error_code=report.error_code,
        info=report.info,
        vendor_id=report.vendor_id,
        vendor_error_code=report.vendor_error_code,
    )
    if before is not None and (before.status, before.error_code, before.vendor_error_code) == (
        report.status,
        report.error_code,
        report.vendor_error_code,
    ):
        return Decision(ACKNOWLEDGED, (write,), oddities=odd)
    event = fact(
        "connector.status",
        key,
        at,
        evse_id=report.evse_id,
        connector_id=report.connector_id,
        status=report.status,
        before=None if before is None else before.status,
        error_code=report.error_code,
        info=report.info,
        vendor_error_code=report.vendor_error_code,
    )
    return Decision(ACKNOWLEDGED, (write,), (event,), oddities=odd)


def unasked(request_id: int | None) -> tuple[tuple[Oddity, str], ...]:
    """What to note of news about something that the station was never asked for; of 1.6 nobody
    knows, which gives no number."""
    return () if request_id is None else ((Oddity.UNKNOWN_REQUEST, str(request_id)),)


def _is_between(before: Connector, at: datetime, now: datetime) -> bool:
    """Whether the state before is newer than ``at``, and not of a clock that is ahead."""
    return before.status_at is not None and at < before.status_at <= now


def _happened(
    kind: HappeningKind, key: StationKey, now: datetime, content: Mapping[str, object]
) -> Happened:
    return Happened(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=kind,
        at=now,
        received_at=now,
        content=dict(content),
        fingerprint=fingerprint(dict(content)),
    )


def quarantined(
    report: Quarantined, key: StationKey, _state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep what could not be read, for whoever settles the bill."""
    write = Quarantine(
        station_id=key.id,
        operator_id=key.operator_id,
        received_at=now,
        action=report.action,
        fault=report.fault,
        content=report.content,
    )
    return Decision(ACKNOWLEDGED, (write,))
