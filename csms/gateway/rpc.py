"""OCPP-J as a conversation: no socket, no clock, no framework.

`Rpc` is fed the texts that a station sends and says what each means; it makes the frames to send.
Each direction has its own order: at most one CALL of ours is open, whatever the station asks
meanwhile (2.x Part 4 §4.1.1; 1.6-J §4.1.1 "should").  Times are seconds of any one clock and are
passed in.

Note: retransmission
--------------------
A station that missed an answer may send the same CALL with the same id again (2.0.1 errata 4.6).
It gets the stored answer.  Only results are stored: an error means that the message was not
processed, so trying again must process it.  Stations that use one id for everything exist; with
them the same id under other content is a new CALL, and makes the stored answer worthless.  So
does a station that says it could not use the answer (CALLRESULTERROR, 2.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from csms.adapter.faults import Fault, FaultKind
from csms.adapter.manners import Envelope
from csms.core.oddities import Oddity
from csms.gateway.answers import Answers
from csms.gateway.frames import (
    CALL,
    CALLERROR,
    CALLRESULTERROR,
    MAX_ID,
    NO_ID,
    UnreadableError,
    echo,
    error_frame,
    excess,
    head_of,
    legible,
    parse,
    result_frame,
    suspicious,
)
from csms.gateway.messages import (
    Answered,
    Call,
    Disputed,
    Event,
    Failed,
    Flood,
    Garbled,
    Noise,
    Outgoing,
    Send,
    Stray,
    Told,
)
from csms.gateway.outbox import Outbox

NOISE_LIMIT = 500
"""Unreadable frames in a row that make a flood."""

_WHOLE_REASON = 3
"""Code, description and details of a CALLERROR."""
_LONGEST_CODE = 64
_LONGEST_DESCRIPTION = 255


class Rpc:
    """Both directions of one connection.

    ``codes`` spells the errors of the version, ``ids`` makes message ids.
    """

    __slots__ = (
        "_answers",
        "_closed",
        "_codes",
        "_envelope",
        "_ids",
        "_inbound_limit",
        "_noise",
        "_open",
        "_outbound_limit",
        "_outbox",
    )

    def __init__(
        self,
        codes: Mapping[FaultKind, str],
        envelope: Envelope,
        ids: Callable[[], str],
        inbound_limit: int = 16,
        outbound_limit: int = 64,
    ) -> None:
        self._codes = codes
        self._envelope = envelope
        self._ids = ids
        self._inbound_limit = inbound_limit
        self._outbound_limit = outbound_limit
        self._open: dict[str, Call] = {}
        self._noise = 0
        self._closed = False
        # Most connections are idle, so what they seldom need is made when it is needed.
        self._answers: Answers | None = None
        self._outbox: Outbox | None = None

    # --- from the station -------------------------------------------------------------------

    def receive(self, data: bytes) -> Event:
        """What a text of the station means.  Never raises."""
        try:
            frame = parse(data)
        except UnreadableError:
            return self._illegible(data)
        if not isinstance(frame, list):
            return self._unreadable("no array", data)
        odd = None
        if suspicious(data):
            broken = excess(frame, data)
            if broken is not None:
                return self._outsized(frame, broken, data)
            clean = legible(frame)
            odd = Oddity.UNSTORABLE_TEXT if clean != frame else None
            frame = clean
        # The common case by hand: a match statement takes fifteen times as long.
        if len(frame) == 4 and frame[0] == CALL:
            _, message_id, action, payload = frame
            if (
                type(message_id) is str
                and len(message_id) <= MAX_ID
                and type(action) is str
                and type(payload) is dict
            ):
                return self._called(message_id, action, payload, data, odd)
        return self._unusual(frame, data)

    def _called(
        self,
        message_id: str,
        action: str,
        payload: dict[str, object],
        data: bytes,
        oddity: Oddity | None = None,
    ) -> Event:
        self._noise = 0
        if message_id in self._open:
            text = "this message id is in progress"
            return self._error(
                message_id, self._envelope.twin, text, Oddity.REUSED_MESSAGE_ID, action
            )
        if len(self._open) >= self._inbound_limit:
            return Flood("too many calls at once")
        digest = hash(data)
        if self._answers is not None:
            given = self._answers.find(message_id)
            if given is not None:
                same = given.digest == digest
                if same and given.frame is not None:
                    return Send(given.frame)
                self._answers.forget(given)
                oddity = oddity if same else Oddity.REUSED_MESSAGE_ID
        call = Call(message_id, action, payload, digest, oddity)
        self._open[message_id] = call
        return call

    def _unusual(self, frame: list[object], data: bytes) -> Event:
        match frame:
            case [2, str(message_id), str(action), None] if len(message_id) <= MAX_ID:
                return self._called(message_id, action, {}, data, Oddity.NULL_PAYLOAD)
            case [2, message_id, *_]:
                self._noise = 0
                return self._bad_call(message_id)
            case [3 | 4 as kind, str(message_id), *rest]:
                self._noise = 0
                return self._settled(int(kind), message_id, rest)
            case [5 | 6 as kind, *rest] if self._envelope.newer:
                return self._complained(rest) if kind == CALLRESULTERROR else self._told(rest)
            case [2]:
                return self._unreadable("no message id", data)
            case [3 | 4, *_]:
                return self._noisy("an answer without message id")
            case [_, str(message_id), *_] if self._envelope.unknown_type is not None:
                text, oddity = "unknown message type", Oddity.UNKNOWN_MESSAGE_TYPE
                return self._error(echo(message_id), self._envelope.unknown_type, text, oddity)
            case _:
                return self._noisy("unknown message type", Oddity.UNKNOWN_MESSAGE_TYPE)

    def _bad_call(self, message_id: object) -> Event:
        if not isinstance(message_id, str) or len(message_id) > MAX_ID:
            text = f"a message id is a string of at most {MAX_ID} characters"
            return self._error(echo(message_id), self._envelope.bad_id, text, Oddity.BAD_MESSAGE_ID)
        text = "a call is [2, id, action, {payload}]"
        return self._error(message_id, self._envelope.malformed, text, Oddity.MALFORMED_CALL)

    def _settled(self, kind: int, message_id: str, rest: list[object]) -> Event:
        if self._outbox is None:
            return Stray("unknown")
        call = self._outbox.answered(message_id)
        if call is None:
            return Stray(self._outbox.fate(message_id))
        if kind == CALLERROR:
            return Failed(call, *_reason(rest), oddity=_odd_reason(rest))
        match rest:
            case [dict(payload)]:
                return Answered(call, payload)
            case [dict(payload), *_]:
                return Answered(call, payload, Oddity.MALFORMED_ANSWER)
            case [None, *_]:
                return Answered(call, {}, Oddity.NULL_PAYLOAD)
            case _:
                fault = Fault(self._envelope.malformed, "the station's answer holds no payload")
                code, oddity = self._codes[fault.kind], Oddity.MALFORMED_ANSWER
                return Failed(call, code, fault.text, fault, oddity)

    def _told(self, rest: list[object]) -> Event:
        """Whatever is wrong with it, nothing is answered (2.1 Part 4 §4.2.5)."""
        match rest:
            case [str(message_id), str(action), dict() | None as payload] if (
                len(message_id) <= MAX_ID
            ):
                self._noise = 0
                return Told(action, payload or {})
            case _:
                return self._noisy("a malformed SEND")

    def _complained(self, rest: list[object]) -> Event:
        match rest:
            case [str(message_id), *reason]:
                self._noise = 0
                given = None if self._answers is None else self._answers.find(message_id)
                if self._answers is None or given is None:
                    return Stray("unknown")
                self._answers.forget(given)
                return Disputed(message_id, given.action, *_reason(reason))
            case _:
                return self._noisy("an answer without message id")

    def _outsized(self, frame: object, broken: str, data: bytes) -> Event:
        match frame:
            case [2, str(message_id), str(action), *_] if len(message_id) <= MAX_ID:
                return self._garbled(message_id, action, broken, data, Oddity.MALFORMED_CALL)
            case [2, message_id, *_]:
                self._noise = 0
                return self._error(
                    echo(message_id), self._envelope.malformed, broken, Oddity.MALFORMED_CALL
                )
            case _:
                return self._noisy(broken)

    def _illegible(self, data: bytes) -> Event:
        """What is no JSON may be a CALL all the same, and one that proves money."""
        head = head_of(data)
        if head is None:
            return self._unreadable("no JSON", data)
        return self._garbled(head.id, head.action, "no JSON", data, Oddity.UNREADABLE_FRAME)

    def _garbled(
        self, message_id: str, action: str, text: str, data: bytes, oddity: Oddity
    ) -> Event:
        event = self._called(message_id, action, {}, data, oddity)
        if not isinstance(event, Call):
            return event
        return Garbled(event, Fault(self._envelope.malformed, text))

    def _unreadable(self, reason: str, data: bytes) -> Event:
        if not data.strip():
            return Noise("empty", Oddity.EMPTY_FRAME)
        if self._envelope.unreadable is None:
            return self._noisy(reason)
        event = self._noisy(reason)
        if isinstance(event, Flood):
            return event
        return self._error(NO_ID, self._envelope.unreadable, reason, Oddity.UNREADABLE_FRAME)

    def _noisy(self, reason: str, oddity: Oddity = Oddity.UNREADABLE_FRAME) -> Noise | Flood:
        self._noise += 1
        return Noise(reason, oddity) if self._noise < NOISE_LIMIT else Flood("nothing but noise")

    def _error(
        self, message_id: str, kind: FaultKind, text: str, oddity: Oddity, example: str = ""
    ) -> Send:
        frame = error_frame(message_id, self._codes[kind], text)
        return Send(frame, kind, oddity, example or text)

    # --- answers to the station -------------------------------------------------------------

    @property
    def open_calls(self) -> int:
        """How many CALLs of the station wait for their answer."""
        return len(self._open)

    def answer(
        self, call: Call, payload: Mapping[str, object], *, keep: bool = True
    ) -> bytes | None:
        """The frame that answers ``call``; None when it was answered or the connection is gone.

        With ``keep`` it is also the answer to a retransmission, until the station disputes it.
        Raises `TypeError` when the payload is no JSON; then the call is still to be answered.
        """
        if self._open.get(call.id) is not call:
            return None
        frame = result_frame(call.id, payload)
        del self._open[call.id]
        if keep or self._envelope.newer:
            if self._answers is None:
                self._answers = Answers()
            self._answers.keep(call, frame if keep else None)
        return frame

    def refuse(self, call: Call, fault: Fault) -> bytes | None:
        """The frame that answers ``call`` with an error; None as in `answer`."""
        if self._open.get(call.id) is not call:
            return None
        del self._open[call.id]
        return error_frame(call.id, self._codes[fault.kind], fault.text)

    def ignore(self, call: Call) -> None:
        """Leave ``call`` without an answer, so that the station tries again elsewhere."""
        if self._open.get(call.id) is call:
            del self._open[call.id]

    # --- to the station ---------------------------------------------------------------------

    @property
    def disputes(self) -> bool:
        """Whether the version lets us say that an answer of the station cannot be used."""
        return self._envelope.newer

    def dispute(self, outgoing: Outgoing, fault: Fault) -> bytes | None:
        """The frame that says so of the answer to ``outgoing``; None where there is no such frame.

        A CALLERROR it must not be: that answers CALLs only.
        """
        if not self.disputes or self._closed:
            return None
        return error_frame(outgoing.id, self._codes[fault.kind], fault.text, CALLRESULTERROR)

    @property
    def in_flight(self) -> Outgoing | None:
        """Our CALL that the station has to answer."""
        return None if self._outbox is None else self._outbox.in_flight

    @property
    def waiting(self) -> int:
        """How many of our CALLs are queued."""
        return 0 if self._outbox is None else self._outbox.waiting

    def call(
        self,
        action: str,
        payload: Mapping[str, object],
        deadline: float,
        *,
        priority: int = 0,
        token: object = None,
    ) -> Outgoing | None:
        """Queue a CALL of ours; lower ``priority`` goes first, then the older.

        None when the queue is full or the connection gone.  Raises `TypeError` when the payload
        is no JSON.
        """
        if self._closed:
            return None
        if self._outbox is None:
            self._outbox = Outbox(self._outbound_limit)
        return self._outbox.add(self._ids(), action, payload, deadline, priority, token)

    def next_call(self) -> Outgoing | None:
        """The CALL to send now, from here on in flight; None while one is, or none waits."""
        return None if self._outbox is None else self._outbox.next_call()

    def outstanding(self) -> list[Outgoing]:
        """Our CALLs that are not settled, the one in flight first."""
        return [] if self._outbox is None else self._outbox.outstanding()

    def next_deadline(self) -> float | None:
        """When `expire` will next have something to say."""
        return min((outgoing.deadline for outgoing in self.outstanding()), default=None)

    def expire(self, now: float) -> list[Outgoing]:
        """Our CALLs whose deadline has come; they are settled, an answer would be late."""
        expired = [outgoing for outgoing in self.outstanding() if outgoing.deadline <= now]
        self._withdraw_all(expired)
        return expired

    def withdraw(self, outgoing: Outgoing) -> None:
        """Nobody wants the answer to ``outgoing`` any more; if it was sent, it will be late."""
        self._withdraw_all([outgoing])

    def drop_queued(self) -> list[Outgoing]:
        """Our CALLs that were not sent yet; they are settled."""
        dropped = [outgoing for outgoing in self.outstanding() if outgoing is not self.in_flight]
        self._withdraw_all(dropped)
        return dropped

    def close(self) -> list[Outgoing]:
        """The connection is gone: our CALLs that will have no answer.  Nothing more is made."""
        self._closed = True
        self._open.clear()
        self._answers = None
        left = self.outstanding()
        self._withdraw_all(left)
        return left

    def _withdraw_all(self, calls: list[Outgoing]) -> None:
        for outgoing in calls:
            if self._outbox is not None:
                self._outbox.withdraw(outgoing)


def _odd_reason(rest: list[object]) -> Oddity | None:
    if len(rest) < _WHOLE_REASON:
        return Oddity.SHORT_CALLERROR
    whole = len(rest) == _WHOLE_REASON and isinstance(rest[0], str) and isinstance(rest[1], str)
    return None if whole else Oddity.MALFORMED_ANSWER


def _reason(rest: list[object]) -> tuple[str, str]:
    """The code and the description of an error, of which some stations send less."""
    code, description, *_ = *rest, None, None
    return (
        code[:_LONGEST_CODE] if isinstance(code, str) else "GenericError",
        description[:_LONGEST_DESCRIPTION] if isinstance(description, str) else "",
    )
