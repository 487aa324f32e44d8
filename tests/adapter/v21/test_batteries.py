"""Battery swaps, in every version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Fault, Request, Understood, Unsupported
from csms.core.batteries.vocabulary import BatteriesSwapped, RequestSwap
from csms.core.commands import Raw
from csms.core.replies import Acknowledged
from csms.core.values import Strictness

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, MID, NEW = (DIALECTS[name] for name in ("ocpp1.6", "ocpp2.0.1", "ocpp2.1"))
BATTERY: dict[str, Any] = {
    "evseId": 2,
    "serialNumber": "S1",
    "soC": 12.5,
    "soH": 98,
    "productionDate": "2024-01-01T01:00:00+01:00",
    "vendorInfo": "x",
}
SWAP: dict[str, Any] = {
    "batteryData": [BATTERY],
    "eventType": "BatteryIn",
    "idToken": {"idToken": "TAG", "type": "Central"},
    "requestId": 7,
}
TOLD = {
    "evse_id": 2,
    "serial_number": "S1",
    "soc": 12.5,
    "soh": 98,
    "production_date": "2024-01-01T00:00:00.000Z",
    "vendor_info": "x",
}


def read(payload: object, strictness: Strictness = Strictness.TOLERANT) -> BatteriesSwapped:
    """What is understood of a BatterySwap."""
    understood = NEW.read("BatterySwap", payload, strictness, NOW)
    assert isinstance(understood, Understood)
    assert isinstance(understood.report, BatteriesSwapped)
    return understood.report


def test_a_request() -> None:
    """S02; a raw request that says the same is the same command."""
    command = RequestSwap(ref=7, id_token="TAG", kind="Central")
    payload = {"requestId": 7, "idToken": {"idToken": "TAG", "type": "Central"}}
    assert NEW.request(command) == Request("RequestBatterySwap", payload)
    assert NEW.interpret(Raw(action="RequestBatterySwap", payload=payload)) == command
    ours = NEW.request(RequestSwap(ref=7, id_token="TAG"))
    assert ours == Request("RequestBatterySwap", payload)
    more = {**payload["idToken"], "additionalInfo": [{"additionalIdToken": "a", "type": "b"}]}
    raw = Raw(action="RequestBatterySwap", payload={**payload, "idToken": more})
    assert NEW.interpret(raw) is raw
    for dialect in (OLD, MID):
        assert isinstance(dialect.request(command), Unsupported)


@pytest.mark.parametrize("strictness", list(Strictness))
def test_a_swap(strictness: Strictness) -> None:
    """S01 to S04, in the words of the core."""
    assert read(SWAP, strictness) == BatteriesSwapped(
        event="BatteryIn",
        ref=7,
        id_token="TAG",
        id_token_kind="Central",
        batteries=(TOLD,),
    )
    assert NEW.write("BatterySwap", Acknowledged()) == {}
    assert NEW.carries_money("BatterySwap")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"eventType": "BatteryLost"}, {"event": "BatteryLost"}),
        ({"eventType": None}, {"event": ""}),
        ({"requestId": "x"}, {"ref": None}),
        ({"requestId": 2**40}, {"ref": None}),
        ({"idToken": 5}, {"id_token": None, "id_token_kind": None}),
        ({"idToken": {"idToken": "A\x00"}}, {"id_token": "A\ufffd", "id_token_kind": None}),
        ({"batteryData": None}, {"batteries": ()}),
        ({"batteryData": ["x", BATTERY]}, {"batteries": (TOLD,)}),
    ],
)
def test_what_is_odd_costs_only_itself(change: dict[str, Any], told: dict[str, Any]) -> None:
    """The rest of the swap is kept."""
    report = read({**SWAP, **change})
    assert {name: getattr(report, name) for name in told} == told


@pytest.mark.parametrize(
    ("name", "value", "core"),
    [
        ("evseId", "x", "evse_id"),
        ("evseId", 2**40, "evse_id"),
        ("evseId", -1, "evse_id"),
        ("evseId", None, "evse_id"),
        ("serialNumber", "s" * 256, "serial_number"),
        ("soC", "half", "soc"),
        ("soH", None, "soh"),
        ("productionDate", 5.5j, "production_date"),
    ],
)
def test_what_is_odd_of_a_battery(name: str, value: object, core: str) -> None:
    """Is left out of what is told of it."""
    [battery] = read({**SWAP, "batteryData": [{**BATTERY, name: value}]}).batteries
    assert battery == {key: value for key, value in TOLD.items() if key != core}


@pytest.mark.parametrize("payload", [[], "x", {**SWAP, "idToken": {"idToken": "x" * 256}}])
def test_what_is_no_swap(payload: object) -> None:
    """Is a fault, and kept as it came; a token beyond all bounds is no token."""
    result = NEW.read("BatterySwap", payload, Strictness.TOLERANT, NOW)
    assert isinstance(result, Fault) is not isinstance(payload, dict)
