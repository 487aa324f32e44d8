"""Priority charging, power given back, and DER controls over REST."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.core.energy import vocabulary as v
from csms.core.holdings import Holding
from csms.core.values import SessionStatus

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
PATH = "/api/v1/stations/cp-1"
CONTROLS = f"{PATH}/der-controls"


@pytest.fixture(autouse=True)
def station(api: Any) -> Any:
    """Station cp-1."""
    return api.stations.seed("cp-1", connected=True)


def sent(api: Any) -> Any:
    ((_, command, queue, session_id),) = api.operations.sent
    return command, queue, session_id


@pytest.mark.parametrize(
    ("what", "body", "command"),
    [
        ("priority", {"activate": True}, v.UsePriority(transaction_ref="T1", activate=True)),
        (
            "allowed-energy-transfer",
            {"modes": ["DC_BPT"]},
            v.AllowTransfer(transaction_ref="T1", modes=(v.Transfer.DC_BPT,)),
        ),
    ],
)
def test_sessions(api: Any, station: Any, what: str, body: dict[str, Any], command: Any) -> None:
    """Commands about a session that is open and has its transaction."""
    session = api.seed_session(station, transaction_ref="T1")
    assert api.ask("POST", f"/api/v1/sessions/{session.id}/{what}", json=body).status == 200
    assert sent(api) == (command, False, session.id)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"transaction_ref": "T1", "status": SessionStatus.ENDED}, "session_ended"),
        ({"transaction_ref": None}, "no_transaction"),
    ],
)
def test_sessions_that_are_not_open(
    api: Any, station: Any, fields: dict[str, Any], code: str
) -> None:
    """There is nobody to tell."""
    session = api.seed_session(station, **fields)
    path = f"/api/v1/sessions/{session.id}/priority"
    reply = api.ask("POST", path, json={"activate": False})
    assert (reply.status, reply.json["code"]) == (409, code)


def test_signals(api: Any) -> None:
    """At a time, or now."""
    body = {"signal": -3, "at": "2026-03-01T13:00:00+01:00"}
    assert api.ask("POST", f"{PATH}/afrr-signal", json=body).status == 200
    command, _, _ = sent(api)
    assert command == v.SendSignal(at=datetime(2026, 3, 1, 12, tzinfo=UTC), signal=-3)
    assert api.ask("POST", f"{PATH}/afrr-signal", json={"signal": 1}).status == 200


def test_list_controls(api: Any) -> None:
    """As far as they are known."""
    whole = {
        "control_type": "VoltVar",
        "is_default": True,
        "is_superseded": False,
        "started": True,
        "settings": {"priority": 1},
    }
    for key, content in (("c1", whole), ("c2", {})):
        holding = Holding(
            kind=v.CONTROL,
            key=key,
            content=content,
            origin="told",
            created_at=NOW,
            updated_at=NOW,
        )
        api.holdings.seed("cp-1", holding)
    first, second = api.ask("GET", CONTROLS).json["items"]
    assert first.items() >= {**whole, "control_id": "c1"}.items()
    assert (second["control_type"], second["started"], second["settings"]) == (None, None, None)


def test_set_controls(api: Any) -> None:
    """Under an id that is given, or made up."""
    body = {"control_type": "VoltVar", "settings": {"priority": 1}}
    assert api.ask("PUT", CONTROLS, json=body).status == 200
    named = {**body, "control_id": "c1", "is_default": True}
    assert api.ask("PUT", CONTROLS, json=named).status == 200
    (_, first, _, _), (_, second, _, _) = api.operations.sent
    assert len(first.control_id) == 36
    assert second == v.SetControl(
        control_id="c1",
        control_type=v.ControlType.VOLT_VAR,
        is_default=True,
        settings={"priority": 1},
    )
    assert api.ask("PUT", CONTROLS, json={**body, "control_type": "Odd"}).status == 422


def test_clear_controls(api: Any) -> None:
    """Whether they are defaults must be said (R04.FR.30)."""
    query = "?is_default=false&control_type=VoltVar&control_id=c1&queue=true"
    assert api.ask("DELETE", CONTROLS + query).status == 200
    command = v.ClearControls(
        is_default=False, control_type=v.ControlType.VOLT_VAR, control_id="c1"
    )
    assert sent(api) == (command, True, None)
    assert api.ask("DELETE", f"{CONTROLS}?is_default=true").status == 200
    assert api.ask("DELETE", CONTROLS).status == 422


def test_report_controls(api: Any) -> None:
    """All, or those that fit."""
    assert api.ask("POST", f"{CONTROLS}/report").status == 200
    assert sent(api) == (v.ReportControls(), False, None)
