"""Lists that OCPP 2.0.1 keeps on a charger: tags, reservations, messages, customers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from csms.sim.charging import ImpossibleError
from csms.sim.settings import Settings
from csms.sim.station_time import wire_time

ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}


def token(tag: str) -> dict[str, str]:
    return {"idToken": tag, "type": "ISO14443"}


def listed(tag: str, status: str | None = "Accepted", group: str | None = None) -> dict[str, Any]:
    entry: dict[str, Any] = {"idToken": token(tag)}
    if status is not None:
        entry["idTokenInfo"] = {"status": status}
        if group is not None:
            entry["idTokenInfo"]["groupIdToken"] = token(group)
    return entry


def send(script: Any, version: int, *entries: Any, kind: str = "Full") -> str:
    payload: dict[str, Any] = {"versionNumber": version, "updateType": kind}
    if entries:
        payload["localAuthorizationList"] = list(entries)
    return script.ask("SendLocalList", payload)["status"]


def version(script: Any) -> int:
    return script.ask("GetLocalListVersion", {})["versionNumber"]


# Local list


def test_local_list(online201: Any, script: Any) -> None:
    """A list is installed whole and changed by the entry; its version tells which it is (D01)."""
    charger = online201()
    assert version(script) == 0
    assert send(script, 3, listed("A"), listed("B", "Blocked")) == "Accepted"
    assert version(script) == 3
    assert send(script, 3, listed("C"), kind="Differential") == "VersionMismatch"
    assert send(script, 4, listed("A", None), listed("C"), kind="Differential") == "Accepted"
    known = charger.authorization.local_list
    assert known.find("a") is None
    assert known.find("c").status == "Accepted"
    assert send(script, 5) == "Accepted"
    assert (version(script), len(known)) == (5, 0)


def test_bad_local_list(online201: Any, script: Any) -> None:
    """Entries are unique, a whole list has no removals, and there is room for only so many."""
    charger = online201()
    assert send(script, 1, listed("A"), listed("A")) == "Failed"
    assert send(script, 1, listed("A", None)) == "Failed"
    assert send(script, 1, *[listed(f"T{n}") for n in range(1001)]) == "Failed"
    assert send(script, 1, *[listed(f"T{n}") for n in range(1000)]) == "Accepted"
    assert send(script, 2, listed("X"), kind="Differential") == "Failed"
    charger.settings.local_list = False
    assert send(script, 9) == "Failed"
    assert version(script) == 0


def test_list_decides_offline(online201: Any, script: Any, finish: Any) -> None:
    """Offline the list decides, before the cache (C13)."""
    charger = online201(settings=Settings(offline_unknown=False))
    finish(charger.authorize("B"))
    send(script, 1, listed("A"), listed("B", "Blocked"))
    finish(charger.cut())
    assert finish(charger.authorize("A")) == "Accepted"
    assert finish(charger.authorize("B")) == "Blocked"
    assert finish(charger.authorize("C")) == "Invalid"


def test_list_before_asking(online201: Any, script: Any, finish: Any) -> None:
    """With LocalPreAuthorize a tag of the list is not asked about, unless it has expired."""
    charger = online201(settings=Settings(pre_authorize=True))
    old = listed("OLD")
    old["idTokenInfo"]["cacheExpiryDateTime"] = "2001-01-01T00:00:00Z"
    send(script, 1, listed("A"), old)
    assert finish(charger.authorize("A")) == "Accepted"
    assert "Authorize" not in script.actions()
    finish(charger.authorize("OLD"))
    assert "Authorize" in script.actions()


# Reservations


def reserve(
    script: Any, clock: Any, tag: str = "MINE", for_s: float = 600, **more: Any
) -> dict[str, Any]:
    at = datetime.fromtimestamp(clock.seconds(), UTC) + timedelta(seconds=for_s)
    payload = {"id": 8, "expiryDateTime": wire_time(at), "idToken": token(tag), **more}
    return script.ask("ReserveNow", payload)


def test_reservation(online201: Any, script: Any, clock: Any, finish: Any) -> None:
    """A reserved connector refuses others; the one it waits for consumes it (H01, H03)."""
    charger = online201(settings=Settings(sample_s=0))
    assert reserve(script, clock, evseId=1) == ACCEPTED
    assert script.payloads("StatusNotification")[-1]["connectorStatus"] == "Reserved"
    with pytest.raises(ImpossibleError):
        finish(charger.start("OTHER"))
    finish(charger.start("mine"))
    assert script.payloads("TransactionEvent")[0]["reservationId"] == 8
    finish(charger.stop())
    assert script.payloads("StatusNotification")[-1]["connectorStatus"] == "Available"


def test_reservation_of_a_group(online201: Any, script: Any, clock: Any, finish: Any) -> None:
    """Another tag of the same group may use it."""
    charger = online201()
    send(script, 1, listed("COLLEAGUE", group="FLEET"))
    assert reserve(script, clock, groupIdToken=token("FLEET")) == ACCEPTED
    with pytest.raises(ImpossibleError):
        finish(charger.start("OTHER"))
    finish(charger.start("COLLEAGUE"))


def test_remote_start_on_a_reserved_connector(online201: Any, script: Any, clock: Any) -> None:
    """A remote start too needs the right tag."""
    online201()
    reserve(script, clock)
    wanted = {"remoteStartId": 1, "idToken": token("OTHER")}
    assert script.ask("RequestStartTransaction", wanted) == REJECTED
    assert script.ask("RequestStartTransaction", wanted | {"idToken": token("MINE")}) == ACCEPTED


def test_reservation_expires(online201: Any, script: Any, clock: Any, passes: Any) -> None:
    """A reservation that nobody used expires, which is told (H04)."""
    charger = online201()
    reserve(script, clock, for_s=20)
    passes(21)
    assert script.payloads("ReservationStatusUpdate") == [
        {"reservationId": 8, "reservationUpdateStatus": "Expired"}
    ]
    assert charger.connectors[1].status == "Available"
    assert not len(charger.charging.reservations)


def test_reservation_outlives_a_restart(
    online201: Any, script: Any, clock: Any, passes: Any
) -> None:
    """A restart does not end a reservation, nor its end."""
    charger = online201()
    reserve(script, clock, for_s=30)
    script.ask("Reset", {"type": "Immediate"})
    passes(15)
    assert charger.connectors[1].status == "Reserved"
    passes(20)
    assert script.payloads("ReservationStatusUpdate")


def test_reservation_withdrawn(online201: Any, script: Any, clock: Any, passes: Any) -> None:
    """A connector that goes out of service loses its reservation, which is told."""
    online201()
    reserve(script, clock)
    script.ask("ChangeAvailability", {"operationalStatus": "Inoperative"})
    passes(1)
    [told] = script.payloads("ReservationStatusUpdate")
    assert told["reservationUpdateStatus"] == "Removed"
    assert reserve(script, clock) == {"status": "Unavailable"}


def test_reservation_untold(
    online201: Any, script: Any, clock: Any, passes: Any, entries: Any, findings: Any
) -> None:
    """A server that does not want to hear of it changes nothing."""
    charger = online201()
    script.answers["ReservationStatusUpdate"] = entries.error("InternalError")
    reserve(script, clock, for_s=5)
    passes(6)
    assert charger.connectors[1].status == "Available"
    assert findings.total == 1


def test_reservation_impossible(online201: Any, script: Any, clock: Any, finish: Any) -> None:
    """A reservation needs a free connector and a time to come."""
    charger = online201()
    assert reserve(script, clock, evseId=9) == REJECTED
    assert reserve(script, clock, for_s=-5) == REJECTED
    assert reserve(script, clock) == ACCEPTED
    assert reserve(script, clock) == ACCEPTED
    assert reserve(script, clock, id=9) == {"status": "Occupied"}
    assert script.ask("CancelReservation", {"reservationId": 8}) == ACCEPTED
    assert script.ask("CancelReservation", {"reservationId": 8}) == REJECTED
    finish(charger.start("TAG"))
    assert reserve(script, clock) == {"status": "Occupied"}


# Display messages


def message(number: int = 1, **more: Any) -> dict[str, Any]:
    text = {"format": "UTF8", "content": "Hello"}
    return {"message": {"id": number, "priority": "InFront", "message": text, **more}}


def test_display(online201: Any, script: Any) -> None:
    """Messages are shown, told of and taken away (O01, O03, O05)."""
    online201()
    assert script.ask("GetDisplayMessages", {"requestId": 1}) == {"status": "Unknown"}
    for number in range(7):
        assert script.ask("SetDisplayMessage", message(number)) == ACCEPTED
    assert script.ask("GetDisplayMessages", {"requestId": 1}) == ACCEPTED
    parts = script.payloads("NotifyDisplayMessages")
    assert [len(each["messageInfo"]) for each in parts] == [5, 2]
    assert [each["tbc"] for each in parts] == [True, False]
    wanted = {"requestId": 2, "id": [3], "priority": "InFront"}
    assert script.ask("GetDisplayMessages", wanted) == ACCEPTED
    assert script.ask("ClearDisplayMessage", {"id": 3}) == ACCEPTED
    assert script.ask("ClearDisplayMessage", {"id": 3}) == {"status": "Unknown"}
    assert script.ask("GetDisplayMessages", wanted) == {"status": "Unknown"}


def test_display_of_a_transaction(online201: Any, script: Any, finish: Any) -> None:
    """A message of a transaction goes with it (O02)."""
    charger = online201()
    assert script.ask("SetDisplayMessage", message(transactionId="X")) == {
        "status": "UnknownTransaction"
    }
    session = finish(charger.start("TAG"))
    assert script.ask("SetDisplayMessage", message(transactionId=session.id)) == ACCEPTED
    finish(charger.stop())
    assert not charger.equipment.displays.shown


def test_display_impossible(online201: Any, script: Any) -> None:
    """A screen knows some formats and has room for so many messages."""
    online201()
    html = {"format": "HTML", "content": "<b>"}
    assert script.ask("SetDisplayMessage", message(message=html)) == {
        "status": "NotSupportedMessageFormat"
    }
    for number in range(20):
        assert script.ask("SetDisplayMessage", message(number)) == ACCEPTED
    assert script.ask("SetDisplayMessage", message(20)) == REJECTED


# Customer information


def customer(script: Any, **more: Any) -> Any:
    payload = {"requestId": 1, "report": True, "clear": False, "idToken": token("TAG"), **more}
    return script.ask("CustomerInformation", payload)


def test_customer_information(online201: Any, script: Any, finish: Any) -> None:
    """What is known about a customer is told and, if wanted, forgotten (N09, N10)."""
    charger = online201()
    finish(charger.authorize("TAG"))
    finish(charger.start("TAG"))
    send(script, 1, listed("TAG"))
    assert customer(script, clear=True) == ACCEPTED
    [told] = script.payloads("NotifyCustomerInformation")
    assert "cache: Accepted" in told["data"]
    assert "charging since" in told["data"]
    assert "local list: Accepted" in told["data"]
    assert (told["seqNo"], told["tbc"]) == (0, False)
    customer(script)
    assert "cache" not in script.payloads("NotifyCustomerInformation")[1]["data"]


def test_unknown_customer(online201: Any, script: Any) -> None:
    """Nothing known is told too (N09.FR.07)."""
    online201()
    assert customer(script) == ACCEPTED
    assert script.payloads("NotifyCustomerInformation")[0]["data"] == ""


def test_which_customer(online201: Any, script: Any) -> None:
    """Exactly one customer is named, and something is wanted of it."""
    online201()
    assert customer(script, customerIdentifier="X") == {"status": "Invalid"}
    assert customer(script, report=False) == REJECTED
