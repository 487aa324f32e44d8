"""What all connections of a node share."""

from __future__ import annotations

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.core.ports import IDoorbell, IIntake
from csms.gateway.counters import Counters
from csms.gateway.settings import GatewaySettings
from csms.gateway.throttle import Latest, Rarely
from csms.gateway.wheel import Wheel

_DEAF_AGAIN_S = 600.0
_DEAF_LONGEST_S = 86_400.0


@attrs.frozen
class Surroundings:
    """Ports, time, and what is counted."""

    settings: GatewaySettings
    intake: IIntake
    doorbell: IDoorbell
    clock: IReactorTime
    wheel: Wheel
    counters: Counters
    closing_deaf: Rarely[int] = attrs.field(init=False)
    """Stations, by id, that are cut off because they do not hear: a new connection may help once,
    cutting it again and again would not."""
    boot_ids: Latest[int, str] = attrs.field(factory=Latest, init=False)
    """The message id of each station's last BootNotification."""

    @closing_deaf.default
    def _rarely(self) -> Rarely[int]:
        return Rarely(self.clock, _DEAF_AGAIN_S, _DEAF_LONGEST_S)
