"""Files and certificates of OCPP 2.0.1."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from csms.sim.settings import Settings
from csms.sim.transfer import DeniedError, SchemeError, TransferError

ACCEPTED = {"status": "Accepted"}
URL = "http://files.example/firmware.bin"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
NOW = "2026-01-01T00:00:00Z"


def statuses(script: Any, action: str = "FirmwareStatusNotification") -> list[str]:
    return [each["status"] for each in script.payloads(action)]


def update(script: Any, number: int = 4, **more: Any) -> str:
    retries = {"retries": more.pop("retries", 0), "retryInterval": 5}
    firmware = {"location": URL, "retrieveDateTime": NOW, **more}
    payload = {"requestId": number, "firmware": firmware, **retries}
    return script.ask("UpdateFirmware", payload)["status"]


# Firmware


def test_update(online201: Any, script: Any, transfer: Any, passes: Any) -> None:
    """Firmware is fetched, installed and started; the boot tells its version (L01, L02)."""
    transfer.files[URL] = b"version: 2.5.0\nrest"
    online201()
    assert update(script) == "Accepted"
    passes(30)
    assert statuses(script) == [
        "Downloading", "Downloaded", "Installing", "InstallRebooting", "Installed",
    ]  # fmt: skip
    assert {each["requestId"] for each in script.payloads("FirmwareStatusNotification")} == {4}
    boot = script.payloads("BootNotification")[-1]
    assert boot["reason"] == "FirmwareUpdate"
    assert boot["chargingStation"]["firmwareVersion"] == "2.5.0"


def test_signed_update(online201: Any, script: Any, transfer: Any, passes: Any) -> None:
    """A signature is looked for where there is a certificate."""
    transfer.files[URL] = b"binary"
    charger = online201()
    assert update(script, signingCertificate=PEM, signature="c2ln") == "Accepted"
    passes(30)
    assert "SignatureVerified" in statuses(script)
    assert charger.presence.plate.firmware_version.startswith("1.0.1+")
    script.calls.clear()
    assert update(script, signingCertificate=PEM) == "Accepted"
    passes(30)
    assert statuses(script)[-1] == "InvalidSignature"


def test_bad_signing_certificate(online201: Any, script: Any, passes: Any) -> None:
    """What is no certificate is refused, which is an event."""
    online201()
    assert update(script, signingCertificate="junk", signature="x") == "InvalidCertificate"
    passes(2)
    [event] = script.payloads("SecurityEventNotification")
    assert event["type"] == "InvalidFirmwareSigningCertificate"


def test_download_fails(online201: Any, script: Any, passes: Any) -> None:
    """What cannot be fetched is tried again, and then given up."""
    online201()
    update(script, retries=2)
    passes(30)
    assert statuses(script) == ["Downloading", "DownloadFailed"]


def test_download_tried_again(online201: Any, script: Any, transfer: Any, passes: Any) -> None:
    """The second attempt may succeed."""
    transfer.files[URL] = b"version: 3\n"
    transfer.refusals = [TransferError("HTTP 503")]
    online201()
    update(script, retries=1)
    passes(40)
    assert statuses(script)[-1] == "Installed"


def test_empty_firmware(online201: Any, script: Any, transfer: Any, passes: Any) -> None:
    """An empty file is no firmware."""
    transfer.files[URL] = b""
    online201()
    update(script)
    passes(30)
    assert statuses(script)[-1] == "InstallVerificationFailed"


def test_update_waits(
    online201: Any, script: Any, transfer: Any, passes: Any, finish: Any, clock: Any
) -> None:
    """Times to fetch and to install are kept, and sessions are not interrupted."""
    transfer.files[URL] = b"x"
    charger = online201(settings=Settings(sample_s=0))
    finish(charger.start("TAG"))
    now = datetime.fromtimestamp(clock.seconds(), UTC)
    update(
        script,
        retrieveDateTime=(now + timedelta(seconds=30)).isoformat(),
        installDateTime=(now + timedelta(seconds=60)).isoformat(),
    )
    passes(100)
    assert statuses(script) == [
        "DownloadScheduled", "Downloading", "Downloaded", "InstallScheduled",
    ]  # fmt: skip
    script.ask("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
    assert statuses(script)[-1] == "InstallScheduled"
    finish(charger.stop())
    passes(40)
    assert statuses(script)[-1] == "Installed"


def test_update_replaced(online201: Any, script: Any, transfer: Any, passes: Any) -> None:
    """A newer update takes the place of one that waits; not of one that installs."""
    transfer.files[URL] = b"x"
    online201()
    assert update(script, retrieveDateTime="2030-01-01T00:00:00Z") == "Accepted"
    assert update(script, 5) == "AcceptedCanceled"
    passes(4)
    assert update(script, 6) == "Rejected"
    passes(30)
    assert script.payloads("FirmwareStatusNotification")[-1]["requestId"] == 5


def test_no_calendar(online201: Any, script: Any) -> None:
    """A time that no calendar has is refused."""
    online201()
    assert update(script, retrieveDateTime="2026-02-28T23:59:60Z") == "Rejected"


# Publishing


def publish(script: Any, checksum: str) -> Any:
    payload = {"location": URL, "checksum": checksum, "requestId": 2, "retries": 1,
               "retryInterval": 1}  # fmt: skip
    return script.ask("PublishFirmware", payload)


def test_publish(online201: Any, script: Any, transfer: Any, passes: Any) -> None:
    """Firmware for others is fetched, checked and published (L03, L04)."""
    transfer.files[URL] = b"firmware"
    checksum = md5(b"firmware").hexdigest()
    online201()
    assert publish(script, checksum) == ACCEPTED
    passes(3)
    told = script.payloads("PublishFirmwareStatusNotification")
    assert [each["status"] for each in told] == [
        "Downloading", "Downloaded", "ChecksumVerified", "Published",
    ]  # fmt: skip
    assert checksum in told[-1]["location"][0]
    script.ask("TriggerMessage", {"requestedMessage": "PublishFirmwareStatusNotification"})
    assert script.payloads("PublishFirmwareStatusNotification")[-1]["location"]
    assert script.ask("UnpublishFirmware", {"checksum": checksum}) == {"status": "Unpublished"}
    assert script.ask("UnpublishFirmware", {"checksum": checksum}) == {"status": "NoFirmware"}


def test_publish_fails(online201: Any, script: Any, transfer: Any, passes: Any) -> None:
    """A file that is not there, or not the right one, is not published."""
    online201()
    publish(script, "0" * 32)
    assert script.ask("UnpublishFirmware", {"checksum": "0" * 32}) == {"status": "DownloadOngoing"}
    passes(5)
    transfer.files[URL] = b"other"
    publish(script, "0" * 32)
    passes(5)
    told = statuses(script, "PublishFirmwareStatusNotification")
    assert told == ["Downloading", "DownloadFailed", "Downloading", "Downloaded", "InvalidChecksum"]


# Logs


def get_log(script: Any, number: int = 1, **more: Any) -> Any:
    log = {"remoteLocation": "http://files.example/logs/", **more.pop("log", {})}
    payload = {"log": log, "logType": "DiagnosticsLog", "requestId": number, **more}
    return script.ask("GetLog", payload)


def test_log(online201: Any, script: Any, transfer: Any, passes: Any) -> None:
    """A log is written and stored under the name that was told (N01)."""
    online201()
    answer = get_log(script)
    passes(5)
    assert answer["status"] == "Accepted"
    assert statuses(script, "LogStatusNotification") == ["Uploading", "Uploaded"]
    [(name, content)] = transfer.stored.values()
    assert name == answer["filename"]
    assert b"boot accepted" in content


def test_security_log_of_a_time(online201: Any, script: Any, transfer: Any, passes: Any) -> None:
    """A log has what happened in the time asked for, of the kind asked for."""
    online201()
    times = {"oldestTimestamp": "2030-01-01T00:00:00Z", "latestTimestamp": "2031-01-01T00:00:00Z"}
    get_log(script, logType="SecurityLog", log=times)
    passes(5)
    [(_, content)] = transfer.stored.values()
    assert content.count(b"\n") == 1


@pytest.mark.parametrize(
    ("errors", "status"),
    [
        ([TransferError("HTTP 500")] * 2, "UploadFailure"),
        ([DeniedError("HTTP 403")] * 2, "PermissionDenied"),
        ([SchemeError("ftp")], "NotSupportedOperation"),
        ([TransferError("HTTP 500")], "Uploaded"),
    ],
)
def test_log_refused(
    online201: Any, script: Any, transfer: Any, passes: Any, errors: Any, status: str
) -> None:
    """What goes wrong is told in the words that there are for it."""
    transfer.refusals = list(errors)
    online201()
    get_log(script, retries=1, retryInterval=2)
    passes(10)
    assert statuses(script, "LogStatusNotification")[-1] == status


def test_log_replaced(online201: Any, script: Any, passes: Any) -> None:
    """A second log takes the place of the first, which is told (N01.FR.20)."""
    online201()
    get_log(script, 1)
    assert get_log(script, 2)["status"] == "AcceptedCanceled"
    passes(5)
    told = script.payloads("LogStatusNotification")
    assert {"status": "AcceptedCanceled", "requestId": 1} in told
    assert told[-1] == {"status": "Uploaded", "requestId": 2}


# Certificates


def root(name: str = "Root") -> tuple[str, x509.Certificate, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = _certificate(subject, subject, key.public_key(), key)
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), certificate, key


def _certificate(subject: Any, issuer: Any, public: Any, key: Any) -> x509.Certificate:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(0x00AB12)
        .not_valid_before(began)
        .not_valid_after(began + timedelta(days=9))
        .sign(key, hashes.SHA256())
    )


def install(script: Any, pem: str, kind: str = "CSMSRootCertificate") -> str:
    payload = {"certificateType": kind, "certificate": pem}
    return script.ask("InstallCertificate", payload)["status"]


def installed(script: Any, *kinds: str) -> Any:
    return script.ask(
        "GetInstalledCertificateIds", {"certificateType": list(kinds)} if kinds else {}
    )


def test_roots(online201: Any, script: Any) -> None:
    """Roots are kept, told by the hashes that OCSP has for them, and removed (M03 to M05)."""
    online201()
    assert installed(script) == {"status": "NotFound"}
    pem, certificate, _ = root()
    assert install(script, pem) == "Accepted"
    assert install(script, pem) == "Accepted"
    [entry] = installed(script, "CSMSRootCertificate")["certificateHashDataChain"]
    told = entry["certificateHashData"]
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, certificate, hashes.SHA256())
    expected = asked.build()
    assert told["issuerNameHash"] == expected.issuer_name_hash.hex()
    assert told["issuerKeyHash"] == expected.issuer_key_hash.hex()
    assert told["serialNumber"] == "ab12"
    assert installed(script, "V2GRootCertificate") == {"status": "NotFound"}
    assert script.ask("DeleteCertificate", {"certificateHashData": told}) == ACCEPTED
    assert script.ask("DeleteCertificate", {"certificateHashData": told}) == {"status": "NotFound"}


def test_roots_impossible(online201: Any, script: Any) -> None:
    """What is no certificate is not kept, and there is room for only so many."""
    charger = online201()
    assert install(script, "junk") == "Rejected"
    pem, _, _ = root()
    assert install(script, pem) == "Accepted"
    [kept] = charger.equipment.certificates.kept
    charger.equipment.certificates.kept = [kept] * 32
    assert install(script, root()[0]) == "Failed"


def test_signed_certificate(online201: Any, script: Any, passes: Any) -> None:
    """A certificate is taken if it is of the key that it was asked for (A02)."""
    charger = online201()
    payload = {"certificateChain": root()[0]}
    assert script.ask("CertificateSigned", payload) == {"status": "Rejected"}
    script.ask("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    [asked] = script.payloads("SignCertificate")
    csr = x509.load_pem_x509_csr(asked["csr"].encode())
    assert csr.is_signature_valid
    assert script.ask("CertificateSigned", payload) == {"status": "Rejected"}
    assert script.ask("CertificateSigned", {"certificateChain": "junk"}) == {"status": "Rejected"}
    passes(1)
    assert len(script.payloads("SecurityEventNotification")) == 3
    _, certificate, key = root()
    leaf = _certificate(csr.subject, certificate.subject, csr.public_key(), key)
    chain = leaf.public_bytes(serialization.Encoding.PEM).decode()
    assert script.ask("CertificateSigned", {"certificateChain": chain}) == ACCEPTED
    assert charger.equipment.certificates.own["ChargingStationCertificate"] == chain


def test_servers_that_refuse(
    online201: Any, script: Any, passes: Any, entries: Any, transfer: Any, bugs: Any
) -> None:
    """A server that answers everything with an error breaks nothing."""
    charger = online201()
    for action in ("SignCertificate", "SecurityEventNotification", "LogStatusNotification",
                   "FirmwareStatusNotification", "PublishFirmwareStatusNotification",
                   "NotifyReport"):  # fmt: skip
        script.answers[action] = entries.error("InternalError")
    transfer.files[URL] = b"x"
    charger.equipment.security.event("Test")
    script.ask("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    script.ask("GetBaseReport", {"requestId": 1, "reportBase": "SummaryInventory"})
    get_log(script)
    publish(script, "0" * 32)
    update(script)
    passes(40)
    assert charger.presence.online
    assert not bugs
