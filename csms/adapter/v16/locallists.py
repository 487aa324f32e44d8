"""Local authorization lists in 1.6 (§5.10, §5.15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request
from csms.adapter.times import asked_moment, wire_time
from csms.core.commands import Command
from csms.core.decisions import folded
from csms.core.locallists.vocabulary import (
    Listed,
    ListEntry,
    ReadLocalListVersion,
    SendLocalList,
)
from csms.core.values import TokenStatus

MAX_TAG = 20
"""Length of an IdToken (§7.28): a longer one could never be presented there."""
MAX_INT32 = 2**31 - 1


def _send(command: SendLocalList) -> Request:
    """A tag is one whatever its kind: the first that is put counts, and it is not taken off."""
    data: dict[str, dict[str, object]] = {}
    for entry in command.entries:
        if len(entry.id_token) <= MAX_TAG:
            data.setdefault(folded(entry.id_token), _entry(entry))
    for removed in command.removed:
        if len(removed.id_token) <= MAX_TAG:
            data.setdefault(folded(removed.id_token), {"idTag": removed.id_token})
    payload: dict[str, object] = {
        "listVersion": command.version,
        "updateType": "Full" if command.full else "Differential",
        "localAuthorizationList": list(data.values()),
    }
    return Request("SendLocalList", payload)


def _entry(entry: ListEntry) -> dict[str, object]:
    info: dict[str, object] = {"status": entry.status.value}
    if entry.expires_at is not None:
        info["expiryDate"] = wire_time(entry.expires_at)
    if entry.group_id is not None and len(entry.group_id) <= MAX_TAG:
        info["parentIdTag"] = entry.group_id
    return {"idTag": entry.id_token, "idTagInfo": info}


def _read_version(command: ReadLocalListVersion) -> Request:  # noqa: ARG001 - one of a table
    return Request("GetLocalListVersion", {})


def _status_of(_command: Command, payload: Any) -> str:
    return str(payload["status"])


def _version_of(_command: Command, payload: Any) -> int:
    return int(payload["listVersion"])


def _read_send(payload: Json) -> SendLocalList | None:
    if not 0 < payload["listVersion"] <= MAX_INT32:
        return None
    entries: list[ListEntry] = []
    removed: list[Listed] = []
    for data in payload.get("localAuthorizationList", ()):
        info = data.get("idTagInfo")
        if info is None:
            removed.append(Listed(id_token=data["idTag"]))
            continue
        told = info.get("expiryDate")
        entries.append(
            ListEntry(
                id_token=data["idTag"],
                status=TokenStatus(info["status"]),
                group_id=info.get("parentIdTag"),
                expires_at=None if told is None else asked_moment(told),
            )
        )
    return SendLocalList(
        version=payload["listVersion"],
        full=payload["updateType"] == "Full",
        entries=tuple(entries),
        removed=tuple(removed),
    )


def _read_asking(payload: Json) -> ReadLocalListVersion:  # noqa: ARG001 - one of a table
    return ReadLocalListVersion()


INBOUND: Mapping[str, Inbound] = {}
COMMANDS: Mapping[type[Command], Outbound] = {
    SendLocalList: Outbound(
        _send, {"listVersion": "version", "localAuthorizationList": "entries"}, _status_of
    ),
    ReadLocalListVersion: Outbound(_read_version, {}, _version_of),
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "GetLocalListVersion": _read_asking,
    "SendLocalList": _read_send,
}
