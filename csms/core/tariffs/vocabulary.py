"""What tariffs are spoken of with: commands, and what their answers tell."""

from __future__ import annotations

from msgspec import Struct

from csms.core.commands import Command

TARIFF = "tariff"
"""Kind of the holdings that are tariffs, by their id.

Content: ``tariff_kind`` (DefaultTariff, DriverTariff), ``evse_ids``, ``tariff`` as we gave it, and
for those of drivers ``id_tokens``.
"""
DEFAULT = "DefaultTariff"

TOTAL_COST = "total_cost"
PERSONAL_MESSAGE = "personal_message"
SESSION_TARIFF = "tariff"
"""Names of details of a session that no station tells."""


class SetTariff(Command, frozen=True, kw_only=True, tag="set_default_tariff"):
    """The tariff of an EVSE (0: of all) where the driver has no other (2.1 I07).

    ``tariff`` is OCPP's TariffType with its names in snake case; its ``tariff_id`` must change with
    its content.
    """

    evse_id: int = 0
    tariff: dict[str, object]


class ReadTariffs(Command, frozen=True, kw_only=True, tag="read_tariffs"):
    """Have a station tell its tariffs (2.1 I09), of an EVSE or (0) of all."""

    evse_id: int = 0


class ClearTariffs(Command, frozen=True, kw_only=True, tag="clear_tariffs"):
    """Take tariffs away (2.1 I10): those of the ids, else all of an EVSE, else all."""

    tariff_ids: tuple[str, ...] = ()
    evse_id: int | None = None


class ChangeTariff(Command, frozen=True, kw_only=True, tag="change_tariff"):
    """From now on a transaction is calculated with another tariff (2.1 I11)."""

    transaction_ref: str
    tariff: dict[str, object]


class ShowCost(Command, frozen=True, kw_only=True, tag="show_cost"):
    """What a transaction has cost so far, for the driver to see (2.x I02); ``total`` is an exact
    decimal in the currency of the station.  ``message`` is what the driver is shown with it, in the
    answers to what the station tells of the transaction from then on (I02, I03)."""

    transaction_ref: str
    total: str
    message: str | None = None


class Assignment(Struct, frozen=True, kw_only=True):
    """Where a tariff of a station is in force."""

    tariff_id: str
    tariff_kind: str
    evse_ids: tuple[int, ...] = ()
    id_tokens: tuple[str, ...] = ()
    valid_from: str | None = None


class TariffsFound(Struct, frozen=True):
    """Found in an answer: all tariffs there are where it was asked for."""

    assignments: tuple[Assignment, ...] = ()


class TariffsGone(Struct, frozen=True):
    """Found in an answer: tariffs that are not there any more, or never were."""

    tariff_ids: tuple[str, ...] = ()
    everything: bool = False
    """All that was asked for."""
