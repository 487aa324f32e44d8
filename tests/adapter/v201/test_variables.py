"""The device model in the words of 2.x."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.adapter.dialect import DIALECTS, Dialect, Understood
from csms.adapter.speech import Speech
from csms.adapter.tables import Request, Unsupported
from csms.core.commands import Command, Raw
from csms.core.errors import Invalid
from csms.core.replies import Acknowledged
from csms.core.values import Strictness
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
    Told,
    VariablesReported,
    Wanted,
    WriteResult,
    WriteVariables,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLDER, NEWER = DIALECTS["ocpp2.0.1"], DIALECTS["ocpp2.1"]
modern = pytest.mark.parametrize("dialect", [OLDER, NEWER], ids=["2.0.1", "2.1"])
NAME = {
    "component": "C",
    "component_instance": "c",
    "evse_id": 1,
    "connector_id": 2,
    "variable": "V",
    "variable_instance": "v",
}
WIRE = {
    "component": {"name": "C", "instance": "c", "evse": {"id": 1, "connectorId": 2}},
    "variable": {"name": "V", "instance": "v"},
}
SHORT: dict[str, Any] = {"component": {"name": "C"}, "variable": {"name": "V"}}
PROFILE = NetworkProfile(
    url="wss://csms.example",
    interface="Wired0",
    security_profile=2,
    message_timeout_s=30,
    apn=Apn(
        name="a",
        user="u",
        password="p",
        sim_pin=1,
        preferred_network="n",
        only_preferred_network=True,
        authentication="PAP",
    ),
    vpn=Vpn(server="s", user="u", group="g", password="p", shared_secret="k", kind="IKEv2"),
)
DATA = {
    "ocppTransport": "JSON",
    "ocppCsmsUrl": "wss://csms.example",
    "ocppInterface": "Wired0",
    "securityProfile": 2,
    "messageTimeout": 30,
    "apn": {
        "apn": "a",
        "apnUserName": "u",
        "apnPassword": "p",
        "simPin": 1,
        "preferredNetwork": "n",
        "useOnlyPreferredNetwork": True,
        "apnAuthentication": "PAP",
    },
    "vpn": {
        "server": "s",
        "user": "u",
        "group": "g",
        "password": "p",
        "key": "k",
        "type": "IKEv2",
    },
}

COMMANDS: list[tuple[Command, str, dict[str, Any]]] = [
    (
        ReadVariables(
            items=(
                Wanted(**NAME),
                Wanted(component="C", evse_id=1, variable="V", attribute=Attribute.MAX_SET),
            )
        ),
        "GetVariables",
        {
            "getVariableData": [
                WIRE,
                {
                    "component": {"name": "C", "evse": {"id": 1}},
                    "variable": {"name": "V"},
                    "attributeType": "MaxSet",
                },
            ]
        },
    ),
    (
        WriteVariables(items=(Setting(component="C", variable="V", value="1"),)),
        "SetVariables",
        {"setVariableData": [{**SHORT, "attributeValue": "1"}]},
    ),
    (
        RequestReport(base=ReportBase.FULL, ref=5),
        "GetBaseReport",
        {"requestId": 5, "reportBase": "FullInventory"},
    ),
    (
        RequestReport(base=ReportBase.CONFIGURATION, ref=5),
        "GetBaseReport",
        {"requestId": 5, "reportBase": "ConfigurationInventory"},
    ),
    (
        RequestReport(
            criteria=(Criterion.PROBLEM,),
            items=(Chosen(component="C"), Chosen(component="C", variable="V")),
            ref=5,
        ),
        "GetReport",
        {
            "requestId": 5,
            "componentCriteria": ["Problem"],
            "componentVariable": [{"component": {"name": "C"}}, SHORT],
        },
    ),
    (RequestReport(ref=5), "GetReport", {"requestId": 5}),
]


@modern
@pytest.mark.parametrize(("command", "action", "payload"), COMMANDS)
def test_requests(dialect: Dialect, command: Command, action: str, payload: dict[str, Any]) -> None:
    """Each in its own words; and the same words sent raw have the same consequences."""
    assert dialect.request(command) == Request(action, payload)
    assert dialect.interpret(Raw(action=action, payload=payload)) == command


@modern
@pytest.mark.parametrize(
    "raw",
    [
        Raw(action="GetBaseReport", payload={"requestId": 2**31, "reportBase": "FullInventory"}),
        Raw(
            action="GetVariables",
            payload={
                "getVariableData": [
                    {"component": {"name": "C", "evse": {"id": 2**31}}, "variable": {"name": "V"}}
                ]
            },
        ),
    ],
)
def test_raw_messages_that_are_left_as_they_are(dialect: Dialect, raw: Raw) -> None:
    """Our own command could not say them."""
    assert dialect.interpret(raw) == raw


@modern
def test_actual_may_be_said(dialect: Dialect) -> None:
    """It means what it means unsaid, and is sent as it was written."""
    item = {"component": {"name": "C"}, "variable": {"name": "V"}}
    said = {**item, "attributeType": "Actual"}
    read = Raw(action="GetVariables", payload={"getVariableData": [item, said]})
    wanted = Wanted(component="C", variable="V")
    command = dialect.interpret(read)
    assert command == ReadVariables(items=(wanted, wanted), actual_said=(1,))
    assert dialect.request(command) == Request(read.action, read.payload)
    write = Raw(
        action="SetVariables", payload={"setVariableData": [{**said, "attributeValue": "1"}]}
    )
    setting = Setting(component="C", variable="V", value="1")
    command = dialect.interpret(write)
    assert command == WriteVariables(items=(setting,), actual_said=(0,))
    assert dialect.request(command) == Request(write.action, write.payload)


def test_raw_messages_about_nothing() -> None:
    """The schema of 2.0.1 lets them through."""
    item = {"component": {"name": "C", "evse": {"id": -1}}, "variable": {"name": "V"}}
    raw = Raw(action="GetVariables", payload={"getVariableData": [item]})
    assert OLDER.interpret(raw) == raw


@modern
@pytest.mark.parametrize(
    ("command", "field"),
    [
        (ReadVariables(items=(Wanted(component="C", variable="V" * 51),)), "items[0].variable"),
        (
            WriteVariables(items=(Setting(component="C", variable="V", value="v" * 2501),)),
            "items[0].value",
        ),
        (
            WriteVariables(
                items=(
                    Setting(component="C", variable="V", value="1"),
                    Setting(component="c", variable="v", value="2"),
                )
            ),
            "items[1]",
        ),
        (ChangePassword(password="x" * 15, mark=""), "password"),
        (ChangePassword(password="x" * 65, mark=""), "password"),
    ],
)
def test_invalid(dialect: Dialect, command: Command, field: str) -> None:
    """The command's own field is named."""
    with pytest.raises(Invalid) as error:
        dialect.request(command)
    assert error.value.field == field


@modern
@pytest.mark.parametrize(
    "command",
    [
        ReadVariables(),
        ReadVariables(items=(Wanted(variable="Key"),)),
        WriteVariables(items=(Setting(variable="Key", value=""),)),
    ],
)
def test_configuration_keys_are_of_1_6(dialect: Dialect, command: Command) -> None:
    """A variable has a component."""
    assert isinstance(dialect.request(command), Unsupported)


def test_passwords() -> None:
    """Plain text; how long and of which characters is the version's own."""
    for dialect in (OLDER, NEWER):
        request: Any = dialect.request(ChangePassword(password="a" * 40, mark=""))
        (data,) = request.payload["setVariableData"]
        assert (data["component"], data["variable"]) == (
            {"name": "SecurityCtrlr"},
            {"name": "BasicAuthPassword"},
        )
        assert data["attributeValue"] == "a" * 40
    longer = ChangePassword(password="ä" * 64, mark="")
    assert isinstance(NEWER.request(longer), Request)
    with pytest.raises(Invalid):
        OLDER.request(longer)


@modern
@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"setVariableResult": [{**SHORT, "attributeStatus": "Accepted"}]}, ItemStatus.ACCEPTED),
        ({"setVariableResult": [{**SHORT, "attributeStatus": "What"}]}, ItemStatus.REJECTED),
        ({"setVariableResult": []}, ItemStatus.REJECTED),
        ({}, ItemStatus.REJECTED),
    ],
)
def test_what_became_of_a_password(dialect: Dialect, answer: Any, status: ItemStatus) -> None:
    """TC_A_09, TC_A_10."""
    command = ChangePassword(password="x" * 16, mark="")
    found = dialect.outcome(command, answer).found
    assert found in (status, None)
    if answer:
        assert found is status


@modern
def test_what_was_read(dialect: Dialect) -> None:
    """Each item with its status; what makes no sense is left out."""
    far = {"component": {"name": "C", "evse": {"id": -1}}, "variable": {"name": "V"}}
    answer = {
        "getVariableResult": [
            {**WIRE, "attributeStatus": "Accepted", "attributeValue": "1\0"},
            {
                **SHORT,
                "attributeStatus": "Rejected",
                "attributeType": "Target",
                "attributeStatusInfo": {"reasonCode": "WriteOnly", "additionalInfo": "no"},
            },
            {**SHORT, "attributeStatus": "UnknownVariable"},
            {**SHORT, "attributeStatus": "Accepted", "attributeType": "Nonsense"},
            {**far, "attributeStatus": "Accepted"},
            {"attributeStatus": "Accepted"},
            {**SHORT, "attributeStatus": "Perhaps"},
        ]
    }
    command = ReadVariables(items=(Wanted(component="C", variable="V"),))
    c: dict[str, Any] = {"component": "C", "variable": "V"}
    assert dialect.outcome(command, answer).found == (
        ReadResult(**NAME, value="1\N{REPLACEMENT CHARACTER}", status=ItemStatus.ACCEPTED),
        ReadResult(
            **c,
            attribute=Attribute.TARGET,
            status=ItemStatus.REJECTED,
            detail="WriteOnly: no",
        ),
        ReadResult(**c, status=ItemStatus.UNKNOWN),
        ReadResult(**c, status=ItemStatus.REJECTED, detail="Perhaps"),
    )


@modern
def test_what_was_written(dialect: Dialect) -> None:
    """Each item with its status."""
    answer = {
        "setVariableResult": [
            {**WIRE, "attributeStatus": "RebootRequired"},
            {**SHORT, "attributeStatus": "NotSupportedAttributeType", "attributeType": "MinSet"},
        ]
    }
    command = WriteVariables(items=(Setting(component="C", variable="V", value="1"),))
    assert dialect.outcome(command, answer).found == (
        WriteResult(**NAME, status=ItemStatus.REBOOT_REQUIRED),
        WriteResult(
            component="C",
            variable="V",
            attribute=Attribute.MIN_SET,
            status=ItemStatus.UNSUPPORTED,
        ),
    )


def test_what_an_answer_tells_somebody_who_knows_no_version() -> None:
    """The same; nothing in a version that is not spoken."""
    answer = {"setVariableResult": [{**SHORT, "attributeStatus": "Accepted"}]}
    command = WriteVariables(items=(Setting(component="C", variable="V", value="1"),))
    result = WriteResult(component="C", variable="V", status=ItemStatus.ACCEPTED)
    speech = Speech(("2.0.1",))
    assert speech.found("2.0.1", command, answer) == (result,)
    assert speech.found("2.1", command, answer) is None


# --- reports --------------------------------------------------------------------------------

TIME = "2026-03-01T12:00:00Z"


def read(dialect: Dialect, payload: Any, strictness: Strictness = Strictness.TOLERANT) -> Any:
    understood = dialect.read("NotifyReport", payload, strictness, NOW)
    assert isinstance(understood, Understood), understood
    return understood


@modern
def test_report(dialect: Dialect) -> None:
    """Every attribute with what is the same for all of them."""
    payload = {
        "requestId": 4,
        "generatedAt": TIME,
        "seqNo": 2,
        "tbc": True,
        "reportData": [
            {
                **WIRE,
                "variableAttribute": [
                    {
                        "type": "Actual",
                        "value": "1",
                        "mutability": "ReadOnly",
                        "persistent": True,
                        "constant": False,
                    },
                    {"type": "Target", "mutability": "WriteOnly"},
                ],
                "variableCharacteristics": {
                    "unit": "s",
                    "dataType": "integer",
                    "minLimit": 1,
                    "maxLimit": 9.5,
                    "valuesList": "a,b",
                    "supportsMonitoring": True,
                },
            },
            {**SHORT, "variableAttribute": [{}]},
        ],
    }
    understood = read(dialect, payload, Strictness.STRICT)
    assert understood.quirks == ()
    same = {
        **NAME,
        "unit": "s",
        "data_type": "integer",
        "min_limit": 1.0,
        "max_limit": 9.5,
        "values_list": "a,b",
        "supports_monitoring": True,
    }
    assert understood.report == VariablesReported(
        ref=4,
        number=2,
        last=False,
        items=(
            Told(
                **same,
                value="1",
                mutability=Mutability.READ_ONLY,
                persistent=True,
                constant=False,
            ),
            Told(**same, attribute=Attribute.TARGET, mutability=Mutability.WRITE_ONLY),
            Told(component="C", variable="V", mutability=Mutability.READ_WRITE),
        ),
    )
    assert dialect.write("NotifyReport", Acknowledged()) == {}


@modern
def test_a_careless_report(dialect: Dialect) -> None:
    """What makes no sense is left out item by item, and neither time nor number are missed."""
    attribute = {"variableAttribute": [{"value": 5, "type": "Nonsense"}, {"value": 6}, 7]}
    limits = {"maxElements": 2**31, "minLimit": 10**400, "maxLimit": "many"}
    payload = {
        "reportData": [
            "x",
            {"component": {"name": "C"}},
            {
                "component": {"name": "C", "evse": {"id": 2**31}},
                "variable": {"name": "V"},
                "variableAttribute": [{}],
            },
            {**SHORT, "variableAttribute": [{"value": 6}], "variableCharacteristics": limits},
            {**SHORT, **attribute},
        ]
    }
    understood = read(dialect, payload)
    assert (understood.report.ref, understood.report.number) == (0, None)
    assert understood.report.last
    assert [item.value for item in understood.report.items] == ["6"]
    assert understood.report.items[0].min_limit is None
    assert read(dialect, {"requestId": 2**31}).report.ref == 0


def test_elements_of_the_newer_version() -> None:
    """maxElements is of 2.1."""
    known = {"dataType": "MemberList", "supportsMonitoring": False, "maxElements": 3}
    item = {**SHORT, "variableAttribute": [{}], "variableCharacteristics": known}
    payload = {"requestId": 1, "generatedAt": TIME, "seqNo": 0, "reportData": [item]}
    understood = read(NEWER, payload, Strictness.STRICT)
    assert understood.report.items[0].max_elements == 3


# --- network profiles -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialect", "version", "wire"),
    [
        (OLDER, "2.0.1", "OCPP20"),
        (OLDER, "1.6", "OCPP16"),
        (NEWER, None, None),
        (NEWER, "2.0.1", "OCPP201"),
        (NEWER, "2.1", "OCPP21"),
    ],
)
def test_network_profiles(dialect: Dialect, version: str | None, wire: str | None) -> None:
    """B09: each version spells versions in its own way."""
    profile = NetworkProfile(
        **{
            name: getattr(PROFILE, name)
            for name in PROFILE.__struct_fields__
            if name != "ocpp_version"
        },
        ocpp_version=version,
    )
    command = SetNetworkProfile(slot=1, profile=profile)
    data = DATA if wire is None else {**DATA, "ocppVersion": wire}
    payload = {"configurationSlot": 1, "connectionData": data}
    assert dialect.request(command) == Request("SetNetworkProfile", payload)
    assert dialect.interpret(Raw(action="SetNetworkProfile", payload=payload)) == command


def test_the_usual_version() -> None:
    """2.0.1 wants to know the version, and is told its own name for itself."""
    request: Any = OLDER.request(SetNetworkProfile(slot=1, profile=PROFILE))
    assert request.payload["connectionData"]["ocppVersion"] == "OCPP20"


@pytest.mark.parametrize(
    "more", [{"identity": "CS"}, {"password": "p" * 16}, {"ocpp_version": "2.1"}]
)
def test_network_profiles_that_2_0_1_does_not_know(more: dict[str, str]) -> None:
    """TC_B_100: 2.1 may bring an identity and a password."""
    bare: dict[str, Any] = {
        "url": "wss://c",
        "interface": "Wired0",
        "security_profile": 1,
        "message_timeout_s": 5,
    }
    command = SetNetworkProfile(slot=1, profile=NetworkProfile(**bare, **more))
    assert isinstance(OLDER.request(command), Unsupported)
    assert isinstance(NEWER.request(command), Request)


@pytest.mark.parametrize("change", [{"ocppTransport": "SOAP"}, {"ocppVersion": "OCPP12"}])
def test_raw_network_profiles(change: dict[str, str]) -> None:
    """SOAP is not ours to understand; old versions are."""
    data = {**DATA, "ocppVersion": "OCPP20", **change}
    raw = Raw(action="SetNetworkProfile", payload={"configurationSlot": 1, "connectionData": data})
    assert (OLDER.interpret(raw) == raw) == ("ocppTransport" in change)


def test_invalid_network_profiles() -> None:
    """The profile's own field is named."""
    profile = NetworkProfile(
        url="wss://c", interface="Radio", security_profile=1, message_timeout_s=5
    )
    with pytest.raises(Invalid) as error:
        OLDER.request(SetNetworkProfile(slot=1, profile=profile))
    assert error.value.field == "interface"
