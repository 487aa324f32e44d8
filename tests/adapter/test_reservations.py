"""Reservations in the words of each version."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import replace

from csms.adapter.dialect import DIALECTS, Request, Understood, Unsupported
from csms.adapter.v16 import reservations as v16
from csms.adapter.v201 import reservations as v201
from csms.core.commands import Raw
from csms.core.errors import Invalid
from csms.core.replies import Acknowledged
from csms.core.reservations.vocabulary import (
    CancelReservation,
    EndKind,
    ReservationEnded,
    ReserveNow,
)
from csms.core.values import Strictness

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT = datetime(2026, 3, 1, 14, 30, tzinfo=timezone(timedelta(hours=1)))
WIRE_AT = "2026-03-01T13:30:00.000Z"
V16, V201, V21 = (DIALECTS[name] for name in ("ocpp1.6", "ocpp2.0.1", "ocpp2.1"))
NEWER = pytest.mark.parametrize("dialect", [V201, V21], ids=["2.0.1", "2.1"])
EVERY = pytest.mark.parametrize("dialect", [V16, V201, V21], ids=["1.6", "2.0.1", "2.1"])
PLAIN = ReserveNow(id_token="TAG", expires_at=AT, ref=5)
WHOLE = replace(PLAIN, kind="eMAID", group_id="GROUP", group_kind="Local", evse_id=2)


def test_reserve_16() -> None:
    """ReserveNow of 1.6 (§6.39)."""
    assert V16.request(WHOLE) == Request(
        "ReserveNow",
        {
            "connectorId": 2,
            "expiryDate": WIRE_AT,
            "idTag": "TAG",
            "parentIdTag": "GROUP",
            "reservationId": 5,
        },
    )


def test_any_connector_16() -> None:
    """Any connector is connector 0 (1.6 §5.13)."""
    request = V16.request(PLAIN)
    assert isinstance(request, Request)
    assert request.payload["connectorId"] == 0
    assert "parentIdTag" not in request.payload


def test_connector_type_16() -> None:
    """1.6 has no types of connectors."""
    assert isinstance(V16.request(replace(PLAIN, connector_type="cCCS2")), Unsupported)


@NEWER
def test_reserve_newer(dialect: Any) -> None:
    """ReserveNowRequest of 2.x (H01)."""
    assert dialect.request(WHOLE) == Request(
        "ReserveNow",
        {
            "id": 5,
            "expiryDateTime": WIRE_AT,
            "idToken": {"idToken": "TAG", "type": "eMAID"},
            "evseId": 2,
            "groupIdToken": {"idToken": "GROUP", "type": "Local"},
        },
    )


@NEWER
def test_reserve_any_newer(dialect: Any) -> None:
    """Any EVSE, with a type of connector; kinds that nobody told are the server's."""
    wanted = replace(PLAIN, connector_type="cCCS2", group_id="GROUP")
    assert dialect.request(wanted).payload == {
        "id": 5,
        "expiryDateTime": WIRE_AT,
        "idToken": {"idToken": "TAG", "type": "Central"},
        "connectorType": "cCCS2",
        "groupIdToken": {"idToken": "GROUP", "type": "Central"},
    }


@pytest.mark.parametrize(
    ("dialect", "wanted", "field"),
    [
        (V16, replace(PLAIN, id_token="x" * 256), "id_token"),
        (V201, replace(PLAIN, kind="x" * 21), "kind"),
        (V21, replace(PLAIN, id_token="x" * 256), "id_token"),
        (V21, replace(PLAIN, connector_type="x" * 21), "connector_type"),
    ],
)
def test_what_no_version_can_say(dialect: Any, wanted: ReserveNow, field: str) -> None:
    """What breaks the newest version's schema, too, is refused by the name of the field."""
    with pytest.raises(Invalid) as refused:
        dialect.request(wanted)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("dialect", "wanted", "reason"),
    [
        (V16, replace(PLAIN, id_token="x" * 21), "id_token is longer than 20 characters."),
        (V16, replace(PLAIN, group_id="x" * 21), "group_id is longer than 20 characters."),
        (V201, replace(PLAIN, kind="DirectPayment"), "kind is not one of Central, "),
        (V201, replace(PLAIN, id_token="x" * 37), "id_token is longer than 36 characters."),
        (
            V201,
            replace(PLAIN, connector_type="Type2"),
            "connector_type is not one of cCCS1, ",
        ),
    ],
)
def test_what_a_version_cannot_say(dialect: Any, wanted: ReserveNow, reason: str) -> None:
    """What a newer one can is no mistake."""
    request = dialect.request(wanted)
    assert isinstance(request, Unsupported)
    assert request.reason.startswith(f"OCPP {dialect.version} cannot say it: {reason}")


@EVERY
def test_cancel(dialect: Any) -> None:
    """CancelReservation."""
    command = CancelReservation(ref=5)
    assert dialect.request(command) == Request("CancelReservation", {"reservationId": 5})


@EVERY
@pytest.mark.parametrize("command", [PLAIN, CancelReservation(ref=5)])
@pytest.mark.parametrize(
    ("payload", "status", "found"),
    [
        ({"status": "Accepted"}, "accepted", "Accepted"),
        ({"status": " accepted "}, "accepted", "Accepted"),
        ({"status": "Rejected"}, "rejected", "Rejected"),
        ({}, "rejected", None),
        ({"status": 5}, "rejected", "5"),
    ],
)
def test_answers(dialect: Any, command: Any, payload: Any, status: str, found: str | None) -> None:
    """The word of the answer is what the core finds; what has none is no consent."""
    outcome = dialect.outcome(command, payload)
    assert (outcome.status, outcome.found) == (status, found)


@EVERY
@pytest.mark.parametrize("word", ["Faulted", "Occupied", "Unavailable"])
def test_reasons(dialect: Any, word: str) -> None:
    """Why a reservation is refused (TC_048)."""
    outcome = dialect.outcome(PLAIN, {"status": word})
    assert (outcome.status, outcome.found) == ("rejected", word)


@pytest.mark.parametrize(
    ("dialect", "payload", "known"),
    [
        (
            V16,
            {"connectorId": 0, "expiryDate": WIRE_AT, "idTag": "TAG", "reservationId": 5},
            PLAIN,
        ),
        (
            V16,
            {
                "connectorId": 2,
                "expiryDate": "2026-03-01T14:30:00+01:00",
                "idTag": "TAG",
                "parentIdTag": "GROUP",
                "reservationId": 5,
            },
            replace(WHOLE, kind=None, group_kind=None),
        ),
        (
            V201,
            {
                "id": 5,
                "expiryDateTime": "2026-03-01T13:30:00Z",
                "idToken": {"idToken": "TAG", "type": "eMAID"},
                "evseId": 2,
                "groupIdToken": {"idToken": "GROUP", "type": "Local"},
            },
            WHOLE,
        ),
        (
            V21,
            {
                "id": 5,
                "expiryDateTime": WIRE_AT,
                "idToken": {"idToken": "TAG", "type": "ISO14443"},
            },
            replace(PLAIN, kind="ISO14443"),
        ),
    ],
)
def test_written_by_hand(dialect: Any, payload: Any, known: ReserveNow) -> None:
    """A reservation in OCPP's own words is the core's, so that it has the same consequences."""
    found = dialect.interpret(Raw(action="ReserveNow", payload=payload))
    assert isinstance(found, ReserveNow)
    assert replace(found, expires_at=AT) == known
    assert found.expires_at == AT


@pytest.mark.parametrize(
    ("dialect", "action", "payload"),
    [
        (
            V16,
            "ReserveNow",
            {"connectorId": 0, "expiryDate": "soon", "idTag": "TAG", "reservationId": 5},
        ),
        (
            V16,
            "ReserveNow",
            {"connectorId": 0, "expiryDate": WIRE_AT, "idTag": "TAG", "reservationId": 2**40},
        ),
        (V16, "CancelReservation", {"reservationId": 2**40}),
        (
            V201,
            "ReserveNow",
            {
                "id": 5,
                "expiryDateTime": "soon",
                "idToken": {"idToken": "TAG", "type": "eMAID"},
            },
        ),
        (
            V201,
            "ReserveNow",
            {
                "id": 2**40,
                "expiryDateTime": WIRE_AT,
                "idToken": {"idToken": "TAG", "type": "eMAID"},
            },
        ),
        (
            V201,
            "ReserveNow",
            {
                "id": 5,
                "expiryDateTime": WIRE_AT,
                "idToken": {
                    "idToken": "TAG",
                    "type": "eMAID",
                    "additionalInfo": [{"additionalIdToken": "A", "type": "B"}],
                },
            },
        ),
        (V201, "CancelReservation", {"reservationId": 2**40}),
    ],
)
def test_written_beyond_words(dialect: Any, action: str, payload: Any) -> None:
    """What the core's command does not say goes out as it was written."""
    raw = Raw(action=action, payload=payload)
    assert dialect.interpret(raw) == raw


@EVERY
def test_cancelled_by_hand(dialect: Any) -> None:
    """A cancellation in OCPP's own words is the core's."""
    raw = Raw(action="CancelReservation", payload={"reservationId": 5})
    assert dialect.interpret(raw) == CancelReservation(ref=5)


@pytest.mark.parametrize(
    ("dialect", "status", "kind"),
    [
        (V201, "Expired", EndKind.EXPIRED),
        (V201, "Removed", EndKind.REMOVED),
        (V201, "removed ", EndKind.REMOVED),
        (V201, "NoTransaction", EndKind.NO_TRANSACTION),
        (V21, "NoTransaction", EndKind.NO_TRANSACTION),
        (V21, "Vanished", EndKind.REMOVED),
        (V201, None, EndKind.REMOVED),
    ],
)
def test_status_update(dialect: Any, status: Any, kind: EndKind) -> None:
    """ReservationStatusUpdate (H04), whatever word it has for the end."""
    payload = {"reservationId": "5", "reservationUpdateStatus": status}
    if status is None:
        del payload["reservationUpdateStatus"]
    read = dialect.read("ReservationStatusUpdate", payload, Strictness.TOLERANT, NOW)
    assert isinstance(read, Understood)
    assert read.report == ReservationEnded(number=5, kind=kind)
    assert dialect.write("ReservationStatusUpdate", Acknowledged()) == {}


@NEWER
def test_status_update_of_an_impossible_number(dialect: Any) -> None:
    """A number that nobody could have given is nobody's."""
    payload = {"reservationId": 2**70, "reservationUpdateStatus": "Expired"}
    read = dialect.read("ReservationStatusUpdate", payload, Strictness.TOLERANT, NOW)
    assert isinstance(read, Understood)
    assert read.report == ReservationEnded(number=0, kind=EndKind.EXPIRED)
    assert [rule for rule, _ in read.quirks] == ["out_of_range"]


@pytest.mark.parametrize(
    ("area", "payload"),
    [
        (v16, {"connectorId": 0, "expiryDate": "soon", "idTag": "T", "reservationId": 5}),
        (v201, {"id": 5, "expiryDateTime": "soon", "idToken": {"idToken": "T", "type": "Local"}}),
    ],
)
def test_no_time(area: Any, payload: Any) -> None:
    """Without a time that can be read it is no reservation of the core's."""
    assert area.INTERPRETERS["ReserveNow"](payload) is None
