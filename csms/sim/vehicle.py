"""A simulated electric vehicle: a battery and the power it asks for."""

from __future__ import annotations

import attrs

RAMP_S = 20.0
"""Seconds until a vehicle draws what it is offered."""
TAPER_FROM = 80.0
"""State of charge, in percent, above which the battery takes less and less."""
TAPER_TO = 0.06
"""Share of the full power that is left just before the battery is full."""
LOSS = 0.08
"""Share of the metered energy that does not reach the battery."""
_STEP_S = 30.0


@attrs.define(eq=False)
class Vehicle:
    """Energy in Wh, power in W, state of charge in percent."""

    capacity_wh: float = 60_000.0
    soc: float = 30.0
    max_power_w: float = 250_000.0
    target_soc: float = 100.0
    drawn_s: float = 0.0
    """How long it has been charging."""

    @property
    def full(self) -> bool:
        """Whether it takes no more."""
        return self.soc >= self.target_soc

    def power_w(self, offered_w: float) -> float:
        """What it draws of the power offered: ramp up, hold, taper off towards full."""
        if self.full:
            return 0.0
        ramp = min(1.0, self.drawn_s / RAMP_S)
        taper = 1.0
        if self.soc > TAPER_FROM:
            taper = 1.0 - (1.0 - TAPER_TO) * (self.soc - TAPER_FROM) / (100.0 - TAPER_FROM)
        return min(offered_w, self.max_power_w) * ramp * taper

    def charge(self, seconds: float, offered_w: float) -> float:
        """Charge for so long; returns the energy that the meter counted."""
        energy = 0.0
        while seconds > 0 and not self.full:
            # Small steps while the power changes fast, larger ones later.
            step = min(seconds, 2.0 if self.drawn_s < RAMP_S else _STEP_S)
            before = self.power_w(offered_w)
            self.drawn_s += step
            wanted = (before + self.power_w(offered_w)) / 2 * step / 3600
            room = (self.target_soc - self.soc) / 100 * self.capacity_wh / (1 - LOSS)
            taken = min(wanted, room)
            self.soc += taken * (1 - LOSS) / self.capacity_wh * 100
            if taken == room:
                self.soc = self.target_soc
            energy += taken
            seconds -= step
        return energy
