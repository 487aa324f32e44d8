"""What the answers of 2.x stations mean."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.schema import Json
from csms.adapter.tables import Verdict

_VERDICTS: Mapping[str, Verdict] = {
    "accepted": Verdict("accepted"),
    "acceptedcanceled": Verdict("accepted", "AcceptedCanceled"),
    "languagenotsupported": Verdict("unsupported", "LanguageNotSupported"),
    "notimplemented": Verdict("unsupported", "NotImplemented"),
    "notsupported": Verdict("unsupported", "NotSupported"),
    "notsupportedattributetype": Verdict("unsupported", "NotSupportedAttributeType"),
    "notsupportedmessageformat": Verdict("unsupported", "NotSupportedMessageFormat"),
    "notsupportedpriority": Verdict("unsupported", "NotSupportedPriority"),
    "notsupportedstate": Verdict("unsupported", "NotSupportedState"),
    "rebootrequired": Verdict("accepted", "RebootRequired"),
    "rejected": Verdict("rejected"),
    "scheduled": Verdict("accepted", "Scheduled"),
    "unknowncomponent": Verdict("unsupported", "UnknownComponent"),
    "unknownvariable": Verdict("unsupported", "UnknownVariable"),
    "unlocked": Verdict("accepted"),
    "unpublished": Verdict("accepted"),
    "unsupportedmonitortype": Verdict("unsupported", "UnsupportedMonitorType"),
}
"""Statuses of all answers, in lower case; every other status says no in its own way."""

_NOTHING_INSTALLED = ("GetInstalledCertificateIds", "notfound")
"""A list of certificates that is empty is one."""

MAX_WORD = 64

_WITHOUT_STATUS = frozenset(
    {
        "CostUpdated",
        "GetLocalListVersion",
        "GetPeriodicEventStream",
        "GetTransactionStatus",
        "NotifyWebPaymentStarted",
    }
)

_ITEMS: Mapping[str, tuple[str, str]] = {
    "ClearTariffs": ("clearTariffsResult", "status"),
    "ClearVariableMonitoring": ("clearMonitoringResult", "status"),
    "GetVariables": ("getVariableResult", "attributeStatus"),
    "SetVariableMonitoring": ("setMonitoringResult", "status"),
    "SetVariables": ("setVariableResult", "attributeStatus"),
}
"""Answers with a status for each thing asked for: the list, and the status in each item."""


def judge(action: str, payload: Json) -> Verdict:
    """What an answer means; an answer whose status cannot be read is no consent."""
    if action in _WITHOUT_STATUS:
        return Verdict("accepted")
    if action not in _ITEMS:
        verdict = _verdict(payload.get("status"))
        empty = (action, (verdict.detail or "").casefold().strip()) == _NOTHING_INSTALLED
        return Verdict("accepted", "NotFound") if empty else verdict
    field, status = _ITEMS[action]
    items = payload.get(field)
    if not isinstance(items, list):
        return Verdict("rejected")
    verdicts = [_verdict(item.get(status)) for item in items if isinstance(item, dict)]
    if action == "GetVariables":
        return _any(verdicts)
    return _all(verdicts)


def _any(verdicts: list[Verdict]) -> Verdict:
    """Some of what was asked for is an answer; the rest is told by the answer itself."""
    if not verdicts:
        return Verdict("rejected")
    return next((verdict for verdict in verdicts if verdict.status == "accepted"), verdicts[0])


def _all(verdicts: list[Verdict]) -> Verdict:
    """The first no is the verdict; without one, the first yes that says more than yes."""
    if not verdicts:
        return Verdict("rejected")
    no = (verdict for verdict in verdicts if verdict.status != "accepted")
    more = (verdict for verdict in verdicts if verdict.detail is not None)
    return next(no, None) or next(more, None) or verdicts[0]


def _verdict(status: object) -> Verdict:
    if not isinstance(status, str):
        return Verdict("rejected")
    return _VERDICTS.get(status.strip().casefold()) or Verdict("rejected", status[:MAX_WORD])
