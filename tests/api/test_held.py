"""Lists of what stations hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from csms.core.holdings import Holding

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
LISTS = {
    "monitors": ("monitor", {"variable": "Power"}, "monitor_id"),
    "event-streams": ("event_stream", {"monitor_id": 1}, "stream_id"),
    "tariffs": ("tariff", {}, "tariff_id"),
    "display-messages": ("display_message", {}, "message_id"),
    "certificates": ("certificate", {"kind": "v2g_root"}, "key"),
    "firmware-publications": ("published_firmware", {}, "checksum"),
    "network-profiles": ("network_profile", {"profile": {}}, "slot"),
    "charging-profiles": ("charging_profile", {}, "profile_id"),
    "charging-limits": ("charging_limit", {}, "source"),
    "ev-charging-needs": ("ev_charging_needs", {}, "evse_id"),
    "der-controls": ("der_control", {}, "control_id"),
}


def test_every_list_is_asked_the_same_way(api: Any) -> None:
    """Whatever answers with a page takes a limit, a cursor and a sort."""
    lists = 0
    for path, methods in api.contract.document["paths"].items():
        if path.startswith("/api/v1/") and "get" in methods:
            shown = str(methods["get"]["responses"]["200"]["content"])
            if "schemas/Listed_" in shown:
                lists += 1
                names = {each["name"] for each in methods["get"]["parameters"]}
                assert {"limit", "cursor", "sort"} <= names, path
    assert lists > 30


@pytest.mark.parametrize("name", LISTS)
def test_page_by_page(api: Any, name: str) -> None:
    """In the order of its key, numbers as numbers; backwards; or by the time of the change."""
    kind, content, key = LISTS[name]
    api.stations.seed("CP1")
    for number in (10, 9, 100):
        api.holdings.seed(
            "CP1",
            Holding(
                kind=kind,
                key=str(number),
                evse_id=number,
                content=content,
                origin="set",
                created_at=T0,
                updated_at=T0.replace(minute=number % 60),
            ),
        )
    path = f"/api/v1/stations/CP1/{name}"
    whole = api.ask("GET", path).json["items"]
    assert len(whole) == 3
    for sort in ("", key, f"-{key}", "updated_at", "-updated_at"):
        query = f"?limit=2&sort={sort}" if sort else "?limit=2"
        first = api.ask("GET", path + query)
        assert first.status == 200, first.json
        assert 'rel="next"' in first.headers["Link"]
        rest = api.ask("GET", f"{path}{query}&cursor={first.json['next_cursor']}").json
        found = first.json["items"] + rest["items"]
        assert (len(found), rest["next_cursor"]) == (3, None)
        assert sorted(map(msgspec.json.encode, found)) == sorted(map(msgspec.json.encode, whole))
        if sort == "-updated_at":
            assert found == sorted(whole, key=lambda each: each["updated_at"], reverse=True)
    assert api.ask("GET", f"{path}?sort=nonsense").status == 422
    assert api.ask("GET", f"{path}?cursor=nonsense").json["field"] == "cursor"
    assert api.ask("GET", f"/api/v1/stations/CP9/{name}").status == 404
