"""The table of rules: for each report, what its rule must know and the rule itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from csms.core import authorization, sessions, station
from csms.core.decisions import Decision, Policy, Question, State
from csms.core.replies import TimeTold
from csms.core.reports import (
    AuthorizationAsked,
    Beat,
    Booted,
    Connected,
    ConnectorChanged,
    DataTransferred,
    Disconnected,
    FirmwareProgressed,
    LogUploadProgressed,
    Metered,
    Quarantined,
    Report,
    SessionStarted,
    SessionStopped,
)
from csms.core.values import StationKey

Ask = Callable[[Any], Question]
Rule = Callable[[Any, StationKey, State, datetime, Policy], Decision]

NOTHING = Question()


def _nothing(_report: Report) -> Question:
    return NOTHING


def _station(_report: Report) -> Question:
    return station.STATION


def _connection(_report: Report) -> Question:
    return station.CONNECTION


def _claim(_report: Report) -> Question:
    return station.CLAIM


def beat(
    _report: Beat, _key: StationKey, _state: State, now: datetime, _policy: Policy
) -> Decision:
    """Tell the time (OCPP 1.6 §4.6)."""
    return Decision(TimeTold(now))


RULES: Mapping[type, tuple[Ask, Rule]] = {
    Connected: (_claim, station.connected),
    Disconnected: (_connection, station.disconnected),
    Booted: (_station, station.booted),
    Beat: (_nothing, beat),
    ConnectorChanged: (station.connector_asked, station.connector_changed),
    AuthorizationAsked: (authorization.asked, authorization.authorize),
    SessionStarted: (sessions.start_asked, sessions.started),
    Metered: (sessions.meter_asked, sessions.meter_taken),
    SessionStopped: (sessions.stop_asked, sessions.stopped),
    DataTransferred: (_nothing, station.data_transferred),
    FirmwareProgressed: (_nothing, station.firmware_progressed),
    LogUploadProgressed: (_nothing, station.log_upload_progressed),
    Quarantined: (_nothing, station.quarantined),
}


def question(report: Report) -> Question:
    """What must be known to decide this report."""
    return RULES[type(report)][0](report)


def decide(
    report: Report, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Decide a report: pure, raises nothing but bugs."""
    return RULES[type(report)][1](report, key, state, now, policy)


MONEY = (SessionStarted, Metered, SessionStopped)
"""Reports that may prove what somebody owes."""


def salvage(report: Report, key: StationKey, now: datetime) -> Decision | None:
    """What to do with a report that cannot be decided or stored: keep it as it is for whoever
    settles the bill.  None when it proves no money."""
    if not isinstance(report, MONEY):
        return None
    kept = Quarantined(
        action=type(report).__name__,
        fault="it could not be processed",
        # Escaped, for it may be just a character in it that cannot be stored.
        content=ascii(report),
    )
    return station.quarantined(kept, key, State(), now, Policy())
