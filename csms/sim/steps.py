"""What a charger has to tell about a session, free of any OCPP version."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import attrs

from csms.sim.connector import Sample, Session
from csms.sim.tasks import Signal


class Stage(Enum):
    """What a step of a session is about."""

    START = "start"
    UPDATE = "update"
    """A change of state or of power, which OCPP 1.6 has no message for."""
    METER = "meter"
    STOP = "stop"


@attrs.define(eq=False)
class Step:
    """One step of a session, as it is kept until the server has heard of it.

    ``trigger`` and ``state`` are in the words of OCPP 2.0.1 (TriggerReasonEnum,
    ChargingStateEnum); ``number`` counts the steps of the session from 0.
    """

    stage: Stage
    session: Session
    at: datetime
    trigger: str
    sampled: tuple[str, ...] = ()
    """Measurands that the message is to have, as they were set then."""
    sample: Sample | None = None
    state: str | None = None
    number: int = 0
    offline: bool = False
    charged_s: int = 0
    """How long energy had flowed by then."""
    attempts: int = 0
    settled: Signal = attrs.Factory(Signal)
    """It was answered or given up; those who wait are released when the connection is lost."""
