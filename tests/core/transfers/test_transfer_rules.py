"""DataTransfer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from csms.core.decisions import Policy
from csms.core.happenings import Happened
from csms.core.replies import DataTransferAnswered
from csms.core.reports import DataTransferred
from csms.core.transfers.rules import PLUG_AND_CHARGE
from csms.core.values import StationKey
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")


@pytest.mark.parametrize(
    ("vendor", "message", "status"),
    [
        ("com.example", None, "UnknownVendorId"),
        (PLUG_AND_CHARGE, "Nonsense", "UnknownMessageId"),
        (PLUG_AND_CHARGE.upper(), None, "UnknownMessageId"),
        (PLUG_AND_CHARGE, "Authorize", "Rejected"),
    ],
)
def test_by_the_standard(vendor: str, message: str | None, status: str) -> None:
    """Unknown vendors and messages are told so, never by an error (1.6 §4.3, P02.FR.06 f.)."""
    desk = Desk(NOW)
    reply = desk.say(CP1, DataTransferred(vendor_id=vendor, message_id=message, data="x"))
    assert reply == DataTransferAnswered(status=status)
    assert desk.book.kept == []


def test_recorded() -> None:
    """What vendors tell that the operator named is accepted, kept and told."""
    desk = Desk(NOW, Policy(recorded_vendors=frozenset({"com.example"})))
    told = DataTransferred(vendor_id="Com.Example", message_id="m", data={"a": [1]})
    assert desk.say(CP1, told) == DataTransferAnswered(status="Accepted")
    (kept,) = desk.book.kept
    assert isinstance(kept, Happened)
    assert kept.kind == "data_transfer"
    assert kept.content == {"vendor_id": "Com.Example", "message_id": "m", "data": {"a": [1]}}
    assert desk.last("station.data").data["data"] == {"a": [1]}
