"""What becomes of a report that no rule can decide."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from csms.core.decide import salvage
from csms.core.decisions import Quarantine
from csms.core.reports import Beat, Metered, Report, SessionStarted, SessionStopped
from csms.core.values import Reading, Sample, StationKey

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1", 7)


@pytest.mark.parametrize(
    "report",
    [
        SessionStarted(evse_id=1, id_token="\ud800\0", at=T0),
        SessionStopped(transaction_ref="\ud800\0", at=T0),
        Metered(evse_id=1, readings=(Reading(T0, (Sample(raw="\ud800\0"),)),)),
    ],
)
def test_what_may_prove_money_is_kept_in_a_form_that_can_be_stored(report: Report) -> None:
    """Whatever made it undecidable or unstorable is escaped."""
    decision = salvage(report, CP1, T0)
    assert decision is not None
    (kept,) = decision.writes
    assert isinstance(kept, Quarantine)
    assert (kept.station_id, kept.operator_id, kept.received_at) == (1, 7, T0)
    assert kept.action == type(report).__name__
    assert kept.content.isascii()
    assert r"\ud800\x00" in kept.content


def test_what_proves_no_money_is_not_kept() -> None:
    """The station will say it again."""
    assert salvage(Beat(), CP1, T0) is None
