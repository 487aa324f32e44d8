"""Contract certificates for cars, fetched while the station waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost, DNSLookupError
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.client import FileBodyProducer, ResponseDone
from twisted.web.iweb import IAgent
from zope.interface import implementer
from zope.interface.verify import verifyObject

from csms.core.certificates.vocabulary import ContractAnswer, ContractAsked
from csms.core.ports import Answer, IContractProvider, IIntake
from csms.core.reports import Beat, Report
from csms.core.values import StationKey
from csms.pipeline.certificates import (
    MAX_ANSWER,
    MAX_WAITING,
    PATIENCE_S,
    ContractDesk,
    HttpContracts,
)
from csms.pipeline.tasks import Tasks

CP1 = StationKey(1, "CP1")
ASKED = ContractAsked(schema_version="x", renewal=False, request="AAAA", preferred=("E",))
GOOD = ContractAnswer(accepted=True, response="BBBB", remaining=1)


@implementer(IIntake)
@attrs.define
class Taken:
    """Remembers what it was given."""

    reports: list[Report] = attrs.field(factory=list)

    def submit(self, station: StationKey, report: Report, answer: Answer) -> None:
        self.reports.append(report)


@implementer(IContractProvider)
@attrs.define
class Slow:
    """Answers when the test says so."""

    waiting: list[Deferred[ContractAnswer]] = attrs.field(factory=list)

    async def ask(self, station: StationKey, asked: ContractAsked) -> ContractAnswer:
        waiting: Deferred[ContractAnswer] = Deferred()
        self.waiting.append(waiting)
        return await waiting


@attrs.define
class Rig:
    """A desk between a provider and an intake."""

    intake: Taken = attrs.field(factory=Taken)
    provider: Slow = attrs.field(factory=Slow)
    desk: ContractDesk = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.desk = ContractDesk(self.intake, self.provider, Tasks(Clock()))

    def say(self, report: Report = ASKED) -> None:
        self.desk.submit(CP1, report, lambda _: None)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_it_is_an_intake(rig: Rig) -> None:
    """It stands before one, and is one."""
    assert verifyObject(IIntake, rig.desk)


def test_others_do_not_wait(rig: Rig) -> None:
    """Only who asks for a contract waits for its provider."""
    rig.say()
    rig.say(Beat())
    assert rig.intake.reports == [Beat()]
    rig.provider.waiting[0].callback(GOOD)
    _, report = rig.intake.reports
    assert isinstance(report, ContractAsked)
    assert report.answer == GOOD


def test_too_many_cars(rig: Rig) -> None:
    """Who comes when the room is full is told so at once, and there is room again later."""
    for _ in range(MAX_WAITING + 1):
        rig.say()
    (report,) = rig.intake.reports
    assert isinstance(report, ContractAsked)
    assert report.answer is not None
    assert not report.answer.accepted
    rig.provider.waiting[0].callback(GOOD)
    rig.say()
    assert len(rig.provider.waiting) == MAX_WAITING + 1


def test_a_provider_with_a_bug(rig: Rig) -> None:
    """The car is answered all the same."""
    rig.say()
    rig.provider.waiting[0].cancel()
    (report,) = rig.intake.reports
    assert isinstance(report, ContractAsked)
    assert report.answer is not None
    assert not report.answer.accepted


@attrs.define
class Response:
    """An HTTP response in parts."""

    parts: tuple[bytes, ...]
    code: int = 200
    end: Exception = attrs.field(factory=ResponseDone)

    def deliverBody(self, protocol: Any) -> None:  # noqa: N802  # Twisted's
        transport = StringTransport()
        protocol.makeConnection(transport)
        for part in self.parts:
            protocol.dataReceived(part)
            if transport.disconnecting:
                break
        protocol.connectionLost(Failure(self.end))


@implementer(IAgent)
@attrs.define
class Agent:
    """Keeps what is asked; answers when the test says so."""

    asked: list[tuple[bytes, bytes, Any]] = attrs.field(factory=list)
    answer: Deferred[Any] = attrs.field(factory=Deferred)

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Any = None,
        bodyProducer: Any = None,  # noqa: N803  # Twisted's
    ) -> Deferred[Any]:
        self.asked.append((method, uri, bodyProducer))
        return self.answer


def asked_of(agent: Agent, clock: Clock | None = None) -> list[ContractAnswer]:
    answers: list[ContractAnswer] = []
    provider = HttpContracts(agent, "https://contracts.example/exi", clock or Clock())
    assert verifyObject(IContractProvider, provider)
    Deferred.fromCoroutine(provider.ask(CP1, ASKED)).addCallback(answers.append)
    return answers


def test_the_question() -> None:
    """Is posted as JSON, the car's message as it is."""
    agent = Agent()
    asked_of(agent)
    ((method, uri, body),) = agent.asked
    assert (method, uri) == (b"POST", b"https://contracts.example/exi")
    assert isinstance(body, FileBodyProducer)
    assert json.loads(body._inputFile.getvalue()) == {
        "station": "CP1",
        "action": "install",
        "schema_version": "x",
        "exi_request": "AAAA",
        "most_chains": None,
        "preferred_emaids": ["E"],
    }


def test_the_answer() -> None:
    """Is taken from the JSON that comes back."""
    agent = Agent()
    answers = asked_of(agent)
    told = b'{"status": "accepted", "exi_response": "BBBB", "remaining_contracts": 1}'
    agent.answer.callback(Response((told[:9], told[9:])))
    assert answers == [GOOD]


def _refused(agent: Agent) -> None:
    agent.answer.errback(DNSLookupError())


def _answering(response: Response) -> Callable[[Agent], None]:
    return lambda agent: agent.answer.callback(response)


@pytest.mark.parametrize(
    "happens",
    [
        _refused,
        _answering(Response((b'{"status": "accepted"}',), code=302)),
        _answering(Response((b"no JSON",))),
        _answering(Response((b'{"status": "perhaps"}',))),
        _answering(Response((b'{"status": "accepted", "exi_response": "\\u0000"}',))),
        _answering(Response((b'{"status": "accepted", "remaining_contracts": -1}',))),
        _answering(Response((b" " * MAX_ANSWER, b"x", b"x"))),
        _answering(Response((b'{"status": "accepted"}',), end=ConnectionLost())),
        _answering(Response((b'{"status": "failed"}',))),
    ],
)
def test_no_answer(happens: Callable[[Agent], None]) -> None:
    """Whatever goes wrong, the car hears that it failed."""
    agent = Agent()
    answers = asked_of(agent)
    happens(agent)
    (answer,) = answers
    assert (answer.accepted, answer.response) == (False, "")


def test_too_late() -> None:
    """A car does not wait longer than that (ISO 15118-2)."""
    agent, clock = Agent(), Clock()
    answers = asked_of(agent, clock)
    clock.advance(PATIENCE_S)
    (answer,) = answers
    assert not answer.accepted
    assert agent.answer.called
