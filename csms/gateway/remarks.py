"""What is remarkable about a station: taken in or noted, and never answered."""

from __future__ import annotations

from datetime import UTC, datetime

from twisted.logger import Logger

from csms.adapter.dialect import Dialect, Fault
from csms.core.admission import printable
from csms.core.errors import Refusal
from csms.core.oddities import Oddity
from csms.core.replies import Reply
from csms.core.reports import AnswerDisputed, HearingChanged
from csms.core.values import StationKey, Strictness
from csms.gateway.messages import Disputed, Told
from csms.gateway.surroundings import Surroundings

_STRAYS = {
    "late": Oddity.LATE_ANSWER,
    "duplicate": Oddity.REPEATED_ANSWER,
    "unknown": Oddity.UNASKED_ANSWER,
}

_log = Logger()


class Remarks:
    """The notes on one connection; times are seconds of the clock of ``around``.

    ``deaf``: the station is on record as one that answers no CALL.
    """

    __slots__ = ("_around", "_key", "deaf")

    def __init__(self, around: Surroundings, key: StationKey) -> None:
        self._around = around
        self._key = key
        self.deaf = False

    def note(self, oddity: Oddity, example: str, now: float) -> None:
        """A tolerated departure from the standard."""
        at = datetime.fromtimestamp(now, UTC)
        self._around.doorbell.quirk(self._key, oddity, printable(example), at)

    def booted(self, message_id: str) -> None:
        """The station has booted by the CALL of that id.

        Ids are never used again (1.6 errata 3.7, 2.x Part 4 §4.1.4), but many stations count
        from the same number after each start.
        """
        before = self._around.boot_ids.put(self._key.id, message_id)
        if before == message_id:
            now = self._around.clock.seconds()
            self.note(Oddity.RESTARTED_MESSAGE_IDS, message_id, now)

    def told(self, dialect: Dialect, strictness: Strictness, told: Told, now: float) -> None:
        """A SEND goes the way of a CALL, except that whatever becomes of it is not answered."""
        if not dialect.is_one_way(told.action):
            self.note(Oddity.UNKNOWN_SEND, told.action, now)
            return
        at = datetime.fromtimestamp(now, UTC)
        understood = dialect.read(told.action, told.payload, strictness, at)
        if isinstance(understood, Fault):
            self._around.doorbell.quirk(self._key, Oddity.UNUSABLE_SEND, understood.text, at)
            return
        for name, example in understood.quirks:
            self._around.doorbell.quirk(self._key, name, example, at)
        self._around.intake.submit(self._key, understood.report, unanswered)

    def disputed(self, disputed: Disputed, now: float) -> None:
        """Our answer was no use: for the station its CALL is as good as unanswered."""
        self._around.counters.disputed[disputed.action] += 1
        code = printable(disputed.code)
        _log.warn(
            "The station could not use the answer to {action}: {code}",
            action=disputed.action,
            code=code,
            station=self._key.identity,
        )
        self.note(Oddity.ANSWER_DISPUTED, f"{disputed.action}: {code}", now)
        report = AnswerDisputed(action=disputed.action, code=code)
        self._around.intake.submit(self._key, report, unanswered)

    def stray(self, how: str, now: float) -> None:
        """An answer to nothing: ``how`` is late, duplicate or unknown."""
        self._around.counters.strays[how] += 1
        self.note(_STRAYS[how], "", now)
        _log.debug("An answer to nothing: {how}", how=how, station=self._key.identity)
        if how != "unknown":
            self.heard()

    def unheard(self, action: str) -> bool:
        """A row of CALLs, the last of them ``action``, got no answer; whether to close for it."""
        around = self._around
        around.counters.deaf += 1
        self.note(Oddity.DEAF, action, around.clock.seconds())
        closing = around.closing_deaf.take(self._key.id)
        _log.warn("Station answers no calls", station=self._key.identity, closing=closing)
        self.deaf = True
        self._around.intake.submit(self._key, HearingChanged(deaf=True, action=action), unanswered)
        return closing

    def heard(self) -> None:
        """A CALL was answered, be it late."""
        if self.deaf:
            self.deaf = False
            self._around.closing_deaf.forget(self._key.id)
            self._around.intake.submit(self._key, HearingChanged(deaf=False), self._recovered)

    def _recovered(self, reply: Reply | Refusal) -> None:
        # What could not be stored is told again with the next answer.
        self.deaf = self.deaf or isinstance(reply, Refusal)


def unanswered(reply: Reply | Refusal) -> None:
    """What wants no answer gets none."""
