"""Log uploads in the words of 2.x."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request, Unsupported
from csms.adapter.texts import mended
from csms.adapter.times import asked_moment, wire_time
from csms.adapter.v201.fields import spare_number, status_detail
from csms.adapter.v201.replies import write_nothing
from csms.core.commands import Command
from csms.core.logs.vocabulary import LogKind, LogPromised, LogUploadProgressed, RequestLog
from csms.core.replies import Acknowledged

KINDS: Mapping[LogKind, str] = {
    LogKind.DIAGNOSTICS: "DiagnosticsLog",
    LogKind.SECURITY: "SecurityLog",
    LogKind.DATA_COLLECTOR: "DataCollectorLog",
}
_KINDS_BY_NAME: Mapping[str, LogKind] = {name: kind for kind, name in KINDS.items()}


def _read_status(payload: Json, notes: Notes) -> LogUploadProgressed:
    """N01.FR.05 ff."""
    return LogUploadProgressed(
        status=payload["status"],
        request_id=spare_number(payload, "requestId", notes),
        detail=status_detail(payload, notes),
    )


def request(command: RequestLog) -> Request:
    """N01."""
    log = _present(
        remoteLocation=command.location,
        oldestTimestamp=None if command.oldest_at is None else wire_time(command.oldest_at),
        latestTimestamp=None if command.latest_at is None else wire_time(command.latest_at),
    )
    payload = _present(
        logType=KINDS[command.kind],
        # Without a number only before it was submitted, when nothing is sent.
        requestId=command.ref or 0,
        log=log,
        retries=command.retries,
        retryInterval=command.retry_interval_s,
    )
    return Request("GetLog", payload)


def _request(command: RequestLog) -> Request | Unsupported:
    if command.kind is LogKind.DATA_COLLECTOR:
        return Unsupported("OCPP 2.0.1 has no such kind of log.")
    return request(command)


def _present(**fields: Any) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def promised(_command: RequestLog, payload: Json) -> LogPromised:
    """The name of the file, where it is told already."""
    name = payload.get("filename")
    return LogPromised(file_name=mended(name) if name else None)


def _interpret(payload: Json) -> RequestLog:
    log = payload["log"]
    return RequestLog(
        kind=_KINDS_BY_NAME[payload["logType"]],
        location=log["remoteLocation"],
        oldest_at=_asked(log.get("oldestTimestamp")),
        latest_at=_asked(log.get("latestTimestamp")),
        retries=payload.get("retries"),
        retry_interval_s=payload.get("retryInterval"),
        ref=payload["requestId"],
    )


def _asked(text: str | None) -> datetime | None:
    return None if text is None else asked_moment(text)


FIELDS: Mapping[str, str] = {
    "log.latestTimestamp": "latest_at",
    "log.oldestTimestamp": "oldest_at",
    "log.remoteLocation": "location",
    "logType": "kind",
    "requestId": "ref",
    "retryInterval": "retry_interval_s",
}

INBOUND: Mapping[str, Inbound] = {
    "LogStatusNotification": Inbound(
        _read_status,
        Acknowledged,
        write_nothing,
        lenience={
            "requestId": Lenience(spare=True),
            "status": Lenience(unknown=Rule.UNKNOWN_STATUS),
            "statusInfo": Lenience(spare=True),
        },
    ),
}
COMMANDS: Mapping[type[Command], Outbound] = {
    RequestLog: Outbound(_request, FIELDS, learn=promised),
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {"GetLog": _interpret}
