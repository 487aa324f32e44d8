"""How long a new connection is left in peace."""

from __future__ import annotations

from csms.gateway.grace import Grace
from csms.gateway.settings import GatewaySettings
from csms.gateway.surroundings import Surroundings
from csms.testing.gateway import MemoryGateway


def begun() -> tuple[MemoryGateway, Grace, list[bool]]:
    """A grace of 10 s, or 2 s after the first message; the list tells when it was over."""
    made = MemoryGateway(settings=GatewaySettings(node="test", silence_grace_s=10, call_grace_s=2))
    around = Surroundings(
        made.settings, made.intake, made.doorbell, made.clock, made.factory.wheel, made.counters
    )
    over: list[bool] = []
    grace = Grace(around, lambda: over.append(True))
    grace.begin()
    return made, grace, over


def test_silence() -> None:
    """Nothing is heard for long: it ends by itself, once."""
    made, grace, over = begun()
    made.pass_s(9)
    assert (grace.ended, over) == (False, [])
    made.pass_s(2)
    assert (grace.ended, over) == (True, [True])
    grace.heard()
    made.pass_s(20)
    assert over == [True]


def test_a_first_message_shortens_it() -> None:
    """Further ones do not begin it anew."""
    made, grace, over = begun()
    made.pass_s(1)
    for _ in range(3):
        grace.heard()
        made.pass_s(1)
    assert (grace.ended, over) == (True, [True])


def test_ended_from_outside() -> None:
    """Nobody is told, as often as it is ended."""
    made, grace, over = begun()
    grace.end()
    grace.end()
    made.pass_s(20)
    assert (grace.ended, over) == (True, [])
