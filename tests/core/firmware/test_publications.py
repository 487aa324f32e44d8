"""What local controllers publish."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from csms.core.commands import Command, Outcome
from csms.core.firmware.vocabulary import (
    PUBLISHED,
    Publication,
    PublicationAsked,
    PublicationProgressed,
    PublishFirmware,
    UnpublishFirmware,
)
from csms.core.holdings import Drop, Hold
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, StationKey
from csms.testing.desk import Desk

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
LC1 = StationKey(1, "LC1")
SUM = "0123456789abcdef0123456789abcdef"
PUBLISH = PublishFirmware(location="ftp://u:p@files.example/fw", checksum=SUM, ref=7)
ACCEPTED = {"status": "Accepted", "detail": None, "ref": 7, "location": "x", "locations": []}


def answered(command: Command, status: str, detail: str | None = None) -> CommandAnswered:
    operation = Operation(
        id="op",
        operator_id=1,
        station_id=1,
        identity="LC1",
        action="publish",
        payload={},
        status=OperationStatus.PENDING,
        created_at=T0,
        expires_at=T0,
    )
    outcome = Outcome(status=status, detail=detail)
    return CommandAnswered(operation=operation, command=command, outcome=outcome, at=T0)


def desk_with(content: dict[str, object] | None) -> Desk:
    desk = Desk(T0)
    found = () if content is None else (Publication(checksum=SUM, content=content),)
    desk.book.answers[PublicationAsked] = lambda _key, _ask: found
    return desk


def held(desk: Desk) -> list[Hold]:
    return [write for write in desk.book.kept if isinstance(write, Hold)]


def test_accepted() -> None:
    """A controller that accepts holds it, without the password of where it comes from."""
    desk = desk_with(None)
    desk.say(LC1, answered(PUBLISH, "accepted"))
    (hold,) = held(desk)
    assert (hold.kind, hold.key, hold.origin) == (PUBLISHED, SUM, "set")
    assert hold.content["location"] == "ftp://***@files.example/fw"


@pytest.mark.parametrize("known", [None, ACCEPTED])
def test_refused_or_known(known: dict[str, object] | None) -> None:
    """One that refuses holds nothing; what its reports told before its answer stays."""
    desk = desk_with(known)
    desk.say(LC1, answered(PUBLISH, "accepted" if known else "rejected"))
    assert held(desk) == []


@pytest.mark.parametrize(
    ("before", "told", "after"),
    [
        ("Accepted", "Downloading", "Downloading"),
        ("Downloading", "Published", "Published"),
        ("Downloading", "InvalidChecksum", "InvalidChecksum"),
        ("Published", "Published", "Published"),
        ("Published", "Downloading", None),
        ("PublishFailed", "Published", None),
        ("Accepted", "Idle", None),
    ],
)
def test_progress(before: str, told: str, after: str | None) -> None:
    """It goes on until an end, and tells where the firmware can be had."""
    desk = desk_with({**ACCEPTED, "status": before})
    locations = ("https://lc/fw",) if told == "Published" else ()
    report = PublicationProgressed(status=told, request_id=7, locations=locations, detail="d")
    desk.say(LC1, report)
    assert [hold.content["status"] for hold in held(desk)] == ([] if after is None else [after])
    if after == "Published":
        assert held(desk)[0].content["locations"] == ["https://lc/fw"]
    assert desk.last("station.firmware_publication").data["status"] == told


def test_progress_of_nothing_we_know() -> None:
    """It is told of, and that is all."""
    desk = desk_with(None)
    desk.say(LC1, PublicationProgressed(status="Published"))
    assert desk.book.kept == []
    assert desk.last("station.firmware_publication").data["checksum"] is None


@pytest.mark.parametrize(
    ("status", "detail", "gone"),
    [
        ("accepted", None, True),
        ("rejected", "NoFirmware", True),
        ("rejected", "DownloadOngoing", False),
    ],
)
def test_unpublished(status: str, detail: str | None, *, gone: bool) -> None:
    """Gone, or never there: either way it is not there; a download goes on."""
    desk = desk_with(None)
    desk.say(LC1, answered(UnpublishFirmware(checksum=SUM), status, detail))
    drop = Drop(station_id=1, kind=PUBLISHED, keys=(SUM,), at=T0)
    assert (drop in desk.book.kept) is gone
