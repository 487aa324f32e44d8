"""Monitoring in 2.1: that of 2.0.1, and periodic event streams (N11 to N15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from csms.adapter.faults import FaultKind, PayloadError, refuse
from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request
from csms.adapter.times import LAST_YEAR, moment
from csms.adapter.v201.fields import MAX_INT32, spare_number
from csms.adapter.v201.monitoring import COMMANDS as OLDER
from csms.adapter.v201.monitoring import read_pace, set_monitors, spelled_pace
from csms.adapter.v201.names import LOOSE, SPARE, finite, readable, within_reach
from csms.adapter.v201.replies import write_nothing
from csms.core.commands import Command
from csms.core.monitoring.vocabulary import (
    AdjustStream,
    ReadStreams,
    SetMonitors,
    Stream,
    StreamAnswered,
    StreamClosed,
    StreamOpened,
    StreamSpoke,
)
from csms.core.replies import Acknowledged


def _number(number: int, path: str) -> int:
    if not 0 <= number <= MAX_INT32:
        refuse(FaultKind.PROPERTY, path, "is out of range")
    return number


def _stream(data: Json) -> Stream:
    return Stream(
        stream_id=_number(data["id"], "constantStreamData.id"),
        monitor_id=_number(data["variableMonitoringId"], "constantStreamData.variableMonitoringId"),
        pace=read_pace(data.get("params") or {}),
    )


def _read_open(payload: Json, notes: Notes) -> StreamOpened:  # noqa: ARG001 - a reader
    return StreamOpened(stream=_stream(payload["constantStreamData"]))


def _write_open(reply: StreamAnswered) -> dict[str, object]:
    return {"status": "Accepted" if reply.accepted else "Rejected"}


def _read_close(payload: Json, notes: Notes) -> StreamClosed:  # noqa: ARG001 - a reader
    return StreamClosed(stream_id=_number(payload["id"], "id"))


def _read_speech(payload: Json, notes: Notes) -> StreamSpoke:
    base = moment(payload["basetime"], "basetime", notes)
    values: list[tuple[datetime, str]] = []
    for item in payload.get("data") or ():
        try:
            values.append((_at(base, item["t"]), notes.text(item["v"], "data.v")))
        except PayloadError:
            notes.note(Rule.UNREADABLE_FIELD, "data")
    return StreamSpoke(
        stream_id=_number(payload["id"], "id"),
        pending=spare_number(payload, "pending", notes, least=0) or 0,
        values=tuple(values),
    )


def _at(base: datetime, seconds: float) -> datetime:
    """The time of a value: so many seconds after the first (N15)."""
    offset = finite(seconds)
    try:
        at = base + timedelta(seconds=0.0 if offset is None else offset)
    except OverflowError:
        at = None
    if at is None or offset is None or at.year > LAST_YEAR:
        refuse(FaultKind.PROPERTY, "data.t", "is no time")
    return at


INBOUND: Mapping[str, Inbound] = {
    "ClosePeriodicEventStream": Inbound(_read_close, Acknowledged, write_nothing),
    "NotifyPeriodicEventStream": Inbound(
        _read_speech,
        Acknowledged,
        write_nothing,
        one_way=True,
        lenience={
            "basetime": Lenience(default=None),
            "pending": Lenience(default=0),
            "data": LOOSE,
            "data.v": Lenience(default=""),
        },
    ),
    "OpenPeriodicEventStream": Inbound(
        _read_open,
        StreamAnswered,
        _write_open,
        lenience={"constantStreamData.params": SPARE},
    ),
}


def _adjust(command: AdjustStream) -> Request:
    payload: dict[str, object] = {"id": command.stream_id, "params": spelled_pace(command.pace)}
    return Request("AdjustPeriodicEventStream", payload)


def _read_streams(_command: ReadStreams) -> Request:
    return Request("GetPeriodicEventStream", {})


def _learn_streams(_command: ReadStreams, payload: Any) -> tuple[Stream, ...]:
    return tuple(readable(_stream, payload.get("constantStreamData", ())))


COMMANDS: Mapping[type[Command], Outbound] = {
    SetMonitors: attrs.evolve(OLDER[SetMonitors], spell=set_monitors),
    AdjustStream: Outbound(_adjust, {"id": "stream_id", "params": "pace"}),
    ReadStreams: Outbound(
        _read_streams,
        {},
        _learn_streams,
        lenience={"constantStreamData": LOOSE, "constantStreamData.params": SPARE},
    ),
}


def _adjusting(payload: Json) -> AdjustStream:
    return AdjustStream(stream_id=_number(payload["id"], "id"), pace=read_pace(payload["params"]))


def _reading(_payload: Json) -> ReadStreams:
    return ReadStreams()


INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "AdjustPeriodicEventStream": within_reach(_adjusting),
    "GetPeriodicEventStream": within_reach(_reading),
}
