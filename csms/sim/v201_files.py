"""Files and certificates on the wire of OCPP 2.x: firmware, logs, keys (2.0.1 A, L, M, N)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from csms.sim.firmware import Update
from csms.sim.messages import Answer, Fault, Payload
from csms.sim.replies import Handler, answer
from csms.sim.security import STATION
from csms.sim.station_time import read_time
from csms.sim.uploads import Upload

if TYPE_CHECKING:
    from csms.sim.charger import Charger

RETRY_S = 30


def _update(charger: Charger, payload: Payload) -> Answer | Fault:
    wanted = payload["firmware"]
    at = read_time(wanted["retrieveDateTime"])
    if at is None:
        return answer("Rejected")
    if "signingCertificate" in wanted and "BEGIN CERTIFICATE" not in wanted["signingCertificate"]:
        return answer(
            "InvalidCertificate",
            lambda: charger.equipment.security.event("InvalidFirmwareSigningCertificate"),
        )
    later = wanted.get("installDateTime")
    update = Update(
        url=wanted["location"],
        at=at,
        install_at=None if later is None else read_time(later),
        request_id=payload["requestId"],
        signature=wanted.get("signature"),
        certificate=wanted.get("signingCertificate"),
        retries=payload.get("retries", 0),
        retry_s=payload.get("retryInterval", RETRY_S),
    )
    return answer(charger.equipment.firmware.start(update))


def _publish(charger: Charger, payload: Payload) -> Answer | Fault:
    def then() -> None:
        charger.equipment.publisher.start(
            payload["location"],
            payload["checksum"],
            payload["requestId"],
            payload.get("retries", 0),
            payload.get("retryInterval", RETRY_S),
        )

    return answer("Accepted", then)


def _unpublish(charger: Charger, payload: Payload) -> Answer | Fault:
    return answer(charger.equipment.publisher.withdraw(payload["checksum"]))


def _get_log(charger: Charger, payload: Payload) -> Answer | Fault:
    log = payload["log"]
    oldest, latest = log.get("oldestTimestamp"), log.get("latestTimestamp")
    status, name = charger.equipment.uploads.start(
        Upload(
            url=log["remoteLocation"],
            kind=payload["logType"],
            request_id=payload["requestId"],
            oldest=None if oldest is None else read_time(oldest),
            latest=None if latest is None else read_time(latest),
            retries=payload.get("retries", 0),
            retry_s=payload.get("retryInterval", RETRY_S),
        )
    )
    return answer(status, filename=name)


def _install(charger: Charger, payload: Payload) -> Answer | Fault:
    certificates = charger.equipment.certificates
    return answer(certificates.install(payload["certificateType"], payload["certificate"]))


def _delete(charger: Charger, payload: Payload) -> Answer | Fault:
    return answer(charger.equipment.certificates.delete(payload["certificateHashData"]))


def _installed(charger: Charger, payload: Payload) -> Answer | Fault:
    found = charger.equipment.certificates.find(payload.get("certificateType"))
    if not found:
        return answer("NotFound")
    chain = [{"certificateType": each.kind, "certificateHashData": each.hashes} for each in found]
    return answer("Accepted", certificateHashDataChain=chain)


def _signed(charger: Charger, payload: Payload) -> Answer | Fault:
    kind = payload.get("certificateType", STATION)
    return answer(charger.equipment.security.signed(kind, payload["certificateChain"]))


FILE_HANDLERS: Mapping[str, Handler] = {
    "CertificateSigned": _signed,
    "DeleteCertificate": _delete,
    "GetInstalledCertificateIds": _installed,
    "GetLog": _get_log,
    "InstallCertificate": _install,
    "PublishFirmware": _publish,
    "UnpublishFirmware": _unpublish,
    "UpdateFirmware": _update,
}
