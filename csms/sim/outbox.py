"""Transaction messages of a charger: kept while offline, delivered in order, repeated.

Rules: OCPP 1.6 §3.7 (delivery in order of occurrence, also after an outage), §3.7.1 (a message
that the server fails to process is sent again ``attempts`` times, waiting ``retry`` longer
before each) and errata 3.18 (a start that was given up leaves transaction id -1 behind).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.sim.messages import Gone, NoAnswer, Payload, Request
from csms.sim.settings import Settings
from csms.sim.steps import Stage, Step
from csms.sim.tasks import pause

LIMIT = 5000
"""Messages a charger's storage holds; meter values beyond it are not taken."""


@attrs.define(eq=False)
class Outbox:
    """``spell`` makes a message of a step just before it leaves, None if there is none for it;
    ``answered`` takes the answers, ``dropped`` what was given up."""

    clock: IReactorTime
    settings: Settings
    spell: Callable[[Step], Request | None]
    answered: Callable[[Step, Payload], None]
    dropped: Callable[[Step, str], None]
    _steps: deque[Step] = attrs.field(factory=deque, init=False)
    draining: bool = attrs.field(default=False, init=False)
    """Whether messages are being delivered right now."""

    def __len__(self) -> int:
        return len(self._steps)

    def put(self, step: Step) -> Step:
        """Keep a step until it is delivered."""
        if step.stage is Stage.METER and len(self._steps) >= LIMIT:
            self.dropped(step, "meter values given up: storage is full")
            step.settled.happen()
        else:
            self._steps.append(step)
        return step

    def holds(self, transaction_id: str) -> bool:
        """Whether something of that transaction waits."""
        return any(step.session.known_as(transaction_id) for step in self._steps)

    async def empty(self) -> None:
        """Wait until everything is delivered or the connection is lost."""
        if self._steps:
            await self._steps[-1].settled.wait()

    def release(self) -> None:
        """The connection is lost: let go who waits for an answer; the messages stay."""
        for step in self._steps:
            step.settled.release()

    async def drain(self, call: Callable[[Request], Awaitable[Payload]]) -> None:
        """Deliver everything in order, one at a time; returns when done or offline."""
        if self.draining:
            return
        self.draining = True
        try:
            while self._steps:
                await self._deliver(self._steps[0], call)
        except Gone:
            return
        finally:
            self.draining = False

    async def _deliver(self, step: Step, call: Callable[[Request], Awaitable[Payload]]) -> None:
        request = self.spell(step)
        if request is None:
            self._steps.popleft()
            step.settled.happen()
            return
        try:
            payload = await call(request)
        except Gone:
            # The server may have it already: the same content comes again, which it must notice.
            raise
        except NoAnswer as error:
            step.attempts += 1
            if step.attempts < self.settings.attempts:
                await pause(self.clock, self.settings.retry_s * step.attempts)
                return
            self._steps.popleft()
            if step.stage is Stage.START and step.session.transaction_id is None:
                step.session.transaction_id = -1
            self.dropped(step, f"{request.action} given up: {error}")
        else:
            self._steps.popleft()
            self.answered(step, payload)
        step.settled.happen()
