"""``python -m csms.sim``."""

from csms.sim.cli import simulate

simulate(prog_name="python -m csms.sim")
