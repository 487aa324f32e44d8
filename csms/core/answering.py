"""What the answer to an event of a transaction (OCPP 2.x E01 ff.) says, beside the verdict.

It says what is known: what an operator told of the session (`csms.core.tariffs.rules` keeps it
there) and what is declared of the token that the event brings.  It depends on the event and on
what is known, not on what it was answered before, so that one that is told again is answered
alike.
"""

from __future__ import annotations

from msgspec.structs import replace

from csms.core.abilities import supported
from csms.core.decisions import State
from csms.core.presenting import stops
from csms.core.replies import TransactionAnswered
from csms.core.reports import TransactionTold
from csms.core.tariffs.vocabulary import PERSONAL_MESSAGE, TOTAL_COST
from csms.core.values import Authorization, Session, Terms, TokenStatus, TransactionLimit

_OWN_LIMITS = "transaction_limit"


def answer(
    report: TransactionTold, session: Session, given: Authorization | None, state: State
) -> TransactionAnswered:
    """The answer to an event of the session; ``given``: the verdict on the token it brought."""
    terms = _granted(report, given)
    limit = None if terms is None else terms.transaction_limit
    return TransactionAnswered(
        given,
        total_cost=_told(session, TOTAL_COST),
        personal_message=_told(session, PERSONAL_MESSAGE),
        charging_priority=None if terms is None else terms.charging_priority,
        transaction_limit=None if limit is None else _limit(report, supported(limit, state)),
    )


def _granted(report: TransactionTold, given: Authorization | None) -> Terms | None:
    """What goes with a token that is good to start."""
    if given is None or given.status is not TokenStatus.ACCEPTED or stops(report):
        return None
    return given.terms


def _told(session: Session, name: str) -> str | None:
    value = session.details.get(name)
    return value if isinstance(value, str) else None


def _limit(report: TransactionTold, ours: TransactionLimit) -> TransactionLimit | None:
    """Our limits, without those that the station's own keep anyhow (E16.FR.08).  What was offline
    is over: nothing can be limited in it (E16.FR.18)."""
    if report.offline:
        return None
    own = report.details.get(_OWN_LIMITS)
    if isinstance(own, dict):
        kept = {
            name: None
            for name in TransactionLimit.__struct_fields__
            if _is_kept(own.get(name), getattr(ours, name))
        }
        ours = replace(ours, **kept)
    return None if ours == _NO_LIMIT else ours


def _is_kept(own: object, ours: float | None) -> bool:
    return ours is not None and isinstance(own, int | float) and own <= ours


_NO_LIMIT = TransactionLimit()
