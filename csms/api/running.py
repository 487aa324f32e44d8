"""The session that a route is about, which must be running."""

from __future__ import annotations

from csms.core.errors import Conflict
from csms.core.ports import ISessions
from csms.core.values import Session, SessionStatus


async def running(sessions: ISessions, session_id: str, operator_id: int) -> tuple[Session, str]:
    """The session and its transaction; raises `NotFound`, and `Conflict` when it is over
    (``session_ended``) or its station never named its transaction (``no_transaction``)."""
    session = await sessions.get(session_id, operator_id)
    return session, named_running(session)


def named_running(session: Session) -> str:
    """The transaction of a session that is not over; raises `Conflict` as `running` does."""
    if session.status is SessionStatus.ENDED:
        raise Conflict("the session has ended", code="session_ended")
    return named(session)


def named(session: Session) -> str:
    """The transaction of a session; raises `Conflict` (``no_transaction``)."""
    if session.transaction_ref is None:
        raise Conflict("the session has no transaction id yet", code="no_transaction")
    return session.transaction_ref
