"""What vehicles say of themselves through their station (2.x K15-K17; ISO 15118)."""

from __future__ import annotations

from datetime import datetime

from csms.core.charging import vocabulary as v
from csms.core.charging.checks import InstalledProfile
from csms.core.charging.facts import event_of
from csms.core.charging.needs import exceeds
from csms.core.charging.profiles import PROFILE, Purpose, as_schedule
from csms.core.charging.scene import installed
from csms.core.decisions import Decision, Policy, Question, State
from csms.core.happenings import Happened, fingerprint
from csms.core.holdings import Hold
from csms.core.times import utc_text
from csms.core.values import Session, StationKey

MAX_REJECTIONS = 3
"""How often in a row a vehicle is sent its profile anew because it means to exceed it."""


def needs_asked(report: v.NeedsTold) -> Question:
    """Whose needs they are."""
    return Question(open_on_evse=report.evse_id)


def needs_told(
    report: v.NeedsTold, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Keep them, and promise what the policy says.

    A profile is for a transaction; before there is one, the answer is that it will take a while,
    and the session's start is what is waited for.
    """
    session = _running(state)
    status = "Accepted" if session is not None else "Processing"
    if policy.ev_needs != "profile":
        status = "NoChargingProfile" if policy.ev_needs == "none" else "Rejected"
    session_id = None if session is None else session.id
    content: dict[str, object] = {
        "needs": report.needs,
        "max_tuples": report.max_tuples,
        "answer": status,
        "session_id": session_id,
        "transaction_ref": None if session is None else session.transaction_ref,
    }
    held = Hold(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=v.NEEDS,
        key=str(report.evse_id),
        evse_id=report.evse_id,
        content=content,
        origin="told",
        at=now,
    )
    happened = Happened(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=v.NEEDS,
        at=report.at or now,
        received_at=now,
        evse_id=report.evse_id,
        session_id=session_id,
        content=content,
        fingerprint=fingerprint(report.evse_id, report.needs, report.max_tuples),
    )
    told = event_of(key, "session.ev_needs", now, session_id, evse_id=report.evse_id, answer=status)
    return Decision(v.NeedsAnswered(status=status), (held, happened), (told,))


def schedule_asked(report: v.VehicleScheduleTold) -> Question:
    """Whose schedule it is, what it may be, and what was said of the one before."""
    return Question(
        open_on_evse=report.evse_id,
        more=(v.HeldAsked(kinds=(PROFILE, v.EV_SCHEDULE)),),
    )


def schedule_told(
    report: v.VehicleScheduleTold, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Accepted when it stays within the profile that the station holds for the session (K16).

    One that cannot be compared is nobody's fault, and accepted.
    """
    session = _running(state)
    held: tuple[v.Held, ...] = state.answers(v.HeldAsked)
    schedule = as_schedule(report.schedule)
    profile = None if session is None else _for_session(held, session)
    accepted = (
        profile is None
        or schedule is None
        or not exceeds(schedule, report.at, profile, selected_id=report.selected_id)
    )
    session_id = None if session is None else session.id
    rejections = 0 if accepted else _rejections(held, report.evse_id, session_id) + 1
    content: dict[str, object] = {
        "schedule": report.schedule,
        "at": utc_text(report.at),
        "selected_id": report.selected_id,
        "session_id": session_id,
        "accepted": accepted,
        "rejections": rejections,
    }
    kept = Hold(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=v.EV_SCHEDULE,
        key=str(report.evse_id),
        evse_id=report.evse_id,
        content=content,
        origin="told",
        at=now,
    )
    happened = Happened(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=v.EV_SCHEDULE,
        at=report.at,
        received_at=now,
        evse_id=report.evse_id,
        session_id=session_id,
        content=content,
        fingerprint=fingerprint(report.evse_id, report.schedule, report.selected_id),
    )
    told = event_of(
        key,
        "session.ev_schedule",
        now,
        session_id,
        evse_id=report.evse_id,
        accepted=accepted,
        profile_id=None if profile is None else profile.profile.id,
        again=not accepted and rejections <= MAX_REJECTIONS,
    )
    return Decision(v.VehicleScheduleAnswered(accepted=accepted), (kept, happened), (told,))


def _running(state: State) -> Session | None:
    """The newest open session whose transaction is known."""
    known = [session for session in state.open_sessions if session.transaction_ref is not None]
    return known[-1] if known else None


def _for_session(held: tuple[v.Held, ...], session: Session) -> InstalledProfile | None:
    fitting = [
        each
        for each in installed(held)
        if each.profile.purpose is Purpose.TX
        and each.profile.transaction_ref == session.transaction_ref
    ]
    return max(fitting, key=lambda each: each.profile.stack_level, default=None)


def _rejections(held: tuple[v.Held, ...], evse_id: int, session_id: str | None) -> int:
    for each in held:
        before = each.content
        if (
            each.kind == v.EV_SCHEDULE
            and each.evse_id == evse_id
            and before.get("session_id") == session_id
        ):
            count = before.get("rejections")
            return count if isinstance(count, int) else 0
    return 0
