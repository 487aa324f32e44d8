"""The standard's schemas and what they find."""

from __future__ import annotations

from typing import Any

import pytest

from csms.adapter.faults import MAX_TEXT, Fault, FaultKind, PayloadError
from csms.adapter.schema import Flaw, Schemas, dotted, outlandish

SCHEMAS = Schemas("v16")
STATUS_2 = {
    "timestamp": "2030-01-01T00:00:00Z",
    "connectorStatus": "Available",
    "evseId": 1,
    "connectorId": 1,
}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
SAMPLES = {"timestamp": "", "sampledValue": [{"value": ""}]}


def test_all_files_of_the_version_are_there() -> None:
    """39 messages, request and response."""
    assert len(SCHEMAS.documents) == 78


@pytest.mark.parametrize(
    ("name", "payload", "kind", "text"),
    [
        (
            "StatusNotification",
            {"connectorId": 1, "errorCode": "NoError"},
            "occurrence",
            "status: is required",
        ),
        (
            "StatusNotification",
            {**STATUS, "connectorId": "1"},
            "type",
            "connectorId: is not of type integer",
        ),
        (
            "StatusNotification",
            {**STATUS, "info": "x" * 51},
            "property",
            "info: is longer than 50 characters",
        ),
        (
            "StatusNotification",
            {**STATUS, "status": "Bad"},
            "property",
            "status: is not one of the allowed values",
        ),
        (
            "StatusNotification",
            {**STATUS, "evil": 1},
            "format",
            "payload: has a field that the message does not have",
        ),
        ("Heartbeat", {"evil": 1}, "format", "payload: has a field that the message does not have"),
        ("Heartbeat", None, "type", "payload: is not of type object"),
        (
            "MeterValues",
            {"connectorId": 1, "meterValue": []},
            "occurrence",
            "meterValue: has fewer than 1 items",
        ),
        (
            "MeterValues",
            {"connectorId": 1, "meterValue": [SAMPLES, {**SAMPLES, "timestamp": 1}]},
            "type",
            "meterValue[1].timestamp: is not of type string",
        ),
    ],
)
def test_flaws_name_place_and_rule(name: str, payload: Any, kind: str, text: str) -> None:
    """Each keyword has its fault, and the text has nothing of what was sent."""
    assert not SCHEMAS.accepts(name, payload)
    flaw = SCHEMAS.flaw(name, payload)
    assert flaw is not None
    assert flaw.fault == Fault(FaultKind(kind), text)
    with pytest.raises(PayloadError, match=": "):
        SCHEMAS.check(name, payload)


@pytest.mark.parametrize("payload", [{"\ud800": 1}, {1: 1}])
def test_what_is_no_json_is_a_format_fault(payload: Any) -> None:
    """A validator that raises says no."""
    assert not SCHEMAS.accepts("Heartbeat", payload)
    flaw = SCHEMAS.flaw("Heartbeat", payload)
    assert flaw is not None
    assert flaw.kind is FaultKind.FORMAT


def test_nothing_wrong() -> None:
    """A valid payload has no flaw; formats of times are not looked at in what stations send."""
    assert SCHEMAS.accepts("StatusNotification", {**STATUS, "timestamp": "yesterday"})
    assert SCHEMAS.flaw("StatusNotification", {**STATUS, "timestamp": "yesterday"}) is None


def test_formats_are_held_against_what_we_send() -> None:
    """A time that we send is an RFC 3339 time."""
    payload = {"location": "ftp://a/b", "startTime": "yesterday"}
    flaw = SCHEMAS.outbound_flaw("GetDiagnostics", payload)
    assert flaw == Flaw(FaultKind.PROPERTY, ("startTime",), "is no date-time")


def test_fault_texts_are_bounded() -> None:
    """An error description has 255 characters."""
    assert len(Flaw(FaultKind.TYPE, ("x" * 300,), "is wrong").fault.text) == MAX_TEXT


def test_paths_as_people_write_them() -> None:
    """Indices in brackets."""
    assert dotted(("a", 0, "b", 1)) == "a[0].b[1]"
    assert dotted(()) == ""


def test_outlandish_values_of_ours() -> None:
    """Integers beyond 32 bits, unstorable text and endless nesting are found anywhere."""
    deep: Any = 1
    for _ in range(5000):
        deep = {"a": deep}
    assert outlandish({"a": [1, True, None, 1.5, "text", 2**31 - 1]}) is None
    assert outlandish({"a": [1, {"b": 2**31}]}) == Flaw(
        FaultKind.PROPERTY, ("a", 1, "b"), "is no integer of 32 bits"
    )
    assert outlandish({"a": "\0"}) == Flaw(
        FaultKind.PROPERTY, ("a",), "has characters that cannot be kept"
    )
    assert outlandish(deep) == Flaw(FaultKind.FORMAT, (), "is nested too deeply")


def test_integers_are_written_as_integers() -> None:
    """What the drafts of newer schemas take for one is no flaw, and is not read as it is."""
    schemas = Schemas("v201")
    payload = {**STATUS_2, "evseId": 1.0}
    assert not schemas.accepts("StatusNotificationRequest", payload)
    assert schemas.accepts("StatusNotificationRequest", STATUS_2)
    schemas.check("StatusNotificationRequest", payload)


def test_what_is_wrong_with_ours_is_told_in_full() -> None:
    """Which field is too many, and which words there are, for whoever wrote it."""
    flaw = SCHEMAS.outbound_flaw("Reset", {"type": "Hard", "nonsense" * 100: 1})
    assert flaw is not None
    assert (len(flaw.field), flaw.rule) == (100, "is no field of the message")
    flaw = SCHEMAS.outbound_flaw("Reset", {"type": "All"})
    assert flaw == Flaw(FaultKind.PROPERTY, ("type",), "is not one of Hard, Soft")
