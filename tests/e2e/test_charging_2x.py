"""A charger of OCPP 2.0.1 or 2.1 charges, through the real process, sockets and database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from csms.testing.charger import Charger, NewerCharger, register, stamp
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

TAG = {"idToken": "TAG", "type": "ISO14443"}
EVSE = {"id": 1, "connectorId": 1}
versions = pytest.mark.parametrize("version", ["2.0.1", "2.1"])


def charger(server: RunningCsms, identity: str, version: str) -> NewerCharger:
    return NewerCharger.connect(server.ocpp_url(identity), subprotocols=(f"ocpp{version}",))


def only(server: RunningCsms, identity: str) -> Any:
    (session,) = server.get(f"/api/v1/sessions?station={identity}")["items"]
    return session


@versions
def test_a_session_from_plug_to_bill(server: RunningCsms, version: str) -> None:
    """Cable first, then the card; state, energy and times are in the API while it runs, and the
    bill's figures when it has ended."""
    identity = f"E2E-2X-1-{version}"
    with charger(server, identity, version) as cs:
        assert cs.boot()["status"] == "Accepted"
        cs.status("Occupied")
        cs.transaction(
            "Started",
            "TX-1",
            0,
            "CablePluggedIn",
            evse=EVSE,
            transactionInfo={"chargingState": "EVConnected"},
            meterValue=[register(1000, "Transaction.Begin")],
        )
        assert cs.authorize("TAG") == "Accepted"
        answer = cs.transaction("Updated", "TX-1", 1, "Authorized", idToken=TAG)
        assert answer == {"idTokenInfo": {"status": "Accepted"}}
        cs.transaction(
            "Updated",
            "TX-1",
            2,
            "ChargingStateChanged",
            transactionInfo={"chargingState": "Charging", "timeSpentCharging": 5},
            numberOfPhasesUsed=3,
        )
        cs.transaction(
            "Updated",
            "TX-1",
            3,
            "MeterValuePeriodic",
            meterValue=[
                {
                    "timestamp": stamp(),
                    "sampledValue": [
                        {"value": 2.5, "unitOfMeasure": {"unit": "kWh"}},
                        {"value": 11, "measurand": "Power.Active.Import", **in_kilo("W")},
                    ],
                }
            ],
        )
        active = only(server, identity)
        assert (active["status"], active["transaction_id"]) == ("active", "TX-1")
        assert (active["energy_wh"], active["power_w"]) == (1500, 11000)
        assert (active["id_token"], active["authorization"]) == ("TAG", "Accepted")
        assert (active["charging_state"], active["evse_id"]) == ("Charging", 1)
        assert cs.stop("TX-1", 4000, 4, "EVDisconnected") == {}
        cs.status("Available")
    session = only(server, identity)
    assert (session["status"], session["stop_reason"]) == ("ended", "EVDisconnected")
    assert (session["energy_wh"], session["meter_stop_wh"]) == (3000, 4000)
    assert (session["flags"], session["missing_events"]) == ([], 0)
    assert session["details"] == {
        "id_token_kind": "ISO14443",
        "time_spent_charging_s": 5,
        "phases_used": 3,
    }
    readings = server.get(f"/api/v1/sessions/{session['id']}/meter-values")["items"]
    assert [reading["energy_wh"] for reading in readings] == [1000, 2500, 4000]


def in_kilo(unit: str) -> dict[str, Any]:
    return {"unitOfMeasure": {"unit": unit, "multiplier": 3}}


@versions
def test_remote_start_and_stop(server: RunningCsms, version: str) -> None:
    """REST asks, the station names the request in its transaction, and both know each other."""
    identity = f"E2E-2X-2-{version}"
    accepted = {"status": "Accepted"}
    with charger(server, identity, version) as cs, ThreadPoolExecutor(1) as caller:
        cs.replies = {"RequestStartTransaction": accepted, "RequestStopTransaction": accepted}
        cs.boot()
        route = f"/api/v1/stations/{identity}/"
        body = {"id_token": "APP", "evse_id": 1}
        asked = caller.submit(server.request, "POST", route + "remote-start", body)
        action, payload = cs.serve()
        assert (action, payload["idToken"]["idToken"]) == ("RequestStartTransaction", "APP")
        operation = asked.result().body
        assert operation["status"] == "accepted"
        cs.transaction(
            "Started",
            "TX-1",
            0,
            "RemoteStart",
            evse=EVSE,
            idToken=payload["idToken"],
            transactionInfo={"remoteStartId": payload["remoteStartId"]},
        )
        session = only(server, identity)
        assert session["operation_id"] == operation["id"]
        linked = server.get(f"/api/v1/operations/{operation['id']}")
        assert linked["session_id"] == session["id"]
        stop = {"session_id": session["id"]}
        asked = caller.submit(server.request, "POST", route + "remote-stop", stop)
        assert cs.serve() == ("RequestStopTransaction", {"transactionId": "TX-1"})
        assert asked.result().body["status"] == "accepted"
        cs.stop("TX-1", 1500, 1, "Remote")
    assert only(server, identity)["stop_reason"] == "Remote"


@versions
def test_what_happened_offline_and_in_no_order(server: RunningCsms, version: str) -> None:
    """Everything comes late, in a wrong order and twice: one session, billed by the station's own
    times."""
    identity = f"E2E-2X-3-{version}"

    def event(what: str, number: int, minute: int, wh: float, **more: Any) -> dict[str, Any]:
        at = f"2026-03-01T12:{minute:02}:00Z"
        value = {**register(wh, more.pop("context", "Sample.Periodic")), "timestamp": at}
        info = {"transactionId": "TX-1", **more.pop("transactionInfo", {})}
        return {
            "eventType": what,
            "timestamp": at,
            "triggerReason": "MeterValuePeriodic",
            "seqNo": number,
            "offline": True,
            "transactionInfo": info,
            "meterValue": [value],
            **more,
        }

    start = event("Started", 0, 0, 100, evse=EVSE, idToken=TAG, context="Transaction.Begin")
    updates = [event("Updated", n, 10 * n, 100 + 500 * n) for n in (1, 2, 3)]
    end = event(
        "Ended",
        4,
        40,
        2100,
        context="Transaction.End",
        transactionInfo={"stoppedReason": "PowerLoss"},
    )
    with charger(server, identity, version) as cs:
        cs.boot()
        for each in (updates[1], end, updates[1], start):
            cs.call("TransactionEvent", each)
        shell = only(server, identity)
        assert (shell["status"], shell["missing_events"]) == ("ended", 2)
        assert {"events_missing", "start_came_late"} <= {*shell["flags"]}
        answers = [cs.call("TransactionEvent", each) for each in (*updates, start, end)]
    assert answers == [{}, {}, {}, {"idTokenInfo": {"status": "Accepted"}}, {}]
    session = only(server, identity)
    assert (session["status"], session["stop_reason"]) == ("ended", "PowerLoss")
    assert (session["energy_wh"], session["missing_events"]) == (2000, 0)
    assert session["started_at"] == "2026-03-01T12:00:00.000Z"
    assert session["ended_at"] == "2026-03-01T12:40:00.000Z"
    assert "events_missing" not in session["flags"]
    readings = server.get(f"/api/v1/sessions/{session['id']}/meter-values")["items"]
    assert [reading["energy_wh"] for reading in readings] == [100, 600, 1100, 1600, 2100]


@versions
def test_what_was_acknowledged_survives_the_death_of_the_server(
    own_server: Callable[..., RunningCsms], version: str
) -> None:
    """kill -9 in mid-session: it goes on after the restart, and what is sent again changes
    nothing."""
    server = own_server()
    with charger(server, "KILL-2X", version) as cs:
        cs.boot()
        transaction = cs.start(meter=100)
        update = {
            "eventType": "Updated",
            "timestamp": stamp(),
            "triggerReason": "MeterValuePeriodic",
            "seqNo": 1,
            "transactionInfo": {"transactionId": transaction},
            "meterValue": [register(700, "Sample.Periodic")],
        }
        assert cs.call("TransactionEvent", update) == {}
        server.kill()
    server.start()
    running = only(server, "KILL-2X")
    assert (running["transaction_id"], running["energy_wh"]) == (transaction, 600)
    with charger(server, "KILL-2X", version) as cs:
        cs.boot("PowerUp")
        assert cs.call("TransactionEvent", update) == {}
        cs.meter(transaction, 900, 2)
        cs.stop(transaction, 1100, 3)
    session = only(server, "KILL-2X")
    assert (session["status"], session["energy_wh"]) == ("ended", 1000)
    assert (session["missing_events"], session["flags"]) == (0, [])


@versions
def test_a_token_that_nobody_knows_is_told_so(
    server_with_known_tokens: RunningCsms, version: str
) -> None:
    """Unknown, also in the answer to its transaction, which is kept; and one that is known goes
    by its kind, its group and its EVSEs."""
    server, identity = server_with_known_tokens, f"E2E-2X-4-{version}"
    declared = {"kind": "ISO14443", "group_id": "FLEET", "stations": [f"{identity}/1"]}
    assert server.request("PUT", f"/api/v1/tokens/CARD-{version}", declared).status == 201
    with charger(server, identity, version) as cs:
        cs.boot()
        assert cs.authorize("NOBODY") == "Unknown"
        assert cs.authorize(f"CARD-{version}", "KeyCode") == "Unknown"
        assert cs.authorize("", "NoAuthorization") == "Accepted"
        card = {"idToken": {"idToken": f"card-{version}", "type": "ISO14443"}}
        known = cs.call("Authorize", card)["idTokenInfo"]
        assert (known["status"], known["evseId"]) == ("Accepted", [1])
        assert known["groupIdToken"]["idToken"] == "FLEET"
        for evse, status in ((2, "NotAtThisLocation"), (1, "Accepted")):
            answer = cs.transaction(
                "Started", f"TX-{evse}", 0, "Authorized", evse={"id": evse}, **card
            )
            assert answer["idTokenInfo"]["status"] == status
    sessions = server.get(f"/api/v1/sessions?station={identity}&sort=started_at")["items"]
    assert [session["authorization"] for session in sessions] == ["NotAtThisLocation", "Accepted"]
    assert [session["flags"] for session in sessions] == [
        ["start_register_missing", "unauthorized"],
        ["start_register_missing"],
    ]


def test_a_master_pass_ends_and_never_starts(own_server: Callable[..., RunningCsms]) -> None:
    """Of 2.x and of 1.6, by the card and by REST (C16)."""
    server = own_server(CSMS__AUTHORIZATION__MASTER_PASS_GROUP="MASTERS")
    server.request("PUT", "/api/v1/tokens/PASS", {"group_id": "masters"})
    with charger(server, "MASTER-2X", "2.0.1") as cs:
        cs.boot()
        assert cs.authorize("PASS") == "Accepted"
        token = {"idToken": {"idToken": "PASS", "type": "ISO14443"}}
        refused = cs.transaction("Started", "TX-1", 0, "Authorized", evse=EVSE, **token)
        assert refused["idTokenInfo"]["status"] == "Invalid"
        cs.transaction("Ended", "TX-1", 1, "Deauthorized")
        transaction = cs.start()
        ended = cs.transaction("Ended", transaction, 1, "StopAuthorized", **token)
        assert ended["idTokenInfo"]["groupIdToken"]["idToken"] == "masters"
        answer = server.request(
            "POST", "/api/v1/stations/MASTER-2X/remote-start", {"id_token": "PASS"}
        )
        assert (answer.status, answer.body["code"]) == (409, "master_pass")
    with Charger.connect(server.ocpp_url("MASTER-16")) as cp:
        cp.boot()
        start = {"connectorId": 1, "idTag": "PASS", "meterStart": 0, "timestamp": stamp()}
        assert cp.call("StartTransaction", start)["idTagInfo"]["status"] == "Invalid"


def test_a_station_that_learns_a_newer_version_keeps_its_history(server: RunningCsms) -> None:
    """1.6 yesterday, 2.1 today: one station, two sessions, even under the same name."""
    identity = "E2E-2X-5"
    with Charger.connect(server.ocpp_url(identity)) as cp:
        cp.boot()
        number = cp.start(meter=0)
        cp.stop(number, 500)
    with charger(server, identity, "2.1") as cs:
        cs.boot("FirmwareUpdate")
        name = str(number)
        cs.transaction(
            "Started",
            name,
            0,
            "Authorized",
            evse=EVSE,
            idToken=TAG,
            meterValue=[register(500, "Transaction.Begin")],
        )
        cs.stop(name, 1700, 1)
    sessions = server.get(f"/api/v1/sessions?station={identity}&sort=started_at")["items"]
    assert [session["energy_wh"] for session in sessions] == [500, 1200]
    assert {session["transaction_id"] for session in sessions} == {name}
    assert server.get(f"/api/v1/stations/{identity}")["ocpp_version"] == "2.1"


def test_costs_and_limits_of_2_1_are_kept(server: RunningCsms) -> None:
    """As last told."""
    cost = {
        "totalCost": {"currency": "EUR", "typeOfCost": "NormalCost", "total": {"inclTax": 1.21}},
        "totalUsage": {"energy": 1.5, "chargingTime": 60, "idleTime": 0},
    }
    with charger(server, "E2E-2X-6", "2.1") as cs:
        cs.boot()
        transaction = cs.start()
        cs.transaction(
            "Updated",
            transaction,
            1,
            "LimitSet",
            transactionInfo={"transactionLimit": {"maxCost": 20}, "tariffId": "NIGHT"},
        )
        cs.transaction("Updated", transaction, 2, "RunningCost", costDetails=cost)
    details = only(server, "E2E-2X-6")["details"]
    assert details["cost_details"] == cost
    assert (details["transaction_limit"], details["tariff_id"]) == ({"max_cost": 20}, "NIGHT")
