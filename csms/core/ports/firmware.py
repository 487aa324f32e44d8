"""Firmware updates: asked for, followed, read."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime

from zope.interface import Interface

from csms.core.firmware.vocabulary import FirmwareUpdate, PublishFirmware, UpdateFirmware
from csms.core.pages import Page, Query
from csms.core.values import Operation, Station


class IFirmware(Interface):
    """Updates and publications of firmware."""

    def update(
        identity: str,
        operator_id: int,
        command: UpdateFirmware,
        *,
        expected_version: str | None = None,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Awaitable[Operation]:
        """Have a station update its firmware; the job is known from now on by the operation's
        ``ref``.

        ``expected_version``: what it should boot with.  Raises as `IOperations.submit`, and
        `Invalid` for a location that is no URL or on a host that is not allowed, or a signature
        without a certificate.
        """

    def publish(
        identity: str,
        operator_id: int,
        command: PublishFirmware,
        *,
        requested_by: str | None = None,
        queue: bool = False,
    ) -> Awaitable[Operation]:
        """Have a local controller publish firmware.  Raises as `update`."""

    def list(query: Query, identity: str, operator_id: int) -> Awaitable[Page[FirmwareUpdate]]:
        """Updates of a station.  Filters: status.  Raises `NotFound` without that station."""

    def get(identity: str, operator_id: int, number: int) -> Awaitable[FirmwareUpdate]:
        """Raises `NotFound`."""


class IFirmwareBook(Interface):
    """Where firmware updates are kept; what stations tell of them goes by the intake."""

    def record(
        station: Station, command: UpdateFirmware, expected_version: str | None, at: datetime
    ) -> Awaitable[None]:
        """Keep a wish, under the number that the command has."""

    def close(
        station_id: int, number: int, status: str, detail: str | None, at: datetime
    ) -> Awaitable[None]:
        """It came to nothing; what the station has answered already stays."""

    def discard(station_id: int, number: int) -> Awaitable[None]:
        """It was refused before anybody was asked."""

    def list(query: Query, identity: str, operator_id: int) -> Awaitable[Page[FirmwareUpdate]]:
        """See `IFirmware.list`."""

    def get(identity: str, operator_id: int, number: int) -> Awaitable[FirmwareUpdate]:
        """See `IFirmware.get`."""

    def prune(older_than: datetime, limit: int) -> Awaitable[int]:
        """Delete up to so many of which nothing was heard since, with their history; how many."""
