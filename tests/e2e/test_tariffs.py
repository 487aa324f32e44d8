"""Tariffs and costs (blocks E and I), through the real process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from csms.testing.charger import Charger, NewerCharger, stamp
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

ACCEPTED = {"status": "Accepted"}
NIGHT: dict[str, Any] = {
    "currency": "EUR",
    "energy": {
        "prices": [
            {
                "price_kwh": 0.25,
                "conditions": {"start_time_of_day": "22:00", "end_time_of_day": "06:00"},
            },
            {"price_kwh": 0.5},
        ]
    },
    "fixed_fee": {"prices": [{"price_fixed": 1.0}]},
}
BOTH = pytest.mark.parametrize("version", ["2.0.1", "2.1"])


@contextmanager
def station(
    server: RunningCsms, case: str, version: str = "2.1", **replies: dict[str, Any]
) -> Iterator[tuple[NewerCharger, str]]:
    """A station named after the case, connected and booted."""
    identity = f"{case}-{version}-tariffs"
    url = server.ocpp_url(identity)
    with NewerCharger.connect(url, subprotocols=(f"ocpp{version}",)) as cp:
        cp.replies = replies
        cp.boot()
        with cp.serving():
            yield cp, identity


def session(server: RunningCsms, identity: str) -> dict[str, Any]:
    """The only session of a station."""
    (found,) = server.get(f"/api/v1/sessions?station={identity}")["items"]
    return dict(found)


def told(server: RunningCsms, path: str, body: object = None) -> Any:
    """What a command about a session came to."""
    answer = server.request("POST", f"/api/v1/sessions/{path}", {} if body is None else body)
    assert answer.status == 200, answer
    return answer.body


def tariffs(server: RunningCsms, identity: str) -> dict[str, Any]:
    """What the station is known to calculate with, by id."""
    items = server.get(f"/api/v1/stations/{identity}/tariffs")["items"]
    return {item["tariff_id"]: item for item in items}


@BOTH
def test_a_transaction_that_is_over_for_its_station(server: RunningCsms, version: str) -> None:
    """Its end was lost: the session is suspect, until that comes after all."""
    reply = {"ongoingIndicator": False, "messagesInQueue": False}
    with station(server, "OVER", version, GetTransactionStatus=reply) as (cp, identity):
        transaction = cp.start("TAG")
        running = session(server, identity)
        asked = told(server, f"{running['id']}/status")
        assert (asked["status"], asked["response"]) == ("accepted", reply)
        assert cp.asked.pop() == ("GetTransactionStatus", {"transactionId": transaction})
        suspect = session(server, identity)
        assert (suspect["status"], suspect["flags"]) == ("suspect", ["stop_missing"])
        cp.stop(transaction, 1500)
        assert session(server, identity)["status"] == "ended"


@BOTH
def test_tc_i_01_running_cost(server: RunningCsms, version: str) -> None:
    """TC_I_01: the running cost is shown to the driver as it is."""
    with station(server, "TC_I_01", version, CostUpdated={}) as (cp, identity):
        transaction = cp.start("TAG")
        running = session(server, identity)
        for total in ("12.34", "0.000001", "999999999.999999"):
            shown = told(server, f"{running['id']}/cost", {"total": total})
            assert shown["status"] == "accepted"
            _, payload = cp.asked.pop()
            assert payload == {"totalCost": float(total), "transactionId": transaction}
        assert cp.meter(transaction, 1400)["totalCost"] == 999999999.999999
        assert session(server, identity)["details"]["total_cost"] == total
        cp.stop(transaction, 1500)


@BOTH
@pytest.mark.parametrize("total", ["12.50", "0"])
def test_tc_i_02_final_cost(server: RunningCsms, version: str, total: str) -> None:
    """TC_I_02: what the session cost altogether is in the answer to its end (also that it was for
    nothing), told again too; where no cost is known nothing is made up."""
    with station(server, f"TC_I_02-{total}", version, CostUpdated={}) as (cp, identity):
        free = cp.start("TAG")
        assert "totalCost" not in cp.stop(free, 1500)
        transaction = cp.start("TAG")
        path = f"/api/v1/sessions?station={identity}&status=active"
        (running,) = server.get(path)["items"]
        body = {"total": total, "message": "Thank you"}
        assert told(server, f"{running['id']}/cost", body)["status"] == "accepted"
        for _ in range(2):
            answer = cp.stop(transaction, 1500, number=1)
            assert answer == {
                "totalCost": float(total),
                "updatedPersonalMessage": {"format": "UTF8", "content": "Thank you"},
            }


@pytest.mark.parametrize(
    ("status", "held"),
    [
        pytest.param("Accepted", True, id="TC_I_101"),
        pytest.param("TooManyElements", False, id="TC_I_102"),
        pytest.param("ConditionNotSupported", False, id="TC_I_105"),
        pytest.param("DuplicateTariffId", False, id="TC_I_106"),
        pytest.param("Rejected", False, id="TC_I_106-rejected"),
    ],
)
def test_tc_i_default_tariff(server: RunningCsms, status: str, *, held: bool) -> None:
    """TC_I_101 with times of day, TC_I_102 too many elements, TC_I_105 no conditions, TC_I_106
    an id that is there already: what was accepted is held."""
    replies = {"SetDefaultTariff": {"status": status}}
    with station(server, f"TC_I_101-{status}", **replies) as (cp, identity):
        body = {"tariff": NIGHT, "evse_id": 1}
        asked = server.ask(identity, "tariffs/NIGHT-1", body, "PUT")
        assert asked["status"] == ("accepted" if held else "rejected")
        assert held or asked["detail"] in (None, status)
        _, payload = cp.asked.pop()
        assert payload["evseId"] == 1
        assert payload["tariff"]["tariffId"] == "NIGHT-1"
        conditions = payload["tariff"]["energy"]["prices"][0]["conditions"]
        assert conditions == {"startTimeOfDay": "22:00", "endTimeOfDay": "06:00"}
        known = tariffs(server, identity)
        assert list(known) == (["NIGHT-1"] if held else [])
        if held:
            assert known["NIGHT-1"]["tariff"] == {**NIGHT, "tariff_id": "NIGHT-1"}
            assert (known["NIGHT-1"]["evse_ids"], known["NIGHT-1"]["origin"]) == ([1], "set")


def test_tc_i_106_what_is_no_tariff(server: RunningCsms) -> None:
    """TC_I_106: what breaks the rules of tariffs is not even sent."""
    with station(server, "TC_I_106", SetDefaultTariff=ACCEPTED) as (cp, identity):
        path = f"/api/v1/stations/{identity}/tariffs/X"
        for odd in (
            {"energy": NIGHT["energy"]},
            {**NIGHT, "currency": "EURO"},
            {**NIGHT, "energy": {"prices": []}},
            {**NIGHT, "tariff_id": "Y"},
        ):
            assert server.request("PUT", path, {"tariff": odd}).status == 422
        unheard = server.request("PUT", path, {"tariff": {**NIGHT, "surprise": 1}})
        assert (unheard.status, unheard.body["field"]) == (422, "tariff.surprise")
        assert not cp.asked


def test_tc_i_109_driver_tariff(server: RunningCsms) -> None:
    """TC_I_109: the tariff of a driver is in the answer to Authorize, where the driver may charge
    and the version has the words."""
    path = "/api/v1/tokens/I109"
    mine = {**NIGHT, "tariff_id": "MINE-1"}
    assert server.request("PUT", path, {"tariff": mine}).status == 201
    asked = {"idToken": {"idToken": "I109", "type": "ISO14443"}}
    with station(server, "TC_I_109") as (cp, _):
        answer = cp.call("Authorize", asked)
        assert answer["idTokenInfo"] == {"status": "Accepted"}
        assert answer["tariff"] == {
            "tariffId": "MINE-1",
            "currency": "EUR",
            "energy": {
                "prices": [
                    {
                        "priceKwh": 0.25,
                        "conditions": {"startTimeOfDay": "22:00", "endTimeOfDay": "06:00"},
                    },
                    {"priceKwh": 0.5},
                ]
            },
            "fixedFee": {"prices": [{"priceFixed": 1.0}]},
        }
        assert cp.call("Authorize", asked) == answer
        assert "tariff" not in cp.call(
            "Authorize", {"idToken": {**asked["idToken"], "idToken": "X"}}
        )
        assert server.request("PATCH", path, {"blocked": True}).status == 200
        assert cp.call("Authorize", asked) == {"idTokenInfo": {"status": "Blocked"}}
    assert server.request("PATCH", path, {"blocked": False}).status == 200
    with station(server, "TC_I_109", "2.0.1") as (cp, _):
        assert cp.call("Authorize", asked) == {"idTokenInfo": {"status": "Accepted"}}


def test_what_is_no_drivers_tariff(server: RunningCsms) -> None:
    """It is refused where it is declared, for a station could not be told it; one that changes
    has another id (I08.FR.08), and none begins later (I08.FR.09)."""
    path = "/api/v1/tokens/I08"
    mine = {**NIGHT, "tariff_id": "MINE-2"}
    for odd, field in (
        ({**mine, "surprise": 1}, "tariff.surprise"),
        ({**mine, "currency": "EURO"}, "tariff.currency"),
        ({**mine, "valid_from": stamp()}, "tariff.valid_from"),
        (NIGHT, "tariff.tariff_id"),
    ):
        refused = server.request("PUT", path, {"tariff": odd})
        assert (refused.status, refused.body["field"]) == (422, field)
    assert server.request("PUT", path, {"tariff": mine}).status == 201
    assert server.request("PUT", f"{path}-2", {"tariff": mine}).status == 201
    dear = {**mine, "currency": "USD"}
    for method, other in (("PUT", path), ("PATCH", path), ("PUT", f"{path}-3")):
        refused = server.request(method, other, {"tariff": dear})
        assert (refused.status, refused.body["code"]) == (409, "tariff_changed")
    assert server.get(path)["tariff"] == mine


def test_a_tariff_that_changes_has_another_id(server: RunningCsms) -> None:
    """A station may take it for the one it has (I07); what it has it may have elsewhere too."""
    with station(server, "TARIFF-ID", SetDefaultTariff=ACCEPTED) as (cp, identity):
        server.ask(identity, "tariffs/T7", {"tariff": NIGHT, "evse_id": 1}, "PUT")
        path = f"/api/v1/stations/{identity}/tariffs/T7"
        dear = {**NIGHT, "currency": "USD"}
        refused = server.request("PUT", path, {"tariff": dear, "evse_id": 2})
        assert (refused.status, refused.body["code"]) == (409, "tariff_changed")
        assert "tariff_id" in refused.body["detail"]
        assert len(cp.asked) == 1
        server.ask(identity, "tariffs/T7", {"tariff": NIGHT, "evse_id": 2}, "PUT")
        known = tariffs(server, identity)["T7"]
        assert (known["evse_ids"], known["tariff"]["currency"]) == ([1, 2], "EUR")


def test_tariffs_that_a_station_tells(server: RunningCsms) -> None:
    """A driver's tariff that the station tells of is known, beside the default."""
    night = {"tariffId": "NIGHT-1", "tariffKind": "DefaultTariff"}
    mine = {
        "tariffId": "MINE",
        "tariffKind": "DriverTariff",
        "evseIds": [2],
        "idTokens": ["TAG"],
        "validFrom": stamp(),
    }
    replies = {
        "SetDefaultTariff": ACCEPTED,
        "GetTariffs": {"status": "Accepted", "tariffAssignments": [night, mine]},
    }
    with station(server, "TOLD", **replies) as (cp, identity):
        server.ask(identity, "tariffs/NIGHT-1", {"tariff": NIGHT}, "PUT")
        server.ask(identity, "tariffs/OTHER", {"tariff": NIGHT, "evse_id": 1}, "PUT")
        assert server.ask(identity, "tariffs/read")["status"] == "accepted"
        assert cp.asked.pop() == ("GetTariffs", {"evseId": 0})
        known = tariffs(server, identity)
        assert sorted(known) == ["MINE", "NIGHT-1"]
        assert known["NIGHT-1"]["tariff"]["currency"] == "EUR"
        assert (known["MINE"]["tariff_kind"], known["MINE"]["evse_ids"]) == ("DriverTariff", [2])
        cp.replies["GetTariffs"] = {"status": "NoTariff"}
        server.ask(identity, "tariffs/read")
        assert tariffs(server, identity) == {}


@pytest.mark.parametrize(
    ("path", "results", "left"),
    [
        ("tariffs", [{"status": "Accepted"}], []),
        ("tariffs?evse_id=1", [{"status": "Accepted"}], ["B"]),
        ("tariffs/A", [{"tariffId": "A", "status": "NoTariff"}], ["B"]),
        ("tariffs/A", [{"tariffId": "A", "status": "Rejected"}], ["A", "B"]),
        (
            "tariffs",
            [{"tariffId": "A", "status": "Accepted"}, {"tariffId": "B", "status": "Rejected"}],
            ["B"],
        ),
    ],
    ids=["all", "of an EVSE", "none there", "refused", "some"],
)
def test_tc_i_110_clear(
    server: RunningCsms,
    request: pytest.FixtureRequest,
    path: str,
    results: list[dict[str, str]],
    left: list[str],
) -> None:
    """TC_I_110: what the results say is gone is gone."""
    name = f"TC_I_110-{request.node.callspec.id.replace(' ', '')}"
    replies = {
        "SetDefaultTariff": ACCEPTED,
        "ClearTariffs": {"clearTariffsResult": results},
    }
    with station(server, name, **replies) as (_, identity):
        for key, evse_id in (("A", 1), ("B", 2)):
            server.ask(identity, f"tariffs/{key}", {"tariff": NIGHT, "evse_id": evse_id}, "PUT")
        server.ask(identity, path, method="DELETE")
        assert sorted(tariffs(server, identity)) == left


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        pytest.param("TooManyElements", "rejected", id="TC_I_113"),
        pytest.param("ConditionNotSupported", "rejected", id="TC_I_114"),
        pytest.param("Accepted", "accepted", id="TC_I_115"),
        ("TxNotFound", "rejected"),
        ("NoCurrencyChange", "rejected"),
    ],
)
def test_tc_i_change_transaction_tariff(server: RunningCsms, status: str, outcome: str) -> None:
    """TC_I_113 too many elements, TC_I_114 no conditions, TC_I_115 with conditions."""
    replies = {"ChangeTransactionTariff": {"status": status}}
    with station(server, f"TC_I_113-{status}", **replies) as (cp, identity):
        transaction = cp.start("TAG")
        running = session(server, identity)
        body = {"tariff": {**NIGHT, "tariff_id": "NIGHT-2"}}
        changed = told(server, f"{running['id']}/tariff", body)
        assert (changed["status"], changed["session_id"]) == (outcome, running["id"])
        _, payload = cp.asked.pop()
        assert payload["transactionId"] == transaction
        assert payload["tariff"]["tariffId"] == "NIGHT-2"
        kept = session(server, identity)["details"].get("tariff")
        assert kept == (body["tariff"] if outcome == "accepted" else None)
        cp.stop(transaction, 1500)


def test_tc_i_122_cost_details(server: RunningCsms) -> None:
    """TC_I_122: what the station calculated is kept with the session."""
    cost = {
        "totalCost": {"currency": "EUR", "typeOfCost": "NormalCost", "total": {"exclTax": 1.21}},
        "totalUsage": {"energy": 1.5, "chargingTime": 60, "idleTime": 0},
    }
    with station(server, "TC_I_122") as (cp, identity):
        transaction = cp.start("TAG")
        info = {"tariffId": "NIGHT-1"}
        running = {**cost, "totalUsage": {**cost["totalUsage"], "energy": 0.5}}
        cp.transaction(
            "Updated", transaction, 1, "RunningCost", costDetails=running, transactionInfo=info
        )
        cp.transaction(
            "Ended",
            transaction,
            2,
            "StopAuthorized",
            costDetails=cost,
            transactionInfo={"stoppedReason": "Local"},
        )
        details = session(server, identity)["details"]
        assert details["cost_details"] == cost
        assert details["tariff_id"] == "NIGHT-1"


OLDER = {
    "tariffs/read": {},
    "tariffs/A": {"tariff": NIGHT},
    "transaction-status": {},
}


@pytest.mark.parametrize("what", OLDER)
def test_1_6_knows_no_prices(server: RunningCsms, what: str) -> None:
    """The operation says so."""
    identity = f"TARIFFS-16-{what.replace('/', '-')}"
    with Charger.connect(server.ocpp_url(identity)) as cp:
        cp.boot()
        method = "PUT" if what == "tariffs/A" else "POST"
        asked = server.ask(identity, what, OLDER[what], method)
        assert asked["status"] == "unsupported"
        assert "1.6" in asked["detail"]


def test_2_0_1_knows_costs_and_no_tariffs(server: RunningCsms) -> None:
    """The operation says so."""
    with station(server, "TARIFFS-201", "2.0.1") as (cp, identity):
        asked = server.ask(identity, "tariffs/A", {"tariff": NIGHT}, "PUT")
        assert asked["status"] == "unsupported"
        assert "2.0.1" in asked["detail"]
        assert tariffs(server, identity) == {}
        assert not cp.asked
