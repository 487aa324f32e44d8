"""Checks passwords without stopping the world, and remembers which were right.

A storm of thousands of stations that reconnect must not cost a slow hash each, so what was
verified once is recognised by a fast keyed hash, whose key lives and dies with the process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import blake2b
from os import urandom

import attrs
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from csms.core.credentials import verify_password

Verify = Callable[[str, bytes], Awaitable[bool]]
"""Whether a password is the one of a stored hash; slow."""

_CAPACITY = 50_000
# Nothing hashes to nulls; what is compared with it takes as long as what is compared with a hash.
_DECOY = f"scrypt$4096$8$1${'A' * 22}==${'A' * 43}="


def verify_in_pool(reactor: IReactorFromThreads, pool: ThreadPool) -> Verify:
    """Verify in the threads of ``pool``: scrypt lets go of the interpreter while it computes."""

    def verify(stored: str, presented: bytes) -> Awaitable[bool]:
        return deferToThreadPool(reactor, pool, verify_password, stored, presented)

    return verify


@attrs.define
class Keys:
    """The passwords that were right lately."""

    _verify: Verify
    _salt: bytes = attrs.field(factory=lambda: urandom(32), init=False, repr=False)
    _right: dict[bytes, None] = attrs.field(factory=dict, init=False, repr=False)

    def remembers(self, stored: str, presented: bytes) -> bool:
        """Whether ``presented`` is known to be the password of ``stored``; costs nothing."""
        return self._mark(stored, presented) in self._right

    async def fits(self, stored: str | None, presented: bytes) -> bool:
        """Whether ``presented`` is the password of ``stored``.

        None, for a station that does not exist or has none, fits nothing and takes as long.
        """
        if not await self._verify(stored or _DECOY, presented) or stored is None:
            return False
        self._right[self._mark(stored, presented)] = None
        while len(self._right) > _CAPACITY:
            del self._right[next(iter(self._right))]
        return True

    def _mark(self, stored: str, presented: bytes) -> bytes:
        return blake2b(stored.encode() + b"\0" + presented, key=self._salt, digest_size=16).digest()
