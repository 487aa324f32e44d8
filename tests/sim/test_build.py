"""A charger as the library offers it, against a real server on a loopback port."""

from __future__ import annotations

from typing import Any

import pytest_twisted
from twisted.internet import reactor

from csms.sim import V16, BackOff, Build, Dialer, Settings, make_charger


def charger_of(server: Any, **build: Any) -> Any:
    return make_charger(
        reactor,
        Dialer(reactor, server.url, ("ocpp1.6",)),
        V16(),
        Build(identity="CP1", back_off=BackOff(0.01, 0.02), plug_delay_s=0, **build),
        settings=Settings(sample_s=0),
    )


@pytest_twisted.ensureDeferred
async def test_session_over_a_real_socket(server: Any) -> None:
    """Connect, boot, charge, stop: the whole of it over a real WebSocket."""
    charger = charger_of(server)
    await charger.connect()
    await charger.boot()
    assert await charger.authorize("TAG") == "Accepted"
    await charger.plug_in()
    session = await charger.start("TAG")
    await charger.meter()
    await charger.stop()
    await charger.close()
    assert session.transaction_id == 1
    assert server.script.actions()[-1] == "StatusNotification"
    assert not charger.findings.total


@pytest_twisted.ensureDeferred
async def test_cut_and_replay_over_a_real_socket(server: Any) -> None:
    """A cut connection loses nothing."""
    charger = charger_of(server)
    await charger.run()
    await charger.cut()
    await charger.start("TAG")
    await charger.stop()
    await charger.reconnect()
    assert "StopTransaction" in server.script.actions()
    assert not charger.findings.total
    await charger.close()


@pytest_twisted.ensureDeferred
async def test_server_restart(server: Any) -> None:
    """A charger finds its server again after the server has dropped everybody."""
    charger = charger_of(server)
    await charger.run()
    server.script.peers["CP1"].abort()
    await charger.events.until("lost")
    await charger.events.until("connected")
    await charger.start("TAG")
    assert not charger.findings.total
    await charger.close()


@pytest_twisted.ensureDeferred
async def test_remote_session_over_a_real_socket(server: Any) -> None:
    """Remote start and stop, waited for through the event log."""
    charger = charger_of(server, unplug_delay_s=0)
    await charger.run()
    answer = await server.script.command("RemoteStartTransaction", {"idTag": "APP"})
    assert answer[2] == {"status": "Accepted"}
    event = await charger.events.until("start_answered")
    transaction = event.data["session"].transaction_id
    await server.script.command("RemoteStopTransaction", {"transactionId": transaction})
    await charger.events.until("status", status="Available")
    assert not charger.findings.total
    await charger.close()
