"""How a charger is made, and the making of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from msgspec import Struct
from twisted.internet.interfaces import IReactorTime

from csms.sim.aligned import Aligned
from csms.sim.authorization import Authorization
from csms.sim.availability import Availability
from csms.sim.charger import Charger
from csms.sim.charging import Charging
from csms.sim.connector import Connector, Session
from csms.sim.equipment import Equipment
from csms.sim.events import Event, EventLog
from csms.sim.findings import Findings, Kind, TransactionIds
from csms.sim.flow import Flow
from csms.sim.language import Language, Plate, Speech
from csms.sim.line import BackOff, Line
from csms.sim.misbehaviour import NAMES, Deeds, Misbehaviour
from csms.sim.presence import Presence
from csms.sim.remote import RemoteStarts
from csms.sim.reservations import Reservations
from csms.sim.rpc import Rpc
from csms.sim.settings import Settings
from csms.sim.sockets import Opener
from csms.sim.station_time import StationTime
from csms.sim.tasks import Tasks
from csms.sim.transactions import Transactions
from csms.sim.transfer import HttpTransfer, Transfer
from csms.sim.vehicle import Vehicle


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
    security_events: bool = False
    """Whether it tells of starts and other events of its security."""
    plug_delay_s: float | None = 1.0
    """When a driver comes with a vehicle after a remote start; None: nobody does."""
    unplug_delay_s: float = 2.0
    """When the driver leaves after a session that the charger or the server ended."""
    reboot_s: float = 3.0
    keep_events: int = 1000
    misbehave: float = 0.0
    """How many of the messages are distorted, as a share; 0: the charger behaves."""
    misdeeds: frozenset[str] = NAMES
    """What it may do then, see `csms.sim.misbehaviour`."""


def _ignore_event(event: Event) -> None:
    """Nobody watches."""


def _ignore_latency(seconds: float) -> None:
    """Nobody counts."""


def make_charger(
    clock: IReactorTime,
    opener: Opener,
    language: Language | Sequence[Language],
    build: Build,
    *,
    settings: Settings | None = None,
    findings: Findings | None = None,
    transaction_ids: TransactionIds | None = None,
    transfer: Transfer | None = None,
    deeds: Deeds | None = None,
    watch: Callable[[Event], None] = _ignore_event,
    latency: Callable[[float], None] = _ignore_latency,
) -> Charger:
    """Put a charger together; what several chargers of a run share can be handed in.

    Several languages are offered in their order; the charger speaks what the server chooses.
    ``transfer`` moves files, ``deeds`` counts misbehaviour, ``watch`` sees every event,
    ``latency`` the seconds that each answer took.
    """
    rng = random.Random(f"{build.seed} {build.identity}")  # noqa: S311 - drawn again by its seed
    speech = Speech(tuple(language) if isinstance(language, Sequence) else (language,))
    settings = settings or Settings()
    findings = findings or Findings()
    tasks = Tasks()
    events = EventLog(clock, build.identity, watch, build.keep_events)
    report = partial(_report, findings, build.identity)
    misbehaviour = _misbehaviour(clock, speech, settings, build, deeds or Deeds())

    def make_rpc(send: Callable[[bytes], None]) -> Rpc:
        return Rpc(
            clock=clock,
            schemas=speech.language.schemas,
            codes=speech.language.codes,
            send=send,
            serve=charger.serve,
            report=report,
            latency=latency,
            timeout_s=build.call_timeout_s,
            answer_delay_s=build.answer_delay_s,
            extended=speech.language.extended,
            bender=misbehaviour,
        )

    def chosen(subprotocol: str) -> None:
        charger.speak(subprotocol)

    def accepted_now() -> None:
        transactions.pump()

    def refused(session: Session) -> None:
        charging.refuse(session)

    connectors = _connectors(build, rng)
    line = Line(
        clock=clock,
        identity=build.identity,
        opener=opener,
        settings=settings,
        events=events,
        report=report,
        make_rpc=make_rpc,
        chosen=chosen,
        rng=rng,
        back_off=build.back_off,
        patience_s=build.patience_s,
        misbehaviour=misbehaviour,
    )
    presence = Presence(
        clock=clock,
        line=line,
        speech=speech,
        plate=Plate(serial_number=build.identity[:25]),
        settings=settings,
        time=StationTime(clock),
        events=events,
        connectors=connectors,
        tasks=tasks,
        accepted_now=accepted_now,
    )
    authorization = Authorization(speech, settings, events, presence)
    transactions = Transactions(
        clock=clock,
        speech=speech,
        settings=settings,
        events=events,
        presence=presence,
        authorization=authorization,
        tasks=tasks,
        report=report,
        ids=transaction_ids or TransactionIds(),
        refused=refused,
    )
    charging = Charging(
        clock=clock,
        settings=settings,
        time=presence.time,
        events=events,
        connectors=connectors,
        presence=presence,
        transactions=transactions,
        flow=Flow(clock, presence.time, presence, transactions, tasks),
        reservations=Reservations(
            clock, presence.time, events, connectors, presence, tasks, authorization.group
        ),
        tasks=tasks,
        new_vehicle=lambda: Vehicle(build.battery_wh, rng.uniform(15, 60)),
        new_id=lambda: str(UUID(int=rng.getrandbits(128), version=4)),
        names_transactions=lambda: speech.language.names_transactions,
        unplug_delay_s=build.unplug_delay_s,
    )
    charger = Charger(
        clock=clock,
        speech=speech,
        identity=build.identity,
        settings=settings,
        findings=findings,
        events=events,
        connectors=connectors,
        line=line,
        presence=presence,
        authorization=authorization,
        charging=charging,
        availability=Availability(charging, presence, tasks),
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
        aligned=Aligned(clock, speech, settings, presence, charging, tasks),
        tasks=tasks,
        rng=rng,
        transfer=transfer or HttpTransfer(clock),
        stays=build.stays,
        boots_on_reconnect=build.boots_on_reconnect,
        tells_security=build.security_events,
        reboot_s=build.reboot_s,
    )
    charger.equipment = equipment = Equipment(charger)
    charging.changed = equipment.sessions_changed
    line.owner = charger
    return charger


def _report(findings: Findings, identity: str, kind: Kind, text: str) -> None:
    findings.report(kind, identity, text)


def _connectors(build: Build, rng: random.Random) -> dict[int, Connector]:
    def jitter() -> float:
        return rng.uniform(-1, 1)

    return {
        number: Connector(
            number,
            build.power_w,
            build.speed,
            register_wh=float(rng.randrange(10_000_000)) if number else 0.0,
            jitter=jitter,
        )
        for number in range(build.connectors + 1)
    }


def _misbehaviour(
    clock: IReactorTime, speech: Speech, settings: Settings, build: Build, deeds: Deeds
) -> Misbehaviour | None:
    if build.misbehave <= 0:
        return None
    # Numbers of its own: what else is random stays as it is without misbehaviour.
    rng = random.Random(f"{build.seed} misdeeds {build.identity}")  # noqa: S311 - as above
    return Misbehaviour(clock, speech, settings, rng, build.misbehave, deeds, build.misdeeds)
