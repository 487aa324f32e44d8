"""The words of the device model: names, attributes, and what stations and we say of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import Struct

from csms.core.commands import Command
from csms.core.decisions import Ask, Write
from csms.core.reports import Report


class Attribute(StrEnum):
    """What of a variable is meant (OCPP 2.x AttributeEnum); a configuration key is `ACTUAL`."""

    ACTUAL = "Actual"
    TARGET = "Target"
    MIN_SET = "MinSet"
    MAX_SET = "MaxSet"


class Mutability(StrEnum):
    """Whether it can be read and written (OCPP 2.x MutabilityEnum, 1.6 ``readonly``)."""

    READ_ONLY = "ReadOnly"
    WRITE_ONLY = "WriteOnly"
    READ_WRITE = "ReadWrite"


class VariableName(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which variable; without a component it is a configuration key of OCPP 1.6."""

    component: str | None = None
    component_instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    variable: str
    variable_instance: str | None = None

    @property
    def key(self) -> str:
        """The same for every spelling of the name: case does not matter (OCPP identifierString)."""
        parts = (
            self.component,
            self.component_instance,
            self.evse_id,
            self.connector_id,
            self.variable,
            self.variable_instance,
        )
        return msgspec.json.encode(parts).decode().lower()


class Wanted(VariableName, frozen=True, kw_only=True, omit_defaults=True):
    """An attribute of a variable."""

    attribute: Attribute = Attribute.ACTUAL

    @property
    def place(self) -> tuple[str, str]:
        """What makes it recognisable within a station."""
        return self.key, self.attribute.value


class Setting(Wanted, frozen=True, kw_only=True, omit_defaults=True):
    """An attribute with the value that it should have."""

    value: str


class Told(Wanted, frozen=True, kw_only=True, omit_defaults=True):
    """What a station tells of an attribute; None is what it does not tell."""

    value: str | None = None
    mutability: Mutability | None = None
    persistent: bool | None = None
    constant: bool | None = None
    data_type: str | None = None
    unit: str | None = None
    min_limit: float | None = None
    max_limit: float | None = None
    max_elements: int | None = None
    values_list: str | None = None
    supports_monitoring: bool | None = None


class ItemStatus(StrEnum):
    """What became of one item of a request."""

    ACCEPTED = "accepted"
    REBOOT_REQUIRED = "reboot_required"
    """Accepted, and good from the next boot on."""
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    """The station has no such component or variable."""
    UNSUPPORTED = "unsupported"
    """The variable has no such attribute, or nothing of the kind can be done with it."""
    DUPLICATE = "duplicate"

    @property
    def done(self) -> bool:
        """Whether the station did it, or will."""
        return self in (ItemStatus.ACCEPTED, ItemStatus.REBOOT_REQUIRED)


class ReadResult(Told, frozen=True, kw_only=True, omit_defaults=True):
    """What a station answered about one item that it was asked for."""

    status: ItemStatus
    detail: str | None = None


class WriteResult(Wanted, frozen=True, kw_only=True, omit_defaults=True):
    """What a station made of one setting."""

    status: ItemStatus
    detail: str | None = None


class ReportBase(StrEnum):
    """Which of the three reports that every station of OCPP 2.x has."""

    CONFIGURATION = "configuration"
    """What can be set."""
    FULL = "full"
    """Everything."""
    SUMMARY = "summary"
    """What is in a state that matters."""


class Criterion(StrEnum):
    """Components in that state (OCPP 2.x ComponentCriterionEnum)."""

    ACTIVE = "Active"
    AVAILABLE = "Available"
    ENABLED = "Enabled"
    PROBLEM = "Problem"


class Chosen(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A component, or one variable of it, that a report should be about."""

    component: str
    component_instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    variable: str | None = None
    variable_instance: str | None = None


class ReadVariables(Command, frozen=True, kw_only=True, tag="read_variables"):
    """Read attributes of variables; none named: all configuration keys (1.6).

    ``actual_said`` are the places of items that say `Attribute.ACTUAL` though it goes without
    saying: who writes a message himself finds it sent as he wrote it.
    """

    items: tuple[Wanted, ...] = ()
    actual_said: tuple[int, ...] | None = None


class WriteVariables(Command, frozen=True, kw_only=True, tag="write_variables"):
    """Write attributes of variables; ``actual_said`` as in `ReadVariables`."""

    items: tuple[Setting, ...]
    actual_said: tuple[int, ...] | None = None


class RequestReport(Command, frozen=True, kw_only=True, tag="request_report"):
    """Ask for a report of the device model: a ``base``, or what fits ``criteria`` and ``items``."""

    base: ReportBase | None = None
    criteria: tuple[Criterion, ...] = ()
    items: tuple[Chosen, ...] = ()
    ref: int | None = None


class ChangePassword(Command, frozen=True, kw_only=True, tag="change_password"):
    """Give the station a new password for its next connection.

    ``mark`` names the change, so that its outcome finds the hash that was kept before it was sent.
    """

    password: str
    mark: str


class VariablesReported(Report, frozen=True, kw_only=True):
    """NotifyReport (2.x B07, B08): a part of a report of the device model."""

    ref: int
    number: int | None
    last: bool
    items: tuple[Told, ...]


class RequestAsked(Ask, frozen=True, kw_only=True):
    """The newest request of that number, by the name of its command; answered with its payload."""

    action: str
    ref: int


class VariablesCounted(Ask, frozen=True, kw_only=True):
    """How many attributes are known of the station, up to a bound."""


class KeepVariable(Write, frozen=True, kw_only=True, omit_defaults=True):
    """What is known now of an attribute; what is None stays as it was.

    ``how``: ``reported`` by the station of itself, ``read`` from it, ``set`` in it, or told by an
    ``event``, which counts only if nothing was heard of it after ``at``.  With ``known_only`` it is
    kept only if there is one of that name.  With ``reboot_required`` the value is that of the next
    boot, and the one before counts until something is told after it.
    """

    station_id: int
    operator_id: int
    key: str
    component: str | None = None
    component_instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    variable: str
    variable_instance: str | None = None
    attribute: str
    value: str | None = None
    mutability: str | None = None
    persistent: bool | None = None
    constant: bool | None = None
    data_type: str | None = None
    unit: str | None = None
    min_limit: float | None = None
    max_limit: float | None = None
    max_elements: int | None = None
    values_list: str | None = None
    supports_monitoring: bool | None = None
    reboot_required: bool = False
    how: str
    operation_id: str | None = None
    seen_ref: int | None = None
    known_only: bool = False
    at: datetime


class ForgetVariables(Write, frozen=True, kw_only=True):
    """Variables are gone: those of ``keys``, all but those of ``but``, or all that the report of
    number ``unseen_ref`` did not tell of; exactly one of the three is given."""

    station_id: int
    keys: tuple[str, ...] | None = None
    but: tuple[str, ...] | None = None
    unseen_ref: int | None = None
    at: datetime


class NoteInventory(Write, frozen=True, kw_only=True):
    """A full report (of the number ``ref``), or an answer with all configuration keys, is complete:
    the device model is known, as of the station's firmware now."""

    station_id: int
    operator_id: int
    ref: int | None
    at: datetime


class SettlePassword(Write, frozen=True, kw_only=True):
    """The password that was offered under ``mark`` is the station's now, or will never be."""

    station_id: int
    mark: str
    accepted: bool
    at: datetime


class ReplacePassword(Write, frozen=True, kw_only=True):
    """The station has a new password."""

    station_id: int
    password_hash: str
    at: datetime
