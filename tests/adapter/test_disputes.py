"""What may be said against the answers of stations, and which messages want none of ours."""

from __future__ import annotations

import pytest

from csms.adapter.dialect import DIALECTS, Dialect
from csms.adapter.faults import Fault, FaultKind
from csms.core.commands import ClearCache

DIALECT = DIALECTS["ocpp1.6"]


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_a_good_answer(dialect: Dialect) -> None:
    """The schema has nothing against it."""
    assert dialect.dispute(ClearCache(), {"status": "Accepted"}) is None


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        ({}, Fault(FaultKind.OCCURRENCE, "status: is required")),
        ({"status": 5}, Fault(FaultKind.TYPE, "status: is not of type string")),
        ({"status": "Ok"}, Fault(FaultKind.PROPERTY, "status: is not one of the allowed values")),
    ],
)
def test_a_bad_answer(payload: dict[str, object], fault: Fault) -> None:
    """The first flaw is named, without quoting the station."""
    assert DIALECT.dispute(ClearCache(), payload) == fault


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_one_way(dialect: Dialect) -> None:
    """2.1 has one message that wants no answer, older versions have none."""
    assert not dialect.is_one_way("Heartbeat")
    assert dialect.is_one_way("NotifyPeriodicEventStream") == (dialect.version == "2.1")
