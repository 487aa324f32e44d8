"""Log uploads in the words of 1.6: GetDiagnostics, and GetLog of the security extension."""

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
from csms.adapter.v16.fields import spare_number
from csms.adapter.v16.replies import write_nothing
from csms.core.commands import Command
from csms.core.logs.vocabulary import LogKind, LogPromised, LogUploadProgressed, RequestLog
from csms.core.replies import Acknowledged

_KINDS: Mapping[LogKind, str] = {
    LogKind.DIAGNOSTICS: "DiagnosticsLog",
    LogKind.SECURITY: "SecurityLog",
}
_KINDS_BY_NAME: Mapping[str, LogKind] = {name: kind for kind, name in _KINDS.items()}


def _read_status(payload: Json, notes: Notes) -> LogUploadProgressed:
    """§4.4, and LogStatusNotification of the security extension (§4.7 there)."""
    request_id = spare_number(payload, "requestId", notes)
    return LogUploadProgressed(status=payload["status"], request_id=request_id)


def _request(command: RequestLog) -> Request | Unsupported:
    """§5.8; GetLog for what that cannot say, or when it is asked for."""
    if command.kind not in _KINDS:
        return Unsupported("OCPP 1.6 has no such kind of log.")
    tries = _present(retries=command.retries, retryInterval=command.retry_interval_s)
    oldest, latest = _told(command.oldest_at), _told(command.latest_at)
    if command.kind is LogKind.DIAGNOSTICS and not command.extended:
        payload = _present(location=command.location, startTime=oldest, stopTime=latest, **tries)
        return Request("GetDiagnostics", payload)
    log = _present(remoteLocation=command.location, oldestTimestamp=oldest, latestTimestamp=latest)
    # Without a number only before it was submitted, when nothing is sent.
    payload = {"logType": _KINDS[command.kind], "requestId": command.ref or 0, "log": log, **tries}
    return Request("GetLog", payload)


def _told(at: datetime | None) -> str | None:
    return None if at is None else wire_time(at)


def _present(**fields: Any) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _promised(command: RequestLog, payload: Json) -> LogPromised:
    """An answer to GetDiagnostics without a file name says that there is nothing to upload."""
    if command.kind is LogKind.DIAGNOSTICS and not command.extended:
        return LogPromised(file_name=mended(payload.get("fileName") or ""))
    name = payload.get("filename")
    return LogPromised(file_name=mended(name) if name else None)


def _interpret_diagnostics(payload: Json) -> RequestLog:
    return RequestLog(
        location=payload["location"],
        oldest_at=_asked(payload.get("startTime")),
        latest_at=_asked(payload.get("stopTime")),
        retries=payload.get("retries"),
        retry_interval_s=payload.get("retryInterval"),
    )


def _interpret_log(payload: Json) -> RequestLog:
    log = payload["log"]
    return RequestLog(
        kind=_KINDS_BY_NAME[payload["logType"]],
        location=log["remoteLocation"],
        oldest_at=_asked(log.get("oldestTimestamp")),
        latest_at=_asked(log.get("latestTimestamp")),
        retries=payload.get("retries"),
        retry_interval_s=payload.get("retryInterval"),
        extended=True,
        ref=payload["requestId"],
    )


def _asked(text: str | None) -> datetime | None:
    return None if text is None else asked_moment(text)


_STATUS = Lenience(unknown=Rule.UNKNOWN_STATUS)

INBOUND: Mapping[str, Inbound] = {
    "DiagnosticsStatusNotification": Inbound(
        _read_status, Acknowledged, write_nothing, lenience={"status": _STATUS}
    ),
    "LogStatusNotification": Inbound(
        _read_status,
        Acknowledged,
        write_nothing,
        lenience={"requestId": Lenience(spare=True), "status": _STATUS},
    ),
}
COMMANDS: Mapping[type[Command], Outbound] = {
    RequestLog: Outbound(
        _request,
        {
            "log.latestTimestamp": "latest_at",
            "log.oldestTimestamp": "oldest_at",
            "log.remoteLocation": "location",
            "logType": "kind",
            "requestId": "ref",
            "retryInterval": "retry_interval_s",
            "startTime": "oldest_at",
            "stopTime": "latest_at",
        },
        learn=_promised,
    ),
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "GetDiagnostics": _interpret_diagnostics,
    "GetLog": _interpret_log,
}
