"""Odd stations against the real server: served, and seen by who operates them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from csms.testing.charger import Charger, Line, NewerCharger, stamp
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

EVERY = ("1.6", "2.0.1", "2.1")


def station(url: str, version: str, origin: str | None = None) -> Line:
    """A charger of that version."""
    kind = Charger if version == "1.6" else NewerCharger
    return kind(
        connect(
            url,
            subprotocols=[Subprotocol(f"ocpp{version}")],
            origin=None if origin is None else Origin(origin),
            open_timeout=20,
        ).__enter__()
    )


def status(version: str, **odd: Any) -> dict[str, Any]:
    if version == "1.6":
        said = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
    else:
        said = {"evseId": 1, "connectorId": 1, "connectorStatus": "Available"}
    return {**said, "timestamp": stamp(), **odd}


@pytest.mark.parametrize("version", EVERY)
def test_quirks_are_served_and_listed(server: RunningCsms, version: str) -> None:
    """Of the handshake, of frames, of payloads, and of what is known already, with counts."""
    identity = f"ODD-{version}"
    url = f"ws://127.0.0.1:{server.ports['ocpp']}//ocpp//{identity}/"
    with station(url, version, "http://somewhere.example") as cp:
        assert isinstance(cp, Charger | NewerCharger)
        cp.boot()
        cp.socket.send("")
        cp.socket.send('[3,"nobody",{}]')
        place = "connectorId" if version == "1.6" else "evseId"
        for _ in range(3):
            cp.call("StatusNotification", status(version, **{place: "1"}))
        cp.call("StatusNotification", status(version, timestamp="2026-01-01 00:00:00+03"))
        cp.call("Heartbeat", None)  # type: ignore[arg-type]  # on purpose
    wanted = {
        "doubled_slash": 1,
        "trailing_slash": 1,
        "origin_header": 1,
        "empty_frame": 1,
        "unasked_answer": 1,
        "text_for_number": 3,
        "timestamp_with_space": 1,
        "timestamp_short_zone": 1,
        "status_out_of_order": 1,
        "null_payload": 1,
    }
    route = f"/api/v1/stations/{identity}/quirks"
    listed = server.until(route, lambda body: len(body["items"]) == len(wanted))["items"]
    assert {quirk["name"]: quirk["count"] for quirk in listed} == wanted
    assert listed[0]["example"] == f"{place}=1"
    assert server.get(f"/api/v1/stations/{identity}")["connectors"]


def test_a_station_may_change_its_version(server: RunningCsms) -> None:
    """Its history stays its own, and the change is kept as an event."""
    with station(server.ocpp_url("UP-1"), "1.6") as cp:
        assert isinstance(cp, Charger)
        cp.boot()
        cp.stop(cp.start(), 2000)
    with station(server.ocpp_url("UP-1"), "2.0.1") as cp:
        assert isinstance(cp, NewerCharger)
        cp.boot()
        cp.stop(cp.start(), 3000)
    sessions = server.get("/api/v1/sessions?station=UP-1&sort=started_at")["items"]
    assert [session["energy_wh"] for session in sessions] == [1000, 2000]
    assert server.get("/api/v1/stations/UP-1")["ocpp_version"] == "2.0.1"
    (event,) = server.get("/api/v1/stations/UP-1/events?kind=version")["items"]
    assert event["content"] == {"before": "1.6", "after": "2.0.1"}


def test_a_station_may_be_bound_to_versions(server: RunningCsms) -> None:
    """Its own order decides among those that it may use; without an offer the only one is it."""
    body = {"ocpp_versions": ["1.6"]}
    assert server.request("PUT", "/api/v1/stations/BOUND-1", body).status == 201
    offer = ("ocpp2.1", "ocpp2.0.1", "ocpp1.6")
    with Charger.connect(server.ocpp_url("BOUND-1"), subprotocols=offer) as cp:
        assert cp.socket.subprotocol == "ocpp1.6"
        cp.boot()
    with Charger.connect(server.ocpp_url("BOUND-1"), subprotocols=()) as cp:
        assert cp.boot()["status"] == "Accepted"
    with Charger.connect(server.ocpp_url("FREE-1"), subprotocols=offer) as cp:
        assert cp.socket.subprotocol == "ocpp2.1"


def test_an_accepted_station_is_asked_to_boot(server: RunningCsms) -> None:
    """One that was accepted elsewhere and reconnects here without a word of itself."""
    assert server.request("PUT", "/api/v1/stations/MOVED-1", {}).status == 201
    with station(server.ocpp_url("MOVED-1"), "2.0.1") as cp:
        assert isinstance(cp, NewerCharger)
        cp.replies = {"TriggerMessage": {"status": "Accepted"}}
        assert cp.exchange([2, "h", "Heartbeat", {}])[2] == "SecurityError"
        assert cp.serve() == ("TriggerMessage", {"requestedMessage": "BootNotification"})
        assert cp.boot("Triggered")["status"] == "Accepted"
        cp.call("Heartbeat", {})


def test_a_deaf_station_is_told_of_and_closed_once(own_server: Callable[..., RunningCsms]) -> None:
    """Until it answers again."""
    server = own_server(CSMS__OCPP__DEAF_AFTER="2", CSMS__OCPP__CALL_TIMEOUT_S="1")
    route = "/api/v1/stations/DEAF-1"
    with (
        station(server.ocpp_url("DEAF-1"), "1.6") as cp,
        ThreadPoolExecutor(1) as caller,
    ):
        assert isinstance(cp, Charger)
        cp.boot()
        assert server.get(route)["deaf_since"] is None
        asked = [
            caller.submit(server.request, "POST", f"{route}/clear-cache", {}) for _ in range(2)
        ]
        assert cp.closed() == 1008
        assert [each.result().body["status"] for each in asked] == ["expired", "expired"]
    server.until(route, lambda body: body["deaf_since"] is not None)
    with station(server.ocpp_url("DEAF-1"), "1.6") as cp:
        assert isinstance(cp, Charger)
        cp.replies = {"ClearCache": {"status": "Accepted"}}
        cp.boot()
        with cp.serving():
            # A busy machine may take its second for the answer; that comes too late counts.
            server.request("POST", f"{route}/clear-cache", {})
            server.until(route, lambda body: body["deaf_since"] is None)
    events = server.get(f"{route}/events")["items"]
    assert sorted(event["kind"] for event in events) == ["deaf", "hearing"]
