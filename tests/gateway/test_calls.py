"""Commands on their way to an outcome."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

import orjson
import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from csms.adapter.dialect import DIALECTS
from csms.core.commands import ClearCache, Command, Outcome, Raw, RemoteStop, Reset, Trigger, Unlock
from csms.core.locallists.vocabulary import ReadLocalListVersion
from csms.core.values import Registration, StationKey
from csms.core.variables.vocabulary import ReadVariables, Wanted
from csms.gateway.calls import Calls
from csms.gateway.disputes import complaint
from csms.gateway.messages import Answered, Failed
from csms.gateway.rpc import Rpc
from csms.gateway.wheel import Wheel
from csms.testing.gateway import LIKENESSES

NEWEST = DIALECTS["ocpp2.1"]
AT = datetime(2030, 1, 1, tzinfo=UTC)


class Desk:
    """Calls to a station that the test plays."""

    def __init__(
        self, *, released: bool = True, limit: int = 64, deaf_after: int = 3, version: str = "1.6"
    ) -> None:
        self.clock = Clock()
        self.sent: list[Any] = []
        self.deaf: list[str] = []
        dialect = LIKENESSES[f"ocpp{version}"]
        numbers = count(1)
        self.rpc = Rpc(
            dialect.codes, dialect.manners.envelope, lambda: f"c{next(numbers)}", 16, limit
        )
        self.calls = Calls(
            StationKey(1, "CP1"),
            dialect,
            self.rpc,
            self.clock,
            Wheel(self.clock),
            lambda frame: self.sent.append(orjson.loads(frame)),
            self.deaf.append,
            deaf_after=deaf_after,
            released=released,
        )

    def submit(
        self,
        command: Command,
        timeout_s: float = 30,
        registration: Registration = Registration.ACCEPTED,
    ) -> Deferred[Outcome]:
        restricted = registration is not Registration.ACCEPTED
        return self.calls.submit(command, timeout_s, registration, restricted=restricted)

    def reply(self, *frame: object) -> None:
        event = self.rpc.receive(orjson.dumps(frame))
        assert isinstance(event, Answered | Failed)
        self.calls.settle(event)

    def pass_s(self, seconds: float) -> None:
        for _ in range(int(seconds / 0.25)):
            self.clock.advance(0.25)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def outcome(deferred: Deferred[Outcome]) -> Outcome | None:
    """What is known so far."""
    found: list[Outcome] = []
    deferred.addCallback(found.append)
    return found[0] if found else None


def test_one_after_the_other(desk: Desk) -> None:
    """The next goes out when the one before is settled."""
    first, second = desk.submit(Reset()), desk.submit(ClearCache())
    assert desk.sent == [[2, "c1", "Reset", {"type": "Soft"}]]
    desk.reply(3, "c1", {"status": "Rejected"})
    assert desk.sent[1] == [2, "c2", "ClearCache", {}]
    desk.reply(4, "c2", "GenericError", "no", {})
    told = outcome(first)
    assert told is not None
    assert told.status == "rejected"
    told = outcome(second)
    assert told is not None
    assert told.status == "rejected"


def test_somebody_waits_at_the_station(desk: Desk) -> None:
    """What a driver waits for goes before what an operator wants to know."""
    desk.submit(Reset())
    desk.submit(ReadVariables())
    desk.submit(RemoteStop(transaction_ref="7"))
    desk.reply(3, "c1", {"status": "Accepted"})
    assert desk.sent[-1][2] == "RemoteStopTransaction"


def test_not_released_yet() -> None:
    """Commands wait until the station may hear them; their time runs."""
    desk = Desk(released=False)
    early, later = desk.submit(Reset(), 5), desk.submit(Reset(), 60)
    desk.pass_s(10)
    assert desk.sent == []
    told = outcome(early)
    assert told is not None
    assert (told.status, told.detail) == ("expired", "It could not be sent in time.")
    desk.calls.release()
    assert len(desk.sent) == 1
    assert outcome(later) is None


def test_no_answer_in_time(desk: Desk) -> None:
    """Expired; the next one is sent."""
    first, second = desk.submit(Reset(), 10), desk.submit(ClearCache(), 30)
    desk.pass_s(10.5)
    told = outcome(first)
    assert told is not None
    assert (told.status, told.detail) == ("expired", "No answer in time.")
    assert desk.sent[-1][2] == "ClearCache"
    desk.reply(3, "c2", {"status": "Accepted"})
    assert outcome(second) is not None
    desk.pass_s(60)


def test_a_shorter_deadline_comes_first(desk: Desk) -> None:
    """Whatever the order of asking."""
    slow, fast = desk.submit(Reset(), 60), desk.submit(Reset(), 5)
    desk.pass_s(6)
    assert outcome(slow) is None
    assert outcome(fast) is not None


def test_cannot_be_said(desk: Desk) -> None:
    """A payload that breaks the schema never leaves."""
    told = outcome(desk.submit(Raw(action="Reset", payload={"type": "Gentle"})))
    assert told is not None
    assert told.status == "rejected"
    assert told.detail
    assert desk.sent == []


def test_version_has_no_words(desk: Desk) -> None:
    """Unsupported, with a reason."""
    told = outcome(desk.submit(Unlock(evse_id=1, connector_id=2)))
    assert told is not None
    assert (told.status, bool(told.detail)) == ("unsupported", True)
    assert desk.sent == []


def test_queue_is_full() -> None:
    """Too many commands are not kept."""
    desk = Desk(limit=1)
    desk.submit(Reset())
    desk.submit(Reset())
    told = outcome(desk.submit(Reset()))
    assert told is not None
    assert (told.status, told.detail) == ("unreachable", "Too many commands wait for this station.")


def test_given_up(desk: Desk) -> None:
    """Who does not want to wait any longer makes room for the next."""
    first, second, third = (desk.submit(one) for one in (Reset(), Reset(), ClearCache()))
    errors: list[object] = []
    for one in (second, first):
        one.addErrback(lambda failure: errors.append(failure.trap(CancelledError)))
        one.cancel()
    assert errors == [CancelledError] * 2
    assert [call[2] for call in desk.sent] == ["Reset", "ClearCache"]
    third.addErrback(lambda failure: None)
    third.cancel()
    desk.pass_s(60)


def test_answer_nobody_understands(desk: Desk) -> None:
    """A bug while reading it is logged, and whoever waits hears something."""

    class Broken:
        """A dialect that fails."""

        def __getattr__(self, name: str) -> Any:
            return getattr(LIKENESSES["ocpp1.6"], name)

        def outcome(self, command: Command, payload: object) -> Outcome:
            raise ZeroDivisionError

    desk.calls._dialect = Broken()  # type: ignore[assignment]
    waiting = desk.submit(Reset())
    with capturedLogs() as logs:
        desk.reply(3, "c1", {"status": "Accepted"})
    told = outcome(waiting)
    assert told is not None
    assert told.status == "rejected"
    assert len(logs) == 1


def test_expected(desk: Desk) -> None:
    """Only what a station that is not accepted was asked for by its name."""
    desk.submit(Trigger(message="StatusNotification"))
    assert not desk.calls.expects("StatusNotification")
    desk.submit(Trigger(message="StatusNotification"), registration=Registration.PENDING)
    assert desk.calls.expects("StatusNotification")
    assert not desk.calls.expects("TriggerMessage")


def test_lost(desk: Desk) -> None:
    """Everything is told at once, and no timer is left."""
    waiting = [desk.submit(Reset()), desk.submit(Reset())]
    desk.calls.give_up(desk.rpc.close(), "Gone.")
    for one in waiting:
        told = outcome(one)
        assert told is not None
        assert (told.status, told.detail) == ("unreachable", "Gone.")
    desk.pass_s(60)


def test_some_given_up(desk: Desk) -> None:
    """The one in flight keeps its deadline."""
    flying, queued = desk.submit(Reset(), 10), desk.submit(Reset(), 5)
    desk.calls.give_up(desk.rpc.drop_queued(), "Gone.")
    assert outcome(queued) is not None
    desk.pass_s(11)
    assert outcome(flying) is not None


# --- deaf stations --------------------------------------------------------------------------


def test_deaf() -> None:
    """So many CALLs in a row without answer are told; then the count begins anew."""
    desk = Desk()
    for _ in range(5):
        desk.submit(Reset(), 10)
        desk.pass_s(11)
    assert desk.deaf == ["Reset"]
    desk.submit(ClearCache(), 10)
    desk.pass_s(11)
    assert desk.deaf == ["Reset", "ClearCache"]


@pytest.mark.parametrize("answer", [[3, {"status": "Accepted"}], [4, "GenericError", "", {}]])
def test_who_answers_is_not_deaf(answer: list[Any]) -> None:
    """Any answer ends the row, be it an error."""
    desk = Desk()
    for number in range(1, 7):
        desk.submit(Reset(), 10)
        if number % 3 == 0:
            desk.reply(answer[0], f"c{number}", *answer[1:])
        desk.pass_s(11)
    assert desk.deaf == []


def test_a_late_answer_is_heard() -> None:
    """Who is slow is not deaf."""
    desk = Desk(deaf_after=2)
    for _ in range(4):
        desk.submit(Reset(), 10)
        desk.pass_s(11)
        desk.calls.heard()
    assert desk.deaf == []


def test_what_was_not_sent_does_not_count() -> None:
    """A command that waited too long behind another says nothing of the station."""
    desk = Desk(deaf_after=2)
    desk.submit(Reset(), 10)
    for _ in range(3):
        desk.submit(Reset(), 5)
    desk.pass_s(11)
    assert desk.deaf == []


def test_deafness_is_a_setting() -> None:
    """0 is never."""
    desk = Desk(deaf_after=0)
    for _ in range(10):
        desk.submit(Reset(), 10)
        desk.pass_s(11)
    assert desk.deaf == []


# --- answers that are no use ----------------------------------------------------------------


def disputed(version: str, *answer: object) -> Any:
    desk = Desk(version=version)
    desk.submit(Reset())
    event = desk.rpc.receive(orjson.dumps([3, "c1", *answer]))
    assert isinstance(event, Answered | Failed)
    frame = desk.calls.dispute(event)
    return None if frame is None else orjson.loads(frame)


def test_an_answer_that_breaks_its_schema() -> None:
    """2.1: the station is told, by a CALLRESULTERROR."""
    assert disputed("2.1", {"status": 5}) == [
        5, "c1", "TypeConstraintViolation", "status: is not of type string", {},
    ]  # fmt: skip
    assert disputed("2.1", []) == [
        5, "c1", "RpcFrameworkError", "the station's answer holds no payload", {},
    ]  # fmt: skip


def test_a_good_answer_is_not_disputed() -> None:
    """Nor is an error, whatever it says."""
    assert disputed("2.1", {"status": "Rejected"}) is None
    desk = Desk(version="2.1")
    desk.submit(Reset())
    event = desk.rpc.receive(b'[4,"c1","GenericError","",{}]')
    assert isinstance(event, Failed)
    assert desk.calls.dispute(event) is None


GOOD_ENOUGH: list[dict[str, object]] = [
    {"status": "Accepted", "foo": {"bar": [1]}},
    {"status": "Rejected", "foo": 1, "bar": None},
    {"status": "accepted "},
    {"status": " rejected"},
    {"status": "Accepted", "customData": 5},
    {"status": "Rejected", "customData": {}},
    {"status": "Rejected", "statusInfo": 7},
    {"status": "Accepted", **{f"x{number}": number for number in range(99)}},
]
NO_USE: list[dict[str, object]] = [
    {},
    {"foo": 1},
    {"status": None},
    {"status": 5},
    {"status": {}, "foo": 1},
    {"status": "Zap"},
]


@pytest.mark.parametrize("answer", GOOD_ENOUGH)
def test_an_answer_that_was_read_is_not_disputed(answer: dict[str, object]) -> None:
    """It counts; to call it an error as well would leave the station in doubt."""
    assert complaint(NEWEST, ClearCache(), answer, AT) is None


@pytest.mark.parametrize("answer", NO_USE)
def test_an_answer_that_says_nothing_is_disputed(answer: dict[str, object]) -> None:
    """Only then is something to be said against it."""
    assert complaint(NEWEST, ClearCache(), answer, AT) is not None


def test_a_figure_that_is_none() -> None:
    """Written as text it can be read, if it is one."""
    assert complaint(NEWEST, ReadLocalListVersion(), {"versionNumber": "5"}, AT) is None
    assert complaint(NEWEST, ReadLocalListVersion(), {"versionNumber": "x"}, AT) is not None


def test_an_odd_word_beside_one_that_counts() -> None:
    """What was read of several items is an answer."""
    item = {"component": {"name": "c"}, "variable": {"name": "v"}}
    good = {**item, "attributeStatus": "Accepted", "attributeValue": "1"}
    odd = {**item, "attributeStatus": "Zap"}
    wanted = ReadVariables(items=(Wanted(component="c", variable="v"),))
    assert complaint(NEWEST, wanted, {"getVariableResult": [good, odd]}, AT) is None
    assert complaint(NEWEST, wanted, {"getVariableResult": [odd]}, AT) is not None


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_older_versions_have_no_dispute(version: str) -> None:
    """The outcome says that the answer was odd; the station hears nothing."""
    assert disputed(version, {"status": 5}) is None
    assert disputed(version, []) is None
