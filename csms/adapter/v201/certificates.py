"""Certificates in the words of 2.x."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.faults import FaultKind, refuse
from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound
from csms.adapter.v201.fields import spare_number, spare_text
from csms.core.certificates.presented import Presented
from csms.core.certificates.vocabulary import (
    CertificateAsked,
    CertificatePurpose,
    CertificateStatusAsked,
    ContractAnswered,
    ContractAsked,
    RequestAnswered,
    StatusUnknown,
)
from csms.core.certificates.x509 import MAX_PEM, CertificateHash

Payload = dict[str, object]

SPARE = Lenience(spare=True)
_MAX_DETAIL = 512
MAX_RESPONSE = 7500
"""Characters of an EXI message in base64 that a car is sent."""

PURPOSES: Mapping[CertificatePurpose, str] = {
    CertificatePurpose.CHARGING_STATION: "ChargingStationCertificate",
    CertificatePurpose.V2G: "V2GCertificate",
    CertificatePurpose.V2G20: "V2G20Certificate",
}
_PURPOSES = {name: purpose for purpose, name in PURPOSES.items()}


# --- hash data ----------------------------------------------------------------------------------


def hash_lenience(path: str) -> Mapping[str, Lenience]:
    """Cut short, the hash of one certificate would be that of none."""
    names = ("issuerKeyHash", "issuerNameHash", "serialNumber")
    return {f"{path}.{name}": Lenience(ceiling=255) for name in names}


def hash_of(of: Json, path: str, notes: Notes) -> CertificateHash:
    """CertificateHashDataType and what extends it."""
    return CertificateHash(
        algorithm=notes.text(of["hashAlgorithm"], f"{path}.hashAlgorithm"),
        issuer_name_hash=notes.text(of["issuerNameHash"], f"{path}.issuerNameHash"),
        issuer_key_hash=notes.text(of["issuerKeyHash"], f"{path}.issuerKeyHash"),
        serial_number=notes.text(of["serialNumber"], f"{path}.serialNumber"),
    )


def hash_data(of: CertificateHash) -> Payload:
    """CertificateHashDataType."""
    return {
        "hashAlgorithm": of.algorithm,
        "issuerNameHash": of.issuer_name_hash,
        "issuerKeyHash": of.issuer_key_hash,
        "serialNumber": of.serial_number,
    }


# --- what stations say --------------------------------------------------------------------------

PRESENTED: Mapping[str, Lenience] = {
    # What came and cannot be read is not as if it had not come.
    "certificate": Lenience(default="", ceiling=MAX_PEM),
    "iso15118CertificateHashData": Lenience(default=()),
    **hash_lenience("iso15118CertificateHashData"),
    "iso15118CertificateHashData.responderURL": Lenience(default=""),
}
"""Lenience for the contract certificate of an Authorize."""

_MAX_HASHES = 4


def read_presented(payload: Json, notes: Notes) -> Presented | None:
    """The contract certificate that an Authorize brings, if it brings one (C07)."""
    chain = payload.get("certificate")
    hashes = payload.get("iso15118CertificateHashData")
    if chain is None and hashes is None:
        return None
    return Presented(
        chain=None if chain is None else notes.text(chain, "certificate"),
        hashes=tuple(
            hash_of(each, "iso15118CertificateHashData", notes)
            for each in (hashes or ())[:_MAX_HASHES]
        ),
    )


def read_sign_certificate(payload: Json, notes: Notes) -> CertificateAsked:
    """A02, A03; without a type it is for everything."""
    purpose = CertificatePurpose.COMBINED
    if (name := payload.get("certificateType")) is not None:
        if name not in _PURPOSES:
            refuse(FaultKind.PROPERTY, "certificateType", "is not one of the allowed values")
        purpose = _PURPOSES[name]
    root = payload.get("hashRootCertificate")
    return CertificateAsked(
        csr=notes.text(payload["csr"], "csr"),
        purpose=purpose,
        request_ref=spare_number(payload, "requestId", notes),
        root=None if root is None else hash_of(root, "hashRootCertificate", notes),
    )


def read_contract(payload: Json, notes: Notes) -> ContractAsked:
    """M01, M02."""
    preferred = payload.get("prioritizedEMAIDs", ())
    return ContractAsked(
        schema_version=notes.text(payload["iso15118SchemaVersion"], "iso15118SchemaVersion"),
        renewal=payload["action"] == "Update",
        request=notes.text(payload["exiRequest"], "exiRequest"),
        most_chains=spare_number(payload, "maximumContractCertificateChains", notes, least=0),
        preferred=tuple(notes.text(each, "prioritizedEMAIDs") for each in preferred),
    )


def read_certificate_status(payload: Json, notes: Notes) -> CertificateStatusAsked:
    """M06."""
    asked = payload["ocspRequestData"]
    return CertificateStatusAsked(
        hash=hash_of(asked, "ocspRequestData", notes),
        responder=spare_text(asked, "responderURL", notes) or "",
    )


# --- what they are answered ---------------------------------------------------------------------


def write_request_answer(reply: RequestAnswered) -> Payload:
    """A02.FR.03; why not is said in words."""
    if reply.accepted:
        return {"status": "Accepted"}
    info = {"reasonCode": "InvalidCSR", "additionalInfo": (reply.detail or "")[:_MAX_DETAIL]}
    return {"status": "Rejected", "statusInfo": info}


def write_contract(reply: ContractAnswered, longest: int = MAX_RESPONSE) -> Payload:
    """M01.FR.01; what the version has no room for cannot be passed on."""
    answer = reply.answer
    if len(answer.response) > longest:
        return {"status": "Failed", "exiResponse": ""}
    return {
        "status": "Accepted" if answer.accepted else "Failed",
        "exiResponse": answer.response,
    }


def write_status(reply: StatusUnknown) -> Payload:  # noqa: ARG001 - a writer
    """M06.FR.02."""
    return {"status": "Failed"}


INBOUND: Mapping[str, Inbound] = {
    "Get15118EVCertificate": Inbound(
        read_contract,
        ContractAnswered,
        write_contract,
        lenience={
            # For the provider of contracts alone, so it is passed on as it is, or not at all.
            "exiRequest": Lenience(ceiling=MAX_PEM, private=True),
            "iso15118SchemaVersion": Lenience(default=""),
            "maximumContractCertificateChains": SPARE,
            "prioritizedEMAIDs": SPARE,
        },
    ),
    "GetCertificateStatus": Inbound(
        read_certificate_status,
        StatusUnknown,
        write_status,
        lenience={
            **hash_lenience("ocspRequestData"),
            "ocspRequestData.responderURL": Lenience(spare=True, ceiling=2000),
        },
    ),
    "SignCertificate": Inbound(
        read_sign_certificate,
        RequestAnswered,
        write_request_answer,
        lenience={
            "csr": Lenience(ceiling=MAX_PEM),
            "hashRootCertificate": SPARE,
            **hash_lenience("hashRootCertificate"),
            "requestId": SPARE,
        },
    ),
}
