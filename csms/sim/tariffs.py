"""Tariffs that a charger was given (2.1 I07 to I12)."""

from __future__ import annotations

import attrs

from csms.sim.messages import Payload

ALL = 0


@attrs.define(eq=False)
class Tariffs:
    """Default tariffs by EVSE, 0 for all of them, and those of transactions."""

    defaults: dict[int, Payload] = attrs.field(factory=dict)
    of_transactions: dict[str, Payload] = attrs.field(factory=dict)

    def set_default(self, evse: int, tariff: Payload) -> str:
        """Install a tariff; DuplicateTariffId if it is that of another EVSE already (I07.FR.05)."""
        for number, each in self.defaults.items():
            if each["tariffId"] == tariff["tariffId"] and number != evse:
                return "DuplicateTariffId"
        self.defaults[evse] = tariff
        return "Accepted"

    def assignments(self, evse: int) -> list[Payload]:
        """TariffAssignments of an EVSE, 0: of all."""
        found = []
        for number, each in self.defaults.items():
            if evse in (ALL, number) or number == ALL:
                entry: Payload = {"tariffId": each["tariffId"], "tariffKind": "DefaultTariff"}
                if number != ALL:
                    entry["evseIds"] = [number]
                found.append(entry)
        return found

    def clear(self, ids: list[str] | None, evse: int | None) -> list[Payload]:
        """Remove tariffs, all that match; returns clearTariffsResults."""
        gone = []
        for number, each in list(self.defaults.items()):
            if (ids is None or each["tariffId"] in ids) and evse in (None, ALL, number):
                del self.defaults[number]
                gone.append({"tariffId": each["tariffId"], "status": "Accepted"})
        known = {each["tariffId"] for each in gone}
        missing = [each for each in ids or [] if each not in known]
        gone += [{"tariffId": each, "status": "NoTariff"} for each in missing]
        return gone or [{"status": "NoTariff"}]
