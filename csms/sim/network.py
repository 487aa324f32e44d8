"""Connection profiles of a charger (2.0.1 B09)."""

from __future__ import annotations

import attrs

from csms.sim.messages import Payload


@attrs.define(eq=False)
class Network:
    """What was stored in each slot; the charger goes on with the connection that it has."""

    security_profile: int = 1
    slots: dict[int, Payload] = attrs.field(factory=dict)
