"""Firmware updates go forward only, and end with the version that a station boots with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.core.commands import Outcome
from csms.core.decisions import Write
from csms.core.firmware.updates import confirms
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
from csms.core.replies import Acknowledged, BootAnswered
from csms.core.reports import Booted, CommandAnswered
from csms.core.values import Operation, OperationStatus, StationKey
from csms.testing.desk import Desk

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")
UPDATE = UpdateFirmware(location="https://me:secret@files.example/fw", retrieve_at=T0, ref=7)
WORDS = [*ORDER, *ENDS, "Idle", "Rebooting"]


def desk_with(job: FirmwareJob | None, *, version: str | None = "1.0") -> Desk:
    """A station with that job, and that version so far."""
    desk = Desk(T0)
    found = () if job is None else (job,)
    desk.book.answers[FirmwareJobAsked] = lambda _key, _ask: found
    known = FirmwareKnown(version=version, job=job)
    desk.book.answers[FirmwareKnownAsked] = lambda _key, _ask: (known,)
    return desk


def steps(desk: Desk) -> list[tuple[str, str, bool]]:
    """Where the job stood, what was told, whether that ended it."""
    kept = [write for write in desk.book.kept if isinstance(write, StepFirmwareJob)]
    return [(write.status, write.told, write.ended) for write in kept]


def answered(status: str, detail: str | None = None, command: Any = UPDATE) -> CommandAnswered:
    operation = Operation(
        id="op",
        operator_id=1,
        station_id=1,
        identity="CP1",
        action="update_firmware",
        payload={},
        status=OperationStatus.PENDING,
        created_at=T0,
        expires_at=T0,
    )
    outcome = Outcome(status=status, detail=detail)
    return CommandAnswered(operation=operation, command=command, outcome=outcome, at=T0)


@pytest.mark.parametrize(
    ("status", "told", "expected"),
    [
        ("Accepted", "Downloading", ("Downloading", "Downloading", False)),
        ("Downloading", "DownloadPaused", ("DownloadPaused", "DownloadPaused", False)),
        ("DownloadPaused", "Downloading", ("Downloading", "Downloading", False)),
        ("InstallRebooting", "Installing", ("Installing", "Installing", False)),
        ("Requested", "Downloading", ("Downloading", "Downloading", False)),
        ("Expired", "Downloading", ("Downloading", "Downloading", False)),
        ("Installing", "Installed", ("Installed", "Installed", True)),
        ("Accepted", "InstallationFailed", ("InstallationFailed", "InstallationFailed", True)),
        ("Downloading", "InvalidSignature", ("InvalidSignature", "InvalidSignature", True)),
        ("Installing", "Downloaded", ("Installing", "Downloaded", False)),
        ("Installing", "Rebooting", ("Installing", "Rebooting", False)),
        ("Installing", "Installing", None),
        ("Installing", "Idle", None),
        ("Installed", "Downloading", None),
        ("DownloadFailed", "Installed", None),
    ],
)
def test_progress(status: str, told: str, expected: tuple[str, str, bool] | None) -> None:
    """Forward, or only into the history; what repeats or follows an end says nothing new."""
    desk = desk_with(FirmwareJob(number=7, status=status))
    reply = desk.say(CP1, FirmwareProgressed(status=told, request_id=7))
    assert reply == Acknowledged()
    assert steps(desk) == ([] if expected is None else [expected])
    assert desk.last("station.firmware").data == {"status": told, "request_id": 7, "job": 7}


def test_progress_of_nothing_we_know() -> None:
    """A status without a job is still the station's."""
    desk = desk_with(None)
    desk.say(CP1, FirmwareProgressed(status="Installing", request_id=9))
    assert desk.book.progress[1]["firmware_status"] == "Installing"
    assert steps(desk) == []


@given(told=st.lists(st.sampled_from(WORDS), max_size=12))
def test_whatever_the_order(told: list[str]) -> None:
    """Nothing a station tells, in any order, takes a job back or revives it."""
    job = FirmwareJob(number=7, status="Accepted")
    for status in told:
        desk = desk_with(job)
        desk.say(CP1, FirmwareProgressed(status=status))
        for step in steps(desk):
            assert job.status not in ENDS
            assert step[0] in ENDS or ORDER[step[0]] >= ORDER[job.status]
            job = FirmwareJob(number=7, status=step[0])


@pytest.mark.parametrize(
    ("status", "detail", "expected"),
    [
        ("accepted", None, ("Accepted", "Accepted", False)),
        ("rejected", None, ("Rejected", "Rejected", True)),
        ("rejected", "Nonsense", ("Rejected", "Rejected", True)),
        ("rejected", "InvalidCertificate", ("InvalidCertificate", "InvalidCertificate", True)),
        ("rejected", "RevokedCertificate", ("RevokedCertificate", "RevokedCertificate", True)),
        ("unsupported", "NotImplemented", ("Unsupported", "Unsupported", True)),
        ("expired", None, ("Expired", "Expired", False)),
        ("unreachable", None, ("Unreachable", "Unreachable", False)),
    ],
)
def test_answers(status: str, detail: str | None, expected: tuple[str, str, bool]) -> None:
    """The job is made known if it was not, without secrets, and stands where the answer says."""
    desk = desk_with(None)
    desk.book.operations["op"] = answered(status).operation
    desk.say(CP1, answered(status, detail))
    opened = next(write for write in desk.book.kept if isinstance(write, OpenFirmwareJob))
    assert (opened.number, opened.location) == (7, "https://***@files.example/fw")
    assert steps(desk) == [expected]
    assert desk.book.operations["op"].status == status


def test_an_answer_that_comes_after_the_first_status() -> None:
    """Accepted takes nothing back."""
    desk = desk_with(FirmwareJob(number=7, status="Downloading"))
    desk.say(CP1, answered("accepted"))
    assert steps(desk) == [("Downloading", "Accepted", False)]
    desk = desk_with(FirmwareJob(number=7, status="Installed"))
    desk.say(CP1, answered("accepted"))
    assert steps(desk) == []


def test_accepted_for_another() -> None:
    """AcceptedCanceled ends every other job."""
    desk = desk_with(None)
    desk.say(CP1, answered("accepted", "AcceptedCanceled"))
    assert CancelFirmwareJobs(station_id=1, number=7, at=T0) in desk.book.kept


@pytest.mark.parametrize(
    ("job", "version", "before", "expected"),
    [
        (FirmwareJob(number=7, status="Installed"), "2.0", "1.0", True),
        (FirmwareJob(number=7, status="Installing"), "2.0", "1.0", True),
        (FirmwareJob(number=7, status="Installing"), "1.0", "1.0", False),
        (FirmwareJob(number=7, status="Downloading"), "2.0", "1.0", False),
        (FirmwareJob(number=7, status="Installed"), "2.0", None, False),
        (FirmwareJob(number=7, status="Installed", version_before="1.0"), "2.0", "2.0", True),
        (FirmwareJob(number=7, status="Accepted", expected_version="2.0"), "2.0", None, True),
        (FirmwareJob(number=7, status="Installed", expected_version="2.0"), "1.5", "1.0", False),
        (FirmwareJob(number=7, status="DownloadFailed"), "2.0", "1.0", False),
    ],
)
def test_confirmation(
    job: FirmwareJob, version: str, before: str | None, *, expected: bool
) -> None:
    """The expected version, or where none is another one after the download, is the end of it."""
    assert confirms(job, version, before) is expected


def test_a_boot_with_the_new_version() -> None:
    """It is answered as any other, confirms the job and is told of."""
    desk = desk_with(FirmwareJob(number=7, status="Installing"))
    boot = Booted(vendor="Acme", model="M", firmware_version="2.0")
    assert isinstance(desk.say(CP1, boot), BootAnswered)
    assert steps(desk) == [("Installed", "Installed", True)]
    assert desk.last("station.firmware_changed").data == {
        "before": "1.0",
        "after": "2.0",
        "job": 7,
    }
    assert desk.book.booted[1].firmware_version == "2.0"


@pytest.mark.parametrize(
    ("version", "before", "changed"),
    [("1.0", "1.0", False), (None, "1.0", False), ("1.0", None, False), ("2.0", "1.0", True)],
)
def test_boots_without_a_job(version: str | None, before: str | None, *, changed: bool) -> None:
    """Only another version than the one before is a change."""
    desk = desk_with(None, version=before)
    desk.say(CP1, Booted(vendor="Acme", model="M", firmware_version=version))
    assert ("station.firmware_changed" in desk.kinds) is changed
    assert steps(desk) == []


def test_an_outcome_that_comes_again() -> None:
    """The same outcome again changes nothing."""
    desk = desk_with(None)
    desk.book.operations["op"] = answered("accepted").operation
    desk.say(CP1, answered("accepted"))
    before: list[Write] = list(desk.book.kept)
    desk.say(CP1, answered("accepted"))
    assert desk.book.kept == before
