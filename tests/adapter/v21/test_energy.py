"""Energy in the words of 2.1."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Request, Understood
from csms.adapter.v21.version import V21
from csms.core.commands import Command, Raw
from csms.core.energy import vocabulary as v
from csms.core.errors import Invalid
from csms.core.replies import Acknowledged
from csms.core.values import Strictness

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WIRE_NOW = "2026-01-02T03:04:05.000Z"
DIALECT = DIALECTS["ocpp2.1"]
CURVE = {
    "curve_data": [{"x": 1.0, "y": 2.0}],
    "priority": 1,
    "y_unit": "PctMaxW",
    "start_time": WIRE_NOW,
    "voltage_params": {"hv10_min_mean_value": 3.0},
    "reactive_power_params": {"v_ref": 1.0, "autonomous_v_ref_enable": True},
}
WIRE_CURVE: dict[str, Any] = {
    "curveData": [{"x": 1.0, "y": 2.0}],
    "priority": 1,
    "yUnit": "PctMaxW",
    "startTime": WIRE_NOW,
    "voltageParams": {"hv10MinMeanValue": 3.0},
    "reactivePowerParams": {"vRef": 1.0, "autonomousVRefEnable": True},
}
FIXED = {"priority": 1, "displacement": 0.9, "excitation": True}
CASES: list[Any] = [
    (
        v.UsePriority(transaction_ref="T1", activate=True),
        "UsePriorityCharging",
        {"transactionId": "T1", "activate": True},
    ),
    (
        v.AllowTransfer(transaction_ref="T1", modes=(v.Transfer.DC, v.Transfer.DC_BPT)),
        "NotifyAllowedEnergyTransfer",
        {"transactionId": "T1", "allowedEnergyTransfer": ["DC", "DC_BPT"]},
    ),
    (
        v.SetControl(
            control_id="c1",
            control_type=v.ControlType.VOLT_WATT,
            is_default=True,
            settings=CURVE,
        ),
        "SetDERControl",
        {"controlId": "c1", "controlType": "VoltWatt", "isDefault": True, "curve": WIRE_CURVE},
    ),
    (
        v.SetControl(
            control_id="c1",
            control_type=v.ControlType.FIXED_PF_ABSORB,
            is_default=False,
            settings=FIXED,
        ),
        "SetDERControl",
        {
            "controlId": "c1",
            "controlType": "FixedPFAbsorb",
            "isDefault": False,
            "fixedPFAbsorb": FIXED,
        },
    ),
    (v.ClearControls(is_default=False), "ClearDERControl", {"isDefault": False}),
    (
        v.ClearControls(is_default=True, control_type=v.ControlType.GRADIENTS, control_id="c"),
        "ClearDERControl",
        {"isDefault": True, "controlType": "Gradients", "controlId": "c"},
    ),
    (v.ReportControls(ref=3), "GetDERControl", {"requestId": 3}),
    (
        v.ReportControls(
            ref=3, is_default=True, control_type=v.ControlType.GRADIENTS, control_id="c"
        ),
        "GetDERControl",
        {"requestId": 3, "isDefault": True, "controlType": "Gradients", "controlId": "c"},
    ),
]


@pytest.mark.parametrize(("command", "action", "payload"), CASES)
def test_commands(command: Command, action: str, payload: dict[str, Any]) -> None:
    """Each is the message it says, and that message is the command again."""
    assert DIALECT.request(command) == Request(action, payload)
    assert DIALECT.interpret(Raw(action=action, payload=payload)) == command


def test_signals() -> None:
    """Q08: a signal of the frequency reserve, and its time."""
    request = DIALECT.request(v.SendSignal(at=NOW, signal=-3))
    assert request == Request("AFRRSignal", {"timestamp": WIRE_NOW, "signal": -3})


def test_settings_of_another_kind() -> None:
    """A field that no version has is the caller's mistake, whatever the station speaks."""
    odd = v.SetControl(
        control_id="c1", control_type=v.ControlType.VOLT_VAR, is_default=True, settings={"tilt": 1}
    )
    for dialect in DIALECTS.values():
        with pytest.raises(Invalid) as caught:
            dialect.request(odd)
        assert caught.value.field == "settings.tilt"


def test_fields_are_those_of_who_asks() -> None:
    """Not those of the wire."""
    point = {"x": 1.0, "y": "high"}
    odd = v.SetControl(
        control_id="c1",
        control_type=v.ControlType.VOLT_VAR,
        is_default=True,
        settings={**CURVE, "curve_data": [point]},
    )
    with pytest.raises(Invalid) as caught:
        DIALECT.request(odd)
    assert caught.value.field == "settings.curve_data[0].y"


@pytest.mark.parametrize(
    "payload",
    [
        {"controlId": "c1", "controlType": "VoltVar", "isDefault": True},
        {
            "controlId": "c1",
            "controlType": "VoltVar",
            "isDefault": True,
            "curve": WIRE_CURVE,
            "fixedPFAbsorb": FIXED,
        },
        {
            "controlId": "c1",
            "controlType": "VoltVar",
            "isDefault": True,
            "curve": {**WIRE_CURVE, "startTime": "1999-01-01T00:00:00Z"},
        },
    ],
)
def test_controls_that_stay_raw(payload: dict[str, Any]) -> None:
    """Those that say less or more than the core's command."""
    raw = Raw(action="SetDERControl", payload=payload)
    assert DIALECT.interpret(raw) is raw


def said(action: str, payload: dict[str, Any], quirks: int = 0) -> Any:
    understood = DIALECT.read(action, payload, Strictness.TOLERANT, NOW)
    assert isinstance(understood, Understood), understood
    assert len(understood.quirks) == quirks
    answer = DIALECT.write(action, Acknowledged())
    assert answer == {}
    assert V21.schemas.outbound_flaw(f"{action}Response", answer) is None
    return understood.report


def test_priority() -> None:
    """K20."""
    report = said("NotifyPriorityCharging", {"transactionId": "T1", "activated": True})
    assert report == v.PriorityTold(transaction_ref="T1", activated=True)


def test_reported_controls() -> None:
    """R05: of every list, with their settings by one name; gradients are always defaults."""
    gradient = {"priority": 1, "gradient": 1.0, "softGradient": 2.0}
    report = said(
        "ReportDERControl",
        {
            "requestId": 3,
            "tbc": True,
            "curve": [
                {
                    "id": "c1",
                    "curveType": "VoltVar",
                    "isDefault": False,
                    "isSuperseded": True,
                    "curve": WIRE_CURVE,
                }
            ],
            "fixedPFInject": [
                {"id": "c2", "isDefault": True, "isSuperseded": False, "fixedPF": FIXED}
            ],
            "gradient": [{"id": "c3", "gradient": gradient}],
        },
    )
    assert (report.ref, report.last) == (3, False)
    assert [
        (each["id"], each["control_type"], each["is_default"], each["is_superseded"])
        for each in report.controls
    ] == [
        ("c1", "VoltVar", False, True),
        ("c2", "FixedPFInject", True, False),
        ("c3", "Gradients", True, False),
    ]
    assert report.controls[0]["settings"] == CURVE
    assert report.controls[2]["settings"]["soft_gradient"] == 2.0
    nothing = said("ReportDERControl", {"requestId": 3})
    assert (nothing.controls, nothing.last) == ((), True)


def test_controls_begin_and_end() -> None:
    """R04; a message without its time is of now."""
    report = said(
        "NotifyDERStartStop",
        {"controlId": "c1", "started": True, "timestamp": WIRE_NOW, "supersededIds": ["c2"]},
    )
    assert report == v.ControlStarted(control_id="c1", started=True, at=NOW, superseded=("c2",))
    report = said("NotifyDERStartStop", {"controlId": "c1", "started": False}, quirks=1)
    assert report == v.ControlStarted(control_id="c1", started=False, at=NOW)


def test_alarms() -> None:
    """R06; words that nobody knows are kept."""
    payload = {"controlType": "Odd", "timestamp": WIRE_NOW, "gridEventFault": "OverVoltage"}
    report = said("NotifyDERAlarm", payload, quirks=1)
    assert report == v.GridAlarm(control_type="Odd", at=NOW, fault="OverVoltage")
    payload = {**payload, "controlType": "VoltVar", "alarmEnded": True, "extraInfo": "x"}
    report = said("NotifyDERAlarm", payload)
    assert (report.ended, report.info) == (True, "x")


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (
            {"status": "Accepted", "supersededIds": ["a"]},
            v.ControlAnswer(status="Accepted", superseded=("a",)),
        ),
        ({"status": "NotFound"}, v.ControlAnswer(status="NotFound")),
    ],
)
def test_what_answers_tell(payload: dict[str, Any], found: v.ControlAnswer) -> None:
    """What a control supersedes, and that there is none."""
    assert DIALECT.outcome(CASES[2][0], payload).found == found
