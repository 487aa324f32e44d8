"""The words of provisioning."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from csms.core.commands import ResetKind
from csms.core.listings import Filter, Kind, Listing, Sort
from csms.core.variables.vocabulary import Setting


class ProvisioningProfile(Struct, frozen=True, kw_only=True):
    """What stations of some kind should have set.

    ``identity``, ``vendor`` and ``model`` are patterns (``*``, ``?``, ``[..]``), of which those
    that are given must all fit; none given: every station.  Where several profiles set the same
    variable, that of the highest ``priority`` counts, then the one whose name comes first.
    """

    name: str
    operator_id: int
    identity: str | None = None
    vendor: str | None = None
    model: str | None = None
    priority: int = 0
    settings: tuple[Setting, ...] = ()
    reset: ResetKind | None = None
    """How to restart a station that needs it for a setting to count; None: it is left to itself."""
    note: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Wish(Struct, frozen=True, kw_only=True):
    """A setting that a station should have, and the profile that says so."""

    setting: Setting
    profile: str
    reset: ResetKind | None = None


class Drift(Wish, frozen=True, kw_only=True):
    """A wish that a station does not fulfil, or is not known to."""

    value: str | None = None
    """The value that it has, as far as is known."""
    reboot_required: bool = False
    """It accepted the setting, and fulfils the wish from its next boot on."""


class ItemResult(Struct, frozen=True, kw_only=True):
    """What became of a wish the last time."""

    setting: Setting
    profile: str
    status: str
    """``same``: it was so already; ``not_sent``, how the operation ended, or what the station made
    of it: see `csms.core.variables.vocabulary.ItemStatus`."""
    before: str | None = None
    """The value that the station had, as far as it was known."""
    after: str | None = None
    """The value that it told after it had accepted the setting."""
    detail: str | None = None
    restarted: bool = False
    """It was restarted for the setting, then or earlier, which waits for a restart all the same."""


class StepResult(Struct, frozen=True, kw_only=True):
    """What became of one of the steps after a boot."""

    name: str
    done: bool
    detail: str | None = None


class ProvisioningRun(Struct, frozen=True, kw_only=True):
    """What was done after a boot."""

    booted_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    items: tuple[ItemResult, ...] = ()
    steps: tuple[StepResult, ...] = ()
    reset: ResetKind | None = None
    """How the station was asked to restart."""


class Boot(Struct, frozen=True, kw_only=True):
    """A station that booted and is to be set up."""

    station_id: int
    identity: str
    operator_id: int
    booted_at: datetime


PROVISIONING_PROFILES = Listing(
    name="provisioning_profiles",
    filters={"name": Filter(Kind.TEXT)},
    sorts={"name": Sort(Kind.TEXT), "priority": Sort(Kind.INTEGER)},
    default="name",
    keys=(Kind.TEXT,),
)
"""``name`` is a prefix."""
