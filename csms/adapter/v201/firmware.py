"""Firmware in the words of 2.x."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request
from csms.adapter.times import asked_moment, wire_time
from csms.adapter.v201.fields import spare_number, status_detail
from csms.adapter.v201.replies import write_nothing
from csms.core.commands import Command
from csms.core.firmware.vocabulary import (
    FirmwareProgressed,
    PublicationProgressed,
    PublishFirmware,
    UnpublishFirmware,
    UpdateFirmware,
)
from csms.core.replies import Acknowledged


def _read_status(payload: Json, notes: Notes) -> FirmwareProgressed:
    """L01.FR.10 ff."""
    return FirmwareProgressed(
        status=payload["status"],
        request_id=spare_number(payload, "requestId", notes),
        detail=status_detail(payload, notes),
    )


def _read_publication(payload: Json, notes: Notes) -> PublicationProgressed:
    """L03.FR.04 ff."""
    return PublicationProgressed(
        status=payload["status"],
        request_id=spare_number(payload, "requestId", notes),
        locations=tuple([notes.text(each, "location") for each in payload.get("location", ())]),
        detail=status_detail(payload, notes),
    )


def _update(command: UpdateFirmware) -> Request:
    firmware = _present(
        location=command.location,
        retrieveDateTime=wire_time(command.retrieve_at),
        installDateTime=None if command.install_at is None else wire_time(command.install_at),
        signingCertificate=command.signing_certificate,
        signature=command.signature,
    )
    payload = _present(
        # Without a number only before it was submitted, when nothing is sent.
        requestId=command.ref or 0,
        firmware=firmware,
        retries=command.retries,
        retryInterval=command.retry_interval_s,
    )
    return Request("UpdateFirmware", payload)


def _publish(command: PublishFirmware) -> Request:
    payload = _present(
        requestId=command.ref or 0,
        location=command.location,
        checksum=command.checksum,
        retries=command.retries,
        retryInterval=command.retry_interval_s,
    )
    return Request("PublishFirmware", payload)


def _unpublish(command: UnpublishFirmware) -> Request:
    return Request("UnpublishFirmware", {"checksum": command.checksum})


def _present(**fields: Any) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _interpret_update(payload: Json) -> UpdateFirmware | None:
    firmware = payload["firmware"]
    at, later = asked_moment(firmware["retrieveDateTime"]), firmware.get("installDateTime")
    if at is None:
        return None
    return UpdateFirmware(
        location=firmware["location"],
        retrieve_at=at,
        install_at=None if later is None else asked_moment(later),
        signing_certificate=firmware.get("signingCertificate"),
        signature=firmware.get("signature"),
        retries=payload.get("retries"),
        retry_interval_s=payload.get("retryInterval"),
        ref=payload["requestId"],
    )


def _interpret_publish(payload: Json) -> PublishFirmware:
    return PublishFirmware(
        location=payload["location"],
        checksum=payload["checksum"],
        retries=payload.get("retries"),
        retry_interval_s=payload.get("retryInterval"),
        ref=payload["requestId"],
    )


def _interpret_unpublish(payload: Json) -> UnpublishFirmware:
    return UnpublishFirmware(checksum=payload["checksum"])


_SPARE = Lenience(spare=True)
_TOLD: Mapping[str, Lenience] = {
    "requestId": _SPARE,
    "status": Lenience(unknown=Rule.UNKNOWN_STATUS),
    "statusInfo": _SPARE,
}

INBOUND: Mapping[str, Inbound] = {
    "FirmwareStatusNotification": Inbound(
        _read_status, Acknowledged, write_nothing, lenience=_TOLD
    ),
    "PublishFirmwareStatusNotification": Inbound(
        _read_publication,
        Acknowledged,
        write_nothing,
        lenience={**_TOLD, "location": Lenience(spare=True, ceiling=2000)},
    ),
}
_TRIES = {"requestId": "ref", "retryInterval": "retry_interval_s"}
COMMANDS: Mapping[type[Command], Outbound] = {
    PublishFirmware: Outbound(_publish, _TRIES),
    UnpublishFirmware: Outbound(_unpublish, {}),
    UpdateFirmware: Outbound(
        _update,
        {
            **_TRIES,
            "firmware.installDateTime": "install_at",
            "firmware.location": "location",
            "firmware.retrieveDateTime": "retrieve_at",
            "firmware.signature": "signature",
            "firmware.signingCertificate": "signing_certificate",
        },
    ),
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "PublishFirmware": _interpret_publish,
    "UnpublishFirmware": _interpret_unpublish,
    "UpdateFirmware": _interpret_update,
}
