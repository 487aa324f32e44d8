"""What chargers of the field do to their messages."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from csms.sim.distortions import DISTORTIONS

AT = "2026-03-01T12:00:00.000Z"
START = {"connectorId": 1, "idTag": "T", "meterStart": 100, "timestamp": AT}
METER = {
    "connectorId": 1,
    "transactionId": 5,
    "meterValue": [
        {
            "timestamp": AT,
            "sampledValue": [{"value": "230.0", "measurand": "Voltage", "unit": "V"}],
        }
    ],
}


def distorted(name: str, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
    """The payload after that distortion; None when it has nothing to distort."""
    [distortion] = [each for each in DISTORTIONS if each.name == name]
    copied = json.loads(json.dumps(payload))
    return copied if distortion.apply(action, copied, random.Random(1)) else None


def value(payload: Any) -> Any:
    return payload["meterValue"][0]["sampledValue"][0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("time_without_zone", "2026-03-01T12:00:00.000"),
        ("time_with_short_zone", "2026-03-01T15:00:00.000+03"),
        ("time_with_space", "2026-03-01 12:00:00.000Z"),
        ("time_of_1970", "1970-01-01T00:00:07Z"),
    ],
)
def test_times(name: str, text: str) -> None:
    """Times are written in many ways."""
    changed = distorted(name, "StartTransaction", START)
    assert changed is not None
    assert changed["timestamp"] == text


def test_short_zone_late_in_the_day() -> None:
    """A time late in the day keeps its day."""
    late = START | {"timestamp": "2026-03-01T23:00:00.000Z"}
    changed = distorted("time_with_short_zone", "StartTransaction", late)
    assert changed is not None
    assert changed["timestamp"] == "2026-03-01T23:00:00.000+00"


def test_numbers() -> None:
    """Numbers become strings, strings numbers, whole registers fractions."""
    changed = distorted("number_as_string", "StartTransaction", START)
    assert changed is not None
    assert "1" in {changed["connectorId"], str(changed["meterStart"])[:1]}
    assert any(isinstance(changed[key], str) for key in ("connectorId", "meterStart"))
    assert value(distorted("string_as_number", "MeterValues", METER))["value"] == 230.0
    changed = distorted("fractional_register", "StartTransaction", START)
    assert changed is not None
    assert 100 < changed["meterStart"] < 101


def test_text_that_is_no_number() -> None:
    """A value that is no number stays a string."""
    payload = {"meterValue": [{"sampledValue": [{"value": "high"}]}]}
    assert distorted("string_as_number", "MeterValues", payload) is None


def test_padding() -> None:
    """Texts are padded or quoted, tags are not."""
    status = {"connectorId": 1, "status": "Available"}
    padded = distorted("padded_value", "StatusNotification", status)
    assert padded is not None
    assert padded["status"] != "Available" == padded["status"].strip()
    quoted = distorted("quoted_value", "StatusNotification", status)
    assert quoted == {"connectorId": 1, "status": '"Available"'}
    assert distorted("padded_value", "Authorize", {"idTag": "TAG"}) is None


def test_measurands() -> None:
    """Measurands and units are unknown, those of energy are left alone."""
    changed = value(distorted("unknown_measurand", "MeterValues", METER))
    assert changed["measurand"] != "Voltage"
    assert value(distorted("unknown_unit", "MeterValues", METER))["unit"] == "Furlong"
    energy = {"measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    assert distorted("unknown_measurand", "MeterValues", energy) is None
    assert distorted("unknown_unit", "MeterValues", energy) is None


def test_transactions() -> None:
    """Meter values belong to connector 0, to no transaction or to one that cannot be."""
    changed = distorted("connector_zero", "MeterValues", METER)
    assert changed is not None
    assert changed["connectorId"] == 0
    changed = distorted("no_transaction", "MeterValues", METER)
    assert changed is not None
    assert "transactionId" not in changed
    changed = distorted("bad_transaction_id", "MeterValues", METER)
    assert changed is not None
    assert changed["transactionId"] in {0, -1}


@pytest.mark.parametrize("name", [each.name for each in DISTORTIONS])
def test_nothing_to_distort(name: str) -> None:
    """A message without what it takes stays as it is."""
    assert distorted(name, "Heartbeat", {}) is None
