"""Security events are kept for good and told to whoever watches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from csms.core.decisions import ACKNOWLEDGED, Decision, Policy, Question, State
from csms.core.happenings import Happened, fingerprint
from csms.core.security.vocabulary import SecurityTold
from csms.core.station import fact
from csms.core.values import StationKey

if TYPE_CHECKING:
    from csms.core.areas import Rules

HAPPENING: Final = "security"

SEVERITY_OF_CRITICAL = 3
SEVERITY_OF_OTHERS = 6

_CRITICAL = (
    "FirmwareUpdated",
    "MaintenanceLoginAccepted",
    "MaintenanceLoginFailed",
    "MemoryExhaustion",
    "ResetOrReboot",
    "SecurityLogWasCleared",
    "SettingSystemTime",
    "StartupOfTheDevice",
    "TamperDetectionActivated",
)
_OTHERS = (
    "AttemptedReplayAttacks",
    "CentralSystemFailedToAuthenticate",
    "CsmsFailedToAuthenticate",
    "FailedToAuthenticateAtCentralSystem",
    "FailedToAuthenticateAtCsms",
    "InvalidCentralSystemCertificate",
    "InvalidChargePointCertificate",
    "InvalidChargingStationCertificate",
    "InvalidCsmsCertificate",
    "InvalidFirmwareSignature",
    "InvalidFirmwareSigningCertificate",
    "InvalidMessages",
    "InvalidTLSCipherSuite",
    "InvalidTLSVersion",
    "ReconfigurationOfSecurityParameters",
)
SEVERITIES: Mapping[str, int] = {
    **{name.casefold(): SEVERITY_OF_CRITICAL for name in _CRITICAL},
    **{name.casefold(): SEVERITY_OF_OTHERS for name in _OTHERS},
}
"""By the lower case of the names in the standard's lists (1.6 security whitepaper §5.8, 2.x
appendix 1), which say of each whether it is critical; what is not there nobody has judged."""


def security_told(
    report: SecurityTold, key: StationKey, _state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep a security event (2.x A04.FR.02); told again after a lost answer it is kept once."""
    severity = SEVERITIES.get(report.event.casefold())
    content: dict[str, object] = {
        "event": report.event,
        "critical": None if severity is None else severity == SEVERITY_OF_CRITICAL,
        "info": report.info,
    }
    kept = Happened(
        station_id=key.id,
        operator_id=key.operator_id,
        kind=HAPPENING,
        at=report.at,
        received_at=now,
        severity=severity,
        content=content,
        fingerprint=fingerprint(content),
    )
    event = fact("station.security", key, report.at, severity=severity, **content)
    return Decision(ACKNOWLEDGED, (kept,), (event,))


RULES: Rules = {SecurityTold: (lambda _: Question(), security_told)}
