"""Reservations, from the REST request to the charger and the session, in every version."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import attrs
import pytest

from csms.testing.charger import Charger, NewerCharger, stamp
from csms.testing.process import Answer, RunningCsms

PATH = "/api/v1/reservations"
VERSIONS = ("1.6", "2.0.1", "2.1")
every = pytest.mark.parametrize("version", VERSIONS)
newer = pytest.mark.parametrize("version", VERSIONS[1:])


@pytest.fixture(scope="module")
def running() -> Iterator[RunningCsms]:
    """A server for this module; tests use station identities of their own."""
    path = Path(tempfile.mkdtemp(prefix="csms-e2e-"))
    path.chmod(0o755)
    try:
        with RunningCsms(path / "state", {"CSMS__JOBS__INTERVAL_S": "0.5"}) as server:
            for token in ("MATE", "TAG"):
                server.request("PUT", f"/api/v1/tokens/{token}", {"group_id": "GROUP"})
            yield server
    finally:
        shutil.rmtree(path, ignore_errors=True)


@attrs.define
class Bench:
    """A charger of some version, connected, and the server it speaks to."""

    server: RunningCsms
    identity: str
    version: str
    line: Any
    caller: ThreadPoolExecutor

    def asks(self, method: str, path: str, body: object = None, **reply: object) -> Answer:
        """A REST request that the charger has to answer something to."""
        action = "ReserveNow" if method == "POST" else "CancelReservation"
        self.line.replies[action] = reply
        asked = self.caller.submit(self.server.request, method, path, body)
        heard, payload = self.line.serve()
        assert heard == action, heard
        answer = asked.result()
        answer.body["asked"] = payload
        return answer

    def reserve(self, status: str = "Accepted", **wishes: object) -> dict[str, Any]:
        """Reserve EVSE 1 for TAG, unless wished otherwise; what the API said."""
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        body = {
            "station": self.identity,
            "id_token": "TAG",
            "evse_id": 1,
            "expires_at": later,
            **wishes,
        }
        answer = self.asks("POST", PATH, body, status=status)
        assert answer.status == 201, answer
        return answer.body

    def now(self, made: dict[str, Any]) -> dict[str, Any]:
        """The reservation as it is now."""
        told: dict[str, Any] = self.server.get(f"{PATH}/{made['reservation']['id']}")
        return told

    def start(self, token: str, number: int | None = None) -> None:
        """Charge, and name a reservation if there is a number."""
        if self.version == "1.6":
            payload = {"connectorId": 1, "idTag": token, "meterStart": 0, "timestamp": stamp()}
            named = {} if number is None else {"reservationId": number}
            self.line.call("StartTransaction", payload | named)
        else:
            named = {} if number is None else {"reservationId": number}
            self.line.transaction(
                "Started",
                f"T-{self.identity}-{token}",
                0,
                "Authorized",
                evse={"id": 1, "connectorId": 1},
                idToken={"idToken": token, "type": "ISO14443"},
                **named,
            )

    def events(self, kind: str) -> int:
        """How often something of that kind happened, by the sessions' reservations."""
        return len(self.server.get(f"{PATH}?station={self.identity}&status={kind}")["items"])


@pytest.fixture
def bench(running: RunningCsms, version: str, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """See `Bench`; its charger has booted."""
    identity = f"R-{crc32(request.node.name.encode())}"
    kind: Any = Charger if version == "1.6" else NewerCharger
    url = running.ocpp_url(identity)
    with kind.connect(url, None, (f"ocpp{version}",)) as line, ThreadPoolExecutor(1) as caller:
        line.boot()
        yield Bench(running, identity, version, line, caller)


@every
def test_tc_046_tc_h_01_reserve_a_specific_evse(bench: Bench) -> None:
    """TC_046, TC_H_01: an EVSE is reserved, and the session that names the reservation uses it."""
    made = bench.reserve()
    assert made["reservation"]["status"] == "accepted"
    number, asked = made["reservation"]["number"], made["asked"]
    if bench.version == "1.6":
        assert (asked["connectorId"], asked["idTag"], asked["reservationId"]) == (
            1,
            "TAG",
            number,
        )
    else:
        assert (asked["evseId"], asked["id"]) == (1, number)
        assert asked["idToken"] == {"idToken": "TAG", "type": "ISO14443"}
    bench.line.status("Reserved")
    bench.start("TAG", number)
    now = bench.now(made)
    (session,) = bench.server.get(f"/api/v1/sessions?station={bench.identity}")["items"]
    assert (now["status"], now["session_id"]) == ("used", session["id"])


@every
def test_tc_047_tc_h_07_reservation_ends_unused(bench: Bench) -> None:
    """TC_047, TC_H_07: nobody came; stations of 2.x say so."""
    made = bench.reserve()
    bench.line.status("Reserved")
    if bench.version != "1.6":
        bench.line.call(
            "ReservationStatusUpdate",
            {
                "reservationId": made["reservation"]["number"],
                "reservationUpdateStatus": "Expired",
            },
        )
        assert bench.now(made)["status"] == "expired"
    bench.line.status("Available")
    assert bench.now(made)["status"] == ("accepted" if bench.version == "1.6" else "expired")


@every
@pytest.mark.parametrize(
    "word",
    [
        pytest.param("Faulted", id="TC_048_1"),
        pytest.param("Occupied", id="TC_048_2"),
        pytest.param("Unavailable", id="TC_048_3"),
        pytest.param("Rejected", id="TC_048_4-TC_H_22"),
    ],
)
def test_tc_048_tc_h_22_refused(bench: Bench, word: str) -> None:
    """TC_048_1 to TC_048_4, TC_H_22: the station says why it does not reserve."""
    made = bench.reserve(word)
    assert (made["reservation"]["status"], made["reservation"]["reason"]) == ("rejected", word)
    assert made["operation"]["status"] == "rejected"


@every
def test_tc_049_tc_h_08_reserve_an_unspecified_evse(bench: Bench) -> None:
    """TC_049, TC_H_08: any EVSE is reserved: connector 0 in 1.6, none in 2.x."""
    made = bench.reserve(evse_id=None)
    assert made["asked"].get("connectorId") == (0 if bench.version == "1.6" else None)
    assert "evseId" not in made["asked"]
    bench.start("TAG")
    assert bench.now(made)["status"] == "used"


@newer
def test_tc_h_14_as_many_reservations_as_evses(bench: Bench) -> None:
    """TC_H_14: several reservations of any EVSE stand beside each other, each with its token."""
    one, two = bench.reserve(evse_id=None), bench.reserve(evse_id=None, id_token="OTHER")
    assert one["asked"]["id"] != two["asked"]["id"]
    bench.start("OTHER", two["asked"]["id"])
    assert (bench.now(one)["status"], bench.now(two)["status"]) == ("accepted", "used")


@every
def test_tc_h_15_reserve_a_type_of_connector(bench: Bench) -> None:
    """TC_H_15: a type of connector is reserved; 1.6 has no words for it."""
    if bench.version == "1.6":
        body = {
            "station": bench.identity,
            "id_token": "TAG",
            "connector_type": "cCCS2",
            "expires_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        }
        answer = bench.server.request("POST", PATH, body)
        assert answer.body["operation"]["status"] == "unsupported"
        assert answer.body["reservation"]["reason"] == "Unsupported"
        return
    made = bench.reserve(evse_id=None, connector_type="cCCS2")
    assert made["asked"]["connectorType"] == "cCCS2"
    assert made["reservation"]["status"] == "accepted"


@every
def test_tc_051_tc_h_17_cancel(bench: Bench) -> None:
    """TC_051, TC_H_17: a reservation is cancelled at the station."""
    made = bench.reserve()
    answer = bench.asks("DELETE", f"{PATH}/{made['reservation']['id']}", status="Accepted")
    assert answer.status == 200
    assert answer.body["asked"] == {"reservationId": made["reservation"]["number"]}
    assert answer.body["reservation"]["status"] == "cancelled"


@every
def test_tc_052_cancel_rejected(bench: Bench) -> None:
    """TC_052: a station that does not know the reservation does not have it."""
    made = bench.reserve()
    answer = bench.asks("DELETE", f"{PATH}/{made['reservation']['id']}", status="Rejected")
    assert answer.body["operation"]["status"] == "rejected"
    assert (answer.body["reservation"]["status"], answer.body["reservation"]["reason"]) == (
        "removed",
        "Unknown",
    )


@every
def test_tc_053_tc_h_19_use_by_group(bench: Bench) -> None:
    """TC_053, TC_H_19: another token of the group uses the reservation."""
    made = bench.reserve(group_id="GROUP")
    asked = made["asked"]
    group = asked["parentIdTag"] if bench.version == "1.6" else asked["groupIdToken"]["idToken"]
    assert group == "GROUP"
    bench.start("MATE")
    assert bench.now(made)["status"] == "used"


@every
def test_tc_h_20_station_cancels_when_faulted(bench: Bench) -> None:
    """TC_H_20: a fault ends the reservation; 2.x says so, of 1.6 the connector's state tells."""
    made = bench.reserve()
    bench.line.status("Faulted")
    if bench.version != "1.6":
        bench.line.call(
            "ReservationStatusUpdate",
            {
                "reservationId": made["reservation"]["number"],
                "reservationUpdateStatus": "Removed",
            },
        )
    now = bench.now(made)
    assert (now["status"], now["reason"]) == ("removed", "Faulted")


@every
def test_foreign_token(bench: Bench) -> None:
    """Somebody else who charges there does not use the reservation."""
    made = bench.reserve()
    bench.start("ALIEN")
    assert bench.now(made)["status"] == "accepted"


@every
def test_raw_message_has_the_same_consequences(bench: Bench) -> None:
    """A reservation that is written in OCPP's own words is a reservation all the same."""
    later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    if bench.version == "1.6":
        payload: dict[str, Any] = {
            "connectorId": 1,
            "expiryDate": later,
            "idTag": "TAG",
            "reservationId": 77,
        }
    else:
        token = {"idToken": "TAG", "type": "ISO14443"}
        payload = {"id": 77, "expiryDateTime": later, "idToken": token, "evseId": 1}
    bench.line.replies["ReserveNow"] = {"status": "Accepted"}
    path = f"/api/v1/stations/{bench.identity}/commands"
    body = {"action": "ReserveNow", "payload": payload}
    asked = bench.caller.submit(bench.server.request, "POST", path, body)
    assert bench.line.serve()[0] == "ReserveNow"
    assert asked.result().body["status"] == "accepted"
    (kept,) = bench.server.get(f"{PATH}?station={bench.identity}")["items"]
    assert (kept["number"], kept["status"], kept["evse_id"]) == (77, "accepted", 1)


def test_queued_until_it_returns(running: RunningCsms) -> None:
    """A station that is away is asked when it returns, if that was wished."""
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    with Charger.connect(running.ocpp_url("R-AWAY")) as line:
        line.boot()
    running.until("/api/v1/stations/R-AWAY", lambda body: not body["connected"])
    body = {"station": "R-AWAY", "id_token": "TAG", "evse_id": 1, "expires_at": later}
    answer = running.request("POST", PATH, body)
    assert (answer.status, answer.body["reservation"]["reason"]) == (201, "Unreachable")
    answer = running.request("POST", PATH, {**body, "queue": True})
    assert (answer.status, answer.body["reservation"]["status"]) == (202, "requested")
    with Charger.connect(running.ocpp_url("R-AWAY")) as line:
        line.replies["ReserveNow"] = {"status": "Accepted"}
        line.boot()
        assert line.serve()[0] == "ReserveNow"
        path = f"{PATH}/{answer.body['reservation']['id']}"
        running.until(path, lambda body: body["status"] == "accepted")


@every
def test_a_reservation_is_good_for_the_group_of_its_token(bench: Bench) -> None:
    """Nobody has to repeat the group: the station is told it, and a member uses the reservation
    without naming it."""
    made = bench.reserve()
    if bench.version == "1.6":
        asked = made["asked"]["parentIdTag"]
    else:
        asked = made["asked"]["groupIdToken"]["idToken"]
    assert (asked, made["reservation"]["group_id"]) == ("GROUP", "GROUP")
    bench.start("MATE")
    assert bench.now(made)["status"] == "used"


@newer
def test_a_token_has_one_kind_in_every_command(bench: Bench) -> None:
    """So that a station starts for the token for which it reserved."""
    bench.server.request("PUT", "/api/v1/tokens/CONTRACT", {"kind": "eMAID", "group_id": "FLEET"})
    made = bench.reserve(id_token="CONTRACT")
    bench.line.replies["RequestStartTransaction"] = {"status": "Accepted"}
    start = bench.caller.submit(
        bench.server.request,
        "POST",
        f"/api/v1/stations/{bench.identity}/remote-start",
        {"id_token": "CONTRACT", "evse_id": 1},
    )
    heard, payload = bench.line.serve()
    start.result()
    assert heard == "RequestStartTransaction"
    for asked in (made["asked"], payload):
        assert asked["idToken"] == {"idToken": "CONTRACT", "type": "eMAID"}
        assert asked["groupIdToken"] == {"idToken": "FLEET", "type": "Central"}


@every
def test_nothing_for_who_may_not_charge(bench: Bench) -> None:
    """Neither a reservation nor a session, by the operator's own list."""
    bench.server.request("PUT", "/api/v1/tokens/LOST", {"blocked": True})
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for path, body in (
        (PATH, {"station": bench.identity, "evse_id": 1, "expires_at": later}),
        (f"/api/v1/stations/{bench.identity}/remote-start", {"evse_id": 1}),
    ):
        answer = bench.server.request("POST", path, {**body, "id_token": "LOST"})
        assert (answer.status, answer.body["code"]) == (409, "not_authorized"), answer
    assert bench.server.get(f"{PATH}?station={bench.identity}")["items"] == []


@every
def test_a_conflict_stands_with_the_reservation(bench: Bench) -> None:
    """Who charges in spite of it, and since when."""
    bench.server.request("PUT", "/api/v1/tokens/ALIEN", {})
    made = bench.reserve()
    assert made["reservation"]["conflict"] is None
    bench.start("ALIEN")
    (session,) = bench.server.get(f"/api/v1/sessions?station={bench.identity}")["items"]
    now = bench.now(made)
    assert (now["status"], now["conflict"]["session_id"]) == ("accepted", session["id"])
