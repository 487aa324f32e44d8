"""Passwords are checked slowly once and recognised quickly afterwards."""

from __future__ import annotations

from collections.abc import Awaitable

import attrs
from twisted.internet.defer import succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.threadpool import ThreadPool

from csms.core.credentials import Cost, hash_password, verify_password
from csms.gateway.keys import Keys, verify_in_pool
from csms.testing.waiting import waits

STORED = hash_password("secret", Cost(n=2, r=1, p=1))


@attrs.define
class Verifier:
    """Counts what is verified."""

    asked: list[tuple[str, bytes]] = attrs.field(factory=list)

    def __call__(self, stored: str, presented: bytes) -> Awaitable[bool]:
        self.asked.append((stored, presented))
        return succeed(verify_password(stored, presented))


@waits
async def test_right_password_is_remembered() -> None:
    """It costs nothing the next time."""
    keys = Keys(Verifier())
    assert not keys.remembers(STORED, b"secret")
    assert await keys.fits(STORED, b"secret")
    assert keys.remembers(STORED, b"secret")


@waits
async def test_wrong_password_is_not() -> None:
    """A wrong one is verified again each time."""
    keys = Keys(Verifier())
    assert not await keys.fits(STORED, b"wrong")
    assert not keys.remembers(STORED, b"wrong")


@waits
async def test_a_new_password_ends_the_old_one() -> None:
    """What was right for another hash is nothing for this one."""
    keys = Keys(Verifier())
    await keys.fits(STORED, b"secret")
    assert not keys.remembers(hash_password("secret", Cost(n=2, r=1, p=1)), b"secret")


@waits
async def test_nothing_fits_no_password() -> None:
    """For a station that does not exist it takes as long, and fails."""
    verifier = Verifier()
    keys = Keys(verifier)
    assert not await keys.fits(None, b"secret")
    ((stored, _),) = verifier.asked
    assert stored.split("$")[:4] == hash_password("x").split("$")[:4]
    assert not verify_password(stored, b"")


@waits
async def test_memory_is_bounded() -> None:
    """The oldest are forgotten."""

    async def right(stored: str, presented: bytes) -> bool:
        return True

    keys = Keys(right)
    for number in range(50_001):
        await keys.fits(STORED, b"%d" % number)
    assert not keys.remembers(STORED, b"0")
    assert keys.remembers(STORED, b"1")


@waits
async def test_verified_in_a_thread() -> None:
    """The reactor does not wait for a slow hash."""
    from twisted.internet import reactor

    threads = IReactorFromThreads(reactor)
    pool = ThreadPool(1, 1, "keys")
    pool.start()
    try:
        verify = verify_in_pool(threads, pool)
        assert await verify(STORED, b"secret")
        assert not await verify(STORED, b"wrong")
    finally:
        pool.stop()
