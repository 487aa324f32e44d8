"""What the server did wrong: the kinds of misbehaviour and the list of those found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum

import attrs
from msgspec import Struct

KEPT_PER_KIND = 20
"""Findings kept in words for the summary; all are counted."""


class Kind(StrEnum):
    """Misbehaviour of a server, as a simulated charger can see it."""

    BAD_FRAME = "bad_frame"
    """No OCPP-J: not JSON, no array, wrong arity, a binary frame ..."""
    BAD_ANSWER = "bad_answer"
    """A CALLRESULT that breaks the schema of the message it answers."""
    BAD_COMMAND = "bad_command"
    """A CALL that breaks its schema, or that OCPP does not allow in this state."""
    CALL_ERROR = "call_error"
    """A CALLERROR to a message that was valid."""
    INTERNAL_ERROR = "internal_error"
    """A CALLERROR InternalError to a message that `misbehaviour` distorted."""
    RESULT_REFUSED = "result_refused"
    """A CALLRESULTERROR to an answer that was valid (OCPP 2.1)."""
    MISSING_ANSWER = "missing_answer"
    """No answer within the call timeout though the connection stood."""
    UNSOLICITED_ANSWER = "unsolicited_answer"
    """An answer to no open CALL: unknown id, answered before, or after its timeout."""
    BAD_TRANSACTION_ID = "bad_transaction_id"
    """Not a positive int32, or given out before."""
    PARALLEL_COMMANDS = "parallel_commands"
    """A CALL while the last one was still unanswered."""
    REUSED_MESSAGE_ID = "reused_message_id"
    """A CALL under an id that the server has used before."""
    HANDSHAKE_REFUSED = "handshake_refused"
    """The upgrade to WebSocket was answered with another status or without subprotocol."""
    UNREACHABLE = "unreachable"
    """Never connected."""
    CLOSED_BY_SERVER = "closed_by_server"
    """Closed with a code that accuses the charger (protocol error, policy, size ...)."""
    NO_PONG = "no_pong"
    """WebSocket pings stayed unanswered."""
    MESSAGE_DROPPED = "message_dropped"
    """A transaction message was given up after its last attempt."""
    NOT_ACCEPTED = "not_accepted"
    """A charger that never got past its BootNotification."""
    TAG_REFUSED = "tag_refused"
    """A driver's tag was refused, so a session asked for did not take place."""


class Finding(Struct, frozen=True):
    """One misbehaviour, seen by one charger."""

    kind: Kind
    identity: str
    text: str


def _ignore(finding: Finding) -> None:
    """Nobody watches."""


@attrs.define(eq=False)
class Findings:
    """Counts findings of all chargers of a run and keeps the first of each kind in words."""

    forgiven: frozenset[Kind] = frozenset()
    """Kinds that are listed but do not fail the run."""
    watch: Callable[[Finding], None] = _ignore
    counts: Counter[Kind] = attrs.Factory(Counter)
    kept: dict[Kind, list[Finding]] = attrs.Factory(dict)

    def report(self, kind: Kind, identity: str, text: str) -> None:
        """Note a misbehaviour; ``text`` says in one line what happened."""
        finding = Finding(kind, identity, text)
        self.counts[kind] += 1
        kept = self.kept.setdefault(kind, [])
        if len(kept) < KEPT_PER_KIND:
            kept.append(finding)
        self.watch(finding)

    @property
    def total(self) -> int:
        """How many there are, forgiven ones included."""
        return self.counts.total()

    @property
    def failed(self) -> bool:
        """Whether the run must be called failed."""
        return any(kind not in self.forgiven for kind in self.counts)

    def lines(self) -> list[str]:
        """A summary for people: per kind the count and the first cases."""
        lines = []
        for kind, count in self.counts.most_common():
            forgiven = " (forgiven)" if kind in self.forgiven else ""
            lines.append(f"{kind}: {count}{forgiven}")
            lines += [f"  {finding.identity}: {finding.text}" for finding in self.kept[kind]]
            if count > KEPT_PER_KIND:
                lines.append(f"  ... and {count - KEPT_PER_KIND} more")
        return lines


@attrs.define(eq=False)
class TransactionIds:
    """Transaction ids that the server gave to the chargers of this run."""

    _given: set[int] = attrs.field(factory=set, init=False)

    def problem(self, transaction_id: int) -> str | None:
        """What is wrong with a new id (1.6 errata 3.54: positive, 32 bits, unique); None: nothing.

        Each start is asked about once: a repeated start whose first answer was lost never had one.
        """
        if not 0 < transaction_id < 2**31:
            return f"transactionId {transaction_id} is no positive 32-bit number"
        if transaction_id in self._given:
            return f"transactionId {transaction_id} was given before"
        self._given.add(transaction_id)
        return None
