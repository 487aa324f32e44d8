"""What a station is made of: when it is asked for all of it, and what of it we go by."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from csms.core.variables.vocabulary import Wanted

MOST_ASKS = 8
"""How often a firmware is asked unasked; some never tell, and some break off when asked."""
AT_ONCE = 2
"""So often it is asked without a pause: a restart for a setting may cut off the first report."""
FIRST_PAUSE = timedelta(minutes=5)
GROWTH = 4
"""The pause before each further time is so many times the one before."""

CONFIGURATION = tuple(
    Wanted(variable=name)
    for name in (
        "GetConfigurationMaxKeys",
        "ChargeProfileMaxStackLevel",
        "ChargingScheduleAllowedChargingRateUnit",
        "ChargingScheduleMaxPeriods",
        "LocalAuthListMaxLength",
        "ReserveConnectorZeroSupported",
        "SendLocalListMaxLength",
    )
)
"""Configuration keys of OCPP 1.6 that say what a station takes.  The first says how many it may be
asked for at once."""


class Inventoried(Struct, frozen=True):
    """Whether all that a station is made of was told (``whole``), and how often it was asked for
    that, the last time at ``asked_at``; both of the firmware that it has now."""

    whole: bool = False
    asks: int = 0
    asked_at: datetime | None = None


def wanted_now(inventory: Inventoried, now: datetime) -> bool:
    """Whether a station that booted is asked for all that it is made of.

    One that does not tell is asked less and less often, and in the end not any more: until it has
    another firmware, or somebody asks it by hand.
    """
    if inventory.whole or inventory.asks >= MOST_ASKS:
        return False
    if inventory.asked_at is None or inventory.asks < AT_ONCE:
        return True
    pause: timedelta = FIRST_PAUSE * GROWTH ** (inventory.asks - AT_ONCE)
    return now - inventory.asked_at >= pause
