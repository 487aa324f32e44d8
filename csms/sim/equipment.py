"""What a charger has besides its connectors, each part made when it is first needed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from csms.sim.certificates import Certificates
from csms.sim.device_model import DeviceModel
from csms.sim.displays import Displays
from csms.sim.firmware import Firmware
from csms.sim.grid import Grid
from csms.sim.monitoring import Monitors
from csms.sim.network import Network
from csms.sim.publishing import Publisher
from csms.sim.resets import Resets
from csms.sim.security import Security
from csms.sim.smart_charging import SmartCharging
from csms.sim.streams import Streams
from csms.sim.swapping import Swapping
from csms.sim.tariffs import Tariffs
from csms.sim.uploads import Uploads
from csms.sim.variables import Catalogue

if TYPE_CHECKING:
    from csms.sim.charger import Charger


@attrs.define(eq=False, slots=False)
class Equipment:
    """Most chargers of a large run never need any of it, so nothing is there before."""

    charger: Charger

    @cached_property
    def resets(self) -> Resets:
        """Restarts that wait, and those of single EVSEs."""
        return Resets(self.charger)

    @cached_property
    def network(self) -> Network:
        """Connection profiles."""
        return Network()

    @cached_property
    def model(self) -> DeviceModel:
        """The device model; empty where the version has none."""
        catalogue = getattr(self.charger.language, "catalogue", None) or Catalogue(())
        return DeviceModel(self.charger, catalogue)

    @cached_property
    def monitors(self) -> Monitors:
        """What watches the device model."""
        return Monitors(self.charger, self.model)

    @cached_property
    def streams(self) -> Streams:
        """Periodic event streams."""
        return Streams(self.charger, self.monitors)

    @cached_property
    def smart(self) -> SmartCharging:
        """Charging profiles."""
        return SmartCharging(self.charger)

    @cached_property
    def firmware(self) -> Firmware:
        """Firmware updates."""
        return Firmware(self.charger)

    @cached_property
    def uploads(self) -> Uploads:
        """Logs and diagnostics on their way to the server."""
        return Uploads(self.charger)

    @cached_property
    def publisher(self) -> Publisher:
        """Firmware kept for other chargers."""
        return Publisher(self.charger)

    @cached_property
    def certificates(self) -> Certificates:
        """Keys and certificates."""
        return Certificates(self.charger.identity)

    @cached_property
    def security(self) -> Security:
        """Certificates that are asked for, and events."""
        return Security(self.charger, self.certificates)

    @cached_property
    def displays(self) -> Displays:
        """Messages on the screen."""
        return Displays()

    @cached_property
    def tariffs(self) -> Tariffs:
        """Prices."""
        return Tariffs()

    @cached_property
    def grid(self) -> Grid:
        """Orders of the grid's operator."""
        return Grid(self.charger)

    @cached_property
    def swapping(self) -> Swapping:
        """Batteries that are swapped."""
        return Swapping(self.charger)

    def restarted(self) -> None:
        """The charger has started anew: what runs by itself runs again."""
        if "monitors" in self.__dict__:
            self.monitors.watch()
        if "smart" in self.__dict__:
            self.smart.apply()

    def running(self) -> set[str]:
        """Ids of the transactions that run, as texts."""
        return {each.session.ref for each in self.charger.charging.busy() if each.session}

    def sessions_changed(self) -> None:
        """A session has begun or ended."""
        if "smart" in self.__dict__:
            self.smart.sessions_changed()
        if "displays" in self.__dict__:
            self.displays.forget_ended(self.running())
        if "resets" in self.__dict__:
            self.resets.session_ended()
