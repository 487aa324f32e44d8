"""Commands of OCPP 1.6 beyond its Core profile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from csms.sim.charging import ImpossibleError
from csms.sim.settings import Settings
from csms.sim.station_time import wire_time

ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}
URL = "http://files.example/firmware.bin"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
NOW = "2026-01-01T00:00:00Z"
NO_CALENDAR = "2026-02-28T23:59:60Z"


def statuses(script: Any, action: str) -> list[str]:
    return [each["status"] for each in script.payloads(action)]


# Local list


def test_local_list(online: Any, script: Any, finish: Any) -> None:
    """A list is installed, changed, and decides offline."""
    charger = online(settings=Settings(offline_unknown=False))
    assert script.ask("GetLocalListVersion", {}) == {"listVersion": 0}
    info = {"status": "Accepted", "expiryDate": "2030-01-01T00:00:00Z"}
    full = {
        "listVersion": 1,
        "updateType": "Full",
        "localAuthorizationList": [
            {"idTag": "A", "idTagInfo": info},
            {"idTag": "B", "idTagInfo": {"status": "Blocked"}},
        ],
    }
    assert script.ask("SendLocalList", full) == ACCEPTED
    change = {"listVersion": 2, "updateType": "Differential",
              "localAuthorizationList": [{"idTag": "B"}]}  # fmt: skip
    assert script.ask("SendLocalList", change) == ACCEPTED
    assert script.ask("SendLocalList", change) == {"status": "VersionMismatch"}
    assert script.ask("GetLocalListVersion", {}) == {"listVersion": 2}
    twice = full | {"localAuthorizationList": [{"idTag": "A", "idTagInfo": info}] * 2}
    assert script.ask("SendLocalList", twice) == {"status": "Failed"}
    finish(charger.cut())
    assert finish(charger.authorize("A")) == "Accepted"
    assert finish(charger.authorize("B")) == "Invalid"


def test_no_local_list(online: Any, script: Any) -> None:
    """A list that is switched off has version -1 (§5.10)."""
    online(settings=Settings(local_list=False))
    assert script.ask("GetLocalListVersion", {}) == {"listVersion": -1}
    payload = {"listVersion": 1, "updateType": "Full"}
    assert script.ask("SendLocalList", payload) == {"status": "NotSupported"}


# Reservations


def reserve(script: Any, clock: Any, **more: Any) -> Any:
    at = datetime.fromtimestamp(clock.seconds(), UTC) + timedelta(seconds=60)
    payload = {"connectorId": 1, "expiryDate": wire_time(at), "idTag": "MINE",
               "reservationId": 5, **more}  # fmt: skip
    return script.ask("ReserveNow", payload)


def test_reservation(online: Any, script: Any, clock: Any, finish: Any) -> None:
    """A reserved connector is used by its tag, which the start tells (§5.13)."""
    charger = online()
    assert reserve(script, clock) == ACCEPTED
    assert statuses(script, "StatusNotification")[-1] == "Reserved"
    with pytest.raises(ImpossibleError):
        finish(charger.start("OTHER"))
    finish(charger.start("MINE"))
    assert script.payloads("StartTransaction")[0]["reservationId"] == 5


def test_reservation_ends(online: Any, script: Any, clock: Any, passes: Any) -> None:
    """The end of a reservation shows in the connector's state alone."""
    online(connectors=2)
    assert reserve(script, clock, connectorId=0) == ACCEPTED
    assert reserve(script, clock, expiryDate=NO_CALENDAR) == REJECTED
    assert script.ask("CancelReservation", {"reservationId": 5}) == ACCEPTED
    assert script.ask("CancelReservation", {"reservationId": 5}) == REJECTED
    assert reserve(script, clock) == ACCEPTED
    passes(61)
    assert statuses(script, "StatusNotification")[-1] == "Available"


# Files


def test_diagnostics(online: Any, script: Any, transfer: Any, passes: Any) -> None:
    """Diagnostics are stored under the name that was told (§5.8)."""
    online()
    payload = {"location": "http://files.example/", "startTime": NOW,
               "stopTime": "2030-01-01T00:00:00Z"}  # fmt: skip
    name = script.ask("GetDiagnostics", payload)["fileName"]
    passes(0.5)
    script.ask("TriggerMessage", {"requestedMessage": "DiagnosticsStatusNotification"})
    passes(3)
    told = statuses(script, "DiagnosticsStatusNotification")
    assert told == ["Uploading", "Uploading", "Uploaded"]
    assert transfer.stored["http://files.example/"][0] == name


def test_diagnostics_fail(online: Any, script: Any, transfer: Any, passes: Any) -> None:
    """There is one word for everything that can go wrong."""
    from csms.sim.transfer import DeniedError

    transfer.refusals = [DeniedError("HTTP 403")]
    online()
    script.ask("GetDiagnostics", {"location": "http://files.example/"})
    passes(3)
    assert statuses(script, "DiagnosticsStatusNotification")[-1] == "UploadFailed"


def test_log(online: Any, script: Any, passes: Any, transfer: Any) -> None:
    """A log of the security extension; a newer one replaces it without a word."""
    online()
    log = {"remoteLocation": "http://files.example/", "oldestTimestamp": NOW}
    payload = {"log": log, "logType": "SecurityLog", "requestId": 1}
    assert script.ask("GetLog", payload)["status"] == "Accepted"
    assert script.ask("GetLog", payload | {"requestId": 2})["status"] == "AcceptedCanceled"
    passes(3)
    told = script.payloads("LogStatusNotification")
    assert told[-1] == {"status": "Uploaded", "requestId": 2}
    assert "AcceptedCanceled" not in {each["status"] for each in told}


def test_update(online: Any, script: Any, transfer: Any, passes: Any) -> None:
    """A plain update has few states (§5.19)."""
    transfer.files[URL] = b"version: 9\n"
    online()
    assert script.ask("UpdateFirmware", {"location": URL, "retrieveDate": NOW}) == {}
    passes(30)
    assert statuses(script, "FirmwareStatusNotification") == [
        "Downloading", "Downloaded", "Installing", "Installed",
    ]  # fmt: skip
    assert script.payloads("BootNotification")[-1]["firmwareVersion"] == "9"


def test_plain_empty_firmware(online: Any, script: Any, transfer: Any, passes: Any) -> None:
    """An empty file cannot be installed."""
    transfer.files[URL] = b""
    online()
    script.ask("UpdateFirmware", {"location": URL, "retrieveDate": NO_CALENDAR})
    passes(10)
    assert statuses(script, "FirmwareStatusNotification")[-1] == "InstallationFailed"


def signed(script: Any, **more: Any) -> Any:
    firmware = {"location": URL, "retrieveDateTime": NOW, "signingCertificate": PEM,
                "signature": "c2ln", **more}  # fmt: skip
    return script.ask("SignedUpdateFirmware", {"requestId": 3, "firmware": firmware})


def test_signed_update(online: Any, script: Any, transfer: Any, passes: Any) -> None:
    """A signed update has the states and the number of the security extension."""
    transfer.files[URL] = b"x"
    online()
    assert signed(script, installDateTime=NOW) == ACCEPTED
    passes(30)
    told = script.payloads("SignedFirmwareStatusNotification")
    assert [each["status"] for each in told] == [
        "Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting",
        "Installed",
    ]  # fmt: skip
    assert {each["requestId"] for each in told} == {3}


def test_signed_update_refused(online: Any, script: Any, passes: Any) -> None:
    """Certificate and time must be such."""
    online()
    assert signed(script, signingCertificate="junk") == {"status": "InvalidCertificate"}
    assert signed(script, retrieveDateTime=NO_CALENDAR) == REJECTED
    passes(2)
    assert script.payloads("SecurityEventNotification")


# Certificates


def root() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Root")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(7)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    builder = builder.not_valid_before(began).not_valid_after(began + timedelta(days=9))
    made = builder.sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def test_certificates(online: Any, script: Any) -> None:
    """Roots are kept by kind and told by their hashes."""
    online()
    kind = {"certificateType": "CentralSystemRootCertificate"}
    assert script.ask("GetInstalledCertificateIds", kind) == {"status": "NotFound"}
    assert script.ask("InstallCertificate", kind | {"certificate": root()}) == ACCEPTED
    [told] = script.ask("GetInstalledCertificateIds", kind)["certificateHashData"]
    assert script.ask("DeleteCertificate", {"certificateHashData": told}) == ACCEPTED


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        ("BootNotification", "BootNotification"),
        ("FirmwareStatusNotification", "SignedFirmwareStatusNotification"),
        ("LogStatusNotification", "LogStatusNotification"),
        ("SignChargePointCertificate", "SignCertificate"),
    ],
)
def test_extended_trigger(online: Any, script: Any, wanted: str, sent: str) -> None:
    """The security extension asks for more messages."""
    online()
    script.calls.clear()
    assert script.ask("ExtendedTriggerMessage", {"requestedMessage": wanted}) == ACCEPTED
    assert script.actions() == [sent]


def test_certificate_signed(online: Any, script: Any) -> None:
    """A certificate that was not asked for is refused."""
    online()
    assert script.ask("CertificateSigned", {"certificateChain": root()}) == REJECTED
