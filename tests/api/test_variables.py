"""`/stations/{identity}/variables`, reports, network profiles and the password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from csms.core.commands import Outcome
from csms.core.errors import Conflict
from csms.core.holdings import Holding
from csms.core.ports import Variable, VariableChange
from csms.core.variables.networks import Apn, NetworkProfile, SetNetworkProfile, Vpn
from csms.core.variables.vocabulary import (
    Attribute,
    ChangePassword,
    Chosen,
    Criterion,
    ItemStatus,
    Mutability,
    ReadResult,
    ReadVariables,
    ReportBase,
    RequestReport,
    Setting,
    Wanted,
    WriteResult,
    WriteVariables,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATH = "/api/v1/stations/A"
NAME = {"component": "C", "variable": "V"}


@pytest.fixture(autouse=True)
def station(api: Any) -> None:
    api.stations.seed("A", ocpp_version="2.0.1")


def test_list(api: Any) -> None:
    """What is known, with the paging of every list."""
    whole = Variable(
        id=0,
        component="C",
        component_instance="c",
        evse_id=1,
        connector_id=2,
        variable="V",
        variable_instance="v",
        attribute=Attribute.TARGET,
        value="1",
        mutability=Mutability.READ_WRITE,
        reboot_required=True,
        pending_value="2",
        reported_at=NOW,
        changed_at=NOW,
    )
    api.variables.seed("A", whole)
    gone = Variable(id=0, variable="Key", reported_at=NOW, changed_at=NOW, removed_at=NOW)
    api.variables.seed("A", gone)
    (told,) = api.ask("GET", f"{PATH}/variables?component=c&limit=1").json["items"]
    assert (told["component"], told["attribute"], told["mutability"]) == (
        "C",
        "Target",
        "ReadWrite",
    )
    assert told["reported_at"] == "2026-03-01T12:00:00.000Z"
    assert (told["value"], told["pending_value"], told["reboot_required"]) == ("1", "2", True)
    (told,) = api.ask("GET", f"{PATH}/variables?removed=true").json["items"]
    assert (told["component"], told["variable"]) == (None, "Key")
    assert api.ask("GET", f"{PATH}/variables", role="stranger").status == 404


def test_history(api: Any) -> None:
    """What was, what is, and who made it so."""
    change = VariableChange(id=0, **NAME, old="1", new="2", how="set", operation_id="o", at=NOW)
    api.variables.seed_change("A", change)
    later = (NOW + timedelta(hours=1)).isoformat().replace("+", "%2B")
    (told,) = api.ask("GET", f"{PATH}/variables/history?at_to={later}").json["items"]
    assert (told["old"], told["new"], told["how"], told["operation_id"]) == ("1", "2", "set", "o")
    assert api.ask("GET", f"{PATH}/variables/history?at_from={later}").json["items"] == []


def test_read(api: Any) -> None:
    """Each item with what became of it."""
    result = ReadResult(**NAME, value="7", status=ItemStatus.ACCEPTED)
    api.operations.outcome = Outcome(status="accepted", response={"found": [result]})
    reply = api.ask("POST", f"{PATH}/variables/read", json={"items": [NAME]})
    assert reply.status == 200
    (item,) = reply.json["items"]
    assert (item["status"], item["value"]) == ("accepted", "7")
    assert item["operation_id"] == reply.json["operations"][0]["id"]
    assert api.operations.sent[0][1] == ReadVariables(items=(Wanted(**NAME),))
    api.operations.outcome = Outcome(status="unsupported", detail="no")
    assert api.ask("POST", f"{PATH}/variables/read").json["items"] == []


def test_write(api: Any) -> None:
    """Values are texts to a station, however they are sent."""
    values = ["x", 5, 0.5, True]
    items = [{**NAME, "variable": f"V{n}", "value": each} for n, each in enumerate(values)]
    reply = api.ask("PATCH", f"{PATH}/variables", json={"items": items})
    assert reply.status == 200
    assert api.operations.sent[0][1] == WriteVariables(
        items=tuple(
            Setting(component="C", variable=f"V{n}", value=text)
            for n, text in enumerate(["x", "5", "0.5", "true"])
        )
    )


def test_what_was_accepted_is_read_back(api: Any) -> None:
    """And told with the item."""
    accepted = WriteResult(**NAME, status=ItemStatus.ACCEPTED)
    clamped = ReadResult(**NAME, value="5", status=ItemStatus.ACCEPTED)
    api.operations.outcome = [
        Outcome(status="accepted", response={"found": [each]}) for each in (accepted, clamped)
    ]
    reply = api.ask("PATCH", f"{PATH}/variables", json={"items": [{**NAME, "value": 9}]})
    (item,) = reply.json["items"]
    assert (item["status"], item["value"]) == ("accepted", "5")
    assert [each["action"] for each in reply.json["operations"]] == ["write_variables"]


def test_a_password_among_others(api: Any) -> None:
    """It is named."""
    password = {"component": "SecurityCtrlr", "variable": "BasicAuthPassword", "value": "x" * 16}
    body = {"items": [{**NAME, "value": "1"}, password]}
    reply = api.ask("PATCH", f"{PATH}/variables", json=body)
    assert (reply.status, reply.json["field"]) == (422, "items[1]")
    assert "BasicAuthPassword" in reply.json["detail"]


def test_slow_station(api: Any) -> None:
    """202, and where to ask."""
    api.operations.outcome = None
    body = {"items": [{**NAME, "value": "1"}], "queue": True}
    reply = api.ask("PATCH", f"{PATH}/variables", json=body)
    assert (reply.status, reply.json["items"][0]["status"]) == (202, "queued")
    assert reply.headers["Location"].endswith(reply.json["operations"][0]["id"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("variables", {"items": []}),
        ("variables", {"items": [NAME]}),
        ("variables", {"items": [{**NAME, "value": None}]}),
        ("variables", {"items": [{**NAME, "variable": "x" * 51, "value": ""}]}),
        ("variables", {"items": [{**NAME, "attribute": "Best", "value": ""}]}),
    ],
)
def test_wrong_items(api: Any, path: str, body: Any) -> None:
    """Refused before anything is sent."""
    assert api.ask("PATCH", f"{PATH}/{path}", json=body).status == 422
    assert api.operations.sent == []


def test_refused(api: Any) -> None:
    """What the station must not be sent is not."""
    api.operations.outcome = [Conflict("it is rejected", code="not_registered")]
    reply = api.ask("PATCH", f"{PATH}/variables", json={"items": [{**NAME, "value": "1"}]})
    assert (reply.status, reply.json["code"]) == (409, "not_registered")


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ({"base": "full"}, RequestReport(base=ReportBase.FULL)),
        (
            {"criteria": ["Problem"], "items": [{"component": "C"}]},
            RequestReport(criteria=(Criterion.PROBLEM,), items=(Chosen(component="C"),)),
        ),
    ],
)
def test_reports(api: Any, body: Any, command: RequestReport) -> None:
    """A base, or a choice."""
    assert api.ask("POST", f"{PATH}/reports", json=body).status == 200
    assert api.operations.sent[0][1] == command


@pytest.mark.parametrize("body", [{}, {"base": "full", "criteria": ["Problem"]}])
def test_neither_or_both(api: Any, body: Any) -> None:
    """One of the two it must be."""
    reply = api.ask("POST", f"{PATH}/reports", json=body)
    assert (reply.status, reply.json["field"]) == (422, "base")


def test_network_profile(api: Any) -> None:
    """With all that a station may need to know; none of its secrets come back."""
    body = {
        "url": "wss://c",
        "interface": "Wired0",
        "security_profile": 2,
        "identity": "NEW",
        "password": "s3cret-s3cret-s3",
        "apn": {"name": "a", "password": "s3cret", "sim_pin": 7, "authentication": "PAP"},
        "vpn": {
            "server": "s",
            "user": "u",
            "password": "s3cret",
            "shared_secret": "s3cret",
            "kind": "IKEv2",
        },
    }
    reply = api.ask("PUT", f"{PATH}/network-profiles/3", json=body)
    assert reply.status == 200
    assert b"s3cret" not in reply.body
    assert api.operations.sent[0][1] == SetNetworkProfile(
        slot=3,
        profile=NetworkProfile(
            url="wss://c",
            interface="Wired0",
            security_profile=2,
            message_timeout_s=30,
            identity="NEW",
            password="s3cret-s3cret-s3",
            apn=Apn(name="a", password="s3cret", sim_pin=7, authentication="PAP"),
            vpn=Vpn(server="s", user="u", password="s3cret", shared_secret="s3cret", kind="IKEv2"),
        ),
    )
    holding = Holding(
        kind="network_profile",
        key="3",
        content={"url": "wss://c"},
        origin="set",
        created_at=NOW,
        updated_at=NOW,
    )
    api.holdings.seed("A", holding)
    (known,) = api.ask("GET", f"{PATH}/network-profiles").json["items"]
    assert (known["slot"], known["profile"]) == (3, {"url": "wss://c"})
    bare = {"url": "wss://c", "interface": "Any", "security_profile": 1}
    assert api.ask("PUT", f"{PATH}/network-profiles/3", json=bare).status == 200


@pytest.mark.parametrize(
    ("given", "told"), [(None, "0123456789abcdef"), ("my-own-password!", None)]
)
def test_password(api: Any, given: str | None, told: str | None) -> None:
    """A random one is told this once; one that was given is not repeated."""
    body = {} if given is None else {"password": given}
    reply = api.ask("PUT", f"{PATH}/password", json=body)
    assert (reply.status, reply.json["new_password"]) == (200, told)
    command = api.operations.sent[0][1]
    assert isinstance(command, ChangePassword)
    assert command.password == (given or told)
    assert reply.json["operation"]["payload"]["password"] == "***"
    api.operations.outcome = None
    assert api.ask("PUT", f"{PATH}/password").status == 202
    assert api.ask("PUT", f"{PATH}/password", json={"password": "short"}).status == 422
