"""Findings and their summary."""

from __future__ import annotations

import pytest

from csms.sim.findings import KEPT_PER_KIND, Finding, Findings, Kind, TransactionIds


def test_nothing_found() -> None:
    """A run without findings has not failed."""
    findings = Findings()
    assert not findings.failed
    assert findings.lines() == []


def test_report() -> None:
    """Findings are counted, told to the watcher, and kept in words."""
    seen: list[Finding] = []
    findings = Findings(watch=seen.append)
    findings.report(Kind.BAD_FRAME, "CP1", "not JSON")
    assert findings.failed
    assert findings.total == 1
    assert seen == [Finding(Kind.BAD_FRAME, "CP1", "not JSON")]
    assert findings.lines() == ["bad_frame: 1", "  CP1: not JSON"]


def test_forgiven() -> None:
    """Forgiven kinds are listed but do not fail the run; others do."""
    findings = Findings(frozenset({Kind.TAG_REFUSED}))
    findings.report(Kind.TAG_REFUSED, "CP1", "no")
    assert not findings.failed
    assert findings.lines()[0] == "tag_refused: 1 (forgiven)"
    findings.report(Kind.BAD_FRAME, "CP1", "")
    assert findings.failed


def test_summary_is_bounded() -> None:
    """Only the first findings of a kind are kept in words."""
    findings = Findings()
    for number in range(KEPT_PER_KIND + 5):
        findings.report(Kind.CALL_ERROR, f"CP{number}", "")
    assert len(findings.lines()) == KEPT_PER_KIND + 2
    assert findings.lines()[-1] == "  ... and 5 more"


@pytest.mark.parametrize("transaction_id", [0, -1, 2**31, 2**40])
def test_transaction_id_out_of_range(transaction_id: int) -> None:
    """A transaction id is positive and fits 32 bits."""
    assert TransactionIds().problem(transaction_id) is not None


def test_transaction_id_given_twice() -> None:
    """A transaction id belongs to one transaction."""
    ids = TransactionIds()
    assert ids.problem(2**31 - 1) is None
    assert ids.problem(2**31 - 1) is not None
