"""Rules of firmware updates (OCPP 1.6 §4.5, 2.x L01, L02).

A job goes forward only: what comes late, twice or after the end is kept in its history at most.
It is through with ``Installed`` or a failure, and confirmed by the version that the station boots
with, which may well come before ``Installed``, or instead of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from csms.core import station
from csms.core.consequences import Answered, Consequence
from csms.core.decisions import (
    ACKNOWLEDGED,
    Decision,
    Policy,
    ProgressStation,
    Question,
    State,
    Write,
)
from csms.core.firmware.vocabulary import (
    ENDS,
    ORDER,
    CancelFirmwareJobs,
    FirmwareJob,
    FirmwareJobAsked,
    FirmwareKnown,
    FirmwareKnownAsked,
    FirmwareProgressed,
    OpenFirmwareJob,
    StepFirmwareJob,
    UpdateFirmware,
)
from csms.core.operations import without_userinfo
from csms.core.reports import Booted, CommandAnswered
from csms.core.values import StationKey

IDLE = "Idle"
INSTALLED = "Installed"

_OUTCOMES: Mapping[str, str] = {
    "accepted": "Accepted",
    "expired": "Expired",
    "unreachable": "Unreachable",
    "unsupported": "Unsupported",
}
_REFUSALS = frozenset({"InvalidCertificate", "RevokedCertificate"})


def progress_asked(report: FirmwareProgressed) -> Question:
    """The job it is about; OCPP 1.6 without signatures does not say which."""
    return Question(more=(FirmwareJobAsked(ref=report.request_id),))


def progressed(
    report: FirmwareProgressed, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep the state of a firmware update."""
    job: FirmwareJob | None = state.answer(FirmwareJobAsked)
    writes: list[Write] = [
        ProgressStation(station_id=key.id, firmware_status=report.status, at=now)
    ]
    if job is not None and report.status != IDLE:
        step = _stepped(job, key, report.status, report.detail, now)
        writes += [] if step is None else [step]
    event = station.fact(
        "station.firmware",
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
    job: FirmwareJob, key: StationKey, told: str, detail: str | None, now: datetime
) -> StepFirmwareJob | None:
    """What was told of a job; None when it says nothing new."""
    if job.status in ENDS or told == job.status:
        return None
    ends = told in ENDS
    forward = ends or ORDER.get(told, -1) >= ORDER.get(job.status, 0)
    return StepFirmwareJob(
        station_id=key.id,
        number=job.number,
        status=told if forward else job.status,
        told=told,
        detail=detail,
        ended=ends,
        at=now,
    )


def update_asked(report: CommandAnswered) -> Question:
    """The job that the command is about."""
    command: UpdateFirmware = report.command  # type: ignore[assignment]  # by the table
    return Question(more=(FirmwareJobAsked(ref=command.ref),))


def update_answered(answered: Answered, state: State, now: datetime) -> Consequence:
    """The station takes the job or does not; it is made known if nobody did before.

    ``AcceptedCanceled`` is a yes that ends every other job (L01.FR.24).
    """
    command: UpdateFirmware = answered.command
    key, outcome = answered.key, answered.outcome
    assert command.ref is not None  # given when it was submitted
    opened = OpenFirmwareJob(
        station_id=key.id,
        operator_id=key.operator_id,
        number=command.ref,
        location=without_userinfo(command.location),
        retrieve_at=command.retrieve_at,
        install_at=command.install_at,
        signing_certificate=command.signing_certificate,
        signature=command.signature,
        retries=command.retries,
        retry_interval_s=command.retry_interval_s,
        at=now,
    )
    said = _OUTCOMES.get(outcome.status) or (
        outcome.detail if outcome.detail in _REFUSALS else "Rejected"
    )
    assert said is not None
    job = state.answer(FirmwareJobAsked) or FirmwareJob(number=command.ref, status="Requested")
    step = _stepped(job, key, said, None if said == outcome.detail else outcome.detail, now)
    writes: list[Write] = [opened]
    writes += [] if step is None else [step]
    if answered.accepted and outcome.detail == "AcceptedCanceled":
        writes.append(CancelFirmwareJobs(station_id=key.id, number=command.ref, at=now))
    return Consequence(tuple(writes))


def boot_asked(_report: Booted) -> Question:
    """What every boot is decided by, and the version before it."""
    return replace(station.STATION, more=(FirmwareKnownAsked(),))


def booted(
    report: Booted, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Answer BootNotification; a version that differs from the one before is a fact of its own,
    and confirms the job that led to it."""
    decision = station.booted(report, key, state, now, policy)
    known: FirmwareKnown = state.answer(FirmwareKnownAsked) or FirmwareKnown()
    version, job = report.firmware_version, known.job
    if version is None:
        return decision
    writes, events = decision.writes, decision.events
    if job is not None and confirms(job, version, known.version):
        step = StepFirmwareJob(
            station_id=key.id,
            number=job.number,
            status=INSTALLED,
            told=INSTALLED,
            detail=f"booted with version {version}",
            ended=True,
            version=version,
            at=now,
        )
        writes = (*writes, step)
    else:
        job = None
    if known.version is not None and known.version != version:
        changed = station.fact(
            "station.firmware_changed",
            key,
            now,
            before=known.version,
            after=version,
            job=None if job is None else job.number,
        )
        events = (*events, changed)
    return replace(decision, writes=writes, events=events)


def confirms(job: FirmwareJob, version: str, before: str | None) -> bool:
    """Whether a boot with that version is what the job should lead to."""
    if job.status in ENDS and job.status != INSTALLED:
        return False
    if job.expected_version is not None:
        return version == job.expected_version
    was = job.version_before or before
    far = job.status == INSTALLED or ORDER.get(job.status, 0) >= ORDER["Downloaded"]
    return far and was is not None and version != was
