"""Uploads of logs: forward only, until an end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from csms.core.commands import Outcome
from csms.core.logs.vocabulary import (
    CancelLogJobs,
    LogJob,
    LogJobAsked,
    LogPromised,
    LogUploadProgressed,
    OpenLogJob,
    RequestLog,
    StepLogJob,
)
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, StationKey
from csms.testing.desk import Desk

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")
WISH = RequestLog(location="ftp://u:p@files.example/", ref=7)


def desk_with(job: LogJob | None) -> Desk:
    desk = Desk(T0)
    found = () if job is None else (job,)
    desk.book.answers[LogJobAsked] = lambda _key, _ask: found
    return desk


def steps(desk: Desk) -> list[tuple[str, str | None, bool]]:
    kept = [write for write in desk.book.kept if isinstance(write, StepLogJob)]
    return [(write.status, write.file_name, write.ended) for write in kept]


def answered(outcome: Outcome) -> CommandAnswered:
    operation = Operation(
        id="op",
        operator_id=1,
        station_id=1,
        identity="CP1",
        action="request_log",
        payload={},
        status=OperationStatus.PENDING,
        created_at=T0,
        expires_at=T0,
    )
    return CommandAnswered(operation=operation, command=WISH, outcome=outcome, at=T0)


@pytest.mark.parametrize(
    ("before", "told", "after"),
    [
        ("Accepted", "Uploading", ("Uploading", None, False)),
        ("Requested", "Uploading", ("Uploading", None, False)),
        ("Expired", "Uploaded", ("Uploaded", None, True)),
        ("Uploading", "Uploaded", ("Uploaded", None, True)),
        ("Uploading", "UploadFailed", ("UploadFailure", None, True)),
        ("Uploading", "PermissionDenied", ("PermissionDenied", None, True)),
        ("Accepted", "AcceptedCanceled", ("AcceptedCanceled", None, True)),
        ("Uploaded", "Uploading", None),
        ("UploadFailure", "Uploaded", None),
        ("Uploading", "Idle", None),
    ],
)
def test_progress(before: str, told: str, after: tuple[str, None, bool] | None) -> None:
    """Statuses in any order; those of 1.6 in the words of the newer messages."""
    desk = desk_with(LogJob(number=7, status=before))
    desk.say(CP1, LogUploadProgressed(status=told, request_id=7))
    assert steps(desk) == ([] if after is None else [after])
    assert desk.book.progress[1]["diagnostics_status"] == told
    assert desk.last("station.diagnostics").data["job"] == 7


def test_progress_of_nothing_we_know() -> None:
    """It is the station's state all the same."""
    desk = desk_with(None)
    desk.say(CP1, LogUploadProgressed(status="Uploaded", request_id=9))
    assert steps(desk) == []
    assert desk.book.progress[1]["diagnostics_status"] == "Uploaded"


@pytest.mark.parametrize(
    ("before", "outcome", "after"),
    [
        (
            None,
            Outcome(status="accepted", found=LogPromised(file_name="a.log")),
            ("Accepted", "a.log", False),
        ),
        (None, Outcome(status="accepted", found=LogPromised()), ("Accepted", None, False)),
        (None, Outcome(status="accepted"), ("Accepted", None, False)),
        (
            None,
            Outcome(status="accepted", found=LogPromised(file_name="")),
            ("NothingToUpload", None, True),
        ),
        (None, Outcome(status="rejected"), ("Rejected", None, True)),
        (None, Outcome(status="unsupported"), ("Unsupported", None, True)),
        (None, Outcome(status="expired"), ("Expired", None, False)),
        (
            LogJob(number=7, status="Uploading"),
            Outcome(status="accepted", found=LogPromised(file_name="a.log")),
            ("Uploading", "a.log", False),
        ),
        (LogJob(number=7, status="Uploaded"), Outcome(status="accepted"), None),
    ],
)
def test_answers(
    before: LogJob | None, outcome: Outcome, after: tuple[str, str | None, bool] | None
) -> None:
    """The upload is made known if it was not, and stands where the answer says."""
    desk = desk_with(before)
    desk.say(CP1, answered(outcome))
    opened = next(write for write in desk.book.kept if isinstance(write, OpenLogJob))
    assert opened.location == "ftp://***@files.example/"
    assert steps(desk) == ([] if after is None else [after])


def test_accepted_for_another() -> None:
    """AcceptedCanceled ends every other upload."""
    desk = desk_with(None)
    desk.say(CP1, answered(Outcome(status="accepted", detail="AcceptedCanceled")))
    assert CancelLogJobs(station_id=1, number=7, at=T0) in desk.book.kept
