"""Payments at stations in the words of 2.1 (C18 to C25)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from csms.adapter.faults import FaultKind, refuse
from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request
from csms.adapter.times import moment
from csms.adapter.v201.fields import spare_number, spare_text
from csms.adapter.v201.replies import Payload
from csms.adapter.wording import wording
from csms.core.commands import Command
from csms.core.payments import vocabulary as v

_SPARE = Lenience(spare=True)
_COMPANY = wording("v21", "NotifySettlementRequest", "vatCompany")
MAX_VAT_NUMBER = 20
"""Characters that fit into the answer, which repeats the number."""
MAX_URL = 2000


def _read_settlement(payload: Json, notes: Notes) -> v.SettlementTold:
    """Without a reference nobody could tell payments apart."""
    company, psp_ref = payload.get("vatCompany"), payload["pspRef"]
    if not psp_ref:
        refuse(FaultKind.PROPERTY, "pspRef", "is empty")
    return v.SettlementTold(
        psp_ref=notes.text(psp_ref, "pspRef"),
        status=notes.text(payload["status"], "status"),
        amount=_amount(payload["settlementAmount"]),
        at=moment(payload.get("settlementTime"), "settlementTime", notes),
        transaction_ref=spare_text(payload, "transactionId", notes),
        receipt_id=spare_text(payload, "receiptId", notes),
        receipt_url=spare_text(payload, "receiptUrl", notes),
        vat_number=spare_text(payload, "vatNumber", notes),
        vat_company=None if company is None else _COMPANY.to_core(company, notes, "vatCompany"),
        detail=spare_text(payload, "statusInfo", notes),
    )


def _amount(number: float) -> str:
    """The shortest decimal that the number (finite) can be: what was written, up to the 15 digits
    that numbers of JSON are good for."""
    exact = Decimal(number) if isinstance(number, int) else Decimal(repr(number))
    return format(exact, "f")


def _write_settlement(reply: v.SettlementAnswered) -> Payload:
    url = reply.receipt_url
    return {"receiptUrl": url} if url is not None and len(url) <= MAX_URL else {}


def _read_vat(payload: Json, notes: Notes) -> v.VatAsked:
    return v.VatAsked(
        vat_number=notes.text(payload["vatNumber"], "vatNumber"),
        evse_id=spare_number(payload, "evseId", notes, least=0),
    )


def _write_vat(reply: v.VatAnswered) -> Payload:
    payload: Payload = {
        "status": "Accepted" if reply.accepted else "Rejected",
        "vatNumber": reply.vat_number,
    }
    if reply.evse_id is not None:
        payload["evseId"] = reply.evse_id
    return payload


INBOUND: Mapping[str, Inbound] = {
    "NotifySettlement": Inbound(
        _read_settlement,
        v.SettlementAnswered,
        _write_settlement,
        money=True,
        lenience={
            # What the index of the database can take, whatever the characters.
            "pspRef": Lenience(ceiling=512),
            "receiptId": Lenience(ceiling=255, spare=True),
            "receiptUrl": Lenience(ceiling=2000, spare=True),
            "settlementTime": Lenience(default=None),
            "status": Lenience(unknown=Rule.UNKNOWN_VALUE),
            "statusInfo": Lenience(ceiling=1024, spare=True),
            "transactionId": Lenience(ceiling=255, spare=True),
            "vatCompany": _SPARE,
            **dict.fromkeys(
                (f"vatCompany.{name}" for name in ("name", "address1", "city", "country")), _SPARE
            ),
            "vatNumber": Lenience(ceiling=255, spare=True),
        },
    ),
    "VatNumberValidation": Inbound(
        _read_vat,
        v.VatAnswered,
        _write_vat,
        lenience={"evseId": _SPARE, "vatNumber": Lenience(ceiling=MAX_VAT_NUMBER)},
    ),
}


def _spell(command: v.AnnounceWebPayment) -> Request:
    payload: Json = {"evseId": command.evse_id, "timeout": command.timeout_s}
    return Request("NotifyWebPaymentStarted", payload)


def _interpret(payload: Json) -> Command:
    return v.AnnounceWebPayment(evse_id=payload["evseId"], timeout_s=payload["timeout"])


COMMANDS: Mapping[type[Command], Outbound] = {
    v.AnnounceWebPayment: Outbound(_spell, {"evseId": "evse_id", "timeout": "timeout_s"})
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "NotifyWebPaymentStarted": _interpret
}
