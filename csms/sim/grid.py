"""What the operator of the grid asks of a charger: DER controls and aFRR (2.1 blocks Q, R)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from csms.sim.messages import Payload, Request
from csms.sim.station_time import wire_time

if TYPE_CHECKING:
    from csms.sim.charger import Charger

SINGLE = {
    "EnterService": ("enterService", "enterService"),
    "FixedPFAbsorb": ("fixedPFAbsorb", "fixedPF"),
    "FixedPFInject": ("fixedPFInject", "fixedPF"),
    "FixedVar": ("fixedVar", "fixedVar"),
    "FreqDroop": ("freqDroop", "freqDroop"),
    "Gradients": ("gradient", "gradient"),
    "LimitMaxDischarge": ("limitMaxDischarge", "limitMaxDischarge"),
}
"""Controls that are no curve: the field of the order and report, and the field within it."""
UNMARKED = frozenset({"EnterService", "Gradients"})
"""Controls whose report does not say whether they are default or superseded."""


@attrs.define(eq=False)
class Grid:
    """The controls of one charger by id, as the server sent them."""

    charger: Charger
    controls: dict[str, Payload] = attrs.field(factory=dict)

    def set(self, order: Payload) -> Payload:
        """Take a control; returns the SetDERControlResponse."""
        field = SINGLE.get(order["controlType"], ("curve", "curve"))[0]
        if field not in order:
            return {"status": "Rejected"}
        priority = order[field].get("priority", 0)
        superseded = [
            number
            for number, each in self.controls.items()
            if (each["controlType"], each["isDefault"])
            == (order["controlType"], order["isDefault"])
            and number != order["controlId"]
            and _priority(each) >= priority
        ]
        for number in superseded:
            del self.controls[number]
        self.controls[order["controlId"]] = order
        if not order["isDefault"]:
            self._tell(order["controlId"], started=True, superseded=superseded)
        return {"status": "Accepted"} | ({"supersededIds": superseded} if superseded else {})

    def find(self, default: bool | None, kind: str | None, number: str | None) -> list[Payload]:
        """The controls that match; None matches everything."""
        return [
            each
            for each in self.controls.values()
            if default in (None, each["isDefault"])
            and kind in (None, each["controlType"])
            and number in (None, each["controlId"])
        ]

    def clear(self, default: bool, kind: str | None, number: str | None) -> str:
        """Remove controls; returns Accepted or NotFound."""
        found = self.find(default, kind, number)
        for each in found:
            del self.controls[each["controlId"]]
            if not default:
                self._tell(each["controlId"], started=False, superseded=[])
        return "Accepted" if found else "NotFound"

    def report(self, request_id: int, found: list[Payload]) -> list[Request]:
        """ReportDERControl messages, one for each control."""
        requests = []
        for position, each in enumerate(found):
            kind = each["controlType"]
            field, inner = SINGLE.get(kind, ("curve", "curve"))
            entry: Payload = {"id": each["controlId"], inner: each[field]}
            if kind not in UNMARKED:
                entry |= {"isDefault": each["isDefault"], "isSuperseded": False}
            if field == "curve":
                entry["curveType"] = kind
            tbc = position < len(found) - 1
            payload = {"requestId": request_id, "tbc": tbc, field: [entry]}
            requests.append(Request("ReportDERControl", payload))
        return requests

    def _tell(self, number: str, *, started: bool, superseded: list[str]) -> None:
        payload: Payload = {
            "controlId": number,
            "started": started,
            "timestamp": wire_time(self.charger.presence.time.now()),
        }
        if superseded:
            payload["supersededIds"] = superseded
        self.charger.send_soon(Request("NotifyDERStartStop", payload))


def _priority(order: Payload) -> int:
    field = SINGLE.get(order["controlType"], ("curve", "curve"))[0]
    return int(order[field].get("priority", 0))
