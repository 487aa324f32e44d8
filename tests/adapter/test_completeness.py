"""Every message of every version and direction: the tables against the standard's schema files.

How many there are is known (39, 64 and 91 messages), so that a schema file that is missing, or
one that is new, is noticed too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csms.adapter.dialect import DIALECTS, FaultKind, Request, Understood
from csms.adapter.tables import Version
from csms.adapter.v16.version import V16
from csms.adapter.v21.version import V21
from csms.adapter.v201.version import V201
from csms.core.areas import COMMANDS
from csms.core.commands import Raw
from csms.core.decide import RULES
from csms.core.errors import Invalid
from csms.core.reports import Report
from csms.core.values import Strictness
from csms.testing.payloads import payloads

NOW = datetime(2030, 1, 1, tzinfo=UTC)
VERSIONS = (V16, V201, V21)
MESSAGES: Mapping[str, int] = {"1.6": 39, "2.0.1": 64, "2.1": 91}
FROM_STATIONS: Mapping[str, int] = {"1.6": 14, "2.0.1": 25, "2.1": 37}
TO_STATIONS: Mapping[str, int] = {"1.6": 26, "2.0.1": 40, "2.1": 55}
BOTH_WAYS = {"DataTransfer"}

every_version = pytest.mark.parametrize("version", VERSIONS, ids=lambda of: of.version)
few = settings(max_examples=5, suppress_health_check=list(HealthCheck), deadline=None)


def actions(version: Version) -> set[str]:
    """The messages that the schema files are about."""
    folder = files("ocpp").joinpath(f"v{version.version.replace('.', '')}", "schemas")
    names = {file.name.removesuffix(".json") for file in folder.iterdir()}
    return {name.removesuffix("Response").removesuffix("Request") for name in names} - {"__init__"}


def drawn(version: Version, action: str) -> st.SearchStrategy[Any]:
    return payloads(version.schemas.documents[version.request_schema(action)])


@every_version
def test_every_message_has_a_row(version: Version) -> None:
    """Those from stations, those to them, and one that goes both ways."""
    inbound, outbound = set(version.inbound), set(version.outbound)
    assert len(actions(version)) == MESSAGES[version.version]
    assert inbound | outbound == actions(version)
    assert inbound & outbound == BOTH_WAYS
    assert len(inbound) == FROM_STATIONS[version.version]
    assert len(outbound) == TO_STATIONS[version.version]
    assert not version.unserved


@every_version
def test_every_message_has_its_schemas(version: Version) -> None:
    """One of the request and, unless it wants none, one of the answer."""
    for action in actions(version):
        assert version.request_schema(action) in version.schemas.documents
        row = version.inbound.get(action)
        wants_none = row is not None and row.one_way
        assert (f"{action}Response" in version.schemas.documents) is not wants_none


INBOUND = [(version, action) for version in VERSIONS for action in sorted(version.inbound)]


@pytest.mark.parametrize(
    ("version", "action"), INBOUND, ids=[f"{of.version}-{action}" for of, action in INBOUND]
)
def test_every_message_from_stations_has_a_handler(version: Version, action: str) -> None:
    """What the schema allows becomes a report, and there is a rule for it."""

    @few
    @given(payload=drawn(version, action))
    def holds(payload: object) -> None:
        read = DIALECTS[version.subprotocol].read(action, payload, Strictness.TOLERANT, NOW)
        if isinstance(read, Understood):
            assert isinstance(read.report, Report)
            ask, rule = RULES[type(read.report)]
            assert callable(ask)
            assert callable(rule)
            understood.append(read)

    understood: list[Understood] = []
    holds()
    assert understood


OUTBOUND = [(version, action) for version in VERSIONS for action in sorted(version.outbound)]


@pytest.mark.parametrize(
    ("version", "action"), OUTBOUND, ids=[f"{of.version}-{action}" for of, action in OUTBOUND]
)
def test_every_message_to_stations_can_be_sent(version: Version, action: str) -> None:
    """As it is, by the raw route; beyond its schema only rules of the version can be in its way.
    From a station it is known, and not supported."""

    @few
    @given(payload=drawn(version, action))
    def holds(payload: dict[str, object]) -> None:
        try:
            request = DIALECTS[version.subprotocol].request(Raw(action=action, payload=payload))
        except Invalid:
            return
        assert request == Request(action, payload)

    holds()
    fault = DIALECTS[version.subprotocol].recognise(action)
    assert action in BOTH_WAYS or (fault is not None and fault.kind is FaultKind.NOT_SUPPORTED)


@every_version
def test_every_command_of_the_core_has_a_row(version: Version) -> None:
    """Spelt in the words of the version, or refused with the reason."""
    assert set(version.commands) == set(COMMANDS)
