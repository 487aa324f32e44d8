"""Kills, losses and orderly ends of the real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from csms.testing.charger import Charger, stamp
from csms.testing.process import NotStarted, RunningCsms

pytestmark = pytest.mark.e2e


def csms(*arguments: str, state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("csms")), *arguments],
        env={**os.environ, "CSMS__SERVER__STATE_DIRECTORY": str(state)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_orderly_end(own_server: Callable[..., RunningCsms]) -> None:
    """SIGTERM: stations are told to go away (1001), the database stops, the status is 0."""
    server = own_server()
    with Charger.connect(server.ocpp_url("END-1")) as cp:
        cp.boot()
        database = server.database_pid()
        codes: list[int | None] = []
        listener = threading.Thread(target=lambda: codes.append(cp.closed()))
        listener.start()
        assert server.stop() == 0
        listener.join(10)
        assert codes == [1001]
    with pytest.raises(ProcessLookupError):
        os.kill(database, 0)


def test_what_was_acknowledged_survives_the_death_of_the_server(
    own_server: Callable[..., RunningCsms],
) -> None:
    """kill -9: the session goes on after the restart, on the database that was left behind."""
    server = own_server()
    with Charger.connect(server.ocpp_url("KILL-1")) as cp:
        cp.boot()
        number = cp.start(meter=100)
        cp.meter(number, 700)
        server.kill()
    server.start()
    (session,) = server.get("/api/v1/sessions?station=KILL-1")["items"]
    assert (session["transaction_id"], session["energy_wh"]) == (str(number), 600)
    assert server.get("/api/v1/stations/KILL-1")["connected"] is False
    with Charger.connect(server.ocpp_url("KILL-1")) as cp:
        cp.boot()
        cp.stop(number, 1100)
    (session,) = server.get("/api/v1/sessions?station=KILL-1")["items"]
    assert (session["status"], session["energy_wh"]) == ("ended", 1000)


def test_the_death_of_the_database_is_waited_out(own_server: Callable[..., RunningCsms]) -> None:
    """The station's message waits, nothing is acknowledged meanwhile, and all comes back."""
    server = own_server()
    with Charger.connect(server.ocpp_url("DB-1")) as cp:
        cp.boot()
        number = cp.start(meter=0)
        os.kill(server.database_pid(), signal.SIGKILL)
        cp.meter(number, 500)
        server.until("/readyz", lambda body: True)
        cp.stop(number, 900)
    (session,) = server.get("/api/v1/sessions?station=DB-1")["items"]
    assert (session["status"], session["energy_wh"]) == ("ended", 900)


def test_readiness_tells_that_the_database_is_gone(
    own_server: Callable[..., RunningCsms],
) -> None:
    """503 while it is stopped, 200 when it is back; the process itself stays healthy."""
    server = own_server()
    with Charger.connect(server.ocpp_url("RDY-1")) as cp:
        cp.boot()
        database = server.database_pid()
        children = _children(database)
        for pid in (database, *children):
            os.kill(pid, signal.SIGSTOP)
        try:
            assert server.request("GET", "/readyz", token=None).status == 503
            assert server.request("GET", "/health", token=None).status == 200
            assert cp.call("Heartbeat", {})["currentTime"].endswith("Z")
        finally:
            for pid in (*children, database):
                os.kill(pid, signal.SIGCONT)
        server.until("/readyz", lambda body: True)


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.name))
    return found


def test_two_servers_do_not_share_a_state_directory(
    own_server: Callable[..., RunningCsms], state: Path
) -> None:
    """The second says so in one line and ends with status 1."""
    own_server()
    second = RunningCsms(state)
    with pytest.raises(NotStarted) as ended:
        second.start()
    assert "Traceback" not in str(ended.value)
    assert second._process is not None
    assert second._process.returncode == 1


def test_a_wrong_setting_starts_nothing(state: Path) -> None:
    """One clear line naming the key."""
    wrong = RunningCsms(state, {"CSMS__OCPP__MAX_FRAME_BYTES": "many"})
    with pytest.raises(NotStarted) as ended:
        wrong.start()
    assert "ocpp.max_frame_bytes" in str(ended.value)
    assert "Traceback" not in str(ended.value)
    assert not state.exists()


def test_the_command_line_works_beside_a_running_server(
    own_server: Callable[..., RunningCsms], state: Path
) -> None:
    """`csms token` makes a token that counts, `csms migrate` finds nothing to do."""
    server = own_server()
    made = csms("token", "--name", "ci", "--role", "auditor", state=state)
    assert made.returncode == 0, made.stderr
    secret = made.stdout.strip()
    assert server.request("GET", "/api/v1/stations", token=secret).status == 200
    put = server.request("PUT", "/api/v1/stations/X", {}, token=secret)
    assert put.status == 403
    migrated = csms("migrate", state=state)
    assert (migrated.returncode, migrated.stdout) == (0, "0 migrations applied\n")


def test_the_command_line_works_without_a_server(state: Path) -> None:
    """It starts the database for itself, and leaves none running."""
    migrated = csms("migrate", state=state)
    assert migrated.returncode == 0, migrated.stderr
    assert csms("token", "--name", "ci", "--role", "admin", state=state).returncode == 0


def test_roles_in_processes_of_their_own(
    own_server: Callable[..., RunningCsms], state: Path
) -> None:
    """A gateway and an API that share nothing but the database reach each other's stations."""
    both = own_server()
    alone = {"CSMS__DATABASE__URL": both.database_url(), "CSMS__SERVER__ROLES": '["api"]'}
    api = RunningCsms(state / "api", {**alone, "CSMS__SERVER__NODE": "api-1"})
    api.start()
    try:
        with Charger.connect(both.ocpp_url("ROLE-1")) as cp:
            cp.replies = {"ClearCache": {"status": "Accepted"}}
            cp.boot()
            asked: list[object] = []
            caller = threading.Thread(
                target=lambda: asked.append(
                    api.request(
                        "POST",
                        "/api/v1/stations/ROLE-1/commands",
                        {"action": "ClearCache", "payload": {}},
                    ).body["status"]
                )
            )
            caller.start()
            assert cp.serve()[0] == "ClearCache"
            caller.join(20)
            assert asked == ["accepted"]
    finally:
        api.stop()


def test_a_replay_of_hours_offline(own_server: Callable[..., RunningCsms]) -> None:
    """Transaction messages of the past arrive in order, with the times of the station."""
    server = own_server()
    with Charger.connect(server.ocpp_url("OFF-1")) as cp:
        cp.boot()
        for hour in range(5):
            began = f"2026-01-05T0{hour}:00:00Z"
            answer = cp.call(
                "StartTransaction",
                {"connectorId": 1, "idTag": "T", "meterStart": hour * 1000, "timestamp": began},
            )
            cp.call(
                "StopTransaction",
                {
                    "transactionId": answer["transactionId"],
                    "meterStop": hour * 1000 + 800,
                    "timestamp": f"2026-01-05T0{hour}:45:00Z",
                },
            )
        live = cp.start(meter=9000)
        cp.meter(live, 9500)
    sessions = server.get("/api/v1/sessions?station=OFF-1&sort=started_at")["items"]
    assert [s["energy_wh"] for s in sessions] == [800] * 5 + [500]
    assert sessions[0]["started_at"].startswith("2026-01-05T00:00:00")
    assert stamp() > sessions[-1]["started_at"]
