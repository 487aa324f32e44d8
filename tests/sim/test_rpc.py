"""A charger's end of OCPP-J, and every misbehaviour that can be seen on one connection."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from csms.sim.findings import Kind
from csms.sim.messages import CODES_1_6, Answer, Fault, Gone, Illegal, Refused, Request, TimedOut
from csms.sim.rpc import Rpc
from csms.sim.schema import load_schemas

SCHEMAS = load_schemas("v16", "")
HEARTBEAT = Request("Heartbeat", {})
TIME = {"currentTime": "2026-01-01T00:00:00Z"}


@attrs.define(eq=False)
class Ends:
    """An `Rpc` with everything around it recorded."""

    clock: Clock = attrs.Factory(Clock)
    sent: list[Any] = attrs.Factory(list)
    found: list[Kind] = attrs.Factory(list)
    latencies: list[float] = attrs.Factory(list)
    served: list[str] = attrs.Factory(list)
    answer: Any = attrs.Factory(lambda: Answer({"status": "Accepted"}))
    delay: float = 0.0
    rpc: Rpc = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.rpc = Rpc(
            clock=self.clock,
            schemas=SCHEMAS,
            codes=CODES_1_6,
            send=lambda data: self.sent.append(json.loads(data)),
            serve=self.serve,
            report=lambda kind, text: self.found.append(kind),
            latency=self.latencies.append,
            timeout_s=30,
            answer_delay_s=self.delay,
        )

    def serve(self, action: str, payload: Any) -> Answer | Fault:
        self.served.append(action)
        return self.answer() if callable(self.answer) else self.answer

    def hear(self, frame: Any) -> None:
        self.rpc.receive(json.dumps(frame).encode())

    def call(self, request: Request = HEARTBEAT) -> list[Any]:
        """What the call comes to, once it does."""
        outcome: list[Any] = []
        self.rpc.call(request).addBoth(outcome.append)
        return outcome


@pytest.fixture
def ends() -> Ends:
    return Ends()


def test_call_and_answer(ends: Ends) -> None:
    """A CALL goes out under a fresh UUID and ends with the payload of its CALLRESULT."""
    outcome = ends.call()
    [[kind, id_, action, payload]] = ends.sent
    assert (kind, action, payload) == (2, "Heartbeat", {})
    assert UUID(id_)
    ends.clock.advance(0.25)
    ends.hear([3, id_, TIME])
    assert outcome == [TIME]
    assert ends.latencies == [0.25]
    assert not ends.found


def test_one_call_in_flight(ends: Ends) -> None:
    """The next CALL leaves when the one before it is answered, in order, under another id."""
    for tag in "ABC":
        ends.call(Request("Authorize", {"idTag": tag}))
    assert [frame[3]["idTag"] for frame in ends.sent] == ["A"]
    ends.hear([3, ends.sent[0][1], {"idTagInfo": {"status": "Accepted"}}])
    ends.hear([4, ends.sent[1][1], "GenericError", "", {}])
    assert [frame[3]["idTag"] for frame in ends.sent] == ["A", "B", "C"]
    assert len({frame[1] for frame in ends.sent}) == 3


def test_missing_answer(ends: Ends) -> None:
    """No answer in time is a finding; the next message goes out."""
    first, second = ends.call(), ends.call()
    ends.clock.advance(30)
    assert isinstance(first[0].value, TimedOut)
    assert not second
    assert ends.found == [Kind.MISSING_ANSWER]
    assert len(ends.sent) == 2


def test_late_answer(ends: Ends) -> None:
    """An answer after its timeout is unsolicited and does not disturb the next call."""
    ends.call()
    ends.clock.advance(30)
    outcome = ends.call()
    ends.hear([3, ends.sent[0][1], TIME])
    assert not outcome
    assert ends.found == [Kind.MISSING_ANSWER, Kind.UNSOLICITED_ANSWER]


@pytest.mark.parametrize("frame", [[3, "unknown", {}], [4, "unknown", "GenericError", "", {}]])
def test_unsolicited_answer(ends: Ends, frame: list[Any]) -> None:
    """An answer to no message is a finding."""
    ends.hear(frame)
    assert ends.found == [Kind.UNSOLICITED_ANSWER]


def test_answered_twice(ends: Ends) -> None:
    """The second answer to a message is unsolicited."""
    ends.call()
    ends.hear([3, ends.sent[0][1], TIME])
    ends.hear([3, ends.sent[0][1], TIME])
    assert ends.found == [Kind.UNSOLICITED_ANSWER]


def test_call_error(ends: Ends) -> None:
    """A CALLERROR to a valid message is a finding and tells its code."""
    outcome = ends.call()
    ends.hear([4, ends.sent[0][1], "InternalError", "busy", {}])
    assert isinstance(outcome[0].value, Refused)
    assert outcome[0].value.code == "InternalError"
    assert ends.found == [Kind.CALL_ERROR]


def test_error_code_of_another_version(ends: Ends) -> None:
    """Error codes are spelled as the version spells them: 1.6 has no FormatViolation."""
    ends.call()
    ends.hear([4, ends.sent[0][1], "FormatViolation", "", {}])
    assert ends.found == [Kind.BAD_FRAME, Kind.CALL_ERROR]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        None,
        [],
        {"currentTime": "2026-01-01 00:00"},
        {"currentTime": "2026-01-01T00:00:00"},
        {"currentTime": 5},
        {**TIME, "extra": 1},
    ],
)
def test_bad_answer(ends: Ends, payload: object) -> None:
    """A CALLRESULT that breaks its schema, times without zone included, is a finding."""
    outcome = ends.call()
    ends.hear([3, ends.sent[0][1], payload])
    assert isinstance(outcome[0].value, Illegal)
    assert ends.found == [Kind.BAD_ANSWER]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b"[3, NaN, {}]",
        b"{}",
        b"null",
        b"[]",
        b"[3]",
        b'["3", "id", {}]',
        b'[5, "id", {}]',
        b"[3, 7, {}]",
        b'[4, "id", "GenericError", ""]',
        b'[4, "id", "GenericError", "", null]',
        b'[2, 7, "Reset", {}]',
        b'[2, "", "Reset", {}]',
    ],
)
def test_bad_frame(ends: Ends, data: bytes) -> None:
    """What is no OCPP-J frame is a finding and gets no answer where it has no usable id."""
    ends.rpc.receive(data)
    assert ends.found == [Kind.BAD_FRAME]
    assert not ends.sent


@pytest.mark.parametrize("tail", [["Reset"], ["Reset", []], ["Reset", None], [7, {}]])
def test_garbled_command(ends: Ends, tail: list[Any]) -> None:
    """A CALL of wrong shape under a usable id is answered FormationViolation."""
    ends.hear([2, "id", *tail])
    assert ends.found == [Kind.BAD_FRAME]
    assert ends.sent[0][:3] == [4, "id", "FormationViolation"]


def test_garbled_answer_ends_the_call(ends: Ends) -> None:
    """An answer of wrong shape ends its message at once, not after the timeout."""
    outcome = ends.call()
    ends.hear([3, ends.sent[0][1]])
    assert isinstance(outcome[0].value, Illegal)
    assert ends.found == [Kind.BAD_FRAME]


def test_command_is_served(ends: Ends) -> None:
    """A valid CALL is answered under its id, and what follows happens after the answer."""
    seen: list[int] = []
    ends.answer = Answer({"status": "Accepted"}, lambda: seen.append(len(ends.sent)))
    ends.hear([2, "id-1", "ClearCache", {}])
    assert ends.sent == [[3, "id-1", {"status": "Accepted"}]]
    assert seen == [1]
    assert not ends.found


def test_fault_of_the_charger(ends: Ends) -> None:
    """A charger's refusal to handle a CALL goes out as CALLERROR with an empty object."""
    ends.answer = Fault("NotSupported", "not here")
    ends.hear([2, "id-1", "GetDiagnostics", {"location": "ftp://x"}])
    assert ends.sent == [[4, "id-1", "NotSupported", "not here", {}]]


def test_unknown_action(ends: Ends) -> None:
    """An action that 1.6 does not know is answered NotImplemented and is a finding."""
    ends.hear([2, "id", "SetVariables", {}])
    assert ends.sent[0][2] == "NotImplemented"
    assert ends.found == [Kind.BAD_COMMAND]
    assert not ends.served


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Reset", {}, "OccurenceConstraintViolation"),
        ("Reset", {"type": 1}, "TypeConstraintViolation"),
        ("Reset", {"type": "Warm"}, "PropertyConstraintViolation"),
        ("Reset", {"type": "Hard", "x": 1}, "FormationViolation"),
        ("RemoteStartTransaction", {"idTag": "x" * 21}, "PropertyConstraintViolation"),
    ],
)
def test_bad_command(ends: Ends, action: str, payload: Any, code: str) -> None:
    """A CALL that breaks its schema is a finding and is answered with the matching code."""
    ends.hear([2, "id", action, payload])
    assert ends.sent[0][2] == code
    assert ends.found == [Kind.BAD_COMMAND]


def test_parallel_commands() -> None:
    """A CALL while another is unanswered is a finding; both are answered in order."""
    ends = Ends(delay=2.0)
    ends.hear([2, "a", "ClearCache", {}])
    ends.hear([2, "b", "ClearCache", {}])
    assert ends.found == [Kind.PARALLEL_COMMANDS]
    assert not ends.sent
    ends.clock.advance(2)
    assert [frame[1] for frame in ends.sent] == ["a", "b"]
    ends.hear([2, "c", "ClearCache", {}])
    assert ends.found == [Kind.PARALLEL_COMMANDS]


def test_reused_message_id(ends: Ends) -> None:
    """A CALL under an id that was used before is a finding."""
    ends.hear([2, "a", "ClearCache", {}])
    ends.hear([2, "a", "ClearCache", {}])
    assert ends.found == [Kind.REUSED_MESSAGE_ID]
    assert len(ends.sent) == 2


def test_crossing_calls(ends: Ends) -> None:
    """The server's CALL is answered although a CALL of the charger is open."""
    outcome = ends.call()
    ends.hear([2, "a", "ClearCache", {}])
    assert [frame[0] for frame in ends.sent] == [2, 3]
    ends.hear([3, ends.sent[0][1], TIME])
    assert outcome == [TIME]
    assert not ends.found


def test_close(ends: Ends) -> None:
    """When the connection breaks, open and waiting messages fail, later ones too."""
    outcomes = [ends.call(), ends.call()]
    ends.rpc.close()
    outcomes.append(ends.call())
    assert [type(outcome[0].value) for outcome in outcomes] == [Gone, Gone, Gone]
    assert not ends.clock.getDelayedCalls()


def test_close_while_serving() -> None:
    """An answer that was not yet given is not sent on a broken connection."""
    ends = Ends(delay=2.0)
    ends.hear([2, "a", "ClearCache", {}])
    ends.rpc.close()
    ends.clock.advance(5)
    assert not ends.sent


def test_cancel_before_sending(ends: Ends) -> None:
    """A message given up before it was sent is never sent."""
    ends.call()
    waiting = ends.rpc.call(Request("Authorize", {"idTag": "A"}))
    waiting.addErrback(lambda _: None)
    waiting.cancel()
    ends.hear([3, ends.sent[0][1], TIME])
    assert len(ends.sent) == 1


def test_cancel_after_sending(ends: Ends) -> None:
    """A message given up after it was sent still waits for its answer, which is no finding."""
    outcome: list[Any] = []
    open_call = ends.rpc.call(HEARTBEAT)
    open_call.addBoth(outcome.append)
    second = ends.call()
    open_call.cancel()
    assert isinstance(outcome[0], Failure)
    assert len(ends.sent) == 1
    ends.hear([3, ends.sent[0][1], TIME])
    ends.hear([3, ends.sent[1][1], TIME])
    assert second == [TIME]
    assert not ends.found


def test_bug_of_the_simulator(ends: Ends, bugs: list[Any]) -> None:
    """An exception while answering becomes InternalError, not a finding about the server."""

    def broken() -> Answer:
        raise RuntimeError

    ends.answer = broken
    ends.hear([2, "a", "ClearCache", {}])
    assert ends.sent[0][2] == "InternalError"
    assert bugs.pop().type is RuntimeError
    assert not ends.found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(
    st.binary(max_size=60)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.tuples(
        st.integers(0, 7), st.text(max_size=40), st.sampled_from(sorted(SCHEMAS.actions)), JSON
    ).map(lambda value: json.dumps(value).encode())
)
def test_anything_may_come(data: bytes) -> None:
    """No frame raises, and each CALL gets at most one answer."""
    ends = Ends()
    ends.call()
    ends.rpc.receive(data)
    assert len(ends.sent) <= 2
