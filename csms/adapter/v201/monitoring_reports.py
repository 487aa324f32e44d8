"""What stations of 2.x say of monitors: which they have, and what those noticed (N02, N07)."""

from __future__ import annotations

from collections.abc import Mapping

from csms.adapter.faults import FaultKind, PayloadError, refuse
from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound
from csms.adapter.times import moment
from csms.adapter.v201.fields import MAX_INT32, spare_number, spare_text
from csms.adapter.v201.names import LOOSE, SPARE, finite, named
from csms.adapter.v201.replies import write_nothing
from csms.core.monitoring.vocabulary import (
    EventsNotified,
    Monitor,
    MonitorKind,
    MonitorsReported,
    StationEvent,
)
from csms.core.replies import Acknowledged

_KINDS: Mapping[str, MonitorKind] = {kind.value: kind for kind in MonitorKind}


def _read_report(payload: Json, notes: Notes) -> MonitorsReported:
    monitors: list[Monitor] = []
    for item in payload.get("monitor") or ():
        try:
            monitors += _monitors(item)
        except PayloadError:
            notes.note(Rule.UNREADABLE_FIELD, "monitor")
    return MonitorsReported(
        ref=spare_number(payload, "requestId", notes) or 0,
        number=spare_number(payload, "seqNo", notes),
        last=not payload.get("tbc", False),
        items=tuple(monitors),
    )


def _monitors(item: Json) -> list[Monitor]:
    name = named(item)
    return [
        Monitor(
            **name,
            monitor_id=number_of(monitor["id"]),
            kind=kind_of(monitor["type"]),
            value=finite(monitor["value"]) or 0.0,
            severity=number_of(monitor["severity"]),
            transaction=monitor.get("transaction", False),
            source=monitor.get("eventNotificationType"),
        )
        for monitor in item.get("variableMonitoring") or ()
    ]


def number_of(number: int) -> int:
    """A number of 32 bits that is not negative; raises `PayloadError`."""
    if not 0 <= number <= MAX_INT32:
        refuse(FaultKind.PROPERTY, "id", "is out of range")
    return number


def kind_of(word: str) -> MonitorKind:
    """The kind that a word names; raises `PayloadError`."""
    kind = _KINDS.get(word)
    if kind is None:
        refuse(FaultKind.PROPERTY, "type", "is not one of the allowed values")
    return kind


def _read_events(payload: Json, notes: Notes) -> EventsNotified:
    events = []
    for item in payload.get("eventData") or ():
        try:
            events.append(_event(item, notes))
        except PayloadError:
            notes.note(Rule.UNREADABLE_FIELD, "eventData")
    return EventsNotified(events=tuple(events))


def _event(item: Json, notes: Notes) -> StationEvent:
    monitor = spare_number(item, "variableMonitoringId", notes, least=0)
    return StationEvent(
        **named(item),
        event_id=spare_number(item, "eventId", notes) or 0,
        at=moment(item.get("timestamp"), "eventData.timestamp", notes),
        trigger=notes.text(item["trigger"], "eventData.trigger"),
        value=notes.text(item["actualValue"], "eventData.actualValue"),
        cause=spare_number(item, "cause", notes),
        tech_code=spare_text(item, "techCode", notes),
        tech_info=spare_text(item, "techInfo", notes),
        cleared=item.get("cleared"),
        transaction_ref=spare_text(item, "transactionId", notes),
        monitor_id=monitor,
        source=spare_text(item, "eventNotificationType", notes),
        severity=spare_number(item, "severity", notes, least=0),
    )


INBOUND: Mapping[str, Inbound] = {
    "NotifyEvent": Inbound(
        _read_events,
        Acknowledged,
        write_nothing,
        lenience={
            "generatedAt": SPARE,
            "seqNo": SPARE,
            "tbc": SPARE,
            "eventData": LOOSE,
            "eventData.actualValue": Lenience(default=""),
            "eventData.cause": SPARE,
            "eventData.cleared": SPARE,
            "eventData.component.evse": SPARE,
            "eventData.component.instance": SPARE,
            "eventData.eventId": Lenience(default=0),
            "eventData.eventNotificationType": SPARE,
            "eventData.severity": SPARE,
            "eventData.techCode": SPARE,
            "eventData.techInfo": SPARE,
            "eventData.timestamp": SPARE,
            "eventData.transactionId": SPARE,
            "eventData.trigger": Lenience(default=""),
            "eventData.variable.instance": SPARE,
            "eventData.variableMonitoringId": SPARE,
        },
    ),
    "NotifyMonitoringReport": Inbound(
        _read_report,
        Acknowledged,
        write_nothing,
        lenience={
            "generatedAt": SPARE,
            "requestId": Lenience(default=0),
            "seqNo": SPARE,
            "tbc": SPARE,
            "monitor": LOOSE,
            "monitor.component.evse": SPARE,
            "monitor.component.instance": SPARE,
            "monitor.variable.instance": SPARE,
            "monitor.variableMonitoring": LOOSE,
            "monitor.variableMonitoring.eventNotificationType": SPARE,
            "monitor.variableMonitoring.severity": Lenience(default=9),
            "monitor.variableMonitoring.transaction": SPARE,
        },
    ),
}
