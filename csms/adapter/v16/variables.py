"""Configuration keys in 1.6 (§5.3, §5.8), and the password that is one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from csms.adapter.leaves import Lenience
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request, Unsupported
from csms.adapter.texts import mended
from csms.core.commands import Command
from csms.core.credentials import normal_form
from csms.core.errors import Invalid
from csms.core.variables.networks import SetNetworkProfile
from csms.core.variables.vocabulary import (
    Attribute,
    ChangePassword,
    ItemStatus,
    Mutability,
    ReadResult,
    ReadVariables,
    RequestReport,
    Setting,
    Wanted,
    WriteResult,
    WriteVariables,
)

PASSWORD_KEY = "AuthorizationKey"  # noqa: S105 - the name of one
PASSWORD_BYTES = range(16, 21)
"""Length of a password (security whitepaper §2.2)."""
MAX_VALUE = 10_000
"""Characters of a value that is told; the schema ends at 500, which stations do not."""

_STATUSES: Mapping[str, ItemStatus] = {
    "accepted": ItemStatus.ACCEPTED,
    "notsupported": ItemStatus.UNKNOWN,
    "rebootrequired": ItemStatus.REBOOT_REQUIRED,
}


def _foreign(items: Sequence[Wanted]) -> Unsupported | None:
    """Why items are no configuration keys, if they are not."""
    for item in items:
        if item.component is not None or item.variable_instance is not None:
            return Unsupported("OCPP 1.6 has configuration keys, and no components.")
        if item.attribute is not Attribute.ACTUAL:
            return Unsupported("OCPP 1.6 knows one value of a configuration key.")
    return None


def _read(command: ReadVariables) -> Request | Unsupported:
    """An absent list of keys asks for all; an empty one is not the same to every station."""
    keys = [item.variable for item in command.items]
    return _foreign(command.items) or Request("GetConfiguration", {"key": keys} if keys else {})


def _learn_read(_command: ReadVariables, payload: Any) -> tuple[ReadResult, ...]:
    known = tuple(
        ReadResult(
            variable=mended(item["key"]),
            value=None if item.get("value") is None else mended(item["value"]),
            mutability=Mutability.READ_ONLY if item.get("readonly") else Mutability.READ_WRITE,
            status=ItemStatus.ACCEPTED,
        )
        for item in payload.get("configurationKey", ())
        if item["key"]
    )
    unknown = tuple(
        ReadResult(variable=mended(key), status=ItemStatus.UNKNOWN)
        for key in payload.get("unknownKey", ())
    )
    return (*known, *unknown)


def _write(command: WriteVariables) -> Request | Unsupported:
    if len(command.items) != 1:
        return Unsupported("OCPP 1.6 changes one configuration key at a time.")
    (item,) = command.items
    payload: dict[str, object] = {"key": item.variable, "value": item.value}
    return _foreign(command.items) or Request("ChangeConfiguration", payload)


def _learn_write(command: WriteVariables, payload: Any) -> tuple[WriteResult, ...]:
    (item,) = command.items
    return (WriteResult(variable=item.variable, status=_status(payload)),)


def _status(payload: Any) -> ItemStatus:
    word = str(payload["status"]).strip().casefold()
    return _STATUSES.get(word, ItemStatus.REJECTED)


def _change_password(command: ChangePassword) -> Request:
    """The key is set as the hexadecimal digits of its bytes (security whitepaper §2.2)."""
    secret = normal_form(command.password.encode())
    if len(secret) not in PASSWORD_BYTES:
        raise Invalid(
            "A password of OCPP 1.6 has 16 to 20 bytes, or twice as many hexadecimal digits.",
            field="password",
        )
    payload: dict[str, object] = {"key": PASSWORD_KEY, "value": secret.hex()}
    return Request("ChangeConfiguration", payload)


def _learn_password(_command: ChangePassword, payload: Any) -> ItemStatus:
    return _status(payload)


def _no_report(_command: RequestReport) -> Unsupported:
    return Unsupported("OCPP 1.6 has no reports: read its configuration keys instead.")


def _no_profile(_command: SetNetworkProfile) -> Unsupported:
    return Unsupported("OCPP 1.6 has no network profiles.")


INBOUND: Mapping[str, Inbound] = {}

COMMANDS: Mapping[type[Command], Outbound] = {
    ReadVariables: Outbound(
        _read,
        {"key": "items"},
        _learn_read,
        lenience={
            "configurationKey": Lenience(loose=True, spare=True),
            "configurationKey.readonly": Lenience(spare=True),
            "configurationKey.value": Lenience(ceiling=MAX_VALUE, spare=True),
            "unknownKey": Lenience(loose=True, spare=True),
        },
    ),
    WriteVariables: Outbound(
        _write, {"key": "items.variable", "value": "items.value"}, _learn_write
    ),
    ChangePassword: Outbound(_change_password, {"value": "password"}, _learn_password),
    RequestReport: Outbound(_no_report, {}),
    SetNetworkProfile: Outbound(_no_profile, {}),
}


def _reading(payload: Json) -> ReadVariables:
    return ReadVariables(items=tuple(Wanted(variable=key) for key in payload.get("key", ())))


def _writing(payload: Json) -> WriteVariables:
    return WriteVariables(items=(Setting(variable=payload["key"], value=payload["value"]),))


INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "ChangeConfiguration": _writing,
    "GetConfiguration": _reading,
}
