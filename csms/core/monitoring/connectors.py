"""What events say of connectors, by the rule of StatusNotification and with all that it means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace

from csms.core.connectors import CONNECTOR_CHANGED
from csms.core.decisions import (
    ACKNOWLEDGED,
    Ask,
    Decision,
    Policy,
    SetConnector,
    State,
    Write,
)
from csms.core.events import Event
from csms.core.monitoring.vocabulary import ConnectorsAsked, Place, StationEvent, placed
from csms.core.oddities import Oddity
from csms.core.reports import ConnectorChanged
from csms.core.reservations.uses import after
from csms.core.values import Connector, ConnectorStatus, StationKey

_PLUGS = frozenset({"connector", "evse"})
_STATION = "chargingstation"
_STATUSES: Mapping[str, ConnectorStatus] = {
    status.value.lower(): status
    for status in (
        ConnectorStatus.AVAILABLE,
        ConnectorStatus.OCCUPIED,
        ConnectorStatus.RESERVED,
        ConnectorStatus.UNAVAILABLE,
        ConnectorStatus.FAULTED,
    )
}

_asked, _rule = CONNECTOR_CHANGED


def asked(events: Iterable[StationEvent]) -> tuple[Ask, ...]:
    """The connectors where events tell of those, and what else their state depends on."""
    statuses = [_status(event) for event in events if _concerns_connector(event)]
    if not statuses:
        return ()
    # Where it is stands in what is asked for.
    told = [ConnectorChanged(evse_id=0, connector_id=0, status=each) for each in statuses if each]
    more = {ask: None for each in told for ask in _asked(each).more}
    return ConnectorsAsked(), *more


def changed(
    events: Iterable[StationEvent], key: StationKey, state: State, now: datetime, policy: Policy
) -> Decision:
    """What the events say of connectors: the newest by the station's own time counts."""
    known = placed(state.answers(ConnectorsAsked))
    found = state.found
    places: dict[Place, SetConnector] = {}
    others: list[Write] = []
    facts: list[Event] = []
    odd: dict[Oddity, str] = {}
    for event in events:
        for report in _changes(event, known):
            place = report.evse_id, report.connector_id
            said = places.get(place)
            if said is not None and event.at < said.status_at:
                odd[Oddity.STATUS_OUT_OF_ORDER] = f"{report.evse_id}.{report.connector_id}"
                continue
            before = State(connector=known.get(place), found=found)
            decision = _rule(report, key, before, now, policy)
            facts += decision.events
            odd.update(decision.oddities)
            for write in decision.writes:
                if isinstance(write, SetConnector):
                    places[place] = write
                    known[place] = _as_set(known.get(place), write)
                else:
                    others.append(write)
            found = after(found, decision.writes)
    writes = *places.values(), *others
    return Decision(ACKNOWLEDGED, writes, tuple(facts), oddities=tuple(odd.items()))


def _concerns_connector(event: StationEvent) -> bool:
    component = (event.component or "").lower()
    if event.variable.lower() == "availabilitystate":
        return component in _PLUGS or component == _STATION
    return event.variable.lower() == "problem" and component in _PLUGS


def _status(event: StationEvent) -> ConnectorStatus | None:
    said = event.value.strip().lower()
    if event.variable.lower() == "problem":
        return ConnectorStatus.FAULTED if said == "true" else None
    return _STATUSES.get(said, ConnectorStatus.UNKNOWN)


def _changes(event: StationEvent, known: Mapping[Place, Connector]) -> list[ConnectorChanged]:
    """A connector's state is its own, an EVSE's is that of its one connector (if it has more,
    each tells its own), and the station's is kept for EVSE 0."""
    if not _concerns_connector(event):
        return []
    status = _status(event)
    place = _place(event, known)
    if status is None or place is None:
        return []
    evse_id, connector_id = place
    faulted = status is ConnectorStatus.FAULTED
    return [
        ConnectorChanged(
            evse_id=evse_id,
            connector_id=connector_id,
            status=status,
            at=event.at,
            error_code=event.tech_code if faulted else None,
            info=event.tech_info if faulted else None,
        )
    ]


def _place(event: StationEvent, known: Mapping[Place, Connector]) -> Place | None:
    if (event.component or "").lower() == _STATION:
        return 0, 0
    if event.evse_id is None:
        return None
    if event.connector_id is not None:
        return event.evse_id, event.connector_id
    plugs = [place for place in known if place[0] == event.evse_id]
    if not plugs:
        return event.evse_id, 1
    return plugs[0] if len(plugs) == 1 else None


def _as_set(before: Connector | None, write: SetConnector) -> Connector:
    known = before or Connector(evse_id=write.evse_id, connector_id=write.connector_id)
    return replace(
        known,
        status=write.status,
        status_at=write.status_at,
        status_told=write.status_told,
        error_code=write.error_code,
        info=write.info,
        vendor_error_code=write.vendor_error_code,
    )
