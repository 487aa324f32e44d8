"""What all connections of a node share."""

from __future__ import annotations

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.core.ports import IDoorbell, IIntake
from csms.gateway.counters import Counters
from csms.gateway.settings import GatewaySettings
from csms.gateway.wheel import Wheel


@attrs.frozen
class Surroundings:
    """Ports, time, and what is counted."""

    settings: GatewaySettings
    intake: IIntake
    doorbell: IDoorbell
    clock: IReactorTime
    wheel: Wheel
    counters: Counters
