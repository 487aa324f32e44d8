"""Rules of log uploads (OCPP 1.6 §4.4, security extension §4.7, 2.x N01)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from csms.core import station
from csms.core.consequences import Answered, Consequence, Consequences
from csms.core.decisions import (
    ACKNOWLEDGED,
    Decision,
    Policy,
    ProgressStation,
    Question,
    State,
    Write,
)
from csms.core.logs.vocabulary import (
    NOTHING,
    OPEN,
    CancelLogJobs,
    LogJob,
    LogJobAsked,
    LogPromised,
    LogUploadProgressed,
    OpenLogJob,
    RequestLog,
    StepLogJob,
)
from csms.core.operations import without_userinfo
from csms.core.reports import CommandAnswered
from csms.core.values import StationKey

if TYPE_CHECKING:
    from csms.core.areas import Rules

IDLE = "Idle"

_RESPELT: Mapping[str, str] = {"UploadFailed": "UploadFailure"}
"""Words of 1.6 that newer messages say differently."""
_BEGINS = frozenset({"Requested", "Accepted", "Expired", "Unreachable"})
_OUTCOMES: Mapping[str, str] = {
    "accepted": "Accepted",
    "expired": "Expired",
    "rejected": "Rejected",
    "unreachable": "Unreachable",
    "unsupported": "Unsupported",
}


def progress_asked(report: LogUploadProgressed) -> Question:
    """The upload it is about; DiagnosticsStatusNotification does not say which."""
    return Question(more=(LogJobAsked(ref=report.request_id),))


def progressed(
    report: LogUploadProgressed, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep the state of an upload; ``Idle`` is told only when it was asked for."""
    job: LogJob | None = state.answer(LogJobAsked)
    writes: list[Write] = [
        ProgressStation(station_id=key.id, diagnostics_status=report.status, at=now)
    ]
    if job is not None and report.status != IDLE:
        told = _RESPELT.get(report.status, report.status)
        writes += _stepped(job, key, told, now, detail=report.detail)
    event = station.fact(
        "station.diagnostics",
        key,
        now,
        status=report.status,
        request_id=report.request_id,
        job=None if job is None else job.number,
    )
    known = job is not None or report.status == IDLE
    odd = () if known else station.unasked(report.request_id)
    return Decision(ACKNOWLEDGED, tuple(writes), (event,), oddities=odd)


def _stepped(
    job: LogJob,
    key: StationKey,
    told: str,
    now: datetime,
    *,
    detail: str | None = None,
    file_name: str | None = None,
) -> list[Write]:
    """What was told of an upload: forward only, and nothing after its end.

    The name of the file is kept whenever it is told.
    """
    forward = job.status in OPEN and not (told in _BEGINS and job.status not in _BEGINS)
    if not forward and file_name is None:
        return []
    status = told if forward else job.status
    step = StepLogJob(
        station_id=key.id,
        number=job.number,
        status=status,
        detail=detail,
        file_name=file_name,
        ended=status not in OPEN,
        at=now,
    )
    return [step]


def log_asked(report: CommandAnswered) -> Question:
    """The upload that the command is about."""
    command: RequestLog = report.command  # type: ignore[assignment]  # by the table
    return Question(more=(LogJobAsked(ref=command.ref),))


def log_answered(answered: Answered, state: State, now: datetime) -> Consequence:
    """The station will upload, or not, or has nothing to (1.6 §5.8: no file name).

    ``AcceptedCanceled`` is a yes that ends every other upload (N01.FR.12).
    """
    command: RequestLog = answered.command
    key, outcome = answered.key, answered.outcome
    assert command.ref is not None  # given when it was submitted
    promised = outcome.found if isinstance(outcome.found, LogPromised) else None
    said = _OUTCOMES[outcome.status]
    if said == "Accepted" and promised is not None and promised.file_name == "":
        said, promised = NOTHING, None
    opened = OpenLogJob(
        station_id=key.id,
        operator_id=key.operator_id,
        number=command.ref,
        kind=command.kind.value,
        location=without_userinfo(command.location),
        oldest_at=command.oldest_at,
        latest_at=command.latest_at,
        at=now,
    )
    job = state.answer(LogJobAsked) or LogJob(number=command.ref, status="Requested")
    file_name = None if promised is None else promised.file_name
    steps = _stepped(job, key, said, now, detail=outcome.detail, file_name=file_name)
    writes: list[Write] = [opened, *steps]
    if answered.accepted and outcome.detail == "AcceptedCanceled":
        writes.append(CancelLogJobs(station_id=key.id, number=command.ref, at=now))
    return Consequence(tuple(writes))


RULES: Rules = {LogUploadProgressed: (progress_asked, progressed)}
CONSEQUENCES: Consequences = {RequestLog: (log_asked, log_answered)}
