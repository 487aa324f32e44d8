"""Certificates and security events of 2.0.1 and 2.1."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Dialect, Fault, Request, Understood, Unsupported
from csms.core.certificates.presented import Presented
from csms.core.certificates.vocabulary import (
    CertificateAsked,
    CertificateKind,
    CertificatePurpose,
    CertificateStatusAsked,
    ChainQuestion,
    ChainStatusAsked,
    ChainUnknown,
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
from csms.core.commands import Command, Raw
from csms.core.errors import Invalid
from csms.core.replies import Acknowledged, AuthorizationGiven, Reply
from csms.core.reports import AuthorizationAsked, Report
from csms.core.security.vocabulary import SecurityTold
from csms.core.values import Authorization, Strictness, TokenStatus

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TIME = "2026-01-02T03:04:05.000Z"
V201, V21 = DIALECTS["ocpp2.0.1"], DIALECTS["ocpp2.1"]
modern = pytest.mark.parametrize("dialect", [V201, V21], ids=["2.0.1", "2.1"])

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
EXI = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "exiRequest": "AAAA"}
EMAID = {"idToken": "DE8AAC1A2B3C4D", "type": "eMAID"}
ASKED = {"source": "OCSP", "urls": ["https://ocsp.example"], "certificateHashData": HASH_DATA}
QUESTION = ChainQuestion(hash=HASH, source="OCSP", urls=("https://ocsp.example",))


@modern
@pytest.mark.parametrize("strictness", list(Strictness))
@pytest.mark.parametrize(
    ("action", "payload", "report"),
    [
        (
            "SignCertificate",
            {"csr": "C"},
            CertificateAsked(csr="C", purpose=CertificatePurpose.COMBINED),
        ),
        (
            "SignCertificate",
            {"csr": "C", "certificateType": "V2GCertificate"},
            CertificateAsked(csr="C", purpose=CertificatePurpose.V2G),
        ),
        (
            "Get15118EVCertificate",
            {**EXI, "action": "Install"},
            ContractAsked(
                schema_version="urn:iso:15118:2:2013:MsgDef", renewal=False, request="AAAA"
            ),
        ),
        (
            "GetCertificateStatus",
            {"ocspRequestData": OCSP},
            CertificateStatusAsked(hash=HASH, responder="http://ocsp.example"),
        ),
        (
            "SecurityEventNotification",
            {"type": "ResetOrReboot", "timestamp": TIME, "techInfo": "watchdog"},
            SecurityTold(event="ResetOrReboot", at=NOW, info="watchdog"),
        ),
        (
            "Authorize",
            {"idToken": EMAID, "certificate": "PEM"},
            AuthorizationAsked(
                id_token="DE8AAC1A2B3C4D", kind="eMAID", presented=Presented(chain="PEM")
            ),
        ),
        (
            "Authorize",
            {"idToken": EMAID, "iso15118CertificateHashData": [OCSP]},
            AuthorizationAsked(
                id_token="DE8AAC1A2B3C4D", kind="eMAID", presented=Presented(hashes=(HASH,))
            ),
        ),
    ],
)
def test_valid_messages(
    dialect: Dialect, strictness: Strictness, action: str, payload: Any, report: Report
) -> None:
    """Every strictness reads what is valid alike, without a quirk."""
    assert dialect.read(action, payload, strictness, NOW) == Understood(report)


@pytest.mark.parametrize(
    ("action", "payload", "report"),
    [
        (
            "SignCertificate",
            {
                "csr": "C",
                "certificateType": "V2G20Certificate",
                "requestId": 4,
                "hashRootCertificate": HASH_DATA,
            },
            CertificateAsked(csr="C", purpose=CertificatePurpose.V2G20, request_ref=4, root=HASH),
        ),
        (
            "Get15118EVCertificate",
            {
                **EXI,
                "action": "Update",
                "maximumContractCertificateChains": 3,
                "prioritizedEMAIDs": ["E1", "E2"],
            },
            ContractAsked(
                schema_version="urn:iso:15118:2:2013:MsgDef",
                renewal=True,
                request="AAAA",
                most_chains=3,
                preferred=("E1", "E2"),
            ),
        ),
        (
            "GetCertificateChainStatus",
            {"certificateStatusRequests": [ASKED]},
            ChainStatusAsked(questions=(QUESTION,)),
        ),
    ],
)
def test_what_only_2_1_says(action: str, payload: Any, report: Report) -> None:
    """Numbers of requests, roots, and ISO 15118-20."""
    assert V21.read(action, payload, Strictness.STRICT, NOW) == Understood(report)


def mended(dialect: Dialect, action: str, payload: Any) -> tuple[Report, list[str]]:
    understood = dialect.read(action, payload, Strictness.TOLERANT, NOW)
    assert isinstance(understood, Understood)
    return understood.report, [name for name, _ in understood.quirks]


@modern
@pytest.mark.parametrize(
    ("action", "payload", "report", "quirks"),
    [
        (
            "SecurityEventNotification",
            {"type": "a\0b", "techInfo": {}},
            SecurityTold(event="a\ufffdb", at=NOW),
            ["unreadable_field", "missing_field", "unstorable_text"],
        ),
        (
            "SecurityEventNotification",
            {"type": "x" * 200, "timestamp": TIME},
            SecurityTold(event="x" * 200, at=NOW),
            ["too_long"],
        ),
        (
            "Authorize",
            {"idToken": EMAID, "certificate": {}},
            AuthorizationAsked(
                id_token="DE8AAC1A2B3C4D", kind="eMAID", presented=Presented(chain="")
            ),
            ["unreadable_field"],
        ),
        (
            "Authorize",
            {"idToken": EMAID, "iso15118CertificateHashData": "x"},
            AuthorizationAsked(id_token="DE8AAC1A2B3C4D", kind="eMAID", presented=Presented()),
            ["unreadable_field"],
        ),
        (
            "GetCertificateStatus",
            {"ocspRequestData": HASH_DATA},
            CertificateStatusAsked(hash=HASH, responder=""),
            ["missing_field"],
        ),
    ],
)
def test_mended(
    dialect: Dialect, action: str, payload: Any, report: Report, quirks: list[str]
) -> None:
    """A contract that cannot be read is not as if none had been presented."""
    assert mended(dialect, action, payload) == (report, quirks)


@modern
@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("SignCertificate", {"csr": "C", "certificateType": "Other"}),
        ("SignCertificate", {"csr": "x" * 20_001}),
        ("GetCertificateStatus", {"ocspRequestData": {**OCSP, "serialNumber": "1" * 256}}),
    ],
)
def test_refused(dialect: Dialect, action: str, payload: Any) -> None:
    """What cut short or guessed at would be something else."""
    assert isinstance(dialect.read(action, payload, Strictness.TOLERANT, NOW), Fault)


FAILED = {"status": "Failed", "exiResponse": ""}


@modern
@pytest.mark.parametrize(
    ("action", "reply", "payload"),
    [
        ("SignCertificate", RequestAnswered(accepted=True), {"status": "Accepted"}),
        (
            "SignCertificate",
            RequestAnswered(accepted=False, detail="Why."),
            {
                "status": "Rejected",
                "statusInfo": {"reasonCode": "InvalidCSR", "additionalInfo": "Why."},
            },
        ),
        ("Get15118EVCertificate", ContractAnswered(ContractAnswer(accepted=False)), FAILED),
        (
            "Get15118EVCertificate",
            ContractAnswered(ContractAnswer(accepted=True, response="BBBB")),
            {"status": "Accepted", "exiResponse": "BBBB"},
        ),
        (
            "Get15118EVCertificate",
            ContractAnswered(ContractAnswer(accepted=True, response="B" * 17_001)),
            FAILED,
        ),
        ("GetCertificateStatus", StatusUnknown(), {"status": "Failed"}),
        ("SecurityEventNotification", Acknowledged(), {}),
        (
            "Authorize",
            AuthorizationGiven(
                Authorization(status=TokenStatus.INVALID, certificate_status="CertChainError")
            ),
            {"idTokenInfo": {"status": "Invalid"}, "certificateStatus": "CertChainError"},
        ),
    ],
)
def test_answers(dialect: Dialect, action: str, reply: Reply, payload: dict[str, Any]) -> None:
    """As the standard has them; what is too long for the version is not sent in part."""
    answer = dialect.write(action, reply)
    assert answer == payload
    assert dialect._of.schemas.outbound_flaw(f"{action}Response", answer) is None


def test_answers_of_2_1() -> None:
    """More room, more contracts, and a status for each certificate of a chain."""
    told = ContractAnswer(accepted=True, response="B" * 8_000, remaining=2)
    answer = V21.write("Get15118EVCertificate", ContractAnswered(told))
    assert answer == {
        "status": "Accepted",
        "exiResponse": "B" * 8_000,
        "remainingContracts": 2,
    }
    assert V201.write("Get15118EVCertificate", ContractAnswered(told)) == FAILED
    other = ChainQuestion(hash=HASH, source="CRL", urls=())
    answer = V21.write("GetCertificateChainStatus", ChainUnknown((QUESTION, other)))
    assert answer == {
        "certificateStatus": [
            {
                "certificateHashData": HASH_DATA,
                "source": source,
                "status": "Failed",
                "nextUpdate": "1970-01-01T00:00:00.000Z",
            }
            for source in ("OCSP", "CRL")
        ]
    }
    assert V21._of.schemas.outbound_flaw("GetCertificateChainStatusResponse", answer) is None


CASES = [
    (
        DeliverCertificate(chain="P", purpose=CertificatePurpose.V2G),
        "CertificateSigned",
        {"certificateChain": "P", "certificateType": "V2GCertificate"},
    ),
    (DeliverCertificate(chain="P"), "CertificateSigned", {"certificateChain": "P"}),
    *[
        (
            InstallCertificate(kind=kind, certificate="P"),
            "InstallCertificate",
            {"certificateType": word, "certificate": "P"},
        )
        for kind, word in (
            (CertificateKind.CSMS_ROOT, "CSMSRootCertificate"),
            (CertificateKind.MANUFACTURER_ROOT, "ManufacturerRootCertificate"),
            (CertificateKind.V2G_ROOT, "V2GRootCertificate"),
            (CertificateKind.MO_ROOT, "MORootCertificate"),
        )
    ],
    (DeleteCertificate(hash=HASH), "DeleteCertificate", {"certificateHashData": HASH_DATA}),
    (ReadCertificates(), "GetInstalledCertificateIds", {}),
    (
        ReadCertificates(kinds=(CertificateKind.V2G_CHAIN, CertificateKind.CSMS_ROOT)),
        "GetInstalledCertificateIds",
        {"certificateType": ["V2GCertificateChain", "CSMSRootCertificate"]},
    ),
]


@modern
@pytest.mark.parametrize(("command", "action", "payload"), CASES)
def test_requests(dialect: Dialect, command: Command, action: str, payload: dict[str, Any]) -> None:
    """As 2.x has them; and a raw one of the same words is that command."""
    assert dialect.request(command) == Request(action, payload)
    assert dialect.interpret(Raw(action=action, payload=payload)) == command


def test_requests_of_2_1() -> None:
    """With the number of what they answer, and for cars of ISO 15118-20."""
    command = DeliverCertificate(chain="P", purpose=CertificatePurpose.V2G20, request_ref=0)
    payload = {"certificateChain": "P", "certificateType": "V2G20Certificate", "requestId": 0}
    assert V21.request(command) == Request("CertificateSigned", payload)
    assert V21.interpret(Raw(action="CertificateSigned", payload=payload)) == command
    assert isinstance(V201.request(command), Unsupported)
    for oem in (
        InstallCertificate(kind=CertificateKind.OEM_ROOT, certificate="P"),
        ReadCertificates(kinds=(CertificateKind.OEM_ROOT,)),
    ):
        assert isinstance(V21.request(oem), Request)
        assert isinstance(V201.request(oem), Unsupported)


@modern
def test_a_chain_is_not_installed(dialect: Dialect) -> None:
    """It is delivered for a request of the station."""
    command = InstallCertificate(kind=CertificateKind.V2G_CHAIN, certificate="P")
    assert isinstance(dialect.request(command), Unsupported)


def test_the_number_is_none_of_2_0_1() -> None:
    """Which answers without it."""
    command = DeliverCertificate(chain="P", request_ref=4)
    assert V201.request(command) == Request("CertificateSigned", {"certificateChain": "P"})


@modern
def test_for_everything(dialect: Dialect) -> None:
    """A request that does not say what for is answered without saying it."""
    command = DeliverCertificate(chain="P", purpose=CertificatePurpose.COMBINED)
    assert dialect.request(command) == Request("CertificateSigned", {"certificateChain": "P"})


@modern
def test_what_breaks_a_rule_is_named(dialect: Dialect) -> None:
    """By the command's own fields."""
    with pytest.raises(Invalid) as caught:
        dialect.request(DeliverCertificate(chain="P" * 10_001))
    assert caught.value.field == "chain"


LISTED = {
    "status": "Accepted",
    "certificateHashDataChain": [
        {
            "certificateType": "V2GCertificateChain",
            "certificateHashData": HASH_DATA,
            "childCertificateHashData": [HASH_DATA, HASH_DATA],
        },
        {"certificateType": "MORootCertificate", "certificateHashData": HASH_DATA},
    ],
}


@modern
def test_what_is_listed(dialect: Dialect) -> None:
    """Chains with what is below; a kind that nobody knows is left out."""
    outcome = dialect.outcome(ReadCertificates(), LISTED)
    assert (outcome.status, outcome.found) == (
        "accepted",
        (
            Installed(kind=CertificateKind.V2G_CHAIN, hash=HASH, children=(HASH, HASH)),
            Installed(kind=CertificateKind.MO_ROOT, hash=HASH),
        ),
    )
    odd = {
        "status": "Accepted",
        "certificateHashDataChain": {"certificateType": "Odd", "certificateHashData": HASH_DATA},
    }
    assert dialect.outcome(ReadCertificates(), odd).found == ()


@modern
@pytest.mark.parametrize(
    ("command", "status", "outcome", "found"),
    [
        (ReadCertificates(), "NotFound", "accepted", ()),
        (ReadCertificates(), "NotSupported", "unsupported", None),
        (DeleteCertificate(hash=HASH), "Accepted", "accepted", True),
        (DeleteCertificate(hash=HASH), "NotFound", "rejected", True),
        (DeleteCertificate(hash=HASH), "Failed", "rejected", False),
        (DeliverCertificate(chain="P"), "Rejected", "rejected", None),
    ],
)
def test_what_answers_mean(
    dialect: Dialect, command: Command, status: str, outcome: str, found: object
) -> None:
    """What is not there needs no deleting."""
    judged = dialect.outcome(command, {"status": status})
    assert (judged.status, judged.found) == (outcome, found)
