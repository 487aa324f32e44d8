"""Logs, from the wish to the file, with no server but ours."""

from __future__ import annotations

import hashlib
import random
import socket
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from csms.testing.charger import Charger, Line, NewerCharger
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

ACCEPTED = {"status": "Accepted", "filename": "log.gz"}


def upload(url: str, body: bytes = b"what happened", method: str = "PUT", **headers: str) -> int:
    """As a charger sends a file; the status of the answer."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code


def newer(server: RunningCsms, identity: str, version: str) -> NewerCharger:
    return NewerCharger.connect(server.ocpp_url(identity), subprotocols=(f"ocpp{version}",))


def asked(
    server: RunningCsms, station: Line, identity: str, body: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ask for a log; what the station was sent, and what the caller was answered."""
    with ThreadPoolExecutor(1) as caller:
        route = f"/api/v1/stations/{identity}/logs"
        going = caller.submit(server.request, "POST", route, body)
        _, payload = station.serve()
        return payload, going.result().body


def log_of(server: RunningCsms, identity: str) -> dict[str, Any]:
    newest: dict[str, Any] = server.get(f"/api/v1/stations/{identity}/logs")["items"][0]
    return newest


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_tc_045_1_get_diagnostics(server: RunningCsms, method: str) -> None:
    """TC_045_1: a 1.6 station uploads its diagnostics to us, once, and we hand them out."""
    identity = f"LOG-1-{method}"
    with Charger.connect(server.ocpp_url(identity)) as cp:
        cp.boot()
        cp.replies = {"GetDiagnostics": {"fileName": "diag.tar.gz"}}
        sent, operation = asked(server, cp, identity, {"retries": 2, "retry_interval_s": 10})
        assert operation["status"] == "accepted"
        url = sent["location"]
        assert (sent["retries"], sent["retryInterval"]) == (2, 10)
        secret = url.rpartition("/")[2]
        assert secret not in str(operation)
        cp.call("DiagnosticsStatusNotification", {"status": "Uploading"})
        assert log_of(server, identity)["status"] == "Uploading"
        assert upload(f"{url}/diag.tar.gz", method=method) == 201
        assert upload(url) == 409
        cp.call("DiagnosticsStatusNotification", {"status": "Uploaded"})
    log = log_of(server, identity)
    assert (log["status"], log["file_name"]) == ("Uploaded", "diag.tar.gz")
    assert (log["file"]["size"], log["file"]["name"]) == (13, "diag.tar.gz")
    file = server.request("GET", log["file"]["url"])
    assert (file.status, file.body) == (200, "what happened")
    assert file.headers["Content-Disposition"].startswith("attachment; ")
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert server.request("GET", log["file"]["url"], token=None).status == 401
    assert not any(secret in line for line in server.output)
    ref = log["ref"]
    assert server.request("DELETE", f"/api/v1/stations/{identity}/logs/{ref}").status == 204
    assert server.request("GET", log["file"]["url"]).status == 404
    assert upload(url) == 404


def test_tc_045_2_get_diagnostics_upload_failed(server: RunningCsms) -> None:
    """TC_045_2: the upload fails, and that is where it stands."""
    with Charger.connect(server.ocpp_url("LOG-2")) as cp:
        cp.boot()
        cp.replies = {"GetDiagnostics": {"fileName": "diag.log"}}
        body = {"location": "ftp://user:secret@files.example/logs"}
        sent, _ = asked(server, cp, "LOG-2", body)
        assert sent["location"] == body["location"]
        cp.call("DiagnosticsStatusNotification", {"status": "Uploading"})
        cp.call("DiagnosticsStatusNotification", {"status": "UploadFailed"})
        cp.call("DiagnosticsStatusNotification", {"status": "Idle"})
    log = log_of(server, "LOG-2")
    assert (log["status"], log["file"], log["own"]) == ("UploadFailure", None, False)
    assert log["location"] == "ftp://***@files.example/logs"
    assert server.get("/api/v1/stations/LOG-2")["diagnostics_status"] == "Idle"


def test_nothing_to_upload(server: RunningCsms) -> None:
    """An answer without a file name says that there is nothing (OCPP 1.6 §5.8)."""
    with Charger.connect(server.ocpp_url("LOG-3")) as cp:
        cp.boot()
        cp.replies = {"GetDiagnostics": {}}
        asked(server, cp, "LOG-3", {})
    assert log_of(server, "LOG-3")["status"] == "NothingToUpload"


def test_tc_079_get_security_log(server: RunningCsms) -> None:
    """TC_079: the security log of a 1.6 station, by the message of the security extension."""
    with Charger.connect(server.ocpp_url("LOG-4")) as cp:
        cp.boot()
        cp.replies = {"GetLog": ACCEPTED}
        sent, _ = asked(server, cp, "LOG-4", {"kind": "security"})
        assert sent["logType"] == "SecurityLog"
        about = {"requestId": sent["requestId"]}
        cp.call("LogStatusNotification", {"status": "Uploading", **about})
        assert upload(sent["log"]["remoteLocation"]) == 201
        cp.call("LogStatusNotification", {"status": "Uploaded", **about})
    log = log_of(server, "LOG-4")
    assert (log["status"], log["kind"], log["ref"]) == ("Uploaded", "security", about["requestId"])


@pytest.mark.parametrize(
    ("version", "kind", "wire"),
    [
        pytest.param("2.0.1", "diagnostics", "DiagnosticsLog", id="TC_N_25"),
        pytest.param("2.0.1", "security", "SecurityLog", id="TC_N_35"),
        pytest.param("2.1", "data_collector", "DataCollectorLog", id="TC_N_100"),
        pytest.param("2.1", "diagnostics", "DiagnosticsLog", id="TC_N_102-TC_N_25"),
        pytest.param("2.1", "security", "SecurityLog", id="TC_N_35-2.1"),
    ],
)
def test_log_retrieved(server: RunningCsms, version: str, kind: str, wire: str) -> None:
    """TC_N_25, TC_N_35, TC_N_100, TC_N_102: a log of each kind, uploaded over HTTP under a secret
    that is not the station's password (N01.FR.17)."""
    identity = f"LOG-5-{version}-{kind}"
    with newer(server, identity, version) as cs:
        cs.boot()
        cs.replies = {"GetLog": ACCEPTED}
        limits = {"oldest_at": "2026-01-01T00:00:00Z", "latest_at": "2026-01-02T00:00:00+02:00"}
        sent, _ = asked(server, cs, identity, {"kind": kind, **limits})
        assert sent["logType"] == wire
        assert sent["log"]["latestTimestamp"] == "2026-01-01T22:00:00.000Z"
        about = {"requestId": sent["requestId"]}
        cs.call("LogStatusNotification", {"status": "Uploading", **about})
        assert upload(sent["log"]["remoteLocation"]) == 201
        cs.call("LogStatusNotification", {"status": "Uploaded", **about})
    log = log_of(server, identity)
    assert (log["status"], log["kind"], log["file_name"]) == ("Uploaded", kind, "log.gz")


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_tc_n_34_rejected(server: RunningCsms, version: str) -> None:
    """TC_N_34: a station that does not want to."""
    identity = f"LOG-6-{version}"
    with newer(server, identity, version) as cs:
        cs.boot()
        cs.replies = {"GetLog": {"status": "Rejected"}}
        _, operation = asked(server, cs, identity, {})
    assert operation["status"] == "rejected"
    assert log_of(server, identity)["status"] == "Rejected"


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_tc_n_36_second_request(server: RunningCsms, version: str) -> None:
    """TC_N_36: a second request ends the first (AcceptedCanceled), whose state says so."""
    identity = f"LOG-7-{version}"
    with newer(server, identity, version) as cs:
        cs.boot()
        cs.replies = {"GetLog": ACCEPTED}
        first, _ = asked(server, cs, identity, {})
        cs.call("LogStatusNotification", {"status": "Uploading", "requestId": first["requestId"]})
        cs.replies = {"GetLog": {**ACCEPTED, "status": "AcceptedCanceled"}}
        second, operation = asked(server, cs, identity, {})
        assert operation["status"] == "accepted"
        told = {"status": "AcceptedCanceled", "requestId": first["requestId"]}
        cs.call("LogStatusNotification", told)
        assert upload(second["log"]["remoteLocation"]) == 201
        cs.call("LogStatusNotification", {"status": "Uploaded", "requestId": second["requestId"]})
    logs = server.get(f"/api/v1/stations/{identity}/logs")["items"]
    assert [log["status"] for log in logs] == ["Uploaded", "AcceptedCanceled"]


def test_tc_f_15_log_status_idle(server: RunningCsms) -> None:
    """TC_F_15: Idle comes because it was asked for, and changes no upload."""
    with newer(server, "LOG-8", "2.0.1") as cs, ThreadPoolExecutor(1) as caller:
        cs.boot()
        cs.replies = {"TriggerMessage": {"status": "Accepted"}}
        body = {"message": "LogStatusNotification"}
        going = caller.submit(server.request, "POST", "/api/v1/stations/LOG-8/trigger", body)
        assert cs.serve() == ("TriggerMessage", {"requestedMessage": "LogStatusNotification"})
        assert going.result().body["status"] == "accepted"
        assert cs.call("LogStatusNotification", {"status": "Idle"}) == {}
    assert server.get("/api/v1/stations/LOG-8")["diagnostics_status"] == "Idle"
    assert server.get("/api/v1/stations/LOG-8/logs")["items"] == []


def test_the_raw_route_leads_to_the_same(server: RunningCsms) -> None:
    """A GetLog that somebody wrote by hand is followed like any other."""
    with newer(server, "LOG-9", "2.1") as cs, ThreadPoolExecutor(1) as caller:
        cs.boot()
        cs.replies = {"GetLog": ACCEPTED}
        log = {
            "remoteLocation": "https://files.example/",
            "oldestTimestamp": "2026-01-01T00:00:00Z",
        }
        payload = {"logType": "SecurityLog", "requestId": 77, "log": log}
        body = {"action": "GetLog", "payload": payload}
        going = caller.submit(server.request, "POST", "/api/v1/stations/LOG-9/commands", body)
        cs.serve()
        assert going.result().body["status"] == "accepted"
        cs.call("LogStatusNotification", {"status": "Uploaded", "requestId": 77})
    kept = log_of(server, "LOG-9")
    assert (kept["ref"], kept["kind"], kept["status"]) == (77, "security", "Uploaded")


def test_a_large_log(server: RunningCsms) -> None:
    """It passes through in both directions as it is; one that was cut off may be sent again."""
    content = random.Random(1).randbytes(12_000_000)
    with Charger.connect(server.ocpp_url("LOG-10")) as cp:
        cp.boot()
        cp.replies = {"GetDiagnostics": {"fileName": "big.bin"}}
        sent, _ = asked(server, cp, "LOG-10", {})
    parts = urlsplit(sent["location"])
    head = f"PUT {parts.path} HTTP/1.1\r\nHost: csms\r\nContent-Length: {len(content)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.ports["api"]), 20) as half:
        half.sendall(head.encode() + content[:5_000_000])
    assert upload(sent["location"], content) == 201
    file = log_of(server, "LOG-10")["file"]
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    url = f"http://127.0.0.1:{server.ports['api']}{file['url']}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {server.token}"})
    with urllib.request.urlopen(request, timeout=40) as answer:
        assert answer.headers["Content-Length"] == str(len(content))
        assert answer.read() == content
    kept = [path.name for path in (server.state / "uploads").iterdir()]
    assert not any(name.endswith(".part") for name in kept)


def test_a_log_that_is_too_long(server: RunningCsms) -> None:
    """It is refused before it is sent, and the URL is good for another."""
    with Charger.connect(server.ocpp_url("LOG-11")) as cp:
        cp.boot()
        cp.replies = {"GetDiagnostics": {"fileName": "big.bin"}}
        sent, _ = asked(server, cp, "LOG-11", {})
    head = f"PUT {urlsplit(sent['location']).path} HTTP/1.1\r\nHost: csms\r\n"
    with socket.create_connection(("127.0.0.1", server.ports["api"]), 20) as client:
        client.sendall(f"{head}Content-Length: 104857601\r\nExpect: 100-continue\r\n\r\n".encode())
        assert client.recv(65_536).startswith(b"HTTP/1.1 413 ")
    assert upload(sent["location"]) == 201
