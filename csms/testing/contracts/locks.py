"""The contract of `csms.core.ports.ILocks`."""

from __future__ import annotations

import pytest
from zope.interface.verify import verifyObject

from csms.core.ports import ILocks
from csms.testing.waiting import waits


class LocksContract:
    """Mixed into a test class that has a fixture ``processes``: the locks of two processes of
    one cluster."""

    def test_provides(self, processes: tuple[ILocks, ILocks]) -> None:
        """It provides the port."""
        assert verifyObject(ILocks, processes[0])

    @waits
    async def test_one_holder(self, processes: tuple[ILocks, ILocks]) -> None:
        """Only one process gets a lock, and keeps it however often it asks."""
        ours, theirs = processes
        assert await ours.hold("a")
        assert not await theirs.hold("a")
        assert await ours.hold("a")

    @waits
    async def test_locks_are_apart(self, processes: tuple[ILocks, ILocks]) -> None:
        """Locks of different names have nothing to do with each other."""
        ours, theirs = processes
        assert await ours.hold("a")
        assert await theirs.hold("b")

    @pytest.mark.parametrize("times", [1, 3])
    @waits
    async def test_released(self, processes: tuple[ILocks, ILocks], times: int) -> None:
        """One release lets go, however often the lock was asked for."""
        ours, theirs = processes
        for _ in range(times):
            await ours.hold("a")
        await ours.release("a")
        assert await theirs.hold("a")

    @waits
    async def test_release_of_what_is_not_held(self, processes: tuple[ILocks, ILocks]) -> None:
        """A process cannot let go of another's lock."""
        ours, theirs = processes
        assert await ours.hold("a")
        await theirs.release("a")
        assert not await theirs.hold("a")
