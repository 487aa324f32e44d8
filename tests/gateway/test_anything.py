"""Whatever a station says in whatever version: a legal answer, never InternalError, and it stays.

Walks the tables of the dialects, so that a message that comes to them comes here by itself.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.adapter.dialect import DIALECTS, FaultKind
from csms.adapter.schema import Json
from csms.adapter.tables import Version
from csms.adapter.v16.version import V16
from csms.adapter.v21.version import V21
from csms.adapter.v201.version import V201
from csms.core.commands import Command, Outcome, Raw
from csms.core.errors import Refusal
from csms.core.operations import action_of, payload_of
from csms.core.replies import Reply
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, StationKey
from csms.testing.house import T0, MemoryHouse
from csms.testing.payloads import any_json, mutated, payloads

VERSIONS = {version.version: version for version in (V16, V201, V21)}
MESSAGES = [(of.version, action) for of in VERSIONS.values() for action in sorted(of.inbound)]
CALL, RESULT, ERROR, COMPLAINT, SEND = range(2, 7)

each = settings(max_examples=10, suppress_health_check=list(HealthCheck), deadline=None)
many = settings(max_examples=100, suppress_health_check=list(HealthCheck), deadline=None)
every_message = pytest.mark.parametrize(
    ("version", "action"), MESSAGES, ids=[f"{version}-{action}" for version, action in MESSAGES]
)


def schema(version: str, action: str) -> Json:
    of = VERSIONS[version]
    return of.schemas.documents[of.request_schema(action)]


def text_of(frame: list[Any]) -> bytes | None:
    """A frame as a station could send it; None when no JSON holds it."""
    try:
        return orjson.dumps(frame)
    except (TypeError, ValueError):
        return None


def legal(of: Version, action: str, frame: list[Any], message_id: str) -> None:
    """A result that is valid by the schema of the version, or an error in its words."""
    codes = set(DIALECTS[of.subprotocol].codes.values())
    internal = DIALECTS[of.subprotocol].codes[FaultKind.INTERNAL]
    assert frame[1] == message_id
    if frame[0] == RESULT:
        assert len(frame) == 3
        flaw = of.schemas.outbound_flaw(f"{action}Response", frame[2])
        assert flaw is None, (action, frame, flaw)
    else:
        assert frame[0] == ERROR
        assert len(frame) == 5
        assert frame[2] in codes - {internal}, frame
        assert len(frame[3]) <= 255
        assert frame[4] == {}


def check(house: MemoryHouse, charger: Any, version: str, action: str, payload: object) -> None:
    """Say it; whether it is a CALL or a SEND is for the table to say."""
    of = VERSIONS[version]
    one_way = of.inbound[action].one_way
    text = text_of([SEND if one_way else CALL, "x", action, payload])
    if text is None:
        return
    answers = house.say(charger, text)
    if one_way:
        assert answers == []
    else:
        (answer,) = [frame for frame in answers if frame[0] in (RESULT, ERROR)]
        legal(of, action, answer, "x")
    assert charger.transport.ended is None
    (alive,) = [
        frame for frame in house.say(charger, [CALL, "h", "Heartbeat", {}]) if frame[0] == RESULT
    ]
    assert alive[1] == "h"


@every_message
def test_valid_messages(version: str, action: str) -> None:
    """What the schema allows gets a result of the version's schema, or none if it wants none."""

    @each
    @given(said=st.lists(payloads(schema(version, action)), min_size=1, max_size=3))
    def holds(said: list[object]) -> None:
        house = MemoryHouse()
        charger = house.booted(version)
        for payload in said:
            check(house, charger, version, action, payload)

    holds()


@every_message
def test_broken_messages(version: str, action: str) -> None:
    """What breaks it is mended, or refused in the version's words."""

    @each
    @given(said=st.lists(mutated(schema(version, action)), min_size=1, max_size=3))
    def holds(said: list[object]) -> None:
        house = MemoryHouse()
        charger = house.booted(version)
        for payload in said:
            check(house, charger, version, action, payload)

    holds()


def numbered(command: Command) -> Command:
    """As it is after it was submitted: with a number, where it has one."""
    return replace(command, ref=7) if getattr(command, "ref", 0) is None else command


def operation_of(command: Command) -> Operation:
    """The operation that a command was sent by."""
    return Operation(
        id="0198c9a0-0000-7000-8000-000000000000",
        operator_id=1,
        station_id=1,
        identity="CP1",
        action=action_of(command),
        payload=payload_of(command),
        ref=getattr(command, "ref", None),
        status=OperationStatus.PENDING,
        created_at=T0,
        expires_at=T0,
    )


ANSWERS = [(of.version, action) for of in VERSIONS.values() for action in sorted(of.outbound)]


@pytest.mark.parametrize(
    ("version", "action"), ANSWERS, ids=[f"{version}-{action}" for version, action in ANSWERS]
)
def test_answers(version: str, action: str) -> None:
    """Whatever a station answers settles the command, can be followed up on, and is answered by a
    CALLRESULTERROR at most, where the version has one."""
    response = VERSIONS[version].schemas.documents[f"{action}Response"]

    @each
    @given(
        payload=payloads(schema(version, action)),
        answer=st.one_of(payloads(response), mutated(response), any_json),
    )
    def holds(payload: dict[str, object], answer: object) -> None:
        house = MemoryHouse()
        charger = house.booted(version)
        outcomes: list[Outcome] = []
        raw = Raw(action=action, payload=payload)
        command = numbered(DIALECTS[f"ocpp{version}"].interpret(raw))
        house.gateway.links.send(1, command, 30).addCallback(outcomes.append)
        asked = charger.received()
        if not asked:
            return  # beyond the schema the version has rules of its own
        text = text_of([RESULT, asked[0][1], answer])
        if text is None:
            return
        complaints = house.say(charger, text)
        assert [frame[0] for frame in complaints] in ([], [COMPLAINT])
        (outcome,) = outcomes
        assert outcome.detail != "The answer could not be understood."
        followed: list[Reply | Refusal] = []
        told = CommandAnswered(
            operation=operation_of(command), command=command, outcome=outcome, at=T0
        )
        house.intake.submit(StationKey(1, "CP1"), told, followed.append)
        house.settle()
        assert isinstance(followed[0], Reply)
        assert charger.transport.ended is None
        assert house.ask(charger, "Heartbeat", {}, "h")[0] == RESULT

    holds()


@many
@given(message=st.sampled_from(MESSAGES), payload=any_json)
def test_any_json_for_a_payload(message: tuple[str, str], payload: object) -> None:
    """Numbers where objects belong, huge ones, texts that nobody can store ..."""
    version, action = message
    house = MemoryHouse()
    charger = house.booted(version)
    if isinstance(payload, dict | None):
        check(house, charger, version, action, payload)
    else:
        text = text_of([CALL, "x", action, payload])
        for answer in [] if text is None else house.say(charger, text):
            legal(VERSIONS[version], action, answer, "x")


@many
@given(
    version=st.sampled_from(sorted(VERSIONS)),
    said=st.lists(st.sampled_from(MESSAGES), min_size=2, max_size=8),
    data=st.data(),
)
def test_any_order(version: str, said: list[tuple[str, str]], data: st.DataObject) -> None:
    """One after another, over a reconnection, whatever was said before."""
    house = MemoryHouse()
    charger = house.booted(version)
    for place, (_, action) in enumerate(said):
        if action in VERSIONS[version].inbound:
            check(house, charger, version, action, data.draw(payloads(schema(version, action))))
        if place == 2:
            charger.vanish()
            charger = house.charger(version)
