"""A charger that misbehaves, and what it then holds against the server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from csms.sim.findings import Kind
from csms.sim.misbehaviour import LATE_S, NAMES, Deeds
from csms.sim.settings import Settings
from csms.sim.sockets import RefusedError, UnreachableError


@pytest.fixture
def bad(online: Any) -> Any:
    """Makes chargers that do nothing but the misbehaviours named."""

    def bad(*names: str, rate: float = 1.0, **more: Any) -> Any:
        return online(misbehave=rate, misdeeds=frozenset(names), **more)

    return bad


def test_distorted_messages(bad: Any, script: Any, deeds: Deeds, findings: Any) -> None:
    """Every message that can be is distorted, and counted."""
    bad("time_with_space")
    assert all(" " in each["timestamp"] for each in script.payloads("StatusNotification"))
    assert deeds.done["time_with_space"] == len(script.payloads("StatusNotification"))
    assert not findings.total


def test_legal_refusal(
    bad: Any, script: Any, entries: Any, deeds: Deeds, findings: Any, finish: Any
) -> None:
    """A CALLERROR that the standard allows is counted; the next message of its kind is good."""
    charger = bad("number_as_string", settings=Settings(sample_s=0, retry_s=1))
    script.answers["StartTransaction"] = [entries.error("TypeConstraintViolation")]
    finish(charger.start("TAG"))
    first, second = script.payloads("StartTransaction")
    assert any(isinstance(first[key], str) for key in ("connectorId", "meterStart"))
    assert isinstance(second["connectorId"], int)
    assert isinstance(second["meterStart"], int)
    assert deeds.refused["number_as_string"] == 1
    assert not findings.total


def test_internal_error(bad: Any, script: Any, entries: Any, findings: Any, finish: Any) -> None:
    """InternalError is no answer to whatever a charger says."""
    charger = bad("number_as_string", settings=Settings(sample_s=0, retry_s=1))
    script.answers["StartTransaction"] = [entries.error("InternalError")]
    finish(charger.start("TAG"))
    assert findings.counts == {Kind.INTERNAL_ERROR: 1}
    assert "number_as_string" in findings.lines()[1]


def test_illegal_refusal(bad: Any, script: Any, entries: Any, findings: Any) -> None:
    """A message that the standard allows must not be refused."""
    script.answers["StatusNotification"] = [entries.error("PropertyConstraintViolation")]
    bad("time_of_1970")
    assert findings.counts == {Kind.CALL_ERROR: 1}


def test_no_answer(
    bad: Any, script: Any, entries: Any, findings: Any, passes: Any, finish: Any
) -> None:
    """A message that is not answered is a finding, which names what was done."""
    charger = bad("null_payload")
    script.answers["Heartbeat"] = entries.silence
    charger.send_soon(charger.language.heartbeat())
    passes(31)
    assert findings.counts == {Kind.MISSING_ANSWER: 1}
    assert "null_payload" in findings.lines()[1]


def test_closed_connection(bad: Any, script: Any, findings: Any) -> None:
    """A connection that is closed upon a distorted message is a finding, with whatever code."""
    bad("time_of_1970")
    script.peers["CP1"].close(1000, "bye")
    assert findings.counts == {Kind.CLOSED_BY_SERVER: 1}
    assert "time_of_1970" in findings.lines()[1]


@pytest.mark.parametrize("code", [1001, 1005, 1006, 1012])
def test_broken_connection(bad: Any, script: Any, findings: Any, code: int) -> None:
    """One that breaks, or whose server goes away, is no finding, whatever was said before."""
    bad("time_of_1970", stays=False)
    script.peers["CP1"].close(code, "")
    assert not findings.total


def test_closed_much_later(bad: Any, script: Any, findings: Any, passes: Any) -> None:
    """A connection may close for other reasons."""
    bad("time_of_1970", stays=False)
    passes(10)
    script.peers["CP1"].close(1001, "restart")
    assert not findings.total


def test_empty_frames(bad: Any, script: Any, findings: Any) -> None:
    """An empty frame goes before the message."""
    bad("empty_frame")
    assert script.frames[0] == b""
    assert script.frames[1].startswith(b"[2,")
    assert not findings.total


def test_null_payload(bad: Any, script: Any) -> None:
    """A message without content may have null instead."""
    charger = bad("null_payload")
    charger.send_soon(charger.language.heartbeat())
    assert script.frames[-1].endswith(b'"Heartbeat",null]')


def test_reused_ids(bad: Any, script: Any, findings: Any) -> None:
    """Each message has the id of the one before."""
    bad("reused_id")
    assert len(set(script.ids)) == 1
    assert not findings.total


def test_ids_from_one(bad: Any, script: Any, finish: Any) -> None:
    """Ids are numbers that begin anew with each connection."""
    charger = bad("restarted_ids")
    assert script.ids == ["1", "2", "3"]
    script.ids.clear()
    finish(charger.cut())
    finish(charger.reconnect())
    charger.send_soon(charger.language.heartbeat())
    assert script.ids == ["1"]


def test_late_states(bad: Any, script: Any, finish: Any, passes: Any, findings: Any) -> None:
    """The state before comes again after the newer one, with its own time."""
    charger = bad("late_status")
    passes(5)
    finish(charger.plug_in())
    states = [each for each in script.payloads("StatusNotification") if each["connectorId"] == 1]
    assert [each["status"] for each in states] == ["Available", "Preparing", "Available"]
    assert states[2]["timestamp"] < states[1]["timestamp"]
    assert not findings.total


def test_late_answers(bad: Any, script: Any, passes: Any, findings: Any) -> None:
    """An answer comes when nobody waits for it any more; commands meanwhile are no mistake."""
    bad("late_answer", rate=4.0)
    answered = script.command("ClearCache", {})
    passes(LATE_S - 1)
    assert not answered.called
    script.command("ClearCache", {})
    passes(1.5)
    assert answered.called
    assert not findings.total


def test_late_answers_die_with_the_connection(bad: Any, script: Any, finish: Any) -> None:
    """Nothing is sent on a connection that is gone."""
    charger = bad("late_answer", rate=4.0)
    script.command("ClearCache", {})
    finish(charger.close())


def test_short_errors(bad: Any, script: Any) -> None:
    """A command may be answered by [4, id]."""
    charger = bad("two_element_error", rate=4.0)
    answered = script.command("Reset", {"type": "Hard"})
    assert answered.result == [4, answered.result[1]]
    assert not charger.restarting


@pytest.mark.parametrize(
    ("name", "answers"), [("malformed_answer", 1), ("repeated_answer", 2), ("late_answer", 0)]
)
def test_answers_need_commands(
    bad: Any, script: Any, deeds: Deeds, findings: Any, name: str, answers: int
) -> None:
    """A server that gives commands hears one answer too many, or one that is none; what is to
    come later is counted when it comes."""
    bad(name, rate=4.0)
    assert not deeds.done
    script.command("ClearCache", {})
    assert len(script.replies) == answers
    assert deeds.done[name] == (answers > 0)
    assert not findings.total


# Counting as a server does


def test_late_states_are_counted_beside_others(
    bad: Any, script: Any, deeds: Deeds, passes: Any, finish: Any
) -> None:
    """A state that comes late counts whatever was wrong with the newer one."""
    charger = bad("late_status", "padded_value")
    passes(5)
    finish(charger.plug_in())
    assert deeds.done["late_status"] == 1
    assert deeds.done["padded_value"] == 3


def test_late_states_of_refused_ones(
    bad: Any, script: Any, deeds: Deeds, entries: Any, passes: Any, finish: Any
) -> None:
    """What a server refused it does not know, so nothing comes after it."""
    charger = bad("late_status", "padded_value")
    passes(5)
    script.answers["StatusNotification"] = [entries.error("PropertyConstraintViolation")]
    finish(charger.plug_in())
    assert deeds.done["late_status"] == 0
    assert deeds.refused["padded_value"] == 1


def test_restarts_are_counted(bad: Any, deeds: Deeds, finish: Any, findings: Any) -> None:
    """Ids that begin anew are seen at a boot under the id of the last one, once."""
    charger = bad("restarted_ids", boots_on_reconnect=True)
    assert not deeds.done
    for count in (1, 2):
        finish(charger.cut())
        finish(charger.reconnect())
        assert deeds.done == {"restarted_ids": count}
    assert not findings.total


def test_repetitions_are_no_reuse(bad: Any, script: Any, deeds: Deeds) -> None:
    """The same message under the same id is the same message."""
    charger = bad("reused_id")
    deeds.done.clear()
    for _ in range(2):
        charger.send_soon(charger.language.authorize("TAG", ""))
    assert deeds.done["reused_id"] == 1
    assert script.ids[-1] != script.ids[-2]


def test_ids_are_of_a_connection(bad: Any, script: Any, deeds: Deeds, finish: Any) -> None:
    """An id of another connection is not used again."""
    charger = bad("reused_id")
    deeds.done.clear()
    finish(charger.cut())
    finish(charger.reconnect())
    charger.send_soon(charger.language.authorize("TAG", ""))
    assert not deeds.done


def test_unreached_servers_see_nothing(make: Any, opener: Any, finish: Any, deeds: Deeds) -> None:
    """A handshake that nobody saw is not counted."""
    opener.refusals = [UnreachableError("nobody listens")]
    charger = make(misbehave=1.0, misdeeds=frozenset({"origin_header", "trailing_slash"}))
    finish(charger.run())
    assert deeds.done.total() == 0


def test_repeated_in_the_same_words(
    bad: Any, script: Any, entries: Any, passes: Any, deeds: Deeds, clock: Any
) -> None:
    """A transaction message whose answer was lost says the same again."""
    charger = bad("time_of_1970", settings=Settings(sample_s=0, retry_s=1))
    script.answers["StartTransaction"] = [entries.silence]
    Deferred.fromCoroutine(charger.start("TAG"))
    passes(40)
    first, second = script.payloads("StartTransaction")
    assert first == second
    assert first["timestamp"].startswith("1970")


# Rare chances


def test_rare_chances(online: Any, script: Any, deeds: Deeds, passes: Any) -> None:
    """What was done least comes first, and what there is no chance for makes one."""
    charger = online(misbehave=1.0, settings=Settings(sample_s=1))
    deeds.done.clear()
    Deferred.fromCoroutine(charger.start("TAG"))
    passes(60)
    assert {"null_payload", "data_not_text", "bad_transaction_id"} <= deeds.done.keys()
    assert max(deeds.done.values()) <= 8
    assert any(frame.endswith(b'"Heartbeat",null]') for frame in script.frames)


@pytest.mark.parametrize("number", [0, -1, 2**31 - 1])
def test_transactions_of_nobody(bad: Any, script: Any, finish: Any, number: int) -> None:
    """Meter values of a transaction that is none tell no energy: it would be counted twice."""
    name = "unknown_transaction" if number > 0 else "bad_transaction_id"
    charger = bad(name, settings=Settings(sample_s=0))
    finish(charger.start("TAG"))
    for _ in range(8):
        finish(charger.meter())
    told = [each for each in script.payloads("MeterValues") if each["transactionId"] == number]
    assert told
    assert not any("Energy" in json.dumps(each) for each in told)


def test_newer_transactions_of_nobody(
    online201: Any, script: Any, finish: Any, findings: Any
) -> None:
    """In 2.x they end, without ever having begun and without a reading."""
    charger = online201(
        misbehave=1.0, misdeeds=frozenset({"bad_transaction_id", "unknown_transaction"}),
        settings=Settings(sample_s=0),
    )  # fmt: skip
    session = finish(charger.start("TAG"))
    others = [
        each for each in script.payloads("TransactionEvent")
        if each["transactionInfo"]["transactionId"] != session.id
    ]  # fmt: skip
    assert others
    assert {each["eventType"] for each in others} == {"Ended"}
    assert not any("meterValue" in each for each in others)
    assert not findings.total


# Beside the messages


@pytest.mark.parametrize(
    "name",
    ["unreadable_frame", "unknown_message_type", "malformed_call", "bad_message_id",
     "unasked_answer"],
)  # fmt: skip
def test_frames_beside_messages(
    bad: Any, script: Any, deeds: Deeds, findings: Any, name: str
) -> None:
    """No command is needed for them; a server may answer them or not."""
    bad(name)
    assert script.actions() == ["BootNotification", "StatusNotification", "StatusNotification"]
    assert len(script.frames) == 6
    assert deeds.done == {name: 3}
    assert not findings.total


def test_long_ids_may_be_served(bad: Any, script: Any, findings: Any, deeds: Deeds) -> None:
    """A server that puts up with a long id answers under it."""
    charger = bad("bad_message_id")
    frame = json.loads(script.frames[-2])
    charger.line.received(json.dumps([3, frame[1], {}]).encode())
    charger.line.received(json.dumps([4, "-1", "InternalError", "", {}]).encode())
    assert findings.counts == {Kind.UNSOLICITED_ANSWER: 1, Kind.INTERNAL_ERROR: 1}


@pytest.mark.parametrize(
    "name", ["disputed_answer", "unknown_send", "unusable_send", "unknown_stream"]
)
def test_newest_frames(
    online21: Any, script: Any, findings: Any, deeds: Deeds, finish: Any, name: str
) -> None:
    """2.1 has more of them, which an accepted charger alone sends."""
    script.schemas = None
    charger = online21(misbehave=1.0, misdeeds=frozenset({name}), settings=Settings(sample_s=0))
    assert script.frames[0].startswith(b"[2,")
    finish(charger.start("TAG"))
    assert deeds.done[name] > 0
    assert not findings.total


def test_half_a_character(bad: Any, script: Any, deeds: Deeds) -> None:
    """Half a surrogate pair can be sent escaped only."""
    bad("half_surrogate")
    assert any(b"\\ud83d" in frame for frame in script.frames)
    assert deeds.done["half_surrogate"] == 3


# Handshakes


@pytest.mark.parametrize(
    ("password", "names"),
    [
        (b"secret", {"hex_password"}),
        (b"\xff\xfe", {"hex_password"}),
        (b"00ff10", {"hex_password", "bytes_password"}),
        (b"746578745f", {"hex_password", "text_password"}),
        (b"1\xc3\xa9", {"hex_password"}),
        (None, set()),
    ],
)
def test_forms_of_passwords(
    make: Any, opener: Any, finish: Any, password: bytes | None, names: set[str]
) -> None:
    """Digits are sent as what they mean, and anything as digits."""
    forms = frozenset({"hex_password", "bytes_password", "text_password"})
    charger = make(misbehave=1.0, misdeeds=forms, settings=Settings(password=password))
    for _ in range(4):
        finish(charger.connect())
        finish(charger.cut())
    assert {each.name for each in opener.twists if each is not None} == names


def test_handshake_refused(
    make: Any, opener: Any, finish: Any, findings: Any, deeds: Deeds
) -> None:
    """A refusal that the standard allows is counted, and followed by a good handshake."""
    opener.refusals = [RefusedError(400, "Bad Request")]
    charger = make(misbehave=1.0, misdeeds=frozenset({"no_subprotocol"}))
    finish(charger.run())
    assert [each and each.name for each in opener.twists] == ["no_subprotocol", None]
    assert deeds.refused["no_subprotocol"] == 1
    assert not findings.total


def test_handshake_wrongly_refused(make: Any, opener: Any, finish: Any, findings: Any) -> None:
    """An Origin is no reason to refuse anybody."""
    opener.refusals = [RefusedError(403, "Forbidden")]
    charger = make(misbehave=1.0, misdeeds=frozenset({"origin_header"}))
    finish(charger.run())
    assert findings.counts == {Kind.HANDSHAKE_REFUSED: 1}


def test_impossible_twists(make: Any, opener: Any, finish: Any, v201: Any) -> None:
    """Without a password there is none to spell otherwise; 2.x cannot be guessed."""
    opener.subprotocol = v201.subprotocol
    names = frozenset({"hex_password", "no_subprotocol"})
    charger = make(misbehave=1.0, misdeeds=names, language=v201)
    finish(charger.connect())
    assert opener.twists == [None]


# All of it


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_everything(
    online: Any, opener: Any, script: Any, finish: Any, passes: Any, findings: Any,
    deeds: Deeds, v201: Any, v21: Any, v16: Any, version: str,
) -> None:  # fmt: skip
    """With everything at once sessions take place, and a good server is found no fault with."""
    language = {"1.6": v16, "2.0.1": v201, "2.1": v21}[version]
    opener.subprotocol = language.subprotocol
    if version != "1.6":

        class Blind:
            def request_problem(self, action: str, payload: Any) -> None:
                return None

        script.schemas = Blind()
    misdeeds = NAMES
    charger = online(language=language, misbehave=0.6, misdeeds=misdeeds,
                     settings=Settings(sample_s=2))  # fmt: skip
    for _ in range(4):
        Deferred.fromCoroutine(charger.start("TAG"))
        passes(11)
        Deferred.fromCoroutine(charger.stop())
        passes(5)
    assert len(deeds.done) > 8
    assert not findings.total
    assert charger.connectors[1].session is None


def test_lines() -> None:
    """The summary names each misbehaviour, how often it happened and was refused."""
    deeds = Deeds()
    deeds.done.update({"b": 2, "a": 1})
    deeds.refused["b"] = 1
    assert deeds.lines() == ["  a: 1", "  b: 2 (1 refused)"]


def test_behaving(make: Any, deeds: Deeds, finish: Any) -> None:
    """Without a rate a charger behaves."""
    charger = make()
    finish(charger.connect())
    assert charger.line.misbehaviour is None
    assert not deeds.done
