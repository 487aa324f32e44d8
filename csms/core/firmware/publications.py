"""Rules of what local controllers publish for the stations behind them (OCPP 2.x L03, L04)."""

from __future__ import annotations

from datetime import datetime

from csms.core import station
from csms.core.consequences import Answered, Consequence
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy, Question, State
from csms.core.firmware.vocabulary import (
    PUBLISHED,
    Publication,
    PublicationAsked,
    PublicationProgressed,
    PublishFirmware,
    UnpublishFirmware,
)
from csms.core.holdings import Drop, Hold
from csms.core.operations import without_userinfo
from csms.core.reports import CommandAnswered
from csms.core.values import StationKey

_GONE = "NoFirmware"
_ENDS = frozenset({"DownloadFailed", "InvalidChecksum", "PublishFailed", "Published"})


def publication_asked(report: PublicationProgressed) -> Question:
    """The publication it is about."""
    return Question(more=(PublicationAsked(ref=report.request_id),))


def publication_progressed(
    report: PublicationProgressed, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep how far a publication is, and where stations may fetch it (L03.FR.04 ff.).

    After an end nothing is taken but a repetition of it with more to tell.
    """
    known: Publication | None = state.answer(PublicationAsked)
    event = station.fact(
        "station.firmware_publication",
        key,
        now,
        status=report.status,
        request_id=report.request_id,
        checksum=None if known is None else known.checksum,
        locations=report.locations,
    )
    if report.status == "Idle":
        return Decision(ACKNOWLEDGED, (), (event,))
    if known is None:
        return Decision(ACKNOWLEDGED, (), (event,), oddities=station.unasked(report.request_id))
    before = known.content.get("status")
    if before in _ENDS and report.status != before:
        return Decision(ACKNOWLEDGED, (), (event,))
    content = {**known.content, "status": report.status, "detail": report.detail}
    if report.locations:
        content["locations"] = list(report.locations)
    hold = Hold(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=PUBLISHED,
        key=known.checksum,
        content=content,
        origin="told",
        at=now,
    )
    return Decision(ACKNOWLEDGED, (hold,), (event,))


def publish_asked(report: CommandAnswered) -> Question:
    """The publication that the command is about: its reports may have come before."""
    command: PublishFirmware = report.command  # type: ignore[assignment]  # by the table
    return Question(more=(PublicationAsked(ref=command.ref),))


def publish_answered(answered: Answered, state: State, now: datetime) -> Consequence:
    """A controller that accepts begins to download."""
    command: PublishFirmware = answered.command
    if not answered.accepted or state.answer(PublicationAsked) is not None:
        return Consequence()
    content: dict[str, object] = {
        "status": "Accepted",
        "detail": None,
        "ref": command.ref,
        "location": without_userinfo(command.location),
        "locations": [],
    }
    hold = Hold(
        station_id=answered.key.id,
        operator_id=answered.key.operator_id,
        kind=PUBLISHED,
        key=command.checksum,
        content=content,
        origin="set",
        operation_id=answered.operation.id,
        at=now,
    )
    return Consequence((hold,))


def unpublish_answered(answered: Answered, _state: State, now: datetime) -> Consequence:
    """It is gone when the controller says so, and also when it says that it has no such firmware
    (L04.FR.02); a download under way keeps it."""
    command: UnpublishFirmware = answered.command
    if not (answered.accepted or answered.outcome.detail == _GONE):
        return Consequence()
    drop = Drop(station_id=answered.key.id, kind=PUBLISHED, keys=(command.checksum,), at=now)
    return Consequence((drop,))
