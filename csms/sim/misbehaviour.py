"""A charger that misbehaves as those in the field do, and knows what it did.

What is done is drawn by name: distortions of payloads (`csms.sim.distortions`), of frames and of
handshakes.  A refusal that the standard allows is counted; whatever goes beyond it (a closed
connection, no answer, InternalError) is for the findings.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable

import attrs
import orjson
from twisted.internet.interfaces import IReactorTime

from csms.sim.distortions import DISTORTIONS, Distortion
from csms.sim.language import Speech
from csms.sim.messages import CALL, ERROR, Bent, Payload, Request
from csms.sim.settings import Settings
from csms.sim.sockets import Twist

LATE_S = 45.0
"""When an answer comes that is too late: servers wait half a minute."""
SUSPECT_S = 5.0
"""A connection that the server closes so soon after a distorted message was closed for it."""
SHARE_OF_ANSWERS = 0.25
"""How much rarer answers are distorted: a late one blocks commands for long."""
HANDSHAKES = (
    Twist(name="no_subprotocol", no_subprotocol=True),
    Twist(name="origin_header", origin="http://localhost:8080"),
    Twist(name="double_slash", double_slash=True),
    Twist(name="trailing_slash", trailing_slash=True),
    Twist(name="percent_encoded_id", encoded=True),
    Twist(name="hex_password", hex_password=True),
)
EXCUSED_STATUS = {"no_subprotocol": frozenset({400, 426}), "hex_password": frozenset({401})}
"""HTTP statuses by which the standard lets a server refuse a twisted handshake."""
FRAMES = ("null_payload", "empty_frame", "reused_id", "restarted_ids", "late_status")
ANSWERS = ("late_answer", "two_element_error")
NAMES = frozenset({each.name for each in (*DISTORTIONS, *HANDSHAKES)} | {*FRAMES, *ANSWERS})
"""Everything that a charger can do wrong."""


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
    _used_id: str | None = attrs.field(default=None, init=False)
    _counting: int | None = attrs.field(default=None, init=False)
    """Message ids are numbers from 1 since the last start, this is the newest."""
    _states: dict[str, Payload] = attrs.field(factory=dict, init=False)

    # Handshakes

    def handshake(self) -> Twist | None:
        """How to distort the next handshake; one that was refused is followed by a good one."""
        refused, self.twisted = self.twisted, None
        self._counting = 0 if self._drawn("restarted_ids") else None
        possible = [each for each in HANDSHAKES if each.name in self.only and self._possible(each)]
        if refused is None and possible and self.rng.random() < self.rate:
            self.twisted = self.rng.choice(possible)
            self._did(self.twisted.name)
        return self.twisted

    def excuses(self, status: int) -> bool:
        """Whether the server may refuse the last handshake with that HTTP status."""
        if self.twisted is None or status not in EXCUSED_STATUS.get(self.twisted.name, ()):
            return False
        self.deeds.refused[self.twisted.name] += 1
        return True

    def _possible(self, twist: Twist) -> bool:
        # Without a subprotocol a server can only guess, and everybody guesses 1.6.
        if twist.no_subprotocol:
            return self.speech.language.version == "1.6"
        return not twist.hex_password or self.settings.password is not None

    def blame(self) -> str:
        """What was done just before the server closed the connection; empty: nothing."""
        if self._last is None or self.clock.seconds() - self._last[0] > SUSPECT_S:
            return ""
        return f" after {self._last[1]}"

    # Messages

    def bend(self, request: Request, id_: str) -> Bent | None:
        """See `csms.sim.messages.Bender`."""
        after = self._late_status(request)
        counted = self._count(id_)
        if request.action in self._plain_next:
            self._plain_next.discard(request.action)
            bent = None
        else:
            bent = self._bent(request, counted)
        if bent is None and (counted != id_ or after is not None):
            name = "late_status" if after is not None else "restarted_ids"
            bent = Bent(name, counted, (_frame(counted, request.action, request.payload),), False)
        if bent is None:
            self._used_id = id_
            return None
        self._used_id = bent.id
        self._did(bent.name)
        return Bent(bent.name, bent.id, bent.frames, bent.excused, after)

    def refused(self, bent: Bent) -> None:
        """See `csms.sim.messages.Bender`."""
        self.deeds.refused[bent.name] += 1
        action = orjson.loads(bent.frames[-1])[2]
        self._plain_next.add(action)

    def bend_answer(self, id_: str) -> tuple[float, bytes | None]:
        """See `csms.sim.messages.Bender`."""
        name = self._draw(ANSWERS, self.rate * SHARE_OF_ANSWERS)
        if name is None:
            return 0.0, None
        self._did(name)
        if name == "late_answer":
            return LATE_S, None
        return 0.0, orjson.dumps([ERROR, id_])

    def _bent(self, request: Request, id_: str) -> Bent | None:
        if self.rng.random() >= self.rate:
            return None
        ways: list[Callable[[Request, str], Bent | None]] = [
            self._frame_bender(name) for name in FRAMES[:3] if name in self.only
        ]
        version = self.speech.language.version
        ways += [
            self._payload_bender(each)
            for each in DISTORTIONS
            if each.name in self.only and version in each.versions
        ]
        self.rng.shuffle(ways)
        for way in ways:
            bent = way(request, id_)
            if bent is not None:
                return bent
        return None

    def _payload_bender(self, each: Distortion) -> Callable[[Request, str], Bent | None]:
        def bend(request: Request, id_: str) -> Bent | None:
            payload = orjson.loads(orjson.dumps(request.payload))
            if not each.apply(request.action, payload, self.rng):
                return None
            return Bent(each.name, id_, (_frame(id_, request.action, payload),), each.excused)

        return bend

    def _frame_bender(self, name: str) -> Callable[[Request, str], Bent | None]:
        def bend(request: Request, id_: str) -> Bent | None:
            plain = _frame(id_, request.action, request.payload)
            match name:
                case "null_payload" if not request.payload:
                    return Bent(name, id_, (_frame(id_, request.action, None),), excused=True)
                case "empty_frame":
                    return Bent(name, id_, (b"", plain), excused=False)
                case "reused_id" if self._used_id is not None:
                    used = self._used_id
                    frame = _frame(used, request.action, request.payload)
                    return Bent(name, used, (frame,), excused=True)
            return None

        return bend

    def _count(self, id_: str) -> str:
        if self._counting is None:
            return id_
        self._counting += 1
        return str(self._counting)

    def _late_status(self, request: Request) -> Request | None:
        """The state before, told again with its own time after the newer one."""
        if request.action != "StatusNotification":
            return None
        payload = request.payload
        place = f"{payload.get('evseId')} {payload.get('connectorId')}"
        before = self._states.get(place)
        self._states[place] = payload
        if before is None or before["timestamp"] >= payload["timestamp"]:
            return None
        return Request(request.action, before, plain=True) if self._drawn("late_status") else None

    def _drawn(self, name: str) -> bool:
        return name in self.only and self.rng.random() < self.rate

    def _draw(self, names: Iterable[str], rate: float) -> str | None:
        possible = [name for name in names if name in self.only]
        if not possible or self.rng.random() >= rate:
            return None
        return self.rng.choice(possible)

    def _did(self, name: str) -> None:
        self.deeds.done[name] += 1
        self._last = (self.clock.seconds(), name)


def _frame(id_: str, action: str, payload: Payload | None) -> bytes:
    return orjson.dumps([CALL, id_, action, payload])
