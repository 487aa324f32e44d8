"""Answers to 2.1 stations that 2.0.1 stations are not given."""

from __future__ import annotations

from typing import Any, Final

from csms.adapter.v201.replies import Payload
from csms.core.replies import Noted

MAX_TOKEN = 255
"""Length of an idToken of 2.1."""

_NOT_BEFORE: Final = "1970-01-01T00:00:00.000Z"


def write_chain_status(reply: Noted) -> Payload:
    """M06: nothing was looked up, so nothing is known and nothing is good for any time."""
    asked: list[Any] = reply.payload["certificateStatusRequests"]  # type: ignore[assignment]  # by schema
    statuses = [
        {
            "certificateHashData": request["certificateHashData"],
            "source": request["source"],
            "status": "Failed",
            "nextUpdate": _NOT_BEFORE,
        }
        for request in asked
    ]
    return {"certificateStatus": statuses}


def write_vat_number(reply: Noted) -> Payload:
    """C25: the number was not looked up."""
    return {
        "status": "Rejected",
        **{name: reply.payload[name] for name in ("vatNumber", "evseId") if name in reply.payload},
    }
