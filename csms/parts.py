"""Every part of the product, made from the settings and wired together, not yet started."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from twisted.application.service import Service

from csms.adapter.dialect import DIALECTS, Speech
from csms.api.app import ApiPorts, ApiSettings
from csms.api.service import Api
from csms.cluster.local import NoLinks
from csms.config import Config
from csms.core.decisions import Policy
from csms.core.ports import ILinks
from csms.core.values import Strictness
from csms.gateway.keys import verify_in_pool
from csms.gateway.service import Gateway
from csms.gateway.settings import GatewaySettings
from csms.pipeline import readiness
from csms.pipeline.commands import Operations, OperationSettings
from csms.pipeline.courier import Courier
from csms.pipeline.intake import Intake, IntakeSettings
from csms.pipeline.jobs import Jobs, JobSettings
from csms.pipeline.outbox import Dispatcher, EventJournal
from csms.pipeline.presence import Presence
from csms.pipeline.tasks import Tasks
from csms.storage.api_tokens import PostgresApiTokens
from csms.storage.connections import PostgresConnections
from csms.storage.doorbell import Doorbell
from csms.storage.jobs import PostgresJobs
from csms.storage.ledger import PostgresLedger
from csms.storage.locks import PostgresLocks
from csms.storage.nodes import PostgresNodes
from csms.storage.operations import PostgresOperations
from csms.storage.outbox import PostgresOutbox
from csms.storage.pool import Pool
from csms.storage.sessions import PostgresSessions
from csms.storage.stations import PostgresStations
from csms.storage.tokens import PostgresTokens


def now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


@attrs.define(eq=False, kw_only=True)
class Parts:
    """What the roles of this process need, made and not yet started."""

    tasks: Tasks
    presence: Presence | None
    api_tokens: PostgresApiTokens
    pipeline: Sequence[Service]
    """In the order of their start."""
    gateway: Gateway | None
    api: Api | None
    migrated: bool = False

    @classmethod
    def make(cls, config: Config, reactor: Any, pool: Pool) -> Parts:
        """Everything, wired."""
        roles = config.server.roles
        node = config.server.node or socket.gethostname()
        tasks = Tasks(reactor)
        speech = Speech()
        stations = PostgresStations(pool)
        book, outbox = PostgresOperations(pool), PostgresOutbox(pool)
        nodes, locks = PostgresNodes(pool), PostgresLocks(pool.lane())
        api_tokens = PostgresApiTokens(pool, now)
        doorbell = Doorbell(pool=pool, clock=reactor)
        dispatcher = Dispatcher(outbox, locks, reactor, {"journal": EventJournal()})
        window = timedelta(seconds=config.sessions.start_timeout_s)
        intake: Intake | None = None
        gateway: Gateway | None = None
        links: ILinks = NoLinks()
        if "gateway" in roles:
            intake = Intake(
                reactor,
                [
                    PostgresLedger(pool.lane(), window, config.authorization.concurrent_sessions)
                    for _ in range(config.intake.lanes)
                ],
                _policy(config),
                IntakeSettings(
                    batch_limit=config.intake.batch_limit,
                    queue_limit=config.intake.queue_limit,
                    patience_s=config.intake.patience_s,
                ),
                now,
                dispatcher.wake,
            )
            gateway = Gateway(
                reactor=reactor,
                intake=intake,
                stations=stations,
                doorbell=doorbell,
                dialects=DIALECTS,
                verify=verify_in_pool(reactor, reactor.getThreadPool()),
                settings=_gateway_settings(config, node),
            )
            links = gateway.links
        operations = Operations(
            stations=stations,
            book=book,
            links=links,
            speech=speech,
            tasks=tasks,
            clock=reactor,
            now=now,
            settings=OperationSettings(
                answer_wait_s=config.operations.answer_wait_s,
                queue_ttl_s=config.operations.queue_ttl_s,
                call_timeout_s=config.ocpp.call_timeout_s,
            ),
        )
        pipeline: list[Service] = [doorbell, dispatcher]
        presence: Presence | None = None
        if intake is not None:
            # Only who can hold stations is a node of theirs.
            presence = Presence(node=node, nodes=nodes, links=links, clock=reactor)
            pipeline += [
                presence,
                intake,
                Courier(
                    node=node,
                    nodes=nodes,
                    book=book,
                    links=links,
                    tasks=tasks,
                    clock=reactor,
                    now=now,
                    call_timeout_s=config.ocpp.call_timeout_s,
                ),
            ]
        if "worker" in roles:
            pipeline.append(
                Jobs(
                    book=PostgresJobs(pool),
                    operations_book=book,
                    outbox=outbox,
                    operations=operations,
                    locks=locks,
                    tasks=tasks,
                    clock=reactor,
                    now=now,
                    published=dispatcher.wake,
                    settings=_job_settings(config),
                )
            )
        parts = cls(
            tasks=tasks,
            presence=presence,
            api_tokens=api_tokens,
            pipeline=pipeline,
            gateway=gateway,
            api=None,
        )
        if "api" in roles:
            parts.api = Api(
                ApiPorts(
                    stations=stations,
                    connections=PostgresConnections(pool),
                    tokens=PostgresTokens(pool),
                    sessions=PostgresSessions(pool),
                    operations=operations,
                    api_tokens=api_tokens,
                    health=parts.health(reactor, pool, intake, config),
                    tasks=tasks,
                    links=links,
                ),
                ApiSettings(
                    endpoint=config.api.endpoint,
                    max_body_bytes=config.api.max_body_bytes,
                    cors_origins=config.api.cors_origins,
                    shutdown_timeout_s=config.server.shutdown_timeout_s / 4,
                ),
                reactor,
            )
        return parts

    def health(
        self, reactor: Any, pool: Pool, intake: Intake | None, config: Config
    ) -> readiness.Health:
        """What the process must have to be ready."""

        async def missing() -> int:
            return 0 if self.migrated else 1

        checks = {
            "database": readiness.database(pool.ping),
            "migrations": readiness.migrations(missing),
        }
        if intake is not None:
            checks["intake"] = readiness.intake(lambda: intake.queued, config.intake.queue_limit)
        return readiness.Health(reactor, checks)


def _policy(config: Config) -> Policy:
    return Policy(
        heartbeat_interval_s=config.stations.heartbeat_interval_s,
        pending_interval_s=config.stations.pending_interval_s,
        rejected_interval_s=config.stations.rejected_interval_s,
        accept_unknown_tokens=config.authorization.unknown_tokens == "accept",
        concurrent_sessions=config.authorization.concurrent_sessions,
    )


def _gateway_settings(config: Config, node: str) -> GatewaySettings:
    ocpp, stations = config.ocpp, config.stations
    return GatewaySettings(
        node=node,
        endpoint=ocpp.endpoint,
        echo_endpoint=ocpp.echo_endpoint,
        paths=ocpp.paths,
        query_path=ocpp.query_path,
        versions=ocpp.versions,
        assume_version=ocpp.assume_version,
        unknown=stations.unknown,
        open_access=stations.open_access,
        strictness=Strictness(stations.strictness),
        max_frame_bytes=ocpp.max_frame_bytes,
        compression=ocpp.compression,
        handshake_timeout_s=ocpp.handshake_timeout_s,
        ping_interval_s=ocpp.ping_interval_s,
        ping_timeout_s=ocpp.ping_timeout_s,
        inbound_limit=ocpp.inbound_limit,
        outbound_limit=ocpp.outbound_limit,
        deaf_after=ocpp.deaf_after,
        max_connections=ocpp.max_connections,
        max_connections_per_ip=ocpp.max_connections_per_ip,
        messages_per_s=ocpp.messages_per_s,
        message_burst=ocpp.message_burst,
        connections_per_minute=ocpp.connections_per_minute,
        trusted_proxies=ocpp.trusted_proxies,
        shutdown_s=config.server.shutdown_timeout_s / 2,
    )


def _job_settings(config: Config) -> JobSettings:
    keep = config.retention
    return JobSettings(
        interval_s=config.jobs.interval_s,
        offline_after_s=config.stations.offline_after_s,
        heartbeat_interval_s=config.stations.heartbeat_interval_s,
        start_timeout_s=config.sessions.start_timeout_s,
        max_hours=config.sessions.max_hours,
        stale_status_s=config.jobs.stale_status_s,
        refused_days=keep.refused_days,
        outbox_hours=keep.outbox_hours,
        operations_days=keep.operations_days,
        quarantine_days=keep.quarantine_days,
    )
