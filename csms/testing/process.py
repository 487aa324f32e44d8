"""The real product in a process of its own, for end-to-end tests and proofs.

Blocking on purpose: it is driven from tests and scripts that have no reactor.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import attrs

from csms.storage import embedded

START_LIMIT_S = 60.0
STOP_LIMIT_S = 15.0

DEVELOPMENT: Mapping[str, str] = {
    "CSMS__OCPP__ENDPOINT": "tcp:0:interface=127.0.0.1:backlog=4096",
    "CSMS__API__ENDPOINT": "tcp:0:interface=127.0.0.1:backlog=128",
    "CSMS__OCPP__MESSAGES_PER_S": "0",
    "CSMS__OCPP__CONNECTIONS_PER_MINUTE": "0",
    "CSMS__STATIONS__UNKNOWN": "accept",
    "CSMS__STATIONS__OPEN_ACCESS": "loopback",
    "CSMS__AUTHORIZATION__UNKNOWN_TOKENS": "accept",
    # What is asked after a boot comes when it comes; tests of it switch it on.
    "CSMS__PROVISIONING__ENABLED": "false",
    "CSMS__LOG__FORMAT": "json",
}
"""Settings of a server that trusts this machine and listens where there is room."""


class NotStarted(Exception):  # noqa: N818 - says what is, like its siblings in the standard library
    """The process ended or stayed silent before it was up; the text is its output."""


@attrs.define
class Answer:
    """What the API said."""

    status: int
    headers: Mapping[str, str]
    body: Any


@attrs.define
class RunningCsms:
    """``twistd csms`` with its state in a directory; use it as a context manager.

    ``settings`` are environment variables on top of `DEVELOPMENT`.
    """

    state: Path
    settings: Mapping[str, str] = attrs.field(factory=dict)
    ports: dict[str, int] = attrs.field(factory=dict, init=False)
    log: list[dict[str, Any]] = attrs.field(factory=list, init=False)
    output: list[str] = attrs.field(factory=list, init=False)
    _process: subprocess.Popen[str] | None = attrs.field(default=None, init=False)
    _reader: threading.Thread | None = attrs.field(default=None, init=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def token_file(self) -> Path:
        """Where the process keeps the API token it made."""
        return self.state / "admin-token"

    @property
    def token(self) -> str:
        """An API token of role admin."""
        return self.token_file.read_text().strip()

    @property
    def pid(self) -> int:
        """The process id of the server."""
        assert self._process is not None
        return self._process.pid

    def ocpp_url(self, identity: str) -> str:
        """Where that station connects."""
        return f"ws://127.0.0.1:{self.ports['ocpp']}/ocpp/{identity}"

    def start(self) -> None:
        """Start it and wait until it serves; raises `NotStarted`."""
        up = threading.Event()
        self.ports.clear()
        self.log.clear()
        self.output.clear()
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("CSMS_")},
            **DEVELOPMENT,
            "CSMS__SERVER__STATE_DIRECTORY": str(self.state),
            "CSMS__API__TOKEN_FILE": str(self.token_file),
            **self.settings,
        }
        command = [str(Path(sys.executable).with_name("twistd")), "-n", "--pidfile=", "csms"]
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process, up), daemon=True)
        self._reader.start()
        if not up.wait(START_LIMIT_S):
            self.kill()
        if not self.ports:
            self._process.wait(STOP_LIMIT_S)
            raise NotStarted("".join(self.output[-200:]))

    def _read(self, process: subprocess.Popen[str], up: threading.Event) -> None:
        """Until its database has ended too, which may be after the next start."""
        assert process.stdout is not None
        for line in process.stdout:
            self.output.append(line)
            try:
                event = json.loads(line)
            except ValueError:
                continue
            self.log.append(event)
            if event.get("event") == "up":
                self.ports = {
                    name: int(match[1])
                    for name in ("ocpp", "api")
                    if (match := re.search(r":(\d+)", str(event.get(f"{name}_url", ""))))
                }
                up.set()
        up.set()

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_LIMIT_S)

    def stop(self) -> int:
        """End it in order (SIGTERM) and return its exit status; one that hangs is killed."""
        if self._process is None or self._process.poll() is not None:
            return 0 if self._process is None else self._process.returncode
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        if self._reader is not None:
            self._reader.join(STOP_LIMIT_S)
        return status

    def database_pid(self) -> int:
        """The process id of the embedded PostgreSQL."""
        return int((self.state / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    def database_url(self) -> str:
        """The URL of the embedded PostgreSQL."""
        url = embedded.running(self.state)
        assert url is not None, "the database does not run"
        return url

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call the API; ``token`` empty: the admin's, None: none."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports['api']}{path}", method=method
        )
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if token is not None:
            request.add_header("Authorization", f"Bearer {token or self.token}")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:  # noqa: S310
                return _answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return _answer(error.code, error.headers, error.read())

    def get(self, path: str) -> Any:
        """The body of a GET that must succeed."""
        answer = self.request("GET", path)
        assert answer.status == 200, answer
        return answer.body

    def ask(self, identity: str, what: str, body: object = None, method: str = "POST") -> Any:
        """The body that a command route of a station answers; it must succeed."""
        given = {} if body is None and method == "POST" else body
        answer = self.request(method, f"/api/v1/stations/{identity}/{what}", given)
        assert answer.status in (200, 201, 202), answer
        return answer.body

    def until(self, path: str, accept: Any, limit_s: float = 15.0) -> Any:
        """The body of a GET as soon as it succeeds and ``accept`` of it is true."""
        end = time.monotonic() + limit_s
        while True:
            answer = self.request("GET", path)
            if answer.status == 200 and accept(answer.body):
                return answer.body
            if time.monotonic() > end:
                raise AssertionError(f"{path} stayed {answer!r}")
            time.sleep(0.05)


def _answer(status: int, headers: Any, content: bytes) -> Answer:
    text = content.decode()
    is_json = "json" in (headers.get("Content-Type") or "")
    return Answer(status, dict(headers.items()), json.loads(text) if is_json and text else text)
