"""Limits that somebody else sets on a station: they are held, and computed with (2.x K11-K13)."""

from __future__ import annotations

from datetime import datetime

from csms.core.charging.facts import event_of
from csms.core.charging.vocabulary import LIMIT, LimitCleared, LimitTold
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy, Question, State
from csms.core.holdings import Drop, Hold
from csms.core.reports import Report
from csms.core.values import StationKey


def nothing(_report: Report) -> Question:
    """Nothing need be known."""
    return Question()


def limit_told(
    report: LimitTold, key: StationKey, _state: State, now: datetime, _policy: Policy
) -> Decision:
    """The newest word of a source about an EVSE counts; what it generates there is told apart from
    what it limits, for both may hold (2.1 K27)."""
    generated = report.limit.get("is_local_generation") is True
    held = Hold(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=LIMIT,
        key=f"{report.source}:{report.evse_id}{':generation' if generated else ''}",
        evse_id=report.evse_id,
        content={**report.limit, "source": report.source},
        origin="told",
        at=now,
    )
    told = event_of(
        key,
        "charging.limit",
        now,
        evse_id=report.evse_id,
        source=report.source,
        is_grid_critical=report.limit.get("is_grid_critical"),
    )
    return Decision(ACKNOWLEDGED, (held,), (told,))


def limit_cleared(
    report: LimitCleared, key: StationKey, _state: State, now: datetime, _policy: Policy
) -> Decision:
    """The source limits nothing any more, there or anywhere."""
    gone = Drop(
        station_id=key.id,
        kind=LIMIT,
        evse_id=report.evse_id,
        matching={"source": report.source},
        at=now,
    )
    told = event_of(
        key, "charging.limit_cleared", now, evse_id=report.evse_id, source=report.source
    )
    return Decision(ACKNOWLEDGED, (gone,), (told,))
