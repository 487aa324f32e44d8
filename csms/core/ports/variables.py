"""The device models of stations: what is kept of them, and what is done to them."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from zope.interface import Interface

from csms.core.pages import Page, Query
from csms.core.values import Operation
from csms.core.variables.inventory import Inventoried
from csms.core.variables.vocabulary import Setting, Told, Wanted


class Variable(Told, frozen=True, kw_only=True):
    """An attribute of a station's variable, as last told."""

    id: int
    reboot_required: bool = False
    """Another value was accepted, and is good from the next boot on."""
    pending_value: str | None = None
    """That value; ``value`` is the one that counts until then."""
    reported_at: datetime
    changed_at: datetime
    removed_at: datetime | None = None
    """Since when the station does not know it any more."""


class VariableChange(Wanted, frozen=True, kw_only=True):
    """A value became another one."""

    id: int
    old: str | None
    new: str | None
    how: str
    """``reported`` by the station of itself, ``read`` from it, or ``set`` in it."""
    operation_id: str | None
    at: datetime


class ItemOutcome(Struct, frozen=True, kw_only=True):
    """What became of one item of several that were asked for."""

    item: Wanted
    status: str
    """`csms.core.variables.vocabulary.ItemStatus`; or the status of the operation while (or
    because) there is no answer; or ``not_sent``."""
    operation_id: str | None = None
    detail: str | None = None
    value: str | None = None
    """What was read, or what the station told after it had accepted a setting."""


class Batch(Struct, frozen=True, kw_only=True):
    """Operations that serve one request, and what became of each of its items, in their order."""

    operations: tuple[Operation, ...]
    items: tuple[ItemOutcome, ...]


class IVariables(Interface):
    """What is kept of device models, read only: the intake writes it.

    All raise `NotFound` when the operator has no such station.
    """

    def list(query: Query, identity: str, operator_id: int) -> Awaitable[Page[Variable]]:
        """Filters: component, variable (whatever their case), evse_id, attribute, removed (false
        unless given)."""

    def history(query: Query, identity: str, operator_id: int) -> Awaitable[Page[VariableChange]]:
        """Filters: component, variable, at_from, at_to (datetimes)."""

    def values(
        identity: str, operator_id: int, keys: Sequence[str]
    ) -> Awaitable[Mapping[str, str]]:
        """The actual values of variables (`VariableName.key`) that are known and there."""

    def known(
        identity: str, operator_id: int, keys: Sequence[str]
    ) -> Awaitable[Sequence[Variable]]:
        """Every attribute of variables (`VariableName.key`) that is known and there."""

    def awaiting_boot(identity: str, operator_id: int) -> Awaitable[Sequence[Wanted]]:
        """What was set for the next boot, which has been since, and was not told again after it."""

    def inventory(identity: str, operator_id: int) -> Awaitable[Inventoried]:
        """Whether the whole device model was told, or how often it was asked for, of the firmware
        and OCPP version that the station has now."""

    def inventory_asked(identity: str, operator_id: int, at: datetime) -> Awaitable[None]:
        """The station was asked for its whole device model."""

    def prune_history(older_than: datetime, limit: int) -> Awaitable[int]:
        """Delete up to so many changes that are older; how many."""


class IDeviceModel(Interface):
    """Reads and writes variables of stations, in as many messages as it takes.

    What is refused before anything was sent is raised, see `IOperations.submit`; later it is told
    with the items it is about.  After a message that the station does not answer nothing more is
    sent.
    """

    def read(
        identity: str,
        operator_id: int,
        items: Sequence[Wanted],
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Awaitable[Batch]:
        """Read attributes; no items: all configuration keys (1.6), whose outcomes are those the
        station told."""

    def write(
        identity: str,
        operator_id: int,
        items: Sequence[Setting],
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Awaitable[Batch]:
        """Write attributes, and read back what was accepted at once.  A station's password is
        changed as `IPasswords` does it."""


class IPasswords(Interface):
    """Gives stations new passwords."""

    def change(
        identity: str, operator_id: int, password: str | None, *, requested_by: str | None = None
    ) -> Awaitable[tuple[Operation, str]]:
        """Give the station a password, a new random one unless one is given.

        The operation, and the password.  Until the station answered both the old one and the new
        one let it in; with a yes, or when it came in with the new one, only that counts.  Raises
        what `IOperations.submit` raises.
        """
