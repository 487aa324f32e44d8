"""Remote start and stop, by whatever the caller knows: station and EVSE, transaction, session."""

from __future__ import annotations

from typing import Any

import attrs

from csms.api.routes import Call
from csms.api.running import named_running
from csms.core.commands import RemoteStart, RemoteStop
from csms.core.errors import Conflict, Invalid, NotFound
from csms.core.pages import Query
from csms.core.ports import IOperations, ISessions, IStations
from csms.core.values import Operation, Session, SessionStatus

_OPEN = (SessionStatus.ACTIVE, SessionStatus.SUSPECT)
"""In the order in which a session on an EVSE is looked for."""


@attrs.frozen
class Remote:
    """Finds the session that is meant, and sends the command."""

    operations: IOperations
    sessions: ISessions
    stations: IStations

    async def start(
        self, call: Call[Any, Any], identity: str, command: RemoteStart, *, queue: bool = False
    ) -> Operation:
        """Ask a station to begin a session."""
        return await self.operations.submit(
            identity, call.operator_id, command, requested_by=call.who, queue=queue
        )

    async def stop_session(
        self,
        call: Call[Any, Any],
        session_id: str,
        *,
        identity: str | None = None,
        queue: bool = False,
    ) -> Operation:
        """End a session; raises `NotFound` when ``identity`` is given and is not its station."""
        session = await self.sessions.get(session_id, call.operator_id)
        if identity not in (None, session.identity):
            raise NotFound("the station has no such session")
        return await self._stop(call, session, queue=queue)

    async def stop_evse(
        self, call: Call[Any, Any], identity: str, evse_id: int, *, queue: bool = False
    ) -> Operation:
        """End the open session on an EVSE; raises `NotFound` where there is no such station, and
        `Conflict` (``no_open_session``)."""
        for status in _OPEN:
            filters = {"station": identity, "evse_id": evse_id, "status": status.value}
            session = await self._newest(call, filters)
            if session is not None:
                return await self._stop(call, session, queue=queue)
        await self.stations.get(identity, call.operator_id)
        raise Conflict("no session is open there", code="no_open_session")

    async def stop_transaction(
        self,
        call: Call[Any, Any],
        transaction_ref: str,
        *,
        identity: str | None = None,
        queue: bool = False,
    ) -> Operation:
        """End a transaction by the id that the station knows it by.

        A station that is named is asked even if the session is unknown here: it may know
        better.
        """
        filters = {"transaction_id": transaction_ref}
        if identity is not None:
            filters["station"] = identity
        session = await self._newest(call, filters)
        if identity is None:
            if session is None:
                raise NotFound("there is no such transaction")
            identity = session.identity
        try:
            return await self.operations.submit(
                identity,
                call.operator_id,
                RemoteStop(transaction_ref=transaction_ref),
                requested_by=call.who,
                queue=queue,
                session_id=None if session is None else session.id,
            )
        except Invalid as refusal:
            raise Invalid(refusal.detail, field="transaction_id", code=refusal.code) from None

    async def _newest(self, call: Call[Any, Any], filters: dict[str, Any]) -> Session | None:
        query = Query(filters=filters, sort="-started_at", limit=1)
        page = await self.sessions.list(query, call.operator_id)
        return page.items[0] if page.items else None

    async def _stop(self, call: Call[Any, Any], session: Session, *, queue: bool) -> Operation:
        return await self.operations.submit(
            session.identity,
            call.operator_id,
            RemoteStop(transaction_ref=named_running(session)),
            requested_by=call.who,
            queue=queue,
            session_id=session.id,
        )
