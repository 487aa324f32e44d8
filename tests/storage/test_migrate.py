"""Migrations: each once, whole or not at all, by one process at a time, never backwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import LogEvent, globalLogPublisher

from csms.core.errors import Unavailable
from csms.storage.migrate import DIRECTORY, MigrationFailed, migrate, pending
from csms.testing.postgres import PostgresServer


@pytest.fixture
def empty(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database without tables."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.retire(name)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A directory with two migrations."""
    (tmp_path / "0001-one.sql").write_text("CREATE TABLE one (a int);", "utf-8")
    (tmp_path / "0002-two.sql").write_text("CREATE TABLE two (a int); SELECT 1;", "utf-8")
    return tmp_path


def ask(url: str, sql: str) -> list[Any]:
    """The first column of what the database answers."""
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return [row[0] for row in cursor.fetchall()] if cursor.description else []
    finally:
        connection.close()


def tables(url: str) -> set[str]:
    """Our tables, without the books that yoyo keeps."""
    return {
        name
        for name in ask(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        if "yoyo" not in name
    }


@pytest_twisted.ensureDeferred
async def test_the_products_tables(empty: str) -> None:
    """The product's own migrations give an empty database its tables, once."""
    names = sorted(path.stem for path in DIRECTORY.glob("*.sql"))
    assert await pending(empty, reactor) == names
    assert await migrate(empty, reactor) == len(names)
    assert {"station", "session", "operation", "outbox"} <= tables(empty)
    assert await migrate(empty, reactor) == 0
    assert await pending(empty, reactor) == []


@pytest_twisted.ensureDeferred
async def test_asking_changes_nothing(empty: str, files: Path) -> None:
    """To tell what is missing, nothing is made."""
    assert await pending(empty, reactor, files) == ["0001-one", "0002-two"]
    assert ask(empty, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [0]


@pytest_twisted.ensureDeferred
async def test_only_what_is_missing(empty: str, files: Path) -> None:
    """A new file is applied to a database that has the older ones."""
    await migrate(empty, reactor, files)
    (files / "0003-three.sql").write_text("ALTER TABLE two ADD b int", "utf-8")
    assert await pending(empty, reactor, files) == ["0003-three"]
    assert await migrate(empty, reactor, files) == 1


@pytest_twisted.ensureDeferred
async def test_any_sql(empty: str, files: Path) -> None:
    """A file is handed to PostgreSQL as it is: functions, percent signs, any letter."""
    (files / "0003-three.sql").write_text(
        """-- Привет; 100 %
        CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $body$
        BEGIN RETURN 'a;b%s ы'; END; $body$;
        INSERT INTO one VALUES (7);""",
        "utf-8",
    )
    await migrate(empty, reactor, files)
    assert ask(empty, "SELECT f()") == ["a;b%s ы"]


@pytest_twisted.ensureDeferred
async def test_two_at_once(empty: str) -> None:
    """Of two that migrate at once, one applies and the other finds nothing to do."""
    both = [Deferred.fromCoroutine(migrate(empty, reactor)) for _ in range(2)]
    number = len(list(DIRECTORY.glob("*.sql")))
    assert sorted(await gatherResults(both)) == [0, number]


@pytest_twisted.ensureDeferred
async def test_waits_for_another_process(empty: str, files: Path) -> None:
    """While another process holds the lock, nothing is applied."""
    other = psycopg2.connect(empty)
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (0x63736D73,))
    waits: Deferred[None] = Deferred()

    def observer(event: LogEvent) -> None:
        if "another process" in str(event.get("log_format")) and not waits.called:
            waits.callback(None)

    globalLogPublisher.addObserver(observer)
    migrating = Deferred.fromCoroutine(migrate(empty, reactor, files))
    await waits
    globalLogPublisher.removeObserver(observer)
    assert tables(empty) == set()
    other.close()
    assert await migrating == 2


@pytest_twisted.ensureDeferred
async def test_failure_leaves_nothing(empty: str, files: Path) -> None:
    """A migration that fails is named and leaves nothing; those before it stay."""
    broken = files / "0003-three.sql"
    broken.write_text("CREATE TABLE three (a int); CREATE TABLE one (a int);", "utf-8")
    with pytest.raises(MigrationFailed, match='0003-three failed: relation "one" already exists'):
        await migrate(empty, reactor, files)
    assert tables(empty) == {"one", "two"}
    broken.write_text("CREATE TABLE three (a int)", "utf-8")
    assert await migrate(empty, reactor, files) == 1


@pytest_twisted.ensureDeferred
async def test_applied_and_noted_together(empty: str, files: Path) -> None:
    """A migration that cannot be noted is not applied."""
    (files / "0003-three.sql").write_text(
        "CREATE TABLE three (a int); ALTER TABLE _yoyo_migration RENAME TO nowhere", "utf-8"
    )
    with pytest.raises(MigrationFailed):
        await migrate(empty, reactor, files)
    assert tables(empty) == {"one", "two"}
    assert await pending(empty, reactor, files) == ["0003-three"]


@pytest_twisted.ensureDeferred
async def test_newer_database(empty: str, files: Path) -> None:
    """A database that is ahead of the program is refused, and the migration named."""
    await migrate(empty, reactor, files)
    (files / "0002-two.sql").unlink()
    for attempt in (migrate, pending):
        with pytest.raises(MigrationFailed, match=r"newer than this program.*0002-two"):
            await attempt(empty, reactor, files)


@pytest_twisted.ensureDeferred
async def test_lock_row_of_a_killed_process(empty: str, files: Path) -> None:
    """A row in yoyo's lock table, which outlives its process, keeps nobody away."""
    ask(empty, "CREATE TABLE yoyo_lock (locked int PRIMARY KEY, ctime timestamp, pid int)")
    ask(empty, "INSERT INTO yoyo_lock VALUES (1, now(), 1)")
    assert await migrate(empty, reactor, files) == 2


@pytest_twisted.ensureDeferred
async def test_socket_directory_as_host(postgres_server: PostgresServer, files: Path) -> None:
    """The directory of a unix socket may stand in the place of the host."""
    name = postgres_server.create()
    host = quote(str(postgres_server.data), safe="")
    assert await migrate(f"postgresql://csms@{host}:5432/{name}", reactor, files) == 2
    postgres_server.retire(name)


@pytest_twisted.ensureDeferred
async def test_no_server(files: Path) -> None:
    """Without a server it is `Unavailable`."""
    with pytest.raises(Unavailable):
        await migrate("postgresql://nobody@/nowhere?host=/nowhere", reactor, files)


@pytest_twisted.ensureDeferred
async def test_no_such_database(postgres: str, files: Path) -> None:
    """A database that does not exist is named in the error."""
    with pytest.raises(Unavailable, match="nowhere"):
        await migrate(postgres.replace("/postgres?", "/nowhere?"), reactor, files)
