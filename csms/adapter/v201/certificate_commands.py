"""What 2.x stations are asked about certificates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from csms.adapter.leaves import Lenience
from csms.adapter.schema import Json
from csms.adapter.tables import Outbound, Request, Unsupported
from csms.adapter.v201.certificates import (
    PURPOSES,
    SPARE,
    Payload,
    hash_data,
    hash_lenience,
)
from csms.core.certificates.vocabulary import (
    CertificateKind,
    CertificatePurpose,
    DeleteCertificate,
    DeliverCertificate,
    InstallCertificate,
    Installed,
    ReadCertificates,
)
from csms.core.certificates.x509 import CertificateHash
from csms.core.commands import Command

KINDS: Mapping[CertificateKind, str] = {
    CertificateKind.CSMS_ROOT: "CSMSRootCertificate",
    CertificateKind.MANUFACTURER_ROOT: "ManufacturerRootCertificate",
    CertificateKind.V2G_ROOT: "V2GRootCertificate",
    CertificateKind.MO_ROOT: "MORootCertificate",
    CertificateKind.V2G_CHAIN: "V2GCertificateChain",
    CertificateKind.OEM_ROOT: "OEMRootCertificate",
}
_KINDS = {name: kind for kind, name in KINDS.items()}
_PURPOSES = {name: purpose for purpose, name in PURPOSES.items()}


def learnt_hash(of: Json) -> CertificateHash:
    """CertificateHashDataType of an answer, which is mended by then."""
    return CertificateHash(
        algorithm=of["hashAlgorithm"],
        issuer_name_hash=of["issuerNameHash"],
        issuer_key_hash=of["issuerKeyHash"],
        serial_number=of["serialNumber"],
    )


def _deliver(command: DeliverCertificate) -> Request | Unsupported:
    if command.purpose is CertificatePurpose.V2G20:
        return Unsupported("OCPP 2.0.1 has no certificates for ISO 15118-20.")
    return deliver(command)


def deliver(command: DeliverCertificate) -> Request:
    """CertificateSigned, in full."""
    payload: Payload = {"certificateChain": command.chain}
    if (purpose := command.purpose) is not None and purpose is not CertificatePurpose.COMBINED:
        payload["certificateType"] = PURPOSES[purpose]
    return Request("CertificateSigned", payload)


def _no_oem(of: Callable[[Any], Request | Unsupported]) -> Callable[[Any], Request | Unsupported]:
    """2.0.1 knows no roots of car makers."""

    def spell(command: Any) -> Request | Unsupported:
        kinds = command.kinds if isinstance(command, ReadCertificates) else (command.kind,)
        if CertificateKind.OEM_ROOT in kinds:
            return Unsupported("OCPP 2.0.1 has no OEM root certificates.")
        return of(command)

    return spell


def install(command: InstallCertificate) -> Request | Unsupported:
    """M05."""
    if command.kind is CertificateKind.V2G_CHAIN:
        return Unsupported("A chain is delivered for a request of the station, not installed.")
    payload: Payload = {
        "certificateType": KINDS[command.kind],
        "certificate": command.certificate,
    }
    return Request("InstallCertificate", payload)


def _delete(command: DeleteCertificate) -> Request:
    return Request("DeleteCertificate", {"certificateHashData": hash_data(command.hash)})


def read_installed(command: ReadCertificates) -> Request:
    """M03; an absent list asks for all kinds."""
    if not command.kinds:
        return Request("GetInstalledCertificateIds", {})
    asked = [KINDS[kind] for kind in command.kinds]
    return Request("GetInstalledCertificateIds", {"certificateType": asked})


def lists(payload: Json) -> bool:
    """Whether an answer tells what there is, be it nothing; another status tells nothing."""
    return payload["status"] in ("Accepted", "NotFound")


def learn_installed(_command: ReadCertificates, payload: Json) -> tuple[Installed, ...] | None:
    """M03.FR.01 ff.; what is of no known type cannot be asked for by it."""
    if not lists(payload):
        return None
    return tuple(
        Installed(
            kind=_KINDS[each["certificateType"]],
            hash=learnt_hash(each["certificateHashData"]),
            children=tuple(map(learnt_hash, each.get("childCertificateHashData", ()))),
        )
        for each in payload.get("certificateHashDataChain", ())
        if each["certificateType"] in _KINDS
    )


def learn_deleted(_command: DeleteCertificate, payload: Json) -> bool:
    """M04.FR.01 ff.: whether it is not there any more, or never was."""
    return payload["status"] in ("Accepted", "NotFound")


INSTALLED_LENIENCE: Mapping[str, Lenience] = {
    **hash_lenience("certificateHashDataChain.certificateHashData"),
    **hash_lenience("certificateHashDataChain.childCertificateHashData"),
    "certificateHashDataChain.childCertificateHashData": SPARE,
}

HASH_FIELDS: Mapping[str, str] = {
    "certificateHashData.hashAlgorithm": "hash.algorithm",
    "certificateHashData.issuerNameHash": "hash.issuer_name_hash",
    "certificateHashData.issuerKeyHash": "hash.issuer_key_hash",
    "certificateHashData.serialNumber": "hash.serial_number",
}
DELIVER_FIELDS: Mapping[str, str] = {"certificateChain": "chain", "requestId": "request_ref"}

COMMANDS: Mapping[type[Command], Outbound] = {
    DeliverCertificate: Outbound(_deliver, DELIVER_FIELDS),
    InstallCertificate: Outbound(_no_oem(install), {"certificateType": "kind"}),
    DeleteCertificate: Outbound(_delete, HASH_FIELDS, learn_deleted),
    ReadCertificates: Outbound(
        _no_oem(read_installed),
        {"certificateType": "kinds"},
        learn_installed,
        INSTALLED_LENIENCE,
    ),
}


# --- raw requests as commands -------------------------------------------------------------------


def _as_deliver(payload: Json) -> DeliverCertificate | None:
    name = payload.get("certificateType")
    return DeliverCertificate(
        chain=payload["certificateChain"],
        purpose=None if name is None else _PURPOSES[name],
        request_ref=payload.get("requestId"),
    )


def _as_install(payload: Json) -> InstallCertificate:
    return InstallCertificate(
        kind=_KINDS[payload["certificateType"]], certificate=payload["certificate"]
    )


def as_delete(payload: Json) -> DeleteCertificate:
    """A raw DeleteCertificate, of any version."""
    return DeleteCertificate(hash=learnt_hash(payload["certificateHashData"]))


def _as_read(payload: Json) -> ReadCertificates:
    return ReadCertificates(
        kinds=tuple(_KINDS[name] for name in payload.get("certificateType", ()))
    )


INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "CertificateSigned": _as_deliver,
    "DeleteCertificate": as_delete,
    "GetInstalledCertificateIds": _as_read,
    "InstallCertificate": _as_install,
}
