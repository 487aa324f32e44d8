"""Firmware updates of a charger: fetched, checked, installed, started (2.0.1 L01, L02).

States are in the words of OCPP 2.0.1; of an update that is not signed OCPP 1.6 knows only some.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import attrs
from msgspec import Struct, structs

from csms.sim.messages import NoAnswer
from csms.sim.tasks import pause
from csms.sim.transfer import TransferError

if TYPE_CHECKING:
    from csms.sim.charger import Charger

INSTALL_S = 5.0
STEP_S = 1.0
"""How long a charger takes for each of the small steps."""
POLL_S = 5.0
PLAIN = frozenset(
    {
        "Downloaded",
        "DownloadFailed",
        "Downloading",
        "Idle",
        "InstallationFailed",
        "Installing",
        "Installed",
    }
)
"""States of an update that is not signed (1.6 §7.25)."""


class Update(Struct, frozen=True, kw_only=True):
    """What the server wants; ``signed``: with the states of the security extension."""

    url: str
    at: datetime
    install_at: datetime | None = None
    request_id: int | None = None
    signature: str | None = None
    certificate: str | None = None
    retries: int = 0
    retry_s: int = 30
    signed: bool = True


@attrs.define(eq=False)
class Firmware:
    """The updates of one charger, one at a time."""

    charger: Charger
    status: str = "Idle"
    """As it would be told now."""
    update: Update | None = None

    def start(self, update: Update) -> str:
        """Begin; a newer one takes the place of one that still runs, unless it installs.

        Returns Accepted, AcceptedCanceled or Rejected.
        """
        under_way = self.update is not None
        if under_way and self.status in {"Installing", "InstallRebooting"}:
            return "Rejected"
        self.update = update
        self.charger.start_life(self._run(update), "firmware")
        return "AcceptedCanceled" if under_way else "Accepted"

    async def tell(self, *, signed: bool = True) -> None:
        """Tell the status now, because the server asked; ``signed``: as of a signed update."""
        update = self.update
        signed = signed if update is None else update.signed
        number = None if update is None or self.status == "Idle" else update.request_id
        await self._send(self.status, number, signed=signed)

    async def _run(self, update: Update) -> None:
        # Later: the command that asks for it is answered first.
        await pause(self.charger.clock, 0)
        content = await self._fetch(update)
        if content is not None and await self._check(update, content):
            await self._install(update, content)
        self.update = None
        self.status = "Idle"

    async def _fetch(self, update: Update) -> bytes | None:
        charger = self.charger
        wait_s = (update.at - charger.presence.time.now()).total_seconds()
        if wait_s > 0:
            await self._reached("DownloadScheduled", update)
            await pause(charger.clock, wait_s)
        await self._reached("Downloading", update)
        for attempt in range(update.retries + 1):
            if attempt:
                await pause(charger.clock, update.retry_s)
            try:
                content = await charger.transfer.fetch(update.url)
            except TransferError as error:
                charger.events.note("firmware", f"firmware not fetched: {error}", status="")
            else:
                await pause(charger.clock, STEP_S)
                await self._reached("Downloaded", update)
                return content
        await self._reached("DownloadFailed", update)
        return None

    async def _check(self, update: Update, content: bytes) -> bool:
        """Whether it can be installed; a signature is looked for, not verified."""
        if update.certificate is not None:
            await pause(self.charger.clock, STEP_S)
            good = bool(update.signature)
            await self._reached("SignatureVerified" if good else "InvalidSignature", update)
            if not good:
                return False
        if not content:
            signed = update.signed
            await self._reached(
                "InstallVerificationFailed" if signed else "InstallationFailed", update
            )
        return bool(content)

    async def _install(self, update: Update, content: bytes) -> None:
        charger = self.charger
        now = charger.presence.time.now()
        wait_s = 0.0 if update.install_at is None else (update.install_at - now).total_seconds()
        if wait_s > 0:
            await self._reached("InstallScheduled", update)
            await pause(charger.clock, wait_s)
        while charger.charging.busy():
            # Nobody's charging is interrupted (L01.FR.06).
            await pause(charger.clock, POLL_S)
        await self._reached("Installing", update)
        await pause(charger.clock, INSTALL_S)
        await self._reached("InstallRebooting", update)
        charger.presence.plate = structs.replace(
            charger.presence.plate, firmware_version=version_of(content)
        )
        await charger.restart(hard=False, reason="FirmwareUpdate")
        await self._reached("Installed", update)

    async def _reached(self, status: str, update: Update) -> None:
        if not update.signed and status not in PLAIN:
            return
        self.status = status
        self.charger.events.note("firmware", f"firmware: {status}", status=status)
        await self.charger.presence.until_online()
        await self._send(status, update.request_id, signed=update.signed)

    async def _send(self, status: str, request_id: int | None, *, signed: bool) -> None:
        presence = self.charger.presence
        language = self.charger.language
        try:
            await presence.call(language.firmware_status(status, request_id, signed=signed))
        except NoAnswer:
            return


def version_of(content: bytes) -> str:
    """``version: 1.2.3`` in the file's first line, or something made of its content."""
    first = content.split(b"\n", 1)[0][:60].decode(errors="replace").strip()
    name, _, version = first.partition(":")
    if name.lower() == "version" and version.strip():
        return version.strip()[:50]
    return f"1.0.1+{sha256(content).hexdigest()[:8]}"
