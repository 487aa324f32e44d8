"""Lists that OCPP 2.x keeps on a charger: tags, reservations, messages, customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from csms.sim.messages import Answer, Fault, Payload
from csms.sim.replies import Handler, answer
from csms.sim.reservations import ANY, Reservation
from csms.sim.station_time import read_time, wire_time
from csms.sim.v201_values import parts, read_verdict

if TYPE_CHECKING:
    from csms.sim.charger import Charger

SHOWN_PER_PART = 5
TOLD_PER_PART = 500
"""Characters of customer information in one message; 512 would be allowed."""


def _list_version(charger: Charger, payload: Payload) -> Answer | Fault:
    del payload
    enabled = charger.settings.local_list
    return Answer({"versionNumber": charger.authorization.local_list.version if enabled else 0})


def _send_list(charger: Charger, payload: Payload) -> Answer | Fault:
    if not charger.settings.local_list:
        return answer("Failed")
    entries = payload.get("localAuthorizationList", [])
    verdicts = {
        each["idToken"]["idToken"]: (
            read_verdict(each["idTokenInfo"]) if "idTokenInfo" in each else None
        )
        for each in entries
    }
    if len(verdicts) < len(entries):
        return answer("Failed")
    known = charger.authorization.local_list
    install = known.replace if payload["updateType"] == "Full" else known.change
    return answer(install(payload["versionNumber"], verdicts))


def _reserve(charger: Charger, payload: Payload) -> Answer | Fault:
    expires = read_time(payload["expiryDateTime"])
    if expires is None:
        return answer("Rejected")
    wanted, group = payload["idToken"], payload.get("groupIdToken")
    reservation = Reservation(
        payload["id"],
        payload.get("evseId", ANY),
        wanted["idToken"],
        None if group is None else group["idToken"],
        expires,
    )
    return answer(charger.charging.reservations.make(reservation))


def _cancel(charger: Charger, payload: Payload) -> Answer | Fault:
    gone = charger.charging.reservations.cancel(payload["reservationId"])
    return answer("Accepted" if gone else "Rejected")


def _show(charger: Charger, payload: Payload) -> Answer | Fault:
    return answer(charger.equipment.displays.show(payload["message"], charger.equipment.running()))


def _shown(charger: Charger, payload: Payload) -> Answer | Fault:
    found = charger.equipment.displays.find(
        payload.get("id"), payload.get("priority"), payload.get("state")
    )
    if not found:
        return answer("Unknown")
    head = {"requestId": payload["requestId"]}
    messages = parts(
        "NotifyDisplayMessages", head, "messageInfo", found, SHOWN_PER_PART, numbered=False
    )
    return answer("Accepted", lambda: charger.send_soon(*messages))


def _unshow(charger: Charger, payload: Payload) -> Answer | Fault:
    gone = charger.equipment.displays.shown.pop(payload["id"], None)
    return answer("Unknown" if gone is None else "Accepted")


def _customer(charger: Charger, payload: Payload) -> Answer | Fault:
    keys = [
        key for key in ("idToken", "customerIdentifier", "customerCertificate") if key in payload
    ]
    if len(keys) != 1 or not (payload["report"] or payload["clear"]):
        return answer("Invalid" if len(keys) > 1 else "Rejected")
    who = payload["idToken"]["idToken"] if keys == ["idToken"] else ""
    known = _known(charger, who) if who else ""
    if payload["clear"] and who:
        charger.authorization.forget(who)
    told = known if payload["report"] else ("cleared" if known else "")
    # At least one message comes, even if there is nothing to tell (N09.FR.07).
    chunks = [told[i : i + TOLD_PER_PART] for i in range(0, len(told), TOLD_PER_PART)] or [""]

    def then() -> None:
        head = {
            "requestId": payload["requestId"],
            "generatedAt": wire_time(charger.presence.time.now()),
        }
        for request in parts("NotifyCustomerInformation", head, "data", chunks, 1):
            request.payload["data"] = request.payload["data"][0]
            charger.send_soon(request)

    return answer("Accepted", then)


def _known(charger: Charger, tag: str) -> str:
    """What the charger knows about a customer."""
    sessions = [each.session for each in charger.charging.busy() if each.session is not None]
    lines = [
        f"connector {each.connector_id}: charging since {wire_time(each.started_at)}"
        for each in sessions
        if each.tag.casefold() == tag.casefold()
    ]
    listed = charger.authorization.local_list.find(tag)
    if listed is not None:
        lines.append(f"local list: {listed.status}")
    cached = charger.authorization.cached(tag)
    if cached is not None:
        lines.append(f"cache: {cached.status}")
    return "; ".join(lines)


LIST_HANDLERS: Mapping[str, Handler] = {
    "CancelReservation": _cancel,
    "ClearDisplayMessage": _unshow,
    "CustomerInformation": _customer,
    "GetDisplayMessages": _shown,
    "GetLocalListVersion": _list_version,
    "ReserveNow": _reserve,
    "SendLocalList": _send_list,
    "SetDisplayMessage": _show,
}
