"""Our CALLs to one station: queued, in flight one at a time, settled each exactly once.

Pure: times are seconds of any one clock and are passed in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from heapq import heapify, heappop, heappush

from csms.gateway.frames import call_frame
from csms.gateway.messages import Outgoing, Phase

_REMEMBERED = 16


class Outbox:
    """At most ``limit`` CALLs wait."""

    __slots__ = ("_ended", "_limit", "_order", "_queue", "in_flight")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._order = 0
        self._queue: list[tuple[int, int, Outgoing]] = []
        self._ended: deque[tuple[str, str]] = deque(maxlen=_REMEMBERED)
        self.in_flight: Outgoing | None = None

    @property
    def waiting(self) -> int:
        """How many are queued."""
        return len(self._queue)

    def add(
        self,
        message_id: str,
        action: str,
        payload: Mapping[str, object],
        deadline: float,
        priority: int,
        token: object,
    ) -> Outgoing | None:
        """Queue a CALL; None when the queue is full."""
        if len(self._queue) >= self._limit:
            return None
        frame = call_frame(message_id, action, payload)
        outgoing = Outgoing(message_id, action, frame, deadline, token)
        self._order += 1
        heappush(self._queue, (priority, self._order, outgoing))
        return outgoing

    def next_call(self) -> Outgoing | None:
        """The CALL to send now, from here on in flight; None while one is, or none waits."""
        if self.in_flight is not None or not self._queue:
            return None
        _, _, outgoing = heappop(self._queue)
        outgoing.phase = Phase.OPEN
        self.in_flight = outgoing
        return outgoing

    def outstanding(self) -> list[Outgoing]:
        """All that are not settled, the one in flight first."""
        left = [item[2] for item in self._queue]
        if self.in_flight is not None:
            left.insert(0, self.in_flight)
        return left

    def answered(self, message_id: str) -> Outgoing | None:
        """The CALL that an answer belongs to, now settled; None: see `fate`."""
        outgoing = self.in_flight
        if outgoing is None or outgoing.id != message_id:
            return None
        self._settle(outgoing, "duplicate")
        return outgoing

    def fate(self, message_id: str) -> str:
        """What an answer to nothing in flight is: ``late``, ``duplicate`` or ``unknown``."""
        for ended, later in self._ended:
            if ended == message_id:
                return later
        return "unknown"

    def withdraw(self, outgoing: Outgoing) -> None:
        """Nobody wants the answer to ``outgoing`` any more; if it was sent, it will be late."""
        if outgoing.phase is Phase.OPEN:
            self._settle(outgoing, "late")
        elif outgoing.phase is Phase.QUEUED:
            outgoing.phase = Phase.SETTLED
            self._queue = [item for item in self._queue if item[2] is not outgoing]
            heapify(self._queue)

    def _settle(self, outgoing: Outgoing, later: str) -> None:
        """``later`` is what one more answer to it would be."""
        outgoing.phase = Phase.SETTLED
        self.in_flight = None
        self._ended.append((outgoing.id, later))
