"""Every tolerated departure from the standard: it is served, counted, and ends no connection."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from csms.adapter.notes import Rule
from csms.core.commands import ClearCache, Outcome, Raw
from csms.core.credentials import Cost, hash_password
from csms.core.oddities import Oddity
from csms.core.values import Strictness
from csms.testing.gateway import MemoryCharger
from csms.testing.house import MemoryHouse, boot_of

NEWER = ("2.0.1", "2.1")
EVERY = ("1.6", *NEWER)
TIME = "2029-12-31T23:00:00Z"
KEY = "00112233445566778899aabbccddeeff"
TEXT_KEY = "correct horse battery"

# --- payloads of 1.6 ------------------------------------------------------------------------

STATUS = {"connectorId": 1, "status": "Available", "errorCode": "NoError", "timestamp": TIME}
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": TIME}
STOP = {"transactionId": 7, "meterStop": 2000, "timestamp": TIME}
BOOT = boot_of("1.6")


def metered(value: object = "1200", **of_sample: object) -> dict[str, Any]:
    """MeterValues with one sample."""
    sampled = [{"value": value, **of_sample}]
    values = [{"timestamp": TIME, "sampledValue": sampled}]
    return {"connectorId": 1, "transactionId": 7, "meterValue": values}


Row = tuple[str, str, Any]

OLD: list[Row] = [
    ("null_payload", "Heartbeat", None),
    ("null_field", "StatusNotification", {**STATUS, "info": None}),
    ("null_field", "MeterValues", metered(context="")),
    ("missing_field", "StatusNotification", {"connectorId": 1, "status": "Available"}),
    ("missing_field", "BootNotification", {"chargePointVendor": "Acme"}),
    ("extra_field", "StatusNotification", {**STATUS, "x": 1}),
    ("unreadable_field", "BootNotification", {**BOOT, "meterType": {"a": 1}}),
    ("unreadable_field", "MeterValues", {**metered(), "transactionId": ""}),
    ("unreadable_field", "MeterValues", metered(format=[])),
    ("not_a_list", "MeterValues", {**metered(), "meterValue": metered()["meterValue"][0]}),
    ("empty_list", "MeterValues", {**metered(), "meterValue": []}),
    ("number_for_text", "Authorize", {"idTag": 1234}),
    ("number_for_text", "MeterValues", metered(1200.5)),
    ("text_for_number", "StatusNotification", {**STATUS, "connectorId": "1"}),
    ("fractional_number", "StartTransaction", {**START, "meterStart": 1000.5}),
    ("fractional_number", "StatusNotification", {**STATUS, "connectorId": 1.0}),
    ("decimal_comma", "MeterValues", metered("12,5")),
    ("bad_number", "MeterValues", metered("NaN")),
    ("bad_number", "StartTransaction", {**START, "meterStart": "none"}),
    ("out_of_range", "StartTransaction", {**START, "meterStart": 10**16}),
    ("padded_text", "Authorize", {"idTag": " TAG "}),
    ("padded_text", "MeterValues", metered(" 1200 ")),
    ("quoted_text", "MeterValues", metered('"1200"')),
    ("quoted_text", "Authorize", {"idTag": '"TAG"'}),
    ("quoted_text", "StatusNotification", {**STATUS, "timestamp": f'"{TIME}"'}),
    ("too_long", "BootNotification", {**BOOT, "chargePointModel": "M" * 60}),
    ("too_long", "Authorize", {"idTag": "T" * 30}),
    ("spelling", "StatusNotification", {**STATUS, "status": "available"}),
    ("spelling", "MeterValues", metered(unit="kwh")),
    ("unknown_status", "StatusNotification", {**STATUS, "status": "Sleeping"}),
    ("unknown_error_code", "StatusNotification", {**STATUS, "errorCode": "Error"}),
    ("unknown_reason", "StopTransaction", {**STOP, "reason": "Bored"}),
    ("unknown_measurand", "MeterValues", metered(measurand="Mood")),
    ("unknown_unit", "MeterValues", metered(unit="furlong")),
    ("unknown_value", "MeterValues", metered(context="Whenever")),
    ("timestamp_without_zone", "StatusNotification", {**STATUS, "timestamp": TIME[:-1]}),
    ("timestamp_short_zone", "StartTransaction", {**START, "timestamp": TIME[:-1] + "+03"}),
    ("timestamp_with_space", "StopTransaction", {**STOP, "timestamp": TIME.replace("T", " ")}),
    ("timestamp_form", "StatusNotification", {**STATUS, "timestamp": "2029-12-31T23:00Z"}),
    ("unset_clock", "StartTransaction", {**START, "timestamp": "1970-01-01T00:00:09Z"}),
    ("bad_timestamp", "StopTransaction", {**STOP, "timestamp": "yesterday"}),
    ("data_not_text", "DataTransfer", {"vendorId": "org.example", "data": {"a": [1]}}),
    ("meter_of_station", "MeterValues", {**metered(), "connectorId": 0}),
    (
        "meter_without_transaction",
        "MeterValues",
        {"connectorId": 1, "meterValue": metered()["meterValue"]},
    ),
    ("no_transaction_number", "MeterValues", {**metered(), "transactionId": 0}),
    ("no_transaction_number", "MeterValues", {**metered(), "transactionId": -1}),
    ("no_transaction_number", "StopTransaction", {**STOP, "transactionId": -1}),
    ("clock_ahead", "StatusNotification", {**STATUS, "timestamp": "2031-01-01T00:00:00Z"}),
]

# --- payloads of 2.x ------------------------------------------------------------------------

NEW_STATUS = {"timestamp": TIME, "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
TOKEN = {"idToken": "TAG", "type": "ISO14443"}
STATION = {"vendorName": "Acme", "model": "Rig"}
HASHES = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "a",
    "issuerKeyHash": "b",
    "serialNumber": "c",
    "responderURL": "http://ocsp.example",
}


def told(**more: object) -> dict[str, Any]:
    """The beginning of a transaction."""
    return {
        "eventType": "Started",
        "timestamp": TIME,
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "T1"},
        **more,
    }


def measured(value: object = 1200, **of_sample: object) -> dict[str, Any]:
    """MeterValues with one sample."""
    sampled = [{"value": value, **of_sample}]
    return {"evseId": 1, "meterValue": [{"timestamp": TIME, "sampledValue": sampled}]}


def deep(levels: int) -> object:
    """JSON within JSON."""
    return [deep(levels - 1)] if levels else 1


NEW: list[Row] = [
    ("null_payload", "Heartbeat", None),
    ("null_field", "StatusNotification", {**NEW_STATUS, "customData": None}),
    (
        "missing_field",
        "StatusNotification",
        {"connectorStatus": "Available", "evseId": 1, "connectorId": 1},
    ),
    ("missing_field", "BootNotification", {"chargingStation": STATION}),
    ("extra_field", "StatusNotification", {**NEW_STATUS, "x": 1}),
    (
        "unreadable_field",
        "BootNotification",
        {"reason": "PowerUp", "chargingStation": {**STATION, "serialNumber": []}},
    ),
    ("not_a_list", "MeterValues", {"evseId": 1, "meterValue": measured()["meterValue"][0]}),
    ("empty_list", "MeterValues", {"evseId": 1, "meterValue": []}),
    (
        "long_list",
        "Authorize",
        {"idToken": TOKEN, "iso15118CertificateHashData": [HASHES] * 5},
    ),
    ("number_for_text", "Authorize", {"idToken": {**TOKEN, "idToken": 1234}}),
    ("text_for_number", "StatusNotification", {**NEW_STATUS, "evseId": "1"}),
    ("text_for_number", "MeterValues", measured("1200")),
    ("not_a_boolean", "TransactionEvent", told(offline="false")),
    ("fractional_number", "StatusNotification", {**NEW_STATUS, "evseId": 1.0}),
    ("decimal_comma", "MeterValues", measured("12,5")),
    ("bad_number", "MeterValues", measured("NaN")),
    ("out_of_range", "TransactionEvent", told(reservationId=2**40)),
    ("padded_text", "Authorize", {"idToken": {**TOKEN, "idToken": " TAG "}}),
    ("quoted_text", "MeterValues", measured('"1200"')),
    ("quoted_text", "Authorize", {"idToken": {**TOKEN, "idToken": '"TAG"'}}),
    ("unreadable_field", "MeterValues", measured(signedMeterValue="none")),
    ("unreadable_field", "TransactionEvent", told(idToken=["TAG"])),
    ("not_an_object", "TransactionEvent", told(evse=1)),
    ("not_an_object", "Authorize", {"idToken": "TAG"}),
    ("missing_field", "MeterValues", measured(signedMeterValue={"signedMeterData": "0"})),
    (
        "too_long",
        "BootNotification",
        {"reason": "PowerUp", "chargingStation": {**STATION, "model": "M" * 60}},
    ),
    ("unstorable_text", "DataTransfer", {"vendorId": "org.example", "data": deep(40)}),
    ("spelling", "StatusNotification", {**NEW_STATUS, "connectorStatus": "available"}),
    ("unknown_status", "StatusNotification", {**NEW_STATUS, "connectorStatus": "Sleeping"}),
    ("unknown_reason", "BootNotification", {"reason": "Bored", "chargingStation": STATION}),
    ("unknown_measurand", "MeterValues", measured(measurand="Mood")),
    ("unknown_unit", "MeterValues", measured(unitOfMeasure={"unit": "furlong"})),
    ("unknown_value", "MeterValues", measured(context="Whenever")),
    ("timestamp_without_zone", "StatusNotification", {**NEW_STATUS, "timestamp": TIME[:-1]}),
    ("timestamp_short_zone", "TransactionEvent", told(timestamp=TIME[:-1] + "+03")),
    ("timestamp_with_space", "TransactionEvent", told(timestamp=TIME.replace("T", " "))),
    ("timestamp_form", "StatusNotification", {**NEW_STATUS, "timestamp": "2029-12-31T23:00Z"}),
    ("unset_clock", "TransactionEvent", told(timestamp="1970-01-01T00:00:09Z")),
    ("bad_timestamp", "TransactionEvent", told(timestamp="yesterday")),
    ("clock_ahead", "StatusNotification", {**NEW_STATUS, "timestamp": "2031-01-01T00:00:00Z"}),
]

ROWS = [("1.6", *row) for row in OLD] + [(version, *row) for version in NEWER for row in NEW]


def hurt(charger: MemoryCharger) -> bool:
    """Whether the connection is ended, or about to be."""
    return charger.transport.ended is not None or charger.close_code() is not None


@pytest.mark.parametrize(
    ("version", "name", "action", "payload"),
    ROWS,
    ids=[f"{version}-{name}-{action}" for version, name, action, _ in ROWS],
)
def test_odd_payloads_are_served(version: str, name: str, action: str, payload: Any) -> None:
    """A result, the name of the rule among the station's, and the next message is served."""
    house = MemoryHouse()
    charger = house.booted(version)
    assert house.ask(charger, action, payload)[:2] == [3, "1"]
    assert name in house.quirks
    assert {key.identity for key, _, _ in house.doorbell.quirks} == {"CP1"}
    assert house.ask(charger, "Heartbeat", {}, "2")[0] == 3
    assert not hurt(charger)


@pytest.mark.parametrize(
    ("version", "name", "action", "payload"),
    ROWS,
    ids=[f"{version}-{name}-{action}" for version, name, action, _ in ROWS],
)
def test_odd_payloads_can_be_tolerated_in_silence(
    version: str, name: str, action: str, payload: Any
) -> None:
    """With strictness off they are served all the same."""
    house = MemoryHouse({"strictness": Strictness.OFF})
    charger = house.booted(version)
    assert house.ask(charger, action, payload)[:2] == [3, "1"]
    assert set(house.quirks) <= {"clock_ahead"}


# --- what is odd beside what is known -------------------------------------------------------


@pytest.mark.parametrize("version", EVERY)
def test_status_out_of_order(version: str) -> None:
    """The newest by the station's own time stays."""
    house = MemoryHouse()
    charger = house.booted(version)
    status, field = (STATUS, "status") if version == "1.6" else (NEW_STATUS, "connectorStatus")
    house.ask(charger, "StatusNotification", {**status, field: "Faulted"})
    older = {**status, "timestamp": "2029-12-31T22:00:00Z"}
    assert house.ask(charger, "StatusNotification", older, "2")[0] == 3
    assert house.quirks == ["status_out_of_order"]
    assert house.book.connectors[1, 1, 1].status == "Faulted"


# --- the connection -------------------------------------------------------------------------


def let_in(house: MemoryHouse, resource: str, version: str, **headers: str) -> MemoryCharger:
    charger = house.gateway.visitor()
    head = charger.knock(resource, [f"ocpp{version}"], headers)
    assert head.startswith("HTTP/1.1 101"), head
    house.settle()
    assert house.ask(charger, "BootNotification", boot_of(version))[0] == 3
    return charger


@pytest.mark.parametrize("version", EVERY)
def test_no_subprotocol(version: str) -> None:
    """Where the URL, a setting or the station's record says what it speaks, or else refused."""
    for how in ("url", "setting", "record", "nothing"):
        house = MemoryHouse({"assume_version": version if how == "setting" else ""})
        versions = (version,) if how == "record" else None
        house.gateway.stations.seed("CP1", ocpp_versions=versions)
        charger = house.gateway.visitor()
        url = f"/ocpp?chargePointId=CP1&version={version}" if how == "url" else "/ocpp/CP1"
        head = charger.knock(url, [])
        house.settle()
        if how == "nothing":
            assert head.startswith("HTTP/1.1 400")
            assert house.quirks == []
        else:
            assert head.startswith("HTTP/1.1 101")
            assert "sec-websocket-protocol" not in head.lower()
            assert house.ask(charger, "BootNotification", boot_of(version))[0] == 3
            assert house.doorbell.quirks[0][1:] == ("no_subprotocol", version)


def test_no_subprotocol_of_a_stranger() -> None:
    """Nobody knows what it speaks, so it is not registered either."""
    house = MemoryHouse()
    assert house.gateway.visitor().knock("/ocpp/NEW", []).startswith("HTTP/1.1 400")
    assert house.gateway.stations.seed("OTHER").id == 1


@pytest.mark.parametrize("version", EVERY)
def test_origin_header(version: str) -> None:
    """Served; whatever a page of some site might hold."""
    house = MemoryHouse()
    let_in(house, "/ocpp/CP1", version, Origin="http://evil.example")
    assert house.doorbell.quirks[0][1:] == ("origin_header", "http://evil.example")


@pytest.mark.parametrize("origin", ["", "http://csms.example"])
def test_cookies_open_nothing(origin: str) -> None:
    """A station with a password needs it, whatever cookies a browser would send along."""
    house = MemoryHouse()
    house.gateway.stations.seed("CP1", password_hash=hash_password(KEY, Cost(n=2, r=1, p=1)))
    headers = {"Cookie": f"session={KEY}; Authorization={KEY}"}
    head = house.gateway.visitor().knock(
        "/ocpp/CP1", ["ocpp1.6"], {**headers, **({"Origin": origin} if origin else {})}
    )
    assert head.startswith("HTTP/1.1 401")
    assert house.quirks == []


@pytest.mark.parametrize("version", EVERY)
def test_encoded_identity(version: str) -> None:
    """Decoded once."""
    house = MemoryHouse()
    let_in(house, "/ocpp/CP%2D1%201", version)
    key, name, example = house.doorbell.quirks[0]
    assert (key.identity, name, example) == ("CP-1 1", "encoded_identity", "/ocpp/CP%2D1%201")


@pytest.mark.parametrize("version", EVERY)
def test_doubled_slash(version: str) -> None:
    """As if it were one."""
    house = MemoryHouse()
    let_in(house, "//ocpp//CP1", version)
    assert house.doorbell.quirks[0][1] == "doubled_slash"


@pytest.mark.parametrize("version", EVERY)
def test_trailing_slash(version: str) -> None:
    """As if it were not there."""
    house = MemoryHouse()
    let_in(house, "/ocpp/CP1/", version)
    assert house.doorbell.quirks[0][1] == "trailing_slash"


def with_key(version: str, stored: str, sent: bytes) -> list[str]:
    """What is noted of a station that sends its key in some form."""
    house = MemoryHouse({"open_access": "never"})
    house.gateway.stations.seed("CP1", password_hash=hash_password(stored, Cost(n=2, r=1, p=1)))
    basic = "Basic " + b64encode(b"CP1:" + sent).decode()
    let_in(house, "/ocpp/CP1", version, Authorization=basic)
    assert KEY not in str(house.doorbell.quirks)
    return house.quirks


def test_key_as_hex() -> None:
    """1.6 sends bytes; many send the digits."""
    assert with_key("1.6", KEY, KEY.encode()) == ["key_as_hex"]
    assert with_key("1.6", KEY, bytes.fromhex(KEY)) == []


def test_key_as_text() -> None:
    """... or what somebody typed; which is right in 2.x."""
    assert with_key("1.6", TEXT_KEY, TEXT_KEY.encode()) == ["key_as_text"]
    for version in NEWER:
        assert with_key(version, TEXT_KEY, TEXT_KEY.encode()) == []
        assert with_key(version, KEY, KEY.encode()) == []


def test_key_as_bytes() -> None:
    """2.x sends text."""
    for version in NEWER:
        assert with_key(version, KEY, bytes.fromhex(KEY)) == ["key_as_bytes"]


# --- frames ---------------------------------------------------------------------------------

OPAQUE = {"vendorId": "org.example"}


@pytest.mark.parametrize("text", ["", " ", "\r\n"])
@pytest.mark.parametrize("version", EVERY)
def test_empty_frame(version: str, text: str) -> None:
    """Ignored."""
    house = MemoryHouse()
    charger = house.booted(version)
    assert house.say(charger, text) == []
    assert house.quirks == ["empty_frame"]
    assert not hurt(charger)


@pytest.mark.parametrize("text", ["nonsense", "{}", '[2,"1","Heartbeat"', "[2]", "[3]", "[4,7]"])
@pytest.mark.parametrize("version", EVERY)
def test_unreadable_frame(version: str, text: str) -> None:
    """Silence, or in 2.x an error for the id -1 (Part 4 §4.2.3)."""
    house = MemoryHouse()
    charger = house.booted(version)
    answers = house.say(charger, text)
    assert [answer[:3] for answer in answers] in ([], [[4, "-1", "RpcFrameworkError"]])
    assert house.quirks == ["unreadable_frame"]
    assert not hurt(charger)


@pytest.mark.parametrize("version", EVERY)
def test_unknown_message_type(version: str) -> None:
    """1.6 and 2.1 ignore it, 2.0.1 has an error for it."""
    house = MemoryHouse()
    charger = house.booted(version)
    answers = house.say(charger, [9, "1", "Heartbeat", {}])
    wanted = [[4, "1", "MessageTypeNotSupported"]] if version == "2.0.1" else []
    assert [answer[:3] for answer in answers] == wanted
    assert house.quirks == ["unknown_message_type"]


@pytest.mark.parametrize(
    "rest", [[], ["Heartbeat"], ["Heartbeat", []], [7, {}], ["DataTransfer", deep(90)]]
)
@pytest.mark.parametrize("version", EVERY)
def test_malformed_call(version: str, rest: list[Any]) -> None:
    """An error that repeats the id."""
    house = MemoryHouse()
    charger = house.booted(version)
    (answer,) = house.say(charger, [2, "1", *rest])
    wanted = "FormationViolation" if version == "1.6" else "RpcFrameworkError"
    assert answer[:3] == [4, "1", wanted]
    assert house.quirks == ["malformed_call"]


@pytest.mark.parametrize("message_id", [7, None, "x" * 37, ["1"]])
@pytest.mark.parametrize("version", EVERY)
def test_bad_message_id(version: str, message_id: object) -> None:
    """An error, for that id where it can be repeated."""
    house = MemoryHouse()
    charger = house.booted(version)
    (answer,) = house.say(charger, [2, message_id, "Heartbeat", {}])
    assert answer[:2] == [4, message_id if isinstance(message_id, str) else "-1"]
    assert house.quirks == ["bad_message_id"]


@pytest.mark.parametrize("version", EVERY)
def test_reused_message_id(version: str) -> None:
    """Other content is another message; the same content gets the same answer and is no quirk."""
    house = MemoryHouse()
    charger = house.booted(version)
    first = house.ask(charger, "DataTransfer", OPAQUE)
    assert house.ask(charger, "DataTransfer", OPAQUE) == first
    assert house.quirks == []
    assert house.ask(charger, "Authorize", authorize(version))[0] == 3
    assert house.quirks == ["reused_message_id"]


@pytest.mark.parametrize("strictness", Strictness)
@pytest.mark.parametrize("odd", ["\\ud800", "\\u0000"])
@pytest.mark.parametrize("version", EVERY)
def test_unstorable_text(version: str, odd: str, strictness: Strictness) -> None:
    """In a token too: replaced and served, or refused when strict."""
    house = MemoryHouse({"strictness": strictness})
    charger = house.booted(version)
    text = orjson.dumps([2, "1", "Authorize", authorize(version)]).decode()
    (answer,) = house.say(charger, text.replace("TAG", f"T{odd}G"))
    assert answer[0] == (4 if strictness is Strictness.STRICT else 3)
    refused = ["refused_message"] * (strictness is Strictness.STRICT)
    assert house.quirks == ["unstorable_text", *refused]


def authorize(version: str) -> dict[str, Any]:
    return {"idTag": "TAG"} if version == "1.6" else {"idToken": TOKEN}


def test_reused_message_id_in_progress() -> None:
    """An error for the second, the answer for the first."""
    house = MemoryHouse()
    charger = house.booted("1.6")
    charger.send(2, "1", "DataTransfer", OPAQUE)
    charger.send(2, "1", "DataTransfer", OPAQUE)
    house.settle()
    assert sorted(frame[0] for frame in charger.received()) == [3, 4]
    assert house.quirks == ["reused_message_id"]


def start_of(version: str, register: int) -> tuple[str, dict[str, Any]]:
    if version == "1.6":
        return "StartTransaction", {**START, "meterStart": register, "idTag": f"T{register}"}
    info = {"transactionId": f"T{register}"}
    return "TransactionEvent", told(transactionInfo=info, evse={"id": 1}, idToken=TOKEN)


@pytest.mark.parametrize("version", EVERY)
def test_restarted_message_ids(version: str) -> None:
    """A station that counts from 1 after each start: other transactions under the same ids are
    other transactions, the same one is the same."""
    house = MemoryHouse()
    for register in (1000, 2000, 2000):
        charger = house.charger(version)
        assert house.ask(charger, "BootNotification", boot_of(version), "1")[0] == 3
        assert house.ask(charger, *start_of(version, register), "2")[0] == 3
        charger.vanish()
    assert len(house.book.sessions) == 2
    assert house.quirks == ["restarted_message_ids"] * 2


def asked(house: MemoryHouse, charger: MemoryCharger) -> tuple[str, list[Outcome]]:
    """A CALL of ours under way: its id, and where its outcome will be."""
    outcomes: list[Outcome] = []
    house.gateway.links.send(1, ClearCache(), 30).addCallback(outcomes.append)
    (frame,) = charger.received()
    return frame[1], outcomes


@pytest.mark.parametrize("rest", [[], ["NotSupported"], ["GenericError", "why"]])
@pytest.mark.parametrize("version", EVERY)
def test_short_callerror(version: str, rest: list[str]) -> None:
    """Two elements are an answer."""
    house = MemoryHouse()
    charger = house.booted(version)
    message_id, outcomes = asked(house, charger)
    assert house.say(charger, [4, message_id, *rest]) == []
    assert [outcome.status for outcome in outcomes] == [
        "unsupported" if "NotSupported" in rest else "rejected"
    ]
    assert house.quirks == ["short_callerror"]


@pytest.mark.parametrize(
    ("frame", "detail"),
    [
        ([3], "The station's answer has no payload."),
        ([3, "Accepted"], "The station's answer has no payload."),
        ([3, {"status": "Rejected"}, 1], None),
        ([4, "GenericError", "why", {}, 1], "The station answered with the error GenericError."),
        ([4, 7, "why", {}], "The station answered with the error GenericError."),
    ],
)
@pytest.mark.parametrize("version", EVERY)
def test_malformed_answer(version: str, frame: list[Any], detail: str | None) -> None:
    """It ends the command, and nobody is said to have told an error who did not."""
    house = MemoryHouse()
    charger = house.booted(version)
    message_id, outcomes = asked(house, charger)
    house.say(charger, [frame[0], message_id, *frame[1:]])
    assert [(outcome.status, outcome.detail) for outcome in outcomes] == [("rejected", detail)]
    assert house.quirks == ["malformed_answer"]


@pytest.mark.parametrize("version", EVERY)
def test_null_payload_of_an_answer(version: str) -> None:
    """Read as an empty object."""
    house = MemoryHouse()
    charger = house.booted(version)
    message_id, outcomes = asked(house, charger)
    house.say(charger, [3, message_id, None])
    assert len(outcomes) == 1
    assert house.quirks == ["null_payload"]


@pytest.mark.parametrize("strictness", [Strictness.TOLERANT, Strictness.OFF])
@pytest.mark.parametrize("version", EVERY)
def test_odd_answers(version: str, strictness: Strictness) -> None:
    """The rules of payloads hold for those of answers too, whose values may be secret."""
    house = MemoryHouse({"strictness": strictness})
    charger = house.booted(version)
    outcomes: list[Outcome] = []
    asking = Raw(action="GetLocalListVersion", payload={})
    house.gateway.links.send(1, asking, 30).addCallback(outcomes.append)
    (frame,) = charger.received()
    field = "listVersion" if version == "1.6" else "versionNumber"
    house.say(charger, [3, frame[1], {field: "7", "x": 1}])
    assert len(outcomes) == 1
    noted = [(name, example) for _, name, example in house.doorbell.quirks]
    assert noted == (
        [
            ("text_for_number", f"GetLocalListVersion {field}"),
            ("extra_field", "GetLocalListVersion payload"),
        ]
        if strictness is Strictness.TOLERANT
        else []
    )


@pytest.mark.parametrize("version", EVERY)
def test_hopeless_answers(version: str) -> None:
    """What cannot be mended is noted as far as it was read."""
    house = MemoryHouse()
    charger = house.booted(version)
    message_id, outcomes = asked(house, charger)
    house.say(charger, [3, message_id, {"x": 1, "status": []}])
    assert [outcome.status for outcome in outcomes] == ["rejected"]
    assert house.quirks == ["extra_field"]


@pytest.mark.parametrize("version", EVERY)
def test_late_answer(version: str) -> None:
    """The command has expired by then; nobody is told."""
    house = MemoryHouse()
    charger = house.booted(version)
    message_id, outcomes = asked(house, charger)
    house.gateway.pass_s(31)
    assert [outcome.status for outcome in outcomes] == ["expired"]
    assert house.say(charger, [3, message_id, {"status": "Accepted"}]) == []
    assert house.quirks == ["late_answer"]


@pytest.mark.parametrize("version", EVERY)
def test_repeated_answer(version: str) -> None:
    """The first counts."""
    house = MemoryHouse()
    charger = house.booted(version)
    message_id, outcomes = asked(house, charger)
    for status in ("Accepted", "Rejected"):
        assert house.say(charger, [3, message_id, {"status": status}]) == []
    assert [outcome.status for outcome in outcomes] == ["accepted"]
    assert house.quirks == ["repeated_answer"]


@pytest.mark.parametrize("frame", [[3, "x", {}], [4, "x", "GenericError", "", {}], [4, "x"]])
@pytest.mark.parametrize("version", EVERY)
def test_unasked_answer(version: str, frame: list[Any]) -> None:
    """Never answered, and ends nothing."""
    house = MemoryHouse()
    charger = house.booted(version)
    assert house.say(charger, frame) == []
    assert house.quirks == ["unasked_answer"]
    assert not hurt(charger)


@pytest.mark.parametrize("version", EVERY)
def test_deaf(version: str) -> None:
    """Kept with the station, told as an event, and its connection closed once."""
    house = MemoryHouse({"deaf_after": 2})
    charger = house.booted(version)
    for _ in range(2):
        asked(house, charger)
        house.gateway.pass_s(31)
    house.settle()
    assert house.quirks == ["deaf"]
    assert charger.close_code() == 1008
    assert house.book.deaf[1] is not None
    assert house.book.events[-1].kind == "station.deaf"
    charger.vanish()
    again = house.charger(version)
    house.gateway.pass_s(11)
    message_id, _ = asked(house, again)
    house.say(again, [3, message_id, {"status": "Accepted"}])
    assert house.book.deaf[1] is None
    assert house.book.events[-1].kind == "station.hearing"


@pytest.mark.parametrize("version", EVERY)
def test_flood(version: str) -> None:
    """The one case in which the connection does not stand."""
    house = MemoryHouse({"inbound_limit": 1})
    charger = house.booted(version)
    for number in "12":
        charger.send(2, number, "DataTransfer", OPAQUE)
    house.settle()
    assert charger.close_code() == 1008
    assert house.quirks == ["flood"]


@pytest.mark.parametrize("version", EVERY)
def test_refused_message(version: str) -> None:
    """An error, and a mark with what was wrong."""
    house = MemoryHouse()
    charger = house.booted(version)
    for number, action in enumerate(("StatusNotification", "Nonsense")):
        assert house.ask(charger, action, {}, str(number))[0] == 4
    assert house.quirks == ["refused_message"] * 2
    (_, _, example), _ = house.doorbell.quirks
    assert example.startswith("StatusNotification: connector")
    assert example.endswith(": is required")


def test_answer_disputed() -> None:
    """CALLRESULTERROR of 2.1: counted, never answered."""
    house = MemoryHouse()
    charger = house.booted("2.1")
    house.ask(charger, "DataTransfer", OPAQUE)
    assert house.say(charger, [5, "1", "FormatViolation", "", {}]) == []
    assert house.quirks == ["answer_disputed"]


def test_unknown_send() -> None:
    """SEND of 2.1 gets no answer, whatever it is."""
    house = MemoryHouse()
    charger = house.booted("2.1")
    assert house.say(charger, [6, "1", "Heartbeat", {}]) == []
    assert house.quirks == ["unknown_send"]


def test_unusable_send() -> None:
    """Also when it cannot be read."""
    house = MemoryHouse()
    charger = house.booted("2.1")
    assert house.say(charger, [6, "1", "NotifyPeriodicEventStream", {}]) == []
    assert house.quirks == ["unusable_send"]


def test_unknown_stream() -> None:
    """Values of a stream that nobody opened are let go of."""
    house = MemoryHouse()
    charger = house.booted("2.1")
    stream = {"id": 9, "pending": 0, "basetime": TIME, "data": [{"t": 0, "v": "1"}]}
    assert house.say(charger, [6, "1", "NotifyPeriodicEventStream", stream]) == []
    assert house.quirks == ["unknown_stream"]


@pytest.mark.parametrize("version", NEWER)
@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("FirmwareStatusNotification", {"status": "Downloading", "requestId": 7}),
        ("LogStatusNotification", {"status": "Uploading", "requestId": 7}),
        (
            "PublishFirmwareStatusNotification",
            {"status": "Published", "requestId": 7, "location": ["http://a.example"]},
        ),
        (
            "ReservationStatusUpdate",
            {"reservationId": 7, "reservationUpdateStatus": "Expired"},
        ),
    ],
)
def test_unknown_request(version: str, action: str, payload: dict[str, Any]) -> None:
    """News of what nobody asked for; that nothing is under way is no news."""
    house = MemoryHouse()
    charger = house.booted(version)
    assert house.ask(charger, action, payload) == [3, "1", {}]
    assert house.quirks == ["unknown_request"]
    if action != "ReservationStatusUpdate":
        assert house.ask(charger, action, {"status": "Idle"}, "2") == [3, "2", {}]
        assert house.quirks == ["unknown_request"]


# --- all of them ----------------------------------------------------------------------------


def test_every_rule_has_a_test() -> None:
    """By its name: a row above, or a function.  What only the ledger sees is tested beside it."""
    tested: dict[str, Callable[..., object]] = {
        name.removeprefix("test_"): test for name, test in globals().items() if callable(test)
    }
    rows = {name for _, name, _, _ in ROWS}
    assert {*Rule, *Oddity} - {Oddity.QUARANTINE_FULL} <= rows | tested.keys()
