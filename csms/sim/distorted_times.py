"""Times as chargers of the field write them."""

from __future__ import annotations

import random
from datetime import timedelta

from csms.sim.messages import Payload
from csms.sim.places import Apply, Distortion, Place, changing
from csms.sim.station_time import read_time, wire_time

TIMES = frozenset({"timestamp", "expiryDate"})
OF_1970 = "1970-01-01T00:00:07Z"
AHEAD = timedelta(minutes=10)


def _time(place: Place) -> bool:
    return place.key in TIMES and place.text


def _spelled(change: str | None = None, old: str = "", new: str = "") -> Apply:
    """The same time in another form."""

    def spell(text: str, rng: random.Random) -> str:
        del rng
        return text.replace(old, new) if change is None else change.format(text)

    return changing(_time, spell)


def _short_zone(text: str, rng: random.Random) -> str:
    del rng
    hour = int(text[11:13])
    # The same moment three hours further east, as long as the day does not end.
    return f"{text[:11]}{hour + 3:02d}{text[13:-1]}+03" if hour < 21 else f"{text[:-1]}+00"


def _without_time(action: str, payload: Payload, rng: random.Random) -> bool:
    # Not of transactions: begun at another time, one that is told again would be another.
    if action not in {"MeterValues", "StatusNotification"}:
        return False
    word = rng.choice(("0000-00-00T00:00:00Z", "unknown", "2026-02-31T12:00:00Z"))
    return changing(_time, lambda _, __: word)(action, payload, rng)


def _clock_ahead(action: str, payload: Payload, rng: random.Random) -> bool:
    del rng
    at = read_time(payload.get("timestamp", "")) if action == "StatusNotification" else None
    if at is None:
        return False
    payload["timestamp"] = wire_time(at + AHEAD)
    return True


TIMES_TOLD = (
    Distortion("time_without_zone", _spelled(old="Z")),
    Distortion("time_with_short_zone", changing(_time, _short_zone)),
    Distortion("time_with_space", _spelled(old="T", new=" ")),
    Distortion("time_with_comma", _spelled(old=".", new=",")),
    Distortion("quoted_time", _spelled('"{}"')),
    Distortion("time_of_1970", changing(_time, lambda _, __: OF_1970), excused=False),
    Distortion("bad_time", _without_time),
    Distortion("clock_ahead", _clock_ahead, excused=False),
)
"""What can be done to times."""
