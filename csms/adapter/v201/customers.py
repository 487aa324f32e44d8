"""Customers in the words of 2.x (N09, N10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request
from csms.adapter.v201.certificate_commands import learnt_hash
from csms.adapter.v201.certificates import hash_data
from csms.adapter.v201.fields import spare_number
from csms.adapter.v201.replies import write_nothing
from csms.core.authorization import CENTRAL
from csms.core.commands import Command
from csms.core.customers.vocabulary import AskCustomer, Customer, CustomerTold
from csms.core.replies import Acknowledged

_SPARE = Lenience(spare=True)


def _read(payload: Json, notes: Notes) -> CustomerTold:
    return CustomerTold(
        ref=spare_number(payload, "requestId", notes),
        number=spare_number(payload, "seqNo", notes, least=0),
        text=notes.text(payload["data"], "data"),
        last=not payload.get("tbc", False),
    )


INBOUND: Mapping[str, Inbound] = {
    "NotifyCustomerInformation": Inbound(
        _read,
        Acknowledged,
        write_nothing,
        lenience={
            "data": Lenience(default="", ceiling=8192, private=True),
            "generatedAt": _SPARE,
            "requestId": _SPARE,
            "seqNo": _SPARE,
            "tbc": _SPARE,
        },
    ),
}


def _spell(command: AskCustomer) -> Request:
    customer = command.customer
    payload: dict[str, Any] = {
        "requestId": command.ref or 0,
        "report": command.report,
        "clear": command.clear,
    }
    if customer.id_token is not None:
        kind = customer.kind or CENTRAL
        payload["idToken"] = {"idToken": customer.id_token, "type": kind}
    if customer.identifier is not None:
        payload["customerIdentifier"] = customer.identifier
    if customer.certificate is not None:
        payload["customerCertificate"] = hash_data(customer.certificate)
    return Request("CustomerInformation", payload)


def _interpret(payload: Json) -> Command:
    token = payload.get("idToken", {})
    certificate = payload.get("customerCertificate")
    return AskCustomer(
        ref=payload["requestId"],
        customer=Customer(
            id_token=token.get("idToken"),
            kind=token.get("type"),
            identifier=payload.get("customerIdentifier"),
            certificate=None if certificate is None else learnt_hash(certificate),
        ),
        report=payload["report"],
        clear=payload["clear"],
    )


COMMANDS: Mapping[type[Command], Outbound] = {
    AskCustomer: Outbound(
        _spell,
        {
            "customerCertificate": "certificate",
            "customerIdentifier": "customer_identifier",
            "idToken.idToken": "id_token",
            "idToken.type": "kind",
            "requestId": "ref",
        },
    )
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {"CustomerInformation": _interpret}
