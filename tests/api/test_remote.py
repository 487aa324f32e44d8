"""Which session a remote stop means."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from csms.core.commands import RemoteStop
from csms.core.errors import Invalid
from csms.core.values import SessionStatus


def stop(api: Any, identity: str = "A", **body: Any) -> Any:
    """Ask a station to stop something."""
    return api.ask("POST", f"/api/v1/stations/{identity}/remote-stop", json=body)


def test_by_session(api: Any) -> None:
    """A session is stopped by its transaction, and the operation names it."""
    session = api.seed_session(api.stations.seed("A"))
    assert stop(api, session_id=session.id).json["session_id"] == session.id
    assert api.operations.sent == [("A", RemoteStop(transaction_ref="7"), False, session.id)]


def test_by_session_of_another_station(api: Any) -> None:
    """A session is stopped only at its own station."""
    session = api.seed_session(api.stations.seed("A"))
    api.stations.seed("B")
    assert stop(api, "B", session_id=session.id).status == 404
    assert api.operations.sent == []


def test_by_session_without_transaction(api: Any) -> None:
    """A session whose transaction has no id yet cannot be stopped."""
    session = api.seed_session(api.stations.seed("A"), transaction_ref=None)
    assert stop(api, session_id=session.id).json["code"] == "no_transaction"


def test_by_evse(api: Any) -> None:
    """On an EVSE the newest active session is meant."""
    station, at = api.stations.seed("A"), api.stations.now()
    api.seed_session(station, evse_id=2, transaction_ref="1")
    api.seed_session(station, transaction_ref="2", status=SessionStatus.SUSPECT)
    api.seed_session(station, transaction_ref="3", started_at=at - timedelta(hours=1))
    api.seed_session(station, transaction_ref="4", status=SessionStatus.ENDED)
    assert stop(api, evse_id=1).status == 200
    assert api.operations.sent[0][1] == RemoteStop(transaction_ref="3")


def test_by_evse_of_a_suspect_session(api: Any) -> None:
    """A session that looks stale is still open, and can be stopped."""
    api.seed_session(api.stations.seed("A"), status=SessionStatus.SUSPECT)
    assert stop(api, evse_id=1).status == 200


def test_by_evse_without_session(api: Any) -> None:
    """Where nothing is open there is nothing to stop."""
    api.seed_session(api.stations.seed("A"), status=SessionStatus.ENDED)
    reply = stop(api, evse_id=1)
    assert (reply.status, reply.json["code"]) == (409, "no_open_session")


def test_by_evse_of_no_station(api: Any) -> None:
    """There is no such station (for this caller)."""
    assert stop(api, "Z", evse_id=1).status == 404
    api.stations.seed("B", operator_id=2)
    assert stop(api, "B", evse_id=1).status == 404


def test_by_transaction(api: Any) -> None:
    """A known transaction is linked to its session."""
    session = api.seed_session(api.stations.seed("A"))
    assert stop(api, transaction_id=7).json["session_id"] == session.id


def test_by_unknown_transaction(api: Any) -> None:
    """A station may know a transaction that we do not: it is asked."""
    api.stations.seed("A")
    assert stop(api, transaction_id=8, queue=True).json["session_id"] is None
    assert api.operations.sent == [("A", RemoteStop(transaction_ref="8"), True, None)]


def test_by_impossible_transaction(api: Any) -> None:
    """A transaction id that the station's version cannot have is named as the caller knows it."""
    api.stations.seed("A")
    api.operations.refusal = Invalid("an integer", field="transaction_ref")
    reply = stop(api, transaction_id="abc")
    assert (reply.status, reply.json["field"]) == (422, "transaction_id")
