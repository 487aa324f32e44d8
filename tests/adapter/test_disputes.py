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


def test_told() -> None:
    """1.6 has nothing that wants no answer."""
    assert not DIALECT.is_told("Heartbeat")
    assert not DIALECT.is_told("NotifyPeriodicEventStream")
