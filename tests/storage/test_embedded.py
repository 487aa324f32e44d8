"""The embedded database: made, started, killed in every way, and never without its rows."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from csms.core.errors import Unavailable
from csms.storage import programs
from csms.storage.embedded import Embedded, running, url_of
from csms.storage.home import LOG_LIMIT_BYTES, Home
from csms.storage.pool import Pool
from csms.storage.postmaster import cluster_name, end_leftovers, processes
from csms.storage.programs import DatabaseRefused
from csms.testing.postgres import place

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up root")

PRODUCT = """
import json, sys
from pathlib import Path
import psycopg2
from twisted.internet import reactor, task
from twisted.internet.defer import Deferred
from csms.storage.embedded import Embedded

async def main(reactor):
    embedded = Embedded(state=Path(sys.argv[1]), reactor=reactor)
    url = await embedded.start()
    connection = psycopg2.connect(url)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE kept (number int)")
    print(json.dumps({"pid": embedded.pid, "url": url}), flush=True)
    number = 0
    while True:
        cursor.execute("INSERT INTO kept VALUES (%s)", (number,))
        print(number, flush=True)
        number += 1
        await task.deferLater(reactor, 0)

task.react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
"""


@pytest.fixture
def state() -> Iterator[Path]:
    """A state directory."""
    directory = Path(tempfile.mkdtemp(prefix="csms-", dir=place()))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest_twisted.async_yield_fixture
async def make(state: Path) -> AsyncIterator[Callable[..., Embedded]]:
    """Make embedded databases, each stopped after the test."""
    made: list[Embedded] = []

    def make(**options: Any) -> Embedded:
        made.append(Embedded(**{"state": state, "reactor": reactor, **options}))
        return made[-1]

    yield make
    for embedded in made:
        await embedded.stop()


def ask(url: str, sql: str, *params: object) -> list[Any]:
    """The first column of what the database answers."""
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql, params or None)
            return [row[0] for row in cursor.fetchall()] if cursor.description else []
    finally:
        connection.close()


async def until(condition: Callable[[], Any]) -> None:
    """Wait for something that happens in another process."""
    for _ in range(1500):
        if condition():
            return
        await deferLater(reactor, 0.02)
    raise AssertionError("it did not happen")


def data(state: Path) -> Path:
    return state / "postgres" / "data"


def ready(state: Path) -> bool:
    """Whether a server says that it takes connections."""
    try:
        return "ready" in (data(state) / "postmaster.pid").read_text()
    except FileNotFoundError:
        return False


@pytest_twisted.async_yield_fixture
async def orphan(
    make: Callable[..., Embedded], state: Path
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A server on the data of ``state`` that no product looks after."""
    embedded = make()
    await embedded.start()
    await embedded.stop()
    found = await programs.find(reactor, "", programs.account(data(state)), None)
    server = left_running(state, found.directory)
    await until(lambda: ready(state))
    yield server
    server.kill()
    server.wait()


def left_running(state: Path, directory: Path) -> subprocess.Popen[bytes]:
    """Start a server on the data of ``state``."""
    who = programs.account(data(state))
    inside = programs.path_within(data(state))
    name = f"cluster_name={cluster_name(data(state))}"
    memory = "dynamic_shared_memory_type=mmap"
    arguments = ("-D", inside, "-k", inside, "-h", "", "-c", name, "-c", memory)
    command = programs.command(directory / "postgres", arguments, who, data(state))
    return subprocess.Popen(command, env=programs.environment(), stderr=subprocess.DEVNULL)


@pytest_twisted.ensureDeferred
async def test_rows_are_kept_over_a_restart(make: Callable[..., Embedded], state: Path) -> None:
    """A database is made once; the next start finds what was stored."""
    first = make()
    url = await first.start()
    ask(url, "CREATE TABLE kept AS SELECT 1 AS number")
    name = cluster_name(data(state))
    await first.stop()
    assert processes(name) == ([], [])
    assert await make().start() == url
    assert ask(url, "SELECT number FROM kept") == [1]


@pytest_twisted.ensureDeferred
async def test_private(make: Callable[..., Embedded], state: Path) -> None:
    """Nobody else reads the data or reaches the server, which listens on no address."""
    embedded = make()
    url = await embedded.start()
    assert stat.S_IMODE((state / "postgres").stat().st_mode) == 0o700
    assert stat.S_IMODE(data(state).stat().st_mode) == 0o700
    assert stat.S_IMODE((data(state) / ".s.PGSQL.5432").stat().st_mode) == 0o700
    assert ask(url, "SHOW listen_addresses") == [""]


@pytest_twisted.ensureDeferred
async def test_durable(make: Callable[..., Embedded]) -> None:
    """Commits wait for the disk, text is UTF-8 and times are UTC."""
    url = await make().start()
    names = ["fsync", "synchronous_commit", "full_page_writes", "server_encoding", "TimeZone"]
    assert [ask(url, f"SHOW {name}")[0] for name in names] == ["on", "on", "on", "UTF8", "UTC"]
    assert ask(url, "SELECT upper('é')") == ["É"]


@pytest_twisted.ensureDeferred
async def test_not_of_our_terminal(make: Callable[..., Embedded]) -> None:
    """A Ctrl-C at our terminal does not reach the server, which we stop in our own time."""
    embedded = make()
    await embedded.start()
    assert embedded.pid is not None
    assert os.getsid(embedded.pid) == embedded.pid


@as_root
@pytest_twisted.ensureDeferred
async def test_root_gives_up_root(make: Callable[..., Embedded], state: Path) -> None:
    """As root the server runs as another user, even where that user may not go."""
    state.chmod(0o700)
    embedded = make()
    await embedded.start()
    assert Path(f"/proc/{embedded.pid}").stat().st_uid == data(state).stat().st_uid != 0
    assert state.stat().st_uid == (state / "postgres").stat().st_uid == 0
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


@as_root
@pytest_twisted.ensureDeferred
async def test_programs_out_of_reach(state: Path) -> None:
    """Programs that the database's user cannot reach are copied to where he can, once."""
    state.chmod(0o700)
    hidden, cache = state / "hidden", Path(tempfile.mkdtemp(prefix="csms-cache-", dir=place()))
    cache.chmod(0o755)
    who = programs.account(state / "new")
    installation = programs.wheel().parent
    try:
        programs._copy(installation, hidden / installation.parent.name / installation.name)
        out_of_reach = hidden / installation.parent.name / installation.name / "bin"
        assert await programs._tried(reactor, out_of_reach, who) is None
        copy = programs._copied(out_of_reach, cache)
        assert copy is not None
        found = await programs._tried(reactor, copy, who)
        assert found is not None
        assert found.major == (await programs.find(reactor, "", who, None)).major
        assert programs._copied(out_of_reach, cache) == copy
        cache.chmod(0o777)
        assert programs._copied(out_of_reach, cache) is None
    finally:
        shutil.rmtree(cache)


@pytest_twisted.ensureDeferred
async def test_long_path(make: Callable[..., Embedded], state: Path) -> None:
    """A path that leaves no room for a socket gets one elsewhere, private and not left over."""
    deep = state / ("d" * 60) / ("d" * 60)
    embedded = make(state=deep)
    url = await embedded.start()
    assert ask(url, "SELECT 1") == [1]
    directory = Path((deep / "postgres" / "socket").read_text())
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    await embedded.stop()
    assert not directory.exists()


@pytest_twisted.ensureDeferred
async def test_one_product_at_a_time(make: Callable[..., Embedded], state: Path) -> None:
    """A second product on the same state directory is refused, and told by whom."""
    url = await make().start()
    with pytest.raises(DatabaseRefused, match=rf"in use by another process \(pid {os.getpid()}\)"):
        await make().start()
    assert ask(url, "SELECT 1") == [1]


@pytest_twisted.ensureDeferred
async def test_running(make: Callable[..., Embedded], state: Path) -> None:
    """Whether a product runs the database of a state directory can be asked, and its URL."""
    assert running(state) is None
    embedded = make()
    url = await embedded.start()
    assert running(state) == url
    await embedded.stop()
    assert running(state) is None


@pytest_twisted.ensureDeferred
async def test_product_killed(make: Callable[..., Embedded], state: Path) -> None:
    """kill -9 of the product loses no committed row, and its server goes with it."""
    product = subprocess.Popen(
        [sys.executable, "-c", PRODUCT, str(state)], stdout=subprocess.PIPE, text=True
    )
    assert product.stdout is not None
    try:
        told = json.loads(product.stdout.readline())
        committed = [product.stdout.readline() for _ in range(50)]
    finally:
        product.kill()
        product.wait()
    committed += product.stdout.readlines()
    url = await make().start()
    stored = ask(url, "SELECT number FROM kept ORDER BY number")
    assert stored[: int(committed[-1]) + 1] == list(range(int(committed[-1]) + 1))
    assert url == told["url"]


@pytest_twisted.ensureDeferred
async def test_server_follows_its_product(state: Path) -> None:
    """A server whose product was killed shuts down by itself."""
    product = subprocess.Popen(
        [sys.executable, "-c", PRODUCT, str(state)], stdout=subprocess.PIPE, text=True
    )
    assert product.stdout is not None
    product.stdout.readline()
    product.kill()
    product.wait()
    name = cluster_name(data(state))
    await until(lambda: processes(name) == ([], []))


@pytest_twisted.ensureDeferred
async def test_product_killed_while_making_the_database(
    make: Callable[..., Embedded], state: Path
) -> None:
    """A database that was not made to the end is made anew."""
    product = subprocess.Popen(
        [sys.executable, "-c", PRODUCT, str(state)], stdout=subprocess.PIPE, text=True
    )
    try:
        await until(lambda: list(state.glob("postgres/data.new-*/PG_VERSION")))
    finally:
        product.kill()
        product.wait()
    url = await make().start()
    assert ask(url, "SELECT 1") == [1]


@pytest_twisted.ensureDeferred
async def test_remains_are_removed(make: Callable[..., Embedded], state: Path) -> None:
    """What is left of a database that was not made to the end goes with the next start."""
    remains = state / "postgres" / "data.new-x" / "base"
    remains.mkdir(parents=True)
    await make().start()
    assert not remains.parent.exists()


@pytest_twisted.ensureDeferred
async def test_server_left_running(
    make: Callable[..., Embedded], state: Path, orphan: subprocess.Popen[bytes]
) -> None:
    """A server that an earlier run left behind is shut down in order before the new one."""
    url = url_of(str(data(state)))
    ask(url, "CREATE TABLE kept AS SELECT 1 AS number")
    assert await make().start() == url
    assert orphan.wait() == 0
    assert ask(url, "SELECT number FROM kept") == [1]


@pytest_twisted.ensureDeferred
async def test_server_that_will_not_end(
    make: Callable[..., Embedded], state: Path, orphan: subprocess.Popen[bytes]
) -> None:
    """A server of an earlier run that does not listen to reason is killed."""
    orphan.send_signal(signal.SIGSTOP)
    await end_leftovers(Hurried(), data(state))
    assert orphan.wait() == -signal.SIGKILL
    assert processes(cluster_name(data(state))) == ([], [])
    assert ask(await make().start(), "SELECT 1") == [1]


@pytest_twisted.ensureDeferred
async def test_killed_server_is_started_again(make: Callable[..., Embedded]) -> None:
    """kill -9 of the server under the product: it comes back at the same place, rows and all."""
    embedded = make()
    url = await embedded.start()
    pool = Pool(url=url, reactor=reactor, checkout_timeout_s=30.0)
    pool.startService()
    await pool.execute("CREATE TABLE kept (number int)")
    for number in range(3):
        await pool.execute("INSERT INTO kept VALUES (%s)", (number,))
        killed = embedded.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        await until(lambda killed=killed: embedded.pid not in (None, killed))
        await until(lambda: ready(embedded.state))
    rows = await eventually(lambda: pool.many("SELECT number FROM kept", (), int))
    assert rows == [0, 1, 2]
    await pool.stopService()


@pytest_twisted.ensureDeferred
async def test_stop_while_starting_again(make: Callable[..., Embedded], state: Path) -> None:
    """A product that stops while its server is being started again leaves none behind."""
    embedded = make()
    await embedded.start()
    assert embedded.pid is not None
    os.kill(embedded.pid, signal.SIGKILL)
    await until(lambda: embedded._reviving is not None)
    await embedded.stop()
    assert processes(cluster_name(data(state))) == ([], [])
    assert ask(await make().start(), "SELECT 1") == [1]


@pytest_twisted.ensureDeferred
async def test_pid_of_somebody_else(make: Callable[..., Embedded], state: Path) -> None:
    """A pid file that names a process which is not ours is stale; the process is left alone."""
    embedded = make()
    url = await embedded.start()
    await embedded.stop()
    who = programs.account(data(state))
    stranger = subprocess.Popen(
        programs.command(Path("/bin/sleep"), ("600",), who, data(state)), env={}
    )
    try:
        lines = [stranger.pid, data(state), 1, 5432, data(state), "", "0 0", "ready"]
        stale = "\n".join(map(str, lines)) + "\n"
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (data(state) / name).write_text(stale)
            os.chown(data(state) / name, who.uid, who.gid)
        await make().start()
        assert ask(url, "SELECT 1") == [1]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest_twisted.ensureDeferred
async def test_other_major_version(make: Callable[..., Embedded], state: Path) -> None:
    """Data of another major version are refused, with both versions named, and not touched."""
    embedded = make()
    await embedded.start()
    await embedded.stop()
    (data(state) / "PG_VERSION").write_text("13\n")
    with pytest.raises(DatabaseRefused, match=r"made by PostgreSQL 13, and .* has \d+: set"):
        await make().start()


@pytest_twisted.ensureDeferred
async def test_programs_of_the_data(make: Callable[..., Embedded], state: Path) -> None:
    """Of the versions in the wheel, the one that made the data is used."""
    found = await programs.find(reactor, "", programs.account(data(state)), 16)
    embedded = make(binaries=str(found.directory))
    url = await embedded.start()
    await embedded.stop()
    await make().start()
    assert ask(url, "SELECT current_setting('server_version_num')::int / 10000") == [16]


@pytest_twisted.ensureDeferred
async def test_no_such_programs(make: Callable[..., Embedded], state: Path) -> None:
    """A directory without PostgreSQL's programs is named in one line."""
    with pytest.raises(DatabaseRefused, match=r"cannot run /nowhere/postgres: set database\."):
        await make(binaries="/nowhere").start()
    assert running(state) is None


@pytest_twisted.ensureDeferred
async def test_no_place(make: Callable[..., Embedded], state: Path) -> None:
    """A state directory that cannot be made is named in one line."""
    (state / "file").write_text("")
    with pytest.raises(DatabaseRefused, match=r"cannot be kept in .*file/postgres: Not a dir"):
        await make(state=state / "file").start()


@pytest_twisted.ensureDeferred
async def test_something_else_in_its_place(make: Callable[..., Embedded], state: Path) -> None:
    """A data directory that holds no database is left alone and named."""
    data(state).mkdir(parents=True)
    (data(state) / "letter").write_text("dear reader")
    with pytest.raises(DatabaseRefused, match="data is in the way of a new database"):
        await make().start()
    (data(state) / "PG_VERSION").write_text("eighteen")
    with pytest.raises(DatabaseRefused, match="there is no database in"):
        await make().start()
    assert (data(state) / "letter").read_text() == "dear reader"


@pytest_twisted.ensureDeferred
async def test_server_that_does_not_start(make: Callable[..., Embedded], state: Path) -> None:
    """What the server says before it gives up is what the user is told."""
    embedded = make()
    await embedded.start()
    await embedded.stop()
    with (data(state) / "postgresql.conf").open("a") as file:
        file.write("nonsense = 1\n")
    with pytest.raises(DatabaseRefused, match=r"does not start: .*FATAL:.*configuration file"):
        await make().start()
    assert running(state) is None


@pytest_twisted.ensureDeferred
async def test_start_given_up(make: Callable[..., Embedded], state: Path) -> None:
    """A start that is cancelled leaves nothing running and nothing locked."""
    embedded = make()
    starting = Deferred.fromCoroutine(embedded.start())
    await until(lambda: embedded._server is not None)
    starting.addErrback(lambda _: None)
    starting.cancel()
    await embedded.stop()
    await until(lambda: processes(cluster_name(data(state))) == ([], []))
    await make().start()


def test_log_is_bounded(state: Path) -> None:
    """The server's log is cut when it is too large, and one old one kept."""
    home = state / "postgres"
    home.mkdir()
    log = home / "server.log"
    log.write_bytes(b"x" * (LOG_LIMIT_BYTES + 1))
    Home(home).trim_log()
    assert log.stat().st_size == 0
    assert (home / "server.log.1").stat().st_size == LOG_LIMIT_BYTES + 1


def test_no_url_before_the_start(state: Path) -> None:
    """The URL is known when the database is there."""
    with pytest.raises(RuntimeError):
        _ = Embedded(state=state, reactor=reactor).url


class Hurried:
    """The reactor with a clock that runs a hundred times as fast."""

    def seconds(self) -> float:
        return reactor.seconds() * 100

    def callLater(self, delay: float, *args: Any) -> Any:  # noqa: N802  # as Twisted has it
        return reactor.callLater(delay, *args)


async def eventually(question: Callable[[], Any]) -> Any:
    """The answer, however often the database is gone before it comes."""
    for _ in range(500):
        try:
            return await question()
        except Unavailable:
            await deferLater(reactor, 0.02)
    raise AssertionError("the database did not come back")
