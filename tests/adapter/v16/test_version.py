"""The tables of 1.6 against the schema files of the standard."""

from __future__ import annotations

from csms.adapter.faults import FaultKind
from csms.adapter.v16.version import V16
from csms.core.areas import COMMANDS

BOTH = {"DataTransfer"}


def test_every_message_has_a_row() -> None:
    """39 messages: 14 from stations, 26 to stations, one of them both ways."""
    requests = {name for name in V16.schemas.documents if not name.endswith("Response")}
    served = set(V16.inbound) | V16.unserved
    assert len(served) == 14
    assert len(V16.outbound) == 26
    assert served | V16.outbound == requests
    assert served & V16.outbound == BOTH
    assert not set(V16.inbound) & V16.unserved


def test_every_command_has_a_row() -> None:
    """The core has no command that 1.6 cannot spell."""
    assert set(V16.commands) == set(COMMANDS)


def test_every_fault_has_a_code_of_the_version() -> None:
    """The ten codes of 1.6-J, two of them misspelt as in the standard."""
    assert set(V16.codes) == set(FaultKind)
    assert set(V16.codes.values()) == {
        "FormationViolation",
        "GenericError",
        "InternalError",
        "NotImplemented",
        "NotSupported",
        "OccurenceConstraintViolation",
        "PropertyConstraintViolation",
        "ProtocolError",
        "SecurityError",
        "TypeConstraintViolation",
    }


def test_lenience_names_fields_that_exist() -> None:
    """A path that no schema has would go unnoticed."""
    for action, row in V16.inbound.items():
        for path in row.lenience:
            place = V16.schemas.documents[action]
            for name in path.split("."):
                place = place.get("items", place)["properties"][name]
