"""What a server may change about a charger, free of any OCPP version."""

from __future__ import annotations

import attrs

MEASURANDS = (
    "Energy.Active.Import.Register",
    "Power.Active.Import",
    "Current.Import",
    "Voltage",
    "SoC",
)
"""Measurands that a simulated meter can take."""


@attrs.define
class Settings:
    """Periods in seconds; names of the 1.6 configuration keys in brackets."""

    heartbeat_s: int = 300
    """[HeartbeatInterval]; the boot answer's interval replaces it."""
    sample_s: int = 60
    """[MeterValueSampleInterval]; 0: no meter values."""
    sampled: tuple[str, ...] = MEASURANDS
    """[MeterValuesSampledData]"""
    stop_sampled: tuple[str, ...] = ()
    """[StopTxnSampledData]"""
    aligned_s: int = 0
    """[ClockAlignedDataInterval]; 0: no clock-aligned meter values."""
    aligned: tuple[str, ...] = MEASURANDS
    """[MeterValuesAlignedData]"""
    attempts: int = 3
    """[TransactionMessageAttempts]"""
    retry_s: int = 10
    """[TransactionMessageRetryInterval]; the wait grows by it with every attempt."""
    plug_timeout_s: int = 60
    """[ConnectionTimeOut]"""
    authorize_remote: bool = False
    """[AuthorizeRemoteTxRequests]"""
    cache: bool = True
    """[AuthorizationCacheEnabled]"""
    authorize_offline: bool = True
    """[LocalAuthorizeOffline]: accept cached tags while offline."""
    offline_unknown: bool = True
    """[AllowOfflineTxForUnknownId]"""
    pre_authorize: bool = False
    """[LocalPreAuthorize]: accept cached tags without asking the server."""
    local_list: bool = True
    """[LocalAuthListEnabled]"""
    stop_on_invalid: bool = True
    """[StopTransactionOnInvalidId]"""
    stop_on_unplug: bool = True
    """[StopTransactionOnEVSideDisconnect]"""
    unlock_on_unplug: bool = True
    """[UnlockConnectorOnEVSideDisconnect]"""
    reset_retries: int = 1
    """[ResetRetries]"""
    ping_s: int = 60
    """[WebSocketPingInterval]; 0: none.  Takes effect with the next start of the charger."""
    password: bytes | None = None
    """[AuthorizationKey]: the Basic password as it goes over the wire; None: none."""
