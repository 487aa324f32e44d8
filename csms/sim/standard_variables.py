"""The controllers that every OCPP 2.x charger has (2.0.1 part 2 §2.3, 2.1 appendices)."""

from __future__ import annotations

from typing import Any

from csms.sim.settings import MEASURANDS
from csms.sim.station_time import wire_time
from csms.sim.variables import Table, Type, Variable, joined

MEASURED = ",".join(MEASURANDS)
ITEMS = 50
"""Most items of one message, whichever it is."""
BYTES = 65_000
PER_REPORT = 25
"""Entries of one NotifyReport."""
TX_POINTS = "ParkingBayOccupancy,EVConnected,Authorized,DataSigned,PowerPathClosed,EnergyTransfer"


def _limits(table: Table, *messages: str) -> Table:
    for message in messages:
        table.count("ItemsPerMessage", ITEMS, instance=message)
        table.count("BytesPerMessage", BYTES, instance=message)
    return table


def _communication() -> list[Table]:
    ocpp = Table("OCPPCommCtrlr")
    ocpp.switch("Enabled", True).whole("HeartbeatInterval", field="heartbeat_s", unit="s", low=1)
    ocpp.whole("RetryBackOffRepeatTimes", 5).whole("RetryBackOffRandomRange", 10, unit="s")
    ocpp.whole("RetryBackOffWaitMinimum", 1, unit="s")
    ocpp.whole("WebSocketPingInterval", field="ping_s", unit="s", reboot=True)
    ocpp.whole("MessageTimeout", 30, unit="s", instance="Default", low=1)
    ocpp.whole("MessageAttempts", field="attempts", instance="TransactionEvent", low=1, high=20)
    ocpp.whole("MessageAttemptInterval", field="retry_s", instance="TransactionEvent", unit="s")
    ocpp.add("FileTransferProtocols", Type.MEMBERS, "HTTP,HTTPS", values="HTTP,HTTPS,FTP,FTPS,SFTP")
    ocpp.add(
        "NetworkConfigurationPriority", Type.SEQUENCE, "1", values="1,2,3", mutability="ReadWrite",
        reboot=True,
    )  # fmt: skip
    ocpp.whole("NetworkProfileConnectionAttempts", 3).whole("OfflineThreshold", 60, unit="s")
    ocpp.switch("QueueAllMessages").switch("ResetRetries", False)
    ocpp.switch("UnlockOnEVSideDisconnect", field="unlock_on_unplug")
    ocpp.count("ActiveNetworkProfile", 1).count(
        "FieldLength", 1000, instance="Get15118EVCertificate"
    )
    ocpp.count("PublicKeyWithSignedMeterValue", 0).text("ConfigurationValueSize", "1000")
    device = Table("DeviceDataCtrlr")
    for message in ("GetReport", "GetVariables", "SetVariables"):
        _limits(device, message)
    device.count("ConfigurationValueSize", 1000).count("ReportingValueSize", 2500)
    device.count("ValueSize", 2500).flag("Available").switch("Enabled", True)
    monitoring = Table("MonitoringCtrlr")
    monitoring.switch("Enabled", True).flag("Available")
    _limits(monitoring, "SetVariableMonitoring", "ClearVariableMonitoring")
    monitoring.option("MonitoringBase", "All", "All,FactoryDefault,HardWiredOnly")
    monitoring.whole("MonitoringLevel", 9, high=9).whole("OfflineQueuingSeverity", 9, high=9)
    monitoring.option("ActiveMonitoringBase", "All", "All,FactoryDefault,HardWiredOnly",
                      mutability="ReadOnly")  # fmt: skip
    monitoring.count("ActiveMonitoringLevel", 9)
    clock = Table("ClockCtrlr")
    clock.add("DateTime", Type.TIME, live=_now).note("TimeZone", "Etc/UTC", high=64)
    clock.members("TimeSource", "Heartbeat", "Heartbeat,NTP,GPS,RealTimeClock")
    clock.note("NtpServerUri", "", high=255, instance="1").note("NtpSource", "manual")
    clock.note("TimeOffset", "+00:00").whole("TimeAdjustmentReportingThreshold", 20, unit="s")
    clock.note("NextTimeOffsetTransitionDateTime", "")
    return [ocpp, device, monitoring, clock]


def _now(charger: Any, evse: int | None) -> str:
    del evse
    return wire_time(charger.presence.time.now())


def _people() -> list[Table]:
    auth = Table("AuthCtrlr")
    auth.switch("Enabled", True).flag("Available").note("MasterPassGroupId", "", high=36)
    auth.switch("AuthorizeRemoteStart", field="authorize_remote")
    auth.switch("LocalAuthorizeOffline", field="authorize_offline")
    auth.switch("LocalPreAuthorize", field="pre_authorize")
    auth.switch("OfflineTxForUnknownIdEnabled", field="offline_unknown")
    auth.whole("AdditionalInfoItemsPerMessage", 1).switch("DisableRemoteAuthorization")
    cache = Table("AuthCacheCtrlr")
    cache.flag("Available").switch("Enabled", field="cache").whole("LifeTime", 86_400, unit="s")
    cache.option("Policy", "LRU", "LRU,LFU,FIFO,CUSTOM").count("Storage", 100_000, unit="B")
    cache.switch("DisablePostAuthorize")
    local = Table("LocalAuthListCtrlr")
    local.flag("Available").switch("Enabled", field="local_list")
    local.count("Entries", live=_list_length, high=1000).count("Storage", 100_000, unit="B")
    _limits(local, "").switch("DisablePostAuthorize").flag("SupportsExpiryDateTime")
    reservation = Table("ReservationCtrlr")
    reservation.flag("Available").switch("Enabled", True).flag("NonEvseSpecific")
    display = Table("DisplayMessageCtrlr")
    display.flag("Available").switch("Enabled", True)
    display.count("DisplayMessages", 0, high=20).add(
        "SupportedFormats", Type.MEMBERS, "ASCII,UTF8", values="ASCII,HTML,URI,UTF8,QRCODE"
    )
    display.add("SupportedPriorities", Type.MEMBERS, "AlwaysFront,InFront,NormalCycle",
                values="AlwaysFront,InFront,NormalCycle")  # fmt: skip
    display.add("SupportedStates", Type.MEMBERS, "Charging,Faulted,Idle,Unavailable",
                values="Charging,Faulted,Idle,Unavailable,Suspended,Discharging")  # fmt: skip
    display.option("Language", "en", "en,de,fr,nl")
    customer = Table("CustomerInformationCtrlr").flag("Available").switch("Enabled", True)
    return [auth, cache, local, reservation, display, customer]


def _list_length(charger: Any, evse: int | None) -> str:
    del evse
    return str(len(charger.authorization.local_list))


def _metering() -> list[Table]:
    transactions = Table("TxCtrlr")
    transactions.whole("EVConnectionTimeOut", field="plug_timeout_s", unit="s", low=1)
    transactions.switch("StopTxOnEVSideDisconnect", field="stop_on_unplug")
    transactions.switch("StopTxOnInvalidId", field="stop_on_invalid")
    transactions.switch("TxBeforeAcceptedEnabled", False).flag("ChargingTime", True)
    transactions.whole("MaxEnergyOnInvalidId", 0, unit="Wh").switch("AllowEnergyTransferResumption")
    transactions.members("TxStartPoint", "Authorized,EVConnected", TX_POINTS, mutability="ReadOnly")
    transactions.members("TxStopPoint", "Authorized,EVConnected", TX_POINTS, mutability="ReadOnly")
    transactions.whole("ResumptionTimeout", 300, unit="s")
    sampled = Table("SampledDataCtrlr")
    sampled.flag("Available").switch("Enabled", True).switch("SignReadings").switch(
        "RegisterValuesWithoutPhases"
    )
    for moment in ("TxStarted", "TxUpdated", "TxEnded"):
        field = {"TxUpdated": "sampled", "TxEnded": "stop_sampled"}.get(moment)
        sampled.members(f"{moment}Measurands", MEASURED, MEASURED, field=field)
    sampled.whole("TxUpdatedInterval", field="sample_s", unit="s")
    sampled.whole("TxEndedInterval", 0, unit="s")
    aligned = Table("AlignedDataCtrlr")
    aligned.flag("Available").switch("Enabled", True).switch("SendDuringIdle").switch(
        "SignReadings"
    )
    aligned.whole("Interval", field="aligned_s", unit="s").whole("TxEndedInterval", 0, unit="s")
    aligned.members("Measurands", MEASURED, MEASURED, field="aligned")
    aligned.members("TxEndedMeasurands", "", MEASURED)
    return [transactions, sampled, aligned]


def _money_and_power() -> list[Table]:
    smart = Table("SmartChargingCtrlr")
    smart.flag("Available").switch("Enabled", True).flag("ACPhaseSwitchingSupported", False)
    smart.count("Entries", 0, instance="ChargingProfiles", high=50)
    smart.count("ProfileStackLevel", 20).count("PeriodsPerSchedule", 100)
    smart.add("RateUnit", Type.MEMBERS, "A,W", values="A,W")
    smart.switch("ExternalControlSignalsEnabled").switch("NotifyChargingLimitWithSchedules")
    smart.flag("Phases3to1", False).add("LimitChangeSignificance", Type.DECIMAL, "1.0",
                                        mutability="ReadWrite", unit="Percent")  # fmt: skip
    smart.flag("SupportsDynamicProfiles").flag("SupportsUseLocalTime", False)
    smart.count("MaxExternalConstraintsId", 0)
    tariff = Table("TariffCostCtrlr")
    for kind in ("Tariff", "Cost"):
        tariff.flag("Available", instance=kind).switch("Enabled", True, instance=kind)
        tariff.note(f"{kind}FallbackMessage", "")
    tariff.note("Currency", "EUR", high=3).note("TotalCostFallbackMessage", "")
    tariff.count("MaxElements", 10, instance="Tariff").flag(
        "ConditionsSupported", instance="Tariff"
    )
    iso = Table("ISO15118Ctrlr")
    iso.flag("Available").switch("Enabled", False).switch("V2GCertificateInstallationEnabled")
    iso.switch("PnCEnabled").switch("CentralContractValidationAllowed")
    iso.switch("ContractValidationOffline", True).switch("ContractCertificateInstallationEnabled")
    iso.note("SeccId", "CSMSSIM", high=50).note("CountryName", "DE", high=2)
    iso.note("OrganizationName", "csms", high=64).switch("RequestMeteringReceipt")
    iso.note("ServiceRenegotiationSupport", "false").whole("MaxScheduleEntries", 1024)
    iso.text("ProtocolSupportedByEV", "").flag("ProtocolSupported", instance="1")
    security = Table("SecurityCtrlr")
    security.add("BasicAuthPassword", Type.STRING, mutability="WriteOnly", field="password")
    security.note("Identity", "", live=_identity).note("OrganizationName", "csms", reboot=True)
    security.count("SecurityProfile", 1).count("CertificateEntries", 0, high=32)
    security.count("MaxCertificateChainSize", 10_000).switch("AdditionalRootCertificateCheck")
    security.whole("CertSigningWaitMinimum", 30, unit="s").whole("CertSigningRepeatTimes", 3)
    security.switch("AllowSecurityProfileDowngrade")
    return [smart, tariff, iso, security]


def _identity(charger: Any, evse: int | None) -> str:
    del evse
    return str(charger.identity)


def standard_variables() -> tuple[Variable, ...]:
    """Those of the controllers."""
    return joined([*_communication(), *_people(), *_metering(), *_money_and_power()])
