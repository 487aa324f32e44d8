"""Certificates in the words of the security extension of 1.6.

What that has no words for, the certificates of ISO 15118, travels in a DataTransfer as it is in
2.0.1 (see `csms.adapter.v16.transfers`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request, Unsupported, Verdict
from csms.adapter.v16 import answers
from csms.adapter.v16 import outbound as v16
from csms.adapter.v16.replies import Payload
from csms.adapter.v16.transfers import Carrier
from csms.adapter.v201 import certificate_commands as v201
from csms.adapter.v201 import outbound as v201_outbound
from csms.adapter.v201.certificate_commands import HASH_FIELDS, as_delete, learnt_hash
from csms.adapter.v201.certificates import hash_data, hash_lenience
from csms.core.certificates.vocabulary import (
    CertificateAsked,
    CertificateKind,
    CertificatePurpose,
    DeleteCertificate,
    DeliverCertificate,
    InstallCertificate,
    Installed,
    ReadCertificates,
    RequestAnswered,
)
from csms.core.certificates.x509 import MAX_PEM
from csms.core.commands import Command, Trigger

KINDS: Mapping[CertificateKind, str] = {
    CertificateKind.CSMS_ROOT: "CentralSystemRootCertificate",
    CertificateKind.MANUFACTURER_ROOT: "ManufacturerRootCertificate",
}
_KINDS = {name: kind for kind, name in KINDS.items()}


def read_sign_certificate(payload: Json, notes: Notes) -> CertificateAsked:
    """§4.9 of the security extension: always the station's own."""
    return CertificateAsked(csr=notes.text(payload["csr"], "csr"))


def write_request_answer(reply: RequestAnswered) -> Payload:
    """§4.9 of the security extension."""
    return {"status": "Accepted" if reply.accepted else "Rejected"}


INBOUND: Mapping[str, Inbound] = {
    "SignCertificate": Inbound(
        read_sign_certificate,
        RequestAnswered,
        write_request_answer,
        lenience={"csr": Lenience(ceiling=MAX_PEM)},
    ),
}


@attrs.frozen
class Either:
    """A command that is a message of the security extension, or carried as one of 2.0.1."""

    carried: Callable[[Any], bool]
    spell_own: Callable[[Any], Request | Unsupported]
    learn_own: Callable[[Any, Any], object] | None
    carrier: Carrier

    def row(
        self, fields: Mapping[str, str], lenience: Mapping[str, Lenience] | None = None
    ) -> Outbound:
        """As a row of the table of commands."""
        return Outbound(self.spell, fields, self.learn, lenience or {}, self.judge)

    def spell(self, command: Any) -> Request | Unsupported:
        """See `Outbound.spell`."""
        return self.carrier.spell(command) if self.carried(command) else self.spell_own(command)

    def judge(self, command: Any, response: Json) -> Verdict:
        """See `Outbound.judge`."""
        if self.carried(command):
            return self.carrier.judge(command, response)
        request = self.spell_own(command)
        assert isinstance(request, Request), "only what was sent is answered"
        return answers.judge(request.action, response)

    def learn(self, command: Any, response: Json) -> object:
        """See `Outbound.learn`."""
        if self.carried(command):
            return self.carrier.learn(command, response)
        return None if self.learn_own is None else self.learn_own(command, response)


def _deliver(command: DeliverCertificate) -> Request:
    return Request("CertificateSigned", {"certificateChain": command.chain})


def _install(command: InstallCertificate) -> Request:
    payload: Payload = {
        "certificateType": KINDS[command.kind],
        "certificate": command.certificate,
    }
    return Request("InstallCertificate", payload)


def _delete(command: DeleteCertificate) -> Request:
    return Request("DeleteCertificate", {"certificateHashData": hash_data(command.hash)})


def _read(command: ReadCertificates) -> Request:
    return Request("GetInstalledCertificateIds", {"certificateType": KINDS[command.kinds[0]]})


def _learn_read(command: ReadCertificates, payload: Json) -> tuple[Installed, ...] | None:
    if not v201.lists(payload):
        return None
    return tuple(
        Installed(kind=command.kinds[0], hash=learnt_hash(each))
        for each in payload.get("certificateHashData", ())
    )


_DELIVER = Either(
    lambda command: command.purpose in (CertificatePurpose.V2G, CertificatePurpose.V2G20),
    _deliver,
    None,
    Carrier(v201.COMMANDS[DeliverCertificate]),
)
_INSTALL = Either(
    lambda command: command.kind not in KINDS,
    _install,
    None,
    Carrier(v201.COMMANDS[InstallCertificate]),
)
_DELETE = Either(
    lambda command: command.kind is not None and command.kind not in KINDS,
    _delete,
    v201.learn_deleted,
    Carrier(v201.COMMANDS[DeleteCertificate]),
)
_READ = Either(
    lambda command: not set(command.kinds) <= set(KINDS),
    _read,
    _learn_read,
    Carrier(v201.COMMANDS[ReadCertificates]),
)
_TRIGGER = Either(
    lambda command: command.message == "SignV2GCertificate",
    v16.COMMANDS[Trigger].spell,
    None,
    Carrier(v201_outbound.COMMANDS[Trigger]),
)


def _read_one(command: ReadCertificates) -> Request | Unsupported:
    """1.6 tells of one kind at a time; what ISO 15118 adds is asked for apart."""
    known = set(command.kinds) & set(KINDS)
    if not command.kinds or (known and len(command.kinds) > 1):
        return Unsupported("OCPP 1.6 reads certificates of one kind at a time.")
    return _READ.spell(command)


COMMANDS: Mapping[type[Command], Outbound] = {
    DeliverCertificate: _DELIVER.row({"certificateChain": "chain"}),
    InstallCertificate: _INSTALL.row({"certificateType": "kind"}),
    DeleteCertificate: _DELETE.row(HASH_FIELDS),
    ReadCertificates: attrs.evolve(
        _READ.row({"certificateType": "kinds"}, hash_lenience("certificateHashData")),
        spell=_read_one,
    ),
    # In place of the one that knows 1.6 alone.
    Trigger: _TRIGGER.row(v16.COMMANDS[Trigger].fields or {}),
}


def _as_deliver(payload: Json) -> DeliverCertificate:
    return DeliverCertificate(chain=payload["certificateChain"])


def _as_install(payload: Json) -> InstallCertificate:
    return InstallCertificate(
        kind=_KINDS[payload["certificateType"]], certificate=payload["certificate"]
    )


def _as_read(payload: Json) -> ReadCertificates:
    return ReadCertificates(kinds=(_KINDS[payload["certificateType"]],))


INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "CertificateSigned": _as_deliver,
    "DeleteCertificate": as_delete,
    "GetInstalledCertificateIds": _as_read,
    "InstallCertificate": _as_install,
}
