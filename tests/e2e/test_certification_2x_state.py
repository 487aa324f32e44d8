"""Certification cases of OCPP 2.0.1 and 2.1 about what outlasts a message: a boot that is not
accepted yet, transactions whose end is in doubt, and such as go on after an interruption.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from csms.testing.charger import NewerCharger, register, stamp
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

ACCEPTED = {"status": "Accepted"}
TAG = "CERTSTATE"
TOKEN = {"idToken": TAG, "type": "ISO14443"}
EVSE = {"id": 1, "connectorId": 1}


@pytest.fixture(params=["2.0.1", "2.1"])
def version(request: pytest.FixtureRequest) -> str:
    """Both versions."""
    chosen: str = request.param
    return chosen


def connect(server: RunningCsms, identity: str, version: str) -> NewerCharger:
    """A station's connection."""
    return NewerCharger.connect(server.ocpp_url(identity), subprotocols=(f"ocpp{version}",))


@contextmanager
def station(
    server: RunningCsms, case: str, version: str, **replies: dict[str, Any]
) -> Iterator[tuple[NewerCharger, str]]:
    """A station named after the case: connected, booted, answering."""
    identity = f"{case}-{version}"
    with connect(server, identity, version) as cp:
        cp.replies = {**replies}
        assert cp.boot()["status"] == "Accepted"
        cp.status("Available")
        with cp.serving():
            yield cp, identity


def session(server: RunningCsms, identity: str) -> dict[str, Any]:
    """The only session of a station."""
    (found,) = server.get(f"/api/v1/sessions?station={identity}")["items"]
    return dict(found)


def registered(server: RunningCsms, identity: str, registration: str) -> None:
    """Say whether a station is accepted."""
    body = {"registration": registration}
    path = f"/api/v1/stations/{identity}"
    assert server.request("PATCH", path, body).status == 200


# -- B: boot ---------------------------------------------------------------------------------


def test_tc_b_02_pending(own_server: Callable[..., RunningCsms]) -> None:
    """TC_B_02: Pending with an interval; meanwhile the station is asked, and told, what it takes,
    and accepted at the next boot."""
    server = own_server(CSMS__STATIONS__UNKNOWN="pending")
    for version in ("2.0.1", "2.1"):
        identity = f"TC_B_02-{version}"
        with connect(server, identity, version) as cp:
            answer = cp.boot()
            assert answer["status"] == "Pending"
            assert answer["interval"] > 0
            assert answer["currentTime"].endswith("Z")
            result = {
                "attributeStatus": "Accepted",
                "component": {"name": "OCPPCommCtrlr"},
                "variable": {"name": "HeartbeatInterval"},
            }
            cp.replies = {
                "GetVariables": {"getVariableResult": [{**result, "attributeValue": "60"}]},
                "SetVariables": {"setVariableResult": [result]},
                "GetBaseReport": ACCEPTED,
            }
            with cp.serving():
                body: dict[str, Any] = {
                    "items": [{"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval"}]
                }
                (asked,) = server.ask(identity, "variables/read", body)["operations"]
                assert asked["status"] == "accepted"
                asked = server.ask(identity, "reports", {"base": "full"})
                assert asked["status"] == "accepted"
                (reference,) = [
                    payload["requestId"]
                    for action, payload in cp.asked
                    if action == "GetBaseReport"
                ]
                part = {
                    "requestId": reference,
                    "generatedAt": "2026-01-01T00:00:00Z",
                    "seqNo": 0,
                    "reportData": [
                        {
                            "component": {"name": "OCPPCommCtrlr"},
                            "variable": {"name": "HeartbeatInterval"},
                            "variableAttribute": [{"value": "60"}],
                        }
                    ],
                }
                assert cp.call("NotifyReport", part) == {}
                registered(server, identity, "accepted")
                assert cp.boot()["status"] == "Accepted"
                cp.status("Available")


def test_tc_b_30_security_error(server: RunningCsms, version: str) -> None:
    """TC_B_30: what a pending station says before it is accepted gets SecurityError, and is not
    kept; so with one that is rejected."""
    identity = f"TC_B_30-{version}"
    body = {"registration": "pending"}
    assert server.request("PUT", f"/api/v1/stations/{identity}", body).status == 201
    with connect(server, identity, version) as cp:
        assert cp.boot()["status"] == "Pending"
        payload = {
            "timestamp": "2026-01-01T00:00:00Z",
            "connectorStatus": "Available",
            "evseId": 1,
            "connectorId": 1,
        }
        answer = cp.exchange([2, "s", "StatusNotification", payload])
        assert answer[:3] == [4, "s", "SecurityError"]
        assert server.get(f"/api/v1/stations/{identity}/connectors")["items"] == []
    registered(server, identity, "rejected")
    with connect(server, identity, version) as cp:
        answer = cp.boot()
        assert (answer["status"], answer["interval"]) == ("Rejected", 600)
        assert cp.exchange([2, "s", "StatusNotification", payload])[2] == "SecurityError"


def test_tc_b_31_trigger_while_pending(server: RunningCsms, version: str) -> None:
    """TC_B_31: a pending station that is asked to boot does so at once, and is accepted."""
    identity = f"TC_B_31-{version}"
    body = {"registration": "pending"}
    assert server.request("PUT", f"/api/v1/stations/{identity}", body).status == 201
    with connect(server, identity, version) as cp:
        assert cp.boot()["status"] == "Pending"
        cp.replies = {"TriggerMessage": ACCEPTED}
        with cp.serving():
            wanted = {"message": "StatusNotification", "evse_id": 1, "connector_id": 1}
            assert server.ask(identity, "trigger", wanted)["status"] == "accepted"
            cp.status("Available")  # what it was asked for it may say
            cp.asked.clear()
            registered(server, identity, "accepted")
            triggered = ("TriggerMessage", {"requestedMessage": "BootNotification"})
            if triggered not in cp.asked:
                server.ask(identity, "trigger", {"message": "BootNotification"})
            assert triggered in cp.asked
            assert cp.boot("Triggered")["status"] == "Accepted"
            assert cp.call("Heartbeat", {})["currentTime"]


# -- E: transactions in doubt ----------------------------------------------------------------

DOUBTS: dict[str, tuple[bool | None, bool, str]] = {
    "TC_E_29": (True, True, "active"),
    "TC_E_30": (True, False, "active"),
    "TC_E_31": (False, True, "active"),
    "TC_E_33": (None, True, "active"),
    "TC_E_34": (None, False, "active"),
    "ended without a word": (False, False, "suspect"),
}
"""Whether the transaction goes on (None: none was named), whether messages wait, and what becomes
of the session."""


@pytest.mark.parametrize("case", DOUBTS)
def test_tc_e_29_to_34_transaction_status(server: RunningCsms, version: str, case: str) -> None:
    """TC_E_29, TC_E_30 going on; TC_E_31 ended, with messages to come; TC_E_33, TC_E_34 without a
    transaction: the answer is told, and a session that is over without an end is suspect."""
    ongoing, queued, status = DOUBTS[case]
    reply = {
        "messagesInQueue": queued,
        **({} if ongoing is None else {"ongoingIndicator": ongoing}),
    }
    name = case.replace(" ", "-")
    with station(server, name, version, GetTransactionStatus=reply) as (cp, identity):
        transaction = cp.start(TAG)
        path = f"/api/v1/sessions/{session(server, identity)['id']}/status"
        if ongoing is None:
            path = f"/api/v1/stations/{identity}/transaction-status"
        answer = server.request("POST", path, {}).body
        assert (answer["status"], answer["response"]) == ("accepted", reply)
        wanted = {} if ongoing is None else {"transactionId": transaction}
        assert cp.asked.pop() == ("GetTransactionStatus", wanted)
        assert session(server, identity)["status"] == status
        if case == "TC_E_31":
            cp.stop(transaction, 1500, number=1)
            assert session(server, identity)["status"] == "ended"


# -- 2.1: transactions that go on --------------------------------------------------------------


def test_tc_e_113_resumed(server: RunningCsms) -> None:
    """TC_E_113: power fails and is back in time: the same transaction goes on after the boot."""
    with station(server, "TC_E_113", "2.1") as (cp, identity):
        transaction = cp.start(TAG, 1000)
        cp.meter(transaction, 1400)
    with connect(server, identity, "2.1") as cp:
        assert cp.boot("PowerUp")["status"] == "Accepted"
        cp.transaction(
            "Updated",
            transaction,
            2,
            "TxResumed",
            evse=EVSE,
            transactionInfo={"chargingState": "Charging"},
            meterValue=[register(1400, "Sample.Periodic")],
        )
        told = session(server, identity)
        assert (told["status"], told["charging_state"]) == ("active", "Charging")
        cp.stop(transaction, 2000, number=3)
        told = session(server, identity)
        assert (told["status"], told["energy_wh"], told["flags"]) == ("ended", 1000, [])


PROFILE: dict[str, Any] = {
    "stack_level": 0,
    "purpose": "TxProfile",
    "kind": "Relative",
    "schedules": [{"unit": "A", "periods": [{"start_period": 0, "limit": 8}]}],
}


TWICE = ["accepted", "accepted"]


@pytest.mark.parametrize("case", ["TC_E_117", "TC_B_116"])
def test_tc_e_117_b_116_resumed_with_profile(server: RunningCsms, case: str) -> None:
    """TC_E_117 after a power failure, TC_B_116 after a reset that resumes: the station is sent the
    profile of the transaction once more (E17.FR.15), and it can be replaced."""
    replies = {"SetChargingProfile": ACCEPTED, "Reset": ACCEPTED}
    with station(server, case, "2.1", **replies) as (cp, identity):
        transaction = cp.start(TAG, 1000)
        body = {"evse_id": 1, "profile": PROFILE}
        first = server.ask(identity, "charging-profiles", body)
        assert first["status"] == "accepted"
        _, sent = cp.asked.pop()
        assert sent["chargingProfile"]["transactionId"] == transaction
        if case == "TC_B_116":
            assert server.ask(identity, "reset", {"kind": "resume"})["status"] == "accepted"
            assert cp.asked.pop() == ("Reset", {"type": "ImmediateAndResume"})
    with connect(server, identity, "2.1") as cp:
        cp.replies = {**replies}
        reason = "RemoteReset" if case == "TC_B_116" else "PowerUp"
        assert cp.boot(reason)["status"] == "Accepted"
        with cp.serving():
            cp.transaction("Updated", transaction, 1, "TxResumed", evse=EVSE)
            sends = f"/api/v1/operations?station={identity}&action=set_charging_profile"
            server.until(sends, lambda told: [each["status"] for each in told["items"]] == TWICE)
            assert cp.asked.pop() == ("SetChargingProfile", sent)
            path = f"/api/v1/stations/{identity}/charging-profiles"
            (held,) = server.get(path)["items"]
            assert held["profile"]["id"] == sent["chargingProfile"]["id"]
            changed = {**PROFILE, "id": held["profile"]["id"]}
            again = server.ask(identity, "charging-profiles", {"evse_id": 1, "profile": changed})
            assert again["status"] == "accepted"
            _, sent = cp.asked.pop()
            assert sent["chargingProfile"]["transactionId"] == transaction
            cp.stop(transaction, 2000, number=2)
            assert session(server, identity)["energy_wh"] == 1000


USAGE = {"energy": 5000.0, "chargingTime": 60, "idleTime": 0}
COST = {"currency": "EUR", "typeOfCost": "NormalCost", "total": {"inclTax": 7.5}}
LIMITS: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "TC_E_106": (
        {"maxEnergy": 5000},
        {"max_energy_wh": 5000},
        "EnergyLimitReached",
        "EnergyLimitReached",
    ),
    "TC_E_107": ({"maxTime": 600}, {"max_time_s": 600}, "TimeLimitReached", "TimeLimitReached"),
    "TC_E_108": ({"maxCost": 7.5}, {"max_cost": 7.5}, "CostLimitReached", "LocalOutOfCredit"),
}
"""The limit that the station set, as it is told, and the trigger and reason that it was reached."""


@pytest.mark.parametrize("case", LIMITS)
def test_tc_e_106_107_108_limits_of_the_station(server: RunningCsms, case: str) -> None:
    """TC_E_106 energy, TC_E_107 time, TC_E_108 cost that the station reckons: the limit that a
    driver chose at the station is kept with the session, and what ended it."""
    limit, told, trigger, reason = LIMITS[case]
    with station(server, case, "2.1") as (cp, identity):
        transaction = str(uuid4())
        answer = cp.transaction(
            "Started",
            transaction,
            0,
            "LimitSet",
            evse=EVSE,
            idToken=TOKEN,
            transactionInfo={"transactionLimit": limit, "tariffId": "T1"},
        )
        assert answer["idTokenInfo"]["status"] == "Accepted"
        assert session(server, identity)["details"]["transaction_limit"] == told
        suspended = {"chargingState": "SuspendedEVSE"}
        cp.transaction("Updated", transaction, 1, trigger, transactionInfo=suspended)
        cost = {"totalCost": COST, "totalUsage": USAGE} if case == "TC_E_108" else None
        cp.transaction(
            "Ended",
            transaction,
            2,
            trigger,
            transactionInfo={"stoppedReason": reason},
            **({} if cost is None else {"costDetails": cost}),
        )
        ended = session(server, identity)
        assert (ended["status"], ended["stop_reason"]) == ("ended", reason)
        assert ended["details"].get("cost_details") == cost


OURS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "TC_E_102": (
        {"max_cost": 20, "max_energy_wh": 5000},
        {"maxCost": 15.0, "maxEnergy": 8000, "maxTime": 600},
        {"maxEnergy": 5000.0},
        {"max_cost": 15.0, "max_energy_wh": 5000, "max_time_s": 600},
    ),
    "TC_E_109": ({"max_cost": 7.5}, {}, {"maxCost": 7.5}, {"max_cost": 7.5}),
    "TC_E_110": ({"max_energy_wh": 5000}, {}, {"maxEnergy": 5000.0}, {"max_energy_wh": 5000}),
    "TC_E_111": ({"max_time_s": 600}, {}, {"maxTime": 600}, {"max_time_s": 600}),
}
"""The limit that is declared of the token, the station's own, what is answered, what counts."""


@pytest.mark.parametrize("case", OURS)
def test_tc_e_102_109_110_111_limits_of_ours(server: RunningCsms, case: str) -> None:
    """TC_E_109 cost, TC_E_110 energy, TC_E_111 time: the limit of the token is in the answer to the
    event that brings it, once; TC_E_102: without that which the station's own keeps anyhow
    (E16.FR.08).  The station confirms what counts."""
    declared, own, answered, counts = OURS[case]
    tag = {"idToken": case, "type": "ISO14443"}
    body = {"transaction_limit": declared}
    assert server.request("PUT", f"/api/v1/tokens/{case}", body).status == 201
    with station(server, case, "2.1", CostUpdated={}) as (cp, identity):
        transaction = str(uuid4())
        info = {"transactionInfo": {"transactionLimit": own}} if own else {}
        for _ in range(2):
            start = ("Started", transaction, 0, "Authorized")
            answer = cp.transaction(*start, evse=EVSE, idToken=tag, **info)
            assert answer == {
                "idTokenInfo": {"status": "Accepted"},
                "transactionLimit": answered,
            }
        said = {"transactionInfo": {"transactionLimit": {**own, **answered}}}
        assert cp.transaction("Updated", transaction, 1, "LimitSet", **said) == {}
        told = session(server, identity)
        assert told["details"]["transaction_limit"] == counts
        if case == "TC_E_109":
            path = f"/api/v1/sessions/{told['id']}/cost"
            assert server.request("POST", path, {"total": "7.50"}).body["status"] == "accepted"
        answer = cp.stop(transaction, 6000, reason="Local")
        assert answer == ({"totalCost": 7.5} if case == "TC_E_109" else {})
        offline = {"offline": True, "evse": EVSE, "idToken": tag}
        answer = cp.transaction("Started", str(uuid4()), 0, "Authorized", **offline)
        assert answer == {"idTokenInfo": {"status": "Accepted"}}


def test_tc_c_113_cancelled_after_the_start(server: RunningCsms) -> None:
    """TC_C_113: paid at the station's own terminal, and cancelled before anything was delivered:
    the session ends without energy, its payment is known as cancelled."""
    with station(server, "TC_C_113", "2.1") as (cp, identity):
        transaction, reference = str(uuid4()), f"psp-{uuid4()}"
        paid = {
            "idToken": reference,
            "type": "DirectPayment",
            "additionalInfo": [{"additionalIdToken": reference, "type": "PSPREF"}],
        }
        answer = cp.transaction("Started", transaction, 0, "Authorized", evse=EVSE, idToken=paid)
        assert answer["idTokenInfo"]["status"] == "Accepted"
        cp.transaction(
            "Ended",
            transaction,
            1,
            "StopAuthorized",
            idToken=paid,
            transactionInfo={"stoppedReason": "Local"},
        )
        settled = {
            "transactionId": transaction,
            "pspRef": reference,
            "status": "Canceled",
            "settlementAmount": 0,
            "settlementTime": stamp(),
        }
        cp.call("NotifySettlement", settled)
        told = session(server, identity)
        assert (told["status"], told["energy_wh"]) == ("ended", 0)
        (settlement,) = [
            each
            for each in server.get(f"/api/v1/settlements?station={identity}")["items"]
            if each["psp_ref"] == reference
        ]
        assert (settlement["status"], settlement["session_id"]) == ("Canceled", told["id"])
