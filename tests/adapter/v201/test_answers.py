"""What the answers of 2.x stations mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.adapter.dialect import DIALECTS
from csms.adapter.tables import Version
from csms.adapter.v21.version import V21
from csms.adapter.v201.version import V201
from csms.core.certificates.vocabulary import ReadCertificates
from csms.core.commands import (
    ClearCache,
    Command,
    Outcome,
    Raw,
    RemoteStart,
    Reset,
    Trigger,
    Unlock,
)
from csms.core.variables.vocabulary import ReadVariables, Setting, Wanted, WriteVariables
from csms.testing.payloads import any_json, mutated

modern = pytest.mark.parametrize("version", [V201, V21], ids=["2.0.1", "2.1"])
SET = WriteVariables(items=(Setting(component="C", variable="V", value="1"),))
GET = ReadVariables(items=tuple(Wanted(component="C", variable=each) for each in "VW"))
PLACE = {"component": {"name": "C"}, "variable": {"name": "V"}}


def got(*statuses: str) -> dict[str, Any]:
    return {"getVariableResult": [{**PLACE, "attributeStatus": each} for each in statuses]}


def was_set(*statuses: str) -> dict[str, Any]:
    return {"setVariableResult": [{**PLACE, "attributeStatus": each} for each in statuses]}


@modern
@pytest.mark.parametrize(
    ("command", "answer", "status", "detail"),
    [
        (RemoteStart(id_token="T"), {"status": "Accepted"}, "accepted", None),
        (RemoteStart(id_token="T"), {"status": "Rejected"}, "rejected", None),
        (Reset(), {"status": "Scheduled"}, "accepted", "Scheduled"),
        (ReadCertificates(), {"status": "NotFound"}, "accepted", "NotFound"),
        (Unlock(evse_id=1), {"status": "Unlocked"}, "accepted", None),
        (Unlock(evse_id=1), {"status": "UnlockFailed"}, "rejected", "UnlockFailed"),
        (
            Trigger(message="Heartbeat"),
            {"status": "NotImplemented"},
            "unsupported",
            "NotImplemented",
        ),
        (GET, got("Accepted", "Accepted"), "accepted", None),
        (GET, got("UnknownVariable", "Accepted"), "accepted", None),
        (GET, got("UnknownVariable", "Rejected"), "unsupported", "UnknownVariable"),
        (SET, was_set("Accepted"), "accepted", None),
        (SET, was_set("RebootRequired"), "accepted", "RebootRequired"),
        (SET, was_set("Rejected"), "rejected", None),
        (SET, was_set("UnknownComponent"), "unsupported", "UnknownComponent"),
        (
            Raw(action="SetVariables"),
            was_set("Accepted", "RebootRequired", "Rejected", "UnknownVariable"),
            "rejected",
            None,
        ),
        (
            Raw(action="SetVariables"),
            was_set("Accepted", "RebootRequired"),
            "accepted",
            "RebootRequired",
        ),
        (Raw(action="GetLocalListVersion"), {"versionNumber": 0}, "accepted", None),
        (Raw(action="GetTransactionStatus"), {"messagesInQueue": False}, "accepted", None),
        (Raw(action="CostUpdated"), {}, "accepted", None),
        (Raw(action="GetReport"), {"status": "EmptyResultSet"}, "rejected", "EmptyResultSet"),
        (
            Raw(action="ClearVariableMonitoring"),
            {"clearMonitoringResult": [{"status": "NotFound", "id": 1}]},
            "rejected",
            "NotFound",
        ),
    ],
)
def test_statuses(
    version: Version, command: Command, answer: Any, status: str, detail: str | None
) -> None:
    """Every answer is a yes, a no or a "cannot", with its own word where that says more."""
    outcome = DIALECTS[version.subprotocol].outcome(command, answer)
    assert replace(outcome, found=None) == Outcome(status=status, response=answer, detail=detail)


@modern
@pytest.mark.parametrize(
    ("command", "answer", "detail"),
    [
        (ClearCache(), {}, "status is required"),
        (GET, {}, "getVariableResult is required"),
        (GET, {"getVariableResult": []}, "getVariableResult has fewer than 1 items"),
        (SET, {"setVariableResult": [1]}, "setVariableResult[0] is not of type object"),
        (SET, {"setVariableResult": [PLACE]}, "setVariableResult[0].attributeStatus is required"),
    ],
)
def test_no_consent_is_read_into_nonsense(
    version: Version, command: Command, answer: Any, detail: str
) -> None:
    """What is wrong with the answer is told."""
    outcome = DIALECTS[version.subprotocol].outcome(command, answer)
    assert replace(outcome, found=None) == Outcome(
        status="rejected", response=answer, detail=f"The answer breaks its schema: {detail}."
    )


@modern
def test_every_request_has_a_way_to_be_judged(version: Version) -> None:
    """By a status of the answer or of its items, or because there is none."""
    for action in version.outbound:
        schema = version.schemas.documents[f"{action}Response"]
        if "status" in schema["properties"]:
            assert version.judge(action, {"status": "Accepted"}).status == "accepted", action
            assert version.judge(action, {"status": "Rejected"}).status == "rejected", action
            continue
        lists = {
            name: schema["definitions"][field["items"]["$ref"].rpartition("/")[2]]["properties"]
            for name, field in schema["properties"].items()
            if field.get("type") == "array" and "$ref" in field["items"]
        }
        for name, fields in lists.items():
            words = fields.keys() & {"status", "attributeStatus"}
            for word in words:
                assert version.judge(action, {name: [{word: "Accepted"}]}).status == "accepted"
                assert version.judge(action, {name: [{word: "Rejected"}]}).status == "rejected"
        if not any(fields.keys() & {"status", "attributeStatus"} for fields in lists.values()):
            assert version.judge(action, {}).status == "accepted", action


@settings(max_examples=200, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    message=st.sampled_from(
        [(version, action) for version in (V201, V21) for action in sorted(version.outbound)]
    ),
    data=st.data(),
)
def test_no_answer_is_too_much(message: tuple[Version, str], data: st.DataObject) -> None:
    """Whatever JSON a station answers is an outcome."""
    version, action = message
    answer = data.draw(mutated(version.schemas.documents[f"{action}Response"]) | any_json)
    outcome = DIALECTS[version.subprotocol].outcome(Raw(action=action), answer)
    assert outcome.status in {"accepted", "rejected", "unsupported"}
    assert isinstance(outcome.response, dict)


def test_an_unsupported_command_has_no_other_outcome() -> None:
    """It was never sent."""
    for version in (V201, V21):
        outcome = DIALECTS[version.subprotocol].outcome(ReadVariables(), {})
        assert outcome.status == "unsupported"
