"""Logs of stations over REST."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.api.logs import disposition
from csms.core.commands import Outcome
from csms.core.errors import Conflict
from csms.core.logs.vocabulary import LogFile, LogKind, RequestLog

LOGS = "/api/v1/stations/CP1/logs"


@pytest.fixture(autouse=True)
def station(api: Any) -> Any:
    return api.stations.seed("CP1")


def sent(api: Any) -> RequestLog:
    command = api.operations.sent[-1][1]
    assert isinstance(command, RequestLog)
    return command


def test_a_log_is_asked_for(api: Any) -> None:
    """To be sent to us, unless another place is named."""
    body = {
        "kind": "security",
        "oldest_at": "2026-01-01T00:00:00+01:00",
        "latest_at": "2026-01-02T00:00:00Z",
        "retries": 3,
        "retry_interval_s": 60,
    }
    assert api.ask("POST", LOGS, json=body).json["status"] == "accepted"
    command = sent(api)
    assert command.kind is LogKind.SECURITY
    assert command.location.startswith("http://csms.example/uploads/")
    assert command.oldest_at == datetime(2025, 12, 31, 23, tzinfo=UTC)
    (log,) = api.ask("GET", LOGS).json["items"]
    assert (log["own"], log["status"], log["location"]) == (True, "Requested", None)
    assert log["expires_at"] == "2026-03-01T13:00:00.123Z"
    assert api.ask("GET", f"{LOGS}/{log['ref']}").json == log
    elsewhere = "sftp://user:pw@files.example/in"
    api.ask("POST", LOGS, json={"location": elsewhere})
    assert sent(api).location == elsewhere
    log = api.ask("GET", f"{LOGS}/2").json
    assert (log["own"], log["location"]) == (False, "sftp://***@files.example/in")


def test_a_log_of_a_station_that_is_away(api: Any) -> None:
    """The URL is good for as long after the command may have waited."""
    api.operations.outcome = None
    assert api.ask("POST", LOGS, json={"queue": True}).status == 202
    assert api.ask("GET", f"{LOGS}/1").json["expires_at"] == "2026-03-01T15:00:00.123Z"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "gossip"}, "kind"),
        ({"location": "file:///etc"}, "location"),
        ({"retries": -1}, "retries"),
        (
            {"oldest_at": "2026-01-02T00:00:00Z", "latest_at": "2026-01-01T00:00:00Z"},
            "oldest_at",
        ),
    ],
)
def test_a_wish_that_makes_no_sense(api: Any, body: Any, field: str) -> None:
    """It is refused by field, and leaves nothing behind."""
    reply = api.ask("POST", LOGS, json=body)
    assert (reply.status, reply.json["field"]) == (422, field)
    assert api.ask("GET", LOGS).json["items"] == []


def test_a_wish_that_is_refused(api: Any) -> None:
    """What could not even be sent leaves nothing behind."""
    api.operations.refusal = Conflict("no", code="not_registered")
    assert api.ask("POST", LOGS, json={}).status == 409
    assert api.ask("GET", LOGS).json["items"] == []


@pytest.mark.parametrize("status", ["unreachable", "unsupported"])
def test_a_wish_that_nobody_heard(api: Any, status: str) -> None:
    """It is over with that."""
    api.operations.outcome = Outcome(status=status, detail="why")
    api.ask("POST", LOGS, json={})
    (log,) = api.ask("GET", LOGS).json["items"]
    assert (log["status"], log["detail"]) == (status.capitalize(), "why")


def test_download(api: Any) -> None:
    """As a file to be saved, whatever it is; in full, or only its head."""
    api.ask("POST", LOGS, json={})
    path = sent(api).location.removeprefix("http://csms.example")
    content = b"<script>" * 1000
    api.ask("PUT", f"{path}/x.html", content, role=None, headers={"Content-Type": "text/html"})
    reply = api.ask("GET", f"{LOGS}/1/file", role="auditor")
    assert (reply.status, reply.body) == (200, content)
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="CP1-1-x.html"'
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    head = api.ask("HEAD", f"{LOGS}/1/file")
    assert (head.headers["Content-Length"], head.body) == (str(len(content)), b"")


def test_nothing_to_download(api: Any) -> None:
    """No file, no upload, or a file that went away."""
    api.ask("POST", LOGS, json={})
    assert api.ask("GET", f"{LOGS}/1/file").json["code"] == "no_file"
    assert api.ask("GET", f"{LOGS}/9/file").status == 404
    api.ask("PUT", sent(api).location.removeprefix("http://csms.example"), b"x", role=None)
    api.vault.files.clear()
    assert api.ask("GET", f"{LOGS}/1/file").status == 404


def test_delete(api: Any) -> None:
    """With its file."""
    api.ask("POST", LOGS, json={})
    api.ask("PUT", sent(api).location.removeprefix("http://csms.example"), b"x", role=None)
    api.ask("POST", LOGS, json={})
    for ref in (1, 2):
        assert api.ask("DELETE", f"{LOGS}/{ref}").status == 204
        assert api.ask("DELETE", f"{LOGS}/{ref}").status == 404
    assert api.vault.files == {}


def test_whose_logs(api: Any) -> None:
    """No operator sees another's."""
    api.ask("POST", LOGS, json={})
    for method, path in (("GET", LOGS), ("GET", f"{LOGS}/1"), ("DELETE", f"{LOGS}/1")):
        assert api.ask(method, path, role="stranger").status == 404


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("diag.tar.gz", "A_B-7-diag.tar.gz"),
        ("..\\..\\evil.exe", "A_B-7-evil.exe"),
        ('a"; filename="b', "A_B-7-a_filename_b"),
        ("\u202egpj.exe", "A_B-7-_gpj.exe"),
        (None, "A_B-7-log"),
        ("...", "A_B-7-"),
    ],
)
def test_names_for_browsers(name: str | None, told: str) -> None:
    """Plain, and beginning with ours."""
    file = LogFile(
        name=name, size=1, content_type=None, sha256="", stored_at=datetime.now(UTC), key="k"
    )
    assert disposition("A/B", 7, file) == f'attachment; filename="{told}"'
