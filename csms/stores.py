"""Everything that is kept, over one pool of connections to the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from csms.storage.api_tokens import PostgresApiTokens
from csms.storage.assemblies import PostgresAssemblies
from csms.storage.certificates import PostgresCertificateRequests
from csms.storage.charging import PostgresProfiles
from csms.storage.connections import PostgresConnections
from csms.storage.doorbell import Doorbell
from csms.storage.firmware import PostgresFirmware
from csms.storage.happenings import PostgresHappenings
from csms.storage.holdings import PostgresHoldings
from csms.storage.jobs import PostgresJobs
from csms.storage.locallists import PostgresLocalLists
from csms.storage.locallists_limits import PostgresListLimits
from csms.storage.locks import PostgresLocks
from csms.storage.logs import PostgresLogs
from csms.storage.nodes import PostgresNodes
from csms.storage.operations import PostgresOperations
from csms.storage.outbox import PostgresOutbox
from csms.storage.pool import Pool
from csms.storage.provisioning import PostgresProvisioning
from csms.storage.quarantine import PostgresQuarantine
from csms.storage.reservations import PostgresReservations
from csms.storage.sessions import PostgresSessions
from csms.storage.settlements import PostgresSettlements
from csms.storage.stations import PostgresStations
from csms.storage.tokens import PostgresTokens
from csms.storage.uploads import Vault, in_threads
from csms.storage.variables import PostgresVariables


@attrs.frozen(kw_only=True)
class Stores:
    """What the areas read and write, each by its name."""

    api_tokens: PostgresApiTokens
    assemblies: PostgresAssemblies
    certificate_requests: PostgresCertificateRequests
    connections: PostgresConnections
    doorbell: Doorbell
    firmware: PostgresFirmware
    happenings: PostgresHappenings
    holdings: PostgresHoldings
    jobs: PostgresJobs
    list_limits: PostgresListLimits
    local_lists: PostgresLocalLists
    locks: PostgresLocks
    logs: PostgresLogs
    nodes: PostgresNodes
    operations: PostgresOperations
    outbox: PostgresOutbox
    profiles: PostgresProfiles
    provisioning: PostgresProvisioning
    quarantine: PostgresQuarantine
    reservations: PostgresReservations
    sessions: PostgresSessions
    settlements: PostgresSettlements
    stations: PostgresStations
    tokens: PostgresTokens
    variables: PostgresVariables
    vault: Vault

    @classmethod
    def over(cls, pool: Pool, reactor: Any, state: Path, now: Callable[[], datetime]) -> Stores:
        """All of them; ``state`` is the directory for what is no row: uploaded files."""
        return cls(
            api_tokens=PostgresApiTokens(pool, now),
            assemblies=PostgresAssemblies(pool),
            certificate_requests=PostgresCertificateRequests(pool),
            connections=PostgresConnections(pool),
            doorbell=Doorbell(pool=pool, clock=reactor),
            firmware=PostgresFirmware(pool),
            happenings=PostgresHappenings(pool),
            holdings=PostgresHoldings(pool),
            jobs=PostgresJobs(pool),
            list_limits=PostgresListLimits(pool),
            local_lists=PostgresLocalLists(pool),
            locks=PostgresLocks(pool.lane()),
            logs=PostgresLogs(pool),
            nodes=PostgresNodes(pool),
            operations=PostgresOperations(pool),
            outbox=PostgresOutbox(pool),
            profiles=PostgresProfiles(pool),
            provisioning=PostgresProvisioning(pool),
            quarantine=PostgresQuarantine(pool),
            reservations=PostgresReservations(pool),
            sessions=PostgresSessions(pool),
            settlements=PostgresSettlements(pool),
            stations=PostgresStations(pool),
            tokens=PostgresTokens(pool),
            variables=PostgresVariables(pool),
            vault=Vault(state / "uploads", in_threads(reactor)),
        )
