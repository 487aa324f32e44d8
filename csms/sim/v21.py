"""OCPP 2.1 as a charger speaks it: OCPP 2.0.1 and what came new."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from csms.sim.messages import CODES_2_1, Request
from csms.sim.replies import Handler
from csms.sim.schema import Schemas, load_schemas
from csms.sim.v21_commands import HANDLERS
from csms.sim.v201 import V201


@attrs.define(eq=False)
class V21(V201):
    """See `csms.sim.language.Language`; one object serves any number of chargers."""

    version: str = "2.1"
    subprotocol: str = "ocpp2.1"
    codes: frozenset[str] = CODES_2_1
    schemas: Schemas = attrs.Factory(lambda: load_schemas("v21", "Request"))
    extended: bool = True
    handlers: Mapping[str, Handler] = HANDLERS

    def sign_certificate(self, csr: str, kind: str, request_id: int | None) -> Request:
        """SignCertificate (A02), which has a number here."""
        request = super().sign_certificate(csr, kind, request_id)
        if request_id is None:
            return request
        return Request(request.action, {**request.payload, "requestId": request_id})
