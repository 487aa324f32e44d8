"""The dialect of a version, driven by its tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zope.interface.verify import verifyObject

from csms.adapter.dialect import DIALECTS, Fault, FaultKind, Understood
from csms.adapter.faults import MAX_TEXT
from csms.adapter.notes import Rule
from csms.adapter.speech import Speech
from csms.adapter.tables import Version
from csms.adapter.v16.version import V16
from csms.adapter.v21.version import V21
from csms.adapter.v201.version import V201
from csms.core.commands import ClearCache, Command, Raw, RemoteStart, Unlock
from csms.core.errors import Invalid
from csms.core.firmware.vocabulary import UpdateFirmware
from csms.core.ports import ISpeech
from csms.core.replies import Acknowledged, TimeTold
from csms.core.values import Strictness
from csms.testing.payloads import any_json, mutated, payloads

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ALL = ("1.6", "2.0.1", "2.1")
DIALECT = DIALECTS["ocpp1.6"]
SERVED = tuple(sorted(V16.inbound))

MESSAGES = [(version, action) for version in (V16, V201, V21) for action in sorted(version.inbound)]

a_message = st.sampled_from(MESSAGES)
a_strictness = st.sampled_from(Strictness)
drawn = settings(max_examples=200, suppress_health_check=list(HealthCheck), deadline=None)
each = settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None)
every_message = pytest.mark.parametrize(
    ("version", "action"), MESSAGES, ids=[f"{of.version}-{action}" for of, action in MESSAGES]
)


def storable_json(value: object) -> None:
    """A value can be encoded and kept by PostgreSQL."""
    assert "\\u0000" not in json.dumps(value, allow_nan=False, ensure_ascii=True)
    json.dumps(value, ensure_ascii=False).encode()


def schema(version: Version, action: str) -> Any:
    return version.schemas.documents[version.request_schema(action)]


def read(version: Version, action: str, payload: object, strictness: Strictness) -> Any:
    return DIALECTS[version.subprotocol].read(action, payload, strictness, NOW)


def check_read(version: Version, action: str, payload: object, strictness: Strictness) -> None:
    """Reading gives a storable report and quirks, or a fault in words of our own."""
    result = read(version, action, payload, strictness)
    if isinstance(result, Fault):
        assert version.codes[result.kind]
        assert result.kind is not FaultKind.INTERNAL
        assert 0 < len(result.text) <= MAX_TEXT
        return
    storable_json(encoded(result.report))
    storable_json(list(result.quirks))
    names = [name for name, _ in result.quirks]
    assert len(set(names)) == len(names)
    assert set(names) <= set(Rule)


def encoded(value: Any) -> Any:
    """A report as plain JSON, by another way than the product's."""
    if hasattr(value, "__struct_fields__"):
        return {name: encoded(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple):
        return [encoded(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


@every_message
def test_read_takes_valid_payloads(version: Version, action: str) -> None:
    """What the schema allows is read in every strictness, short of unstorable text, absurd
    times and numbers no connector has."""

    @each
    @given(payload=payloads(schema(version, action)), strictness=a_strictness)
    def holds(payload: object, strictness: Strictness) -> None:
        check_read(version, action, payload, strictness)

    holds()


@every_message
def test_broken_payloads(version: Version, action: str) -> None:
    """A broken payload is mended or refused, never raised out of; what is read is answered by
    the standard.  Strict reads nothing that the schema refuses, and what tolerant reads without
    a quirk it reads alike."""

    @each
    @given(payload=mutated(schema(version, action)))
    def holds(payload: object) -> None:
        for strictness in Strictness:
            check_read(version, action, payload, strictness)
        strict = read(version, action, payload, Strictness.STRICT)
        if version.schemas.flaw(version.request_schema(action), payload) is not None:
            assert isinstance(strict, Fault)
        tolerant = read(version, action, payload, Strictness.TOLERANT)
        if isinstance(tolerant, Understood) and not tolerant.quirks:
            assert strict == tolerant

    holds()


@drawn
@given(message=a_message, payload=any_json, strictness=a_strictness)
def test_read_survives_any_json(
    message: tuple[Version, str], payload: object, strictness: Strictness
) -> None:
    """Whatever is sent for a payload is mended or refused."""
    check_read(*message, payload, strictness)


@pytest.mark.parametrize("action", SERVED)
def test_served_actions_are_recognised(action: str) -> None:
    """An action that we serve has no fault."""
    assert DIALECT.recognise(action) is None


@pytest.mark.parametrize("action", ["ClearCache", "RemoteStartTransaction", "Reset"])
def test_known_actions_that_are_not_served(action: str) -> None:
    """Known, and only the other way: NotSupported."""
    fault = DIALECT.recognise(action)
    assert fault is not None
    assert fault.kind is FaultKind.NOT_SUPPORTED
    assert DIALECT.read(action, {}, Strictness.TOLERANT, NOW) == fault


@pytest.mark.parametrize("action", ["", "heartbeat", "TransactionEvent", "<script>", "\0"])
def test_unknown_actions(action: str) -> None:
    """NotImplemented, without a word of what was sent."""
    fault = Fault(FaultKind.NOT_IMPLEMENTED, "OCPP 1.6 has no such action.")
    assert DIALECT.recognise(action) == fault
    assert DIALECT.read(action, {}, Strictness.OFF, NOW) == fault


def test_boots() -> None:
    """BootNotification and nothing else."""
    assert [action for action in (*SERVED, "Reset") if DIALECT.is_boot(action)] == [
        "BootNotification"
    ]


def test_money() -> None:
    """The transaction-related messages (§3.7.1)."""
    assert [action for action in (*SERVED, "Reset") if DIALECT.carries_money(action)] == [
        "MeterValues",
        "StartTransaction",
        "StopTransaction",
    ]


def test_a_reply_to_another_message_is_a_mistake() -> None:
    """Of ours: no station can cause it."""
    assert DIALECT.write("Heartbeat", TimeTold(NOW))
    with pytest.raises(TypeError, match="Acknowledged does not answer Heartbeat"):
        DIALECT.write("Heartbeat", Acknowledged())


def test_dialects_by_subprotocol() -> None:
    """Each under the name that stations ask for."""
    for subprotocol, dialect in DIALECTS.items():
        assert dialect.subprotocol == subprotocol
        assert subprotocol == f"ocpp{dialect.version}"


def test_speech_of_all_versions() -> None:
    """What the layers that know no dialect may ask."""
    speech = Speech(ALL)
    verifyObject(ISpeech, speech)
    assert speech.versions() == ("2.1", "2.0.1", "1.6")
    assert [speech.has_components(each) for each in ("1.6", "2.0.1", "2.1", "")] == [
        False,
        True,
        True,
        True,
    ]


def test_speech_of_some_versions() -> None:
    """A version that the server does not speak has nothing that could be sent."""
    speech = Speech(("1.6",))
    assert speech.versions() == ("1.6",)
    assert speech.check("2.1", ClearCache()) == "The station's OCPP version is not spoken here."


def test_speech_checks_commands() -> None:
    """None, a reason, or `Invalid`."""
    speech = Speech(ALL)
    assert speech.check("1.6", ClearCache()) is None
    assert speech.check("1.6", Unlock(evse_id=1, connector_id=2)) == (
        "OCPP 1.6 knows one connector per EVSE."
    )
    assert speech.check("0.9", ClearCache()) == "The station's OCPP version is not spoken here."
    with pytest.raises(Invalid):
        speech.check("1.6", Unlock(evse_id=0))


def test_speech_interprets_raw_commands() -> None:
    """In the words of the version; those of a version nobody speaks stay as they are."""
    speech = Speech(ALL)
    raw = Raw(action="RemoteStartTransaction", payload={"idTag": "TAG"})
    assert speech.interpret("1.6", raw) == RemoteStart(id_token="TAG")
    assert speech.interpret("0.9", raw) is raw


AT = "2026-03-01T12:00:00Z"
PLACE = "https://files.example/fw"
PACKED = {"firmware": {"location": PLACE, "retrieveDateTime": AT}}


@pytest.mark.parametrize(
    ("version", "command", "location"),
    [
        ("1.6", Raw(action="UpdateFirmware", payload={"location": PLACE, "retrieveDate": AT}), 1),
        (
            "1.6",
            Raw(
                action="SignedUpdateFirmware",
                payload={
                    "requestId": 1,
                    "firmware": {
                        **PACKED["firmware"],
                        "signingCertificate": "A",
                        "signature": "B",
                    },
                },
            ),
            1,
        ),
        ("2.0.1", Raw(action="UpdateFirmware", payload={"requestId": 1, **PACKED}), 1),
        (
            "2.1",
            Raw(
                action="PublishFirmware",
                payload={
                    "requestId": 1,
                    "location": PLACE,
                    "checksum": "A",
                    "customData": {"vendorId": "x", "firmware": {"location": "elsewhere"}},
                },
            ),
            1,
        ),
        ("2.1", UpdateFirmware(location=PLACE, retrieve_at=NOW), 1),
        ("2.1", ClearCache(), 0),
    ],
)
def test_where_firmware_comes_from(version: str, command: Command, location: int) -> None:
    """In every wording."""
    assert Speech(ALL).firmware_location(version, command) == (PLACE if location else None)


@pytest.mark.parametrize(
    ("payload", "rules"),
    [
        ({"status": "Accepted"}, []),
        ({"status": "accepted", "x": 1}, [("spelling", "status"), ("extra_field", "payload")]),
        ({"x": 1, "status": []}, [("extra_field", "payload")]),
        ([], []),
        ({}, []),
    ],
)
def test_departures_of_answers(payload: Any, rules: list[tuple[str, str]]) -> None:
    """What is odd about an answer, without its values."""
    assert list(DIALECT.departures(ClearCache(), payload, NOW)) == rules
