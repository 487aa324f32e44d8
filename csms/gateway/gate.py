"""What a station may say before it is accepted.

Pure.  The state is the station's, not the connection's: who was accepted once and connects again
need not boot again.
"""

from __future__ import annotations

from csms.core.values import Registration


def is_open(version: str, registration: Registration, *, booted: bool) -> bool:
    """Whether a station may say everything.

    ``booted``: it has booted on this server before.  2.x demands that (B01.FR.10), 1.6 does not.
    """
    return registration is Registration.ACCEPTED and (booted or version == "1.6")


def admits(version: str, registration: Registration, *, boot: bool, expected: bool) -> bool:
    """Whether a station for which the gate is not open may say this.

    ``boot``: it introduces itself; ``expected``: it was asked for the message (B02.FR.09,
    TC_B_31).  A rejected one may only introduce itself (B03.FR.07).
    """
    if boot:
        return True
    return expected and (version == "1.6" or registration is not Registration.REJECTED)
