"""Operations over REST."""

from __future__ import annotations

from typing import Any

from csms.core.commands import Outcome


def test_operation(api: Any) -> None:
    """An operation is told as when it was answered."""
    api.stations.seed("A")
    sent = api.ask("POST", "/api/v1/stations/A/reset", json={"kind": "hard"}).json
    assert api.ask("GET", f"/api/v1/operations/{sent['id']}").json == sent
    assert (sent["action"], sent["payload"]) == ("reset", {"kind": "hard"})
    assert sent["requested_by"] == "api:test"


def test_unknown_operation_is_404(api: Any) -> None:
    """Also for an id that could never be one."""
    assert api.ask("GET", "/api/v1/operations/nonsense").status == 404


def test_list_filters(api: Any) -> None:
    """Operations are filtered by station, status and action."""
    for identity in "AB":
        api.stations.seed(identity)
    api.operations.outcome = [Outcome(status="accepted"), Outcome(status="rejected")]
    for identity in "AB":
        api.ask("POST", f"/api/v1/stations/{identity}/clear-cache")

    def found(query: str) -> list[str]:
        items = api.ask("GET", f"/api/v1/operations?{query}").json["items"]
        return [item["station"] for item in items]

    assert found("station=A") == ["A"]
    assert found("status=rejected") == ["B"]
    assert found("action=clear_cache&sort=created_at") == ["A", "B"]
    assert api.ask("GET", "/api/v1/operations?status=done").json["field"] == "status"
