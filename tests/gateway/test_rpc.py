"""OCPP-J as a conversation: the answers that OCPP asks for, and the order of both directions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.adapter.dialect import DIALECTS, Fault, FaultKind
from csms.core.oddities import Oddity
from csms.gateway.messages import (
    Answered,
    Call,
    Disputed,
    Failed,
    Flood,
    Garbled,
    Noise,
    Outgoing,
    Phase,
    Send,
    Stray,
    Told,
)
from csms.gateway.rpc import NOISE_LIMIT, Rpc

CODES = DIALECTS["ocpp1.6"].codes
ENVELOPES = {dialect.version: dialect.manners.envelope for dialect in DIALECTS.values()}
NEWER_CODES = {kind: kind.value for kind in FaultKind}


@pytest.fixture
def rpc() -> Rpc:
    return make_rpc()


def make_rpc(version: str = "1.6", **limits: int) -> Rpc:
    numbers: Iterator[int] = count(1)
    codes = CODES if version == "1.6" else NEWER_CODES
    return Rpc(codes, ENVELOPES[version], lambda: f"ours-{next(numbers)}", **limits)


def say(rpc: Rpc, *frame: object) -> Any:
    return rpc.receive(orjson.dumps(frame))


def called(rpc: Rpc, message_id: str = "1", action: str = "Heartbeat", **payload: object) -> Call:
    event = say(rpc, 2, message_id, action, payload)
    assert isinstance(event, Call)
    return event


def sent(event: object) -> list[Any]:
    assert isinstance(event, Send)
    frame: list[Any] = orjson.loads(event.frame)
    return frame


def asked(rpc: Rpc, action: str = "Reset", deadline: float = 30, **more: Any) -> Outgoing:
    outgoing = rpc.call(action, {}, deadline, **more)
    assert outgoing is not None
    return outgoing


# --- what stations ask ----------------------------------------------------------------------


def test_a_call_is_answered(rpc: Rpc) -> None:
    """A CALL comes out as asked, and its answer carries its id."""
    call = called(rpc, "19223201", "BootNotification", chargePointModel="M")
    assert (call.action, call.payload) == ("BootNotification", {"chargePointModel": "M"})
    assert rpc.open_calls == 1
    assert rpc.answer(call, {"status": "Accepted"}) == b'[3,"19223201",{"status":"Accepted"}]'
    assert rpc.open_calls == 0


def test_a_call_is_refused(rpc: Rpc) -> None:
    """An error is spelled as the version spells it, with empty details."""
    frame = rpc.refuse(called(rpc), Fault(FaultKind.OCCURRENCE, "idTag: is required"))
    assert frame is not None
    assert orjson.loads(frame) == [
        4, "1", "OccurenceConstraintViolation", "idTag: is required", {},
    ]  # fmt: skip


def test_a_call_is_answered_once(rpc: Rpc) -> None:
    """Whoever answers again, in whatever way, makes no frame."""
    call = called(rpc)
    assert rpc.answer(call, {}) is not None
    assert rpc.answer(call, {}) is None
    assert rpc.refuse(call, Fault(FaultKind.GENERIC, "")) is None


def test_a_payload_that_is_no_json_leaves_the_call_open(rpc: Rpc) -> None:
    """So that it can still be answered with an error."""
    call = called(rpc)
    with pytest.raises(TypeError):
        rpc.answer(call, {"at": object()})
    assert rpc.refuse(call, Fault(FaultKind.INTERNAL, "")) is not None


def test_an_ignored_call_is_forgotten(rpc: Rpc) -> None:
    """It gets no answer, and its id is free."""
    call = called(rpc)
    rpc.ignore(call)
    rpc.ignore(call)
    assert rpc.answer(call, {}) is None
    assert isinstance(say(rpc, 2, "1", "Heartbeat", {}), Call)


def test_null_payload_is_empty(rpc: Rpc) -> None:
    """Tolerated (2.x §4.1.5 says never to send it), and told."""
    call = say(rpc, 2, "1", "Heartbeat", None)
    assert isinstance(call, Call)
    assert (call.payload, call.oddity) == ({}, Oddity.NULL_PAYLOAD)


def test_nul_characters_are_taken_out(rpc: Rpc) -> None:
    """No database keeps them."""
    call = rpc.receive(b'[2,"1","Authorize",{"idTag":"AB\\u0000"}]')
    assert isinstance(call, Call)
    assert call.payload == {"idTag": "AB"}


def test_calls_may_overlap(rpc: Rpc) -> None:
    """A station that does not wait for answers is tolerated; each gets its own."""
    first, second = called(rpc, "1"), called(rpc, "2")
    assert rpc.answer(second, {}) == b'[3,"2",{}]'
    assert rpc.answer(first, {}) == b'[3,"1",{}]'


def test_too_many_calls_at_once_are_a_flood() -> None:
    """Beyond the limit the connection is to be closed."""
    rpc = make_rpc(inbound_limit=3)
    for number in range(3):
        called(rpc, str(number))
    assert isinstance(say(rpc, 2, "4", "Heartbeat", {}), Flood)
    assert rpc.open_calls == 3


# --- retransmission -------------------------------------------------------------------------


def test_id_in_progress(rpc: Rpc) -> None:
    """A second CALL with the id of one in progress is an error; the first is still answered."""
    call = called(rpc)
    assert sent(say(rpc, 2, "1", "Heartbeat", {}))[:3] == [4, "1", "GenericError"]
    assert rpc.answer(call, {}) is not None


def test_identical_retry_gets_the_stored_answer(rpc: Rpc) -> None:
    """The same frame again is not processed again."""
    call = called(rpc, "1", "StartTransaction", connectorId=1)
    frame = rpc.answer(call, {"transactionId": 7})
    assert say(rpc, 2, "1", "StartTransaction", {"connectorId": 1}) == Send(frame)
    assert rpc.open_calls == 0


def test_retry_after_others(rpc: Rpc) -> None:
    """A few answers are stored, the oldest goes first."""
    for number in range(5):
        rpc.answer(called(rpc, str(number)), {})
    assert isinstance(say(rpc, 2, "1", "Heartbeat", {}), Send)
    assert isinstance(say(rpc, 2, "0", "Heartbeat", {}), Call)


def test_same_id_with_other_content_is_new(rpc: Rpc) -> None:
    """Stations that use one id for everything are served; what was stored is worthless then."""
    rpc.answer(called(rpc, "1", "StatusNotification", status="Available"), {})
    second = called(rpc, "1", "StatusNotification", status="Charging")
    assert second.oddity is Oddity.REUSED_MESSAGE_ID
    rpc.answer(second, {})
    assert isinstance(say(rpc, 2, "1", "StatusNotification", {"status": "Available"}), Call)


def test_an_error_is_not_stored(rpc: Rpc) -> None:
    """A message that was not processed is processed when it comes again."""
    rpc.refuse(called(rpc), Fault(FaultKind.INTERNAL, "try again"))
    assert isinstance(say(rpc, 2, "1", "Heartbeat", {}), Call)


def test_an_answer_need_not_be_stored(rpc: Rpc) -> None:
    """What must be fresh is asked again."""
    rpc.answer(called(rpc), {"currentTime": "now"}, keep=False)
    assert isinstance(say(rpc, 2, "1", "Heartbeat", {}), Call)


# --- malformed frames -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [b"nonsense", b"{", b"[2,\"1\",{}", b"{}", b"\"text\"", b"5", b"null", b"[]",
     b"[2]", b"[NaN]", b"[3]", b"[3,5,{}]", b"[4,null,\"GenericError\",\"\",{}]",
     b"[" * 2000 + b"]" * 2000],
)  # fmt: skip
def test_1_6_is_silent_where_no_id_can_be_read(rpc: Rpc, text: bytes) -> None:
    """1.6 has no rule: logged, not answered (there is no id that an answer could carry)."""
    assert isinstance(rpc.receive(text), Noise)


@pytest.mark.parametrize(
    "frame", [[7, "1", {}], [0, "1"], ["2", "1", "Heartbeat", {}], [None, "1"], [True, "1"],
              [5, "1", "GenericError", "", {}], [6, "1", "NotifyPeriodicEventStream", {}],
              [[2], "1", "Heartbeat", {}]]
)  # fmt: skip
def test_1_6_ignores_unknown_message_types(rpc: Rpc, frame: list[object]) -> None:
    """1.6-J §4.1.3: ignored."""
    assert isinstance(say(rpc, *frame), Noise)


@pytest.mark.parametrize(
    "rest",
    [[], ["Heartbeat"], ["Heartbeat", {}, {}], ["Heartbeat", []], ["Heartbeat", "text"],
     ["Heartbeat", 5], ["Heartbeat", True], [5, {}], [None, {}], [{}, {}], [["Heartbeat"], {}],
     [{}, "Heartbeat"]],
)  # fmt: skip
def test_envelope_that_is_wrong_after_the_id(rpc: Rpc, rest: list[object]) -> None:
    """The id can be read, so it is answered: FormationViolation, as 1.6 spells it."""
    assert sent(say(rpc, 2, "1", *rest))[:3] == [4, "1", "FormationViolation"]


@pytest.mark.parametrize(
    ("message_id", "echoed"),
    [("x" * 37, "x" * 37), ("x" * 5000, "-1"), (5, "-1"), (None, "-1"), (["1"], "-1"),
     ({}, "-1"), (True, "-1"), (1.5, "-1")],
)  # fmt: skip
def test_bad_id(rpc: Rpc, message_id: object, echoed: str) -> None:
    """Too long or no string: an error that repeats it where it can be repeated."""
    frame = sent(say(rpc, 2, message_id, "Heartbeat", {}))
    assert frame[:3] == [4, echoed, "FormationViolation"]


def test_longest_id(rpc: Rpc) -> None:
    """36 characters are fine, and so is an empty id."""
    assert called(rpc, "x" * 36).id == "x" * 36
    assert called(rpc, "").id == ""


def test_type_as_float(rpc: Rpc) -> None:
    """JSON knows one kind of number."""
    assert isinstance(rpc.receive(b'[2.0,"1","Heartbeat",{}]'), Call)


GARBLED = b'[2,"g1","StartTransaction",{"idTag":"T\\ud8"}]'


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize(
    "text",
    [GARBLED, b' [ 2 , "g1" , "StartTransaction" , {"meterStart":1e999}]', GARBLED[:-7],
     b'\xef\xbb\xbf[2,"g1","StartTransaction",', b'[2,"g\\u0031","StartTransaction"]]'],
)  # fmt: skip
def test_a_call_that_is_no_json(version: str, text: bytes) -> None:
    """Its id is answered, in the words of the version, and its action is known."""
    rpc = make_rpc(version)
    event = rpc.receive(text)
    assert isinstance(event, Garbled)
    assert (event.call.id, event.call.action) == ("g1", "StartTransaction")
    assert event.call.oddity is Oddity.UNREADABLE_FRAME
    assert event.fault.kind is ENVELOPES[version].malformed
    frame = rpc.refuse(event.call, event.fault)
    assert frame is not None
    assert orjson.loads(frame)[:2] == [4, "g1"]
    assert rpc.refuse(event.call, event.fault) is None
    # It was not processed, so that another attempt is a new one.
    assert isinstance(rpc.receive(text), Garbled)


def test_garbled_twice_at_once(rpc: Rpc) -> None:
    """The bounds of CALLs in progress are those of all CALLs."""
    assert isinstance(rpc.receive(GARBLED), Garbled)
    assert sent(rpc.receive(GARBLED))[1:3] == ["g1", "GenericError"]


@pytest.mark.parametrize(
    "text",
    [b'[2,"\\ud800","StartTransaction",{]', b'[2,"' + b"x" * 37 + b'","StartTransaction",{]',
     b'[2,"' + b"x" * 600 + b'","StartTransaction",{]', b'[3,"g1",{]',
     b'[2,7,"StartTransaction",{]', b'[2,"a\x00b","StartTransaction",{}]',
     b'[2,"g1"x"StartTransaction",{}]'],
)  # fmt: skip
def test_no_id_that_an_answer_could_bear(rpc: Rpc, text: bytes) -> None:
    """Never is an answer given under another id."""
    assert isinstance(rpc.receive(text), Noise)


def test_nul_in_the_id(rpc: Rpc) -> None:
    """It is answered as it is; elsewhere NUL is taken out, also from the ids of answers."""
    event = rpc.receive(b'[2,"a\\u0000b","Heartbeat",{"x":"y\\u0000"}]')
    assert isinstance(event, Call)
    assert (event.id, event.payload) == ("a\0b", {"x": "y"})
    assert rpc.answer(event, {}) == b'[3,"a\\u0000b",{}]'


def test_too_deep(rpc: Rpc) -> None:
    """Nesting without end is an error where there is an id, which says what the limit was ..."""
    text = b'[2,7,"DataTransfer",' + b"[" * 90 + b"]" * 91
    assert sent(rpc.receive(text))[2:4] == ["FormationViolation", "nested more than 64 deep"]
    event = rpc.receive(text.replace(b"7", b'"1"'))
    assert isinstance(event, Garbled)
    assert (event.call.oddity, event.fault.text) == (
        Oddity.MALFORMED_CALL, "nested more than 64 deep",
    )  # fmt: skip


def test_too_many_values(rpc: Rpc) -> None:
    """So is what no message needs."""
    event = rpc.receive(b'[2,"1","DataTransfer",{"data":[' + b"0," * 100_000 + b"0]}]")
    assert isinstance(event, Garbled)
    assert event.fault.text == "more than 100000 values"


def test_too_deep_without_id(rpc: Rpc) -> None:
    """... and noise where there is none."""
    assert isinstance(rpc.receive(b"[" * 90 + b"]" * 90), Noise)


def test_empty_text_is_ignored(rpc: Rpc) -> None:
    """Some stations send empty texts to keep the connection open."""
    for text in (b"", b" \r\n"):
        assert rpc.receive(text) == Noise("empty", Oddity.EMPTY_FRAME)


def test_nothing_but_noise_is_a_flood(rpc: Rpc) -> None:
    """Long rows of garbage end the connection; one message in between begins a new row."""
    for _ in range(NOISE_LIMIT - 1):
        assert isinstance(rpc.receive(b"x"), Noise)
    rpc.answer(called(rpc), {})
    for _ in range(NOISE_LIMIT - 1):
        assert isinstance(rpc.receive(b"x"), Noise)
    assert isinstance(rpc.receive(b"x"), Flood)


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_2_x_says_when_it_cannot_read(version: str) -> None:
    """2.x Part 4 §4.2.3: a CALLERROR with the id "-1"."""
    rpc = make_rpc(version)
    assert sent(rpc.receive(b"nonsense"))[:3] == [4, "-1", "rpc_framework"]
    assert sent(say(rpc, 2, 5, "Heartbeat", {}))[:3] == [4, "-1", "rpc_framework"]
    assert sent(say(rpc, 2, "1", "Heartbeat"))[:3] == [4, "1", "rpc_framework"]
    assert isinstance(say(rpc, 3, 5, {}), Noise)
    for _ in range(NOISE_LIMIT):
        last = rpc.receive(b"x")
    assert isinstance(last, Flood)


def test_unknown_types_of_2_x() -> None:
    """2.0.1 Part 4 §4.4 has MessageTypeNotSupported, 2.1 is silent."""
    assert sent(say(make_rpc("2.0.1"), 9, "1"))[:3] == [4, "1", "message_type"]
    assert isinstance(say(make_rpc("2.0.1"), 9, 1), Noise)
    assert isinstance(say(make_rpc("2.1"), 9, "1"), Noise)


@pytest.mark.parametrize("frame", [[5, "1", "GenericError", "", {}], [6, "1", "Heartbeat", {}]])
def test_newer_types_are_unknown_to_2_0_1(frame: list[object]) -> None:
    """SEND and CALLRESULTERROR came with 2.1."""
    assert sent(say(make_rpc("2.0.1"), *frame))[:3] == [4, "1", "message_type"]


# --- SEND and CALLRESULTERROR ---------------------------------------------------------------

STREAM = "NotifyPeriodicEventStream"


@pytest.mark.parametrize("payload", [{}, {"id": 1}, None])
def test_send(payload: dict[str, object] | None) -> None:
    """2.1 Part 4 §4.2.5: said, not asked; it opens nothing that could be answered."""
    rpc = make_rpc("2.1")
    assert say(rpc, 6, "1", STREAM, payload) == Told(STREAM, payload or {})
    assert rpc.open_calls == 0


def test_send_beside_calls() -> None:
    """It may come while a CALL is open, is no second one, and its id means nothing to us."""
    rpc = make_rpc("2.1", inbound_limit=1)
    call = called(rpc)
    for _ in range(3):
        assert isinstance(say(rpc, 6, "1", STREAM, {}), Told)
    assert rpc.answer(call, {}) is not None


@pytest.mark.parametrize(
    "rest",
    [[], [STREAM], ["1"], ["1", STREAM], ["1", STREAM, []], ["1", STREAM, {}, {}], ["1", 5, {}],
     [1, STREAM, {}], ["x" * 37, STREAM, {}], ["1", STREAM, "text"]],
)  # fmt: skip
def test_malformed_send_is_silence(rest: list[object]) -> None:
    """No error answers a SEND, whatever is wrong with it."""
    assert isinstance(say(make_rpc("2.1"), 6, *rest), Noise)


def test_send_nested_too_deeply_is_silence() -> None:
    """Not even then."""
    text = b'[6,"1","NotifyPeriodicEventStream",' + b"[" * 90 + b"]" * 91
    assert isinstance(make_rpc("2.1").receive(text), Noise)


@pytest.mark.parametrize("keep", [True, False])
def test_disputed_answer(keep: bool) -> None:
    """A CALLRESULTERROR names the CALL whose answer was useless, and is not answered."""
    rpc = make_rpc("2.1")
    rpc.answer(called(rpc, "7", "Authorize"), {}, keep=keep)
    event = say(rpc, 5, "7", "FormatViolation", "idTokenInfo", {})
    assert event == Disputed("7", "Authorize", "FormatViolation", "idTokenInfo")
    assert say(rpc, 5, "7", "FormatViolation", "", {}) == Stray("unknown")


def test_sloppy_dispute() -> None:
    """As sloppy as a CALLERROR may be."""
    rpc = make_rpc("2.1")
    rpc.answer(called(rpc), {})
    assert say(rpc, 5, "1") == Disputed("1", "Heartbeat", "GenericError", "")


def test_disputed_answer_is_not_given_again() -> None:
    """The station would only dispute it again."""
    rpc = make_rpc("2.1")
    rpc.answer(called(rpc), {})
    assert isinstance(say(rpc, 2, "1", "Heartbeat", {}), Send)
    say(rpc, 5, "1", "GenericError", "", {})
    assert isinstance(say(rpc, 2, "1", "Heartbeat", {}), Call)


def test_fresh_answers_are_only_remembered() -> None:
    """Remembered for a dispute, never sent again; asking again is no oddity, reusing the id is."""
    rpc = make_rpc("2.1")
    rpc.answer(called(rpc), {}, keep=False)
    again = called(rpc)
    assert again.oddity is None
    rpc.answer(again, {}, keep=False)
    assert called(rpc, other=1).oddity is Oddity.REUSED_MESSAGE_ID


def test_dispute_of_nothing() -> None:
    """What we did not answer nobody can dispute."""
    rpc = make_rpc("2.1")
    assert say(rpc, 5, "1", "GenericError", "", {}) == Stray("unknown")
    called(rpc)
    assert say(rpc, 5, "1", "GenericError", "", {}) == Stray("unknown")
    assert isinstance(say(rpc, 5, 1, "GenericError", "", {}), Noise)
    assert isinstance(say(rpc, 5), Noise)


def test_we_dispute() -> None:
    """2.1: the station hears that its answer was useless, under the id of our CALL."""
    rpc = make_rpc("2.1")
    outgoing = asked(rpc)
    rpc.next_call()
    say(rpc, 3, outgoing.id, {"status": 5})
    frame = rpc.dispute(outgoing, Fault(FaultKind.TYPE, "status: is not of type string"))
    assert frame is not None
    assert orjson.loads(frame) == [5, "ours-1", "type", "status: is not of type string", {}]


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_older_versions_cannot_dispute(version: str) -> None:
    """They have no frame for it, and a CALLERROR answers CALLs only."""
    rpc = make_rpc(version)
    assert not rpc.disputes
    assert rpc.dispute(asked(rpc), Fault(FaultKind.TYPE, "")) is None


def test_nothing_is_disputed_after_the_end() -> None:
    """The connection is gone."""
    rpc = make_rpc("2.1")
    outgoing = asked(rpc)
    rpc.close()
    assert rpc.dispute(outgoing, Fault(FaultKind.TYPE, "")) is None


# --- what we ask ----------------------------------------------------------------------------


def test_one_call_of_ours_at_a_time(rpc: Rpc) -> None:
    """The second is not sent before the first is settled, whatever the station asks meanwhile."""
    first, second = asked(rpc, "Reset"), asked(rpc, "ClearCache")
    assert rpc.next_call() is first
    assert rpc.next_call() is None
    assert (rpc.in_flight, rpc.waiting) == (first, 1)
    assert isinstance(say(rpc, 2, "1", "Heartbeat", {}), Call)
    assert say(rpc, 3, first.id, {"status": "Accepted"}) == Answered(first, {"status": "Accepted"})
    assert rpc.next_call() is second
    assert second.phase is Phase.OPEN


def test_our_frame(rpc: Rpc) -> None:
    """A CALL of ours carries an id of ours."""
    asked(rpc, "Reset")
    outgoing = rpc.next_call()
    assert outgoing is not None
    assert outgoing.frame == b'[2,"ours-1","Reset",{}]'


def test_crossing_calls_with_one_id(rpc: Rpc) -> None:
    """Ids of both sides may be the same; directions do not mix."""
    outgoing = asked(rpc)
    rpc.next_call()
    call = called(rpc, outgoing.id)
    assert isinstance(say(rpc, 3, outgoing.id, {}), Answered)
    assert rpc.answer(call, {}) is not None


def test_urgent_first(rpc: Rpc) -> None:
    """By priority, then by age."""
    slow, urgent, urgent_too = asked(rpc, priority=1), asked(rpc), asked(rpc)
    order = []
    for _ in range(3):
        outgoing = rpc.next_call()
        assert outgoing is not None
        order.append(outgoing)
        say(rpc, 3, outgoing.id, {})
    assert order == [urgent, urgent_too, slow]


def test_queue_is_bounded() -> None:
    """What does not fit is not taken."""
    rpc = make_rpc(outbound_limit=2)
    asked(rpc)
    asked(rpc)
    assert rpc.call("Reset", {}, 30) is None
    rpc.next_call()
    assert rpc.call("Reset", {}, 30) is not None


@pytest.mark.parametrize(
    "code",
    ["NotImplemented", "OccurrenceConstraintViolation", "OccurenceConstraintViolation", "Whatever"],
)
def test_every_spelling_of_errors_is_taken(rpc: Rpc, code: str) -> None:
    """The code of a CALLERROR is passed on as it is."""
    outgoing = asked(rpc)
    rpc.next_call()
    assert say(rpc, 4, outgoing.id, code, "why", {"a": 1}) == Failed(outgoing, code, "why")


@pytest.mark.parametrize(
    ("rest", "code", "description"),
    [([], "GenericError", ""), (["NotSupported"], "NotSupported", ""), ([5, 6], "GenericError", ""),
     ([None, None, None], "GenericError", ""), (["x" * 99, "y" * 999, {}], "x" * 64, "y" * 255),
     (["NotSupported", "", {}, {}, {}], "NotSupported", "")],
)  # fmt: skip
def test_sloppy_errors_are_taken(rpc: Rpc, rest: list[object], code: str, description: str) -> None:
    """Even two elements are an answer."""
    outgoing = asked(rpc)
    rpc.next_call()
    whole = len(rest) == 3 and rest[0] == "x" * 99
    odd = Oddity.SHORT_CALLERROR if len(rest) < 3 else Oddity.MALFORMED_ANSWER
    oddity = None if whole else odd
    assert say(rpc, 4, outgoing.id, *rest) == Failed(outgoing, code, description, oddity=oddity)


@pytest.mark.parametrize("rest", [[None], [None, {}]])
def test_null_result_is_empty(rpc: Rpc, rest: list[object]) -> None:
    """As in a CALL."""
    outgoing = asked(rpc)
    rpc.next_call()
    assert say(rpc, 3, outgoing.id, *rest) == Answered(outgoing, {}, Oddity.NULL_PAYLOAD)


@pytest.mark.parametrize("rest", [[], [[]], ["Accepted"], [5, {}]])
def test_result_without_payload_fails_our_call(rpc: Rpc, rest: list[object]) -> None:
    """Who asked need not wait for the deadline; the station gets no error for its answer."""
    outgoing = asked(rpc)
    rpc.next_call()
    event = say(rpc, 3, outgoing.id, *rest)
    assert isinstance(event, Failed)
    assert event.code == "FormationViolation"
    assert event.fault == Fault(FaultKind.FORMAT, event.description)


@pytest.mark.parametrize("kind", [3, 4])
def test_answers_to_nothing(rpc: Rpc, kind: int) -> None:
    """Unknown, duplicate and late answers are told apart and never answered."""
    assert say(rpc, kind, "nobody", {}) == Stray("unknown")
    outgoing = asked(rpc, deadline=10)
    assert say(rpc, kind, outgoing.id, {}) == Stray("unknown")
    rpc.next_call()
    assert say(rpc, kind, "nobody", {}) == Stray("unknown")
    say(rpc, 3, outgoing.id, {})
    assert say(rpc, kind, outgoing.id, {}) == Stray("duplicate")
    late = asked(rpc, deadline=10)
    rpc.next_call()
    rpc.expire(10)
    assert say(rpc, kind, late.id, {}) == Stray("late")


def test_deadlines(rpc: Rpc) -> None:
    """Whatever is not answered in time expires, sent or not, and makes room."""
    sent_one, queued, later = asked(rpc), asked(rpc, deadline=20), asked(rpc, deadline=40)
    rpc.next_call()
    assert rpc.next_deadline() == 20
    assert rpc.expire(19.9) == []
    assert rpc.expire(30) == [sent_one, queued]
    assert {sent_one.phase, queued.phase} == {Phase.SETTLED}
    assert rpc.next_call() is later
    assert rpc.next_deadline() == 40


def test_nothing_to_wait_for(rpc: Rpc) -> None:
    """A conversation in which we asked nothing has no deadlines."""
    assert rpc.next_deadline() is None
    assert rpc.expire(1e9) == []
    assert rpc.next_call() is None
    assert rpc.in_flight is None
    assert rpc.waiting == 0
    assert rpc.outstanding() == []


def test_withdrawn(rpc: Rpc) -> None:
    """A CALL that nobody waits for leaves the queue; one that was sent makes room."""
    first, second, third = asked(rpc), asked(rpc), asked(rpc)
    rpc.next_call()
    rpc.withdraw(second)
    rpc.withdraw(first)
    rpc.withdraw(first)
    assert say(rpc, 3, first.id, {}) == Stray("late")
    assert rpc.next_call() is third
    make_rpc().withdraw(first)


def test_queued_calls_dropped(rpc: Rpc) -> None:
    """The one in flight stays."""
    first, second, third = asked(rpc), asked(rpc), asked(rpc)
    rpc.next_call()
    assert rpc.drop_queued() == [second, third]
    assert rpc.outstanding() == [first]


def test_closed(rpc: Rpc) -> None:
    """Every CALL of ours is given back, and nothing more is made, not even answers."""
    first, second = asked(rpc), asked(rpc)
    rpc.next_call()
    call = called(rpc)
    assert rpc.close() == [first, second]
    assert rpc.close() == []
    assert rpc.answer(call, {}) is None
    assert rpc.refuse(call, Fault(FaultKind.GENERIC, "")) is None
    assert rpc.call("Reset", {}, 30) is None
    assert rpc.next_call() is None


# --- anything -------------------------------------------------------------------------------

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(
    st.sampled_from(sorted(ENVELOPES)),
    st.lists(st.binary(max_size=60) | st.lists(ANY_JSON, max_size=6).map(orjson.dumps)),
)
def test_nothing_raises(version: str, texts: list[bytes]) -> None:
    """Whatever comes, something is made of it."""
    rpc = make_rpc(version)
    for text in texts:
        rpc.receive(text)
