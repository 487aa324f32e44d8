"""Rules of operations: who may be sent what, what is kept of a command, what is told of it."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from csms.core.commands import (
    ChangeConfiguration,
    Command,
    Outcome,
    Raw,
    ReadConfiguration,
    RemoteStart,
    Reset,
    Trigger,
    Unlock,
)
from csms.core.errors import Conflict
from csms.core.events import Event
from csms.core.values import Operation, OperationStatus, Registration

HIDDEN = "***"
"""What stands in the place of a secret."""

_SECRET_SETTINGS = frozenset(
    ("authorizationkey", "basicauthpassword", "masterpass", "seccpin", "identitypassword")
)
_SECRET_NAME = re.compile(r"password|passwd|secret|apikey|privatekey|sharedkey", re.IGNORECASE)
_SECRET_LEAF = re.compile(r"^(pin|psk|key_?phrase)$", re.IGNORECASE)
_USERINFO = re.compile(r"(\w[\w+.-]*://)[^/?#\s@]*@")

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
        case Registration.PENDING, (Trigger() | ReadConfiguration() | ChangeConfiguration()):
            return
        case Registration.PENDING, Reset():
            return
        case Registration.PENDING, Raw(action=action) if action in _WHILE_PENDING:
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
    """The command as JSON, without its tag and without secrets."""
    if isinstance(command, Raw):
        payload = command.payload
    else:
        payload = msgspec.to_builtins(command)
        del payload["type"]
    return without_secrets(payload)


def evse_of(command: Command) -> int | None:
    """The EVSE a remote start or an unlock is about, when it names one."""
    return command.evse_id if isinstance(command, RemoteStart | Unlock) else None


def token_of(command: Command) -> str | None:
    """The token a remote start is for."""
    return command.id_token if isinstance(command, RemoteStart) else None


def publishable(outcome: Outcome) -> Outcome:
    """The outcome as it is kept and shown, without secrets."""
    if outcome.response is None:
        return outcome
    return replace(outcome, response=without_secrets(outcome.response))


def without_secrets(payload: Mapping[str, object]) -> dict[str, object]:
    """The payload with its secrets hidden, whatever version's wire form it has.

    Hidden are: values of settings known to be secret (1.6 ``{"key", "value"}``, 2.x
    ``{"variable": {"name"}, "attributeValue"}``), texts whose name says so, and user names and
    passwords within URLs.
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
        else:
            clean[name] = _clean(value)
    return clean


def _names_secret(payload: Mapping[str, object]) -> bool:
    name = payload.get("key")
    variable = payload.get("variable")
    if isinstance(variable, Mapping):
        name = variable.get("name")
    if not isinstance(name, str):
        return False
    return name.lower() in _SECRET_SETTINGS or _SECRET_NAME.search(name) is not None


def _clean(value: object) -> object:
    match value:
        case str():
            return _USERINFO.sub(rf"\1{HIDDEN}@", value)
        case dict():
            return without_secrets(value)
        case list() | tuple():
            return [_clean(item) for item in value]
        case _:
            return value


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
