"""DataTransfer of 1.6, and what 2.x messages travel in it.

Stations of 1.6 that know ISO 15118 send the messages of 2.0.1 for it as the data of a
DataTransfer, under a vendor id of the Open Charge Alliance, and are asked in the same way
("Using ISO 15118 Plug & Charge with OCPP 1.6").  Here they become what they are in 2.0.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import attrs
import orjson
from msgspec.structs import replace

from csms.adapter.faults import PayloadError
from csms.adapter.leaves import Lenience
from csms.adapter.notes import Notes
from csms.adapter.schema import Json
from csms.adapter.shapes import compiled
from csms.adapter.tables import Inbound, Outbound, Request, Unsupported, Verdict
from csms.adapter.texts import mended_json
from csms.adapter.v16.inbound import read_data_transfer
from csms.adapter.v16.replies import Payload, write_data_transfer
from csms.adapter.v201.version import V201
from csms.core.errors import Invalid
from csms.core.replies import DataTransferAnswered, Reply
from csms.core.reports import DataTransferred, Report
from csms.core.transfers.rules import PLUG_AND_CHARGE
from csms.core.values import Strictness

_MAX_DATA = 65_536
"""Characters of the data that are read."""

_CARRIED = ("Authorize", "Get15118EVCertificate", "GetCertificateStatus", "SignCertificate")

_ROWS: Mapping[str, Inbound] = {name: V201.inbound[name] for name in _CARRIED}
_SHAPES = {
    name: compiled(V201.schemas.documents[f"{name}Request"], row.lenience)
    for name, row in _ROWS.items()
}
_WRITERS: Mapping[type, Callable[[Any], Payload]] = {row.reply: row.write for row in _ROWS.values()}


def read_transfer(payload: Json, notes: Notes) -> Report:
    """A DataTransfer, or what travels in it; of what cannot be read the vendor's rule is told."""
    told = read_data_transfer(payload, notes)
    message = told.message_id
    if message is None or message not in _ROWS or told.vendor_id.casefold() != PLUG_AND_CHARGE:
        return told
    try:
        return _carried(told, message, notes) or told
    except PayloadError:
        return told


def write_transfer(reply: Reply) -> Payload:
    """The answer to a DataTransfer, or to what travelled in it."""
    if isinstance(reply, DataTransferAnswered):
        return write_data_transfer(reply)
    answer = _WRITERS[type(reply)](reply)
    return {"status": "Accepted", "data": orjson.dumps(answer).decode()}


def _carried(told: DataTransferred, message: str, notes: Notes) -> Report | None:
    payload = _parsed(told.data)
    if payload is None:
        return None
    match message, payload.get("idToken"):
        case "Authorize", str() as id_token:
            payload["idToken"] = {"idToken": id_token, "type": "eMAID"}
    if message == "SignCertificate":
        # For its own certificate a station has a message of its own.
        payload.setdefault("certificateType", "V2GCertificate")
    name = f"{message}Request"
    if not V201.schemas.accepts(name, payload):
        if notes.strict:
            V201.schemas.check(name, payload)
        return _ROWS[message].read(_SHAPES[message].mend(payload, notes), notes)
    return _ROWS[message].read(payload, notes)


def _parsed(data: object) -> Json | None:
    if isinstance(data, str) and len(data) <= _MAX_DATA:
        try:
            data = orjson.loads(data)
        except ValueError:
            return None
    return dict(data) if isinstance(data, dict) else None


INBOUND: Mapping[str, Inbound] = {
    "DataTransfer": Inbound(
        read_transfer, Reply, write_transfer, lenience={"data": Lenience(opaque=True)}
    ),
}


def _answered(response: Json) -> Json | None:
    """The answer within an answer, storable."""
    inner = _parsed(response.get("data"))
    return None if inner is None else cast("Json", mended_json(inner))


# --- what stations are asked in this way ----------------------------------------------------------


@attrs.frozen
class Carrier:
    """A command as 2.0.1 spells it, carried to a 1.6 station by DataTransfer."""

    row: Outbound

    def spell(self, command: Any) -> Request | Unsupported:
        """The request; raises `Invalid` naming the command's field that breaks a rule of
        2.0.1."""
        request = self.row.spell(command)
        if isinstance(request, Unsupported):
            # What 2.0.1 has no words for, cannot be said in this way either.
            return replace(request, reason=request.reason.replace("OCPP 2.0.1", "OCPP 1.6"))
        flaw = V201.schemas.outbound_flaw(f"{request.action}Request", request.payload)
        if flaw is not None:
            field = self.row.field(flaw.path)
            raise Invalid(f"{field} {flaw.rule}.", field=field)
        payload: Payload = {
            "vendorId": PLUG_AND_CHARGE,
            "messageId": request.action,
            "data": orjson.dumps(request.payload).decode(),
        }
        return Request("DataTransfer", payload)

    def judge(self, command: Any, response: Json) -> Verdict:
        """What the answer within the answer means; without one, what the outer one does."""
        status = response.get("status")
        if status in ("UnknownMessageId", "UnknownVendorId"):
            return Verdict("unsupported", str(status))
        if status != "Accepted":
            return Verdict("rejected", "The station did not take the message.")
        inner = _answered(response)
        if inner is None:
            return Verdict("rejected", "The answer within the answer cannot be read.")
        return V201.judge(self._action(command), inner)

    def learn(self, command: Any, response: Json) -> object:
        """What the answer within the answer tells; raises `PayloadError`."""
        inner = _answered(response)
        if inner is None or self.row.learn is None:
            return None
        name = f"{self._action(command)}Response"
        if not V201.schemas.accepts(name, inner):
            shape = compiled(V201.schemas.documents[name], self.row.lenience)
            notes = Notes(datetime.now(UTC), Strictness.TOLERANT)
            return self.row.learn(command, shape.mend(inner, notes))
        return self.row.learn(command, inner)

    def _action(self, command: Any) -> str:
        request = self.row.spell(command)
        assert isinstance(request, Request), "only what was sent is answered"
        return request.action
