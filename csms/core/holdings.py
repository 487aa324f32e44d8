"""What stations hold because we put it there, or because they told us of it.

Charging profiles, display messages, monitors, installed certificates and their like differ in
what they say, not in how they live: a station has at most one of a kind under a key, it comes and
is replaced and goes, and what we know of it is what was last accepted or reported.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from csms.core.decisions import Write


class Holding(Struct, frozen=True, kw_only=True):
    """One thing that a station holds; ``content`` is free of any OCPP version."""

    kind: str
    """``charging_profile``, ``display_message`` ... as its area says."""
    key: str
    evse_id: int | None = None
    content: dict[str, object]
    origin: str
    """``set``: we put it there; ``told``: the station has it of itself."""
    operation_id: str | None = None
    """The operation that last set it."""
    created_at: datetime
    updated_at: datetime
    removed_at: datetime | None = None
    """When it went; None while it is there."""


class Hold(Write, frozen=True, kw_only=True):
    """A thing is there, as it is said here; one that was there is replaced.

    ``seen_ref`` is the report that told of it, so that `Drop` can find what that left out.
    """

    station_id: int
    operator_id: int
    kind: str
    key: str
    evse_id: int | None = None
    content: dict[str, object]
    origin: str
    operation_id: str | None = None
    seen_ref: int | None = None
    at: datetime


class Drop(Write, frozen=True, kw_only=True):
    """Things of a kind are gone: those of ``keys``, or when that is None whatever is not held by
    the same decision; and only those on ``evse_id`` and those whose content contains
    ``matching``, where given.

    ``unseen_ref``: only those that the report of that number did not tell of.
    """

    station_id: int
    kind: str
    keys: tuple[str, ...] | None = None
    evse_id: int | None = None
    matching: dict[str, object] | None = None
    unseen_ref: int | None = None
    at: datetime
