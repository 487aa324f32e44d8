"""Contract certificates for cars, fetched while the station waits.

What a car and the provider of its contracts say to each other is sealed between the two; here it
is carried.  A car gives up after some five seconds (ISO 15118-2), so whoever has not answered by
then is answered for.  Nobody else waits: the report goes on into the intake when it has its
answer, and all others go straight there.
"""

from __future__ import annotations

from io import BytesIO
from typing import Annotated, Final, Literal

import attrs
import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.client import FileBodyProducer, ResponseDone
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IResponse
from zope.interface import implementer

from csms.core.certificates.vocabulary import ContractAnswer, ContractAsked
from csms.core.ports import Answer, IContractProvider, IIntake, ITasks
from csms.core.reports import Report
from csms.core.values import StationKey
from csms.pipeline.waiting import within

HTTP_OK: Final = 200
PATIENCE_S: Final = 4.5
MAX_ANSWER: Final = 65_536
MAX_WAITING: Final = 200
"""Cars that wait at the same time; one more is told at once that there is nothing."""

_TOO_MANY = ContractAnswer(accepted=False, detail="Too many cars are waiting.")
_LATE = ContractAnswer(accepted=False, detail="The provider of contracts did not answer in time.")
_FAILED = ContractAnswer(accepted=False, detail="The provider of contracts could not be asked.")


@implementer(IIntake)
@attrs.define(eq=False)
class ContractDesk:
    """`IIntake` before another, which asks the provider of contracts what cars ask for."""

    _intake: IIntake
    _provider: IContractProvider
    _tasks: ITasks
    _waiting: int = attrs.field(default=0, init=False)

    def submit(self, station: StationKey, report: Report, answer: Answer) -> None:
        """See `IIntake.submit`."""
        if not isinstance(report, ContractAsked):
            self._intake.submit(station, report, answer)
        elif self._waiting >= MAX_WAITING:
            self._intake.submit(station, replace(report, answer=_TOO_MANY), answer)
        else:
            self._waiting += 1
            self._tasks.spawn(
                self._ask(station, report, answer),
                "asking for a contract certificate",
                station=station.identity,
            )

    async def _ask(self, station: StationKey, report: ContractAsked, answer: Answer) -> None:
        told = _FAILED
        try:
            told = await self._provider.ask(station, report)
        finally:
            self._waiting -= 1
            self._intake.submit(station, replace(report, answer=told), answer)


class _Question(Struct, frozen=True, kw_only=True):
    """What is posted to the provider; ``exi_request`` is base64."""

    station: str
    action: Literal["install", "update"]
    schema_version: str
    exi_request: str
    most_chains: int | None
    preferred_emaids: tuple[str, ...]


class _Answer(Struct, frozen=True, kw_only=True):
    """What the provider answers with; ``exi_response`` is base64."""

    status: Literal["accepted", "failed"]
    exi_response: Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/=\r\n]*$")] = ""
    remaining_contracts: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class _TooLong(Exception):  # noqa: N818 - about what came from outside
    """More than `MAX_ANSWER` bytes came."""


@implementer(IContractProvider)
@attrs.define(eq=False)
class HttpContracts:
    """`IContractProvider` by HTTP: the question is posted as JSON, and so is the answer.

    No redirect is followed, and what is too long, too late or no such answer counts as failed.
    """

    _agent: IAgent
    _url: str
    _clock: IReactorTime
    _log: Logger = attrs.field(factory=Logger, init=False)

    async def ask(self, station: StationKey, asked: ContractAsked) -> ContractAnswer:
        """See `IContractProvider`."""
        question = _Question(
            station=station.identity,
            action="update" if asked.renewal else "install",
            schema_version=asked.schema_version,
            exi_request=asked.request,
            most_chains=asked.most_chains,
            preferred_emaids=asked.preferred,
        )
        asking = Deferred.fromCoroutine(self._post(msgspec.json.encode(question)))
        try:
            answer = await within(self._clock, PATIENCE_S, asking)
        except TimeoutError:
            asking.cancel()
            self._log.warn("The provider of contracts is too slow", station=station.identity)
            return _LATE
        except Exception as error:  # noqa: BLE001 - whatever it is, the car needs an answer
            self._log.warn(
                "The provider of contracts could not be asked: {error}",
                error=type(error).__name__,
                station=station.identity,
            )
            return _FAILED
        return ContractAnswer(
            accepted=answer.status == "accepted",
            response=answer.exi_response,
            remaining=answer.remaining_contracts,
        )

    async def _post(self, content: bytes) -> _Answer:
        headers = Headers({"Content-Type": ["application/json"], "User-Agent": ["csms"]})
        body = FileBodyProducer(BytesIO(content))
        response: IResponse = await self._agent.request(b"POST", self._url.encode(), headers, body)
        text = await _collected(response)
        if response.code != HTTP_OK:
            raise ValueError(f"status {response.code}")
        return msgspec.json.decode(text, type=_Answer)


def _collected(response: IResponse) -> Deferred[bytes]:
    """The body of a response; fails with `_TooLong`."""
    whole: Deferred[bytes] = Deferred()
    response.deliverBody(_Body(whole))
    return whole


class _Body(Protocol):
    """Takes a body, up to a length."""

    def __init__(self, whole: Deferred[bytes]) -> None:
        self._whole = whole
        self._parts = b""

    def dataReceived(self, data: bytes) -> None:
        """See `Protocol`."""
        self._parts += data
        if len(self._parts) > MAX_ANSWER and self.transport is not None:
            self.transport.abortConnection()  # type: ignore[attr-defined]  # of HTTP responses

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `Protocol`."""
        if len(self._parts) > MAX_ANSWER:
            self._whole.errback(_TooLong())
        elif reason.check(ResponseDone):
            self._whole.callback(self._parts)
        else:
            self._whole.errback(reason)
