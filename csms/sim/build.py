"""How a charger is made, and the making of it."""

from __future__ import annotations

import random
from collections.abc import Callable

from msgspec import Struct
from twisted.internet.interfaces import IReactorTime

from csms.sim.authorization import Authorization
from csms.sim.charger import Charger
from csms.sim.charging import Charging
from csms.sim.connector import Connector
from csms.sim.events import Event, EventLog
from csms.sim.findings import Findings, Kind, TransactionIds
from csms.sim.language import Language, Plate
from csms.sim.line import BackOff, Line
from csms.sim.presence import Presence
from csms.sim.remote import RemoteStarts
from csms.sim.rpc import Rpc
from csms.sim.settings import Settings
from csms.sim.station_time import StationTime
from csms.sim.tasks import Tasks
from csms.sim.vehicle import Vehicle
from csms.sim.wire import Opener


class Build(Struct, frozen=True, kw_only=True):
    """How a charger is made.  Power in W, energy in Wh, times in seconds."""

    identity: str
    connectors: int = 1
    power_w: float = 22_000.0
    speed: float = 1.0
    """Seconds of charging that pass in one second; times on the wire stay true."""
    battery_wh: float = 60_000.0
    seed: int = 0
    call_timeout_s: float = 30.0
    answer_delay_s: float = 0.0
    """How long it takes to answer a command."""
    back_off: BackOff = BackOff()
    patience_s: float | None = None
    """How long to look for a server that was never there; None: for ever."""
    stays: bool = True
    """Whether it reconnects by itself once it has booted."""
    boots_on_reconnect: bool = False
    """Some chargers send BootNotification on every connection; the standard does not ask it."""
    plug_delay_s: float | None = 1.0
    """When a driver comes with a vehicle after a remote start; None: nobody does."""
    unplug_delay_s: float = 2.0
    """When the driver leaves after a session that the charger or the server ended."""
    reboot_s: float = 3.0
    keep_events: int = 1000


def _ignore_event(event: Event) -> None:
    """Nobody watches."""


def _ignore_latency(seconds: float) -> None:
    """Nobody counts."""


def make_charger(
    clock: IReactorTime,
    opener: Opener,
    language: Language,
    build: Build,
    *,
    settings: Settings | None = None,
    findings: Findings | None = None,
    transaction_ids: TransactionIds | None = None,
    watch: Callable[[Event], None] = _ignore_event,
    latency: Callable[[float], None] = _ignore_latency,
) -> Charger:
    """Put a charger together; what several chargers of a run share can be handed in.

    ``watch`` sees every event, ``latency`` the seconds that each answer took.
    """
    rng = random.Random(f"{build.seed} {build.identity}")  # noqa: S311 - drawn again by its seed
    settings = settings or Settings()
    findings = findings or Findings()
    tasks = Tasks()
    events = EventLog(clock, build.identity, watch, build.keep_events)

    def report(kind: Kind, text: str) -> None:
        findings.report(kind, build.identity, text)

    def make_rpc(send: Callable[[bytes], None]) -> Rpc:
        return Rpc(
            clock=clock,
            schemas=language.schemas,
            codes=language.codes,
            send=send,
            serve=charger.serve,
            report=report,
            latency=latency,
            timeout_s=build.call_timeout_s,
            answer_delay_s=build.answer_delay_s,
        )

    def pump() -> None:
        charging.pump()

    connectors = {
        number: Connector(
            number,
            build.power_w,
            build.speed,
            register_wh=float(rng.randrange(10_000_000)) if number else 0.0,
            jitter=lambda: rng.uniform(-1, 1),
        )
        for number in range(build.connectors + 1)
    }
    line = Line(
        clock=clock,
        identity=build.identity,
        opener=opener,
        settings=settings,
        events=events,
        report=report,
        make_rpc=make_rpc,
        rng=rng,
        back_off=build.back_off,
        patience_s=build.patience_s,
    )
    presence = Presence(
        clock=clock,
        line=line,
        language=language,
        plate=Plate(serial_number=build.identity[:25]),
        settings=settings,
        time=StationTime(clock),
        events=events,
        connectors=connectors,
        tasks=tasks,
        accepted_now=pump,
    )
    authorization = Authorization(language, settings, events, presence)
    charging = Charging(
        clock=clock,
        language=language,
        settings=settings,
        time=presence.time,
        events=events,
        connectors=connectors,
        presence=presence,
        authorization=authorization,
        tasks=tasks,
        report=report,
        transaction_ids=transaction_ids or TransactionIds(),
        new_vehicle=lambda: Vehicle(build.battery_wh, rng.uniform(15, 60)),
        unplug_delay_s=build.unplug_delay_s,
    )
    charger = Charger(
        clock=clock,
        language=language,
        identity=build.identity,
        settings=settings,
        findings=findings,
        events=events,
        connectors=connectors,
        line=line,
        presence=presence,
        authorization=authorization,
        charging=charging,
        remote=RemoteStarts(
            clock=clock,
            settings=settings,
            events=events,
            presence=presence,
            authorization=authorization,
            charging=charging,
            tasks=tasks,
            plug_delay_s=build.plug_delay_s,
        ),
        tasks=tasks,
        rng=rng,
        stays=build.stays,
        boots_on_reconnect=build.boots_on_reconnect,
        reboot_s=build.reboot_s,
    )
    line.owner = charger
    return charger
