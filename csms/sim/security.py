"""Certificates that a charger asks for, and events of its security (2.0.1 A02 to A04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from csms.sim.certificates import Certificates
from csms.sim.messages import NoAnswer

if TYPE_CHECKING:
    from csms.sim.charger import Charger

ORGANIZATION = "csms"
STATION = "ChargingStationCertificate"


@attrs.define(eq=False)
class Security:
    """One charger's."""

    charger: Charger
    certificates: Certificates
    _number: int = attrs.field(default=0, init=False)

    def event(self, kind: str, info: str | None = None) -> None:
        """Tell of something, now or when that is possible again."""
        at = self.charger.presence.time.now()
        self.charger.events.note("security", f"{kind}: {info or ''}".strip(": "), event=kind)

        async def send() -> None:
            await self.charger.presence.until_online()
            try:
                await self.charger.presence.call(
                    self.charger.language.security_event(kind, at, info)
                )
            except NoAnswer:
                return

        self.charger.start_life(send())

    async def ask(self, kind: str = STATION) -> None:
        """Make a key and ask for its certificate."""
        self._number += 1
        csr = self.certificates.request(kind, ORGANIZATION)
        try:
            await self.charger.presence.line.call(
                self.charger.language.sign_certificate(csr, kind, self._number)
            )
        except NoAnswer:
            return

    def signed(self, kind: str, chain: str) -> str:
        """Take a certificate; returns Accepted or Rejected, which is an event (A02.FR.07)."""
        problem = self.certificates.signed(kind, chain)
        if problem is None:
            self.charger.events.note("certificate", f"{kind} installed", certificate=kind)
            return "Accepted"
        self.event("InvalidChargingStationCertificate", problem)
        return "Rejected"
