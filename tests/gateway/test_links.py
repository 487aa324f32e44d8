"""The stations connected to a node."""

from __future__ import annotations

from typing import Any

from zope.interface.verify import verifyObject

from csms.core.commands import Outcome, Reset
from csms.core.ports import ILinks
from csms.core.reports import Connected, Disconnected
from csms.gateway.settings import GatewaySettings
from csms.testing.gateway import MemoryGateway, RecordingIntake

STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


def outcome(made: MemoryGateway, station_id: int) -> list[Outcome]:
    told: list[Outcome] = []
    made.links.send(station_id, Reset(), 30).addCallback(told.append)
    return told


def test_provides_its_interface() -> None:
    """The port as the core has it."""
    verifyObject(ILinks, MemoryGateway().links)


def test_connected_stations() -> None:
    """Who is here, and who is not."""
    made = MemoryGateway()
    assert not made.links.holds(1)
    one, _two = made.charger("CP1"), made.charger("CP2")
    assert (made.links.holds(1), made.links.holds(2), len(made.links)) == (True, True, 2)
    one.vanish()
    assert (made.links.holds(1), len(made.links)) == (False, 1)


def test_nobody_is_there() -> None:
    """A command to nobody is unreachable at once."""
    (told,) = outcome(MemoryGateway(), 7)
    assert told.status == "unreachable"


def test_newer_connection_replaces_the_older() -> None:
    """Exactly one is served and asked; the other is closed with a code and a reason."""
    made = MemoryGateway()
    old = made.charger("CP1")
    new = made.charger("CP1")
    assert old.close_code() == 1008
    assert made.counters.replaced == 1
    assert len(made.links) == 1
    old.send(2, "1", "StatusNotification", STATUS)
    assert old.received() == []
    new.send(2, "1", "BootNotification", BOOT)
    new.received()
    outcome(made, 1)
    assert new.received()[0][2] == "Reset"
    assert old.received() == []


def test_late_close_does_not_touch_the_newer() -> None:
    """The end of the older is reported under its own epoch, and the newer stays."""
    made = MemoryGateway()
    old = made.charger("CP1")
    new = made.charger("CP1")
    made.pass_s(5)
    assert old.transport.ended == "aborted"
    assert made.links.holds(1)
    assert new.transport.ended is None
    kinds = [type(report) for report in made.intake.reports]
    assert kinds == [Connected, Connected, Disconnected]
    assert made.intake.reports[-1] == Disconnected(epoch=1, reason="replaced by a newer connection")


def test_commands_of_the_older_are_lost() -> None:
    """Nobody knows whether the station has heard them."""
    made = MemoryGateway()
    old = made.charger("CP1")
    old.send(2, "1", "BootNotification", BOOT)
    told = outcome(made, 1)
    made.charger("CP1")
    made.pass_s(5)
    assert told[0].status == "unreachable"


def test_reports_of_the_older_are_committed() -> None:
    """... and their answers go nowhere, certainly not to the newer."""
    made = MemoryGateway(
        settings=GatewaySettings(node="test", open_access="always", unknown="accept"),
        intake=RecordingIntake(patient=True),
    )
    old = made.charger("CP1")
    made.intake.answer(Connected)
    old.send(2, "1", "StatusNotification", STATUS)
    new = made.charger("CP1")
    made.intake.answer()
    made.intake.answer(Connected)
    assert old.received() == []
    assert new.received() == []


def test_stranger_does_not_evict() -> None:
    """Who is not admitted changes nothing."""
    made = MemoryGateway()
    old = made.charger("CP1")
    assert made.visitor().knock("/ocpp/CP1", ["ocpp0.1"]).startswith("HTTP/1.1 400")
    assert old.transport.ended is None
    assert old.frames() == []


def test_flapping_is_refused() -> None:
    """Two that fight for one identity are held off after a while."""
    made = MemoryGateway()
    statuses = [made.visitor().knock("/ocpp/CP1").split()[1] for _ in range(32)]
    assert statuses == ["101"] * 30 + ["429"] * 2
    assert {attempt.reason for attempt in made.doorbell.attempts} == {"too_many_connections"}


def test_dropped() -> None:
    """Somebody wants the station away; who is not here cannot be dropped."""
    made = MemoryGateway()
    charger = made.charger("CP1")
    made.links.drop(1, "deleted")
    made.links.drop(7, "deleted")
    assert charger.close_code() == 1008
    charger.vanish()
    report: Any = made.intake.reports[-1]
    assert report.reason == "deleted"


def test_drained() -> None:
    """All are sent away."""
    made = MemoryGateway()
    chargers = [made.charger(f"CP{number}") for number in range(3)]
    made.links.drain()
    assert [charger.close_code() for charger in chargers] == [1001] * 3
