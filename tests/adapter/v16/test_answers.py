"""What the answers of 1.6 stations mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.adapter.dialect import DIALECTS
from csms.adapter.schema import Schemas
from csms.adapter.v16.version import V16
from csms.core.certificates.vocabulary import CertificateKind, ReadCertificates
from csms.core.commands import (
    ClearCache,
    Command,
    Outcome,
    Raw,
    RemoteStart,
    Reset,
    SendData,
    Trigger,
    Unlock,
)
from csms.core.variables.vocabulary import ReadVariables, Setting, Wanted, WriteVariables
from csms.testing.payloads import any_json, mutated

DIALECT = DIALECTS["ocpp1.6"]
SCHEMAS = Schemas("v16")


@pytest.mark.parametrize(
    ("command", "answer", "status", "detail"),
    [
        (RemoteStart(id_token="T"), {"status": "Accepted"}, "accepted", None),
        (RemoteStart(id_token="T"), {"status": "Rejected"}, "rejected", None),
        (Unlock(evse_id=1), {"status": "Unlocked"}, "accepted", None),
        (Unlock(evse_id=1), {"status": "UnlockFailed"}, "rejected", "UnlockFailed"),
        (Unlock(evse_id=1), {"status": "NotSupported"}, "unsupported", "NotSupported"),
        (
            ReadCertificates(kinds=(CertificateKind.CSMS_ROOT,)),
            {"status": "NotFound"},
            "accepted",
            "NotFound",
        ),
        (
            WriteVariables(items=(Setting(variable="k", value="v"),)),
            {"status": "RebootRequired"},
            "accepted",
            "RebootRequired",
        ),
        (
            WriteVariables(items=(Setting(variable="k", value="v"),)),
            {"status": "NotSupported"},
            "unsupported",
            "NotSupported",
        ),
        (
            Raw(action="ChangeAvailability", payload={"connectorId": 0, "type": "Operative"}),
            {"status": "Scheduled"},
            "accepted",
            "Scheduled",
        ),
        (
            ReadVariables(),
            {"configurationKey": [{"key": "k", "readonly": True}]},
            "accepted",
            None,
        ),
        (ReadVariables(items=(Wanted(variable="k"),)), {"unknownKey": ["k"]}, "accepted", None),
        (
            Trigger(message="Heartbeat"),
            {"status": "NotImplemented"},
            "unsupported",
            "NotImplemented",
        ),
        (
            Trigger(message="LogStatusNotification"),
            {"status": "NotImplemented"},
            "unsupported",
            "NotImplemented",
        ),
        (SendData(vendor_id="v"), {"status": "UnknownVendorId"}, "rejected", "UnknownVendorId"),
        (SendData(vendor_id="v"), {"status": "Accepted", "data": "d"}, "accepted", None),
        (Raw(action="GetLocalListVersion"), {"listVersion": 0}, "accepted", None),
        (
            Raw(action="GetLocalListVersion"),
            {"listVersion": -1},
            "unsupported",
            "The station keeps no local list.",
        ),
        (Raw(action="UpdateFirmware"), {}, "accepted", None),
        (Raw(action="GetDiagnostics"), {"fileName": "f"}, "accepted", None),
        (Raw(action="GetLog"), {"status": "AcceptedCanceled"}, "accepted", "AcceptedCanceled"),
        (Raw(action="SendLocalList"), {"status": "VersionMismatch"}, "rejected", "VersionMismatch"),
    ],
)
def test_statuses(command: Command, answer: Any, status: str, detail: str | None) -> None:
    """Every answer is a yes, a no or a "cannot", with its own word where that says more."""
    outcome = DIALECT.outcome(command, answer)
    assert replace(outcome, found=None) == Outcome(status=status, response=answer, detail=detail)


def test_every_status_of_every_answer_is_judged() -> None:
    """A status that is neither yes nor no for certain does not hide among the refusals."""
    no = {"Failed", "Faulted", "InvalidCertificate", "NotFound", "Occupied", "Rejected"}
    no |= {"RevokedCertificate", "Unavailable", "Unknown", "UnknownMessageId", "UnknownVendorId"}
    no |= {"UnlockFailed", "VersionMismatch"}
    for action in V16.outbound:
        document = SCHEMAS.documents[f"{action}Response"]
        status = document.get("properties", {}).get("status", {"enum": ()})
        if "$ref" in status:
            status = document["definitions"][status["$ref"].rpartition("/")[2]]
        for word in status["enum"]:
            verdict = V16.judge(action, {"status": word})
            empty = (action, word) == ("GetInstalledCertificateIds", "NotFound")
            assert (verdict.status == "rejected") == (word in no and not empty), (action, word)


@pytest.mark.parametrize(
    ("answer", "status", "response", "detail"),
    [
        ({}, "rejected", {}, "The answer breaks its schema: status is required."),
        (None, "rejected", {}, "The answer breaks its schema: status is required."),
        (
            {"status": "accepted"},
            "accepted",
            {"status": "accepted"},
            "The answer breaks its schema: status is not one of the allowed values.",
        ),
        (
            {"status": "Accepted", "more\0": 1},
            "accepted",
            {"status": "Accepted", "more\ufffd": 1},
            "The answer breaks its schema: payload has a field that the message does not have.",
        ),
        (
            {"status": 1},
            "rejected",
            {"status": 1},
            "The answer breaks its schema: status is not of type string.",
        ),
        ([1], "rejected", {"payload": [1]}, "The answer is no JSON object."),
    ],
)
def test_an_answer_that_breaks_its_schema_is_passed_on(
    answer: Any, status: str, response: Any, detail: str
) -> None:
    """With what is wrong with it; no consent is read into it."""
    assert DIALECT.outcome(ClearCache(), answer) == Outcome(
        status=status, response=response, detail=detail
    )


def test_an_unsupported_command_has_no_other_outcome() -> None:
    """It was never sent."""
    assert DIALECT.outcome(Unlock(evse_id=1, connector_id=2), {}).status == "unsupported"


@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
@given(action=st.sampled_from(sorted(V16.outbound)), data=st.data())
def test_no_answer_is_too_much(action: str, data: st.DataObject) -> None:
    """Whatever JSON a station answers is an outcome."""
    answer = data.draw(mutated(SCHEMAS.documents[f"{action}Response"]) | any_json)
    outcome = DIALECT.outcome(Raw(action=action), answer)
    assert outcome.status in {"accepted", "rejected", "unsupported"}
    assert isinstance(outcome.response, dict)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("NotImplemented", "unsupported"),
        ("NotSupported", "unsupported"),
        ("GenericError", "rejected"),
        ("whatever", "rejected"),
    ],
)
def test_call_errors(code: str, status: str) -> None:
    """NotImplemented and NotSupported say that the station cannot; every other code says no."""
    assert DIALECT.failed(Reset(), code, "words") == Outcome(
        status=status,
        response={"code": code, "description": "words"},
        detail=f"The station answered with the error {code}.",
    )


def test_call_errors_are_bounded_and_storable() -> None:
    """Both texts come from the station."""
    outcome = DIALECT.failed(Reset(), "c\0" + "c" * 99, "d\0" + "d" * 999)
    assert outcome.response == {"code": "c\ufffd" + "c" * 62, "description": "d\ufffd" + "d" * 253}
