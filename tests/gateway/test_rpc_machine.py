"""OCPP-J in any order: calls, answers, timeouts, duplicates and garbage of both sides, mixed."""

from __future__ import annotations

from itertools import count
from typing import Any

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from csms.adapter.dialect import DIALECTS
from csms.adapter.faults import Fault, FaultKind
from csms.gateway.messages import (
    Answered,
    Call,
    Disputed,
    Failed,
    Flood,
    Noise,
    Outgoing,
    Phase,
    Send,
    Stray,
    Told,
)
from csms.gateway.rpc import Rpc

INBOUND = 4
OUTBOUND = 5
IDS = st.sampled_from(["a", "b", "c", "d", "e", "f", "ours-1", "ours-2"])
CODES = {kind: kind.value for kind in FaultKind}
PAYLOADS = st.sampled_from([{}, {"k": 1}, {"k": 2}])


class Conversation(RuleBasedStateMachine):
    """A station that does anything, an owner who answers when he likes, and the clock."""

    version = "1.6"

    def __init__(self) -> None:
        super().__init__()
        numbers = count(1)
        self.envelope = DIALECTS[f"ocpp{self.version}"].manners.envelope
        self.rpc = Rpc(
            CODES,
            self.envelope,
            lambda: f"ours-{next(numbers)}",
            INBOUND,
            OUTBOUND,
        )
        self.now = 0.0
        self.closed = False
        self.open: list[Call] = []
        self.done: list[Call] = []
        self.results: dict[str, tuple[bytes, bytes]] = {}
        self.asked: list[Outgoing] = []
        self.order: list[Outgoing] = []
        self.settled: list[Outgoing] = []
        self.flying: Outgoing | None = None
        self.ended: dict[str, str] = {}

    @initialize()
    def begin(self) -> None:
        self.now = 0.0

    def receive(self, *frame: Any) -> Any:
        return self.rpc.receive(orjson.dumps(frame))

    # --- the station asks, the owner answers

    @precondition(lambda self: not self.closed)
    @rule(message_id=IDS, payload=PAYLOADS)
    def call(self, message_id: str, payload: dict[str, Any]) -> None:
        text = orjson.dumps([2, message_id, "Heartbeat", payload])
        in_progress = any(call.id == message_id for call in self.open)
        event = self.rpc.receive(text)
        match event:
            case Call():
                assert not in_progress
                assert len(self.open) < INBOUND
                assert (event.id, event.payload) == (message_id, payload)
                self.open.append(event)
            case Send(frame, None, None):
                assert not in_progress
                assert self.results[message_id] == (text, frame)
            case Send(frame, fault):
                assert in_progress
                assert fault is self.envelope.twin
                assert orjson.loads(frame)[:2] == [4, message_id]
            case _:
                assert isinstance(event, Flood)
                assert len(self.open) == INBOUND

    @precondition(lambda self: self.open)
    @rule(data=st.data(), well=st.booleans())
    def answer(self, data: st.DataObject, well: bool) -> None:
        call = data.draw(st.sampled_from(self.open))
        self.open.remove(call)
        self.done.append(call)
        if well:
            frame = self.rpc.answer(call, {"n": len(self.done)})
        else:
            frame = self.rpc.refuse(call, Fault(FaultKind.INTERNAL, "no"))
        assert frame is not None
        assert orjson.loads(frame)[:2] == [3 if well else 4, call.id]
        if well:
            asked = orjson.dumps([2, call.id, "Heartbeat", call.payload])
            self.results[call.id] = (asked, frame)

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def answer_again(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(self.done))
        assert self.rpc.answer(call, {}) is None
        assert self.rpc.refuse(call, Fault(FaultKind.INTERNAL, "no")) is None

    # --- the station says, and complains

    @precondition(lambda self: not self.closed)
    @rule(message_id=IDS, payload=PAYLOADS | st.just([]))
    def tell(self, message_id: str, payload: Any) -> None:
        event = self.receive(6, message_id, "NotifyPeriodicEventStream", payload)
        if not self.envelope.newer:
            self.assert_unknown(event, message_id)
        elif payload == []:
            assert isinstance(event, Noise)
        else:
            assert event == Told("NotifyPeriodicEventStream", payload)

    @precondition(lambda self: not self.closed)
    @rule(message_id=IDS)
    def complain(self, message_id: str) -> None:
        event = self.receive(5, message_id, "FormatViolation", "no", {})
        if not self.envelope.newer:
            self.assert_unknown(event, message_id)
        elif isinstance(event, Disputed):
            assert (event.id, event.action) == (message_id, "Heartbeat")
            del self.results[message_id]
        else:
            assert event == Stray("unknown")

    def assert_unknown(self, event: object, message_id: str) -> None:
        if self.envelope.unknown_type is None:
            assert isinstance(event, Noise)
        else:
            assert isinstance(event, Send)
            assert event.fault is self.envelope.unknown_type
            assert orjson.loads(event.frame)[:2] == [4, message_id]

    # --- we ask, the station answers

    @rule(priority=st.integers(0, 1), seconds=st.integers(1, 20))
    def ask(self, priority: int, seconds: int) -> None:
        full = len(self.asked) - (self.flying is not None) >= OUTBOUND
        outgoing = self.rpc.call("Reset", {}, self.now + seconds, priority=priority, token=priority)
        assert (outgoing is None) is (full or self.closed)
        if outgoing is not None:
            self.asked.append(outgoing)

    @rule()
    def pump(self) -> None:
        queued = [outgoing for outgoing in self.asked if outgoing is not self.flying]
        outgoing = self.rpc.next_call()
        if self.flying is not None or not queued:
            assert outgoing is None
            return
        assert outgoing is min(queued, key=lambda one: (one.token, int(one.id[5:])))
        self.flying = outgoing

    @precondition(lambda self: not self.closed)
    @rule(
        message_id=st.sampled_from(["x"]) | st.integers(1, 12).map(lambda number: f"ours-{number}"),
        well=st.booleans(),
    )
    def settle(self, message_id: str, well: bool) -> None:
        event = self.receive(3, message_id, {}) if well else self.receive(4, message_id, "E", "")
        if self.flying is not None and message_id == self.flying.id:
            assert isinstance(event, Answered if well else Failed)
            assert event.call is self.flying
            frame = self.rpc.dispute(event.call, Fault(FaultKind.TYPE, "no"))
            assert (frame is not None) is self.envelope.newer
            self.end(self.flying, "duplicate")
        else:
            assert event == Stray(self.ended.get(message_id, "unknown"))

    @rule(seconds=st.integers(0, 15))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        expired = self.rpc.expire(self.now)
        assert set(expired) == {one for one in self.asked if one.deadline <= self.now}
        for outgoing in expired:
            self.end(outgoing, "late")

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        outgoing = data.draw(st.sampled_from(self.asked))
        self.rpc.withdraw(outgoing)
        self.end(outgoing, "late")

    def end(self, outgoing: Outgoing, later: str) -> None:
        if outgoing is self.flying:
            self.flying = None
            self.ended[outgoing.id] = later
        self.asked.remove(outgoing)
        self.settled.append(outgoing)

    # --- garbage, and the end

    @precondition(lambda self: not self.closed)
    @rule(
        text=st.sampled_from(
            [b"", b"x", b"[]", b"[2]", b"{}", b'[3,5,{}]', b'[9,"a"]', b"[[[[", b"\xff", b"[2,[]]",
             b'[2,"a"]', b'[2,"a",5,{}]', b'[2,"a","Heartbeat",[]]', b'[3]', b'[4]',
             b'[5]', b'[6]', b'[6,"a"]', b'[5,7]']
        )
        | st.binary(max_size=20)
    )  # fmt: skip
    def garbage(self, text: bytes) -> None:
        event = self.rpc.receive(text)
        assert event is None or isinstance(event, Noise | Send)
        if isinstance(event, Send):
            assert event.fault in (
                self.envelope.malformed,
                self.envelope.unreadable,
                self.envelope.unknown_type,
            )

    @precondition(lambda self: not self.closed)
    @rule(often=st.integers(0, 9))
    def close(self, often: int) -> None:
        if often:
            return
        left = self.rpc.close()
        assert set(left) == set(self.asked)
        for outgoing in left:
            self.end(outgoing, "late")
        self.done += self.open
        self.open.clear()
        self.closed = True

    # --- always

    @invariant()
    def one_call_of_ours_is_open_at_most(self) -> None:
        assert self.rpc.in_flight is self.flying
        open_ones = [outgoing for outgoing in self.asked if outgoing.phase is Phase.OPEN]
        assert open_ones == ([] if self.flying is None else [self.flying])

    @invariant()
    def every_call_of_ours_settles_once(self) -> None:
        assert len(set(self.settled)) == len(self.settled)
        assert all(outgoing.phase is Phase.SETTLED for outgoing in self.settled)
        assert set(self.rpc.outstanding()) == set(self.asked)

    @invariant()
    def every_open_call_of_the_station_is_known(self) -> None:
        assert self.rpc.open_calls == len(self.open)
        assert len({call.id for call in self.open}) == len(self.open)

    @invariant()
    def the_next_deadline_is_the_first(self) -> None:
        deadlines = [outgoing.deadline for outgoing in self.asked]
        assert self.rpc.next_deadline() == min(deadlines, default=None)


class Conversation201(Conversation):
    """With a station of 2.0.1."""

    version = "2.0.1"


class Conversation21(Conversation):
    """With a station of 2.1, where both may also complain of answers."""

    version = "2.1"


LIMITS = settings(max_examples=100, stateful_step_count=60, deadline=None)
TestConversation = Conversation.TestCase
TestConversation.settings = LIMITS
TestConversation201 = Conversation201.TestCase
TestConversation201.settings = LIMITS
TestConversation21 = Conversation21.TestCase
TestConversation21.settings = LIMITS
