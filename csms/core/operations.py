"""Rules of operations: who may be sent what, what is kept of a command, what is told of it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec.structs import replace

from csms.core.commands import Command, Outcome, Raw, RemoteStart, Reset, Trigger, Unlock
from csms.core.errors import Conflict
from csms.core.events import Event
from csms.core.times import plain
from csms.core.values import Operation, OperationStatus, Registration

HIDDEN = "***"
"""What stands in the place of a secret."""

_SECRET_SETTINGS = frozenset(
    (
        "authorizationkey",
        "basicauthpassword",
        "identitypassword",
        "masterpass",
        "seccpin",
        "simpin",
        "vpnkey",
    )
)
_SECRET_NAME = re.compile(r"password|passwd|secret|apikey|privatekey|sharedkey", re.IGNORECASE)
_SECRET_LEAF = re.compile(r"^((sim_?)?pin|psk|key_?phrase)$", re.IGNORECASE)
_USERINFO = re.compile(r"(://)[^/?#\s@]*@")  # no scheme: looking for one takes quadratic time
_UPLOAD = re.compile(r"(/uploads/)[\w-]{32,}")
"""What lets a station upload a file, see `csms.core.logs`."""

_WHILE_PENDING = frozenset(
    (
        "CertificateSigned",
        "ChangeConfiguration",
        "DeleteCertificate",
        "ExtendedTriggerMessage",
        "GetBaseReport",
        "GetConfiguration",
        "GetDiagnostics",
        "GetInstalledCertificateIds",
        "GetLog",
        "GetReport",
        "GetVariables",
        "InstallCertificate",
        "Reset",
        "SetNetworkProfile",
        "SetVariables",
        "SignedUpdateFirmware",
        "TriggerMessage",
        "UpdateFirmware",
        "change_password",
        "delete_certificate",
        "deliver_certificate",
        "install_certificate",
        "read_certificates",
        "read_variables",
        "request_log",
        "request_report",
        "set_network_profile",
        "update_firmware",
        "write_variables",
    )
)
"""Messages, under OCPP's own names, that set a station up before it may take part."""


def check_registration(registration: Registration, command: Command) -> None:
    """Refuse what a station that is not accepted must not be sent.

    A pending one may be configured, asked for reports and given certificates (and restarted,
    which some settings need); OCPP 1.6 §4.2 forbids remote start and stop then.  A rejected
    one is sent nothing (2.x B03.FR.03).  Raises `Conflict` (``not_registered``).
    """
    match registration, command:
        case Registration.ACCEPTED, _:
            return
        case Registration.PENDING, Trigger():
            return
        case Registration.PENDING, Reset():
            return
        case Registration.PENDING, _ if action_of(command) in _WHILE_PENDING:
            return
    raise Conflict(f"the station is {registration.value}", code="not_registered")


def action_of(command: Command) -> str:
    """The name under which a command is listed; OCPP's own when it is raw."""
    if isinstance(command, Raw):
        return command.action
    tag = command.__struct_config__.tag
    assert isinstance(tag, str)  # every command declares one
    return tag


def payload_of(command: Command) -> dict[str, object]:
    """The command as JSON, without its tag, what was not given, and secrets."""
    if isinstance(command, Raw):
        payload = command.payload
    else:
        fields = plain(command)
        del fields["type"]
        payload = {name: value for name, value in fields.items() if value is not None}
    return without_secrets(payload)


def evse_of(command: Command) -> int | None:
    """The EVSE a remote start or an unlock is about, when it names one."""
    return command.evse_id if isinstance(command, RemoteStart | Unlock) else None


def token_of(command: Command) -> str | None:
    """The token a remote start is for."""
    return command.id_token if isinstance(command, RemoteStart) else None


def ref_of(command: Command) -> int | None:
    """The number by which station and server speak of the command, when it has one."""
    ref: int | None = getattr(command, "ref", None)
    return ref


def numbered(command: Command) -> bool:
    """Whether the command lacks a number that it has a place for."""
    return "ref" in command.__struct_fields__ and ref_of(command) is None


def publishable(outcome: Outcome) -> Outcome:
    """The outcome as it is kept and shown, without secrets."""
    if outcome.response is None:
        return outcome
    return replace(outcome, response=without_secrets(outcome.response))


def without_secrets(payload: Mapping[str, object]) -> dict[str, object]:
    """The payload with its secrets hidden, whatever version's wire form it has.

    Hidden are: values of settings known to be secret (1.6 ``{"key", "value"}``, 2.x
    ``{"variable": {"name"}, "attributeValue"}``, our own ``{"variable", "value"}``), the key of a
    ``vpn``, texts whose name says so, and user names and passwords within URLs.
    """
    hides_value = _names_secret(payload)
    clean: dict[str, object] = {}
    for name, value in payload.items():
        if value is not None and (
            _SECRET_NAME.search(name)
            or _SECRET_LEAF.search(name)
            or (hides_value and name in ("value", "attributeValue"))
        ):
            clean[name] = HIDDEN
        elif name == "vpn" and isinstance(value, Mapping) and "key" in value:
            clean[name] = without_secrets(value) | {"key": HIDDEN}
        else:
            clean[name] = _clean(value)
    return clean


def _names_secret(payload: Mapping[str, object]) -> bool:
    name = payload.get("key")
    variable = payload.get("variable")
    if isinstance(variable, Mapping):
        name = variable.get("name")
    elif variable is not None:
        name = variable
    return isinstance(name, str) and is_secret_setting(name)


def is_secret_setting(name: str) -> bool:
    """Whether a configuration key or variable of that name holds a secret."""
    return name.lower() in _SECRET_SETTINGS or _SECRET_NAME.search(name) is not None


def _clean(value: object) -> object:
    match value:
        case str():
            return without_userinfo(_UPLOAD.sub(rf"\1{HIDDEN}", value))
        case dict():
            return without_secrets(value)
        case list() | tuple():
            return [_clean(item) for item in value]
        case _:
            return value


def without_userinfo(text: str) -> str:
    """The text, with user names and passwords within URLs hidden."""
    return _USERINFO.sub(rf"\1{HIDDEN}@", text)


def settled_event(operation: Operation) -> Event:
    """The fact that an operation was settled.

    ``operation.expired`` when time settled it, ``operation.settled`` when an answer (or the
    lack of a connection) did.  The station's answer itself stays with the operation.
    """
    expired = operation.status is OperationStatus.EXPIRED
    return Event(
        kind="operation.expired" if expired else "operation.settled",
        operator_id=operation.operator_id,
        station_id=operation.station_id,
        identity=operation.identity,
        at=operation.settled_at or operation.created_at,
        session_id=operation.session_id,
        data={
            "operation_id": operation.id,
            "action": operation.action,
            "status": operation.status.value,
            "detail": operation.detail,
            "evse_id": operation.evse_id,
        },
    )
