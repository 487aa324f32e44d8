"""Firmware that a local controller keeps for the chargers behind it (2.0.1 L03, L04)."""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING

import attrs

from csms.sim.messages import NoAnswer, Request
from csms.sim.tasks import pause
from csms.sim.transfer import TransferError

if TYPE_CHECKING:
    from csms.sim.charger import Charger


@attrs.define(eq=False)
class Publisher:
    """What is published, by checksum; one download at a time."""

    charger: Charger
    status: str = "Idle"
    published: dict[str, str] = attrs.field(factory=dict)
    _fetching: str | None = attrs.field(default=None, init=False)

    def start(self, url: str, checksum: str, request_id: int, retries: int, retry_s: int) -> None:
        """Fetch and publish in the background."""
        self.charger.start_life(
            self._run(url, checksum.lower(), request_id, retries, retry_s), "publish"
        )

    def withdraw(self, checksum: str) -> str:
        """Unpublish; returns Unpublished, DownloadOngoing or NoFirmware."""
        if checksum.lower() == self._fetching:
            return "DownloadOngoing"
        gone = self.published.pop(checksum.lower(), None)
        return "NoFirmware" if gone is None else "Unpublished"

    async def tell(self) -> None:
        """Tell the status now, because the server asked."""
        await self._send(self.status, None)

    async def _run(
        self, url: str, checksum: str, request_id: int, retries: int, retry_s: int
    ) -> None:
        self._fetching = checksum
        try:
            content = await self._fetch(url, request_id, retries, retry_s)
        finally:
            self._fetching = None
        if content is None:
            await self._reached("DownloadFailed", request_id)
            return
        await self._reached("Downloaded", request_id)
        if md5(content, usedforsecurity=False).hexdigest() != checksum:
            await self._reached("InvalidChecksum", request_id)
            return
        await self._reached("ChecksumVerified", request_id)
        where = f"http://{self.charger.identity}.local/firmware/{checksum}"
        self.published[checksum] = where
        await self._reached("Published", request_id, [where])

    async def _fetch(self, url: str, request_id: int, retries: int, retry_s: int) -> bytes | None:
        await self._reached("Downloading", request_id)
        for attempt in range(retries + 1):
            if attempt:
                await pause(self.charger.clock, retry_s)
            try:
                return await self.charger.transfer.fetch(url)
            except TransferError as error:
                self.charger.events.note("firmware", f"not fetched: {error}", status="")
        return None

    async def _reached(
        self, status: str, request_id: int, location: list[str] | None = None
    ) -> None:
        self.status = status
        await self.charger.presence.until_online()
        await self._send(status, request_id, location)

    async def _send(
        self, status: str, request_id: int | None, location: list[str] | None = None
    ) -> None:
        payload: dict[str, object] = {"status": status}
        if request_id is not None:
            payload["requestId"] = request_id
        if location is not None:
            payload["location"] = location
        elif status == "Published":
            # L03.FR.04: always with the places where it can be had.
            payload["location"] = list(self.published.values())
        try:
            await self.charger.presence.call(Request("PublishFirmwareStatusNotification", payload))
        except NoAnswer:
            return
