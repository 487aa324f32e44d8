"""From the settings to what each part is told of them."""

from __future__ import annotations

from csms.config import Config
from csms.core.decisions import Policy
from csms.core.values import Strictness
from csms.gateway.settings import GatewaySettings
from csms.pipeline.commands import OperationSettings
from csms.pipeline.intake import IntakeSettings
from csms.pipeline.jobs import JobSettings
from csms.pipeline.provisioning import ProvisioningSettings


def policy(config: Config) -> Policy:
    """What the rules depend on."""
    return Policy(
        heartbeat_interval_s=config.stations.heartbeat_interval_s,
        pending_interval_s=config.stations.pending_interval_s,
        rejected_interval_s=config.stations.rejected_interval_s,
        ev_needs=config.charging.ev_needs,
        accept_unknown_tokens=config.authorization.unknown_tokens == "accept",
        concurrent_sessions=config.authorization.concurrent_sessions,
        receipt_url=config.payments.receipt_url,
        vat_by_form=config.payments.vat_validation == "form",
        master_pass_group=config.authorization.master_pass_group,
        certificate_name=config.certificates.common_name,
        certificate_organization=config.certificates.organization,
        contract_certificates=config.authorization.contract_certificates,
        recorded_vendors=frozenset(vendor.casefold() for vendor in config.transfers.record),
    )


def gateway_settings(config: Config, node: str) -> GatewaySettings:
    """The gateway's."""
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
        admit_rejected=stations.rejected == "answer",
        max_frame_bytes=ocpp.max_frame_bytes,
        compression=ocpp.compression,
        handshake_timeout_s=ocpp.handshake_timeout_s,
        ping_interval_s=ocpp.ping_interval_s,
        ping_timeout_s=ocpp.ping_timeout_s,
        call_timeout_s=ocpp.call_timeout_s,
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


def job_settings(config: Config) -> JobSettings:
    """The scheduled jobs'."""
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


def intake_settings(config: Config) -> IntakeSettings:
    """The intake's."""
    return IntakeSettings(
        batch_limit=config.intake.batch_limit,
        queue_limit=config.intake.queue_limit,
        patience_s=config.intake.patience_s,
    )


def operation_settings(config: Config) -> OperationSettings:
    """Those of commands to stations."""
    return OperationSettings(
        answer_wait_s=config.operations.answer_wait_s,
        queue_ttl_s=config.operations.queue_ttl_s,
        call_timeout_s=config.ocpp.call_timeout_s,
    )


def provisioning_settings(config: Config) -> ProvisioningSettings:
    """Those of setting stations up."""
    return ProvisioningSettings(
        enabled=config.provisioning.enabled,
        settle_s=config.provisioning.settle_s,
        spread_s=config.provisioning.spread_s,
        concurrency=config.provisioning.concurrency,
    )
