"""Firmware updates, plain and signed, through the real process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from csms.testing.charger import Charger, Line, NewerCharger
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

PEM = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"
PLAIN: dict[str, Any] = {"location": "https://files.example/fw.bin"}
SIGNED: dict[str, Any] = {**PLAIN, "signing_certificate": PEM, "signature": "QUJD"}
ACCEPTED = {"status": "Accepted"}
SUM = "0123456789abcdef0123456789abcdef"
TO_INSTALL = ("Downloading", "Downloaded", "SignatureVerified", "Installing")


def newer(server: RunningCsms, identity: str, version: str = "2.0.1") -> NewerCharger:
    return NewerCharger.connect(server.ocpp_url(identity), subprotocols=(f"ocpp{version}",))


def asked(
    server: RunningCsms,
    station: Line,
    identity: str,
    body: dict[str, Any],
    what: str = "firmware-updates",
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ask for an update; what the station was sent, and what the caller was answered."""
    with ThreadPoolExecutor(1) as caller:
        route = f"/api/v1/stations/{identity}/{what}"
        going = caller.submit(server.request, "POST", route, body)
        _, payload = station.serve()
        return payload, going.result().body


def update_of(server: RunningCsms, identity: str) -> dict[str, Any]:
    newest: dict[str, Any] = server.get(f"/api/v1/stations/{identity}/firmware-updates")["items"][0]
    return newest


def told(update: dict[str, Any]) -> list[str]:
    return [step["status"] for step in update["history"]]


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        pytest.param(
            ("Downloading", "Downloaded", "Installing", "Installed"), "Installed", id="TC_044_1"
        ),
        pytest.param(("Downloading", "DownloadFailed"), "DownloadFailed", id="TC_044_2"),
        pytest.param(
            ("Downloading", "Downloaded", "Installing", "InstallationFailed"),
            "InstallationFailed",
            id="TC_044_3",
        ),
    ],
)
def test_plain_update(server: RunningCsms, statuses: tuple[str, ...], status: str) -> None:
    """TC_044_1 to TC_044_3: a 1.6 station does not say which update it speaks of; it is the newest,
    and done when the station boots with another version."""
    identity = f"FW-1-{status}"
    with Charger.connect(server.ocpp_url(identity)) as cp:
        cp.boot()
        cp.replies = {"UpdateFirmware": {}}
        sent, operation = asked(server, cp, identity, {**PLAIN, "retries": 1})
        assert (sent["location"], sent["retries"]) == (PLAIN["location"], 1)
        assert operation["status"] == "accepted"
        for each in statuses:
            cp.call("FirmwareStatusNotification", {"status": each})
        update = update_of(server, identity)
        assert (update["status"], update["done"]) == (status, False)
        assert told(update) == ["Accepted", *statuses]
        if status == "Installed":
            boot = {"chargePointVendor": "Acme", "chargePointModel": "E2E"}
            cp.call("BootNotification", {**boot, "firmwareVersion": "2.0"})
            update = update_of(server, identity)
            assert (update["done"], update["version_before"]) == (True, "1.0")
            assert update["version_after"] == "2.0"


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        pytest.param((*TO_INSTALL, "Installed"), "Installed", id="TC_080"),
        pytest.param(
            ("Downloading", "Downloaded", "InvalidSignature"), "InvalidSignature", id="TC_081"
        ),
    ],
)
def test_signed_update(server: RunningCsms, statuses: tuple[str, ...], status: str) -> None:
    """TC_080, TC_081: the signed update of the security extension of 1.6."""
    identity = f"FW-2-{status}"
    with Charger.connect(server.ocpp_url(identity)) as cp:
        cp.boot()
        cp.replies = {"SignedUpdateFirmware": ACCEPTED}
        sent, _ = asked(server, cp, identity, SIGNED)
        assert sent["firmware"]["signingCertificate"] == PEM
        for each in statuses:
            about = {"status": each, "requestId": sent["requestId"]}
            cp.call("SignedFirmwareStatusNotification", about)
    update = update_of(server, identity)
    assert (update["status"], update["ref"]) == (status, sent["requestId"])


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.parametrize(
    ("answer", "statuses", "status"),
    [
        pytest.param("Accepted", (*TO_INSTALL, "Installed"), "Installed", id="TC_L_01"),
        pytest.param(
            "Accepted",
            (*TO_INSTALL[:3], "InstallScheduled", "Installing", "InstallRebooting", "Installed"),
            "Installed",
            id="TC_L_02",
        ),
        pytest.param(
            "Accepted", ("DownloadScheduled", *TO_INSTALL, "Installed"), "Installed", id="TC_L_03"
        ),
        pytest.param("RevokedCertificate", (), "RevokedCertificate", id="TC_L_04"),
        pytest.param("InvalidCertificate", (), "InvalidCertificate", id="TC_L_05"),
        pytest.param(
            "Accepted",
            ("Downloading", "Downloaded", "InvalidSignature"),
            "InvalidSignature",
            id="TC_L_06",
        ),
        pytest.param("Accepted", ("Downloading", "DownloadFailed"), "DownloadFailed", id="TC_L_07"),
        pytest.param(
            "Accepted",
            (*TO_INSTALL, "InstallVerificationFailed"),
            "InstallVerificationFailed",
            id="TC_L_08",
        ),
        pytest.param(
            "Accepted", (*TO_INSTALL, "InstallationFailed"), "InstallationFailed", id="TC_L_09"
        ),
        pytest.param(
            "Accepted",
            ("Downloading", "DownloadPaused", *TO_INSTALL[:3], "InstallScheduled"),
            "InstallScheduled",
            id="TC_L_13",
        ),
    ],
)
def test_secure_update(
    server: RunningCsms, answer: str, statuses: tuple[str, ...], status: str, version: str
) -> None:
    """TC_L_01 to TC_L_09, TC_L_13: whatever becomes of it, it is on record under its number."""
    identity = f"FW-3-{version}-{answer[:3]}{len(statuses)}{status[-12:]}"
    with newer(server, identity, version) as cs:
        cs.boot()
        cs.replies = {"UpdateFirmware": {"status": answer}}
        sent, operation = asked(server, cs, identity, SIGNED)
        assert sent["firmware"]["signature"] == "QUJD"
        assert operation["status"] == ("accepted" if answer == "Accepted" else "rejected")
        for each in statuses:
            about = {"status": each, "requestId": sent["requestId"]}
            assert cs.call("FirmwareStatusNotification", about) == {}
    update = update_of(server, identity)
    assert (update["status"], update["ref"], update["signed"]) == (status, sent["requestId"], True)
    assert told(update) == [answer, *statuses]


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_tc_l_10_accepted_canceled(server: RunningCsms, version: str) -> None:
    """TC_L_10: a second update ends the first."""
    identity = f"FW-4-{version}"
    with newer(server, identity, version) as cs:
        cs.boot()
        cs.replies = {"UpdateFirmware": ACCEPTED}
        first, _ = asked(server, cs, identity, SIGNED)
        about = {"status": "Downloading", "requestId": first["requestId"]}
        cs.call("FirmwareStatusNotification", about)
        cs.replies = {"UpdateFirmware": {"status": "AcceptedCanceled"}}
        second, operation = asked(server, cs, identity, SIGNED)
        assert operation["status"] == "accepted"
        about = {"status": "Downloaded", "requestId": second["requestId"]}
        cs.call("FirmwareStatusNotification", about)
        # What it still says of the first changes nothing.
        late = {"status": "Downloaded", "requestId": first["requestId"]}
        cs.call("FirmwareStatusNotification", late)
    updates = server.get(f"/api/v1/stations/{identity}/firmware-updates")["items"]
    assert [update["status"] for update in updates] == ["Downloaded", "Canceled"]


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_tc_l_11_unable_to_cancel(server: RunningCsms, version: str) -> None:
    """TC_L_11: a station that cannot stop the first refuses the second, and goes on."""
    identity = f"FW-5-{version}"
    with newer(server, identity, version) as cs:
        cs.boot()
        cs.replies = {"UpdateFirmware": ACCEPTED}
        first, _ = asked(server, cs, identity, SIGNED)
        cs.replies = {"UpdateFirmware": {"status": "Rejected"}}
        asked(server, cs, identity, SIGNED)
        about = {"status": "Installed", "requestId": first["requestId"]}
        cs.call("FirmwareStatusNotification", about)
    updates = server.get(f"/api/v1/stations/{identity}/firmware-updates")["items"]
    assert [update["status"] for update in updates] == ["Rejected", "Installed"]


def test_tc_f_18_firmware_status_idle(server: RunningCsms) -> None:
    """TC_F_18: Idle comes because it was asked for, and changes no update."""
    with newer(server, "FW-6") as cs, ThreadPoolExecutor(1) as caller:
        cs.boot()
        cs.replies = {"TriggerMessage": ACCEPTED}
        body = {"message": "FirmwareStatusNotification"}
        going = caller.submit(server.request, "POST", "/api/v1/stations/FW-6/trigger", body)
        cs.serve()
        assert going.result().body["status"] == "accepted"
        assert cs.call("FirmwareStatusNotification", {"status": "Idle"}) == {}
    assert server.get("/api/v1/stations/FW-6")["firmware_status"] == "Idle"


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        pytest.param(
            ("Downloading", "Downloaded", "ChecksumVerified", "Published"),
            "Published",
            id="TC_L_17",
        ),
        pytest.param(
            ("Downloading", "Downloaded", "InvalidChecksum"), "InvalidChecksum", id="TC_L_19"
        ),
        pytest.param(
            ("Downloading", "Downloaded", "ChecksumVerified", "PublishFailed"),
            "PublishFailed",
            id="TC_L_20",
        ),
        pytest.param(("Downloading", "DownloadFailed"), "DownloadFailed", id="TC_L_24"),
    ],
)
@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_publish(server: RunningCsms, statuses: tuple[str, ...], status: str, version: str) -> None:
    """TC_L_17, TC_L_19, TC_L_20, TC_L_24: a local controller publishes firmware, or fails to."""
    identity = f"FW-7-{version}-{status}"
    with newer(server, identity, version) as lc:
        lc.boot()
        lc.replies = {"PublishFirmware": ACCEPTED}
        body = {**PLAIN, "checksum": SUM}
        sent, _ = asked(server, lc, identity, body, "firmware-publications")
        for each in statuses:
            about = {"status": each, "requestId": sent["requestId"]}
            if each == "Published":
                about["location"] = ["https://lc.example/fw"]
            assert lc.call("PublishFirmwareStatusNotification", about) == {}
    route = f"/api/v1/stations/{identity}/firmware-publications"
    (publication,) = server.get(route)["items"]
    assert (publication["checksum"], publication["status"]) == (SUM, status)
    if status == "Published":
        assert publication["locations"] == ["https://lc.example/fw"]


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        pytest.param("Unpublished", 0, id="TC_L_21"),
        pytest.param("NoFirmware", 0, id="TC_L_22"),
        pytest.param("DownloadOngoing", 1, id="TC_L_23"),
    ],
)
@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_unpublish(server: RunningCsms, answer: str, left: int, version: str) -> None:
    """TC_L_21 to TC_L_23: it is published no longer, unless stations are just downloading it."""
    identity = f"FW-8-{version}-{answer}"
    route = f"/api/v1/stations/{identity}/firmware-publications"
    with newer(server, identity, version) as lc, ThreadPoolExecutor(1) as caller:
        lc.boot()
        lc.replies = {"PublishFirmware": ACCEPTED, "UnpublishFirmware": {"status": answer}}
        asked(server, lc, identity, {**PLAIN, "checksum": SUM}, "firmware-publications")
        going = caller.submit(server.request, "DELETE", f"{route}/{SUM.upper()}")
        assert lc.serve() == ("UnpublishFirmware", {"checksum": SUM})
        assert going.result().status == 200
    assert len(server.get(route)["items"]) == left


def test_what_1_6_cannot(server: RunningCsms) -> None:
    """There are no local controllers in 1.6, and that is what the caller is told."""
    with Charger.connect(server.ocpp_url("FW-9")) as cp:
        cp.boot()
        route = "/api/v1/stations/FW-9/firmware-publications"
        answer = server.request("POST", route, {**PLAIN, "checksum": SUM})
    assert (answer.status, answer.body["status"]) == (200, "unsupported")


def test_the_raw_route_leads_to_the_same(server: RunningCsms) -> None:
    """An update that somebody wrote by hand is followed like any other."""
    with Charger.connect(server.ocpp_url("FW-10")) as cp, ThreadPoolExecutor(1) as caller:
        cp.boot()
        cp.replies = {"UpdateFirmware": {}}
        payload = {"location": "ftp://me:secret@a/fw", "retrieveDate": "2026-01-01T00:00:00Z"}
        body = {"action": "UpdateFirmware", "payload": payload}
        going = caller.submit(server.request, "POST", "/api/v1/stations/FW-10/commands", body)
        cp.serve()
        assert going.result().body["status"] == "accepted"
        cp.call("FirmwareStatusNotification", {"status": "Downloading"})
    update = update_of(server, "FW-10")
    assert (update["status"], update["location"]) == ("Downloading", "ftp://***@a/fw")
