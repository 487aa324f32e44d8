"""What the gateway counts, as plain numbers for whoever wants to show them."""

from __future__ import annotations

from collections import Counter

import attrs


@attrs.define
class Counters:
    """Since the process started."""

    admitted: int = 0
    replaced: int = 0
    """Connections that ended because the station connected again."""
    refused: Counter[str] = attrs.field(factory=Counter)
    """Attempts turned away, by `csms.core.admission.RefusalReason`."""
    calls: int = 0
    """Messages of stations that asked something."""
    faults: Counter[str] = attrs.field(factory=Counter)
    """Errors sent to stations, by `csms.adapter.dialect.FaultKind`."""
    commands: int = 0
    """CALLs sent to stations, whatever became of them."""
    strays: Counter[str] = attrs.field(factory=Counter)
    """Answers to nothing, by what they were: late, duplicate, unknown."""
    told: int = 0
    """Messages of stations that want no answer."""
    disputed: Counter[str] = attrs.field(factory=Counter)
    """Answers of ours that a station could not use, by action."""
    disputes: int = 0
    """Answers of stations that we could not use, and said so."""
    deaf: int = 0
    """Times that a station left so many CALLs in a row unanswered that it counts as deaf."""
    noise: int = 0
    """Frames that were no messages."""
    throttled: int = 0
    """Times that a station was not read for a while because it talked too much."""
    floods: int = 0
    """Connections closed because a station would not stop."""
