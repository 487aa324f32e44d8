"""A throw-away PostgreSQL for tests: quick, not durable, gone with the process that made it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from urllib.parse import quote

import attrs
import psycopg2

from csms.storage import migrate, programs

_INITDB = ("-U", "csms", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "jit": "off",
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_PATIENCE_S = 60.0
_MEMORY = Path("/dev/shm")  # noqa: S108  # a directory of our own is made in it
_ROOM_BYTES = 1 << 30


@attrs.define(eq=False)
class PostgresServer:
    """A PostgreSQL server in a temporary directory.

    `start` and `stop` block.  `url` names a database; `create` and `drop` make and remove
    them, `migrated` once and cheap from then on.
    """

    directory: Path = attrs.field(init=False)
    process: subprocess.Popen[bytes] | None = attrs.field(default=None, init=False)
    _numbers: count[int] = attrs.field(factory=lambda: count(1), init=False)
    _retired: list[str] = attrs.field(factory=list, init=False)
    _template: str = attrs.field(default="", init=False)

    @property
    def data(self) -> Path:
        """The data directory, which is where the socket is, too."""
        return self.directory / "data"

    def start(self) -> None:
        """Make the server; raises `RuntimeError` with its log if it does not come up."""
        self.directory = Path(tempfile.mkdtemp(prefix="csms-pg-", dir=place()))
        self.data.mkdir(0o700)
        who = programs.account(self.data)
        if os.geteuid() == 0:
            os.chown(self.data, who.uid, who.gid)
        initdb = programs.command(
            self._programs(who) / "initdb",
            ("-D", programs.path_within(self.data), *_INITDB),
            who,
            self.data,
        )
        with (self.directory / "log").open("ab") as log:
            subprocess.run(  # noqa: S603  # our own command line
                initdb, env=programs.environment(), stdout=log, stderr=log, check=True
            )
        self.launch()

    def launch(self) -> None:
        """Start the server on the data that is there, and wait until it answers."""
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        inside = programs.path_within(self.data)
        where = ("-D", inside, "-k", inside)
        who = programs.account(self.data)
        program = self._programs(who) / "postgres"
        command = programs.command(program, (*where, *settings), who, self.data)
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  # our own command line
                command,
                env=programs.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _PATIENCE_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.directory / "log").read_text(errors="replace"))
            time.sleep(0.02)

    def kill(self, number: int = signal.SIGQUIT) -> None:
        """End the server with a signal (SIGQUIT: at once), and wait for it; the data stays."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(_PATIENCE_S)
            self.process = None

    def stop(self) -> None:
        """End the server and remove its data."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """The URL of a database."""
        return f"postgresql://csms@/{database}?host={quote(str(self.data), safe='')}&port=5432"

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements, each in a transaction of its own."""
        connection = psycopg2.connect(self.url(database))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def create(self, template: str = "template0") -> str:
        """A new database; its name."""
        while self._retired:
            self.drop(self._retired.pop())
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def migrated(self) -> str:
        """A new database with all of the product's tables; its name."""
        if not self._template:
            name = self.create()
            migrate.apply(self.url(name))
            self._template = name
        return self.create(self._template)

    def retire(self, name: str) -> None:
        """Drop a database later, when those who leave it are really gone: that is quicker."""
        self._retired.append(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _programs(self, who: programs.Account) -> Path:
        for directory in programs.candidates():
            probe = programs.command(directory / "postgres", ("-V",), who, Path("/"))
            done = subprocess.run(probe, capture_output=True, check=False)  # noqa: S603  # ours
            if done.returncode == 0:
                return directory
        raise RuntimeError(f"the user {who.name} cannot run PostgreSQL")

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg2.OperationalError:
            return False
        return True


def place() -> Path | None:
    """Where to make temporary databases, None for the usual place for temporary files.

    In memory if there is room, for a database is hundreds of files.
    """
    try:
        status = os.statvfs(_MEMORY)
    except OSError:
        return None
    writable = os.access(_MEMORY, os.W_OK | os.X_OK)
    return _MEMORY if writable and status.f_bavail * status.f_frsize > _ROOM_BYTES else None
