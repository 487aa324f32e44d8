"""What the tables that the server runs on do not know: where in the API each message is at home.

Paths are those under ``/api/v1``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_STATION = "/stations/{identity}"
_SESSION = "/sessions/{session_id}"

SEEN: Mapping[str, Sequence[str]] = {
    "Authorize": ("GET /tokens/{id_token}",),
    "BatterySwap": (f"GET {_STATION}/battery-swaps",),
    "BootNotification": (f"GET {_STATION}",),
    "ClearedChargingLimit": (f"GET {_STATION}/charging-limits",),
    "ClosePeriodicEventStream": (f"GET {_STATION}/event-streams",),
    "DataTransfer": (f"GET {_STATION}/events",),
    "DiagnosticsStatusNotification": (f"GET {_STATION}/logs/{{ref}}",),
    "FirmwareStatusNotification": (f"GET {_STATION}/firmware-updates/{{ref}}",),
    "Get15118EVCertificate": (f"GET {_STATION}/events",),
    "GetCertificateChainStatus": (f"GET {_STATION}/events",),
    "GetCertificateStatus": (f"GET {_STATION}/events",),
    "Heartbeat": ("GET /connections/{identity}",),
    "LogStatusNotification": (f"GET {_STATION}/logs/{{ref}}",),
    "MeterValues": (f"GET {_SESSION}/meter-values", f"GET {_STATION}/meter-values"),
    "NotifyChargingLimit": (f"GET {_STATION}/charging-limits",),
    "NotifyCustomerInformation": (f"GET {_STATION}/customer-information/{{ref}}",),
    "NotifyDERAlarm": (f"GET {_STATION}/events",),
    "NotifyDERStartStop": (f"GET {_STATION}/der-controls",),
    "NotifyDisplayMessages": (f"GET {_STATION}/display-messages",),
    "NotifyEVChargingNeeds": (f"GET {_STATION}/ev-charging-needs",),
    "NotifyEVChargingSchedule": (f"GET {_STATION}/events",),
    "NotifyEvent": (f"GET {_STATION}/events",),
    "NotifyMonitoringReport": (f"GET {_STATION}/monitors",),
    "NotifyPeriodicEventStream": (f"GET {_STATION}/events",),
    "NotifyPriorityCharging": (f"GET {_STATION}/events",),
    "NotifyReport": (f"GET {_STATION}/variables",),
    "NotifySettlement": ("GET /settlements",),
    "OpenPeriodicEventStream": (f"GET {_STATION}/event-streams",),
    "PublishFirmwareStatusNotification": (f"GET {_STATION}/firmware-publications",),
    "PullDynamicScheduleUpdate": (f"GET {_STATION}/charging-profiles",),
    "ReportChargingProfiles": (f"GET {_STATION}/charging-profiles",),
    "ReportDERControl": (f"GET {_STATION}/der-controls",),
    "ReservationStatusUpdate": ("GET /reservations/{reservation_id}",),
    "SecurityEventNotification": (f"GET {_STATION}/events",),
    "SignCertificate": (f"GET {_STATION}/certificate-requests",),
    "SignedFirmwareStatusNotification": (f"GET {_STATION}/firmware-updates/{{ref}}",),
    "StartTransaction": ("GET /sessions",),
    "StatusNotification": (f"GET {_STATION}/connectors/{{evse_id}}",),
    "StopTransaction": (f"GET {_SESSION}",),
    "TransactionEvent": ("GET /sessions",),
    "VatNumberValidation": (f"GET {_STATION}/events",),
}
"""By action, where what a station said is seen."""

_Sending = tuple[str, tuple[str, ...]]

_UNPLUG: _Sending = ("unlock", (f"POST {_STATION}/unlock",))
_TRIGGER: _Sending = ("trigger", (f"POST {_STATION}/trigger",))
_START: _Sending = ("remote_start", (f"POST {_STATION}/remote-start",))
_STOP: _Sending = (
    "remote_stop",
    (f"POST {_STATION}/remote-stop", f"POST {_SESSION}/stop"),
)
_UPDATE: _Sending = ("update_firmware", (f"POST {_STATION}/firmware-updates",))
_UPLOAD: _Sending = ("request_log", (f"POST {_STATION}/logs",))
_READ: _Sending = ("read_variables", (f"POST {_STATION}/variables/read",))
_WRITE: _Sending = (
    "write_variables",
    (f"PATCH {_STATION}/variables", f"PUT {_STATION}/password"),
)
_REPORT: _Sending = ("request_report", (f"POST {_STATION}/reports",))

SENT: Mapping[str, _Sending] = {
    "AFRRSignal": ("afrr_signal", (f"POST {_STATION}/afrr-signal",)),
    "AdjustPeriodicEventStream": (
        "adjust_event_stream",
        (f"PATCH {_STATION}/event-streams/{{stream_id}}",),
    ),
    "CancelReservation": (
        "cancel_reservation",
        ("DELETE /reservations/{reservation_id}",),
    ),
    "CertificateSigned": (
        "deliver_certificate",
        (f"POST {_STATION}/certificate-requests/{{request_id}}/sign",),
    ),
    "ChangeAvailability": ("availability", (f"POST {_STATION}/availability",)),
    "ChangeConfiguration": _WRITE,
    "ChangeTransactionTariff": ("change_tariff", (f"POST {_SESSION}/tariff",)),
    "ClearCache": ("clear_cache", (f"POST {_STATION}/clear-cache",)),
    "ClearChargingProfile": (
        "clear_charging_profiles",
        (
            f"DELETE {_STATION}/charging-profiles",
            f"DELETE {_STATION}/charging-profiles/{{profile_id}}",
        ),
    ),
    "ClearDERControl": ("clear_der_controls", (f"DELETE {_STATION}/der-controls",)),
    "ClearDisplayMessage": (
        "clear_display_message",
        (f"DELETE {_STATION}/display-messages/{{message_id}}",),
    ),
    "ClearTariffs": (
        "clear_tariffs",
        (f"DELETE {_STATION}/tariffs", f"DELETE {_STATION}/tariffs/{{tariff_id}}"),
    ),
    "ClearVariableMonitoring": ("clear_monitors", (f"DELETE {_STATION}/monitors",)),
    "CostUpdated": ("show_cost", (f"POST {_SESSION}/cost",)),
    "CustomerInformation": ("customer_information", (f"POST {_STATION}/customer-information",)),
    "DataTransfer": ("data_transfer", (f"POST {_STATION}/data-transfer",)),
    "DeleteCertificate": (
        "delete_certificate",
        (f"DELETE {_STATION}/certificates/{{certificate_key}}",),
    ),
    "ExtendedTriggerMessage": _TRIGGER,
    "GetBaseReport": _REPORT,
    "GetChargingProfiles": (
        "report_charging_profiles",
        (f"POST {_STATION}/charging-profiles/report",),
    ),
    "GetCompositeSchedule": ("composite_schedule", (f"POST {_STATION}/composite-schedule",)),
    "GetConfiguration": _READ,
    "GetDERControl": ("report_der_controls", (f"POST {_STATION}/der-controls/report",)),
    "GetDiagnostics": _UPLOAD,
    "GetDisplayMessages": (
        "report_display_messages",
        (f"POST {_STATION}/display-messages/report",),
    ),
    "GetInstalledCertificateIds": (
        "read_certificates",
        (f"POST {_STATION}/certificates/read",),
    ),
    "GetLocalListVersion": (
        "read_local_list_version",
        (f"POST {_STATION}/local-list/read",),
    ),
    "GetLog": _UPLOAD,
    "GetMonitoringReport": (
        "request_monitoring_report",
        (f"POST {_STATION}/monitors/report",),
    ),
    "GetPeriodicEventStream": (
        "read_event_streams",
        (f"POST {_STATION}/event-streams/read",),
    ),
    "GetReport": _REPORT,
    "GetTariffs": ("read_tariffs", (f"POST {_STATION}/tariffs/read",)),
    "GetTransactionStatus": (
        "transaction_status",
        (f"POST {_SESSION}/status", f"POST {_STATION}/transaction-status"),
    ),
    "GetVariables": _READ,
    "InstallCertificate": (
        "install_certificate",
        (f"POST {_STATION}/certificates",),
    ),
    "NotifyAllowedEnergyTransfer": (
        "allow_energy_transfer",
        (f"POST {_SESSION}/allowed-energy-transfer",),
    ),
    "NotifyWebPaymentStarted": ("web_payment_started", (f"POST {_STATION}/web-payments",)),
    "PublishFirmware": (
        "publish_firmware",
        (f"POST {_STATION}/firmware-publications",),
    ),
    "RemoteStartTransaction": _START,
    "RemoteStopTransaction": _STOP,
    "RequestBatterySwap": ("battery_swap", (f"POST {_STATION}/battery-swaps",)),
    "RequestStartTransaction": _START,
    "RequestStopTransaction": _STOP,
    "ReserveNow": ("reserve", ("POST /reservations",)),
    "Reset": ("reset", (f"POST {_STATION}/reset",)),
    "SendLocalList": (
        "send_local_list",
        (
            f"PUT {_STATION}/local-list",
            f"PATCH {_STATION}/local-list",
            f"POST {_STATION}/local-list/sync",
        ),
    ),
    "SetChargingProfile": ("set_charging_profile", (f"POST {_STATION}/charging-profiles",)),
    "SetDERControl": ("set_der_control", (f"PUT {_STATION}/der-controls",)),
    "SetDefaultTariff": ("set_default_tariff", (f"PUT {_STATION}/tariffs/{{tariff_id}}",)),
    "SetDisplayMessage": (
        "set_display_message",
        (
            f"POST {_STATION}/display-messages",
            f"PUT {_STATION}/display-messages/{{message_id}}",
        ),
    ),
    "SetMonitoringBase": (
        "set_monitoring_base",
        (f"PUT {_STATION}/monitoring-base",),
    ),
    "SetMonitoringLevel": (
        "set_monitoring_level",
        (f"PUT {_STATION}/monitoring-level",),
    ),
    "SetNetworkProfile": (
        "set_network_profile",
        (f"PUT {_STATION}/network-profiles/{{slot}}",),
    ),
    "SetVariableMonitoring": ("set_monitors", (f"POST {_STATION}/monitors",)),
    "SetVariables": _WRITE,
    "SignedUpdateFirmware": _UPDATE,
    "TriggerMessage": _TRIGGER,
    "UnlockConnector": _UNPLUG,
    "UnpublishFirmware": (
        "unpublish_firmware",
        (f"DELETE {_STATION}/firmware-publications/{{checksum}}",),
    ),
    "UpdateDynamicSchedule": (
        "update_dynamic_schedule",
        (f"POST {_STATION}/charging-profiles/{{profile_id}}/dynamic",),
    ),
    "UpdateFirmware": _UPDATE,
    "UsePriorityCharging": ("use_priority_charging", (f"POST {_SESSION}/priority",)),
}
"""By action, the command of the core that it spells, by its tag, and the routes that give it.

Besides, ``POST /stations/{identity}/commands`` sends any message of the station's version.
"""
