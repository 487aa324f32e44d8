"""Smart charging over REST."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.core.charging import vocabulary as v
from csms.core.charging.profiles import (
    PROFILE,
    CompositeSchedule,
    Period,
    Purpose,
    ScheduleUpdate,
    Unit,
    as_profile,
    plain,
)
from csms.core.commands import Outcome
from csms.core.holdings import Holding

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
TOLD = "2026-03-01T12:00:00.123Z"
PATH = "/api/v1/stations/cp-1"
PROFILES = f"{PATH}/charging-profiles"
DEFAULT: dict[str, Any] = {
    "id": 7,
    "stack_level": 0,
    "purpose": "TxDefaultProfile",
    "kind": "Relative",
    "schedules": [{"unit": "A", "periods": [{"start_period": 0, "limit": 16.0}]}],
}


@pytest.fixture(autouse=True)
def station(api: Any) -> Any:
    """Station cp-1."""
    return api.stations.seed("cp-1", connected=True)


def hold(api: Any, kind: str, key: str, content: dict[str, Any], evse_id: int = 1) -> None:
    api.holdings.seed(
        "cp-1",
        Holding(
            kind=kind,
            key=key,
            evse_id=evse_id,
            content=content,
            origin="told",
            created_at=NOW,
            updated_at=NOW,
        ),
    )


def sent(api: Any) -> Any:
    ((_, command, queue, _),) = api.operations.sent
    return command, queue


def test_list(api: Any) -> None:
    """Whatever is held, of all EVSEs or one; what nobody can read is told as it is."""
    hold(api, PROFILE, "7", {"profile": DEFAULT, "source": "CSO"})
    hold(api, PROFILE, "8", {}, evse_id=2)
    first, second = api.ask("GET", PROFILES).json["items"]
    assert first == {
        "profile_id": 7,
        "evse_id": 1,
        "source": "CSO",
        "origin": "told",
        "profile": DEFAULT,
        "operation_id": None,
        "created_at": TOLD,
        "updated_at": TOLD,
    }
    assert (second["source"], second["profile"]) == (None, {})
    assert len(api.ask("GET", f"{PROFILES}?evse_id=2").json["items"]) == 1


def test_set(api: Any) -> None:
    """A profile is sent, after it was held against the rules."""
    body = {"evse_id": 1, "profile": DEFAULT, "queue": True}
    assert api.ask("POST", PROFILES, json=body).status == 200
    command, queue = sent(api)
    assert command == v.SetProfile(evse_id=1, profile=as_profile(DEFAULT))
    assert queue


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"purpose": "Odd"}, "profile.purpose"),
        ({"stack_level": -1}, "profile.stack_level"),
        ({"schedules": []}, "profile.schedules"),
        ({"valid_from": "2026-01-01T00:00:00"}, "profile.valid_from"),
        ({"colour": "red"}, "profile.colour"),
        ({"kind": "Absolute"}, "profile.schedules[0].start_at"),
        ({"purpose": "ChargingStationExternalConstraints"}, "profile.purpose"),
    ],
)
def test_set_nonsense(api: Any, change: dict[str, Any], field: str) -> None:
    """Is refused by name."""
    reply = api.ask("POST", PROFILES, json={"evse_id": 1, "profile": {**DEFAULT, **change}})
    assert (reply.status, reply.json["field"]) == (422, field)
    assert api.operations.sent == []


def test_conflicts(api: Any) -> None:
    """Another profile for the same is a conflict, and so is a session that is not there."""
    hold(api, PROFILE, "8", {"profile": {**DEFAULT, "id": 8}})
    reply = api.ask("POST", PROFILES, json={"evse_id": 1, "profile": DEFAULT})
    assert (reply.status, reply.json["code"]) == (409, "profile_conflict")
    own = {**DEFAULT, "purpose": "TxProfile"}
    reply = api.ask("POST", PROFILES, json={"evse_id": 1, "profile": own})
    assert (reply.status, reply.json["code"]) == (409, "no_open_session")


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("/7", v.ClearProfiles(profile_id=7)),
        ("/-7", v.ClearProfiles(profile_id=-7)),
        ("?evse_id=0", v.ClearProfiles(evse_id=0)),
        (
            "?purpose=TxProfile&stack_level=2",
            v.ClearProfiles(purpose=Purpose.TX, stack_level=2),
        ),
    ],
)
def test_clear(api: Any, path: str, command: v.ClearProfiles) -> None:
    """By id, or all that fit."""
    assert api.ask("DELETE", PROFILES + path).status == 200
    assert sent(api) == (command, False)


@pytest.mark.parametrize("query", ["", "?queue=true", "?purpose=Odd", "?stack_level=-1"])
def test_clear_what(api: Any, query: str) -> None:
    """Something must be named; nothing is taken away by mistake."""
    assert api.ask("DELETE", PROFILES + query).status == 422
    assert api.operations.sent == []


def test_report(api: Any) -> None:
    """By ids, or by what they should fit, or all."""
    body = {"evse_id": 1, "purpose": "TxProfile", "stack_level": 0, "sources": ["EMS"]}
    assert api.ask("POST", f"{PROFILES}/report", json=body).status == 200
    assert api.ask("POST", f"{PROFILES}/report", json={"profile_ids": [1]}).status == 200
    assert api.ask("POST", f"{PROFILES}/report").status == 200
    assert [command for _, command, _, _ in api.operations.sent] == [
        v.ReportProfiles(evse_id=1, purpose=Purpose.TX, stack_level=0, sources=("EMS",)),
        v.ReportProfiles(profile_ids=(1,)),
        v.ReportProfiles(),
    ]
    both = {"profile_ids": [1], "stack_level": 0}
    assert api.ask("POST", f"{PROFILES}/report", json=both).status == 422


def test_composite(api: Any) -> None:
    """As computed, and as reported when there is an answer."""
    hold(api, PROFILE, "7", {"profile": DEFAULT})
    api.operations.outcome = None
    reply = api.ask("POST", f"{PATH}/composite-schedule")
    assert (reply.status, reply.json["reported"]) == (202, None)
    assert reply.headers["Location"].startswith("/api/v1/operations/")
    api.operations.outcome = Outcome(status="accepted")
    schedule = CompositeSchedule(
        evse_id=1, duration=60, unit=Unit.A, periods=(Period(start_period=0, limit=8.0),)
    )
    holding = Holding(
        kind=v.COMPOSITE,
        key="1",
        evse_id=1,
        content=plain(schedule),
        origin="told",
        operation_id="00000000-0000-0000-0000-000000000002",
        created_at=NOW,
        updated_at=NOW,
    )
    api.holdings.seed("cp-1", holding)
    body = {"evse_id": 1, "duration_s": 60, "unit": "A"}
    reply = api.ask("POST", f"{PATH}/composite-schedule", json=body)
    assert reply.status == 200
    assert reply.json["reported"] == {
        "evse_id": 1,
        "start_at": None,
        "duration_s": 60,
        "unit": "A",
        "periods": [{"start_period": 0, "limit": 8.0}],
    }
    assert reply.json["computed"]["periods"] == [{"start_period": 0, "limit": 16.0}]


def test_dynamic(api: Any) -> None:
    """Figures are sent, or kept until the station asks; there must be one."""
    path = f"{PROFILES}/7/dynamic"
    body = {"update": {"limit": 8}}
    assert api.ask("POST", path, json=body).status == 404
    hold(api, PROFILE, "7", {"profile": {**DEFAULT, "kind": "Dynamic"}})
    assert api.ask("POST", path, json=body).status == 200
    command = v.UpdateSchedule(profile_id=7, update=ScheduleUpdate(limit=8.0))
    assert sent(api) == (command, False)
    assert api.ask("POST", path, json={**body, "push": False}).status == 204
    assert api.ask("POST", path, json={"update": {}}).status == 422


def test_limits_and_needs(api: Any) -> None:
    """What others limit and what vehicles need, also where little was told."""
    limit = {"source": "EMS", "is_grid_critical": True, "schedules": [{"unit": "A"}]}
    hold(api, v.LIMIT, "EMS:1", limit)
    hold(api, v.LIMIT, "SO:0", {"source": "SO"}, evse_id=0)
    first, second = api.ask("GET", f"{PATH}/charging-limits").json["items"]
    assert (first["source"], first["is_grid_critical"], first["schedules"]) == (
        "EMS",
        True,
        [{"unit": "A"}],
    )
    assert (second["evse_id"], second["is_grid_critical"], second["schedules"]) == (0, None, [])
    needs = {"answer": "Accepted", "max_tuples": 3, "session_id": "s", "needs": {"a": 1}}
    hold(api, v.NEEDS, "1", needs)
    hold(api, v.NEEDS, "2", {"answer": "Rejected"}, evse_id=2)
    first, second = api.ask("GET", f"{PATH}/ev-charging-needs").json["items"]
    assert first == {"evse_id": 1, "updated_at": TOLD, **needs}
    assert (second["needs"], second["session_id"], second["max_tuples"]) == ({}, None, None)
