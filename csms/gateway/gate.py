"""What a station may say before it is accepted.

Pure.  The state is the station's, not the connection's: who was accepted once and connects again
need not boot again.
"""

from __future__ import annotations

from csms.adapter.manners import Manners
from csms.core.values import Registration


def is_open(manners: Manners, registration: Registration, *, booted: bool) -> bool:
    """Whether a station may say everything; ``booted``: it has booted on this server before."""
    return registration is Registration.ACCEPTED and (booted or not manners.boots_first)


def admits(manners: Manners, registration: Registration, *, boot: bool, expected: bool) -> bool:
    """Whether a station for which the gate is not open may say this.

    ``boot``: it introduces itself; ``expected``: it was asked for the message (B02.FR.09,
    TC_B_31).
    """
    if boot:
        return True
    rejected = registration is Registration.REJECTED
    return expected and not (rejected and manners.silent_when_rejected)
