"""The question, and what its answer tells."""

from __future__ import annotations

from msgspec import Struct

from csms.core.commands import Command


class AskStatus(Command, frozen=True, kw_only=True, tag="transaction_status"):
    """Does the transaction go on, and are messages of it (None: of any) still to be sent?"""

    transaction_ref: str | None = None


class StatusFound(Struct, frozen=True, kw_only=True):
    """Found in an answer; ``ongoing`` is None where no transaction was asked about."""

    ongoing: bool | None
    messages_in_queue: bool
