"""Values that OCPP 2.x spells in its own way: tokens, meter values, reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, TypeVar

from csms.sim.connector import Sample
from csms.sim.language import Verdict
from csms.sim.messages import Payload, Request
from csms.sim.station_time import read_time, wire_time

T = TypeVar("T")

ENERGY = "Energy.Active.Import.Register"
STOP_REASONS = {
    "HardReset": "ImmediateReset",
    "SoftReset": "ImmediateReset",
    "UnlockCommand": "Other",
}
"""Reasons that OCPP 2.0.1 calls otherwise than OCPP 1.6."""


def token(tag: str, kind: str) -> Payload:
    """IdTokenType."""
    return {"idToken": tag, "type": kind}


def read_verdict(info: Payload) -> Verdict:
    """IdTokenInfoType."""
    expires, group = info.get("cacheExpiryDateTime"), info.get("groupIdToken")
    return Verdict(
        str(info["status"]),
        None if group is None else str(group["idToken"]),
        None if expires is None else read_time(expires),
    )


def meter_value(sample: Sample, measurands: tuple[str, ...]) -> Payload:
    """A MeterValue with the measurands wanted; energy always, so that it is never empty."""
    values = [value for each in measurands for value in _sampled(each, sample)]
    values = values or _sampled(ENERGY, sample)
    for value in values:
        value["context"] = sample.context
    return {"timestamp": wire_time(sample.at), "sampledValue": values}


def _sampled(measurand: str, sample: Sample) -> list[dict[str, Any]]:
    match measurand:
        case "Power.Active.Import":
            return [_value(measurand, round(sample.power_w, 1), "W")]
        case "Current.Import":
            return _phases(sample, _value(measurand, round(sample.current_a, 2), "A"), "")
        case "Voltage":
            return _phases(sample, _value(measurand, round(sample.voltage_v, 1), "V"), "-N")
        case "SoC":
            if sample.soc is None:
                return []
            return [_value(measurand, round(sample.soc, 1), "Percent") | {"location": "EV"}]
        case _:
            return [_value(ENERGY, round(sample.energy_wh, 1), "Wh")]


def _value(measurand: str, value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "measurand": measurand, "unitOfMeasure": {"unit": unit}}


def _phases(sample: Sample, plain: dict[str, Any], suffix: str) -> list[dict[str, Any]]:
    return [plain | {"phase": f"L{number}{suffix}"} for number in range(1, sample.phases + 1)] or [
        plain
    ]


def parts(
    action: str, head: Payload, key: str, items: Iterable[T], size: int, *, numbered: bool = True
) -> Iterator[Request]:
    """The messages of a report in several parts: ``seqNo`` from 0, ``tbc`` on all but the last."""
    rest = iter(items)
    number = 0
    chunk = list(islice(rest, size))
    while True:
        following = next(rest, None)
        payload = dict(head)
        if numbered:
            payload["seqNo"] = number
        if chunk:
            payload[key] = chunk
        payload["tbc"] = following is not None
        yield Request(action, payload)
        if following is None:
            return
        number += 1
        chunk = list(islice(chain([following], rest), size))
