"""Certificates in the words of 2.1, where they are others than those of 2.0.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request
from csms.adapter.v201 import certificate_commands
from csms.adapter.v201 import certificates as v201
from csms.adapter.v201.certificate_commands import (
    DELIVER_FIELDS,
    INSTALLED_LENIENCE,
    learn_installed,
    read_installed,
)
from csms.adapter.v201.certificates import Payload, hash_data, hash_lenience, hash_of
from csms.core.certificates.vocabulary import (
    ChainQuestion,
    ChainStatusAsked,
    ChainUnknown,
    ContractAnswered,
    DeliverCertificate,
    InstallCertificate,
    ReadCertificates,
)
from csms.core.commands import Command

_NOT_BEFORE: Final = "1970-01-01T00:00:00.000Z"
MAX_RESPONSE = 17_000
_MAX_ASKED = 4
_MAX_URLS = 5
_ASKED = "certificateStatusRequests"


def read_chain_status(payload: Json, notes: Notes) -> ChainStatusAsked:
    """M07."""
    return ChainStatusAsked(
        questions=tuple(
            ChainQuestion(
                hash=hash_of(each["certificateHashData"], f"{_ASKED}.certificateHashData", notes),
                source=each["source"],
                urls=tuple(notes.text(url, f"{_ASKED}.urls") for url in each["urls"][:_MAX_URLS]),
            )
            for each in payload[_ASKED][:_MAX_ASKED]
        )
    )


def write_chain_status(reply: ChainUnknown) -> Payload:
    """M07: nothing was looked up, so nothing is known and nothing is good for any time."""
    return {
        "certificateStatus": [
            {
                "certificateHashData": hash_data(each.hash),
                "source": each.source,
                "status": "Failed",
                "nextUpdate": _NOT_BEFORE,
            }
            for each in reply.questions
        ]
    }


def write_contract(reply: ContractAnswered) -> Payload:
    """M01, and how many contracts were left out (M01.FR.21 ff.)."""
    payload = v201.write_contract(reply, MAX_RESPONSE)
    if reply.answer.remaining is not None:
        payload["remainingContracts"] = reply.answer.remaining
    return payload


def _deliver(command: DeliverCertificate) -> Request:
    """The answer to a request that has a number repeats it (A02.FR.20)."""
    request = certificate_commands.deliver(command)
    if command.request_ref is not None:
        request.payload["requestId"] = command.request_ref
    return request


INBOUND: Mapping[str, Inbound] = {
    "Get15118EVCertificate": attrs.evolve(
        v201.INBOUND["Get15118EVCertificate"], write=write_contract
    ),
    # The answer repeats what was asked for: what has no shape cannot be repeated.
    "GetCertificateChainStatus": Inbound(
        read_chain_status,
        ChainUnknown,
        write_chain_status,
        echoed=True,
        lenience={
            **hash_lenience(f"{_ASKED}.certificateHashData"),
            f"{_ASKED}.urls": Lenience(ceiling=2000),
        },
    ),
}

COMMANDS: Mapping[type[Command], Outbound] = {
    DeliverCertificate: Outbound(_deliver, DELIVER_FIELDS),
    InstallCertificate: Outbound(certificate_commands.install, {"certificateType": "kind"}),
    ReadCertificates: Outbound(
        read_installed, {"certificateType": "kinds"}, learn_installed, INSTALLED_LENIENCE
    ),
}
