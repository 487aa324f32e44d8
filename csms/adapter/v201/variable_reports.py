"""Reports of the device model in 2.x: asked for (B07, B08), and as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from csms.adapter.faults import FaultKind, PayloadError, refuse
from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request
from csms.adapter.v201.fields import MAX_INT32, spare_number
from csms.adapter.v201.names import (
    LOOSE,
    SPARE,
    finite,
    item_fields,
    named,
    spelled,
    text_of,
    within_reach,
)
from csms.adapter.v201.replies import write_nothing
from csms.core.commands import Command
from csms.core.replies import Acknowledged
from csms.core.variables.vocabulary import (
    Attribute,
    Chosen,
    Criterion,
    Mutability,
    ReportBase,
    RequestReport,
    Told,
    VariablesReported,
)

_ATTRIBUTES: Mapping[str, Attribute] = {attribute.value: attribute for attribute in Attribute}
_MUTABILITIES: Mapping[str, Mutability] = {each.value: each for each in Mutability}
_BASES: Mapping[ReportBase, str] = {
    ReportBase.CONFIGURATION: "ConfigurationInventory",
    ReportBase.FULL: "FullInventory",
    ReportBase.SUMMARY: "SummaryInventory",
}


def attribute_of(item: Json, field: str = "attributeType") -> Attribute:
    """Which attribute an item is about; raises `PayloadError`."""
    attribute = _ATTRIBUTES.get(item.get(field) or Attribute.ACTUAL.value)
    if attribute is None:
        refuse(FaultKind.PROPERTY, field, "is not one of the allowed values")
    return attribute


def _request_report(command: RequestReport) -> Request:
    """B07 with a base, B08 without."""
    number = command.ref or 0
    if command.base is not None:
        base = _BASES[command.base]
        return Request("GetBaseReport", {"requestId": number, "reportBase": base})
    payload: dict[str, object] = {"requestId": number}
    if command.criteria:
        payload["componentCriteria"] = [criterion.value for criterion in command.criteria]
    if command.items:
        payload["componentVariable"] = [spelled(item) for item in command.items]
    return Request("GetReport", payload)


def _read_report(payload: Json, notes: Notes) -> VariablesReported:
    items: list[Told] = []
    for item in payload.get("reportData") or ():
        try:
            items += _told(item)
        except PayloadError:
            notes.note(Rule.UNREADABLE_FIELD, "reportData")
    return VariablesReported(
        ref=spare_number(payload, "requestId", notes) or 0,
        number=spare_number(payload, "seqNo", notes),
        last=not payload.get("tbc", False),
        items=tuple(items),
    )


def _told(item: Json) -> Iterable[Told]:
    """A variable's attributes, each with what is the same for all."""
    known = item.get("variableCharacteristics") or {}
    elements = known.get("maxElements")
    same = {
        **named(item),
        "data_type": text_of(known.get("dataType")),
        "unit": text_of(known.get("unit")),
        "min_limit": finite(known.get("minLimit")),
        "max_limit": finite(known.get("maxLimit")),
        "max_elements": elements if elements is None or 0 <= elements <= MAX_INT32 else None,
        "values_list": text_of(known.get("valuesList")),
        "supports_monitoring": known.get("supportsMonitoring"),
    }
    return [
        Told(
            **same,
            attribute=attribute_of(attribute, "type"),
            value=text_of(attribute.get("value")),
            mutability=_MUTABILITIES.get(attribute.get("mutability") or "ReadWrite"),
            persistent=attribute.get("persistent"),
            constant=attribute.get("constant"),
        )
        for attribute in item.get("variableAttribute") or ()
    ]


INBOUND: Mapping[str, Inbound] = {
    "NotifyReport": Inbound(
        _read_report,
        Acknowledged,
        write_nothing,
        lenience={
            "generatedAt": SPARE,
            "requestId": Lenience(default=0),
            "seqNo": SPARE,
            "tbc": SPARE,
            "reportData": LOOSE,
            "reportData.component.evse": SPARE,
            "reportData.component.instance": SPARE,
            "reportData.variable.instance": SPARE,
            "reportData.variableAttribute": LOOSE,
            "reportData.variableAttribute.constant": SPARE,
            "reportData.variableAttribute.mutability": SPARE,
            "reportData.variableAttribute.persistent": SPARE,
            "reportData.variableAttribute.value": SPARE,
            "reportData.variableCharacteristics": SPARE,
            "reportData.variableCharacteristics.dataType": SPARE,
            "reportData.variableCharacteristics.maxElements": SPARE,
            "reportData.variableCharacteristics.maxLimit": SPARE,
            "reportData.variableCharacteristics.minLimit": SPARE,
            "reportData.variableCharacteristics.supportsMonitoring": SPARE,
            "reportData.variableCharacteristics.unit": SPARE,
            "reportData.variableCharacteristics.valuesList": SPARE,
        },
    ),
}


COMMANDS: Mapping[type[Command], Outbound] = {
    RequestReport: Outbound(
        _request_report,
        {
            **item_fields("componentVariable"),
            "componentCriteria": "criteria",
            "reportBase": "base",
            "requestId": "ref",
        },
    ),
}


def _base_report(payload: Json) -> RequestReport:
    known = {wire: base for base, wire in _BASES.items()}
    return RequestReport(base=known[payload["reportBase"]], ref=payload["requestId"])


def _report(payload: Json) -> RequestReport:
    return RequestReport(
        criteria=tuple(map(Criterion, payload.get("componentCriteria", ()))),
        items=tuple(Chosen(**named(item)) for item in payload.get("componentVariable", ())),
        ref=payload["requestId"],
    )


INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "GetBaseReport": within_reach(_base_report),
    "GetReport": within_reach(_report),
}
