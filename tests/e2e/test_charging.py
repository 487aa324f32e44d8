"""A charger charges: the main job, through the real process, sockets and database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from csms.testing.charger import Charger, stamp
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e


def charger(server: RunningCsms, identity: str) -> Charger:
    return Charger.connect(server.ocpp_url(identity))


def test_a_session_from_plug_to_bill(server: RunningCsms) -> None:
    """Boot, plug in, authorize, start, meter, stop: all of it is in the API afterwards."""
    with charger(server, "E2E-1") as cp:
        assert cp.boot()["status"] == "Accepted"
        cp.status("Preparing")
        assert cp.call("Authorize", {"idTag": "TAG1"})["idTagInfo"]["status"] == "Accepted"
        number = cp.start("TAG1", 1000)
        cp.status("Charging")
        cp.meter(number, 2500)
        active = server.get("/api/v1/sessions?station=E2E-1&status=active")["items"]
        assert [s["transaction_id"] for s in active] == [str(number)]
        assert active[0]["energy_wh"] == 1500
        cp.stop(number, 4000)
        cp.status("Finishing")
        cp.status("Available")
        (session,) = server.get("/api/v1/sessions?station=E2E-1")["items"]
        assert (session["status"], session["energy_wh"]) == ("ended", 3000)
        assert session["started_at"].endswith("Z")
        assert session["ended_at"].endswith("Z")
        readings = server.get(f"/api/v1/sessions/{session['id']}/meter-values")["items"]
        assert [r["energy_wh"] for r in readings] == [2500]
        station = server.get("/api/v1/stations/E2E-1")
        assert station["connected"] is True
        assert (station["vendor"], station["firmware_version"]) == ("Acme", "1.0")
        connector = next(c for c in station["connectors"] if c["evse_id"] == 1)
        assert connector["status"] == "Available"


def test_remote_start_and_stop(server: RunningCsms) -> None:
    """REST asks, the station does, and the operation knows its session."""
    with charger(server, "E2E-2") as cp, ThreadPoolExecutor(1) as caller:
        cp.replies = {
            "RemoteStartTransaction": {"status": "Accepted"},
            "RemoteStopTransaction": {"status": "Accepted"},
        }
        cp.boot()
        body = {"id_token": "APP", "evse_id": 1}
        asked = caller.submit(server.request, "POST", "/api/v1/stations/E2E-2/remote-start", body)
        assert cp.serve() == ("RemoteStartTransaction", {"idTag": "APP", "connectorId": 1})
        answer = asked.result()
        assert (answer.status, answer.body["status"]) == (200, "accepted")
        number = cp.start("APP")
        (session,) = server.get("/api/v1/sessions?station=E2E-2")["items"]
        operation = server.get(f"/api/v1/operations/{answer.body['id']}")
        assert operation["session_id"] == session["id"]
        asked = caller.submit(
            server.request,
            "POST",
            "/api/v1/stations/E2E-2/remote-stop",
            {"session_id": session["id"]},
        )
        assert cp.serve() == ("RemoteStopTransaction", {"transactionId": number})
        assert asked.result().body["status"] == "accepted"
        cp.stop(number, 1500, "Remote")
        cp.status("Available")
        (session,) = server.get("/api/v1/sessions?station=E2E-2")["items"]
        assert (session["status"], session["stop_reason"]) == ("ended", "Remote")


def test_any_message_can_be_sent(server: RunningCsms) -> None:
    """Through one route, checked before it leaves, with the station's own answer."""
    with charger(server, "E2E-3") as cp, ThreadPoolExecutor(1) as caller:
        cp.boot()
        cp.replies = {"GetCompositeSchedule": {"status": "Rejected"}}
        route = "/api/v1/stations/E2E-3/commands"
        wrong = {"action": "GetCompositeSchedule", "payload": {"connectorId": "one"}}
        assert server.request("POST", route, wrong).status in (400, 422)
        assert not cp.asked
        right = {"action": "GetCompositeSchedule", "payload": {"connectorId": 1, "duration": 60}}
        asked = caller.submit(server.request, "POST", route, right)
        assert cp.serve() == ("GetCompositeSchedule", {"connectorId": 1, "duration": 60})
        body = asked.result().body
        assert (body["status"], body["response"]) == ("rejected", {"status": "Rejected"})
        unknown = {"action": "ClearCache", "payload": {}}
        asked = caller.submit(server.request, "POST", route, unknown)
        cp.serve()
        assert asked.result().body["status"] == "unsupported"


def test_a_station_that_is_not_there_is_unreachable_at_once(server: RunningCsms) -> None:
    """Unless the caller wants the command to wait for it."""
    with charger(server, "E2E-4") as cp:
        cp.boot()
    server.until("/api/v1/stations/E2E-4", lambda s: not s["connected"])
    route = "/api/v1/stations/E2E-4/reset"
    assert server.request("POST", route, {"kind": "soft"}).body["status"] == "unreachable"
    queued = server.request("POST", route, {"kind": "soft", "queue": True})
    assert (queued.status, queued.body["status"]) == (202, "queued")
    with charger(server, "E2E-4") as cp:
        cp.replies = {"Reset": {"status": "Accepted"}}
        cp.boot()
        assert cp.serve() == ("Reset", {"type": "Soft"})
        path = f"/api/v1/operations/{queued.body['id']}"
        server.until(path, lambda operation: operation["status"] == "accepted")


def test_a_status_that_was_not_taken_back_is_asked_for(
    own_server: Callable[..., RunningCsms],
) -> None:
    """A charger that forgets to tell that it is free again is asked, and then shown as it is."""
    server = own_server(CSMS__JOBS__INTERVAL_S="0.2", CSMS__JOBS__STALE_STATUS_S="1")
    with charger(server, "E2E-STALE") as cp:
        cp.replies = {"TriggerMessage": {"status": "Accepted"}}
        cp.boot()
        number = cp.start()
        cp.status("Charging")
        cp.stop(number, 2000)
        asked = {"requestedMessage": "StatusNotification", "connectorId": 1}
        assert cp.serve() == ("TriggerMessage", asked)
        cp.status("Available")
        route = "/api/v1/operations?station=E2E-STALE"
        (operation,) = server.until(route, lambda body: body["items"])["items"]
        assert (operation["action"], operation["requested_by"]) == ("trigger", "server")
        connectors = server.get("/api/v1/stations/E2E-STALE")["connectors"]
        assert [each["status"] for each in connectors if each["evse_id"] == 1] == ["Available"]
        assert not cp.asked


def test_a_retransmitted_session_is_one_session(server: RunningCsms) -> None:
    """The same content under new message ids, over a new connection, changes nothing."""
    start = {"connectorId": 1, "idTag": "T", "meterStart": 5, "timestamp": stamp()}
    stop = {"meterStop": 900, "timestamp": stamp()}
    numbers = set()
    for _ in range(3):
        with charger(server, "E2E-5") as cp:
            cp.boot()
            numbers.add(cp.call("StartTransaction", start)["transactionId"])
            cp.call("StopTransaction", {**stop, "transactionId": next(iter(numbers))})
    assert len(numbers) == 1
    assert len(server.get("/api/v1/sessions?station=E2E-5")["items"]) == 1


def test_a_newer_connection_replaces_the_older(server: RunningCsms) -> None:
    """The older is closed; commands go to the newer; the late close changes nothing."""
    with charger(server, "E2E-6") as old, ThreadPoolExecutor(1) as caller:
        old.boot()
        with charger(server, "E2E-6") as new:
            new.boot()
            assert old.closed() is not None
            new.replies = {"ClearCache": {"status": "Accepted"}}
            asked = caller.submit(
                server.request,
                "POST",
                "/api/v1/stations/E2E-6/commands",
                {"action": "ClearCache", "payload": {}},
            )
            assert new.serve()[0] == "ClearCache"
            assert asked.result().body["status"] == "accepted"
            assert server.get("/api/v1/stations/E2E-6")["connected"] is True


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "nonsense",
        "{}",
        "[]",
        "[2]",
        '[2,"x"]',
        '[2,"x","Heartbeat"]',
        '[2,"x","Heartbeat",[]]',
        '[2,"x",7,{}]',
        '[2,null,"Heartbeat",{}]',
        '[9,"x","Heartbeat",{}]',
        '[3,"nobody",{}]',
        '[4,"nobody","GenericError","",{}]',
        '[2,"x","NoSuchAction",{}]',
        '[2,"x","Reset",{"type":"Hard"}]',
        '[2,"x","StatusNotification",{"connectorId":"one"}]',
        '[2,"x","StartTransaction",{"connectorId":1}]',
        '[2,"x","Heartbeat",{"a":NaN}]',
        "[" * 5000 + "]" * 5000,
        '[2,"' + "i" * 500 + '","Heartbeat",{}]',
        '[2,"x","DataTransfer",{"vendorId":"\\u0000"}]',
        '[2,"x","Authorize",{"idTag":"' + "9" * 4000 + '"}]',
        '[2,"x","Heartbeat",{"n":' + "9" * 5000 + "}]",
    ],
)
def test_a_malformed_frame_never_drops_the_connection(server: RunningCsms, frame: str) -> None:
    """Whatever a station says, its next honest message is served on the same socket."""
    with charger(server, "E2E-7") as cp:
        cp.boot()
        cp.socket.send(frame)
        sent = "honest"
        cp.socket.send(f'[2,"{sent}","Heartbeat",{{}}]')
        while True:
            answer = cp._receive(10)
            assert answer[0] in (3, 4)
            assert answer[0] == 3 or answer[2] != "InternalError"
            if answer[1] == sent:
                break


def test_many_stations_at_once(server: RunningCsms) -> None:
    """Sessions in parallel do not mix."""

    def charge(n: int) -> tuple[int, int]:
        with charger(server, f"E2E-MANY-{n}") as cp:
            cp.boot()
            number = cp.start(f"T{n}", 0)
            for step in range(5):
                cp.meter(number, step * n)
            cp.stop(number, 10 * n)
            return n, number

    barrier_free = ThreadPoolExecutor(16)
    with barrier_free as pool:
        done = list(pool.map(charge, range(1, 33)))
    assert len({number for _, number in done}) == 32
    for n, number in done:
        (session,) = server.get(f"/api/v1/sessions?station=E2E-MANY-{n}")["items"]
        assert (session["transaction_id"], session["energy_wh"]) == (str(number), 10 * n)
    assert threading.active_count() < 100
