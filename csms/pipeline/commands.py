"""Commands to stations as operations: recorded, sent, settled, and told to whoever asked.

A station that is connected to this process is sent the command right away.  One that is
connected to another process is sent it by that process's `csms.pipeline.courier.Courier`,
and so is one that returns while a command is queued for it: the database is all that the
processes share.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from csms.core import bearers
from csms.core.commands import Command, Outcome, Raw
from csms.core.decisions import Policy
from csms.core.errors import Invalid, Unavailable
from csms.core.firmware.locations import check_location
from csms.core.ids import new_id
from csms.core.operations import (
    action_of,
    check_registration,
    evse_of,
    numbered,
    payload_of,
    ref_of,
    token_of,
)
from csms.core.pages import Page, Query
from csms.core.ports import (
    ILinks,
    IOperations,
    IOperationsBook,
    ISpeech,
    IStations,
    ITasks,
    ITokens,
)
from csms.core.values import Operation, OperationStatus, Station, Token
from csms.pipeline.bearers import known_bearer
from csms.pipeline.delivery import Delivery, told
from csms.pipeline.waiting import pause, within

EXPIRY_MARGIN_S = 30.0
"""What is added to the time a station may take, before an open operation is given up."""
LOOK_EVERY_S = 0.25
"""How often the book is asked about an operation that another process delivers."""


class OperationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``answer_wait_s``: how long `submit` waits for the station; ``queue_ttl_s``: how long a
    command may be queued; ``call_timeout_s``: how long a station may take to answer."""

    answer_wait_s: float = 10.0
    queue_ttl_s: float = 86_400.0
    call_timeout_s: float = 30.0


@implementer(IOperations)
@attrs.define(eq=False, kw_only=True)
class Operations:
    """`IOperations` over the book and the links of this process."""

    stations: IStations
    book: IOperationsBook
    links: ILinks
    speech: ISpeech
    tasks: ITasks
    clock: IReactorTime
    now: Callable[[], datetime]
    delivery: Delivery | None
    """None where no station can be connected."""
    settings: OperationSettings = OperationSettings()
    tokens: ITokens | None = None
    policy: Policy = Policy()
    """Says who of the ``tokens`` may charge, and whether strangers may."""
    firmware_hosts: Collection[str] = ()
    """Where stations may be sent for firmware, see `check_location`; none: anywhere."""

    async def submit(
        self,
        identity: str,
        operator_id: int,
        command: Command,
        *,
        requested_by: str | None = None,
        queue: bool = False,
        session_id: str | None = None,
    ) -> Operation:
        """See `IOperations.submit`; `Unavailable`: nothing was sent."""
        station = await self.stations.get(identity, operator_id)
        version = self._version(station)
        asked, command = command, self.speech.interpret(version, command)
        check_registration(station.registration, command)
        bearer = await self._bearer(station, command)
        if numbered(command):
            command = msgspec.structs.replace(command, ref=await self.book.number())
        if bearer is not None and not isinstance(asked, Raw):
            command = self._named(version, command, bearer)
        impossible = self.speech.check(version, command)
        if impossible is None:
            self._check_source(version, command)
        now = self.now()
        operation = Operation(
            id=new_id(now),
            operator_id=station.operator_id,
            station_id=station.id,
            identity=station.identity,
            action=action_of(command),
            payload=payload_of(command),
            status=OperationStatus.PENDING,
            evse_id=evse_of(command),
            id_token=token_of(command),
            ref=ref_of(command),
            session_id=session_id,
            requested_by=requested_by,
            created_at=now,
            expires_at=now + timedelta(seconds=self.settings.call_timeout_s + EXPIRY_MARGIN_S),
        )
        if impossible is not None:
            return await self._settled(operation, "unsupported", impossible)
        if self.delivery is not None and self.links.holds(station.id):
            return await self._send(self.delivery, operation, command)
        if station.connected:
            await self.book.record(operation, msgspec.json.encode(command))
            return await self._look(operation)
        if not queue:
            return await self._settled(operation, "unreachable", "the station is not connected")
        queued = msgspec.structs.replace(
            operation,
            status=OperationStatus.QUEUED,
            expires_at=now + timedelta(seconds=self.settings.queue_ttl_s),
        )
        await self.book.record(queued, msgspec.json.encode(command))
        return queued

    async def get(self, operation_id: str, operator_id: int | None = None) -> Operation:
        """See `IOperations.get`."""
        return await self.book.get(operation_id, operator_id)

    async def list(self, query: Query, operator_id: int | None = None) -> Page[Operation]:
        """See `IOperations.list`."""
        return await self.book.list(query, operator_id)

    def _check_source(self, version: str, command: Command) -> None:
        """Raises `Invalid` for firmware of somewhere else, whoever wrote the message."""
        location = self.speech.firmware_location(version, command) if self.firmware_hosts else None
        if location is not None:
            field = "payload" if isinstance(command, Raw) else "location"
            check_location(location, self.firmware_hosts, field)

    async def _bearer(self, station: Station, command: Command) -> Token | None:
        """The token that a command names, as the operator's list knows it; raises `Conflict` where
        its bearer may not charge."""
        if self.tokens is None or bearers.bearer_of(command) is None:
            return None
        token = await known_bearer(self.tokens, station.operator_id, command)
        bearers.check(command, token, station.identity, self.now(), self.policy)
        return token

    def _named(self, version: str, command: Command, token: Token) -> Command:
        """The command with what is known of its token.

        A group that the version has no room for is left out, as it is of answers to Authorize and
        of local lists.
        """
        whole = bearers.named(command, token)
        bare = bearers.named(command, msgspec.structs.replace(token, group_id=None))
        if whole == bare:
            return whole
        try:
            impossible = self.speech.check(version, whole)
        except Invalid:
            return bare
        return whole if impossible is None else bare

    def _version(self, station: Station) -> str:
        """The version the station speaks, or spoke last if it still may; for one that never
        connected, the newest that the server speaks and the station may use."""
        spoken = self.speech.versions()
        allowed = [each for each in spoken if each in (station.ocpp_versions or spoken)]
        last = station.ocpp_version
        if last is not None and last in (spoken if station.connected else allowed):
            return last
        return allowed[0] if allowed else spoken[0]

    async def _settled(self, operation: Operation, status: str, detail: str) -> Operation:
        """Record what is settled before it could be sent."""
        outcome = Outcome(status=status, detail=detail)
        operation = told(operation, outcome, operation.created_at)
        await self.book.record(operation, b"")
        return operation

    async def _send(self, delivery: Delivery, operation: Operation, command: Command) -> Operation:
        """Send to a station that is connected here; wait for the answer, but not for ever."""
        # Recorded as sent, for this is the only process that could: nobody else may send it.
        operation = msgspec.structs.replace(operation, sent_at=operation.created_at)
        await self.book.record(operation, msgspec.json.encode(command))
        answered: Deferred[Operation] = Deferred()
        self.tasks.spawn(
            self._carry(delivery, operation, command, answered),
            "sending a command",
            station=operation.identity,
            operation=operation.id,
        )
        try:
            return await within(self.clock, self.settings.answer_wait_s, answered)
        except TimeoutError:
            return operation

    async def _carry(
        self,
        delivery: Delivery,
        operation: Operation,
        command: Command,
        answered: Deferred[Operation],
    ) -> None:
        try:
            settled = await delivery.carry(operation, command)
        except Exception:
            answered.errback()
            raise
        answered.callback(settled)

    async def _look(self, operation: Operation) -> Operation:
        """Wait for another process to deliver the operation, but not for ever."""
        until = self.clock.seconds() + self.settings.answer_wait_s
        while self.clock.seconds() < until:
            await pause(self.clock, LOOK_EVERY_S)
            try:
                operation = await self.book.get(operation.id)
            except Unavailable:
                break
            if operation.status.settled:
                break
        return operation
