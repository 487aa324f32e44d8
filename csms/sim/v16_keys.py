"""Configuration keys of a simulated OCPP 1.6 charger (§9): what they say and how they change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from csms.sim.local_list import ENTRIES
from csms.sim.settings import MEASURANDS, Settings
from csms.sim.smart_charging import PERIODS, ROOM, STACK

if TYPE_CHECKING:
    from csms.sim.charger import Charger

MAX_KEYS = 50
ACCEPTED, REJECTED, REBOOT, UNSUPPORTED = "Accepted", "Rejected", "RebootRequired", "NotSupported"
HEX_DIGITS = (32, 40)
"""Lengths of an AuthorizationKey in hexadecimal (security whitepaper §3.3.2)."""


class _Key(Struct, frozen=True):
    field: str
    read: Callable[[str], object]
    """Turns the text of the wire into the field's value; raises `ValueError`."""
    reboot: bool = False


def _boolean(text: str) -> bool:
    match text.strip().lower():
        case "true":
            return True
        case "false":
            return False
    raise ValueError(text)


def _whole(least: int, most: int = 2**31 - 1) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError(text)
        return number

    return read


def _measurands(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not set(names) <= set(MEASURANDS):
        raise ValueError(text)
    return names


def _password(text: str) -> bytes:
    """Hexadecimal digits stand for bytes, anything else for itself."""
    if not 16 <= len(text) <= 40:
        raise ValueError(text)
    if len(text) in HEX_DIGITS:
        try:
            return bytes.fromhex(text)
        except ValueError:
            pass
    return text.encode()


_KEYS: dict[str, _Key] = {
    "AllowOfflineTxForUnknownId": _Key("offline_unknown", _boolean),
    "AuthorizationCacheEnabled": _Key("cache", _boolean),
    "AuthorizeRemoteTxRequests": _Key("authorize_remote", _boolean),
    "ClockAlignedDataInterval": _Key("aligned_s", _whole(0)),
    "ConnectionTimeOut": _Key("plug_timeout_s", _whole(1)),
    "HeartbeatInterval": _Key("heartbeat_s", _whole(1)),
    "LocalAuthListEnabled": _Key("local_list", _boolean),
    "LocalAuthorizeOffline": _Key("authorize_offline", _boolean),
    "LocalPreAuthorize": _Key("pre_authorize", _boolean),
    "MeterValuesAlignedData": _Key("aligned", _measurands),
    "MeterValueSampleInterval": _Key("sample_s", _whole(0)),
    "MeterValuesSampledData": _Key("sampled", _measurands),
    "ResetRetries": _Key("reset_retries", _whole(0, 10)),
    "StopTransactionOnEVSideDisconnect": _Key("stop_on_unplug", _boolean),
    "StopTransactionOnInvalidId": _Key("stop_on_invalid", _boolean),
    "StopTxnSampledData": _Key("stop_sampled", _measurands),
    "TransactionMessageAttempts": _Key("attempts", _whole(1, 20)),
    "TransactionMessageRetryInterval": _Key("retry_s", _whole(0)),
    "UnlockConnectorOnEVSideDisconnect": _Key("unlock_on_unplug", _boolean),
    "WebSocketPingInterval": _Key("ping_s", _whole(0), reboot=True),
}

_WRITE_ONLY = "AuthorizationKey"

_FIXED = {
    "CertificateSignedMaxChainSize": "10000",
    "CertificateStoreMaxLength": "32",
    "ChargeProfileMaxStackLevel": str(STACK),
    "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
    "ChargingScheduleMaxPeriods": str(PERIODS),
    "ConnectorPhaseRotation": "0.RST",
    "ConnectorSwitch3to1PhaseSupported": "false",
    "CpoName": "csms",
    "GetConfigurationMaxKeys": str(MAX_KEYS),
    "LocalAuthListMaxLength": str(ENTRIES),
    "MaxChargingProfilesInstalled": str(ROOM),
    "MeterValuesSampledDataMaxLength": str(len(MEASURANDS)),
    "ReserveConnectorZeroSupported": "true",
    "SecurityProfile": "1",
    "SendLocalListMaxLength": str(ENTRIES),
    "StopTxnAlignedData": "",
    "StopTxnSampledDataMaxLength": str(len(MEASURANDS)),
    "SupportedFeatureProfiles": "Core,FirmwareManagement,LocalAuthListManagement,Reservation,"
    "SmartCharging,RemoteTrigger",
    "SupportedFileTransferProtocols": "HTTP,HTTPS",
}
"""What this charger cannot change."""


def read_keys(charger: Charger, wanted: list[str]) -> tuple[list[dict[str, object]], list[str]]:
    """Entries of GetConfiguration.conf and the unknown keys; nothing wanted means everything.

    Key names are case-insensitive (CiString); the AuthorizationKey can only be written.
    """
    values: dict[str, tuple[str, bool]] = {
        name: (_text(charger.settings, key), False) for name, key in _KEYS.items()
    }
    values |= {name: (value, True) for name, value in _FIXED.items()}
    values["NumberOfConnectors"] = (str(len(charger.connectors) - 1), True)
    if wanted:
        spelling = {name.lower(): name for name in values}
        names = [spelling.get(each.lower(), "") for each in wanted]
    else:
        names = sorted(values)
    entries: list[dict[str, object]] = [
        {"key": name, "readonly": values[name][1], "value": values[name][0]}
        for name in names
        if name
    ]
    known = {name.lower() for name in values}
    return entries, [each for each in wanted if each.lower() not in known]


def change_key(charger: Charger, name: str, value: str) -> tuple[str, str | None]:
    """The status of ChangeConfiguration.conf and the setting that changed, if one did."""
    spelling = {each.lower(): each for each in (*_KEYS, *_FIXED, "NumberOfConnectors", _WRITE_ONLY)}
    known = spelling.get(name.lower())
    if known is None:
        return UNSUPPORTED, None
    key = _Key("password", _password) if known == _WRITE_ONLY else _KEYS.get(known)
    if key is None:
        return REJECTED, None
    try:
        setattr(charger.settings, key.field, key.read(value))
    except ValueError:
        return REJECTED, None
    return (REBOOT if key.reboot else ACCEPTED), key.field


def _text(settings: Settings, key: _Key) -> str:
    value = getattr(settings, key.field)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)
