"""Firmware in the words of 1.6: plain, and signed by the security extension."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes, Rule
from csms.adapter.schema import Json
from csms.adapter.tables import Inbound, Outbound, Request, Unsupported
from csms.adapter.times import asked_moment, wire_time
from csms.adapter.v16.fields import spare_number
from csms.adapter.v16.replies import write_nothing
from csms.core.commands import Command
from csms.core.firmware.vocabulary import (
    FirmwareProgressed,
    PublishFirmware,
    UnpublishFirmware,
    UpdateFirmware,
)
from csms.core.replies import Acknowledged

_NO_CONTROLLERS = Unsupported("OCPP 1.6 has no local controllers that publish firmware.")


def _read_status(payload: Json, notes: Notes) -> FirmwareProgressed:
    """§4.5, and SignedFirmwareStatusNotification of the security extension (§4.10 there)."""
    request_id = spare_number(payload, "requestId", notes)
    return FirmwareProgressed(status=payload["status"], request_id=request_id)


def _update(command: UpdateFirmware) -> Request | Unsupported:
    """§5.19, or §5.1 of the security extension when it is signed."""
    tries = _present(retries=command.retries, retryInterval=command.retry_interval_s)
    retrieve_at = wire_time(command.retrieve_at)
    if command.signature is None and command.signing_certificate is None:
        if command.install_at is not None:
            return Unsupported("OCPP 1.6 has a time of installation for signed firmware only.")
        payload = {"location": command.location, "retrieveDate": retrieve_at, **tries}
        return Request("UpdateFirmware", payload)
    firmware = _present(
        location=command.location,
        retrieveDateTime=retrieve_at,
        installDateTime=None if command.install_at is None else wire_time(command.install_at),
        signingCertificate=command.signing_certificate,
        signature=command.signature,
    )
    # Without a number only before it was submitted, when nothing is sent.
    payload = {"requestId": command.ref or 0, "firmware": firmware, **tries}
    return Request("SignedUpdateFirmware", payload)


def _no_controllers(
    command: PublishFirmware | UnpublishFirmware,  # noqa: ARG001 - one of a table
) -> Unsupported:
    return Unsupported("OCPP 1.6 has no local controllers that publish firmware.")


def _present(**fields: Any) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _interpret_plain(payload: Json) -> UpdateFirmware | None:
    at = asked_moment(payload["retrieveDate"])
    if at is None:
        return None
    return UpdateFirmware(
        location=payload["location"],
        retrieve_at=at,
        retries=payload.get("retries"),
        retry_interval_s=payload.get("retryInterval"),
    )


def _interpret_signed(payload: Json) -> UpdateFirmware | None:
    firmware = payload["firmware"]
    at, later = asked_moment(firmware["retrieveDateTime"]), firmware.get("installDateTime")
    if at is None:
        return None
    return UpdateFirmware(
        location=firmware["location"],
        retrieve_at=at,
        install_at=None if later is None else asked_moment(later),
        signing_certificate=firmware["signingCertificate"],
        signature=firmware["signature"],
        retries=payload.get("retries"),
        retry_interval_s=payload.get("retryInterval"),
        ref=payload["requestId"],
    )


_STATUS = Lenience(unknown=Rule.UNKNOWN_STATUS)

INBOUND: Mapping[str, Inbound] = {
    "FirmwareStatusNotification": Inbound(
        _read_status, Acknowledged, write_nothing, lenience={"status": _STATUS}
    ),
    "SignedFirmwareStatusNotification": Inbound(
        _read_status,
        Acknowledged,
        write_nothing,
        lenience={"requestId": Lenience(spare=True), "status": _STATUS},
    ),
}
COMMANDS: Mapping[type[Command], Outbound] = {
    PublishFirmware: Outbound(_no_controllers, {}),
    UnpublishFirmware: Outbound(_no_controllers, {}),
    UpdateFirmware: Outbound(
        _update,
        {
            "firmware.installDateTime": "install_at",
            "firmware.location": "location",
            "firmware.retrieveDateTime": "retrieve_at",
            "firmware.signature": "signature",
            "firmware.signingCertificate": "signing_certificate",
            "requestId": "ref",
            "retrieveDate": "retrieve_at",
            "retryInterval": "retry_interval_s",
        },
    ),
}
INTERPRETERS: Mapping[str, Callable[[Json], Command | None]] = {
    "SignedUpdateFirmware": _interpret_signed,
    "UpdateFirmware": _interpret_plain,
}
