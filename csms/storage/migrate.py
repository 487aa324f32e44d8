"""Bringing the database to the shape this program needs.

Migrations are the files ``migrations/NNNN-name.sql``, applied in the order of their names,
each in a transaction of its own together with the note that it was applied; there is no way
back.  yoyo-migrations finds them and keeps the books (the tables ``_yoyo_...``).

Note: what of yoyo is replaced, and why.  Its lock is a row that a killed process leaves behind
for ever; PostgreSQL's advisory lock, which ends with its connection, keeps processes apart
instead.  It notes a migration in another transaction than it applies it, so that being killed
between the two would break the next start.  It cuts the file into statements and prints their
results; PostgreSQL takes the file as it is.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import psycopg2
from twisted.internet.interfaces import IReactorThreads
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlBackend
from yoyo.connections import DatabaseURI
from yoyo.migrations import Migration

from csms.core.errors import Refusal, Unavailable
from csms.storage.wire import is_gone, reason

T = TypeVar("T")

DIRECTORY = Path(__file__).with_name("migrations")
OLDEST_POSTGRES = 14

_BOOKS = "_yoyo_migration"
_LOCK_KEY = 0x63736D73
_LOCK_DELAY_S = 0.1
_CONNECT_TIMEOUT_S = 5

_log = Logger()


class MigrationFailed(Refusal):
    """The database cannot be brought to the shape this program needs; ``detail`` says why."""

    code = "migration_failed"


async def migrate(url: str, reactor: Any, directory: Path = DIRECTORY) -> int:
    """Apply what is missing; how many migrations that were.

    ``reactor`` is an `IReactorThreads` and `IReactorTime`.  Several processes may do this at
    once: one applies, the others wait for it and find nothing to do.  Raises `Unavailable`
    when there is no database to talk to, and `MigrationFailed` when a migration fails (then
    nothing of it is left), when the database has migrations that this program does not know,
    or when PostgreSQL is too old.
    """
    with closing(await _in_thread(reactor, lambda: _connect(url))) as lock:
        waiting = False
        while not await _in_thread(reactor, lambda: _locked(lock)):
            if not waiting:
                waiting = True
                _log.info("another process is migrating the database, waiting for it")
            await deferLater(reactor, _LOCK_DELAY_S)
        applied = await _in_thread(reactor, lambda: apply(url, directory))
    for name in applied:
        _log.info("database migration {migration} applied", migration=name)
    return len(applied)


async def pending(url: str, reactor: Any, directory: Path = DIRECTORY) -> list[str]:
    """Names of the migrations that `migrate` would apply.  Changes nothing, raises as it does."""
    return await _in_thread(reactor, lambda: _pending(url, directory))


async def _in_thread(reactor: IReactorThreads, work: Callable[[], T]) -> T:
    """psycopg2 blocks, so it works in a thread; its errors are told as ours."""
    try:
        return await deferToThreadPool(reactor, reactor.getThreadPool(), work)
    except psycopg2.Error as error:
        if is_gone(error):
            raise Unavailable(f"the database is gone: {reason(error)}") from error
        raise MigrationFailed(f"the database cannot be migrated: {reason(error)}") from error


def _connect(url: str) -> psycopg2.extensions.connection:
    # A time limit in the URL wins over ours, for libpq takes the last one.
    options = {"connect_timeout": _CONNECT_TIMEOUT_S, **psycopg2.extensions.parse_dsn(url)}
    connection: psycopg2.extensions.connection = psycopg2.connect(**options)
    connection.autocommit = True
    if connection.server_version < OLDEST_POSTGRES * 10_000:
        version = connection.server_version // 10_000
        connection.close()
        raise MigrationFailed(
            f"PostgreSQL {version} is too old: {OLDEST_POSTGRES} or newer is needed"
        )
    return connection


def _locked(connection: psycopg2.extensions.connection) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK_KEY,))
        row = cursor.fetchone()
        return row is not None and bool(row[0])


class _Books(PostgresqlBackend):  # type: ignore[misc]  # yoyo has no types
    """yoyo's tables in our database."""

    def connect(self, dburi: DatabaseURI) -> psycopg2.extensions.connection:
        url: str = dburi.args["url"]
        return _connect(url)

    def lock(self, timeout: float = 0) -> AbstractContextManager[None]:  # noqa: ARG002  # its own
        return nullcontext()

    def apply(self, migration: Migration) -> None:
        """Run a migration and note it, both or neither."""
        text = Path(migration.path).read_text(encoding="utf-8")
        try:
            with self.transaction(), self.cursor() as cursor:
                cursor.execute(text)
                self.mark_one(migration, log=False)
        except psycopg2.Error as error:
            if is_gone(error):
                raise
            raise MigrationFailed(
                f"database migration {migration.id} failed: {reason(error)}"
            ) from error


def _open_books(url: str) -> _Books:
    return _Books(DatabaseURI("postgresql", None, None, None, None, None, {"url": url}), _BOOKS)


def apply(url: str, directory: Path = DIRECTORY) -> list[str]:
    """Apply what is missing, here and now (it blocks), with nothing to keep others away."""
    with _open_books(url) as books:
        books.ensure_internal_schema_updated()
        missing = _missing(books, directory)
        for migration in missing:
            books.apply(migration)
        return [migration.id for migration in missing]


def _pending(url: str, directory: Path) -> list[str]:
    with _open_books(url) as books:
        return [migration.id for migration in _missing(books, directory)]


def _missing(books: _Books, directory: Path) -> list[Migration]:
    known = sorted(_read(directory), key=lambda migration: str(migration.id))
    applied = set()
    if _BOOKS in books.list_tables():
        rows = books.execute(f"SELECT migration_id FROM {_BOOKS}")  # the name is a constant
        applied = {row[0] for row in rows.fetchall()}
    unknown = applied - {migration.id for migration in known}
    if unknown:
        raise MigrationFailed(
            "the database is newer than this program: it has the migration"
            f" {max(unknown)}, which this program does not know"
        )
    return [migration for migration in known if migration.id not in applied]


def _read(directory: Path) -> Iterable[Migration]:
    found = read_migrations(glob.escape(str(directory)))
    return (migration for migration in found if migration.is_raw_sql())
