"""Which variables hold secrets, and which of them is the station's own password."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from csms.core.operations import is_secret_setting
from csms.core.variables.vocabulary import Told, VariableName

T = TypeVar("T", bound=Told)

PASSWORD_CHARACTERS = 40
"""Hexadecimal digits of a password that we make: 20 random bytes, which every version takes."""

_KEY = VariableName(variable="AuthorizationKey").key
_VARIABLE = VariableName(component="SecurityCtrlr", variable="BasicAuthPassword").key


def is_secret(name: VariableName) -> bool:
    """Whether the value is nobody's to read."""
    return is_secret_setting(name.variable)


def is_password(name: VariableName) -> bool:
    """Whether it is what the station proves itself with (1.6 security whitepaper A01, 2.x A01)."""
    return name.key in (_KEY, _VARIABLE)


def readable(item: T) -> T:
    """What is told, without a value that is nobody's to read."""
    return replace(item, value=None) if is_secret(item) else item
