"""A simulator of charging stations, and the library that it is made of.

`make_charger` puts a charger together; `Dialer` connects it to a real server::

    dialer = Dialer(reactor, "ws://127.0.0.1:9000", ("ocpp1.6",))
    charger = make_charger(reactor, dialer, V16(), Build(identity="CP1"))
    await charger.connect()
    await charger.boot()
    session = await charger.start("TAG1")
    await charger.meter()
    await charger.stop()

Nothing here shares code with the server, whose mistakes it is to find.
"""

from csms.sim.build import Build, make_charger
from csms.sim.charger import Charger
from csms.sim.charging import ImpossibleError
from csms.sim.connector import Connector, Sample, Session
from csms.sim.events import Event, EventLog
from csms.sim.findings import Finding, Findings, Kind, TransactionIds
from csms.sim.line import BackOff
from csms.sim.messages import Gone, NoAnswer, Refused, Request
from csms.sim.misbehaviour import Deeds
from csms.sim.settings import Settings
from csms.sim.sockets import DialError, RefusedError, UnreachableError
from csms.sim.v16 import V16
from csms.sim.v21 import V21
from csms.sim.v201 import V201
from csms.sim.vehicle import Vehicle
from csms.sim.vehicle_talk import charging_needs, ev_certificate
from csms.sim.wire import Dialer

__all__ = [
    "V16",
    "V21",
    "V201",
    "BackOff",
    "Build",
    "Charger",
    "Connector",
    "Deeds",
    "DialError",
    "Dialer",
    "Event",
    "EventLog",
    "Finding",
    "Findings",
    "Gone",
    "ImpossibleError",
    "Kind",
    "NoAnswer",
    "Refused",
    "RefusedError",
    "Request",
    "Sample",
    "Session",
    "Settings",
    "TransactionIds",
    "UnreachableError",
    "Vehicle",
    "charging_needs",
    "ev_certificate",
    "make_charger",
]
