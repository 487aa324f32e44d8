"""Who may connect, and what becomes of those who may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from websockets.exceptions import InvalidStatus

from csms.testing.charger import Charger
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

KEY = "0123456789abcdef0123456789abcdef01234567"


def refused(server: RunningCsms, identity: str, **how: object) -> int:
    with pytest.raises(InvalidStatus) as refusal:
        Charger.connect(server.ocpp_url(identity), **how)  # type: ignore[arg-type]  # as given
    return refusal.value.response.status_code


def test_no_common_subprotocol_is_no_upgrade(server: RunningCsms) -> None:
    """HTTP 400, whether another or none is offered (OCTT TC_088)."""
    assert refused(server, "SUB-1", subprotocols=("ocpp0.1",)) == 400
    assert refused(server, "SUB-1", subprotocols=()) == 400
    items = server.until("/api/v1/connections/refused?identity=SUB-1", lambda body: body["items"])[
        "items"
    ]
    assert items[0]["reason"] == "no_common_subprotocol"


def test_the_first_offered_that_is_spoken_is_chosen(server: RunningCsms) -> None:
    """The station's order is its preference."""
    with Charger.connect(server.ocpp_url("SUB-2"), subprotocols=("ocpp0.1", "ocpp1.6")) as cp:
        assert cp.socket.subprotocol == "ocpp1.6"


@pytest.mark.parametrize(
    "path", ["/ocpp/{}", "/ws/{}", "/{}", "/ocpp/{}/", "/ocpp?chargePointId={}&version=1.6"]
)
def test_every_form_of_the_url(server: RunningCsms, path: str) -> None:
    """Chargers are configured in all these ways."""
    url = f"ws://127.0.0.1:{server.ports['ocpp']}{path.format('URL-1')}"
    with Charger.connect(url) as cp:
        assert cp.boot()["status"] == "Accepted"


def test_a_password_is_asked_for_where_one_is_set(server: RunningCsms) -> None:
    """As text, as the bytes its hex digits stand for, and never a wrong one."""
    body = {"password": KEY}
    assert server.request("PUT", "/api/v1/stations/PW-1", body).status == 201
    assert refused(server, "PW-1") == 401
    assert refused(server, "PW-1", password=b"wrong") == 401
    for password in (KEY.encode(), bytes.fromhex(KEY)):
        with Charger.connect(server.ocpp_url("PW-1"), password) as cp:
            assert cp.boot()["status"] == "Accepted"
    assert KEY not in str(server.get("/api/v1/stations/PW-1"))


def test_an_unknown_station_is_refused_listed_and_adopted(
    own_server: Callable[..., RunningCsms],
) -> None:
    """The production default, and the way out of it."""
    server = own_server(CSMS__STATIONS__UNKNOWN="refuse")
    assert refused(server, "NEW-1") in (401, 404)
    (attempt,) = server.until("/api/v1/connections/refused", lambda body: body["items"])["items"]
    assert (attempt["identity"], attempt["reason"]) == ("NEW-1", "unknown_station")
    adopted = server.request("POST", "/api/v1/connections/refused/NEW-1/adopt", {})
    assert adopted.status in (200, 201)
    with Charger.connect(server.ocpp_url("NEW-1")) as cp:
        assert cp.boot()["status"] == "Accepted"


def test_a_pending_station_waits_for_approval(own_server: Callable[..., RunningCsms]) -> None:
    """Until then it hears Pending, and everything else is a SecurityError."""
    server = own_server(CSMS__STATIONS__UNKNOWN="pending")
    with Charger.connect(server.ocpp_url("PEND-1")) as cp:
        assert cp.boot()["status"] == "Pending"
        heartbeat = cp.exchange([2, "h", "Heartbeat", {}])
        assert heartbeat[:3] == [4, "h", "SecurityError"]
        body = {"registration": "accepted"}
        assert server.request("PATCH", "/api/v1/stations/PEND-1", body).status == 200
        cp.asked.clear()
        assert cp.boot()["status"] == "Accepted"
        cp.call("Heartbeat", {})


def test_the_api_asks_for_a_token(server: RunningCsms) -> None:
    """Everything but the two probes."""
    for path in ("/api/v1/stations", "/api/v1/openapi.json", "/api/charge-points", "/connections"):
        assert server.request("GET", path, token=None).status == 401
        assert server.request("GET", path, token="csms_wrong").status == 401
    for path in ("/health", "/readyz"):
        assert server.request("GET", path, token=None).status == 200


def test_a_deleted_station_is_disconnected(server: RunningCsms) -> None:
    """And its history stays."""
    with Charger.connect(server.ocpp_url("DEL-1")) as cp:
        cp.boot()
        cp.stop(cp.start(), 2000)
        assert server.request("DELETE", "/api/v1/stations/DEL-1").status == 204
        assert cp.closed() is not None
    assert server.request("GET", "/api/v1/stations/DEL-1").status == 404
