"""Messages on the displays of stations: `/stations/{identity}/display-messages`."""

from __future__ import annotations

from typing import Any

import attrs

from csms.api.commands import OUTCOME
from csms.api.display_shapes import (
    ClearMessageQuery,
    MessageRequest,
    MessagesReport,
    MessageView,
    message_view,
)
from csms.api.held import held_page
from csms.api.operations import OperationView, operation_answer
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.running import running
from csms.api.shapes import Listed, list_query
from csms.core.commands import Command
from csms.core.display.vocabulary import MESSAGE, ClearMessage, ReportMessages, SetMessage
from csms.core.errors import Invalid, NotFound
from csms.core.listings import DISPLAY_MESSAGES
from csms.core.ports import IHoldings, IOperations, ISessions


@attrs.frozen
class DisplayMessages:
    """Handlers of display messages."""

    holdings: IHoldings
    sessions: ISessions
    operations: IOperations

    async def list(self, call: Call[None, Any]) -> Answer:
        """What a station shows."""
        return await held_page(self.holdings, DISPLAY_MESSAGES, MESSAGE, message_view, call)

    async def show(self, call: Call[MessageRequest, NoQuery]) -> Answer:
        """A new message."""
        return await self._show(call, None)

    async def replace(self, call: Call[MessageRequest, NoQuery]) -> Answer:
        """The message of that number."""
        return await self._show(call, int(call.path["message_id"]))

    async def _show(self, call: Call[MessageRequest, NoQuery], number: int | None) -> Answer:
        body = call.body
        if body.start_at is not None and body.end_at is not None and body.end_at <= body.start_at:
            raise Invalid("it ends before it begins", field="end_at")
        message = body.message(await self._transaction(call))
        return await self._send(call, SetMessage(ref=number, message=message), queue=body.queue)

    async def _transaction(self, call: Call[MessageRequest, NoQuery]) -> str | None:
        """The transaction of the session that is meant."""
        if call.body.session_id is None:
            return None
        session, transaction_ref = await running(
            self.sessions, call.body.session_id, call.operator_id
        )
        if session.identity != call.path["identity"]:
            raise NotFound("the station has no such session")
        return transaction_ref

    async def clear(self, call: Call[None, ClearMessageQuery]) -> Answer:
        """Take a message off."""
        command = ClearMessage(message_id=int(call.path["message_id"]))
        return await self._send(call, command, queue=call.query.queue)

    async def report(self, call: Call[MessagesReport, NoQuery]) -> Answer:
        """Have the station tell its messages."""
        body = call.body
        if body.message_ids and (body.priority is not None or body.state is not None):
            raise Invalid("give either ids, or what they should fit", field="message_ids")
        command = ReportMessages(
            message_ids=body.message_ids, priority=body.priority, state=body.state
        )
        return await self._send(call, command, queue=body.queue)

    async def _send(self, call: Call[Any, Any], command: Command, *, queue: bool) -> Answer:
        operation = await self.operations.submit(
            call.path["identity"], call.operator_id, command, requested_by=call.who, queue=queue
        )
        return operation_answer(operation)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        messages = f"{PREFIX}/stations/{{identity}}/display-messages"
        one = f"{messages}/{{message_id}}"
        return (
            Route(
                method="GET",
                path=messages,
                name="listDisplayMessages",
                summary="List the messages that a station shows",
                tag="display",
                handler=self.list,
                query=list_query(DISPLAY_MESSAGES),
                answers={200: Listed[MessageView]},
            ),
            _route(
                "POST", messages, "showMessage", "Show a message", self.show, body=MessageRequest
            ),
            _route(
                "PUT",
                one,
                "replaceMessage",
                "Show a message under a number, in place of the one before",
                self.replace,
                body=MessageRequest,
            ),
            _route(
                "DELETE",
                one,
                "clearMessage",
                "Take a message off",
                self.clear,
                query=ClearMessageQuery,
            ),
            _route(
                "POST",
                f"{messages}/report",
                "reportMessages",
                "Have a station tell its messages",
                self.report,
                body=MessagesReport,
                body_optional=True,
            ),
        )


def _route(method: str, path: str, name: str, summary: str, handler: Any, **more: Any) -> Route:
    return Route(
        method=method,
        path=path,
        name=name,
        summary=summary,
        description=OUTCOME + " OCPP 1.6 has no messages: `unsupported`.",
        tag="display",
        handler=handler,
        answers={200: OperationView, 202: OperationView},
        refuses=frozenset({409}),
        **more,
    )
