"""What we answer a station, free of any OCPP version; the adapter spells it for the wire."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from csms.core.values import Authorization, Registration, TransactionLimit


class Reply(Struct, frozen=True):
    """Anything a station is answered."""


class Acknowledged(Reply, frozen=True):
    """Heard and kept; the answer carries nothing."""


class ConnectionClaimed(Reply, frozen=True):
    """Answer to `csms.core.reports.Connected`."""

    epoch: int
    registration: Registration
    booted: bool
    """Whether the station has ever booted on this server."""
    deaf: bool = False
    """Whether it answered no CALL when it was last heard of."""


class BootAnswered(Reply, frozen=True, kw_only=True):
    """``interval_s``: heartbeat period when accepted, else the wait before the next boot."""

    at: datetime
    interval_s: int
    registration: Registration


class TimeTold(Reply, frozen=True):
    """Answer to a heartbeat: the server's time."""

    at: datetime


class AuthorizationGiven(Reply, frozen=True):
    """Answer to an authorization request."""

    authorization: Authorization


class StartAnswered(Reply, frozen=True):
    """The transaction is known as ``transaction_ref``, whatever the verdict on its token."""

    transaction_ref: str
    authorization: Authorization


class StopAnswered(Reply, frozen=True):
    """``authorization`` is None when no token was presented."""

    authorization: Authorization | None = None


class TransactionAnswered(Reply, frozen=True):
    """Answer to `csms.core.reports.TransactionTold`; ``authorization`` is None when it brought
    no token.  What is not known of the rest is None."""

    authorization: Authorization | None = None
    total_cost: str | None = None
    """What the session has cost so far, after its end altogether: an exact decimal."""
    personal_message: str | None = None
    """What the driver is shown from now on."""
    charging_priority: int | None = None
    transaction_limit: TransactionLimit | None = None


class DataTransferAnswered(Reply, frozen=True, kw_only=True):
    """``status``: Accepted, Rejected, UnknownMessageId or UnknownVendorId."""

    status: str
    data: object = None
