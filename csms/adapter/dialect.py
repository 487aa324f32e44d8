"""The dialects: what each OCPP version calls things, as one table per version.

A `Dialect` does everything the gateway needs of a version.  What a version is made of stands in
its folder (``v16``, ``v201``, ``v21``) as a `csms.adapter.tables.Version`; adding one is adding
its folder and its name to `DIALECTS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cached_property
from types import MappingProxyType
from typing import cast

import attrs

from csms.adapter.faults import MAX_TEXT, Fault, FaultKind, PayloadError
from csms.adapter.leaves import Shape
from csms.adapter.manners import Manners
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import outlandish
from csms.adapter.shapes import compiled
from csms.adapter.tables import Request, Understood, Unsupported, Version
from csms.adapter.texts import mended, mended_json
from csms.adapter.times import same
from csms.adapter.v16.version import V16
from csms.adapter.v21.version import V21
from csms.adapter.v201.version import V201
from csms.core.commands import Command, Outcome, Raw
from csms.core.errors import Invalid
from csms.core.replies import Reply
from csms.core.values import Strictness

_MAX_ACTION = 100

__all__ = [
    "DIALECTS",
    "Dialect",
    "Fault",
    "FaultKind",
    "Request",
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

    @property
    def manners(self) -> Manners:
        """How the version behaves around its messages."""
        return self._of.manners

    @cached_property
    def _answer_shapes(self) -> dict[tuple[type[Command], str], Shape]:
        """Of the answers to our requests; made when one that breaks its schema comes."""
        return {}

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
                    self._of.schemas.check(name, payload)
                payload = self._mended(action, payload, notes)
                if row.echoed:
                    self._of.schemas.check(name, payload)
            report = row.read(payload, notes)
            return Understood(report, notes.taken(), maimed=notes.lacks(row.proof))
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

        Raises `Invalid` naming the command's field that breaks a rule, or that no version knows.
        A word or a length that the newest version takes is a want of this one: `Unsupported`.
        """
        row = self._of.commands[type(command)]
        request = row.spell(command)
        if isinstance(request, Unsupported):
            _check_known(command)
            return request
        if request.action not in self._of.outbound:
            raise Invalid(self._no_such(request.action), field="action")
        name = self._of.request_schema(request.action)
        flaw = (
            self._of.schemas.outbound_flaw(name, request.payload)
            or outlandish(request.payload)
            or self._of.check(request)
        )
        if flaw is not None:
            field = row.field(flaw.path)
            # A message in wire form is of this version, and of no other.
            if self._of is not V21 and not isinstance(command, Raw) and _newest_says(command):
                reason = f"OCPP {self.version} cannot say it: {field} {flaw.rule}."
                return Unsupported(reason, field)
            raise Invalid(f"{field} {flaw.rule}.", field=field)
        return request

    def _no_such(self, action: str) -> str:
        near = get_close_matches(action[:_MAX_ACTION], self._of.outbound, cutoff=0.4)
        hint = f" Is it {' or '.join(near)}?" if near else ""
        return f"OCPP {self.version} has no such request to a station.{hint}"

    def interpret(self, command: Command) -> Command:
        """A raw request as the core's own command, where that is known to say the very same;
        every other command as it is."""
        if not isinstance(command, Raw):
            return command
        try:
            request = cast("Request", self.request(command))
            known = self._of.interpret(request)
            if known is None and (interpreter := self._of.interpreters.get(request.action)):
                known = interpreter(request.payload)
                if known is not None and not _alike(self.request(known), request):
                    known = None
        except (Invalid, PayloadError):
            return command
        return known or command

    def outcome(self, command: Command, payload: object) -> Outcome:
        """What the payload of a CALLRESULT, whatever JSON it is, says about ``command``."""
        row = self._of.commands[type(command)]
        request = row.spell(command)
        if isinstance(request, Unsupported):
            return Outcome(status="unsupported", detail=request.reason)
        response = mended_json({} if payload is None else payload)
        if not isinstance(response, dict):
            return Outcome(
                status="rejected",
                response={"payload": response},
                detail="The answer is no JSON object.",
            )
        verdict = (
            self._of.judge(request.action, response)
            if row.judge is None
            else row.judge(command, response)
        )
        name = f"{request.action}Response"
        flaw = self._of.schemas.flaw(name, response)
        detail = verdict.detail
        if flaw is not None:
            detail = f"The answer breaks its schema: {flaw.field or 'payload'} {flaw.rule}."
        whole = self._of.schemas.accepts(name, response)
        found = self._found(command, request.action, response, whole=whole)
        return Outcome(status=verdict.status, response=response, detail=detail, found=found)

    def _found(
        self, command: Command, action: str, response: dict[str, object], *, whole: bool
    ) -> object:
        """What an answer tells the core; None when it cannot be read."""
        row = self._of.commands[type(command)]
        if row.learn is None:
            return None
        try:
            payload: object = response
            if not whole:
                notes = Notes(datetime.now(UTC), Strictness.TOLERANT)
                payload = self._answer_shape(type(command), action).mend(response, notes)
            return row.learn(command, payload)
        except PayloadError:
            return None

    def _answer_shape(self, kind: type[Command], action: str) -> Shape:
        shape = self._answer_shapes.get((kind, action))
        if shape is None:
            document = self._of.schemas.documents[f"{action}Response"]
            shape = compiled(document, self._of.commands[kind].lenience)
            self._answer_shapes[kind, action] = shape
        return shape

    def departures(
        self, command: Command, payload: object, now: datetime
    ) -> Sequence[tuple[str, str]]:
        """The rules by which the payload of a CALLRESULT to ``command`` was tolerated, each with
        the place, without what was there: answers hold secrets."""
        request = self._of.commands[type(command)].spell(command)
        assert not isinstance(request, Unsupported), "only what was sent is answered"
        if self._of.schemas.accepts(f"{request.action}Response", payload):
            return ()
        notes = Notes(now, Strictness.TOLERANT)
        with suppress(PayloadError):
            self._answer_shape(type(command), request.action).mend(payload, notes)
        return [(name, example.partition("=")[0]) for name, example in notes.taken()]

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


def _check_known(command: Command) -> None:
    """Raise `Invalid` for what not even the newest version has a word for: it was misspelt."""
    try:
        newest = V21.commands[type(command)].spell(command)
    except Invalid:
        return  # it knows the words
    if isinstance(newest, Unsupported) and newest.field is not None:
        raise Invalid(f"{newest.field} is nothing that OCPP knows.", field=newest.field)


def _newest_says(command: Command) -> bool:
    """Whether the newest version takes the command as it is."""
    try:
        return isinstance(DIALECTS[V21.subprotocol].request(command), Request)
    except Invalid:
        return False


def _alike(spelled: Request | Unsupported, asked: Request) -> bool:
    """Whether a request says the very same as another, be its times spelled otherwise."""
    return (
        isinstance(spelled, Request)
        and spelled.action == asked.action
        and same(spelled.payload, asked.payload)
    )


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {version.subprotocol: Dialect(version) for version in (V21, V201, V16)}
)
"""By subprotocol; the newest version first, which is no preference: that is the station's."""
