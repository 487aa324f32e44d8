"""What a station lets us know by the way: taken in or noted, and never answered."""

from __future__ import annotations

from datetime import UTC, datetime

from twisted.logger import Logger

from csms.adapter.dialect import Dialect, Fault
from csms.core.admission import printable
from csms.core.errors import Refusal
from csms.core.replies import Reply
from csms.core.values import StationKey, Strictness
from csms.gateway.messages import Disputed, Told
from csms.gateway.surroundings import Surroundings

_log = Logger()


def take_told(
    around: Surroundings,
    key: StationKey,
    dialect: Dialect,
    strictness: Strictness,
    told: Told,
    at: datetime,
) -> None:
    """A SEND goes the way of a CALL, except that whatever becomes of it is not answered."""
    if not dialect.is_one_way(told.action):
        around.doorbell.quirk(key, "unknown_send", printable(told.action), at)
        return
    understood = dialect.read(told.action, told.payload, strictness, at)
    if isinstance(understood, Fault):
        around.doorbell.quirk(key, "unusable_send", understood.text, at)
        return
    for name, example in understood.quirks:
        around.doorbell.quirk(key, name, example, at)
    around.intake.submit(key, understood.report, _unanswered)


def note_dispute(around: Surroundings, key: StationKey, disputed: Disputed, at: datetime) -> None:
    """Our answer was no use: for the station its CALL is as good as unanswered."""
    around.counters.disputed[disputed.action] += 1
    code = printable(disputed.code)
    _log.warn(
        "The station could not use the answer to {action}: {code}",
        action=disputed.action,
        code=code,
        station=key.identity,
    )
    around.doorbell.quirk(key, "answer_disputed", f"{disputed.action}: {code}", at)


def note_deafness(around: Surroundings, key: StationKey, action: str) -> bool:
    """A row of CALLs, the last of them ``action``, got no answer; whether to close for it."""
    around.counters.deaf += 1
    at = datetime.fromtimestamp(around.clock.seconds(), UTC)
    around.doorbell.quirk(key, "deaf", action, at)
    closing = around.closing_deaf.take(key.id)
    _log.warn("Station answers no calls", station=key.identity, closing=closing)
    return closing


def _unanswered(reply: Reply | Refusal) -> None:
    """What wants no answer gets none."""
