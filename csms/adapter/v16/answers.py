"""What the answers of 1.6 stations mean."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.schema import Json
from csms.adapter.tables import Verdict

_VERDICTS: Mapping[str, Verdict] = {
    "accepted": Verdict("accepted"),
    "acceptedcanceled": Verdict("accepted", "AcceptedCanceled"),
    "notimplemented": Verdict("unsupported", "NotImplemented"),
    "notsupported": Verdict("unsupported", "NotSupported"),
    "rebootrequired": Verdict("accepted", "RebootRequired"),
    "rejected": Verdict("rejected"),
    "scheduled": Verdict("accepted", "Scheduled"),
    "unlocked": Verdict("accepted"),
}
"""Statuses of all answers, in lower case; every other status says no in its own way."""

_NOTHING_INSTALLED = ("GetInstalledCertificateIds", "notfound")
"""A list of certificates that is empty is one."""

MAX_WORD = 64

_WITHOUT_STATUS = frozenset(
    {"GetConfiguration", "GetDiagnostics", "GetLocalListVersion", "UpdateFirmware"}
)


def judge(action: str, payload: Json) -> Verdict:
    """What an answer means; an answer whose status cannot be read is no consent."""
    if action in _WITHOUT_STATUS:
        if action == "GetLocalListVersion" and payload.get("listVersion") == -1:
            return Verdict("unsupported", "The station keeps no local list.")
        return Verdict("accepted")
    status = payload.get("status")
    if not isinstance(status, str):
        return Verdict("rejected")
    if (action, status.strip().casefold()) == _NOTHING_INSTALLED:
        return Verdict("accepted", "NotFound")
    return _VERDICTS.get(status.strip().casefold()) or Verdict("rejected", status[:MAX_WORD])
