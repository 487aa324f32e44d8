"""Battery swaps that are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
import pytest_twisted
from zope.interface.verify import verifyObject

from csms.core.batteries.vocabulary import RequestSwap
from csms.core.commands import Outcome
from csms.core.decisions import Policy
from csms.core.errors import Conflict, NotFound
from csms.core.ports import ISwaps
from csms.core.values import OperationStatus
from csms.pipeline.swaps import Swaps
from csms.testing.answering import AnsweringOperations
from csms.testing.operations import MemoryOperationsBook
from csms.testing.stations import MemoryStations
from csms.testing.tokens import MemoryTokens

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@attrs.define
class Bench:
    """A connected station cp-1."""

    policy: Policy = attrs.field(factory=Policy)
    tokens: MemoryTokens = attrs.field(factory=lambda: MemoryTokens(lambda: NOW))
    operations: AnsweringOperations = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        stations = MemoryStations(lambda: NOW)
        stations.seed("cp-1", connected=True)
        self.operations = AnsweringOperations(
            stations=stations,
            book=MemoryOperationsBook(lambda: NOW),
            now=lambda: NOW,
            answer=lambda _command: Outcome(status="accepted"),
        )

    @property
    def swaps(self) -> Swaps:
        """What is tested."""
        return Swaps(self.tokens, self.operations, self.policy, lambda: NOW)


@pytest.fixture
def bench() -> Bench:
    """One without tokens."""
    return Bench()


def test_interface(bench: Bench) -> None:
    """It provides what it says."""
    assert verifyObject(ISwaps, bench.swaps)


@pytest_twisted.ensureDeferred
async def test_for_who_may_charge_there(bench: Bench) -> None:
    """S02: the station is asked, with a number of the server's."""
    bench.tokens.seed("TAG")
    operation = await bench.swaps.request("cp-1", 1, "tag", None)
    assert operation.status is OperationStatus.ACCEPTED
    [(_, command)] = bench.operations.sent
    assert isinstance(command, RequestSwap)
    assert (command.id_token, command.kind) == ("tag", None)
    assert command.ref is not None


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"blocked": True}, "Blocked"),
        ({"expires_at": NOW - timedelta(seconds=1)}, "Expired"),
        ({"stations": ("cp-2",)}, "NotAtThisLocation"),
        ({"group_id": "MASTERS"}, "Invalid"),
        ({"kind": "ISO14443"}, "Unknown"),
        ({"operator_id": 2}, "Unknown"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_for_nobody_else(bench: Bench, fields: dict[str, Any], status: str) -> None:
    """Blocked, elsewhere, a master pass, of another kind or operator: nothing is sent."""
    bench.policy = Policy(master_pass_group="masters")
    bench.tokens.seed("TAG", **fields)
    with pytest.raises(Conflict) as refused:
        await bench.swaps.request("cp-1", 1, "TAG", "ISO15693")
    assert refused.value.code == "not_authorized"
    assert status.lower() in str(refused.value).lower()
    assert bench.operations.sent == []


@pytest_twisted.ensureDeferred
async def test_for_strangers(bench: Bench) -> None:
    """By policy, as with charging."""
    with pytest.raises(Conflict):
        await bench.swaps.request("cp-1", 1, "TAG", None)
    bench.policy = Policy(accept_unknown_tokens=True)
    assert (await bench.swaps.request("cp-1", 1, "TAG", "Local")).ref is not None
    with pytest.raises(NotFound):
        await bench.swaps.request("cp-9", 1, "TAG", None)
