"""The device model in 2.x (B05 to B09), and the password that is a part of it (A01)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from csms.adapter.leaves import Lenience
from csms.adapter.schema import Json
from csms.adapter.tables import Outbound, Request, Unsupported
from csms.adapter.v201 import variable_reports
from csms.adapter.v201.names import (
    LOOSE,
    SPARE,
    STATUSES,
    detail_of,
    item_fields,
    named,
    readable,
    reason_of_no_component,
    spelled,
    text_of,
    within_reach,
)
from csms.adapter.v201.network_profiles import NETWORKS
from csms.adapter.v201.variable_reports import attribute_of
from csms.core.commands import Command
from csms.core.errors import Invalid
from csms.core.variables.vocabulary import (
    Attribute,
    ChangePassword,
    ItemStatus,
    ReadResult,
    ReadVariables,
    Setting,
    Wanted,
    WriteResult,
    WriteVariables,
)

_PASSWORD = {
    "component": {"name": "SecurityCtrlr"},
    "variable": {"name": "BasicAuthPassword"},
}
_PASSWORD_TEXT = re.compile(r"[a-zA-Z0-9*\-_=:+|@.]{16,40}").fullmatch
"""passwordString (A00.FR.205)."""


def _read(command: ReadVariables) -> Request | Unsupported:
    if not command.items:
        return Unsupported("OCPP 2.x reads variables by name; all of them come as a report.")
    items = [
        {**spelled(item), **said}
        for item, said in zip(command.items, _attributes(command), strict=True)
    ]
    return reason_of_no_component(command.items) or Request(
        "GetVariables", {"getVariableData": items}
    )


def _attributes(command: ReadVariables | WriteVariables) -> Iterator[dict[str, str]]:
    """The attribute of each item; Actual goes without saying."""
    said = command.actual_said or ()
    for place, item in enumerate(command.items):
        silent = item.attribute is Attribute.ACTUAL and place not in said
        yield {} if silent else {"attributeType": item.attribute.value}


def _actual_said(items: Iterable[Json]) -> tuple[int, ...] | None:
    actual = Attribute.ACTUAL.value
    places = (n for n, item in enumerate(items) if item.get("attributeType") == actual)
    return tuple(places) or None


def _learn_read(_command: ReadVariables, payload: Any) -> tuple[ReadResult, ...]:
    return tuple(readable(_read_result, payload.get("getVariableResult", ())))


def _read_result(item: Json) -> ReadResult:
    return ReadResult(
        **named(item),
        attribute=attribute_of(item),
        value=text_of(item.get("attributeValue")),
        status=STATUSES.get(item["attributeStatus"], ItemStatus.REJECTED),
        detail=detail_of(item["attributeStatus"], item.get("attributeStatusInfo")),
    )


def _write(command: WriteVariables) -> Request | Unsupported:
    """No two settings of one attribute are allowed (B05.FR.13)."""
    seen: dict[tuple[str, str], int] = {}
    for place, item in enumerate(command.items):
        first = seen.setdefault(item.place, place)
        if first != place:
            raise Invalid(
                f"items[{place}] sets what items[{first}] sets: once in a message is allowed.",
                field=f"items[{place}]",
            )
    items = [
        {**spelled(item), **said, "attributeValue": item.value}
        for item, said in zip(command.items, _attributes(command), strict=True)
    ]
    return reason_of_no_component(command.items) or Request(
        "SetVariables", {"setVariableData": items}
    )


def _learn_write(_command: WriteVariables, payload: Any) -> tuple[WriteResult, ...]:
    return tuple(readable(_write_result, payload.get("setVariableResult", ())))


def _write_result(item: Json) -> WriteResult:
    return WriteResult(
        **named(item),
        attribute=attribute_of(item),
        status=STATUSES.get(item["attributeStatus"], ItemStatus.REJECTED),
        detail=detail_of(item["attributeStatus"], item.get("attributeStatusInfo")),
    )


def change_password(fits: Callable[[str], object], wants: str, command: ChangePassword) -> Request:
    """A01: the password goes out as the text that it is.  ``fits`` says whether it may."""
    if not fits(command.password):
        raise Invalid(wants, field="password")
    payload = {**_PASSWORD, "attributeValue": command.password}
    return Request("SetVariables", {"setVariableData": [payload]})


def learn_password(_command: ChangePassword, payload: Any) -> ItemStatus:
    """What became of the password."""
    statuses = [item["attributeStatus"] for item in payload.get("setVariableResult", ())]
    return STATUSES.get(statuses[0], ItemStatus.REJECTED) if statuses else ItemStatus.REJECTED


def _results(wire: str) -> Mapping[str, Lenience]:
    return {
        wire: LOOSE,
        f"{wire}.attributeStatusInfo": SPARE,
        f"{wire}.attributeType": SPARE,
        f"{wire}.attributeValue": Lenience(ceiling=10_000, spare=True),
        f"{wire}.component.evse": SPARE,
    }


COMMANDS: Mapping[type[Command], Outbound] = {
    ReadVariables: Outbound(
        _read,
        item_fields("getVariableData"),
        _learn_read,
        lenience=_results("getVariableResult"),
    ),
    WriteVariables: Outbound(
        _write,
        item_fields("setVariableData", attributeValue="value"),
        _learn_write,
        lenience=_results("setVariableResult"),
    ),
    ChangePassword: Outbound(
        partial(
            change_password,
            _PASSWORD_TEXT,
            "A password of OCPP 2.0.1 has 16 to 40 characters out of letters, digits and *-_=:+|@.",
        ),
        {"setVariableData.attributeValue": "password"},
        learn_password,
        lenience=_results("setVariableResult"),
    ),
    **NETWORKS.commands,
    **variable_reports.COMMANDS,
}


def _reading(payload: Json) -> ReadVariables:
    return ReadVariables(
        items=tuple(
            Wanted(**named(item), attribute=attribute_of(item))
            for item in payload["getVariableData"]
        ),
        actual_said=_actual_said(payload["getVariableData"]),
    )


def _writing(payload: Json) -> WriteVariables:
    return WriteVariables(
        items=tuple(
            Setting(**named(item), attribute=attribute_of(item), value=item["attributeValue"])
            for item in payload["setVariableData"]
        ),
        actual_said=_actual_said(payload["setVariableData"]),
    )


INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "GetVariables": within_reach(_reading),
    "SetVariables": within_reach(_writing),
    **NETWORKS.interpreters,
    **variable_reports.INTERPRETERS,
}
