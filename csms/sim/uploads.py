"""Logs and diagnostics of a charger: written, and stored where the server says (2.0.1 N01)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs
from msgspec import Struct

from csms.sim.messages import NoAnswer
from csms.sim.station_time import wire_time
from csms.sim.tasks import pause
from csms.sim.transfer import DeniedError, SchemeError, TransferError

if TYPE_CHECKING:
    from csms.sim.charger import Charger

WRITING_S = 1.0


class Upload(Struct, frozen=True, kw_only=True):
    """What the server wants; ``diagnostics``: told as OCPP 1.6 tells of diagnostics."""

    url: str
    kind: str = "DiagnosticsLog"
    request_id: int | None = None
    oldest: datetime | None = None
    latest: datetime | None = None
    retries: int = 0
    retry_s: int = 30
    diagnostics: bool = False


@attrs.define(eq=False)
class Uploads:
    """The uploads of one charger, one at a time."""

    charger: Charger
    status: str = "Idle"
    upload: Upload | None = None

    def start(self, upload: Upload) -> tuple[str, str]:
        """Begin; returns Accepted or AcceptedCanceled, and the name of the file."""
        replaced = self.upload
        self.upload = upload
        at = self.charger.presence.time.now()
        name = f"{self.charger.identity}-{upload.kind}-{at:%Y%m%dT%H%M%S}.log"
        name = "".join(each if each.isalnum() or each in "-_." else "_" for each in name)[-255:]
        self.charger.start_life(self._run(upload, replaced, name), "upload")
        return ("Accepted" if replaced is None else "AcceptedCanceled"), name

    async def tell(self, *, diagnostics: bool = False) -> None:
        """Tell the status now, because the server asked."""
        number = None if self.upload is None else self.upload.request_id
        await self._send(self.status, number, diagnostics=diagnostics)

    async def _run(self, upload: Upload, replaced: Upload | None, name: str) -> None:
        charger = self.charger
        # Later: the command that asks for it is answered first.
        await pause(charger.clock, 0)
        names_it = replaced is not None and charger.language.names_transactions
        if replaced is not None and names_it:
            # N01.FR.20; OCPP 1.6 has no such status.
            await self._send("AcceptedCanceled", replaced.request_id, diagnostics=False)
        await self._reached("Uploading", upload)
        await pause(charger.clock, WRITING_S)
        content = self.content(upload)
        outcome = "UploadFailure"
        for attempt in range(upload.retries + 1):
            if attempt:
                await pause(charger.clock, upload.retry_s)
            try:
                await charger.transfer.store(upload.url, name, content)
            except TransferError as error:
                outcome = _outcome(error, diagnostics=upload.diagnostics)
                charger.events.note("upload", f"{name} not stored: {error}", status="")
                if isinstance(error, SchemeError):
                    break
            else:
                outcome = "Uploaded"
                break
        await self._reached(outcome, upload)
        self.status, self.upload = "Idle", None

    def content(self, upload: Upload) -> bytes:
        """The file: what the charger is and what has happened, within the times asked for."""
        charger = self.charger
        plate = charger.presence.plate
        made = f"{plate.vendor} {plate.model}, firmware {plate.firmware_version}"
        lines = [f"# {upload.kind} of {charger.identity}, {made}"]
        for event in charger.events:
            at = datetime.fromtimestamp(event.at + charger.presence.time.offset_s, UTC)
            if (upload.oldest and at < upload.oldest) or (upload.latest and at > upload.latest):
                continue
            if upload.kind != "SecurityLog" or event.kind in {"security", "boot", "refused"}:
                lines.append(f"{wire_time(at)} {event.kind}: {event.text}")
        return ("\n".join(lines) + "\n").encode()

    async def _reached(self, status: str, upload: Upload) -> None:
        self.status = status
        self.charger.events.note("upload", f"{upload.kind}: {status}", status=status)
        await self.charger.presence.until_online()
        await self._send(status, upload.request_id, diagnostics=upload.diagnostics)

    async def _send(self, status: str, request_id: int | None, *, diagnostics: bool) -> None:
        language = self.charger.language
        request = language.log_status(status, request_id, diagnostics=diagnostics)
        try:
            await self.charger.presence.call(request)
        except NoAnswer:
            return


def _outcome(error: TransferError, *, diagnostics: bool) -> str:
    if diagnostics:
        return "UploadFailure"
    if isinstance(error, SchemeError):
        return "NotSupportedOperation"
    return "PermissionDenied" if isinstance(error, DeniedError) else "UploadFailure"
