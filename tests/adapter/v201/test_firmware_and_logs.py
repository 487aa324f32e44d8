"""Firmware and logs in the words of 2.x."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Dialect, Understood
from csms.adapter.tables import Request, Unsupported
from csms.core.commands import Command, Raw
from csms.core.firmware.vocabulary import (
    FirmwareProgressed,
    PublicationProgressed,
    PublishFirmware,
    UnpublishFirmware,
    UpdateFirmware,
)
from csms.core.logs.vocabulary import LogKind, LogPromised, LogUploadProgressed, RequestLog
from csms.core.values import Strictness

V201, V21 = DIALECTS["ocpp2.0.1"], DIALECTS["ocpp2.1"]
T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHEN = "2026-03-01T12:00:00.000Z"
URL = "https://files.example/x"
SUM = "0123456789abcdef0123456789abcdef"
modern = pytest.mark.parametrize("dialect", [V201, V21], ids=["2.0.1", "2.1"])

PAIRS = [
    (
        UpdateFirmware(location=URL, retrieve_at=T0, ref=7),
        Request(
            "UpdateFirmware",
            {"requestId": 7, "firmware": {"location": URL, "retrieveDateTime": WHEN}},
        ),
    ),
    (
        UpdateFirmware(
            location=URL,
            retrieve_at=T0,
            install_at=T0,
            signing_certificate="PEM",
            signature="QUJD",
            retries=1,
            retry_interval_s=2,
            ref=7,
        ),
        Request(
            "UpdateFirmware",
            {
                "requestId": 7,
                "firmware": {
                    "location": URL,
                    "retrieveDateTime": WHEN,
                    "installDateTime": WHEN,
                    "signingCertificate": "PEM",
                    "signature": "QUJD",
                },
                "retries": 1,
                "retryInterval": 2,
            },
        ),
    ),
    (
        PublishFirmware(location=URL, checksum=SUM, retries=1, ref=7),
        Request(
            "PublishFirmware", {"requestId": 7, "location": URL, "checksum": SUM, "retries": 1}
        ),
    ),
    (UnpublishFirmware(checksum=SUM), Request("UnpublishFirmware", {"checksum": SUM})),
    (
        RequestLog(kind=LogKind.SECURITY, location=URL, oldest_at=T0, latest_at=T0, ref=7),
        Request(
            "GetLog",
            {
                "logType": "SecurityLog",
                "requestId": 7,
                "log": {
                    "remoteLocation": URL,
                    "oldestTimestamp": WHEN,
                    "latestTimestamp": WHEN,
                },
            },
        ),
    ),
    (
        RequestLog(location=URL, ref=7),
        Request(
            "GetLog",
            {"logType": "DiagnosticsLog", "requestId": 7, "log": {"remoteLocation": URL}},
        ),
    ),
]


@modern
@pytest.mark.parametrize(("command", "request_"), PAIRS)
def test_spelled_and_understood(dialect: Dialect, command: Command, request_: Request) -> None:
    """Each is said in one way, and who says it by hand has said the same."""
    assert dialect.request(command) == request_
    raw = Raw(action=request_.action, payload=request_.payload)
    assert dialect.interpret(raw) == command


@modern
@pytest.mark.parametrize(
    ("action", "payload"),
    [
        (
            "UpdateFirmware",
            {"requestId": 7, "firmware": {"location": URL, "retrieveDateTime": "2026"}},
        ),
        (
            "UpdateFirmware",
            {
                "requestId": 7,
                "firmware": {"location": URL, "retrieveDateTime": "0001-01-01T00:00:00Z"},
            },
        ),
        (
            "UnpublishFirmware",
            {"checksum": SUM, "customData": {"vendorId": "v"}},
        ),
        (
            "GetLog",
            {
                "logType": "SecurityLog",
                "requestId": 7,
                "log": {"remoteLocation": URL, "oldestTimestamp": "2026-03-01T12:00:00.12345Z"},
            },
        ),
    ],
)
def test_what_stays_as_it_was_written(
    dialect: Dialect, action: str, payload: dict[str, Any]
) -> None:
    """What says more than we could, or could not be said again, is sent as it was written."""
    raw = Raw(action=action, payload=payload)
    assert dialect.interpret(raw) is raw


def test_data_of_collectors() -> None:
    """Only 2.1 has them."""
    command = RequestLog(kind=LogKind.DATA_COLLECTOR, location=URL, ref=7)
    assert isinstance(V201.request(command), Unsupported)
    request = V21.request(command)
    assert isinstance(request, Request)
    assert request.payload["logType"] == "DataCollectorLog"
    assert V21.interpret(Raw(action="GetLog", payload=request.payload)) == command


INFO = {"statusInfo": {"reasonCode": "Busy", "additionalInfo": "later"}}


@pytest.mark.parametrize(
    ("action", "payload", "report"),
    [
        (
            "FirmwareStatusNotification",
            {"status": "Installing", "requestId": 7, **INFO},
            FirmwareProgressed(status="Installing", request_id=7, detail="Busy: later"),
        ),
        (
            "FirmwareStatusNotification",
            {"status": "Installing", "statusInfo": {"reasonCode": ""}},
            FirmwareProgressed(status="Installing"),
        ),
        (
            "PublishFirmwareStatusNotification",
            {"status": "Published", "requestId": 7, "location": ["https://lc/"]},
            PublicationProgressed(status="Published", request_id=7, locations=("https://lc/",)),
        ),
        (
            "PublishFirmwareStatusNotification",
            {"status": "Exploded", "location": 5},
            PublicationProgressed(status="Exploded"),
        ),
        (
            "LogStatusNotification",
            {"status": "AcceptedCanceled", "requestId": 7, **INFO},
            LogUploadProgressed(status="AcceptedCanceled", request_id=7, detail="Busy: later"),
        ),
    ],
)
def test_statuses(action: str, payload: dict[str, Any], report: Any) -> None:
    """With the reasons that 2.1 gives; what is odd about the rest does not matter."""
    said = V21.read(action, payload, Strictness.TOLERANT, T0)
    assert isinstance(said, Understood)
    assert said.report == report


@modern
@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"status": "Accepted", "filename": "a\0"}, LogPromised(file_name="a�")),
        ({"status": "Accepted"}, LogPromised()),
    ],
)
def test_promises(dialect: Dialect, answer: dict[str, Any], found: LogPromised) -> None:
    """The name of the file, where it is told already."""
    assert dialect.outcome(RequestLog(location=URL, ref=7), answer).found == found
