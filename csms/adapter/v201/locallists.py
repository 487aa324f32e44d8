"""Local authorization lists in 2.x (D01, D02)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import attrs

from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request
from csms.adapter.times import asked_moment, wire_time
from csms.adapter.v201.fields import MAX_INT32
from csms.core.commands import Command
from csms.core.locallists.vocabulary import (
    Listed,
    ListEntry,
    ReadLocalListVersion,
    SendLocalList,
)
from csms.core.values import TokenStatus

GROUP_KIND = "Central"

_STATUSES = frozenset(status.value for status in TokenStatus)


@attrs.frozen
class Tokens:
    """Which tokens a version can express: how long they are, and their kinds if they are few."""

    longest: int
    kinds: frozenset[str] | None = None
    longest_kind: int = 20

    def takes(self, token: ListEntry | Listed) -> bool:
        """Whether the token can be named."""
        if self.kinds is None:
            known = len(token.kind) <= self.longest_kind
        else:
            known = token.kind in self.kinds
        return known and len(token.id_token) <= self.longest


TOKENS_201 = Tokens(
    longest=36,
    kinds=frozenset({"Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress"}),
)


def _send(command: SendLocalList, tokens: Tokens) -> Request:
    """An empty list is left out (D01.FR.04)."""
    data = [_entry(entry, tokens) for entry in command.entries if tokens.takes(entry)]
    data += [
        {"idToken": {"idToken": removed.id_token, "type": removed.kind}}
        for removed in command.removed
        if tokens.takes(removed)
    ]
    payload: dict[str, object] = {
        "versionNumber": command.version,
        "updateType": "Full" if command.full else "Differential",
    }
    if data:
        payload["localAuthorizationList"] = data
    return Request("SendLocalList", payload)


def _entry(entry: ListEntry, tokens: Tokens) -> dict[str, object]:
    info: dict[str, object] = {"status": entry.status.value}
    if entry.expires_at is not None:
        info["cacheExpiryDateTime"] = wire_time(entry.expires_at)
    if entry.group_id is not None and len(entry.group_id) <= tokens.longest:
        info["groupIdToken"] = {"idToken": entry.group_id, "type": GROUP_KIND}
    return {"idToken": {"idToken": entry.id_token, "type": entry.kind}, "idTokenInfo": info}


def _read_version(command: ReadLocalListVersion) -> Request:  # noqa: ARG001 - one of a table
    return Request("GetLocalListVersion", {})


def _status_of(_command: Command, payload: Any) -> str:
    return str(payload["status"])


def _version_of(_command: Command, payload: Any) -> int:
    return int(payload["versionNumber"])


def _read_send(payload: Json) -> SendLocalList | None:
    """None where an entry brings what the core's does not."""
    if not 0 < payload["versionNumber"] <= MAX_INT32:
        return None
    entries: list[ListEntry] = []
    removed: list[Listed] = []
    for data in payload.get("localAuthorizationList", ()):
        token, info = data["idToken"], data.get("idTokenInfo")
        if info is None:
            removed.append(Listed(id_token=token["idToken"], kind=token["type"]))
        elif info["status"] in _STATUSES:
            told = info.get("cacheExpiryDateTime")
            entries.append(
                ListEntry(
                    id_token=token["idToken"],
                    kind=token["type"],
                    status=TokenStatus(info["status"]),
                    group_id=info.get("groupIdToken", {}).get("idToken"),
                    expires_at=None if told is None else asked_moment(told),
                )
            )
        else:
            return None
    return SendLocalList(
        version=payload["versionNumber"],
        full=payload["updateType"] == "Full",
        entries=tuple(entries),
        removed=tuple(removed),
    )


def _read_asking(payload: Json) -> ReadLocalListVersion:  # noqa: ARG001 - one of a table
    return ReadLocalListVersion()


def sending(tokens: Tokens) -> Outbound:
    """The row of `SendLocalList` in a version."""
    fields = {"versionNumber": "version", "localAuthorizationList": "entries"}
    return Outbound(partial(_send, tokens=tokens), fields, _status_of)


INBOUND: Mapping[str, Inbound] = {}
COMMANDS: Mapping[type[Command], Outbound] = {
    SendLocalList: sending(TOKENS_201),
    ReadLocalListVersion: Outbound(_read_version, {}, _version_of),
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "GetLocalListVersion": _read_asking,
    "SendLocalList": _read_send,
}
