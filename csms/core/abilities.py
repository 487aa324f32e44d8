"""What a station can do with the terms of a token, as far as it said so among its variables.

Of a station that said nothing it is believed that it can: its variables are only known once it was
asked for them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from csms.core.decisions import Ask, State
from csms.core.values import TransactionLimit
from csms.core.variables.vocabulary import VariableName

_TARIFF_KEYS = tuple(
    VariableName(component="TariffCostCtrlr", variable=name, variable_instance="Tariff").key
    for name in ("Available", "Enabled")
)
_LIMITS_KEY = VariableName(component="TxCtrlr", variable="SupportedLimits").key
_LIMITS: Mapping[str, str] = {
    "maxcost": "max_cost",
    "maxenergy": "max_energy_wh",
    "maxtime": "max_time_s",
    "maxsoc": "max_soc_percent",
}
"""As stations name them, in lower case."""


class AbilitiesAsked(Ask, frozen=True, kw_only=True):
    """Values of the station's variables of those keys; answered with key and value of each that is
    known, and with nothing for a token without tariff and limits."""

    id_token: str
    keys: tuple[str, ...]


def tariffs_asked(id_token: str) -> AbilitiesAsked:
    """Whether a station takes tariffs of drivers."""
    return AbilitiesAsked(id_token=id_token, keys=_TARIFF_KEYS)


def limits_asked(id_token: str) -> AbilitiesAsked:
    """Which limits of transactions a station supports."""
    return AbilitiesAsked(id_token=id_token, keys=(_LIMITS_KEY,))


def takes_tariffs(state: State) -> bool:
    """Unless it said that it does not."""
    return all(value.strip().lower() != "false" for value in _known(state).values())


def supported(limit: TransactionLimit, state: State) -> TransactionLimit:
    """The limits that a station supports (2.1 E16.FR.12)."""
    told = _known(state).get(_LIMITS_KEY)
    if told is None:
        return limit
    words = (word.strip().lower() for word in told.split(","))
    return _only(limit, {_LIMITS[word] for word in words if word in _LIMITS})


def _only(limit: TransactionLimit, names: Collection[str]) -> TransactionLimit:
    return TransactionLimit(**{name: getattr(limit, name) for name in names})


def _known(state: State) -> Mapping[str, str]:
    return dict(state.answers(AbilitiesAsked))
