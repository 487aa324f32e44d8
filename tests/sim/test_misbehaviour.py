"""A charger that misbehaves, and what it then holds against the server."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from csms.sim.findings import Kind
from csms.sim.misbehaviour import LATE_S, NAMES, Deeds
from csms.sim.settings import Settings
from csms.sim.sockets import RefusedError


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


# Handshakes


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
    misdeeds = NAMES - {"empty_frame", "null_payload"}
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
