"""A charger's end of OCPP-J (1.6-J §4): frames, correlation, one open CALL per direction.

Deliberately shares nothing with the server's own end: the simulator is to find the server's
mistakes, so it must not repeat them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from uuid import uuid4

import attrs
import orjson
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from csms.sim.error_codes import code_of, spelled
from csms.sim.findings import Kind
from csms.sim.messages import (
    BENT_NOT,
    CALL,
    ERROR,
    RESULT,
    RESULT_ERROR,
    SEND,
    Answer,
    Bender,
    Bent,
    BentAnswer,
    Fault,
    Gone,
    Illegal,
    NoAnswer,
    Payload,
    Refused,
    Request,
    TimedOut,
)
from csms.sim.schema import Schemas

ID_LIMIT = 36
_REMEMBERED = 32


@attrs.define(eq=False)
class _Call:
    request: Request
    done: Deferred[Payload]
    id: str = ""
    sent_at: float = 0.0
    timer: IDelayedCall | None = None
    bent: Bent | None = None

    @property
    def name(self) -> str:
        """What a finding calls it."""
        return self.request.action + (f" ({self.bent.name})" if self.bent else "")

    def end(self, outcome: Payload | NoAnswer) -> None:
        """Tell who waits for the answer, unless that was given up."""
        if self.done.called:
            return
        if isinstance(outcome, NoAnswer):
            self.done.errback(outcome)
        else:
            self.done.callback(outcome)


@attrs.define(eq=False)
class Rpc:
    """The messages of one connection.

    ``serve`` answers a CALL of the server, which was checked against its schema; ``report``
    takes findings; ``latency`` the seconds that each answer took.
    """

    log = Logger()

    clock: IReactorTime
    schemas: Schemas
    codes: frozenset[str]
    send: Callable[[bytes], None]
    serve: Callable[[str, Payload], Answer | Fault]
    report: Callable[[Kind, str], None]
    latency: Callable[[float], None]
    timeout_s: float = 30.0
    answer_delay_s: float = 0.0
    extended: bool = False
    """Whether there are SEND and CALLRESULTERROR (OCPP 2.1)."""
    bender: Bender | None = None
    _waiting: deque[_Call] = attrs.field(factory=deque, init=False)
    _open: _Call | None = attrs.field(default=None, init=False)
    _past: deque[str] = attrs.field(factory=lambda: deque(maxlen=_REMEMBERED), init=False)
    _heard: deque[str] = attrs.field(factory=lambda: deque(maxlen=_REMEMBERED), init=False)
    _serving: set[IDelayedCall] = attrs.field(factory=set, init=False)
    _late: set[IDelayedCall] = attrs.field(factory=set, init=False)
    """Answers that will come after the server has given them up."""
    _closed: bool = attrs.field(default=False, init=False)

    def call(self, request: Request) -> Deferred[Payload]:
        """Send a message when those before it are answered.

        Fires with the answer's payload, which is legal by the schema; fails with `NoAnswer`.
        Cancelling gives up the message if it is unsent, else its answer.
        """
        if self._closed:
            return fail(Gone("not connected"))
        call = _Call(request, Deferred(self._give_up))
        self._waiting.append(call)
        self._pump()
        return call.done

    def tell(self, request: Request) -> None:
        """Send a message that has no answer (OCPP 2.1: SEND)."""
        if not self._closed:
            self.send(orjson.dumps([SEND, str(uuid4()), request.action, request.payload]))

    def receive(self, data: bytes) -> None:
        """Take a text frame of the server; never raises."""
        try:
            frame = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            self.report(Kind.BAD_FRAME, f"not JSON: {error}")
            return
        match frame:
            case [2, str(id_), str(action), dict(payload)] if 0 < len(id_) <= ID_LIMIT:
                self._called(id_, action, payload)
            case [3, str(id_), payload]:
                self._answered(id_, payload)
            case [4, str(id_), str(code), str(description), dict()]:
                self._refused(id_, code, description)
            case [5, str(), str(code), str(description), dict()] if self.extended:
                text = f"{code[:50]} {description[:150]!r}"
                self.report(Kind.RESULT_REFUSED, f"an answer of ours was refused: {text}")
            case _:
                self._garbled(frame)

    def close(self) -> None:
        """The connection is gone: every message without an answer fails with `Gone`."""
        self._closed = True
        for timer in (*self._serving, *self._late):
            timer.cancel()
        self._serving.clear()
        self._late.clear()
        calls = list(self._waiting)
        self._waiting.clear()
        if self._open is not None:
            calls.insert(0, self._open)
            self._settled()
        for call in calls:
            call.end(Gone("the connection broke"))

    # Messages of the charger

    def _pump(self) -> None:
        if self._open is not None or not self._waiting or self._closed:
            return
        call = self._open = self._waiting.popleft()
        call.id = str(uuid4())
        call.sent_at = self.clock.seconds()
        call.timer = self.clock.callLater(self.timeout_s, self._timed_out)
        if self.bender is not None:
            call.bent = self.bender.bend(call.request, call.id)
        if call.bent is None:
            self.send(orjson.dumps([CALL, call.id, call.request.action, call.request.payload]))
            return
        call.id = call.bent.id
        for frame in call.bent.frames:
            self.send(frame)

    def _settled(self) -> _Call:
        """End the open CALL; its id is remembered to recognise a second answer."""
        call = self._open
        assert call is not None
        self._open = None
        self._past.append(call.id)
        if call.timer is not None and call.timer.active():
            call.timer.cancel()
        return call

    def _timed_out(self) -> None:
        call = self._settled()
        self.report(Kind.MISSING_ANSWER, f"{call.name} unanswered for {self.timeout_s:g} s")
        call.end(TimedOut(f"no answer to {call.request.action}"))
        self._pump()

    def _give_up(self, done: Deferred[Payload]) -> None:
        """Drop an unsent message; one that is sent keeps its place until it is answered."""
        for call in self._waiting:
            if call.done is done:
                self._waiting.remove(call)
                return

    def _is_open(self, id_: str) -> bool:
        return self._open is not None and self._open.id == id_

    def _provoked(self, id_: str) -> bool:
        """Whether it answers what was no message of the standard."""
        return not self._is_open(id_) and self.bender is not None and self.bender.provoked(id_)

    def _expected(self, id_: str) -> bool:
        if self._is_open(id_):
            return True
        known = "a message answered or given up before" if id_ in self._past else "no message"
        self.report(Kind.UNSOLICITED_ANSWER, f"answer {id_[:ID_LIMIT]!r} belongs to {known}")
        return False

    def _answered(self, id_: str, payload: object) -> None:
        if self._provoked(id_) or not self._expected(id_):
            return
        call = self._settled()
        action = call.request.action
        self.latency(self.clock.seconds() - call.sent_at)
        problem = self.schemas.answer_problem(action, payload)
        if problem is None and isinstance(payload, dict):
            if self.bender is not None:
                self.bender.answered(call.request, call.id, payload)
            call.end(payload)
            for request in call.bent.after if call.bent else ():
                self.call(request).addErrback(lambda failure: failure.trap(NoAnswer))
        else:
            text = f"answer to {call.name}: {problem.text if problem else 'no object'}"
            self.report(Kind.BAD_ANSWER, text)
            if self.extended:
                self.send(orjson.dumps([RESULT_ERROR, id_, code_of(problem, self.codes), "", {}]))
            call.end(Illegal(text))
        self._pump()

    def _refused(self, id_: str, code: str, description: str) -> None:
        if self._provoked(id_):
            if code == "InternalError":
                self.report(Kind.INTERNAL_ERROR, f"to what is no CALL: {description[:150]!r}")
            return
        if not self._expected(id_):
            return
        call = self._settled()
        self.latency(self.clock.seconds() - call.sent_at)
        if code not in self.codes:
            self.report(Kind.BAD_FRAME, f"CALLERROR with unknown code {code[:50]!r}")
        text = f"{call.name}: {code[:50]} {description[:150]!r}"
        if call.bent is not None and self.bender is not None:
            self.bender.refused(call.request, call.bent)
        if call.bent is not None and code == "InternalError":
            self.report(Kind.INTERNAL_ERROR, text)
        elif call.bent is None or not call.bent.excused:
            self.report(Kind.CALL_ERROR, text)
        call.end(Refused(code, description))
        self._pump()

    # Messages of the server

    def _called(self, id_: str, action: str, payload: Payload) -> None:
        if id_ in self._heard:
            self.report(Kind.REUSED_MESSAGE_ID, f"{action} under the id {id_!r} used before")
        self._heard.append(id_)
        if self._serving:
            self.report(Kind.PARALLEL_COMMANDS, f"{action} while another CALL is unanswered")
        answer = self._answer(action, payload)
        bent = BENT_NOT if self.bender is None else self.bender.bend_answer(id_)
        if bent.late_s > 0:
            self._reply_later(bent.late_s, self._late, id_, answer, bent)
        elif self.answer_delay_s > 0:
            self._reply_later(self.answer_delay_s, self._serving, id_, answer, bent)
        else:
            self._reply(id_, answer, bent)

    def _reply_later(
        self,
        delay_s: float,
        among: set[IDelayedCall],
        id_: str,
        answer: Answer | Fault,
        bent: BentAnswer,
    ) -> None:
        def reply() -> None:
            among.discard(timer)
            self._reply(id_, answer, bent)

        timer = self.clock.callLater(delay_s, reply)
        among.add(timer)

    def _answer(self, action: str, payload: Payload) -> Answer | Fault:
        if action not in self.schemas.actions:
            self.report(Kind.BAD_COMMAND, f"unknown action {action[:50]!r}")
            return Fault("NotImplemented", "unknown action")
        problem = self.schemas.request_problem(action, payload)
        if problem is not None:
            self.report(Kind.BAD_COMMAND, f"{action}: {problem.text}")
            return Fault(code_of(problem, self.codes), "the payload breaks the schema")
        try:
            return self.serve(action, payload)
        except Exception:  # noqa: BLE001 - a bug here must not look like one of the server
            self.log.failure("bug while answering {action}", action=action)
            return Fault("InternalError")

    def _reply(self, id_: str, answer: Answer | Fault, bent: BentAnswer = BENT_NOT) -> None:
        if bent.name is not None and self.bender is not None:
            self.bender.did(bent.name)
        if bent.instead is not None:
            self.send(bent.instead)
            return
        if isinstance(answer, Fault):
            frame = orjson.dumps([ERROR, id_, answer.code, answer.text, {}])
        else:
            frame = orjson.dumps([RESULT, id_, answer.payload])
        for _ in range(bent.times):
            self.send(frame)
        if isinstance(answer, Answer) and answer.then is not None:
            answer.then()

    def _garbled(self, frame: object) -> None:
        """Report a frame of wrong shape; settle or answer whatever it was meant for."""
        self.report(Kind.BAD_FRAME, f"no OCPP-J frame: {_excerpt(frame)}")
        match frame:
            case [3 | 4, str(id_), *_] if self._open is not None and self._open.id == id_:
                call = self._settled()
                call.end(Illegal(f"garbled answer to {call.request.action}"))
                self._pump()
            case [2, str(id_), *_] if 0 < len(id_) <= ID_LIMIT:
                self._reply(id_, Fault(spelled("FormationViolation", self.codes), "no CALL"))


def _excerpt(frame: object) -> str:
    return orjson.dumps(frame)[:150].decode(errors="replace")
