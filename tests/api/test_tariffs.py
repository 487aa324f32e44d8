"""Tariffs, costs and the state of transactions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from csms.core.holdings import Holding
from csms.core.inquiries.vocabulary import AskStatus
from csms.core.tariffs.vocabulary import (
    ChangeTariff,
    ClearTariffs,
    ReadTariffs,
    SetTariff,
    ShowCost,
)
from csms.core.values import SessionStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATION = "/api/v1/stations/CP1"
TARIFFS = f"{STATION}/tariffs"


def test_what_a_station_calculates_with(api: Any) -> None:
    """As it was set, or as the station told of it."""
    api.stations.seed("CP1")
    for key, origin, content in (
        (
            "A",
            "set",
            {
                "tariff_kind": "DefaultTariff",
                "evse_ids": [1, 2],
                "tariff": {"tariff_id": "A", "energy": {"prices": [{"price_kwh": 0.25}]}},
            },
        ),
        ("B", "told", {"tariff_kind": "DriverTariff", "id_tokens": ["TAG"]}),
    ):
        api.holdings.seed(
            "CP1",
            Holding(
                kind="tariff",
                key=key,
                content=content,
                origin=origin,
                created_at=NOW,
                updated_at=NOW,
            ),
        )
    first, second = api.ask("GET", TARIFFS).json["items"]
    assert (first["tariff_id"], first["evse_ids"], first["origin"]) == ("A", [1, 2], "set")
    assert first["tariff"]["energy"] == {"prices": [{"price_kwh": 0.25}]}
    assert (second["tariff_kind"], second["evse_ids"], second["tariff"]) == (
        "DriverTariff",
        [],
        None,
    )
    assert "TAG" not in str(second)
    assert api.ask("GET", TARIFFS, role="stranger").status == 404


def test_a_default_tariff(api: Any) -> None:
    """Of an EVSE or of all; the id is that of the path."""
    api.stations.seed("CP1")
    assert api.ask("PUT", f"{TARIFFS}/A", json={"tariff": {"currency": "EUR"}}).status == 200
    body = {"tariff": {"tariff_id": "A"}, "evse_id": 2, "queue": True}
    assert api.ask("PUT", f"{TARIFFS}/A", json=body).status == 200
    assert [(command, queue) for _, command, queue, _ in api.operations.sent] == [
        (SetTariff(tariff={"currency": "EUR", "tariff_id": "A"}), False),
        (SetTariff(evse_id=2, tariff={"tariff_id": "A"}), True),
    ]
    other = api.ask("PUT", f"{TARIFFS}/B", json=body)
    assert (other.status, other.json["field"]) == (422, "tariff.tariff_id")


@pytest.mark.parametrize("where", ["another", "the session"])
def test_a_tariff_that_changed_has_another_id(api: Any, where: str) -> None:
    """With its content; the one that the station has, and the one that the session has."""
    station = api.stations.seed("CP1")
    mine = {"tariff_id": "A", "currency": "EUR"}
    details = {"tariff": mine} if where == "the session" else {}
    if where == "another":
        api.holdings.seed("CP1", held("A", {"tariff": mine, "evse_ids": [1]}))
        api.holdings.seed("CP1", held("B", {"tariff_kind": "DriverTariff"}))
    session = api.seed_session(station, details=details)
    path = f"/api/v1/sessions/{session.id}/tariff"
    assert api.ask("POST", path, json={"tariff": mine}).status == 200
    changed = {"tariff": {**mine, "currency": "USD"}}
    reply = api.ask("POST", path, json=changed)
    assert (reply.status, reply.json["code"]) == (409, "tariff_changed")
    if where == "another":
        assert api.ask("PUT", f"{TARIFFS}/A", json={"tariff": mine, "evse_id": 2}).status == 200
        assert api.ask("PUT", f"{TARIFFS}/A", json=changed).status == 409


def held(key: str, content: dict[str, object]) -> Holding:
    """A tariff of a station."""
    return Holding(
        kind="tariff", key=key, content=content, origin="set", created_at=NOW, updated_at=NOW
    )


def test_asking_and_clearing(api: Any) -> None:
    """One, those of an EVSE, or all."""
    api.stations.seed("CP1")
    assert api.ask("POST", f"{TARIFFS}/read").status == 200
    assert api.ask("POST", f"{TARIFFS}/read", json={"evse_id": 2}).status == 200
    assert api.ask("DELETE", TARIFFS).status == 200
    assert api.ask("DELETE", f"{TARIFFS}?evse_id=2&queue=true").status == 200
    assert api.ask("DELETE", f"{TARIFFS}/A%2F1").status == 200
    assert [sent[1] for sent in api.operations.sent] == [
        ReadTariffs(),
        ReadTariffs(evse_id=2),
        ClearTariffs(),
        ClearTariffs(evse_id=2),
        ClearTariffs(tariff_ids=("A/1",)),
    ]


def test_of_a_running_session(api: Any) -> None:
    """Its tariff, its cost and how it stands; sent to its station, noted with it."""
    session = api.seed_session(api.stations.seed("CP1"), transaction_ref="T1")
    path = f"/api/v1/sessions/{session.id}"
    assert api.ask("POST", f"{path}/tariff", json={"tariff": {"tariff_id": "B"}}).status == 200
    assert api.ask("POST", f"{path}/cost", json={"total": "12.340001"}).status == 200
    assert api.ask("POST", f"{path}/status").status == 200
    assert api.operations.sent == [
        ("CP1", ChangeTariff(transaction_ref="T1", tariff={"tariff_id": "B"}), False, session.id),
        ("CP1", ShowCost(transaction_ref="T1", total="12.340001"), False, session.id),
        ("CP1", AskStatus(transaction_ref="T1"), False, session.id),
    ]
    for name in ("tariff", "cost", "status"):
        body = {"tariff": {"tariff": {}}, "cost": {"total": "1"}, "status": {}}[name]
        assert api.ask("POST", f"{path}/{name}", json=body, role="stranger").status == 404


def test_of_a_session_that_is_over(api: Any) -> None:
    """It costs what it costs, yet the station may have more to say of it."""
    session = api.seed_session(api.stations.seed("CP1"), status=SessionStatus.ENDED)
    path = f"/api/v1/sessions/{session.id}"
    for name, body in (("tariff", {"tariff": {}}), ("cost", {"total": "1"})):
        refused = api.ask("POST", f"{path}/{name}", json=body)
        assert (refused.status, refused.json["code"]) == (409, "session_ended")
    assert api.ask("POST", f"{path}/status").status == 200


def test_of_a_session_without_a_name(api: Any) -> None:
    """Nobody could say to the station which one is meant."""
    session = api.seed_session(api.stations.seed("CP1"))
    api.sessions.seed(replace(session, transaction_ref=None))
    path = f"/api/v1/sessions/{session.id}"
    for name, body in (("tariff", {"tariff": {}}), ("cost", {"total": "1"}), ("status", {})):
        refused = api.ask("POST", f"{path}/{name}", json=body)
        assert (refused.status, refused.json["code"]) == (409, "no_transaction")


@pytest.mark.parametrize("total", ["", "-1", "1e3", "1,5", "1.1234567", "1234567890", 1.5, "NaN"])
def test_costs_are_decimals(api: Any, total: object) -> None:
    """Of as many digits as arrive as they are."""
    session = api.seed_session(api.stations.seed("CP1"))
    refused = api.ask("POST", f"/api/v1/sessions/{session.id}/cost", json={"total": total})
    assert (refused.status, refused.json["field"]) == (422, "total")


def test_whether_messages_wait(api: Any) -> None:
    """Asked without a transaction."""
    api.stations.seed("CP1")
    assert api.ask("POST", f"{STATION}/transaction-status", json={"queue": True}).status == 200
    assert api.operations.sent == [("CP1", AskStatus(), True, None)]
