"""Reservations over REST."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from csms.core.commands import Outcome
from csms.core.reservations.vocabulary import (
    CancelReservation,
    Reservation,
    ReservationStatus,
    ReserveNow,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
PATH = "/api/v1/reservations"
BODY = {
    "station": "cp-1",
    "id_token": "TAG",
    "evse_id": 1,
    "expires_at": "2026-03-01T14:00:00+01:00",
}


@pytest.fixture
def station(api: Any) -> Any:
    """Station cp-1."""
    return api.stations.seed("cp-1", connected=True)


def seed(api: Any, number: int, **fields: Any) -> Reservation:
    """A reservation that is there."""
    plain: dict[str, Any] = {
        "id": f"00000000-0000-7000-8000-{number:012}",
        "operator_id": 1,
        "station_id": 1,
        "identity": "cp-1",
        "number": number,
        "id_token": "TAG",
        "expires_at": NOW + timedelta(hours=1),
        "status": ReservationStatus.ACCEPTED,
        "created_at": NOW + timedelta(seconds=number),
        "updated_at": NOW,
    }
    reservation = Reservation(**{**plain, **fields})
    api.reservations.kept[reservation.id] = reservation
    return reservation


@pytest.mark.usefixtures("station")
def test_make(api: Any) -> None:
    """POST asks the station; as long as it has not said yes, the reservation is `requested`."""
    reply = api.ask("POST", PATH, json={**BODY, "group_id": "G", "kind": "eMAID"})
    assert reply.status == 202
    made = reply.json["reservation"]
    assert reply.headers["Location"] == f"{PATH}/{made['id']}"
    assert (made["status"], made["expires_at"]) == ("requested", "2026-03-01T13:00:00.000Z")
    ((_, command, queue, _),) = api.operations.sent
    assert queue is False
    assert command == ReserveNow(
        id_token="TAG",
        kind="eMAID",
        group_id="G",
        evse_id=1,
        expires_at=datetime(2026, 3, 1, 13, tzinfo=UTC),
        ref=made["number"],
    )
    assert made["operation_id"] == reply.json["operation"]["id"]
    assert api.ask("GET", reply.headers["Location"]).json == made


@pytest.mark.usefixtures("station")
def test_make_anywhere(api: Any) -> None:
    """Without an EVSE, or with 0, any of the station is meant; a kind of plug may be."""
    body = {**BODY, "evse_id": 0, "connector_type": "cCCS2", "queue": True}
    assert api.ask("POST", PATH, json=body).status == 202
    ((_, command, queue, _),) = api.operations.sent
    assert (command.evse_id, command.connector_type, queue) == (None, "cCCS2", True)


@pytest.mark.usefixtures("station")
@pytest.mark.parametrize(
    ("status", "reason"), [("unreachable", "Unreachable"), ("unsupported", "Unsupported")]
)
def test_make_in_vain(api: Any, status: str, reason: str) -> None:
    """What cannot be is `rejected`, and why is told."""
    api.operations.outcome = Outcome(status=status, detail="why")
    reply = api.ask("POST", PATH, json=BODY)
    assert reply.status == 201
    told = reply.json
    assert (told["reservation"]["status"], told["reservation"]["reason"]) == ("rejected", reason)
    assert told["operation"]["detail"] == "why"


@pytest.mark.usefixtures("station")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"expires_at": "2026-03-01T12:00:00Z"}, "expires_at"),
        ({"expires_at": "2026-03-01T14:00:00"}, "expires_at"),
        ({"id_token": ""}, "id_token"),
        ({"evse_id": -1}, "evse_id"),
        ({"kind": "x" * 21}, "kind"),
        ({"connector_type": ""}, "connector_type"),
        ({"color": "red"}, "color"),
    ],
)
def test_wrong_wishes(api: Any, change: Any, field: str) -> None:
    """What is wrong is named."""
    reply = api.ask("POST", PATH, json={**BODY, **change})
    assert (reply.status, reply.json["field"]) == (422, field)


def test_unknown_station(api: Any) -> None:
    """A station that is not there, or another operator's, is 404."""
    assert api.ask("POST", PATH, json=BODY).status == 404
    api.stations.seed("cp-1", operator_id=2)
    assert api.ask("POST", PATH, json=BODY).status == 404


@pytest.mark.usefixtures("station")
def test_cancel(api: Any) -> None:
    """DELETE asks the station to give it up; it stays readable."""
    kept = seed(api, 5)
    reply = api.ask("DELETE", f"{PATH}/{kept.id}?queue=true")
    assert reply.status == 200
    assert reply.json["reservation"]["id"] == kept.id
    assert reply.json["operation"]["status"] == "accepted"
    ((_, command, queue, _),) = api.operations.sent
    assert (command, queue) == (CancelReservation(ref=5), True)


@pytest.mark.usefixtures("station")
def test_cancel_takes_time(api: Any) -> None:
    """A station that has not answered yet leaves it as it is; the operation tells."""
    kept = seed(api, 5)
    api.operations.outcome = None
    reply = api.ask("DELETE", f"{PATH}/{kept.id}")
    assert reply.status == 202
    assert reply.headers["Location"].endswith(reply.json["operation"]["id"])
    assert reply.json["reservation"]["status"] == "accepted"


@pytest.mark.usefixtures("station")
def test_cancel_what_was_never_sent(api: Any) -> None:
    """What waits for the station is taken back at once."""
    api.operations.outcome = None
    made = api.ask("POST", PATH, json={**BODY, "queue": True}).json["reservation"]
    reply = api.ask("DELETE", f"{PATH}/{made['id']}")
    assert reply.status == 200
    assert (reply.json["reservation"]["status"], reply.json["operation"]) == ("cancelled", None)


@pytest.mark.usefixtures("station")
def test_cancel_what_is_over(api: Any) -> None:
    """What is over cannot be cancelled."""
    kept = seed(api, 5, status=ReservationStatus.USED)
    reply = api.ask("DELETE", f"{PATH}/{kept.id}")
    assert (reply.status, reply.json["code"]) == (409, "reservation_over")


def test_others(api: Any) -> None:
    """Another operator's reservation is 404, and in no list."""
    kept = seed(api, 5)
    for method in ("GET", "DELETE"):
        assert api.ask(method, f"{PATH}/{kept.id}", role="stranger").status == 404
    assert api.ask("GET", PATH, role="stranger").json["items"] == []
    assert api.ask("GET", f"{PATH}/none").status == 404


def test_auditor(api: Any) -> None:
    """Who may read only makes and cancels nothing."""
    kept = seed(api, 5)
    assert api.ask("GET", PATH, role="auditor").status == 200
    assert api.ask("POST", PATH, json=BODY, role="auditor").status == 403
    assert api.ask("DELETE", f"{PATH}/{kept.id}", role="auditor").status == 403


def test_list(api: Any) -> None:
    """The list filters by station, status and token."""
    seed(api, 1)
    seed(api, 2, status=ReservationStatus.USED, ended_at=NOW, session_id="s")
    seed(api, 3, identity="cp-2", id_token="OTHER")

    def numbers(query: str) -> list[int]:
        return [each["number"] for each in api.ask("GET", PATH + query).json["items"]]

    assert numbers("") == [3, 2, 1]
    assert numbers("?station=cp-1") == [2, 1]
    assert numbers("?status=used") == [2]
    assert numbers("?id_token=tag&sort=created_at") == [1, 2]
    assert api.ask("GET", f"{PATH}?status=gone").status == 422


def test_a_conflict_stands_with_it(api: Any) -> None:
    """Who charged where it is reserved, and when."""
    kept = seed(api, 5)
    assert api.ask("GET", f"{PATH}/{kept.id}").json["conflict"] is None
    seed(api, 5, conflict_at=NOW, conflict_session_id="s-1")
    assert api.ask("GET", f"{PATH}/{kept.id}").json["conflict"] == {
        "at": "2026-03-01T12:00:00.123Z",
        "session_id": "s-1",
    }


@pytest.mark.usefixtures("station")
def test_without_an_answer(api: Any) -> None:
    """It may be held: it can be listed and cancelled."""
    kept = seed(api, 5, status=ReservationStatus.UNCONFIRMED, reason="NoAnswer")
    listed = api.ask("GET", f"{PATH}?status=unconfirmed").json["items"]
    assert [each["id"] for each in listed] == [kept.id]
    assert api.ask("DELETE", f"{PATH}/{kept.id}").status == 200
