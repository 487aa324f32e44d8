"""Firmware over REST."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.core.commands import Outcome
from csms.core.errors import Conflict
from csms.core.firmware.vocabulary import (
    PUBLISHED,
    PublishFirmware,
    UnpublishFirmware,
    UpdateFirmware,
)
from csms.core.holdings import Holding

UPDATES = "/api/v1/stations/CP1/firmware-updates"
PUBLICATIONS = "/api/v1/stations/CP1/firmware-publications"
SUM = "0123456789ABCDEF0123456789abcdef"
PEM = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----"
WHERE = {"location": "https://me:pw@files.example/fw"}


@pytest.fixture(autouse=True)
def station(api: Any) -> Any:
    return api.stations.seed("CP1", firmware_version="1.0")


def test_an_update(api: Any) -> None:
    """It is on record with what it was asked with, but for passwords."""
    body = {
        **WHERE,
        "retrieve_at": "2026-03-02T00:00:00+02:00",
        "install_at": "2026-03-03T00:00:00Z",
        "signing_certificate": PEM,
        "signature": "QUJD",
        "retries": 2,
        "retry_interval_s": 30,
        "expected_version": "2.0",
    }
    reply = api.ask("POST", UPDATES, json=body)
    assert (reply.status, reply.json["payload"]["ref"]) == (200, 1)
    assert api.operations.sent[-1][1] == UpdateFirmware(
        location=WHERE["location"],
        retrieve_at=datetime(2026, 3, 1, 22, tzinfo=UTC),
        install_at=datetime(2026, 3, 3, tzinfo=UTC),
        signing_certificate=PEM,
        signature="QUJD",
        retries=2,
        retry_interval_s=30,
        ref=1,
    )
    (update,) = api.ask("GET", f"{UPDATES}?status=Requested").json["items"]
    assert api.ask("GET", f"{UPDATES}/1").json == update
    assert update["location"] == "https://***@files.example/fw"
    assert (update["expected_version"], update["version_before"]) == ("2.0", "1.0")
    assert (update["signed"], update["done"], update["history"]) == (True, False, [])


def test_an_update_now(api: Any) -> None:
    """That is when it is downloaded unless another time is given."""
    api.operations.outcome = None
    assert api.ask("POST", UPDATES, json={**WHERE, "queue": True}).status == 202
    assert api.operations.sent[-1][1].retrieve_at == datetime.fromtimestamp(0, UTC)
    assert api.ask("GET", f"{UPDATES}/1").json["signed"] is False


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "location"),
        ({"location": "fw.bin"}, "location"),
        ({**WHERE, "signature": "QUJD"}, "signing_certificate"),
        ({**WHERE, "signing_certificate": PEM}, "signature"),
        ({**WHERE, "retries": -1}, "retries"),
        ({**WHERE, "retrieve_at": "tomorrow"}, "retrieve_at"),
    ],
)
def test_an_update_that_makes_no_sense(api: Any, body: Any, field: str) -> None:
    """It is refused by field, and leaves nothing behind."""
    reply = api.ask("POST", UPDATES, json=body)
    assert (reply.status, reply.json["field"]) == (422, field)
    assert api.ask("GET", UPDATES).json["items"] == []


def test_an_update_that_is_refused(api: Any) -> None:
    """What could not even be sent leaves nothing behind."""
    api.operations.refusal = Conflict("no", code="not_registered")
    assert api.ask("POST", UPDATES, json=WHERE).status == 409
    assert api.ask("GET", UPDATES).json["items"] == []


@pytest.mark.parametrize("status", ["unreachable", "unsupported"])
def test_an_update_that_nobody_heard_of(api: Any, status: str) -> None:
    """It is over with that."""
    api.operations.outcome = Outcome(status=status, detail="why")
    api.ask("POST", UPDATES, json=WHERE)
    update = api.ask("GET", f"{UPDATES}/1").json
    assert (update["status"], update["history"][0]["detail"]) == (status.capitalize(), "why")


def test_publications(api: Any) -> None:
    """Asked for, listed, taken back; checksums are one whatever their case."""
    body = {**WHERE, "checksum": SUM, "retries": 1}
    assert api.ask("POST", PUBLICATIONS, json=body).status == 200
    asked = PublishFirmware(location=WHERE["location"], checksum=SUM.lower(), retries=1)
    assert api.operations.sent[-1][1] == asked
    content = {"status": "Published", "detail": None, "ref": 4, "locations": ["https://lc/fw"]}
    at = datetime(2026, 3, 1, tzinfo=UTC)
    held = Holding(
        kind=PUBLISHED,
        key=SUM.lower(),
        content={**content, "location": "https://files.example/fw"},
        origin="set",
        created_at=at,
        updated_at=at,
    )
    api.holdings.seed("CP1", held)
    (publication,) = api.ask("GET", PUBLICATIONS).json["items"]
    assert content.items() <= publication.items()
    api.operations.outcome = None
    reply = api.ask("DELETE", f"{PUBLICATIONS}/{SUM}?queue=true")
    assert reply.status == 202
    assert api.operations.sent[-1][1:3] == (UnpublishFirmware(checksum=SUM.lower()), True)
    assert api.ask("DELETE", f"{PUBLICATIONS}/nonsense").status == 422
    assert api.ask("POST", PUBLICATIONS, json={**WHERE, "checksum": "x"}).status == 422
    elsewhere = {"location": "evil.example/fw", "checksum": SUM}
    assert api.ask("POST", PUBLICATIONS, json=elsewhere).status == 422


def test_whose_updates(api: Any) -> None:
    """No operator sees another's, and readers only read."""
    api.ask("POST", UPDATES, json=WHERE)
    for path in (UPDATES, f"{UPDATES}/1", PUBLICATIONS):
        assert api.ask("GET", path, role="stranger").status == 404
    assert api.ask("POST", UPDATES, json=WHERE, role="stranger").status == 404
    assert api.ask("POST", UPDATES, json=WHERE, role="auditor").status == 403
    assert api.ask("GET", f"{UPDATES}/1", role="auditor").status == 200
    assert api.ask("GET", f"{UPDATES}/2").status == 404
