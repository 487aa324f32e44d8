"""What battery swaps are spoken of with."""

from __future__ import annotations

from typing import Final

from csms.core.commands import Command
from csms.core.decisions import Ask
from csms.core.reports import Report

SWAP: Final = "battery_swap"
"""Kind of the happenings that are batteries put in and taken out."""


class RequestSwap(Command, frozen=True, kw_only=True, tag="battery_swap"):
    """Have a station swap batteries for a token (S02); ``ref`` names the swap in what it tells."""

    ref: int | None = None
    id_token: str
    kind: str | None = None
    """IdTokenEnum text; None: Central, see `csms.core.bearers`."""


class BatteriesSwapped(Report, frozen=True, kw_only=True):
    """BatterySwap (S01-S04).

    ``event`` is BatteryIn, BatteryOut or BatteryOutTimeout; ``batteries`` are JSON in the words
    of the core: evse_id, serial_number, soc and soh in percent, production_date, vendor_info.
    """

    event: str
    ref: int | None
    id_token: str | None
    id_token_kind: str | None
    batteries: tuple[dict[str, object], ...]


class SwapAsked(Ask, frozen=True, kw_only=True):
    """When the station last told of the very same; answered with a datetime, if it ever did."""

    fingerprint: int
