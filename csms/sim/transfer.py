"""Files that a charger fetches and stores over HTTP: firmware, logs, diagnostics."""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import attrs
from twisted.internet.defer import Deferred, maybeDeferred

SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes of the largest file that is fetched."""
WAIT_S = 60.0
"""How long one attempt may take."""
NOT_PUT = frozenset({400, 403, 404, 405, 409, 411, 415, 501})
"""Statuses upon which POST is tried: a server may take uploads so as well."""
DENIED = frozenset({401, 403})


class TransferError(Exception):
    """A file could not be moved."""


class SchemeError(TransferError):
    """This charger cannot speak that protocol."""


class DeniedError(TransferError):
    """The server does not let us."""


class Transfer(Protocol):
    """Moves files; `HttpTransfer` is the real one."""

    async def fetch(self, url: str) -> bytes:
        """The content of a file; raises `TransferError`."""

    async def store(self, url: str, name: str, content: bytes) -> None:
        """Store a file under the URL, with its name if that ends with a slash.

        Raises `TransferError`.
        """


def _http_only(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise SchemeError(f"no URL: {error}") from error
    if not good:
        raise SchemeError(f"this charger speaks HTTP only, not {parts.scheme[:20]!r}")


@attrs.define(eq=False)
class HttpTransfer:
    """Transfers over HTTP and HTTPS, with GET, PUT and POST."""

    reactor: Any
    _client: Any = attrs.field(default=None, init=False)

    async def fetch(self, url: str) -> bytes:
        """See `Transfer`."""
        _http_only(url)
        chunks: list[bytes] = []
        size = 0

        def collect(chunk: bytes) -> None:
            nonlocal size
            size += len(chunk)
            if size > SIZE_LIMIT:
                raise TransferError(f"more than {SIZE_LIMIT} bytes")
            chunks.append(chunk)

        response = await self._ask("GET", url)
        if response.code != 200:
            await self._drain(response)
            raise TransferError(f"HTTP {response.code}")
        await self._in_time(response.collect(collect))
        return b"".join(chunks)

    async def store(self, url: str, name: str, content: bytes) -> None:
        """See `Transfer`; POST is tried when PUT is not to the server's liking."""
        _http_only(url)
        if url.endswith("/"):
            url += quote(name)
        response = await self._ask("PUT", url, content)
        await self._drain(response)
        if response.code in NOT_PUT:
            response = await self._ask("POST", url, content)
            await self._drain(response)
        if response.code in DENIED:
            raise DeniedError(f"HTTP {response.code}")
        if not 200 <= response.code < 300:
            raise TransferError(f"HTTP {response.code}")

    async def _ask(self, method: str, url: str, content: bytes | None = None) -> Any:
        client = self._treq()
        headers = {} if content is None else {"Content-Type": "application/octet-stream"}
        asked = maybeDeferred(
            client.request, method, url, data=content, headers=headers, unbuffered=True
        )
        return await self._in_time(asked)

    async def _drain(self, response: Any) -> None:
        """Read the rest, or the connection would stay open."""
        await self._in_time(response.collect(lambda _: None))

    async def _in_time(self, work: Deferred[Any]) -> Any:
        try:
            return await work.addTimeout(WAIT_S, self.reactor)
        except TransferError:
            raise
        except Exception as error:
            # Whatever a network can do: the charger has no file, and says so.
            raise TransferError(f"{type(error).__name__}: {error}"[:200]) from error

    def _treq(self) -> Any:
        if self._client is None:
            # Only for those who move files: it takes a while to import.
            from treq.client import HTTPClient  # noqa: PLC0415 - see above
            from twisted.web.client import Agent  # noqa: PLC0415 - see above

            self._client = HTTPClient(Agent(self.reactor, connectTimeout=10.0))
        return self._client
