"""What happened at stations, and reports in parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from csms.core.happenings import Happening
from csms.core.ports import Assembled

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALARM = Happening(
    id=1,
    identity="CP1",
    kind="security",
    at=T0,
    received_at=T0,
    severity=2,
    content={"type": "TamperDetectionActivated"},
)
REPORT = Assembled(
    kind="variables",
    ref=7,
    status="complete",
    parts=2,
    items=("a", "b"),
    started_at=T0,
    updated_at=T0,
    completed_at=T0,
)


def test_events_of_a_station_and_of_all(api: Any) -> None:
    """The station's own; all of the operator's."""
    api.stations.seed("CP1")
    api.stations.seed("CP2")
    api.happenings.seed(ALARM)
    api.happenings.seed(replace(ALARM, id=2, identity="CP2", at=T0 + timedelta(minutes=1)))
    own = api.ask("GET", "/api/v1/stations/CP1/events").json["items"]
    assert [event["content"] for event in own] == [{"type": "TamperDetectionActivated"}]
    assert own[0]["at"] == "2026-03-01T12:00:00.000Z"
    everywhere = api.ask("GET", "/api/v1/events?severity=3&kind=security").json["items"]
    assert [event["station"] for event in everywhere] == ["CP2", "CP1"]
    assert api.ask("GET", "/api/v1/events?severity=1").json["items"] == []
    assert api.ask("GET", "/api/v1/stations/CP9/events").status == 404


def test_events_page_by_page(api: Any) -> None:
    """By the one convention."""
    for number in range(3):
        api.happenings.seed(replace(ALARM, id=number, at=T0 + timedelta(minutes=number)))
    first = api.ask("GET", "/api/v1/events?limit=2").json
    rest = api.ask("GET", f"/api/v1/events?limit=2&cursor={first['next_cursor']}").json
    assert [event["id"] for event in first["items"] + rest["items"]] == [2, 1, 0]
    assert rest["next_cursor"] is None


def test_a_report_is_joined_from_its_parts(api: Any) -> None:
    """By the number of its request."""
    api.stations.seed("CP1")
    api.assemblies.seed("CP1", REPORT)
    [listed] = api.ask("GET", "/api/v1/stations/CP1/reports").json["items"]
    assert (listed["ref"], listed["status"]) == (7, "complete")
    assert "items" not in listed
    report = api.ask("GET", "/api/v1/stations/CP1/reports/7").json
    assert report["items"] == ["a", "b"]
    assert api.ask("GET", "/api/v1/stations/CP1/reports/7?kind=monitors").status == 404
    assert api.ask("GET", "/api/v1/stations/CP1/reports/8").status == 404
    assert api.ask("GET", "/api/v1/stations/CP1/reports/x").status in (404, 422)


def test_reports_page_by_page(api: Any) -> None:
    """By the one convention, of a kind or a status if wanted; the private ones are left out
    before the page is cut."""
    api.stations.seed("CP1")
    for number in range(3):
        api.assemblies.seed("CP1", replace(REPORT, ref=number))
        api.assemblies.seed("CP1", replace(REPORT, ref=number, kind="customer_information"))
    path = "/api/v1/stations/CP1/reports"
    first = api.ask("GET", f"{path}?limit=2&sort=ref")
    assert [each["ref"] for each in first.json["items"]] == [0, 1]
    rest = api.ask("GET", f"{path}?limit=2&sort=ref&cursor={first.json['next_cursor']}").json
    assert [each["ref"] for each in rest["items"]] == [2]
    assert rest["next_cursor"] is None
    assert api.ask("GET", f"{path}?status=collecting").json["items"] == []
    assert api.ask("GET", f"{path}?status=bogus").status == 422


def test_kinds_of_events_are_known(api: Any) -> None:
    """A kind that there is not is refused, with those that there are."""
    reply = api.ask("GET", "/api/v1/events?kind=bogus")
    assert (reply.status, reply.json["field"]) == (422, "kind")
    assert "battery_swap" in reply.json["detail"]
