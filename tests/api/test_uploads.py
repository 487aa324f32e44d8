"""Files that stations send, each under a secret that is good for one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from csms.core.logs.vocabulary import RequestLog


def request_log(api: Any, identity: str = "CP1") -> str:
    """A log is asked for; the path that the station is told."""
    if not any(station.identity == identity for station in api.stations._stations.values()):
        api.stations.seed(identity)
    api.ask("POST", f"/api/v1/stations/{identity}/logs", json={})
    command = api.operations.sent[-1][1]
    assert isinstance(command, RequestLog)
    return command.location.removeprefix("http://csms.example")


def log_of(api: Any) -> Any:
    return api.ask("GET", "/api/v1/stations/CP1/logs").json["items"][0]


def send(api: Any, path: str, body: bytes, method: str = "PUT", **headers: str) -> Any:
    return api.ask(method, path, body, role=None, headers=headers)


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    named = "" if filename is None else f'; filename="{filename}"'
    head = f'--B\r\nContent-Disposition: form-data; name="{name}"{named}\r\n'
    if filename is not None:
        head += "Content-Type: application/gzip\r\n"
    return head.encode() + b"\r\n" + content + b"\r\n"


FORM = {"Content-Type": "multipart/form-data; boundary=B"}


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_file_is_taken_once(api: Any, method: str) -> None:
    """It is kept under a name of ours, and cannot be replaced by another."""
    path = request_log(api)
    reply = send(api, f"{path}/diag%2F..%2Fx.log", b"all of it", method, **{"Content-Type": "a/b"})
    assert (reply.status, reply.body) == (201, b"")
    assert list(api.vault.files.values()) == [b"all of it"]
    file = log_of(api)["file"]
    assert (file["name"], file["size"], file["content_type"]) == ("diag/../x.log", 9, "a/b")
    again = send(api, path, b"another", method)
    assert (again.status, again.json["code"]) == (409, "already_uploaded")
    assert list(api.vault.files.values()) == [b"all of it"]


def test_unknown_secrets(api: Any) -> None:
    """Nothing is expected there; nothing is kept."""
    request_log(api)
    for path in ("/uploads/x", "/uploads/" + "x" * 300, "/uploads/%00", "/uploads/%ff/a"):
        assert send(api, path, b"file").status in (400, 404, 422)
    assert (api.vault.files, api.vault.parts) == ({}, set())


def test_the_time_is_over(api: Any) -> None:
    """A secret is good for a while."""
    path = request_log(api)
    api.reactor.advance(3600)
    assert send(api, path, b"file").status == 404


def test_the_time_is_over_half_way(api: Any) -> None:
    """Whoever is that slow has to begin again, in vain."""
    path = request_log(api)
    wire = api.wire()
    whole = api.request("PUT", path, b"x" * 100, role=None)
    wire.send(whole[:-90])
    for _ in range(80):
        wire.send(b"x")
        api.reactor.advance(50)
    assert api.vault.parts == set()
    assert wire.reply().status == 404


def test_too_large_by_its_own_account(api: Any) -> None:
    """It is turned away before it is sent."""
    path = request_log(api)
    wire = api.wire()
    head = api.request("PUT", path, b"", role=None, headers={"Content-Length": "50001"})
    wire.send(head.replace(b"Content-Length: 0\r\n", b""))
    assert wire.reply().status == 413
    assert api.vault.parts == set()


def test_too_large_in_chunks(api: Any) -> None:
    """It is cut off where the limit is; a smaller one may follow."""
    path = request_log(api)
    wire = api.wire()
    wire.send(api.request("PUT", path, b"", role=None, headers={"Transfer-Encoding": "chunked"}))
    for _ in range(6):
        wire.send(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
    assert wire.reply().status == 413
    assert (api.vault.files, api.vault.parts) == ({}, set())
    assert send(api, path, b"smaller").status == 201


def test_larger_than_other_bodies(api: Any) -> None:
    """The limit of the rest of the API is another one; none of it passes through memory."""
    path = request_log(api)
    assert send(api, path, b"x" * 50_000).status == 201
    assert len(next(iter(api.vault.files.values()))) == 50_000


def test_cut_off_half_way(api: Any) -> None:
    """What has come is thrown away; the station may send it again."""
    path = request_log(api)
    wire = api.wire()
    wire.send(api.request("PUT", path, b"0123456789", role=None)[:-5])
    assert len(api.vault.parts) == 1
    wire.hang_up()
    assert (api.vault.files, api.vault.parts) == ({}, set())
    assert send(api, path, b"again").status == 201


def test_the_newest_attempt_counts(api: Any) -> None:
    """A station whose connection hangs may send again at once."""
    path = request_log(api)
    wire = api.wire()
    whole = api.request("PUT", path, b"0123456789", role=None)
    wire.send(whole[:-5])
    assert send(api, path, b"again").status == 201
    wire.send(whole[-5:])
    assert wire.reply().status == 409
    assert list(api.vault.files.values()) == [b"again"]


@pytest.mark.parametrize("room", [0, 5])
def test_no_room(api: Any, room: int, logged: list[Any]) -> None:
    """A full disk is said to be one, and told of the upload; whoever runs the server reads it."""
    path = request_log(api)
    api.vault.room = room
    reply = send(api, path, b"0123456789")
    assert (reply.status, reply.json["code"]) == (507, "no_room")
    assert (log_of(api)["detail"], api.vault.parts) == ("there is no room for the file", set())
    assert [event["station"] for event in logged] == ["CP1"]
    logged.clear()
    api.vault.room = 100
    assert send(api, path, b"0123456789").status == 201


def test_an_empty_file(api: Any) -> None:
    """It is no file, and uses nothing up."""
    path = request_log(api)
    assert send(api, path, b"").status == 400
    assert send(api, path, b"x").status == 201


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_a_form(api: Any, step: int) -> None:
    """The first file of a form is the file, however it is cut into pieces."""
    path = request_log(api)
    content = b"line\r\n--Bogus\r\n" * 20
    body = part("note", b"hello") + part("file", content, "a.gz") + part("b", b"no", "b") + b"--B--"
    wire = api.wire()
    whole = api.request("POST", path, body, role=None, headers=FORM)
    for start in range(0, len(whole), step):
        wire.send(whole[start : start + step])
    assert wire.reply().status == 201
    assert list(api.vault.files.values()) == [content]
    file = log_of(api)["file"]
    assert (file["name"], file["content_type"]) == ("a.gz", "application/gzip")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        part("note", b"hello") + b"--B--",
        part("file", b"half of it", "a")[:-6],
        b"--B\r\nX: y\r\n\r\nno disposition\r\n--B--",
        b"".join(part(str(number), b"x") for number in range(40)) + b"--B--",
    ],
    ids=["empty", "nonsense", "no file", "half a file", "no disposition", "many parts"],
)
def test_a_form_without_a_file(api: Any, body: bytes) -> None:
    """It is refused, and uses nothing up."""
    path = request_log(api)
    assert send(api, path, body, "POST", **FORM).status == 400
    assert (api.vault.files, api.vault.parts) == ({}, set())
    assert send(api, path, b"x").status == 201


def test_other_methods_and_paths(api: Any) -> None:
    """There is nothing to read there, and no body to send elsewhere."""
    path = request_log(api)
    assert send(api, path, b"x", "PATCH").status == 405
    assert api.ask("GET", path, role=None).status == 405
    assert send(api, f"{path}/a/b", b"x").status == 404
    assert send(api, "/uploads", b"x").status == 404
    assert api.vault.parts == set()


def test_no_secret_is_logged_or_shown(api: Any, heard: list[Any]) -> None:
    """Neither in what is logged of requests, nor in what is kept of the command."""
    path = request_log(api)
    secret = path.rpartition("/")[2]
    assert len(secret) == 43
    send(api, path, b"file")
    send(api, path, b"file")
    told = json.dumps([api.ask("GET", "/api/v1/operations").json, log_of(api)])
    assert secret not in told
    assert "http://csms.example/uploads/***" in told
    assert heard
    assert not any(secret in str(event) for event in heard)


# --- clients that ask first -----------------------------------------------------------------

ASKS = {"Expect": "100-continue"}


def test_who_asks_first_is_told_to_go_on(api: Any) -> None:
    """Once it is known that the file is wanted."""
    path = request_log(api)
    wire = api.wire()
    whole = api.request("PUT", path, b"file", role=None, headers=ASKS)
    wire.send(whole[:-4])
    assert wire.value() == b"HTTP/1.1 100 Continue\r\n\r\n"
    wire.send(whole[-4:])
    assert b"HTTP/1.1 201 " in wire.value()
    assert list(api.vault.files.values()) == [b"file"]


@pytest.mark.parametrize("path", ["/uploads/" + "x" * 43, "/uploads/%00/a"])
def test_who_asks_first_with_a_wrong_secret(api: Any, path: str) -> None:
    """It is told at once, and never to go on."""
    wire = api.wire()
    wire.send(api.request("PUT", path, b"file", role=None, headers=ASKS)[:-4])
    assert wire.reply().status in (400, 404, 422)
    assert b"100 Continue" not in wire.value()


def test_http_1_0_knows_no_continue(api: Any) -> None:
    """It is not told so."""
    path = request_log(api)
    wire = api.wire()
    whole = api.request("PUT", path, b"file", role=None, headers=ASKS)
    wire.send(whole.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert b"100 Continue" not in wire.value()
    assert list(api.vault.files.values()) == [b"file"]


# --- nothing is left behind -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["%00", "x" * 5000, "%ff%fe", "..%2f..%2fx"])
def test_odd_names_leave_nothing_behind(api: Any, name: str, logged: list[Any]) -> None:
    """Refused or kept whole, and no bug."""
    path = request_log(api)
    reply = send(api, f"{path}/{name}", b"file")
    assert reply.status in (201, 400, 404, 422)
    assert (len(api.vault.files), api.vault.parts) == (int(reply.status == 201), set())
    assert logged == []


@pytest.mark.parametrize("asks", [{}, ASKS])
def test_shut_down_in_mid_upload(api: Any, asks: dict[str, str], logged: list[Any]) -> None:
    """What has come is thrown away, and no bug is told of."""
    path = request_log(api)
    wire = api.wire()
    wire.send(api.request("PUT", path, b"0123456789", role=None, headers=asks)[:-5])
    assert len(api.vault.parts) == 1
    for channel in list(api.site.channels):
        channel.loseConnection()
    wire.hang_up()
    assert (api.vault.files, api.vault.parts) == ({}, set())
    assert logged == []
