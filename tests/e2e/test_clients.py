"""Other people's clients, and our own simulator, against the real server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.enums import (
    ChargePointErrorCode,
    ChargePointStatus,
    DataTransferStatus,
    RegistrationStatus,
    RemoteStartStopStatus,
)

from csms.testing.charger import stamp
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e


class Library(ChargePoint):  # type: ignore[misc]  # the package has no types
    """A charge point of the `ocpp` package."""

    asked: asyncio.Queue[str]

    @on("RemoteStartTransaction")  # type: ignore[untyped-decorator]  # as above
    def remote_start(self, id_tag: str, **_: object) -> call_result.RemoteStartTransaction:
        self.asked.put_nowait(id_tag)
        return call_result.RemoteStartTransaction(status=RemoteStartStopStatus.accepted)


async def through_the_library(server: RunningCsms) -> None:
    async with websockets.connect(
        server.ocpp_url("LIB-1"), subprotocols=[websockets.Subprotocol("ocpp1.6")]
    ) as socket:
        cp = Library("LIB-1", socket)
        cp.asked = asyncio.Queue()
        listening = asyncio.create_task(cp.start())
        boot = await cp.call(
            call.BootNotification(charge_point_model="Lib", charge_point_vendor="Acme")
        )
        assert boot.status == RegistrationStatus.accepted
        assert (await cp.call(call.Heartbeat())).current_time.endswith("Z")
        for status in (ChargePointStatus.available, ChargePointStatus.preparing):
            await cp.call(
                call.StatusNotification(
                    connector_id=1, error_code=ChargePointErrorCode.no_error, status=status
                )
            )
        transfer = await cp.call(call.DataTransfer(vendor_id="com.example", data="x"))
        assert transfer.status == DataTransferStatus.unknown_vendor_id
        await cp.call(call.FirmwareStatusNotification(status="Idle"))
        await cp.call(call.DiagnosticsStatusNotification(status="Idle"))
        loop = asyncio.get_running_loop()
        remote = loop.run_in_executor(
            None,
            lambda: server.request(
                "POST", "/api/v1/stations/LIB-1/remote-start", {"id_token": "APP", "evse_id": 1}
            ),
        )
        assert await cp.asked.get() == "APP"
        assert (await remote).body["status"] == "accepted"
        authorized = await cp.call(call.Authorize(id_tag="APP"))
        assert authorized.id_tag_info["status"] == "Accepted"
        started = await cp.call(
            call.StartTransaction(connector_id=1, id_tag="APP", meter_start=100, timestamp=stamp())
        )
        await cp.call(
            call.MeterValues(
                connector_id=1,
                transaction_id=started.transaction_id,
                meter_value=[{"timestamp": stamp(), "sampledValue": [{"value": "600"}]}],
            )
        )
        stopped = await cp.call(
            call.StopTransaction(
                transaction_id=started.transaction_id,
                meter_stop=1100,
                timestamp=stamp(),
                id_tag="APP",
            )
        )
        assert stopped.id_tag_info["status"] == "Accepted"
        listening.cancel()


def test_the_ocpp_package_charges(server: RunningCsms) -> None:
    """Every message of a charging day, as the PyPI client library sends it."""
    asyncio.run(asyncio.wait_for(through_the_library(server), 60))
    (session,) = server.get("/api/v1/sessions?station=LIB-1")["items"]
    assert (session["status"], session["energy_wh"]) == ("ended", 1000)
    assert session["operation_id"] is not None


def test_the_simulator_is_content(server: RunningCsms) -> None:
    """`csms simulate` charges, leaves, and finds nothing to complain of."""
    simulated = subprocess.run(
        [
            str(Path(sys.executable).with_name("csms")),
            "simulate",
            "--url",
            server.ocpp_url("").rstrip("/") + "/",
            "--stations",
            "3",
            "--sessions",
            "1",
            "--session-s",
            "4",
            "--meter-s",
            "1",
            "--exit",
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert simulated.returncode == 0, simulated.stdout + simulated.stderr
    for n in (1, 2, 3):
        (session,) = server.get(f"/api/v1/sessions?station=SIM000{n}")["items"]
        assert session["status"] == "ended"
        assert session["energy_wh"] > 0
        connectors = server.get(f"/api/v1/stations/SIM000{n}")["connectors"]
        assert {c["status"] for c in connectors} == {"Available"}
