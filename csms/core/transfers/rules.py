"""What vendors' own messages lead to: a table of handlers, by vendor and message.

A vendor in `HANDLERS` has its messages answered by them.  The operator may name others whose
messages are accepted and kept as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from csms.core.decisions import Decision, Policy, Question, State
from csms.core.happenings import Happened, fingerprint
from csms.core.replies import DataTransferAnswered
from csms.core.reports import DataTransferred
from csms.core.station import fact
from csms.core.values import StationKey

if TYPE_CHECKING:
    from csms.core.areas import Rules

HAPPENING: Final = "data_transfer"

PLUG_AND_CHARGE = "org.openchargealliance.iso15118pnc"
"""Vendor id under which 1.6 stations speak of ISO 15118."""

Handler = Callable[[DataTransferred, StationKey, datetime], Decision]


def refused(_report: DataTransferred, _key: StationKey, _now: datetime) -> Decision:
    """For messages that are known and say nothing that can be understood."""
    return Decision(DataTransferAnswered(status="Rejected"))


def recorded(report: DataTransferred, key: StationKey, now: datetime) -> Decision:
    """Keep a message and accept it."""
    content: dict[str, object] = {
        "vendor_id": report.vendor_id,
        "message_id": report.message_id,
        "data": report.data,
    }
    kept = Happened(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=HAPPENING,
        at=now,
        received_at=now,
        content=content,
        fingerprint=fingerprint(content),
    )
    event = fact("station.data", key, now, **content)
    return Decision(DataTransferAnswered(status="Accepted"), (kept,), (event,))


HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    # What could be read of these has become a report of its own, so this is what could not.
    PLUG_AND_CHARGE: {
        "Authorize": refused,
        "Get15118EVCertificate": refused,
        "GetCertificateStatus": refused,
        "SignCertificate": refused,
    },
}
"""By vendor id in lower case, and by message id."""


def data_transferred(
    report: DataTransferred, key: StationKey, _state: State, now: datetime, policy: Policy
) -> Decision:
    """Answer a DataTransfer (1.6 §4.3, 2.x P02): vendors and messages that nobody knows are
    answered as such, never as an error (P02.FR.06 f.)."""
    vendor = report.vendor_id.casefold()
    handlers = HANDLERS.get(vendor)
    if handlers is not None:
        handler = handlers.get(report.message_id or "")
        if handler is None:
            return Decision(DataTransferAnswered(status="UnknownMessageId"))
        return handler(report, key, now)
    if vendor in policy.recorded_vendors:
        return recorded(report, key, now)
    return Decision(DataTransferAnswered(status="UnknownVendorId"))


RULES: Rules = {DataTransferred: (lambda _: Question(), data_transferred)}
