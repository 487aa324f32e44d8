"""Where the database is, with host names looked up off the reactor's thread.

Note: why not leave that to libpq.  Its asynchronous connect looks names up synchronously, and
where a name service is down that stops everything for seconds, at every attempt.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import attrs
from psycopg2.extensions import parse_dsn
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

from csms.core.errors import Unavailable

Options = dict[str, str]


@attrs.define(eq=False)
class Address:
    """What to connect to, for everybody who connects to the same ``url``.

    ``reactor`` is an `IReactorThreads`.  However many ask at once, one thread looks.
    """

    _url: str = attrs.field(repr=False)
    _reactor: Any
    _waiting: list[Deferred[Options]] = attrs.field(factory=list, init=False)
    _looking: bool = attrs.field(default=False, init=False)

    async def options(self) -> Options:
        """libpq's connection options, with an address for every name.

        Raises `Unavailable` when a name cannot be looked up, and psycopg2's
        ``ProgrammingError`` when the URL is none.
        """
        options: Options = parse_dsn(self._url)
        if "hostaddr" in options or not any(map(_is_name, options.get("host", "").split(","))):
            return options
        waiter: Deferred[Options] = Deferred(self._waiting.remove)
        self._waiting.append(waiter)
        if not self._looking:
            self._looking = True
            looking = deferToThreadPool(
                self._reactor, self._reactor.getThreadPool(), _look, options
            )
            looking.addBoth(self._found)
        return await waiter

    def _found(self, result: Options | Failure) -> None:
        self._looking = False
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            waiter.callback(result)


def _is_name(host: str) -> bool:
    if not host or host.startswith(("/", "@")):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def _look(options: Options) -> Options:
    """A host for every address of every host; this blocks."""
    hosts = options["host"].split(",")
    ports = options.get("port", "").split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    found = [
        (host, address, port)
        for host, port in zip(hosts, ports, strict=True)
        for address in (_addresses(host) if _is_name(host) else [""])
    ]
    names, addresses, numbers = zip(*found, strict=True)
    places = {"host": names, "hostaddr": addresses, "port": numbers}
    return {**options, **{key: ",".join(values) for key, values in places.items()}}


def _addresses(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unavailable(
            f"the host name {host!r} cannot be looked up: {error.strerror}"
        ) from error
    return list(dict.fromkeys(str(place[0]) for *_, place in found))
