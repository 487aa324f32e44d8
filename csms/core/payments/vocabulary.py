"""What payments at stations are spoken of with.

Amounts are exact decimals as text, in the currency of the station's tariff.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct

from csms.core.commands import Command
from csms.core.decisions import Ask, Write
from csms.core.replies import Reply
from csms.core.reports import Report

SETTLEMENT: Final = "settlement"
"""Kind of the happenings that are settlements, in the words in which each was told."""
VALIDATION: Final = "vat_validation"
"""Kind of the happenings that are questions for VAT numbers."""


class AnnounceWebPayment(Command, frozen=True, kw_only=True, tag="web_payment_started"):
    """A driver has opened the payment page of an EVSE, which is to be kept free for ``timeout_s``
    seconds (C25.FR.12)."""

    evse_id: int
    timeout_s: int


class Settlement(Struct, frozen=True, kw_only=True):
    """A payment that a station settled, or could not (C18-C20)."""

    station: str
    psp_ref: str
    """The reference of the payment service provider; the same one is the same payment."""
    status: str
    """Settled, Canceled, Rejected or Failed."""
    amount: str
    settled_at: datetime
    received_at: datetime
    transaction_ref: str | None = None
    session_id: str | None = None
    receipt_id: str | None = None
    receipt_url: str | None = None
    vat_number: str | None = None
    vat_company: dict[str, object] | None = None
    detail: str | None = None


class SettlementTold(Report, frozen=True, kw_only=True):
    """NotifySettlement."""

    psp_ref: str
    status: str
    amount: str
    at: datetime
    transaction_ref: str | None = None
    receipt_id: str | None = None
    receipt_url: str | None = None
    vat_number: str | None = None
    vat_company: dict[str, object] | None = None
    detail: str | None = None


class SettlementAsked(Ask, frozen=True, kw_only=True):
    """What the station told of a payment before; answered with `Known`, if it ever did."""

    psp_ref: str


class Known(Struct, frozen=True, kw_only=True):
    """A settlement, as rules look at it."""

    status: str
    amount: str
    settled_at: datetime
    transaction_ref: str | None


class SettlementAnswered(Reply, frozen=True):
    """Where the driver finds the receipt, if it is ours to make."""

    receipt_url: str | None = None


class KeepSettlement(Write, frozen=True, kw_only=True):
    """A settlement, which takes the place of an earlier one of the same payment; what that told
    of the same transaction and this does not, stays."""

    station_id: int
    operator_id: int
    psp_ref: str
    status: str
    amount: str
    settled_at: datetime
    received_at: datetime
    transaction_ref: str | None = None
    session_id: str | None = None
    receipt_id: str | None = None
    receipt_url: str | None = None
    vat_number: str | None = None
    vat_company: dict[str, object] | None = None
    detail: str | None = None


class VatAsked(Report, frozen=True, kw_only=True):
    """VatNumberValidation (C22): is that number a customer's VAT number?"""

    vat_number: str
    evse_id: int | None = None


class VatAnswered(Reply, frozen=True, kw_only=True):
    """The verdict; the question is repeated in the answer."""

    accepted: bool
    vat_number: str
    evse_id: int | None = None
