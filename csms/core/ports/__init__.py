"""Every port to the world, one zope interface each.

The faces (gateway, api) are handed providers of these; `csms.service` knows which.  Methods
declared as returning an `Awaitable` are coroutines or return Deferreds.  Unless said otherwise
they raise `csms.core.errors.Unavailable` while the database is gone.
"""

from __future__ import annotations

from csms.core.ports.certificates import (
    ICertificateRequests,
    IContractProvider,
    IStationCertificates,
    KindOutcome,
    KindsRead,
)
from csms.core.ports.charging import Composite, ICharging, IProfiles
from csms.core.ports.cluster import ILocks, INodes, Waiting
from csms.core.ports.events import IOutboxLog, ISubscriber, Position
from csms.core.ports.firmware import IFirmware, IFirmwareBook
from csms.core.ports.intake import Answer, IDoorbell, IIntake, ILedger
from csms.core.ports.jobs import IJobsBook, Overtime, StaleStatus
from csms.core.ports.kept import (
    Assembled,
    IAssemblies,
    IHappenings,
    IHoldings,
    IQuarantine,
)
from csms.core.ports.locallists import IListLimits, ILocalLists, ILocalListsBook
from csms.core.ports.logs import (
    Expected,
    IIncoming,
    ILogs,
    ILogsBook,
    IReceived,
    IUploads,
    IVault,
)
from csms.core.ports.monitoring import IMonitors, MonitorBatch, MonitorOutcome
from csms.core.ports.operations import ILinks, IOperations, IOperationsBook, ISpeech
from csms.core.ports.payments import ISettlements
from csms.core.ports.process import IApiTokens, IHealth, ITasks, Readiness
from csms.core.ports.provisioning import IProvisioning, IProvisioningBook, Provisioned
from csms.core.ports.records import IConnections, ISessions, IStations, ITokens, Quirk
from csms.core.ports.reservations import IReservations, IReservationsBook
from csms.core.ports.variables import (
    Batch,
    IDeviceModel,
    IPasswords,
    ItemOutcome,
    IVariables,
    Variable,
    VariableChange,
)

__all__ = [
    "Answer",
    "Assembled",
    "Batch",
    "Composite",
    "Expected",
    "IApiTokens",
    "IAssemblies",
    "ICertificateRequests",
    "ICharging",
    "IConnections",
    "IContractProvider",
    "IDeviceModel",
    "IDoorbell",
    "IFirmware",
    "IFirmwareBook",
    "IHappenings",
    "IHealth",
    "IHoldings",
    "IIncoming",
    "IIntake",
    "IJobsBook",
    "ILedger",
    "ILinks",
    "IListLimits",
    "ILocalLists",
    "ILocalListsBook",
    "ILocks",
    "ILogs",
    "ILogsBook",
    "IMonitors",
    "INodes",
    "IOperations",
    "IOperationsBook",
    "IOutboxLog",
    "IPasswords",
    "IProfiles",
    "IProvisioning",
    "IProvisioningBook",
    "IQuarantine",
    "IReceived",
    "IReservations",
    "IReservationsBook",
    "ISessions",
    "ISettlements",
    "ISpeech",
    "IStationCertificates",
    "IStations",
    "ISubscriber",
    "ITasks",
    "ITokens",
    "IUploads",
    "IVariables",
    "IVault",
    "ItemOutcome",
    "KindOutcome",
    "KindsRead",
    "MonitorBatch",
    "MonitorOutcome",
    "Overtime",
    "Position",
    "Provisioned",
    "Quirk",
    "Readiness",
    "StaleStatus",
    "Variable",
    "VariableChange",
    "Waiting",
]
