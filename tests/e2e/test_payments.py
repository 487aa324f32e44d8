"""Payments at stations (block C of 2.1) and battery swaps (block S), through the real process."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
import pytest

from csms.testing.charger import Charger, NewerCharger, stamp
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

ACCEPTED = {"status": "Accepted"}
RECEIPTS = "https://pay.example/receipts"


@pytest.fixture(scope="module")
def merchant() -> Iterator[RunningCsms]:
    """A server that makes receipts and judges VAT numbers."""
    path = Path(tempfile.mkdtemp(prefix="csms-e2e-"))
    path.chmod(0o755)
    settings = {
        "CSMS__PAYMENTS__RECEIPT_URL": RECEIPTS,
        "CSMS__PAYMENTS__VAT_VALIDATION": "form",
    }
    try:
        with RunningCsms(path / "state", settings) as running:
            yield running
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def station(
    server: RunningCsms, case: str, **replies: dict[str, Any]
) -> Iterator[tuple[NewerCharger, str]]:
    """A station of 2.1 named after the case, connected and booted."""
    identity = f"{case}-payments"
    with NewerCharger.connect(server.ocpp_url(identity), subprotocols=("ocpp2.1",)) as cp:
        cp.replies = replies
        cp.boot()
        with cp.serving():
            yield cp, identity


def paid(reference: str, **fields: Any) -> dict[str, Any]:
    """A NotifySettlement."""
    settled = {
        "pspRef": reference,
        "status": "Settled",
        "settlementAmount": 12.34,
        "settlementTime": stamp(),
    }
    return {**settled, **fields}


def settlements(server: RunningCsms, **filters: str) -> list[dict[str, Any]]:
    """What was settled."""
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    found: list[dict[str, Any]] = server.get(f"/api/v1/settlements?{query}")["items"]
    return found


def session(server: RunningCsms, identity: str) -> dict[str, Any]:
    """The only session of a station."""
    (found,) = server.get(f"/api/v1/sessions?station={identity}")["items"]
    return dict(found)


@pytest.mark.parametrize(
    ("number", "status"), [("DE136695976", "Accepted"), ("DE136695977", "Rejected")]
)
def test_tc_c_108_vat_number(merchant: RunningCsms, number: str, status: str) -> None:
    """TC_C_108: judged by its form, repeated with the EVSE, and kept."""
    with station(merchant, f"TC_C_108-{status}") as (cp, identity):
        answer = cp.call("VatNumberValidation", {"vatNumber": number, "evseId": 1})
        assert answer == {"vatNumber": number, "evseId": 1, "status": status}
        path = f"/api/v1/stations/{identity}/events?kind=vat_validation"
        (asked,) = merchant.get(path)["items"]
        assert asked["content"] == {"vat_number": number, "accepted": status == "Accepted"}


def test_tc_c_108_without_the_setting(server: RunningCsms) -> None:
    """TC_C_108: unless it is set otherwise none is accepted, and one too long is refused."""
    with station(server, "TC_C_108") as (cp, _):
        answer = cp.call("VatNumberValidation", {"vatNumber": "DE136695976"})
        assert answer == {"vatNumber": "DE136695976", "status": "Rejected"}
        frame = cp.exchange([2, "long", "VatNumberValidation", {"vatNumber": "x" * 30}])
        assert frame[:3] == [4, "long", "PropertyConstraintViolation"]


def test_tc_c_118_settled_by_the_station(merchant: RunningCsms) -> None:
    """TC_C_118: the receipt is ours; told again, it is the same payment."""
    with station(merchant, "TC_C_118") as (cp, identity):
        transaction, reference = cp.start("TAG"), str(uuid4())
        cp.stop(transaction, 1500)
        running = session(merchant, identity)
        notice = paid(reference, transactionId=transaction, vatNumber="NL1")
        url = f"{RECEIPTS}/{running['id']}"
        for uid in ("a", "b"):
            assert cp.call("NotifySettlement", notice, uid) == {"receiptUrl": url}
        (settled,) = settlements(merchant, session_id=running["id"])
        assert (settled["amount"], settled["status"]) == ("12.34", "Settled")
        assert (settled["receipt_url"], settled["vat_number"]) == (url, "NL1")
        assert (settled["transaction_id"], settled["psp_ref"]) == (transaction, reference)


@pytest.mark.parametrize(
    "status",
    [pytest.param("Failed", id="TC_C_119"), pytest.param("Rejected", id="TC_C_120")],
)
def test_tc_c_119_120_no_settlement(merchant: RunningCsms, status: str) -> None:
    """TC_C_119, TC_C_120: known as what it is, without a receipt; a later success takes its
    place."""
    with station(merchant, f"TC_C_119-{status}") as (cp, identity):
        transaction, reference = cp.start("TAG"), str(uuid4())
        failed = paid(reference, status=status, transactionId=transaction, statusInfo="no funds")
        assert cp.call("NotifySettlement", failed) == {}
        (settled,) = settlements(merchant, psp_ref=reference)
        assert (settled["status"], settled["detail"]) == (status, "no funds")
        assert "receiptUrl" in cp.call(
            "NotifySettlement", paid(reference, transactionId=transaction)
        )
        (settled,) = settlements(merchant, psp_ref=reference)
        assert settled["status"] == "Settled"
        events = merchant.get(f"/api/v1/stations/{identity}/events?kind=settlement")["items"]
        assert {each["content"]["status"] for each in events} == {status, "Settled"}
        cp.stop(transaction, 1500)


def test_a_settlement_before_its_session(server: RunningCsms) -> None:
    """It is found by the session as soon as there is one; without a setting no receipt is ours."""
    with station(server, "EARLY") as (cp, identity):
        transaction, reference = str(uuid4()), str(uuid4())
        assert cp.call("NotifySettlement", paid(reference, transactionId=transaction)) == {}
        (settled,) = settlements(server, psp_ref=reference)
        assert settled["session_id"] is None
        cp.transaction("Started", transaction, 0, "Authorized", evse={"id": 1})
        cp.transaction("Ended", transaction, 1, "StopAuthorized")
        (settled,) = settlements(server, session_id=session(server, identity)["id"])
        assert settled["psp_ref"] == reference


@pytest.mark.parametrize(
    "spelled", ["123456789012.345", "0.1", "1.5e-7", "-3", '"12.34"', "9007199254740993"]
)
def test_amounts_arrive_as_they_were_written(server: RunningCsms, spelled: str) -> None:
    """Through frame, database and API."""
    with station(server, "AMOUNTS") as (cp, _):
        reference = str(uuid4())
        cp.call("NotifySettlement", paid(reference, settlementAmount=json_number(spelled)))
        (settled,) = settlements(server, psp_ref=reference)
        exact = {"1.5e-7": "0.00000015", '"12.34"': "12.34"}
        assert settled["amount"] == exact.get(spelled, spelled)


def json_number(spelled: str) -> object:
    """A number as JSON reads it."""
    value: object = json.loads(spelled)
    return value


def test_what_nobody_can_book_is_kept(server: RunningCsms) -> None:
    """A settlement without an amount is refused, so the station gives it up: it is kept."""
    with station(server, "UNREADABLE") as (cp, identity):
        reference = f"odd-{uuid4()}"
        odd = paid(reference, settlementAmount="NaN")
        assert cp.exchange([2, "odd", "NotifySettlement", odd])[:2] == [4, "odd"]
        assert settlements(server, station=identity) == []
        connection = psycopg2.connect(server.database_url())
        try:
            cursor = connection.cursor()
            cursor.execute(
                "SELECT count(*) FROM quarantine WHERE content LIKE %s", (f"%{reference}%",)
            )
            assert cursor.fetchone() == (1,)
        finally:
            connection.close()


@pytest.mark.parametrize("case", ["TC_C_125", "TC_C_126", "TC_C_131"])
def test_tc_c_ad_hoc_payment(server: RunningCsms, case: str) -> None:
    """TC_C_125 with costs of ours, TC_C_126 with the station's, TC_C_131 by a code that opened the
    payment page: the driver has paid elsewhere, the session is started for the payment."""
    replies: dict[str, dict[str, Any]] = {
        "NotifyWebPaymentStarted": {},
        "RequestStartTransaction": ACCEPTED,
        "CostUpdated": {},
    }
    with station(server, case, **replies) as (cp, identity):
        reference = f"psp-{uuid4()}"
        if case == "TC_C_131":
            page = {"evse_id": 1, "timeout_s": 120}
            assert server.ask(identity, "web-payments", page)["status"] == "accepted"
            assert cp.asked.popleft() == ("NotifyWebPaymentStarted", {"evseId": 1, "timeout": 120})
        wanted = {"evse_id": 1, "id_token": reference, "kind": "DirectPayment"}
        started = server.ask(identity, "remote-start", wanted)
        assert started["status"] == "accepted"
        _, payload = cp.asked.popleft()
        assert payload["idToken"] == {"idToken": reference, "type": "DirectPayment"}
        transaction = str(uuid4())
        answer = cp.transaction(
            "Started",
            transaction,
            0,
            "RemoteStart",
            evse={"id": 1, "connectorId": 1},
            idToken={"idToken": reference, "type": "DirectPayment"},
            transactionInfo={"remoteStartId": payload["remoteStartId"]},
        )
        assert answer["idTokenInfo"]["status"] == "Accepted"
        running = session(server, identity)
        assert running["id_token"] == reference
        more: dict[str, Any] = {}
        if case == "TC_C_126":
            more["costDetails"] = {
                "totalCost": {
                    "currency": "EUR",
                    "typeOfCost": "NormalCost",
                    "total": {"exclTax": 1.0},
                },
                "totalUsage": {"energy": 1.5, "chargingTime": 60, "idleTime": 0},
            }
        else:
            path = f"/api/v1/sessions/{running['id']}/cost"
            assert server.request("POST", path, {"total": "1.00"}).body["status"] == "accepted"
            assert cp.asked.popleft()[0] == "CostUpdated"
        answer = cp.transaction("Ended", transaction, 1, "StopAuthorized", **more)
        assert answer == ({} if case == "TC_C_126" else {"totalCost": 1.0})
        ended = session(server, identity)
        assert ended["status"] == "ended"
        assert ended["details"].get("cost_details") == more.get("costDetails")


@pytest.mark.parametrize(
    ("reply", "outcome", "detail"),
    [
        pytest.param(
            {"status": "Rejected", "statusInfo": {"reasonCode": "NoBatteryAvailable"}},
            "rejected",
            "NoBatteryAvailable",
            id="TC_S_102",
        ),
        pytest.param(ACCEPTED, "accepted", None, id="TC_S_103"),
    ],
)
def test_tc_s_102_103_battery_swap(
    server: RunningCsms, reply: dict[str, Any], outcome: str, detail: str | None
) -> None:
    """TC_S_102 with too few batteries, TC_S_103 with enough: what goes in and out shares the
    number of the request, and is kept once."""
    with station(server, f"TC_S_102-{outcome}", RequestBatterySwap=reply) as (cp, identity):
        asked = server.ask(identity, "battery-swaps", {"id_token": "TAG"})
        assert asked["status"] == outcome
        assert detail is None or detail in str(asked["response"])
        _, payload = cp.asked.pop()
        assert payload["idToken"] == {"idToken": "TAG", "type": "Central"}
        assert payload["requestId"] == asked["ref"]
        swapped = f"/api/v1/stations/{identity}/battery-swaps"
        if outcome == "rejected":
            assert server.get(swapped)["items"] == []
            return
        for event, serial in (("BatteryIn", "S1"), ("BatteryOut", "S2")):
            swap = {
                "eventType": event,
                "requestId": payload["requestId"],
                "idToken": payload["idToken"],
                "batteryData": [{"evseId": 1, "serialNumber": serial, "soC": 12.5, "soH": 98}],
            }
            for uid in ("", "again"):
                assert cp.call("BatterySwap", swap, uid and f"{uid}-{event}") == {}
        told = [each["content"] for each in server.get(f"{swapped}?sort=at")["items"]]
        assert [each["event"] for each in told] == ["BatteryIn", "BatteryOut"]
        assert {each["ref"] for each in told} == {asked["ref"]}
        assert told[1]["batteries"] == [
            {"evse_id": 1, "serial_number": "S2", "soc": 12.5, "soh": 98}
        ]


def test_a_swap_for_nobody(server_with_known_tokens: RunningCsms) -> None:
    """S02: the station is not even asked."""
    server = server_with_known_tokens
    with station(server, "STRANGER", RequestBatterySwap=ACCEPTED) as (cp, identity):
        path = f"/api/v1/stations/{identity}/battery-swaps"
        refused = server.request("POST", path, {"id_token": "NOBODY"})
        assert (refused.status, refused.body["code"]) == (409, "not_authorized")
        assert not cp.asked


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_older_versions_know_no_payments(server: RunningCsms, version: str) -> None:
    """The operation says so."""
    identity = f"PAYMENTS-{version}"
    kind = Charger if version == "1.6" else NewerCharger
    with kind.connect(server.ocpp_url(identity)) as cp:
        cp.boot()
        for what, body in (("web-payments", {"evse_id": 1}), ("battery-swaps", {"id_token": "T"})):
            asked = server.ask(identity, what, body)
            assert asked["status"] == "unsupported"
            assert version in asked["detail"]
