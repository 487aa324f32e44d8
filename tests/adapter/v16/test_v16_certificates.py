"""Certificates, security events and DataTransfer of 1.6, and the 2.0.1 that travels in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from csms.adapter.dialect import DIALECTS, Fault, Request, Understood, Unsupported
from csms.adapter.v201.version import V201
from csms.core.certificates.presented import Presented
from csms.core.certificates.vocabulary import (
    CertificateAsked,
    CertificateKind,
    CertificatePurpose,
    CertificateStatusAsked,
    ContractAnswer,
    ContractAnswered,
    ContractAsked,
    DeleteCertificate,
    DeliverCertificate,
    InstallCertificate,
    Installed,
    ReadCertificates,
    RequestAnswered,
    StatusUnknown,
)
from csms.core.certificates.x509 import CertificateHash
from csms.core.commands import Command, Raw, Trigger
from csms.core.errors import Invalid
from csms.core.replies import (
    Acknowledged,
    AuthorizationGiven,
    DataTransferAnswered,
    Reply,
)
from csms.core.reports import AuthorizationAsked, DataTransferred, Report
from csms.core.security.vocabulary import SecurityTold
from csms.core.transfers.rules import PLUG_AND_CHARGE
from csms.core.values import Authorization, StationKey, Strictness, TokenStatus
from csms.testing.desk import Desk
from csms.testing.payloads import any_json, mutated, payloads

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TIME = "2026-01-02T03:04:05.000Z"
DIALECT = DIALECTS["ocpp1.6"]
HASH = CertificateHash(
    algorithm="SHA256", issuer_name_hash="aa", issuer_key_hash="bb", serial_number="1"
)
HASH_DATA = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa",
    "issuerKeyHash": "bb",
    "serialNumber": "1",
}
OCSP = {**HASH_DATA, "responderURL": "http://ocsp.example"}
EMAID = "DE8AAC1A2B3C4D"


def read(
    action: str, payload: Any, strictness: Strictness = Strictness.TOLERANT
) -> Understood | Fault:
    return DIALECT.read(action, payload, strictness, NOW)


def carried(message: str, data: object) -> dict[str, Any]:
    return {"vendorId": PLUG_AND_CHARGE, "messageId": message, "data": data}


@pytest.mark.parametrize("strictness", list(Strictness))
@pytest.mark.parametrize(
    ("action", "payload", "report"),
    [
        ("SignCertificate", {"csr": "C"}, CertificateAsked(csr="C")),
        (
            "SecurityEventNotification",
            {"type": "ResetOrReboot", "timestamp": TIME},
            SecurityTold(event="ResetOrReboot", at=NOW),
        ),
        ("DataTransfer", {"vendorId": "v"}, DataTransferred(vendor_id="v")),
    ],
)
def test_valid_messages(strictness: Strictness, action: str, payload: Any, report: Report) -> None:
    """Those of the security extension."""
    assert read(action, payload, strictness) == Understood(report)


@pytest.mark.parametrize("strictness", list(Strictness))
@pytest.mark.parametrize(
    ("message", "data", "report"),
    [
        (
            "Authorize",
            {"idToken": {"idToken": EMAID, "type": "eMAID"}, "certificate": "PEM"},
            AuthorizationAsked(id_token=EMAID, kind="eMAID", presented=Presented(chain="PEM")),
        ),
        (
            "Authorize",
            {"idToken": EMAID, "iso15118CertificateHashData": [OCSP]},
            AuthorizationAsked(id_token=EMAID, kind="eMAID", presented=Presented(hashes=(HASH,))),
        ),
        (
            "SignCertificate",
            {"csr": "C"},
            CertificateAsked(csr="C", purpose=CertificatePurpose.V2G),
        ),
        (
            "Get15118EVCertificate",
            {"iso15118SchemaVersion": "x", "action": "Update", "exiRequest": "AAAA"},
            ContractAsked(schema_version="x", renewal=True, request="AAAA"),
        ),
        (
            "GetCertificateStatus",
            {"ocspRequestData": OCSP},
            CertificateStatusAsked(hash=HASH, responder="http://ocsp.example"),
        ),
    ],
)
def test_what_travels(
    strictness: Strictness, message: str, data: dict[str, Any], report: Report
) -> None:
    """A message of 2.0.1 in a DataTransfer is what it is in 2.0.1."""
    assert read("DataTransfer", carried(message, json.dumps(data)), strictness) == Understood(
        report
    )


def test_what_travels_is_mended() -> None:
    """As it is in 2.0.1; also when the data is no text; but strict is strict."""
    payload = carried("SignCertificate", {"csr": "C", "more": 1})
    understood = read("DataTransfer", payload)
    assert isinstance(understood, Understood)
    assert understood.report == CertificateAsked(csr="C", purpose=CertificatePurpose.V2G)
    assert [name for name, _ in understood.quirks] == ["data_not_text", "extra_field"]
    payload = carried("SignCertificate", json.dumps({"csr": "C", "more": 1}))
    strict = read("DataTransfer", payload, Strictness.STRICT)
    assert isinstance(strict, Understood)
    assert isinstance(strict.report, DataTransferred)


@pytest.mark.parametrize(
    ("message", "data"),
    [
        ("Nonsense", "{}"),
        (None, "{}"),
        ("Authorize", None),
        ("Authorize", "no JSON"),
        ("Authorize", "[]"),
        ("Authorize", "{}"),
        ("Authorize", '{"idToken": true}'),
        ("SignCertificate", '{"csr": "' + "x" * 70_000 + '"}'),
    ],
)
def test_what_cannot_be_read(message: str | None, data: object) -> None:
    """Is a DataTransfer like any other, to be answered as such and not by an error."""
    payload = {"vendorId": PLUG_AND_CHARGE.upper()}
    payload |= {} if message is None else {"messageId": message}
    payload |= {} if data is None else {"data": data}
    understood = read("DataTransfer", payload)
    assert isinstance(understood, Understood)
    assert isinstance(understood.report, DataTransferred)


CARRIED = st.sampled_from(
    ["Authorize", "Get15118EVCertificate", "GetCertificateStatus", "SignCertificate"]
)


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(message=CARRIED, strictness=st.sampled_from(list(Strictness)), data=st.data())
def test_whatever_travels(message: str, strictness: Strictness, data: st.DataObject) -> None:
    """It is read or told apart, and what comes of it can be decided and kept."""
    document = V201.schemas.documents[f"{message}Request"]
    inner = data.draw(payloads(document) | mutated(document) | any_json)
    try:
        text: object = json.dumps(inner)
    except ValueError:
        text = inner
    understood = read(
        "DataTransfer", carried(message, data.draw(st.sampled_from([text, inner]))), strictness
    )
    if isinstance(understood, Understood):
        reply = Desk(NOW).say(StationKey(1, "CP1"), understood.report)
        answer = DIALECT.write("DataTransfer", reply)
        assert answer["status"] in ("Accepted", "Rejected")
    else:
        assert isinstance(understood, Fault)


@pytest.mark.parametrize(
    ("action", "reply", "payload"),
    [
        ("SignCertificate", RequestAnswered(accepted=True), {"status": "Accepted"}),
        ("SignCertificate", RequestAnswered(accepted=False), {"status": "Rejected"}),
        ("SecurityEventNotification", Acknowledged(), {}),
        ("DataTransfer", DataTransferAnswered(status="Rejected"), {"status": "Rejected"}),
    ],
)
def test_answers(action: str, reply: Reply, payload: dict[str, Any]) -> None:
    """As the security extension has them."""
    assert DIALECT.write(action, reply) == payload


@pytest.mark.parametrize(
    ("reply", "inner"),
    [
        (RequestAnswered(accepted=True), {"status": "Accepted"}),
        (
            ContractAnswered(ContractAnswer(accepted=True, response="B")),
            {"status": "Accepted", "exiResponse": "B"},
        ),
        (StatusUnknown(), {"status": "Failed"}),
        (
            AuthorizationGiven(
                Authorization(status=TokenStatus.INVALID, certificate_status="CertChainError")
            ),
            {"idTokenInfo": {"status": "Invalid"}, "certificateStatus": "CertChainError"},
        ),
    ],
)
def test_answers_travel_too(reply: Reply, inner: dict[str, Any]) -> None:
    """In the data of the DataTransfer's answer."""
    answer = DIALECT.write("DataTransfer", reply)
    assert answer["status"] == "Accepted"
    assert json.loads(str(answer["data"])) == inner


@pytest.mark.parametrize(
    ("command", "action", "payload"),
    [
        (DeliverCertificate(chain="P"), "CertificateSigned", {"certificateChain": "P"}),
        (
            InstallCertificate(kind=CertificateKind.CSMS_ROOT, certificate="P"),
            "InstallCertificate",
            {"certificateType": "CentralSystemRootCertificate", "certificate": "P"},
        ),
        (
            InstallCertificate(kind=CertificateKind.MANUFACTURER_ROOT, certificate="P"),
            "InstallCertificate",
            {"certificateType": "ManufacturerRootCertificate", "certificate": "P"},
        ),
        (DeleteCertificate(hash=HASH), "DeleteCertificate", {"certificateHashData": HASH_DATA}),
        (
            ReadCertificates(kinds=(CertificateKind.CSMS_ROOT,)),
            "GetInstalledCertificateIds",
            {"certificateType": "CentralSystemRootCertificate"},
        ),
    ],
)
def test_requests(command: Command, action: str, payload: dict[str, Any]) -> None:
    """As the security extension has them; and a raw one of the same words is that command."""
    assert DIALECT.request(command) == Request(action, payload)
    assert DIALECT.interpret(Raw(action=action, payload=payload)) == command


def test_the_purpose_of_a_station() -> None:
    """Is its own certificate, for which the extension has a message."""
    command = DeliverCertificate(chain="P", purpose=CertificatePurpose.CHARGING_STATION)
    assert DIALECT.request(command) == Request("CertificateSigned", {"certificateChain": "P"})


TRAVELLING: list[tuple[Command, str, dict[str, Any]]] = [
    (
        DeliverCertificate(chain="P", purpose=CertificatePurpose.V2G),
        "CertificateSigned",
        {"certificateChain": "P", "certificateType": "V2GCertificate"},
    ),
    (
        InstallCertificate(kind=CertificateKind.V2G_ROOT, certificate="P"),
        "InstallCertificate",
        {"certificateType": "V2GRootCertificate", "certificate": "P"},
    ),
    (
        DeleteCertificate(hash=HASH, kind=CertificateKind.MO_ROOT),
        "DeleteCertificate",
        {"certificateHashData": HASH_DATA},
    ),
    (
        ReadCertificates(kinds=(CertificateKind.V2G_ROOT, CertificateKind.MO_ROOT)),
        "GetInstalledCertificateIds",
        {"certificateType": ["V2GRootCertificate", "MORootCertificate"]},
    ),
    (
        Trigger(message="SignV2GCertificate"),
        "TriggerMessage",
        {"requestedMessage": "SignV2GCertificate"},
    ),
]


@pytest.mark.parametrize(("command", "message", "inner"), TRAVELLING)
def test_requests_that_travel(command: Command, message: str, inner: dict[str, Any]) -> None:
    """What is of ISO 15118 goes as it is in 2.0.1, in a DataTransfer."""
    request = DIALECT.request(command)
    assert isinstance(request, Request)
    assert request.action == "DataTransfer"
    data = request.payload.pop("data")
    assert request.payload == {"vendorId": PLUG_AND_CHARGE, "messageId": message}
    assert json.loads(str(data)) == inner
    accepted = {"status": "Accepted", "data": '{"status": "Accepted"}'}
    assert DIALECT.outcome(command, accepted).status == "accepted"
    assert DIALECT.dispute(command, accepted) is None


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"status": "Accepted", "data": '{"status": "Rejected"}'}, "rejected"),
        ({"status": "Accepted", "data": '{"status": "NotSupported"}'}, "unsupported"),
        ({"status": "Accepted", "data": "no JSON"}, "rejected"),
        ({"status": "Accepted"}, "rejected"),
        ({"status": "Rejected"}, "rejected"),
        ({"status": "UnknownVendorId"}, "unsupported"),
        ({"status": "UnknownMessageId"}, "unsupported"),
        ({}, "rejected"),
    ],
)
def test_what_travelling_answers_mean(answer: dict[str, Any], status: str) -> None:
    """The answer within the answer counts, if there is one."""
    assert DIALECT.outcome(TRAVELLING[1][0], answer).status == status


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        (
            {
                "status": "Accepted",
                "certificateHashDataChain": [
                    {"certificateType": "MORootCertificate", "certificateHashData": HASH_DATA}
                ],
            },
            (Installed(kind=CertificateKind.MO_ROOT, hash=HASH),),
        ),
        ({"status": "NotFound"}, ()),
        ({"status": "NotFound", "odd": 1}, ()),
        (
            {
                "status": "Accepted",
                "certificateHashDataChain": [
                    {
                        "certificateType": "MORootCertificate",
                        "certificateHashData": {**HASH_DATA, "serialNumber": "\0"},
                    }
                ],
            },
            (
                Installed(
                    kind=CertificateKind.MO_ROOT,
                    hash=replace(HASH, serial_number="\N{REPLACEMENT CHARACTER}"),
                ),
            ),
        ),
        ({"status": []}, None),
        (None, None),
    ],
)
def test_what_travelling_answers_tell(inner: dict[str, Any] | None, found: object) -> None:
    """As in 2.0.1, mended where it must be."""
    answer = {"status": "Accepted"} | ({} if inner is None else {"data": json.dumps(inner)})
    assert DIALECT.outcome(TRAVELLING[3][0], answer).found == found


def test_what_1_6_answers() -> None:
    """Of the kind that was asked for."""
    command = ReadCertificates(kinds=(CertificateKind.CSMS_ROOT,))
    answer = {"status": "Accepted", "certificateHashData": [HASH_DATA]}
    outcome = DIALECT.outcome(command, answer)
    assert (outcome.status, outcome.found) == (
        "accepted",
        (Installed(kind=CertificateKind.CSMS_ROOT, hash=HASH),),
    )
    assert DIALECT.outcome(command, {"status": "NotFound"}).found == ()
    assert DIALECT.outcome(command, {"status": "NotSupported"}).found is None
    delete = DeleteCertificate(hash=HASH)
    assert DIALECT.outcome(delete, {"status": "NotFound"}).found is True
    assert DIALECT.outcome(DeliverCertificate(chain="P"), {"status": "Accepted"}).found is None


@pytest.mark.parametrize(
    "command",
    [
        ReadCertificates(),
        ReadCertificates(kinds=(CertificateKind.CSMS_ROOT, CertificateKind.MANUFACTURER_ROOT)),
        ReadCertificates(kinds=(CertificateKind.CSMS_ROOT, CertificateKind.MO_ROOT)),
        ReadCertificates(kinds=(CertificateKind.OEM_ROOT,)),
        InstallCertificate(kind=CertificateKind.OEM_ROOT, certificate="P"),
        DeliverCertificate(chain="P", purpose=CertificatePurpose.V2G20),
    ],
)
def test_what_1_6_has_no_words_for(command: Command) -> None:
    """One kind at a time, and nothing of ISO 15118-20."""
    request = DIALECT.request(command)
    assert isinstance(request, Unsupported)
    assert "2.0.1" not in request.reason


def test_what_breaks_a_rule_of_2_0_1() -> None:
    """Is named by the command's own field."""
    command = InstallCertificate(kind=CertificateKind.V2G_ROOT, certificate="P" * 5_501)
    with pytest.raises(Invalid) as caught:
        DIALECT.request(command)
    assert caught.value.field == "certificate"


def test_other_triggers() -> None:
    """Are what they were."""
    assert DIALECT.request(Trigger(message="Heartbeat")) == Request(
        "TriggerMessage", {"requestedMessage": "Heartbeat"}
    )
    answer = DIALECT.outcome(Trigger(message="Heartbeat"), {"status": "NotImplemented"})
    assert answer.status == "unsupported"
