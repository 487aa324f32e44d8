"""What chargers of the field do to their messages.

A distortion takes a payload, which it may change, and returns False when there is nothing in it
that it could distort.  None loses money by anybody's reading: registers and samples of energy
keep their value, and whoever cannot read them says so.
"""

from __future__ import annotations

from csms.sim.distorted_numbers import NUMBERS
from csms.sim.distorted_shapes import SHAPES
from csms.sim.distorted_texts import TEXTS
from csms.sim.distorted_times import TIMES_TOLD
from csms.sim.places import Distortion

DISTORTIONS: tuple[Distortion, ...] = (*NUMBERS, *TEXTS, *SHAPES, *TIMES_TOLD)
"""What can be done to a payload; a name may stand for another thing in another version."""
