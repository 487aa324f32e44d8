"""Drivers' tokens over REST."""

from __future__ import annotations

from typing import Any

import pytest

from csms.core.tariffs.vocabulary import SetTariff

FULL = {
    "kind": "ISO14443",
    "group_id": "FLEET",
    "blocked": True,
    "expires_at": "2027-01-01T06:00:00.5+06:00",
    "max_sessions": 2,
    "stations": ["A", "B/2"],
    "languages": ["nl", "fr-CH"],
    "personal_message": "Hoi",
    "charging_priority": -9,
    "allowed_energy_transfer": ["DC_BPT", "DC"],
    "tariff": {"tariff_id": "T", "currency": "EUR"},
    "transaction_limit": {"max_cost": 1.5, "max_time_s": 60},
    "note": "spare",
}


def test_put_creates(api: Any) -> None:
    """PUT of a new token creates it as declared."""
    reply = api.ask("PUT", "/api/v1/tokens/TAG1", json=FULL)
    assert (reply.status, reply.headers["Location"]) == (201, "/api/v1/tokens/TAG1")
    assert {**FULL, "expires_at": "2027-01-01T00:00:00.500Z"}.items() <= reply.json.items()


def test_put_replaces(api: Any) -> None:
    """PUT again puts what is left out back to its default."""
    api.ask("PUT", "/api/v1/tokens/TAG1", json=FULL)
    reply = api.ask("PUT", "/api/v1/tokens/TAG1", json={})
    assert reply.status == 200
    assert (reply.json["blocked"], reply.json["stations"]) == (False, None)


def test_tokens_differ_not_in_case(api: Any) -> None:
    """OCPP compares tokens whatever their case."""
    api.ask("PUT", "/api/v1/tokens/tag1", json={})
    assert api.ask("GET", "/api/v1/tokens/TAG1").status == 200


def test_patch(api: Any) -> None:
    """PATCH changes what is given; null takes it away."""
    api.ask("PUT", "/api/v1/tokens/TAG1", json=FULL)
    told = api.ask("PATCH", "/api/v1/tokens/TAG1", json={"blocked": False, "note": None}).json
    assert (told["blocked"], told["note"], told["group_id"]) == (False, None, "FLEET")


def test_a_tariff_that_changes(api: Any) -> None:
    """It has another id, or it is refused; one that no version can say is, too."""
    api.ask("PUT", "/api/v1/tokens/TAG1", json=FULL)
    changed = {"tariff": {"tariff_id": "T", "currency": "USD"}}
    for method in ("PUT", "PATCH"):
        reply = api.ask(method, "/api/v1/tokens/TAG1", json=changed)
        assert (reply.status, reply.json["code"]) == (409, "tariff_changed")
    api.speech.lacks.update(dict.fromkeys(api.speech.spoken, SetTariff))
    reply = api.ask("PUT", "/api/v1/tokens/TAG2", json=changed)
    assert (reply.status, reply.json["field"]) == (422, "tariff")
    assert "OCPP 2.0.1" in reply.json["detail"]


def test_delete(api: Any) -> None:
    """A removed token is gone."""
    api.tokens.seed("TAG1")
    assert api.ask("DELETE", "/api/v1/tokens/TAG1").status == 204
    assert api.ask("DELETE", "/api/v1/tokens/TAG1").status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"expires_at": "2027-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, "expires_at"),
        ({"expires_at": 5}, "expires_at"),
        ({"languages": ["de_AT"]}, "languages[0]"),
        ({"charging_priority": 10}, "charging_priority"),
        ({"transaction_limit": {"max_soc_percent": 101}}, "transaction_limit.max_soc_percent"),
        ({"transaction_limit": {"min_cost": 1}}, "transaction_limit.min_cost"),
        ({"tariff": {"currency": "EUR"}}, "tariff.tariff_id"),
        ({"stations": ["A/0"]}, "stations[0]"),
        ({"stations": ["A", "A/1/2"]}, "stations[1]"),
        ({"max_sessions": -1}, "max_sessions"),
        ({"max_sessions": 2**31}, "max_sessions"),
        ({"blocked": "yes"}, "blocked"),
        ({"group_id": ""}, "group_id"),
        ({"stations": ["A", 5]}, "stations[1]"),
        ({"id_token": "OTHER"}, "id_token"),
    ],
)
def test_wrong_token_is_refused_by_field(api: Any, body: Any, field: str) -> None:
    """PUT and PATCH name the part at fault."""
    api.tokens.seed("TAG1")
    for method in ("PUT", "PATCH"):
        reply = api.ask(method, "/api/v1/tokens/TAG1", json=body)
        assert (reply.status, reply.json["field"]) == (422, field), method


@pytest.mark.parametrize("path", ["x" * 256, "%0A", "%00"])
def test_impossible_token_is_refused(api: Any, path: str) -> None:
    """A token has 1 to 255 printable characters."""
    reply = api.ask("PUT", f"/api/v1/tokens/{path}", json={})
    assert (reply.status, reply.json["field"]) == (422, "id_token")


def test_list_filters(api: Any) -> None:
    """Tokens are filtered by beginning, group and blocking."""
    api.tokens.seed("AB1", group_id="G")
    api.tokens.seed("AB2", blocked=True)
    api.tokens.seed("C")

    def found(query: str) -> list[str]:
        items = api.ask("GET", f"/api/v1/tokens?{query}").json["items"]
        return [item["id_token"] for item in items]

    assert found("id_token=ab") == ["AB1", "AB2"]
    assert found("group_id=g") == ["AB1"]
    assert found("blocked=true") == ["AB2"]
