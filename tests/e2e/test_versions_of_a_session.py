"""Sessions that lose their number, or run across a change of OCPP version, are billed once."""

from __future__ import annotations

from typing import Any

import pytest

from csms.testing.charger import Charger, NewerCharger, register, stamp
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

EVSE = {"id": 1, "connectorId": 1}
versions = pytest.mark.parametrize("version", ["2.0.1", "2.1"])


def older(server: RunningCsms, identity: str) -> Charger:
    return Charger.connect(server.ocpp_url(identity))


def newer(server: RunningCsms, identity: str, version: str) -> NewerCharger:
    return NewerCharger.connect(server.ocpp_url(identity), subprotocols=(f"ocpp{version}",))


def sessions(server: RunningCsms, identity: str) -> Any:
    return server.get(f"/api/v1/sessions?station={identity}&sort=started_at")["items"]


@pytest.mark.parametrize("lost", [0, -1])
def test_a_station_that_loses_the_number_of_its_transaction(server: RunningCsms, lost: int) -> None:
    """Values and stop without it are the open session's, however often they come."""
    identity = f"E2E-V-1{lost}"
    with older(server, identity) as cp:
        cp.boot()
        cp.start("TAG", 1000)
        value = {"timestamp": stamp(), "sampledValue": [{"value": "2000"}]}
        values = {"connectorId": 1, "transactionId": lost, "meterValue": [value]}
        cp.call("MeterValues", values)
        (running,) = sessions(server, identity)
        assert (running["status"], running["energy_wh"]) == ("active", 1000)
        stop = {"transactionId": lost, "meterStop": 3000, "timestamp": stamp()}
        for _ in range(2):
            cp.call("StopTransaction", stop)
            if lost:
                cp.call("MeterValues", values)
    (session,) = sessions(server, identity)
    assert (session["status"], session["energy_wh"]) == ("ended", 2000)
    assert session["flags"] == ["number_missing"]


def test_another_register_is_another_session(server: RunningCsms) -> None:
    """In doubt nobody is billed the energy of two."""
    with older(server, "E2E-V-2") as cp:
        cp.boot()
        cp.start("TAG", 1000)
        cp.meter(-1, 500)
        cp.call("StopTransaction", {"transactionId": -1, "meterStop": 900, "timestamp": stamp()})
    found = {tuple(each["flags"]): each for each in sessions(server, "E2E-V-2")}
    assert (found[()]["status"], found[()]["energy_wh"]) == ("active", 0)
    assert (found["orphan",]["status"], found["orphan",]["energy_wh"]) == ("ended", 400)


@versions
@pytest.mark.parametrize("named", [True, False])
def test_from_1_6_to_2x(server: RunningCsms, version: str, named: bool) -> None:
    """The station goes on under our number, or under a name of its own without a start."""
    identity = f"E2E-V-3-{version}-{named}"
    with older(server, identity) as cp:
        cp.boot()
        number = cp.start("TAG", 1000)
        cp.meter(number, 2000)
    name = str(number) if named else f"U-{identity}"
    with newer(server, identity, version) as cs:
        cs.boot()
        value = [register(3000, "Sample.Periodic")]
        cs.transaction("Updated", name, 7, "MeterValuePeriodic", evse=EVSE, meterValue=value)
        cs.stop(name, 4000, 8)
    (session,) = sessions(server, identity)
    assert (session["status"], session["energy_wh"]) == ("ended", 3000)
    assert (session["transaction_id"], session["id_token"]) == (name, "TAG")
    assert session["flags"] == ([] if named else ["number_missing"])


@versions
def test_a_new_start_after_the_change_is_another_session(server: RunningCsms, version: str) -> None:
    """What was open lost its end."""
    identity = f"E2E-V-4-{version}"
    with older(server, identity) as cp:
        cp.boot()
        cp.start("TAG", 1000)
    with newer(server, identity, version) as cs:
        cs.boot()
        cs.stop(cs.start("TAG", 2000), 5000, 1)
    old, new = sessions(server, identity)
    assert (old["status"], old["energy_wh"], old["flags"]) == ("suspect", 0, ["stop_missing"])
    assert (new["status"], new["energy_wh"], new["flags"]) == ("ended", 3000, [])


@versions
@pytest.mark.parametrize("number", [0, -1, 2**31 - 7])
def test_from_2x_to_1_6(server: RunningCsms, version: str, number: int) -> None:
    """A stop of no number that we gave ends the session that the station can no longer name."""
    identity = f"E2E-V-5-{version}-{number}"
    with newer(server, identity, version) as cs:
        cs.boot()
        name = cs.start("TAG", 1000)
        cs.meter(name, 2000)
    with older(server, identity) as cp:
        cp.boot()
        stop = {"transactionId": number, "meterStop": 3000, "timestamp": stamp()}
        for _ in range(2):
            cp.call("StopTransaction", stop)
    (session,) = sessions(server, identity)
    assert (session["status"], session["energy_wh"]) == ("ended", 2000)
    assert (session["transaction_id"], session["flags"]) == (name, ["number_missing"])
