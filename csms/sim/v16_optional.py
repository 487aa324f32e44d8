"""Commands of OCPP 1.6 beyond its Core profile: lists, reservations, files, security."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from csms.sim.firmware import Update
from csms.sim.language import Verdict
from csms.sim.messages import Answer, Fault, Payload
from csms.sim.replies import Handler, answer
from csms.sim.reservations import Reservation
from csms.sim.security import STATION
from csms.sim.station_time import read_time
from csms.sim.uploads import Upload

if TYPE_CHECKING:
    from csms.sim.charger import Charger

RETRY_S = 30
KINDS = {
    "CentralSystemRootCertificate": "CSMSRootCertificate",
    "ManufacturerRootCertificate": "ManufacturerRootCertificate",
}
"""What later versions call the kinds of certificates."""


def read_verdict(info: Payload) -> Verdict:
    """IdTagInfo (§7.27)."""
    expires = info.get("expiryDate")
    return Verdict(
        str(info["status"]),
        info.get("parentIdTag"),
        None if expires is None else read_time(expires),
    )


def _list_version(charger: Charger, payload: Payload) -> Answer | Fault:
    del payload
    enabled = charger.settings.local_list
    return Answer({"listVersion": charger.authorization.local_list.version if enabled else -1})


def _send_list(charger: Charger, payload: Payload) -> Answer | Fault:
    if not charger.settings.local_list:
        return answer("NotSupported")
    entries = payload.get("localAuthorizationList", [])
    verdicts = {
        each["idTag"]: read_verdict(each["idTagInfo"]) if "idTagInfo" in each else None
        for each in entries
    }
    if len(verdicts) < len(entries):
        return answer("Failed")
    known = charger.authorization.local_list
    install = known.replace if payload["updateType"] == "Full" else known.change
    return answer(install(payload["listVersion"], verdicts))


def _reserve(charger: Charger, payload: Payload) -> Answer | Fault:
    expires = read_time(payload["expiryDate"])
    if expires is None:
        return answer("Rejected")
    reservation = Reservation(
        payload["reservationId"],
        payload["connectorId"],
        payload["idTag"],
        payload.get("parentIdTag"),
        expires,
    )
    return answer(charger.charging.reservations.make(reservation))


def _cancel(charger: Charger, payload: Payload) -> Answer | Fault:
    gone = charger.charging.reservations.cancel(payload["reservationId"])
    return answer("Accepted" if gone else "Rejected")


def _diagnostics(charger: Charger, payload: Payload) -> Answer | Fault:
    began, ended = payload.get("startTime"), payload.get("stopTime")
    _, name = charger.equipment.uploads.start(
        Upload(
            url=payload["location"],
            kind="Diagnostics",
            oldest=None if began is None else read_time(began),
            latest=None if ended is None else read_time(ended),
            retries=payload.get("retries", 0),
            retry_s=payload.get("retryInterval", RETRY_S),
            diagnostics=True,
        )
    )
    return Answer({"fileName": name})


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


def _update(charger: Charger, payload: Payload) -> Answer | Fault:
    at = read_time(payload["retrieveDate"]) or charger.presence.time.now()
    update = Update(
        url=payload["location"],
        at=at,
        retries=payload.get("retries", 0),
        retry_s=payload.get("retryInterval", RETRY_S),
        signed=False,
    )
    charger.equipment.firmware.start(update)
    return Answer({})


def _signed_update(charger: Charger, payload: Payload) -> Answer | Fault:
    wanted = payload["firmware"]
    at = read_time(wanted["retrieveDateTime"])
    if at is None:
        return answer("Rejected")
    if "BEGIN CERTIFICATE" not in wanted["signingCertificate"]:
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
        signature=wanted["signature"],
        certificate=wanted["signingCertificate"],
        retries=payload.get("retries", 0),
        retry_s=payload.get("retryInterval", RETRY_S),
    )
    return answer(charger.equipment.firmware.start(update))


def _install(charger: Charger, payload: Payload) -> Answer | Fault:
    kind = KINDS[payload["certificateType"]]
    return answer(charger.equipment.certificates.install(kind, payload["certificate"]))


def _delete(charger: Charger, payload: Payload) -> Answer | Fault:
    return answer(charger.equipment.certificates.delete(payload["certificateHashData"]))


def _installed(charger: Charger, payload: Payload) -> Answer | Fault:
    found = charger.equipment.certificates.find([KINDS[payload["certificateType"]]])
    if not found:
        return answer("NotFound")
    return answer("Accepted", certificateHashData=[each.hashes for each in found])


def _signed(charger: Charger, payload: Payload) -> Answer | Fault:
    return answer(charger.equipment.security.signed(STATION, payload["certificateChain"]))


OPTIONAL_HANDLERS: Mapping[str, Handler] = {
    "CancelReservation": _cancel,
    "CertificateSigned": _signed,
    "DeleteCertificate": _delete,
    "GetDiagnostics": _diagnostics,
    "GetInstalledCertificateIds": _installed,
    "GetLocalListVersion": _list_version,
    "GetLog": _get_log,
    "InstallCertificate": _install,
    "ReserveNow": _reserve,
    "SendLocalList": _send_list,
    "SignedUpdateFirmware": _signed_update,
    "UpdateFirmware": _update,
}
