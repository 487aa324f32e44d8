"""The dialects: what each OCPP version calls things, as one table per version.

A `Dialect` does everything the gateway needs of a version.  What a version is made of stands in
its folder (``v16``, ``v201``, ``v21``) as a `csms.adapter.tables.Version`; adding one is adding
its folder and its name to `DIALECTS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import cast

import attrs
from zope.interface import implementer

from csms.adapter.faults import MAX_TEXT, Fault, FaultKind, PayloadError
from csms.adapter.leaves import Shape
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import outlandish
from csms.adapter.shapes import compiled
from csms.adapter.tables import Request, Understood, Unsupported, Version
from csms.adapter.texts import mended, mended_json
from csms.adapter.v16.version import V16
from csms.adapter.v21.version import V21
from csms.adapter.v201.version import V201
from csms.core.commands import Command, Outcome, Raw
from csms.core.errors import Invalid
from csms.core.ports import ISpeech
from csms.core.replies import Reply
from csms.core.values import Strictness

__all__ = [
    "DIALECTS",
    "Dialect",
    "Fault",
    "FaultKind",
    "Request",
    "Speech",
    "Understood",
    "Unsupported",
]


MAX_CODE = 64
"""Length at which the error code of a station is cut."""


@attrs.frozen(slots=False, eq=False)
class Dialect:
    """One OCPP version: reads what stations send and writes what we send."""

    _of: Version

    @property
    def version(self) -> str:
        """For example ``1.6``."""
        return self._of.version

    @property
    def subprotocol(self) -> str:
        """For example ``ocpp1.6``."""
        return self._of.subprotocol

    @property
    def codes(self) -> Mapping[FaultKind, str]:
        """The wire spelling of every kind of fault."""
        return self._of.codes

    @cached_property
    def _shapes(self) -> Mapping[str, Shape]:
        documents = self._of.schemas.documents
        return {
            action: compiled(documents[self._of.request_schema(action)], row.lenience)
            for action, row in self._of.inbound.items()
        }

    def recognise(self, action: str) -> Fault | None:
        """None when stations may send ``action`` and we serve it, else what to answer."""
        return None if action in self._of.inbound else self._unserved(action)

    def is_boot(self, action: str) -> bool:
        """Whether this is how a station of this version introduces itself."""
        row = self._of.inbound.get(action)
        return row is not None and row.boot

    def carries_money(self, action: str) -> bool:
        """Whether the message may prove what somebody owes, so that it is kept even unread."""
        row = self._of.inbound.get(action)
        return row is not None and row.money

    def is_one_way(self, action: str) -> bool:
        """Whether the message comes by SEND (2.1) and is never answered."""
        row = self._of.inbound.get(action)
        return row is not None and row.one_way

    def provokes(self, request: Request) -> frozenset[str]:
        """The messages of a station that ``request`` asks for: they may come of a station that
        is not accepted yet, too."""
        return self._of.provokes(request)

    def read(
        self, action: str, payload: object, strictness: Strictness, now: datetime
    ) -> Understood | Fault:
        """What a station says, whatever JSON ``payload`` is; does not raise.

        ``now`` (aware, UTC) is the time of receipt; it stands in for times that cannot be read.
        """
        row = self._of.inbound.get(action)
        if row is None:
            return self._unserved(action)
        notes = Notes(now, strictness)
        name = self._of.request_schema(action)
        try:
            if not self._of.schemas.accepts(name, payload):
                if strictness is Strictness.STRICT:
                    self._of.schemas.refuse(name, payload)
                payload = self._mended(action, payload, notes)
                if row.echoed and not self._of.schemas.accepts(name, payload):
                    self._of.schemas.refuse(name, payload)
            return Understood(row.read(payload, notes), notes.taken())
        except PayloadError as error:
            return error.fault

    def write(self, action: str, reply: Reply) -> dict[str, object]:
        """The payload of the answer to ``action``; `TypeError` when ``reply`` answers no such
        message, which is a mistake in the code that gave it."""
        row = self._of.inbound[action]
        if not isinstance(reply, row.reply):
            raise TypeError(f"{type(reply).__name__} does not answer {action}")
        return row.write(reply)

    def request(self, command: Command) -> Request | Unsupported:
        """The command as a request that is valid in this version.

        Raises `Invalid` naming the command's field that breaks a rule.
        """
        row = self._of.commands[type(command)]
        request = row.spell(command)
        if isinstance(request, Unsupported):
            return request
        if request.action not in self._of.outbound:
            raise Invalid(f"OCPP {self.version} has no such request to a station.", field="action")
        name = self._of.request_schema(request.action)
        flaw = (
            self._of.schemas.outbound_flaw(name, request.payload)
            or outlandish(request.payload)
            or self._of.check(request)
        )
        if flaw is not None:
            field = row.field(flaw.path)
            raise Invalid(f"{field} {flaw.rule}.", field=field)
        return request

    def interpret(self, command: Command) -> Command:
        """A raw remote start or stop as the core's own; every other command as it is."""
        if not isinstance(command, Raw):
            return command
        try:
            request = self.request(command)
        except Invalid:
            return command
        return self._of.interpret(cast("Request", request)) or command

    def outcome(self, command: Command, payload: object) -> Outcome:
        """What the payload of a CALLRESULT, whatever JSON it is, says about ``command``."""
        request = self._of.commands[type(command)].spell(command)
        if isinstance(request, Unsupported):
            return Outcome(status="unsupported", detail=request.reason)
        response = mended_json({} if payload is None else payload)
        if not isinstance(response, dict):
            return Outcome(
                status="rejected",
                response={"payload": response},
                detail="The answer is no JSON object.",
            )
        verdict = self._of.judge(request.action, response)
        flaw = self._of.schemas.flaw(f"{request.action}Response", response)
        detail = verdict.detail
        if flaw is not None:
            detail = f"The answer breaks its schema: {flaw.field or 'payload'} {flaw.rule}."
        return Outcome(status=verdict.status, response=response, detail=detail)

    def dispute(self, command: Command, payload: object) -> Fault | None:
        """What the schema has against the payload of a CALLRESULT to ``command``, if anything."""
        request = self._of.commands[type(command)].spell(command)
        assert not isinstance(request, Unsupported), "only what was sent is answered"
        flaw = self._of.schemas.flaw(f"{request.action}Response", payload)
        return None if flaw is None else flaw.fault

    def failed(
        self,
        command: Command,  # noqa: ARG002 - a version may tell commands apart
        code: str,
        description: str,
    ) -> Outcome:
        """What a CALLERROR says about ``command``."""
        no = code in (self.codes[FaultKind.NOT_IMPLEMENTED], self.codes[FaultKind.NOT_SUPPORTED])
        code, description = mended(code[:MAX_CODE]), mended(description[:MAX_TEXT])
        return Outcome(
            status="unsupported" if no else "rejected",
            response={"code": code, "description": description},
            detail=f"The station answered with the error {code}.",
        )

    def _unserved(self, action: str) -> Fault:
        if action in self._of.unserved or action in self._of.outbound:
            return Fault(FaultKind.NOT_SUPPORTED, "This action is not served here.")
        return Fault(FaultKind.NOT_IMPLEMENTED, f"OCPP {self.version} has no such action.")

    def _mended(self, action: str, payload: object, notes: Notes) -> object:
        if payload is None:
            notes.note(Rule.NULL_PAYLOAD, "payload")
            payload = {}
        return self._shapes[action].mend(payload, notes)


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {version.subprotocol: Dialect(version) for version in (V21, V201, V16)}
)
"""By subprotocol; the newest version first, which is no preference: that is the station's."""


@implementer(ISpeech)
@attrs.frozen
class Speech:
    """What the dialects can say, for those who do not know them."""

    _by_version: Mapping[str, Dialect] = attrs.field(
        factory=lambda: {dialect.version: dialect for dialect in DIALECTS.values()}
    )

    def versions(self) -> Sequence[str]:
        """See `ISpeech`."""
        return tuple(self._by_version)

    def check(self, version: str, command: Command) -> str | None:
        """See `ISpeech`."""
        dialect = self._by_version.get(version)
        if dialect is None:
            return "The station's OCPP version is not spoken here."
        request = dialect.request(command)
        return request.reason if isinstance(request, Unsupported) else None

    def interpret(self, version: str, command: Command) -> Command:
        """See `ISpeech`."""
        dialect = self._by_version.get(version)
        return command if dialect is None else dialect.interpret(command)
