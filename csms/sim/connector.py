"""A connector of a simulated charger: its meter, the vehicle in it, and the session it runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from math import inf

import attrs
from msgspec import Struct

from csms.sim.tasks import Signal
from csms.sim.vehicle import Vehicle

DC_FROM_W = 43_500.0
"""Chargers stronger than this are direct-current chargers."""
SINGLE_PHASE_UP_TO_W = 7_400.0
MAINS_V = 230.0


class Status:
    """Connector states in OCPP 1.6 words (§4.9)."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"


class Sample(Struct, frozen=True):
    """What the meter shows at one moment: Wh, W, A per phase, V, percent."""

    at: datetime
    energy_wh: float
    power_w: float
    current_a: float
    voltage_v: float
    phases: int
    """0: direct current."""
    soc: float | None
    context: str = "Sample.Periodic"


@attrs.define(eq=False)
class Session:
    """A transaction as the charger knows it."""

    connector_id: int
    tag: str
    started_at: datetime
    meter_start: int
    id: str = ""
    """A UUID; the transaction's id where the charger makes it."""
    tag_kind: str = "ISO14443"
    remote: bool = False
    remote_id: int | None = None
    """Number of the request that started it."""
    reservation_id: int | None = None
    transaction_id: int | str | None = None
    """1.6: None until the server has answered the start; -1 when it never will (errata 3.18)."""
    steps: int = 0
    """How many there have been to tell."""
    charged_s: float = 0.0
    """How long energy has flowed."""
    verdict: str | None = None
    """What the server said about the tag."""
    begin: Sample | None = None
    end: Sample | None = None
    stopped_at: datetime | None = None
    meter_stop: int | None = None
    reason: str | None = None
    stop_tag: str | None = None
    """Tag that ended it; None: nobody presented one."""
    over: Signal = attrs.Factory(Signal)
    """The session has ended, whoever ended it."""

    @property
    def ref(self) -> str:
        """The transaction's id where ids are texts: the number that a server gave it, while 1.6
        was spoken, is still its name after a change of version."""
        given = self.transaction_id
        return str(given) if isinstance(given, int) and given > 0 else self.id

    def known_as(self, name: int | str | None) -> bool:
        """Whether that is its transaction's id, in the words of whichever version."""
        return name in (self.transaction_id, self.ref)

    @property
    def energy_wh(self) -> int:
        """Energy delivered, known when it has ended."""
        return 0 if self.meter_stop is None else self.meter_stop - self.meter_start


@attrs.define(eq=False)
class Connector:
    """``speed`` accelerates what is physical: so many seconds of charging pass in each second."""

    id: int
    power_w: float
    speed: float = 1.0
    register_wh: float = 0.0
    jitter: Callable[[], float] = float
    """Relative error of a measurement: a number around 0."""
    status: str = Status.AVAILABLE
    told: str | None = None
    """Word of the status that the server has acknowledged."""
    operative: bool = True
    vehicle: Vehicle | None = None
    session: Session | None = None
    suspended: bool = False
    """The charger withholds power (SuspendedEVSE)."""
    limit_w: float = inf
    """What charging profiles allow."""
    reservation: int | None = None
    """Number of the reservation that holds it."""
    awaiting: str | None = None
    """Tag of a remote start that waits for a vehicle."""
    arrival: Signal = attrs.Factory(Signal)
    """Releases those who wait for a vehicle."""
    _metered_at: float = attrs.field(default=0.0, init=False)

    @property
    def offered_w(self) -> float:
        """The power that a vehicle may draw."""
        return 0.0 if self.suspended else max(0.0, min(self.power_w, self.limit_w))

    @property
    def phases(self) -> int:
        """Phases of the outlet; 0: direct current."""
        if self.power_w >= DC_FROM_W:
            return 0
        return 3 if self.power_w > SINGLE_PHASE_UP_TO_W else 1

    @property
    def free(self) -> bool:
        """Whether a session could begin here."""
        return self.operative and self.session is None and self.awaiting is None

    def begin(self, session: Session, now_s: float) -> None:
        """Let energy flow into the vehicle."""
        self.session = session
        self.suspended = False
        self._metered_at = now_s

    def advance(self, now_s: float) -> None:
        """Bring meter and battery up to date."""
        elapsed = max(0.0, now_s - self._metered_at)
        self._metered_at = now_s
        if self.session is not None and self.vehicle is not None and self.offered_w > 0:
            if not self.vehicle.full:
                self.session.charged_s += elapsed
            self.register_wh += self.vehicle.charge(elapsed * self.speed, self.offered_w)

    def end(self, now_s: float) -> Session | None:
        """Stop the flow; returns the session that ran, if any."""
        session = self.session
        if session is not None:
            self.advance(now_s)
            self.session = None
        return session

    def flowing_status(self) -> str:
        """Status of a connector with a session."""
        if self.offered_w <= 0:
            return Status.SUSPENDED_EVSE
        if self.vehicle is None or self.vehicle.full:
            return Status.SUSPENDED_EV
        return Status.CHARGING

    def resting_status(self) -> str:
        """Status of a connector without vehicle and session."""
        if not self.operative:
            return Status.UNAVAILABLE
        return Status.AVAILABLE if self.reservation is None else Status.RESERVED

    def sample(self, at: datetime, context: str = "Sample.Periodic") -> Sample:
        """Read the meter, which `advance` brought up to date."""
        vehicle = self.vehicle
        power = 0.0
        if self.session is not None and vehicle is not None:
            power = vehicle.power_w(self.offered_w) * (1 + self.jitter() / 100)
        soc = None if vehicle is None else vehicle.soc
        phases = self.phases
        mains = MAINS_V * (1 + self.jitter() / 200)
        voltage = mains if phases else 350.0 + (soc or 0.0) * 0.9
        return Sample(
            at=at,
            energy_wh=self.register_wh,
            power_w=power,
            current_a=power / (voltage * max(phases, 1)),
            voltage_v=voltage,
            phases=phases,
            soc=soc,
            context=context,
        )
