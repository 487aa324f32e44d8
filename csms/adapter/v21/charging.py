"""Charging in the words of 2.1: that of 2.0.1 with more in it, and dynamic profiles (K28, K29)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from csms.adapter.notes import Notes
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request, Unsupported
from csms.adapter.v201.charging import inbound
from csms.adapter.v201.charging_commands import commands, interpreters
from csms.adapter.v201.charging_words import NAMES, Words
from csms.adapter.v201.fields import MAX_INT64
from csms.adapter.v201.outbound import START_FIELDS, interpret_start, remote_start
from csms.adapter.v201.replies import Payload
from csms.adapter.wording import Unspeakable, lenient, wording
from csms.core.charging import vocabulary as v
from csms.core.charging.profiles import ScheduleUpdate, plain
from csms.core.commands import Command, RemoteStart

V21_WORDS = Words.of("2.1", "v21")
_UPDATE = wording("v21", "UpdateDynamicScheduleRequest", "scheduleUpdate")


def _read_pull(payload: Json, notes: Notes) -> v.UpdatePulled:  # noqa: ARG001 - a reader
    """K28; whatever number is none of ours is answered as such."""
    number = payload["chargingProfileId"]
    return v.UpdatePulled(profile_id=max(-MAX_INT64, min(number, MAX_INT64)))


def _write_update(reply: v.UpdateGiven) -> Payload:
    if reply.update is None:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidProfile"}}
    answer: Payload = {"status": "Accepted"}
    figures = _UPDATE.to_wire(plain(reply.update))
    return {**answer, "scheduleUpdate": figures} if figures else answer


def _write_needs(reply: v.NeedsAnswered) -> Payload:
    return {"status": reply.status}


def _update(command: v.UpdateSchedule) -> Request | Unsupported:
    try:
        figures = _UPDATE.to_wire(plain(command.update))
    except Unspeakable as error:  # pragma: no cover - it has words for all
        return V21_WORDS.unspeakable(error, "update")
    payload: dict[str, Any] = {
        "chargingProfileId": command.profile_id,
        "scheduleUpdate": figures,
    }
    return Request("UpdateDynamicSchedule", payload)


def _interpret_update(payload: Json) -> Command | None:
    figures = payload["scheduleUpdate"]
    if "customData" in payload or "customData" in figures:
        return None
    try:
        update = msgspec.convert(_UPDATE.to_core(figures, lenient()), ScheduleUpdate)
    except msgspec.ValidationError:
        return None
    return v.UpdateSchedule(profile_id=payload["chargingProfileId"], update=update)


_inbound = inbound(V21_WORDS, _write_needs)

INBOUND: Mapping[str, Inbound] = {
    **_inbound,
    "PullDynamicScheduleUpdate": Inbound(_read_pull, v.UpdateGiven, _write_update),
}
COMMANDS: Mapping[type[Command], Outbound] = {
    RemoteStart: Outbound(partial(remote_start, words=V21_WORDS), START_FIELDS, names=NAMES),
    **commands(V21_WORDS),
    v.UpdateSchedule: Outbound(
        _update, {"chargingProfileId": "profile_id", "scheduleUpdate": "update"}
    ),
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "RequestStartTransaction": partial(interpret_start, words=V21_WORDS),
    **interpreters(V21_WORDS),
    "UpdateDynamicSchedule": _interpret_update,
}
