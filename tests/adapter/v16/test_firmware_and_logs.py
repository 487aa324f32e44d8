"""Firmware and logs in the words of 1.6."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Understood
from csms.adapter.tables import Request, Unsupported
from csms.core.commands import Command, Raw
from csms.core.firmware.vocabulary import (
    FirmwareProgressed,
    PublishFirmware,
    UnpublishFirmware,
    UpdateFirmware,
)
from csms.core.logs.vocabulary import LogKind, LogPromised, LogUploadProgressed, RequestLog
from csms.core.values import Strictness

V16 = DIALECTS["ocpp1.6"]
T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHEN = "2026-03-01T12:00:00.000Z"
URL = "https://files.example/x"
PLAIN = {"location": URL, "retrieveDate": WHEN}
SIGNED = {
    "location": URL,
    "retrieveDateTime": WHEN,
    "installDateTime": WHEN,
    "signingCertificate": "PEM",
    "signature": "QUJD",
}
SIGNED_UPDATE = UpdateFirmware(
    location=URL,
    retrieve_at=T0,
    install_at=T0,
    signing_certificate="PEM",
    signature="QUJD",
    retry_interval_s=5,
    ref=7,
)
LIMITS = {"oldestTimestamp": WHEN, "latestTimestamp": WHEN}
SECURITY = RequestLog(
    kind=LogKind.SECURITY, location=URL, oldest_at=T0, latest_at=T0, extended=True, ref=7
)

PAIRS = [
    (
        UpdateFirmware(location=URL, retrieve_at=T0, retries=2),
        Request("UpdateFirmware", {**PLAIN, "retries": 2}),
    ),
    (
        SIGNED_UPDATE,
        Request("SignedUpdateFirmware", {"requestId": 7, "firmware": SIGNED, "retryInterval": 5}),
    ),
    (
        RequestLog(location=URL, oldest_at=T0, latest_at=T0, retries=1),
        Request(
            "GetDiagnostics", {"location": URL, "startTime": WHEN, "stopTime": WHEN, "retries": 1}
        ),
    ),
    (
        SECURITY,
        Request(
            "GetLog",
            {
                "logType": "SecurityLog",
                "requestId": 7,
                "log": {"remoteLocation": URL, **LIMITS},
            },
        ),
    ),
    (
        RequestLog(location=URL, extended=True, ref=7),
        Request(
            "GetLog",
            {"logType": "DiagnosticsLog", "requestId": 7, "log": {"remoteLocation": URL}},
        ),
    ),
]


@pytest.mark.parametrize(("command", "request_"), PAIRS)
def test_spelled_and_understood(command: Command, request_: Request) -> None:
    """Each is said in one way, and who says it by hand has said the same."""
    assert V16.request(command) == request_
    raw = Raw(action=request_.action, payload=request_.payload)
    assert V16.interpret(raw) == command


def test_signed_without_a_time_of_installation() -> None:
    """It is at once."""
    firmware = {name: value for name, value in SIGNED.items() if name != "installDateTime"}
    payload = {"requestId": 7, "firmware": firmware}
    command = V16.interpret(Raw(action="SignedUpdateFirmware", payload=payload))
    assert isinstance(command, UpdateFirmware)
    assert command.install_at is None
    assert V16.request(command) == Request("SignedUpdateFirmware", payload)


@pytest.mark.parametrize(
    "command",
    [
        PublishFirmware(location=URL, checksum="0" * 32),
        UnpublishFirmware(checksum="0" * 32),
        UpdateFirmware(location=URL, retrieve_at=T0, install_at=T0),
        RequestLog(kind=LogKind.DATA_COLLECTOR, location=URL),
    ],
)
def test_what_1_6_cannot_say(command: Command) -> None:
    """There is a reason to tell."""
    assert isinstance(V16.request(command), Unsupported)


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("UpdateFirmware", {**PLAIN, "retrieveDate": "2026-03-01T12:00:00,5Z"}),
        ("UpdateFirmware", {**PLAIN, "retrieveDate": "2026-13-01T12:00:00Z"}),
        ("UpdateFirmware", {**PLAIN, "retrieveDate": "0001-01-01T00:00:00+14:00"}),
        (
            "SignedUpdateFirmware",
            {"requestId": 7, "firmware": {**SIGNED, "retrieveDateTime": "0001-01-01T00:00:00Z"}},
        ),
        (
            "SignedUpdateFirmware",
            {"requestId": 7, "firmware": {**SIGNED, "retrieveDateTime": "tomorrow"}},
        ),
        ("GetDiagnostics", {"location": URL, "startTime": "2026-03-01T12:00:00.1234567Z"}),
    ],
)
def test_what_stays_as_it_was_written(action: str, payload: dict[str, Any]) -> None:
    """What would be sent otherwise than it was written is sent as it was written."""
    raw = Raw(action=action, payload=payload)
    assert V16.interpret(raw) is raw


def test_times_may_be_spelled_otherwise() -> None:
    """The same moment is the same."""
    payload = {**PLAIN, "retrieveDate": "2026-03-01T13:00:00+01:00"}
    command = V16.interpret(Raw(action="UpdateFirmware", payload=payload))
    assert command == UpdateFirmware(location=URL, retrieve_at=T0)


@pytest.mark.parametrize(
    ("action", "payload", "report"),
    [
        (
            "FirmwareStatusNotification",
            {"status": "Installing"},
            FirmwareProgressed(status="Installing"),
        ),
        (
            "SignedFirmwareStatusNotification",
            {"status": "InvalidSignature", "requestId": 7},
            FirmwareProgressed(status="InvalidSignature", request_id=7),
        ),
        (
            "DiagnosticsStatusNotification",
            {"status": "UploadFailed"},
            LogUploadProgressed(status="UploadFailed"),
        ),
        (
            "LogStatusNotification",
            {"status": "Uploaded", "requestId": 7},
            LogUploadProgressed(status="Uploaded", request_id=7),
        ),
        (
            "LogStatusNotification",
            {"status": "Uploaded", "requestId": 2**40},
            LogUploadProgressed(status="Uploaded"),
        ),
    ],
)
def test_statuses(action: str, payload: dict[str, Any], report: Any) -> None:
    """A number that cannot be one of ours is none."""
    said = V16.read(action, payload, Strictness.TOLERANT, T0)
    assert isinstance(said, Understood)
    assert said.report == report


@pytest.mark.parametrize(
    ("command", "answer", "found"),
    [
        (RequestLog(location=URL), {"fileName": "a"}, LogPromised(file_name="a")),
        (RequestLog(location=URL), {}, LogPromised(file_name="")),
        (SECURITY, {"status": "Accepted", "filename": "a"}, LogPromised(file_name="a")),
        (SECURITY, {"status": "Accepted"}, LogPromised()),
        (SECURITY, {"status": "Accepted", "filename": 5}, LogPromised(file_name="5")),
    ],
)
def test_promises(command: Command, answer: dict[str, Any], found: LogPromised) -> None:
    """The name of the file, and whether there is one."""
    assert V16.outcome(command, answer).found == found
