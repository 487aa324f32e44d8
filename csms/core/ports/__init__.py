"""Every port to the world, one zope interface each.

The faces (gateway, api) are handed providers of these; `csms.service` knows which.  Methods
declared as returning an `Awaitable` are coroutines or return Deferreds.  Unless said otherwise
they raise `csms.core.errors.Unavailable` while the database is gone.
"""

from __future__ import annotations

from csms.core.ports.cluster import ILocks, INodes, Waiting
from csms.core.ports.events import IOutboxLog, ISubscriber, Position
from csms.core.ports.intake import Answer, IDoorbell, IIntake, ILedger
from csms.core.ports.jobs import IJobsBook, Overtime, StaleStatus
from csms.core.ports.operations import ILinks, IOperations, IOperationsBook, ISpeech
from csms.core.ports.process import IApiTokens, IHealth, ITasks, Readiness
from csms.core.ports.records import IConnections, ISessions, IStations, ITokens, Quirk

__all__ = [
    "Answer",
    "IApiTokens",
    "IConnections",
    "IDoorbell",
    "IHealth",
    "IIntake",
    "IJobsBook",
    "ILedger",
    "ILinks",
    "ILocks",
    "INodes",
    "IOperations",
    "IOperationsBook",
    "IOutboxLog",
    "ISessions",
    "ISpeech",
    "IStations",
    "ISubscriber",
    "ITasks",
    "ITokens",
    "Overtime",
    "Position",
    "Quirk",
    "Readiness",
    "StaleStatus",
    "Waiting",
]
