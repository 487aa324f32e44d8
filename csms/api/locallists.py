"""Local authorization lists: `/stations/{identity}/local-list`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from csms.api.locallists_shapes import (
    EntryShape,
    ListChange,
    ListedToken,
    LocalListView,
    SyncRequest,
    WantedList,
    list_view,
    token_view,
)
from csms.api.operations import OperationView, operation_answer
from csms.api.reading import moment
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import Listed, list_query, listed, query_of
from csms.core.errors import Invalid
from csms.core.locallists.listing import LIST_ENTRIES
from csms.core.locallists.vocabulary import ListEntry, ListStatus
from csms.core.ports.locallists import ILocalLists

PATH = f"{PREFIX}/stations/{{identity}}/local-list"

EntriesQuery = list_query(
    LIST_ENTRIES,
    id_token="One token.",  # noqa: S106  # no password
    differing="Whether it is still to be sent or taken off.",
)


@attrs.frozen
class LocalLists:
    """Handlers of the local list of a station."""

    lists: ILocalLists

    async def get(self, call: Call[None, NoQuery]) -> Answer:
        """How it stands."""
        return Answer(200, list_view(await self.lists.get(*_of(call))))

    async def entries(self, call: Call[None, Any]) -> Answer:
        """Its tokens."""
        page = await self.lists.entries(query_of(call.query), *_of(call))
        return listed(page, token_view, call)

    async def put(self, call: Call[WantedList, NoQuery]) -> Answer:
        """Want something else."""
        body = call.body
        tokens = body.source == "tokens"
        if tokens and body.entries:
            raise Invalid("the entries come from the tokens", field="entries")
        entries = None if tokens else _entries(body.entries, "entries")
        return Answer(200, list_view(await self.lists.put(*_of(call), entries)))

    async def patch(self, call: Call[ListChange, NoQuery]) -> Answer:
        """Change what is wanted."""
        put = _entries(call.body.put, "put")
        return Answer(200, list_view(await self.lists.patch(*_of(call), put, call.body.remove)))

    async def forget(self, call: Call[None, NoQuery]) -> Answer:
        """Want nothing more."""
        await self.lists.forget(*_of(call))
        return Answer(204)

    async def sync(self, call: Call[SyncRequest, NoQuery]) -> Answer:
        """Send it now."""
        known = await self.lists.sync(*_of(call), full=call.body.full, requested_by=call.who)
        if known.status is not ListStatus.SENDING:
            return Answer(200, list_view(known))
        return Answer(202, list_view(known), {"Location": call.target.removesuffix("/sync")})

    async def read(self, call: Call[None, NoQuery]) -> Answer:
        """Ask the station."""
        return operation_answer(await self.lists.read(*_of(call), requested_by=call.who))

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        return (
            _route("GET", "getLocalList", "Get the local list of a station", self.get),
            Route(
                method="GET",
                path=f"{PATH}/entries",
                name="listLocalListEntries",
                summary="List the tokens of a local list",
                tag="local lists",
                handler=self.entries,
                query=EntriesQuery,
                answers={200: Listed[ListedToken]},
            ),
            _route(
                "PUT",
                "putLocalList",
                "Say what the local list shall be",
                self.put,
                body=WantedList,
                description="It is sent within seconds when the station is connected, else when "
                "it is; `/sync` sends it at once.",
            ),
            _route(
                "PATCH",
                "patchLocalList",
                "Change what the local list shall be",
                self.patch,
                body=ListChange,
                refuses=frozenset({409}),
            ),
            Route(
                method="DELETE",
                path=PATH,
                name="forgetLocalList",
                summary="Leave the local list to the station",
                description="The station keeps what it has; to empty it, put no entries.",
                tag="local lists",
                handler=self.forget,
                answers={204: None},
            ),
            Route(
                method="POST",
                path=f"{PATH}/sync",
                name="syncLocalList",
                summary="Send the local list now",
                description="What differs is sent where that is known, else all of it, in as "
                "many messages as the station needs. With 202 it is still being sent.",
                tag="local lists",
                handler=self.sync,
                body=SyncRequest,
                body_optional=True,
                answers={200: LocalListView, 202: LocalListView},
                refuses=frozenset({409}),
            ),
            Route(
                method="POST",
                path=f"{PATH}/read",
                name="readLocalListVersion",
                summary="Ask the station for the version of its local list",
                description="If it is not the one that was confirmed, the whole list is sent "
                "again, should one be wanted.",
                tag="local lists",
                handler=self.read,
                answers={200: OperationView, 202: OperationView},
                refuses=frozenset({409}),
            ),
        )


def _route(method: str, name: str, summary: str, handler: Any, **more: Any) -> Route:
    return Route(
        method=method,
        path=PATH,
        name=name,
        summary=summary,
        tag="local lists",
        handler=handler,
        answers={200: LocalListView},
        **more,
    )


def _of(call: Call[Any, Any]) -> tuple[str, int]:
    return call.path["identity"], call.operator_id


def _entries(shapes: Sequence[EntryShape], field: str) -> tuple[ListEntry, ...]:
    return tuple(
        ListEntry(
            id_token=shape.id_token,
            kind=shape.kind,
            status=shape.status,
            group_id=shape.group_id,
            expires_at=None
            if shape.expires_at is None
            else moment(shape.expires_at, f"{field}[{place}].expires_at"),
        )
        for place, shape in enumerate(shapes)
    )
