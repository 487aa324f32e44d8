"""The steps of a charger's sessions on their way to the server, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs
from twisted.internet.interfaces import IReactorTime

from csms.sim.authorization import Authorization
from csms.sim.connector import Sample, Session
from csms.sim.events import EventLog
from csms.sim.findings import Kind, TransactionIds
from csms.sim.language import Speech
from csms.sim.messages import Payload, Request
from csms.sim.outbox import Outbox
from csms.sim.presence import ACCEPTED, Presence
from csms.sim.settings import Settings
from csms.sim.steps import Stage, Step
from csms.sim.tasks import Tasks


@attrs.define(eq=False)
class Transactions:
    """``refused`` is told of sessions whose tag the server refuses after all."""

    clock: IReactorTime
    speech: Speech
    settings: Settings
    events: EventLog
    presence: Presence
    authorization: Authorization
    tasks: Tasks
    report: Callable[[Kind, str], None]
    ids: TransactionIds
    refused: Callable[[Session], None]
    outbox: Outbox = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.outbox = Outbox(self.clock, self.settings, self._spell, self._answered, self._dropped)

    def tell(
        self,
        stage: Stage,
        session: Session,
        trigger: str,
        at: datetime,
        *,
        sample: Sample | None = None,
        state: str | None = None,
    ) -> Step:
        """Queue a step, which is delivered when that is possible; see `Step`."""
        sampled = self.settings.stop_sampled if stage is Stage.STOP else self.settings.sampled
        step = Step(
            stage,
            session,
            at,
            trigger,
            sampled,
            sample,
            state,
            number=session.steps,
            offline=not self.presence.online,
            charged_s=round(session.charged_s),
        )
        session.steps += 1
        self.outbox.put(step)
        if step.offline:
            self.events.note("queued", f"offline: {len(self.outbox)} messages wait")
        self.pump()
        return step

    async def heard(self, step: Step) -> None:
        """Wait until the server has answered a step, not while offline."""
        if self.presence.online:
            await step.settled.wait()

    def pump(self) -> None:
        """Deliver what waits if that is possible and not under way."""
        if self.presence.online and not self.outbox.draining:
            self.tasks.start(self.outbox.drain(self.presence.call))

    # Inside

    def _spell(self, step: Step) -> Request | None:
        return self.speech.language.tell(step)

    def _answered(self, step: Step, answer: Payload) -> None:
        session = step.session
        heard = self.speech.language.heard(step, answer)
        if heard.verdict is not None:
            session.verdict = heard.verdict.status
            self.authorization.remember(session.tag, heard.verdict)
        if step.stage is Stage.STOP:
            self.events.note("stop_answered", "stop answered", session=session)
            return
        if step.stage is Stage.START:
            self._started(session, heard.transaction_id)
        if heard.verdict is not None and heard.verdict.status != ACCEPTED:
            self.refused(session)

    def _started(self, session: Session, transaction_id: int | None) -> None:
        if transaction_id is not None:
            problem = self.ids.problem(transaction_id)
            if problem is not None:
                self.report(Kind.BAD_TRANSACTION_ID, problem)
            session.transaction_id = transaction_id
        self.events.note(
            "start_answered",
            f"connector {session.connector_id}: transaction {session.transaction_id}, "
            f"tag {session.verdict or 'not judged'}",
            connector=session.connector_id,
            session=session,
        )

    def _dropped(self, step: Step, text: str) -> None:
        self.events.note("dropped", text, session=step.session)
        self.report(Kind.MESSAGE_DROPPED, text)
