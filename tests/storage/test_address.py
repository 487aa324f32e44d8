"""Where the database is: names become addresses, off the reactor's thread."""

from __future__ import annotations

import psycopg2
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, gatherResults

from csms.core.errors import Unavailable
from csms.storage.address import Address


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@/d?host=/run/postgresql&port=5433",
        "postgresql://u:secret@10.0.0.1:5432/d?sslmode=require",
        "postgresql://u@[::1]:5432,/d",
        "host=db hostaddr=10.0.0.1 dbname=d",
        "dbname=d",
    ],
)
@pytest_twisted.ensureDeferred
async def test_nothing_to_look_up(url: str) -> None:
    """Socket directories and addresses are left as they are."""
    assert await Address(url, reactor).options() == psycopg2.extensions.parse_dsn(url)


@pytest_twisted.ensureDeferred
async def test_a_name() -> None:
    """A name is given with each of its addresses, and is still known to TLS by its name."""
    options = await Address("postgresql://u@localhost:5432/d", reactor).options()
    hosts, addresses = options["host"].split(","), options["hostaddr"].split(",")
    assert set(hosts) == {"localhost"}
    assert set(addresses) <= {"127.0.0.1", "::1"}
    assert len(hosts) == len(addresses) == len(options["port"].split(","))
    assert (options["user"], options["dbname"]) == ("u", "d")


@pytest_twisted.ensureDeferred
async def test_several_hosts() -> None:
    """Of several hosts those with a name are looked up, each keeps its port."""
    url = "postgresql://u@10.0.0.1:1,localhost:2,10.0.0.2:3/d"
    options = await Address(url, reactor).options()
    keys = ("host", "hostaddr", "port")
    places = list(zip(*(options[key].split(",") for key in keys), strict=True))
    assert places[0] == ("10.0.0.1", "", "1")
    assert places[-1] == ("10.0.0.2", "", "3")
    assert {(host, port) for host, _, port in places[1:-1]} == {("localhost", "2")}


@pytest_twisted.ensureDeferred
async def test_unknown_name() -> None:
    """A name that nobody knows is `Unavailable`, and named."""
    address = Address("postgresql://u@csms.invalid/d", reactor)
    asked = [Deferred.fromCoroutine(address.options()) for _ in range(3)]
    asked.pop().addErrback(lambda failure: failure.trap(CancelledError)).cancel()
    with pytest.raises(Unavailable, match=r"'csms\.invalid'"):
        await asked[0]
    with pytest.raises(Unavailable):
        await asked[1]


@pytest_twisted.ensureDeferred
async def test_asked_again() -> None:
    """Every round of questions looks anew."""
    address = Address("postgresql://u@localhost/d", reactor)
    first = await gatherResults(
        [Deferred.fromCoroutine(address.options()), Deferred.fromCoroutine(address.options())]
    )
    assert first[0] == first[1] == await address.options()


@pytest_twisted.ensureDeferred
async def test_no_url() -> None:
    """What is no connection string is psycopg2's error."""
    with pytest.raises(psycopg2.ProgrammingError):
        await Address("postgresql://u@h/d?nonsense=1", reactor).options()
