"""The table of rules: for each report, what its rule must know and the rule itself."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from csms.core import (
    areas,
    authorization,
    consequences,
    meters,
    starts,
    station,
    stops,
    transactions,
)
from csms.core.areas import Rules
from csms.core.batteries.vocabulary import BatteriesSwapped
from csms.core.connectors import CONNECTOR_CHANGED
from csms.core.decisions import Decision, Policy, Question, State
from csms.core.payments.vocabulary import SettlementTold
from csms.core.replies import TimeTold
from csms.core.reports import (
    AnswerDisputed,
    AuthorizationAsked,
    Beat,
    CommandAnswered,
    Connected,
    ConnectorChanged,
    Disconnected,
    HearingChanged,
    Metered,
    Quarantined,
    Report,
    SessionStarted,
    SessionStopped,
    TransactionTold,
)
from csms.core.reservations.uses import watched
from csms.core.values import StationKey

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


def _answer_asked(report: CommandAnswered) -> Question:
    return consequences.asked_of(report, areas.CONSEQUENCES)


_BASIC: Rules = {
    Connected: (_claim, station.connected),
    Disconnected: (_connection, station.disconnected),
    AnswerDisputed: (_nothing, station.answer_disputed),
    HearingChanged: (_station, station.hearing_changed),
    Beat: (_nothing, beat),
    ConnectorChanged: CONNECTOR_CHANGED,
    AuthorizationAsked: (authorization.asked, authorization.authorize),
    SessionStarted: watched((starts.start_asked, starts.started)),
    Metered: (meters.meter_asked, meters.meter_taken),
    SessionStopped: (stops.stop_asked, stops.stopped),
    TransactionTold: watched((transactions.transaction_asked, transactions.transaction_told)),
    Quarantined: (_nothing, station.quarantined),
    CommandAnswered: (
        _answer_asked,
        partial(consequences.settled, consequences=areas.CONSEQUENCES),
    ),
}
RULES: Rules = areas.merged("a rule", (_BASIC, areas.RULES))
"""For each report, what must be known and its rule."""


def question(report: Report) -> Question:
    """What must be known to decide this report."""
    return RULES[type(report)][0](report)


def decide(
    report: Report, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Decide a report: pure, raises nothing but bugs."""
    return RULES[type(report)][1](report, key, state, now, policy)


MONEY = (
    SessionStarted,
    Metered,
    SessionStopped,
    TransactionTold,
    SettlementTold,
    BatteriesSwapped,
)
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
