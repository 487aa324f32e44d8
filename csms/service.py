"""The composition: makes every part from the settings, starts them in order, stops them in
reverse.  It knows everybody; nobody knows it.

The order of the start: database, API (which says 503 until the rest is there), schema, pipeline,
and stations last.  The order of the stop: stations first, database last.
"""

from __future__ import annotations

import gc
import re
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
from twisted.application.service import IService, Service
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from csms.config import Config
from csms.core.errors import Refusal, Unavailable
from csms.core.values import DEFAULT_OPERATOR, ApiToken
from csms.parts import Parts, now
from csms.process import fail
from csms.storage import embedded, migrate
from csms.storage.api_tokens import PostgresApiTokens
from csms.storage.embedded import Embedded
from csms.storage.pool import Pool

RETRY_S = 2.0
LEAST_STOP_S = 0.5
"""What a part has to stop even when the others took all the time."""


def make_service(config: Config) -> IService:
    """The product as one service, on the reactor of the process."""
    # Imported here, since importing it installs it.
    from twisted.internet import reactor  # noqa: PLC0415

    return Csms(config=config, reactor=reactor)


async def run_migrations(config: Config) -> int:
    """Bring the schema up to date; the number of migrations applied."""
    from twisted.internet import reactor  # noqa: PLC0415

    async with _database(config, reactor, shared=True) as url:
        return await migrate.migrate(url, reactor)


async def create_api_token(
    config: Config, name: str, role: str, expires_at: datetime | None, operator_id: int
) -> tuple[ApiToken, str]:
    """Make an API token; the token and its secret."""
    from twisted.internet import reactor  # noqa: PLC0415

    async with _database(config, reactor, shared=True) as url:
        await migrate.migrate(url, reactor)
        pool = Pool(url=url, reactor=reactor, size=1)
        pool.startService()
        try:
            await pool.wait_ready()
            return await PostgresApiTokens(pool, now).create(name, role, operator_id, expires_at)
        finally:
            await pool.stopService()


@asynccontextmanager
async def _database(config: Config, reactor: Any, *, shared: bool) -> AsyncIterator[str]:
    """The URL of the database: the one configured, or our own, started for us alone unless
    ``shared`` with a server that runs it."""
    state = Path(config.server.state_directory)
    if url := config.database.url or (embedded.running(state) if shared else None):
        yield url
        return
    own = Embedded(state=state, reactor=reactor, binaries=config.database.binaries)
    url = await own.start()
    try:
        yield url
    finally:
        await own.stop()


@attrs.define(eq=False, kw_only=True)
class Csms(Service):
    """The product.  Everything it started is on a stack, to be stopped from the top."""

    config: Config
    reactor: Any
    _started: AsyncExitStack = attrs.field(factory=AsyncExitStack, init=False)
    _starting: Deferred[None] | None = attrs.field(default=None, init=False)
    _deadline: float = attrs.field(default=0.0, init=False)
    _log: Logger = attrs.field(factory=Logger, init=False)

    def startService(self) -> None:
        """Begin to start; a start that fails stops the process."""
        super().startService()
        self._starting = Deferred.fromCoroutine(self._start())
        self._starting.addErrback(self._failed)

    def stopService(self) -> Deferred[None]:
        """Stop everything in reverse order of the start."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self._deadline = self.reactor.seconds() + self.config.server.shutdown_timeout_s
        if self._starting is not None:
            self._starting.cancel()
        await self._started.aclose()
        self._log.info("csms has stopped", event="stopped")

    def _failed(self, failure: Failure) -> None:
        if failure.check(CancelledError):
            return
        if not failure.check(Refusal, OSError, CannotListenError):
            self._log.failure("csms cannot start", failure=failure)
        fail(self.reactor, f"cannot start: {failure.getErrorMessage()}")

    async def _begin(self, part: Service) -> None:
        """Start a part; it is stopped when its turn comes."""
        part.startService()
        self._started.push_async_callback(self._ended, part)

    async def _ended(self, part: Service) -> None:
        """Stop a part, within what is left of the time for all."""
        left = max(self._deadline - self.reactor.seconds(), LEAST_STOP_S)
        stopping = maybeDeferred(part.stopService)
        try:
            await stopping.addTimeout(left, self.reactor)
        except Exception:  # noqa: BLE001 - whatever it is, the others are to be stopped too
            self._log.failure("stopping {part} failed", part=type(part).__name__)

    async def _start(self) -> None:
        config, reactor = self.config, self.reactor
        url = await self._started.enter_async_context(_database(config, reactor, shared=False))
        pool = Pool(url=url, reactor=reactor, size=config.database.pool_size)
        await self._begin(pool)
        parts = Parts.make(config, reactor, pool)
        self._started.push_async_callback(parts.tasks.drain, 1.0)
        if parts.api is not None:
            await self._begin(parts.api)
        await self._until_there(lambda: self._migrated(url))
        parts.migrated = True
        if parts.presence is not None:
            await self._until_there(parts.presence.begin)
        for part in parts.pipeline:
            await self._begin(part)
        if parts.gateway is not None:
            await self._begin(parts.gateway)
        # What lives as long as the process need not be looked at by each collection, and a batch
        # of reports makes more objects than Python's threshold of 700: fewer, larger collections
        # save a tenth of the CPU.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        await self._announce(parts)

    async def _until_there(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do it again until the database is there to do it with."""
        while True:
            try:
                await work()
            except Unavailable as gone:
                self._log.warn("waiting for the database: {reason}", reason=gone.detail)
                await deferLater(self.reactor, RETRY_S)
            else:
                return

    async def _migrated(self, url: str) -> None:
        if self.config.database.migrate_at_start:
            await migrate.migrate(url, self.reactor)
            return
        if missing := await migrate.pending(url, self.reactor):
            raise Refusal(f"{len(missing)} migrations are pending; run csms migrate")

    async def _announce(self, parts: Parts) -> None:
        """Say where things are: as a log event, and on a terminal for who started it by hand."""
        urls = {"ocpp_url": "", "api_url": ""}
        if parts.gateway is not None:
            urls["ocpp_url"] = _url(self.config.ocpp.endpoint, parts.gateway.port, "ws", "/ocpp/")
        if parts.api is not None:
            port = getattr(parts.api.port().getHost(), "port", None)
            urls["api_url"] = _url(self.config.api.endpoint, port, "http", "/api/v1")
        secret = None
        if self.config.api.token_file and parts.api is not None:
            secret = await _kept_token(Path(self.config.api.token_file), parts.api_tokens)
        self._log.info("csms is up: {ocpp_url} {api_url}", event="up", **urls)
        if self.config.log.format == "console" and secret is not None and sys.__stdout__:
            sys.__stdout__.write(
                _BANNER.format(secret=secret, bin=Path(sys.executable).parent, **urls)
            )
            sys.__stdout__.flush()


_BANNER = """
  Chargers connect to   {ocpp_url}<identity>
  The API               {api_url}   (to browse: {api_url}/docs)
  API token             {secret}
  A simulated charger   {bin}/csms simulate --url {ocpp_url}

"""


def _url(endpoint: str, port: int | None, scheme: str, path: str) -> str:
    """Where that is reached from this host; a unix socket has no URL and is told as it is."""
    if port is None:
        return endpoint
    interface = re.search(r"interface=([^:]+)", endpoint)
    host = interface[1] if interface else socket.gethostname()
    return f"{scheme}://{host}:{port}{path}"


async def _kept_token(path: Path, tokens: PostgresApiTokens) -> str:
    """The API token of that file, made anew if it is not good (any more)."""
    if path.is_file():
        secret = path.read_text("utf-8").strip()
        if await tokens.verify(secret) is not None:
            return secret
    _, secret = await tokens.create("development", "admin", DEFAULT_OPERATOR)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(f"{secret}\n", "utf-8")
    return secret
