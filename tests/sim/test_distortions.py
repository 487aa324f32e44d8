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


EVENT = {
    "eventType": "Updated",
    "timestamp": AT,
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 4,
    "transactionInfo": {"transactionId": "T1"},
    "evse": {"id": 2, "connectorId": 1},
    "offline": True,
    "numberOfPhasesUsed": 3,
    "meterValue": [
        {
            "timestamp": AT,
            "sampledValue": [
                {"value": 1200.5, "measurand": "Energy.Active.Import.Register",
                 "unitOfMeasure": {"unit": "Wh"}, "context": "Sample.Periodic"},
                {"value": 230.0, "measurand": "Voltage", "unitOfMeasure": {"unit": "V"},
                 "context": "Sample.Periodic", "phase": "L1-N"},
            ],
        }
    ],
}  # fmt: skip
NAMED = [(each.name, version) for each in DISTORTIONS for version in each.versions]


def distorted(
    name: str, action: str, payload: dict[str, Any], version: str = "1.6", seed: int = 1
) -> dict[str, Any] | None:
    """The payload after that distortion; None when it has nothing to distort."""
    [distortion] = [each for each in DISTORTIONS if each.name == name and version in each.versions]
    copied = json.loads(json.dumps(payload))
    return copied if distortion.apply(action, copied, random.Random(seed)) else None


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
    """Numbers become strings, strings numbers; registers keep their value."""
    changed = distorted("number_as_string", "StartTransaction", START)
    assert changed is not None
    assert any(isinstance(changed[key], str) for key in ("connectorId", "meterStart"))
    assert value(distorted("string_as_number", "MeterValues", METER))["value"] == 230.0
    changed = distorted("fractional_register", "StartTransaction", START)
    assert changed is not None
    assert changed["meterStart"] == 100
    assert isinstance(changed["meterStart"], float)


def test_newer_numbers() -> None:
    """2.x has forms of its own."""
    changed = distorted("sequence_as_string", "TransactionEvent", EVENT, "2.1")
    assert changed == EVENT | {"seqNo": "4"}
    changed = distorted("evse_as_string", "TransactionEvent", EVENT, "2.1")
    assert changed == EVENT | {"evse": {"id": "2", "connectorId": 1}}
    changed = distorted("evse_as_string", "StatusNotification", {"evseId": 1}, "2.0.1")
    assert changed == {"evseId": "1"}
    changed = distorted("value_as_string", "TransactionEvent", EVENT, "2.0.1")
    assert [each["value"] for each in changed["meterValue"][0]["sampledValue"]] in (
        ["1200.5", 230.0],
        [1200.5, "230.0"],
    )


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


def test_times_that_are_none_are_of_no_transaction() -> None:
    """One that is told twice, because its answer was lost, must not begin at two times."""
    assert distorted("bad_time", "StartTransaction", START) is None
    assert distorted("bad_time", "MeterValues", METER) is not None


def test_nothing_stands_where_something_is() -> None:
    """Fields are added, never replaced."""
    start = START | {"reservationId": 7}
    assert distorted("null_field", "StartTransaction", start) is None
    assert distorted("out_of_range", "StartTransaction", start) is None


@pytest.mark.parametrize(("name", "version"), [each for each in NAMED if each[1] != "1.6"])
def test_energy_keeps_its_value(name: str, version: str) -> None:
    """By no reading is there another energy, or none."""
    for seed in range(20):
        changed = distorted(name, "TransactionEvent", EVENT, version, seed)
        if changed is None:
            return
        values = changed["meterValue"]
        if isinstance(values, dict):
            values = [values]
        listed = values[0]["sampledValue"]
        [energy] = [each for each in listed if "Energy" in str(each)]
        text = str(energy["value"]).strip(' "')
        assert float(text) == 1200.5
        assert energy["measurand"] == "Energy.Active.Import.Register"
        assert energy["unitOfMeasure"] == {"unit": "Wh"}


@pytest.mark.parametrize(("name", "version"), NAMED)
def test_nothing_to_distort(name: str, version: str) -> None:
    """A message without what it takes stays as it is."""
    assert distorted(name, "Heartbeat", {}, version) is None


def test_no_name_twice() -> None:
    """In each version a name stands for one thing."""
    assert len(NAMED) == len(set(NAMED))
