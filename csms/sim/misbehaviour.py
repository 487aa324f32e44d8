"""A charger that misbehaves as those in the field do, and knows what it did.

What is done is drawn by name, of those that fit a message the one done least: distortions of
payloads (`csms.sim.distortions`), of handshakes, frames and messages beside the others
(`csms.sim.strays`).  A refusal that the standard allows is counted; whatever goes beyond it (a
closed connection, no answer, InternalError) is for the findings.
"""

from __future__ import annotations

import json
import random
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from uuid import UUID

import attrs
import orjson
from msgspec import Struct, structs
from twisted.internet.interfaces import IReactorTime

from csms.sim.distortions import DISTORTIONS
from csms.sim.handshakes import EXCUSED_STATUS, HANDSHAKES, fits
from csms.sim.language import Speech
from csms.sim.messages import (
    BENT_NOT,
    CALL,
    ERROR,
    RESULT,
    Bent,
    BentAnswer,
    Payload,
    Request,
)
from csms.sim.places import Distortion
from csms.sim.settings import Settings
from csms.sim.sockets import Twist
from csms.sim.strays import MORE, STRAYS, More, Stray, stray_frame

LATE_S = 45.0
"""When an answer comes that is too late: servers wait half a minute."""
SUSPECT_S = 5.0
"""A connection that the server closes so soon after a distorted message was closed for it."""
SHARE_OF_ANSWERS = 0.25
"""How much rarer answers are distorted: a late one blocks commands for long."""
ANSWERS = ("late_answer", "two_element_error", "malformed_answer", "repeated_answer")
"""What can be done to answers, and so only where a server gives commands."""
IDS = ("reused_id", "restarted_ids")
NAMES = frozenset(
    {each.name for each in DISTORTIONS}
    | {each.name for each in HANDSHAKES}
    | {each.name for each in STRAYS}
    | {each.name for each in MORE}
    | {*ANSWERS, *IDS, "late_status"}
)
"""Everything that a charger can do wrong."""
EXCUSED = frozenset(each.name for each in MORE if each.excused)
"""Messages beside the others that a server may refuse."""
FORGETTABLE = frozenset({"Authorize", "Heartbeat"})
"""Whose answers change, so that a server need not remember under which id it gave one."""
PROVING = frozenset({"StartTransaction", "StopTransaction", "TransactionEvent"})
"""What is told again in the same words when the answer was lost."""


@attrs.define(eq=False)
class Deeds:
    """What all chargers of a run did, by name, and how often it was refused."""

    done: Counter[str] = attrs.Factory(Counter)
    refused: Counter[str] = attrs.Factory(Counter)

    def lines(self) -> list[str]:
        """A summary for people."""
        lines = []
        for name, count in sorted(self.done.items()):
            refused = self.refused[name]
            lines.append(f"  {name}: {count}" + (f" ({refused} refused)" if refused else ""))
        return lines


class _Told(Struct, frozen=True):
    """A message as it was meant, and as it was told."""

    plain: Payload
    name: str
    payload: Payload
    excused: bool


@attrs.define(eq=False)
class Misbehaviour:
    """``rate``: how many of the messages are distorted, of those that can be; ``only`` these."""

    clock: IReactorTime
    speech: Speech
    settings: Settings
    rng: random.Random
    rate: float
    deeds: Deeds
    only: frozenset[str] = NAMES
    twisted: Twist | None = None
    """What was wrong with the last handshake, if anything was."""
    _last: tuple[float, str] | None = attrs.field(default=None, init=False)
    _plain_next: set[str] = attrs.field(factory=set, init=False)
    """Actions whose last message was refused for its distortion."""
    _drawn: Counter[str] = attrs.field(factory=Counter, init=False)
    """How often this charger has done what."""
    _used: str | None = attrs.field(default=None, init=False)
    """Id of the last message of this connection that a server remembers."""
    _used_for: bytes = attrs.field(default=b"", init=False)
    _booted: str | None = attrs.field(default=None, init=False)
    """Id of the last boot that was answered."""
    _counting: int | None = attrs.field(default=None, init=False)
    """Message ids are numbers from 1 since the last start, this is the newest."""
    _states: dict[str, Payload] = attrs.field(factory=dict, init=False)
    _sent: bytes = attrs.field(default=b"", init=False)
    """The CALL that waits for its answer."""
    _unheard: dict[str, _Told] = attrs.field(factory=dict, init=False)
    """By action, what was told and not answered."""
    _provoking: deque[str] = attrs.field(factory=lambda: deque(maxlen=32), init=False)
    """Ids under which errors may come for what is no message."""

    # Handshakes

    def handshake(self) -> Twist | None:
        """How to distort the next handshake; one that was refused is followed by a good one."""
        refused, self.twisted = self.twisted, None
        self._used = None
        self._provoking.clear()
        self._counting = 0 if self._wanted("restarted_ids") else None
        if refused is None and self.rng.random() < self.rate:
            version, password = self.speech.language.version, self.settings.password
            possible = {each.name: each for each in HANDSHAKES if fits(each, version, password)}
            self.twisted = next((possible[name] for name in self._rarest(possible)), None)
        if self.twisted is not None:
            self._drawn[self.twisted.name] += 1
        return self.twisted

    def reached(self) -> None:
        """The server has seen the handshake, whatever it did then."""
        if self.twisted is not None:
            self.did(self.twisted.name)

    def excuses(self, status: int) -> bool:
        """Whether the server may refuse the last handshake with that HTTP status."""
        if self.twisted is None or status not in EXCUSED_STATUS.get(self.twisted.name, ()):
            return False
        self.deeds.refused[self.twisted.name] += 1
        return True

    def blame(self) -> str:
        """What was done just before the server closed the connection; empty: nothing."""
        if self._last is None or self.clock.seconds() - self._last[0] > SUSPECT_S:
            return ""
        return f" after {self._last[1]}"

    # Messages

    def bend(self, request: Request, id_: str) -> Bent | None:
        """See `csms.sim.messages.Bender`."""
        id_, counted = self._count(id_)
        late = self._late_status(request)
        bent = self._bent(request, id_)
        if bent is None and (counted or late is not None):
            frame = _frame(id_, request.action, request.payload)
            bent = Bent("restarted_ids" if late is None else "late_status", id_, (frame,), False)
        if bent is None:
            self._sent = _frame(id_, request.action, request.payload)
            return None
        self._sent = bent.frames[-1]
        return bent if late is None else structs.replace(bent, after=(late, *bent.after))

    def answered(self, request: Request, id_: str, answer: Payload) -> None:
        """See `csms.sim.messages.Bender`."""
        self._unheard.pop(request.action, None)
        boot = request.action == "BootNotification"
        if boot:
            if id_ == self._booted:
                self.did("restarted_ids")
            self._booted = id_
        if request.action in FORGETTABLE or (boot and answer.get("status") != "Accepted"):
            self._forget(id_)
        else:
            self._used, self._used_for = id_, self._sent

    def refused(self, request: Request, bent: Bent) -> None:
        """See `csms.sim.messages.Bender`."""
        self._unheard.pop(request.action, None)
        self._forget(bent.id)
        self.deeds.refused[bent.name] += bent.name in self.deeds.done
        self._plain_next.add(request.action)

    def provoked(self, id_: str) -> bool:
        """See `csms.sim.messages.Bender`."""
        if id_ not in self._provoking:
            return False
        self._provoking.remove(id_)
        return True

    def bend_answer(self, id_: str) -> BentAnswer:
        """See `csms.sim.messages.Bender`."""
        if self.rng.random() >= self.rate * SHARE_OF_ANSWERS:
            return BENT_NOT
        name = next(self._rarest(ANSWERS), None)
        if name is not None:
            self._drawn[name] += 1
        match name:
            case "late_answer":
                return BentAnswer(name, late_s=LATE_S)
            case "two_element_error":
                return BentAnswer(name, instead=orjson.dumps([ERROR, id_]))
            case "malformed_answer":
                return BentAnswer(name, instead=orjson.dumps([RESULT, id_]))
            case "repeated_answer":
                return BentAnswer(name, times=2)
        return BENT_NOT

    def did(self, name: str) -> None:
        """See `csms.sim.messages.Bender`."""
        self.deeds.done[name] += 1
        self._last = (self.clock.seconds(), name)

    # Inside

    def _bent(self, request: Request, id_: str) -> Bent | None:
        """What is sent instead, of which everything that leaves now is counted."""
        if request.deed is not None:
            self.did(request.deed)
            payload = None if request.deed == "null_payload" else request.payload
            frame = _frame(id_, request.action, payload)
            return Bent(request.deed, id_, (frame,), request.deed in EXCUSED)
        told = self._unheard.get(request.action)
        if told is not None and told.plain == request.payload:
            # Whoever has it already must not take it for another one.
            return self._told(request, id_, told) if told.name else None
        if request.action in PROVING:
            self._unheard[request.action] = _Told(request.payload, "", request.payload, True)
        if request.action in self._plain_next:
            self._plain_next.discard(request.action)
            return None
        if self.rng.random() >= self.rate:
            return None
        ways = self._ways(request, id_)
        for name in self._rarest(ways):
            bent = ways[name]()
            if bent is not None:
                self._drawn[name] += 1
                return bent
        return None

    def _ways(self, request: Request, id_: str) -> dict[str, Callable[[], Bent | None]]:
        version = self.speech.language.version
        ways: dict[str, Callable[[], Bent | None]] = {
            "reused_id": partial(self._under_used_id, request)
        }
        for stray in STRAYS:
            if version in stray.versions:
                ways[stray.name] = partial(self._beside, request, id_, stray)
        for more in MORE:
            if version in more.versions:
                ways[more.name] = partial(self._followed, request, id_, more)
        for each in DISTORTIONS:
            if version in each.versions:
                ways[each.name] = partial(self._distorted, request, id_, each)
        return ways

    def _distorted(self, request: Request, id_: str, each: Distortion) -> Bent | None:
        payload = orjson.loads(orjson.dumps(request.payload))
        if not each.apply(request.action, payload, self.rng):
            return None
        told = _Told(request.payload, each.name, payload, each.excused)
        if request.action in PROVING:
            self._unheard[request.action] = told
        return self._told(request, id_, told)

    def _told(self, request: Request, id_: str, told: _Told) -> Bent:
        self.did(told.name)
        return Bent(told.name, id_, (_frame(id_, request.action, told.payload),), told.excused)

    def _under_used_id(self, request: Request) -> Bent | None:
        if self._used is None:
            return None
        frame = _frame(self._used, request.action, request.payload)
        if frame == self._used_for:
            # The very same once more is a repetition, which gets the same answer.
            return None
        self.did("reused_id")
        return Bent("reused_id", self._used, (frame,), excused=True)

    def _beside(self, request: Request, id_: str, stray: Stray) -> Bent | None:
        if stray.open and request.action == "BootNotification":
            return None
        if stray.name == "disputed_answer" and b'"BootNotification"' in self._used_for:
            # It would have to boot again, which is not for the wire to do.
            return None
        own = str(UUID(int=self.rng.getrandbits(128), version=4))
        frame = stray_frame(stray, own, self._used, self.rng)
        if frame is None:
            return None
        self.did(stray.name)
        self._provoking.extend(stray.ids(own))
        if stray.name == "disputed_answer":
            self._used = None
        plain = _frame(id_, request.action, request.payload)
        return Bent(stray.name, id_, (frame, plain), excused=False)

    def _followed(self, request: Request, id_: str, more: More) -> Bent | None:
        if request.action == "BootNotification":
            return None
        if more.name == "null_payload" and not request.payload:
            self.did(more.name)
            return Bent(more.name, id_, (_frame(id_, request.action, None),), more.excused)
        after = more.make(request, self.rng)
        if after is None:
            return None
        plain = _frame(id_, request.action, request.payload)
        return Bent(more.name, id_, (plain,), excused=False, after=(after,))

    def _forget(self, id_: str) -> None:
        if id_ == self._used:
            self._used = None

    def _count(self, id_: str) -> tuple[str, bool]:
        if self._counting is None:
            return id_, False
        self._counting += 1
        return str(self._counting), True

    def _late_status(self, request: Request) -> Request | None:
        """The state before, told again with its own time after the newer one."""
        if request.action != "StatusNotification" or request.deed is not None:
            return None
        payload = request.payload
        place = f"{payload.get('evseId')} {payload.get('connectorId')}"
        before = self._states.get(place)
        self._states[place] = payload
        if before is None or before["timestamp"] >= payload["timestamp"]:
            return None
        return (
            Request(request.action, before, "late_status") if self._wanted("late_status") else None
        )

    def _wanted(self, name: str) -> bool:
        return name in self.only and self.rng.random() < self.rate

    def _rarest(self, names: Iterable[str]) -> Iterator[str]:
        """Those that may be done, what was done least first: rare chances are not let pass."""
        by_need = [(self._drawn[name], self.rng.random(), name) for name in names]
        return (name for _, _, name in sorted(by_need) if name in self.only)


def _frame(id_: str, action: str, payload: Payload | None) -> bytes:
    frame = [CALL, id_, action, payload]
    try:
        return orjson.dumps(frame)
    except orjson.JSONEncodeError:
        # Half a surrogate pair can be escaped, not encoded.
        return json.dumps(frame, separators=(",", ":")).encode()
