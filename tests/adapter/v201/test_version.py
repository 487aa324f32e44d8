"""The tables of 2.x against the schema files of the standard."""

from __future__ import annotations

import pytest

from csms.adapter.faults import FaultKind
from csms.adapter.tables import Version
from csms.adapter.v21.version import V21
from csms.adapter.v201.version import V201
from csms.core.areas import COMMANDS

BOTH = {"DataTransfer"}
both_versions = pytest.mark.parametrize("version", [V201, V21], ids=["2.0.1", "2.1"])


@pytest.mark.parametrize(
    ("version", "inbound", "outbound", "all_of_them"),
    [(V201, 25, 40, 64), (V21, 37, 55, 91)],
    ids=["2.0.1", "2.1"],
)
def test_every_message_has_a_row(
    version: Version, inbound: int, outbound: int, all_of_them: int
) -> None:
    """As many as the standard has in each direction, one of them both ways, none left out."""
    requests = {
        name.removesuffix("Request")
        for name in version.schemas.documents
        if not name.endswith("Response")
    }
    assert len(requests) == all_of_them
    assert len(version.inbound) == inbound
    assert len(version.outbound) == outbound
    assert set(version.inbound) | version.outbound == requests
    assert set(version.inbound) & version.outbound == BOTH
    assert not version.unserved


@both_versions
def test_every_answer_has_a_schema(version: Version) -> None:
    """But for the one message that is never answered."""
    unanswered = {
        action
        for action in {*version.inbound, *version.outbound}
        if f"{action}Response" not in version.schemas.documents
    }
    assert unanswered == {action for action, row in version.inbound.items() if row.one_way}
    assert unanswered <= {"NotifyPeriodicEventStream"}


@both_versions
def test_every_command_has_a_row(version: Version) -> None:
    """The core has no command that 2.x has no row for."""
    assert set(version.commands) == set(COMMANDS)


@both_versions
def test_every_fault_has_a_code_of_the_version(version: Version) -> None:
    """The twelve codes of part 4."""
    assert set(version.codes) == set(FaultKind)
    assert set(version.codes.values()) == {
        "FormatViolation",
        "GenericError",
        "InternalError",
        "MessageTypeNotSupported",
        "NotImplemented",
        "NotSupported",
        "OccurrenceConstraintViolation",
        "PropertyConstraintViolation",
        "ProtocolError",
        "RpcFrameworkError",
        "SecurityError",
        "TypeConstraintViolation",
    }


GENERIC = {"generatedAt", "seqNo", "statusInfo", "timestamp"}
"""Fields that a message which is kept may lack, if it has them at all."""


@both_versions
def test_lenience_names_fields_that_exist(version: Version) -> None:
    """A path that no schema has would go unnoticed; one of 2.0.1 may name a field of 2.1."""
    for action, row in version.inbound.items():
        for path in set(row.lenience) - GENERIC:
            document = V21.schemas.documents[V21.request_schema(action)]
            place = document
            for name in path.split("."):
                place = place.get("items", place)
                if "$ref" in place:
                    place = document["definitions"][place["$ref"].rpartition("/")[2]]
                place = place["properties"][name]


@both_versions
def test_money(version: Version) -> None:
    """What may prove that somebody owes something."""
    money = {action for action, row in version.inbound.items() if row.money}
    assert money == {"TransactionEvent", "BatterySwap", "NotifySettlement"} & set(version.inbound)


@both_versions
def test_boots(version: Version) -> None:
    """BootNotification and nothing else."""
    assert {action for action, row in version.inbound.items() if row.boot} == {"BootNotification"}
