"""Sessions over REST."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from csms.core.commands import RemoteStop
from csms.core.values import Numbering, Sample, SessionStatus, StoredReading


def test_session(api: Any) -> None:
    """A session is told with energy, times and what was odd about it."""
    at = api.stations.now()
    session = api.seed_session(
        api.stations.seed("A"),
        energy_wh=1234.5,
        ended_at=at + timedelta(hours=1),
        status=SessionStatus.ENDED,
        flags=("late",),
    )
    told = api.ask("GET", f"/api/v1/sessions/{session.id}").json
    assert (told["id"], told["station"], told["transaction_id"]) == (session.id, "A", "7")
    assert (told["energy_wh"], told["status"], told["flags"]) == (1234.5, "ended", ["late"])
    assert told["ended_at"] == "2026-03-01T13:00:00.123Z"


def test_a_session_of_a_transaction_that_the_station_named(api: Any) -> None:
    """Its state, what else was told of it, and how many events are missing."""
    at = api.stations.now()
    station = api.stations.seed("A")
    session = api.seed_session(
        station,
        charging_state="SuspendedEV",
        details={"phases_used": 3},
        numbering=Numbering(seen=((0, 3), (6, 6)), newest_at=at),
    )
    told = api.ask("GET", f"/api/v1/sessions/{session.id}").json
    assert (told["charging_state"], told["details"]) == ("SuspendedEV", {"phases_used": 3})
    assert told["missing_events"] == 2
    older = api.ask("GET", f"/api/v1/sessions/{api.seed_session(station).id}").json
    assert (older["charging_state"], older["details"], older["missing_events"]) == (None, {}, None)


def test_internals_are_not_told(api: Any) -> None:
    """What only the server's bookkeeping needs stays inside."""
    session = api.seed_session(api.stations.seed("A"), start_key="k")
    told = api.ask("GET", f"/api/v1/sessions/{session.id}").json
    assert not {"start_key", "numbering", "reset_register_wh", "version", "operator_id"} & {*told}


def test_unknown_session_is_404(api: Any) -> None:
    """Also for an id that could never be one."""
    for session_id in ("00000000-0000-0000-0000-00000000000f", "nonsense"):
        assert api.ask("GET", f"/api/v1/sessions/{session_id}").status == 404
        assert api.ask("GET", f"/api/v1/sessions/{session_id}/meter-values").status == 404
        assert api.ask("POST", f"/api/v1/sessions/{session_id}/stop").status == 404


def test_list_filters(api: Any) -> None:
    """Sessions are filtered by station, status, token and time, newest first."""
    at = api.stations.now()
    first, second = api.stations.seed("A"), api.stations.seed("B")
    old = api.seed_session(first, started_at=at - timedelta(days=1), status=SessionStatus.ENDED)
    new = api.seed_session(second, id_token="OTHER")

    def found(query: str) -> list[str]:
        items = api.ask("GET", f"/api/v1/sessions?{query}").json["items"]
        return [item["id"] for item in items]

    assert found("") == [new.id, old.id]
    assert found("station=A") == [old.id]
    assert found("status=active") == [new.id]
    assert found("id_token=other") == [new.id]
    assert found("started_from=2026-03-01T00:00:00Z") == [new.id]
    assert found("started_to=2026-03-01T06:00:00+06:00") == [old.id]
    assert found("sort=started_at") == [old.id, new.id]


def test_meter_values(api: Any) -> None:
    """Readings are told in order, each sample with all its parts."""
    at = api.stations.now()
    session = api.seed_session(api.stations.seed("A"))
    for minute in range(3):
        api.sessions.seed_reading(
            StoredReading(
                station_id=session.station_id,
                evse_id=1,
                session_id=session.id,
                taken_at=at + timedelta(minutes=minute),
                received_at=at,
                energy_wh=minute * 100.0,
                samples=(Sample(value=minute * 100.0), Sample(value=None, raw="NaN", phase="L1")),
            )
        )
    path = f"/api/v1/sessions/{session.id}/meter-values"
    first = api.ask("GET", f"{path}?limit=2")
    assert [item["energy_wh"] for item in first.json["items"]] == [0.0, 100.0]
    assert first.json["items"][0]["samples"] == [
        {
            "measurand": "Energy.Active.Import.Register",
            "value": 0.0,
            "unit": "Wh",
            "phase": None,
            "context": "Sample.Periodic",
            "location": "Outlet",
            "raw": None,
            "signed": None,
        },
        {
            "measurand": "Energy.Active.Import.Register",
            "value": None,
            "unit": "Wh",
            "phase": "L1",
            "context": "Sample.Periodic",
            "location": "Outlet",
            "raw": "NaN",
            "signed": None,
        },
    ]
    rest = api.ask("GET", f"{path}?cursor={first.json['next_cursor']}").json
    assert [item["energy_wh"] for item in rest["items"]] == [200.0]


def test_meter_values_of_a_station(api: Any) -> None:
    """Those of no session; no other operator sees them."""
    at = api.stations.now()
    station = api.stations.seed("A")
    session = api.seed_session(station)
    api.sessions.seed_station("A", station.id, station.operator_id)
    for number, session_id in enumerate((None, session.id, None)):
        api.sessions.seed_reading(
            StoredReading(
                station_id=station.id,
                evse_id=number,
                session_id=session_id,
                taken_at=at + timedelta(minutes=number),
                received_at=at,
            )
        )
    path = "/api/v1/stations/A/meter-values"
    assert [item["evse_id"] for item in api.ask("GET", path).json["items"]] == [2, 0]
    assert [item["evse_id"] for item in api.ask("GET", f"{path}?evse_id=0").json["items"]] == [0]
    assert api.ask("GET", f"{path}?evse_id=x").status == 422
    assert api.ask("GET", path, role="stranger").status == 404


def test_stop(api: Any) -> None:
    """Stopping a session sends its transaction to its station."""
    session = api.seed_session(api.stations.seed("A"))
    reply = api.ask("POST", f"/api/v1/sessions/{session.id}/stop")
    assert (reply.status, reply.json["session_id"]) == (200, session.id)
    assert api.operations.sent == [("A", RemoteStop(transaction_ref="7"), False, session.id)]


def test_stop_of_an_ended_session(api: Any) -> None:
    """What has ended cannot be stopped."""
    session = api.seed_session(api.stations.seed("A"), status=SessionStatus.ENDED)
    reply = api.ask("POST", f"/api/v1/sessions/{session.id}/stop", json={"queue": True})
    assert (reply.status, reply.json["code"]) == (409, "session_ended")
