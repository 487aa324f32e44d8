"""What follows from what stations say of payments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from csms.core.commands import Command
from csms.core.decisions import Decision, Policy, Question, State
from csms.core.events import Event
from csms.core.happenings import Happened, fingerprint
from csms.core.payments import vocabulary as v
from csms.core.payments.vat import well_formed
from csms.core.values import StationKey

if TYPE_CHECKING:
    from csms.core.areas import Rules

COMMANDS: Sequence[type[Command]] = (v.AnnounceWebPayment,)

NOTHING = Question()
SETTLED = "Settled"


def settlement_asked(report: v.SettlementTold) -> Question:
    """Which session it paid, and what was told of the payment before."""
    return Question(
        transaction_ref=report.transaction_ref,
        named_by_station=True,
        more=(v.SettlementAsked(psp_ref=report.psp_ref),),
    )


def settlement_told(
    report: v.SettlementTold, key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """Keep a settlement; one of the same payment takes the place of the one before (C18.FR.03).

    One that comes late, after a newer one, changes nothing any more, but is kept as something
    that happened.  What says nothing new is no event.
    """
    before: v.Known | None = state.answer(v.SettlementAsked)
    session_id = None if state.session is None else state.session.id
    ours = _receipt(report, session_id, policy)
    reply = v.SettlementAnswered(ours)
    repeated = before is not None and _says_the_same(report, before)
    # A repetition may bear another time, when the station's clock was set meanwhile.
    at = before.settled_at if before is not None and repeated else report.at
    told = _told(report, key, session_id, at, now)
    if before is not None and at < before.settled_at:
        return Decision(reply, (told,))
    write = v.KeepSettlement(
        station_id=key.id,
        operator_id=key.operator_id,
        psp_ref=report.psp_ref,
        status=report.status,
        amount=report.amount,
        settled_at=at,
        received_at=now,
        transaction_ref=report.transaction_ref,
        session_id=session_id,
        receipt_id=report.receipt_id,
        receipt_url=ours or report.receipt_url,
        vat_number=report.vat_number,
        vat_company=report.vat_company,
        detail=report.detail,
    )
    if repeated:
        return Decision(reply, (write, told))
    event = Event(
        kind="payment.settlement",
        operator_id=key.operator_id,
        station_id=key.id,
        identity=key.identity,
        at=at,
        session_id=session_id,
        data={"psp_ref": report.psp_ref, "status": report.status, "amount": report.amount},
    )
    return Decision(reply, (write, told), (event,))


def _says_the_same(report: v.SettlementTold, before: v.Known) -> bool:
    return (
        report.status == before.status
        and Decimal(report.amount) == Decimal(before.amount)
        and report.transaction_ref in (None, before.transaction_ref)
    )


def _receipt(report: v.SettlementTold, session_id: str | None, policy: Policy) -> str | None:
    """The receipt is ours where a base for its address is set, and there is something paid."""
    wanted = report.receipt_url is None and report.status == SETTLED
    if not wanted or session_id is None or not policy.receipt_url:
        return None
    return f"{policy.receipt_url.rstrip('/')}/{session_id}"


def _told(
    report: v.SettlementTold, key: StationKey, session_id: str | None, at: datetime, now: datetime
) -> Happened:
    content: dict[str, object] = {
        "psp_ref": report.psp_ref,
        "status": report.status,
        "amount": report.amount,
        "transaction_ref": report.transaction_ref,
        "detail": report.detail,
    }
    return Happened(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=v.SETTLEMENT,
        at=at,
        received_at=now,
        session_id=session_id,
        content=content,
        fingerprint=fingerprint(content),
    )


def vat_asked(_report: v.VatAsked) -> Question:
    """It depends on nothing that is kept."""
    return NOTHING


def vat_answered(
    report: v.VatAsked, key: StationKey, _state: State, now: datetime, policy: Policy
) -> Decision:
    """Answer for a VAT number by policy: nobody is asked whether it is in force (C22)."""
    accepted = policy.vat_by_form and well_formed(report.vat_number)
    content: dict[str, object] = {"vat_number": report.vat_number, "accepted": accepted}
    happened = Happened(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=v.VALIDATION,
        at=now,
        received_at=now,
        evse_id=report.evse_id,
        content=content,
        fingerprint=fingerprint(content),
    )
    reply = v.VatAnswered(accepted=accepted, vat_number=report.vat_number, evse_id=report.evse_id)
    return Decision(reply, (happened,))


RULES: Rules = {
    v.SettlementTold: (settlement_asked, settlement_told),
    v.VatAsked: (vat_asked, vat_answered),
}
