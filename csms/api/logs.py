"""Logs that stations upload: `/stations/{identity}/logs`."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

import attrs
from msgspec import Meta

from csms.api.command_shapes import Queued
from csms.api.commands import OUTCOME
from csms.api.firmware_shapes import Seconds, Tries
from csms.api.operations import OperationView, operation_answer
from csms.api.reading import moment
from csms.api.reception import FileBody
from csms.api.routes import PREFIX, Answer, Call, NoQuery, Route
from csms.api.shapes import Listed, Moment, Time, View, list_query, listed, query_of, told, told_if
from csms.core.logs.vocabulary import LOG_UPLOADS, LogFile, LogKind, LogUpload, RequestLog
from csms.core.ports.logs import ILogs

LogsQuery = list_query(LOG_UPLOADS, status="Where the upload stands.")

_ODD = re.compile(r"[^A-Za-z0-9._-]+")


class LogRequest(Queued, frozen=True, kw_only=True):
    """Have a log uploaded."""

    kind: LogKind = LogKind.DIAGNOSTICS
    location: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=2000,
                description="URL to upload it to; to this server unless given.",
            ),
        ]
        | None
    ) = None
    oldest_at: Moment | None = None
    latest_at: Moment | None = None
    retries: Tries | None = None
    retry_interval_s: Seconds | None = None
    extended: Annotated[
        bool,
        Meta(description="OCPP 1.6: ask for diagnostics by the message of the security extension."),
    ] = False


class LogFileView(View, frozen=True, kw_only=True):
    """The file that came."""

    name: Annotated[str, Meta(description="As the station named it.")] | None
    size: Annotated[int, Meta(description="In bytes.")]
    content_type: str | None
    sha256: str
    stored_at: Time
    url: Annotated[str, Meta(description="Where it can be downloaded.")]


class LogView(View, frozen=True, kw_only=True):
    """A log that a station was asked to upload."""

    ref: Annotated[int, Meta(description="Its number; `ref` in its operation.")]
    station: str
    kind: LogKind
    status: Annotated[
        str,
        Meta(
            description="`Requested`; `Accepted`, `NothingToUpload`, or why not; then what the "
            "station told, in OCPP's words; `Uploaded` also when the file is here."
        ),
    ]
    detail: str | None
    operation_id: str | None
    own: Annotated[bool, Meta(description="Whether it is uploaded to this server.")]
    location: Annotated[str, Meta(description="Where else it is uploaded to.")] | None
    file_name: Annotated[str, Meta(description="As the station announced it.")] | None
    oldest_at: Time | None
    latest_at: Time | None
    expires_at: Annotated[Time, Meta(description="Until when the file is taken.")] | None
    file: LogFileView | None
    created_at: Time
    updated_at: Time
    ended_at: Time | None


def log_view(upload: LogUpload) -> LogView:
    """An upload as the API tells it."""
    return LogView(
        ref=upload.number,
        station=upload.identity,
        kind=upload.kind,
        status=upload.status,
        detail=upload.detail,
        operation_id=upload.operation_id,
        own=upload.own,
        location=upload.location,
        file_name=upload.file_name,
        oldest_at=told_if(upload.oldest_at),
        latest_at=told_if(upload.latest_at),
        expires_at=told_if(upload.expires_at),
        file=None if upload.file is None else _file_view(upload, upload.file),
        created_at=told(upload.created_at),
        updated_at=told(upload.updated_at),
        ended_at=told_if(upload.ended_at),
    )


def _file_view(upload: LogUpload, file: LogFile) -> LogFileView:
    identity = quote(upload.identity, safe="")
    return LogFileView(
        name=file.name,
        size=file.size,
        content_type=file.content_type,
        sha256=file.sha256,
        stored_at=told(file.stored_at),
        url=f"{PREFIX}/stations/{identity}/logs/{upload.number}/file",
    )


def disposition(identity: str, number: int, file: LogFile) -> str:
    """Under what name a browser saves the file: never opens it, never anywhere else."""
    suffix = _ODD.sub("_", (file.name or "log").replace("\\", "/").rpartition("/")[2])[-80:]
    plain = f"{_ODD.sub('_', identity)}-{number}-{suffix.lstrip('.')}"
    return f'attachment; filename="{plain}"'


@attrs.frozen
class LogsOf:
    """Handlers of logs."""

    logs: ILogs

    async def request(self, call: Call[LogRequest, NoQuery]) -> Answer:
        """Ask for a log."""
        body = call.body
        oldest, latest = body.oldest_at, body.latest_at
        command = RequestLog(
            kind=body.kind,
            location=body.location or "",
            oldest_at=None if oldest is None else moment(oldest, "oldest_at"),
            latest_at=None if latest is None else moment(latest, "latest_at"),
            retries=body.retries,
            retry_interval_s=body.retry_interval_s,
            extended=body.extended,
        )
        operation = await self.logs.request(
            call.path["identity"],
            call.operator_id,
            command,
            requested_by=call.who,
            queue=body.queue,
        )
        return operation_answer(operation)

    async def list(self, call: Call[None, Any]) -> Answer:
        """Logs of a station."""
        page = await self.logs.list(query_of(call.query), call.path["identity"], call.operator_id)
        return listed(page, log_view, call)

    async def get(self, call: Call[None, NoQuery]) -> Answer:
        """One log."""
        upload = await self.logs.get(call.path["identity"], call.operator_id, int(call.path["ref"]))
        return Answer(200, log_view(upload))

    async def file(self, call: Call[None, NoQuery]) -> Answer:
        """The file."""
        identity, number = call.path["identity"], int(call.path["ref"])
        file, content = await self.logs.open(identity, call.operator_id, number)
        headers = {"Content-Disposition": disposition(identity, number, file)}
        return Answer(200, FileBody(content, file.size), headers)

    async def delete(self, call: Call[None, NoQuery]) -> Answer:
        """Forget one, and its file."""
        await self.logs.delete(call.path["identity"], call.operator_id, int(call.path["ref"]))
        return Answer(204)

    def routes(self) -> tuple[Route, ...]:
        """The routes of this resource."""
        every = f"{PREFIX}/stations/{{identity}}/logs"
        route = partial(Route, tag="logs")
        return (
            route(
                method="POST",
                path=every,
                name="requestLog",
                summary="Have a log uploaded",
                description=OUTCOME,
                handler=self.request,
                body=LogRequest,
                body_optional=True,
                answers={200: OperationView, 202: OperationView},
                refuses=frozenset({409}),
            ),
            route(
                method="GET",
                path=every,
                name="listLogs",
                summary="List logs",
                handler=self.list,
                query=LogsQuery,
                answers={200: Listed[LogView]},
            ),
            route(
                method="GET",
                path=f"{every}/{{ref}}",
                name="getLog",
                summary="Get a log",
                handler=self.get,
                answers={200: LogView},
            ),
            route(
                method="GET",
                path=f"{every}/{{ref}}/file",
                name="downloadLog",
                summary="Download the file of a log",
                handler=self.file,
                answers={200: bytes},
                media="application/octet-stream",
            ),
            route(
                method="DELETE",
                path=f"{every}/{{ref}}",
                name="deleteLog",
                summary="Delete a log and its file",
                handler=self.delete,
                answers={204: None},
            ),
        )
