"""Certificates that stations asked for, as operators see and decide them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import msgspec
import psycopg2.errors
from zope.interface import implementer

from csms.core.certificates.vocabulary import (
    CERTIFICATE_REQUESTS,
    OPEN,
    SIGNABLE,
    CertificatePurpose,
    CertificateRequest,
    RequestStatus,
)
from csms.core.certificates.x509 import CertificateHash
from csms.core.errors import Conflict, NotFound
from csms.core.pages import Page, Query
from csms.core.ports import ICertificateRequests
from csms.storage.identities import station_id
from csms.storage.lists import Source, page
from csms.storage.pool import Pool
from csms.storage.rows import uuid

_FIELDS = tuple(name for name in CertificateRequest.__struct_fields__ if name != "identity")
_COLUMNS = ", ".join(_FIELDS)

LIST = Source(
    listing=CERTIFICATE_REQUESTS,
    columns=_COLUMNS,
    tables="certificate_request",
    filters={name: f"{name} = %s" for name in CERTIFICATE_REQUESTS.filters},
    sorts={name: name for name in CERTIFICATE_REQUESTS.sorts},
    keys=("id",),
)

REQUEST_BY_ID = f"""
SELECT {_COLUMNS} FROM certificate_request WHERE station_id = %(station_id)s AND id = %(id)s
"""

DECIDE_REQUEST = f"""
UPDATE certificate_request
SET status = %(status)s, detail = %(detail)s, chain = coalesce(%(chain)s, chain),
    updated_at = %(at)s
WHERE station_id = %(station_id)s AND id = %(id)s AND status = ANY (%(before)s)
RETURNING {_COLUMNS}
"""

_decode_root = msgspec.json.Decoder(CertificateHash).decode


@implementer(ICertificateRequests)
@attrs.frozen
class PostgresCertificateRequests:
    """`ICertificateRequests` in PostgreSQL."""

    _pool: Pool

    async def list(self, query: Query, identity: str, operator_id: int) -> Page[CertificateRequest]:
        """See `ICertificateRequests`."""
        own = await station_id(self._pool, identity, operator_id)
        return await page(self._pool, LIST, query, _row(identity), ("station_id = %s", own))

    async def get(self, identity: str, operator_id: int, request_id: str) -> CertificateRequest:
        """See `ICertificateRequests`."""
        own = await station_id(self._pool, identity, operator_id)
        found = None
        if (key := uuid(request_id)) is not None:
            asked = {"station_id": own, "id": key}
            found = await self._pool.maybe(REQUEST_BY_ID, asked, _row(identity))
        if found is None:
            raise NotFound("there is no such certificate request")
        return found

    async def sign(
        self, identity: str, operator_id: int, request_id: str, chain: str, at: datetime
    ) -> CertificateRequest:
        """See `ICertificateRequests`."""
        request = await self.get(identity, operator_id, request_id)
        change = {"status": RequestStatus.SIGNED, "detail": None, "chain": chain, "at": at}
        try:
            return await self._decide(request, SIGNABLE, change)
        except psycopg2.errors.UniqueViolation:
            raise Conflict("the station has asked for another since") from None

    async def refuse(
        self, identity: str, operator_id: int, request_id: str, detail: str | None, at: datetime
    ) -> CertificateRequest:
        """See `ICertificateRequests`."""
        request = await self.get(identity, operator_id, request_id)
        change = {"status": RequestStatus.REFUSED, "detail": detail, "chain": None, "at": at}
        return await self._decide(request, OPEN, change)

    async def _decide(
        self,
        request: CertificateRequest,
        before: Sequence[RequestStatus],
        change: Mapping[str, object],
    ) -> CertificateRequest:
        asked = {
            **change,
            "station_id": request.station_id,
            "id": request.id,
            "before": [status.value for status in before],
        }
        decided = await self._pool.maybe(DECIDE_REQUEST, asked, _row(request.identity))
        if decided is None:
            raise Conflict(f"the request is {request.status.value}", code="request_closed")
        return decided


def _row(identity: str) -> Callable[..., CertificateRequest]:
    def row(*columns: Any) -> CertificateRequest:
        fields = dict(zip(_FIELDS, columns, strict=True))
        fields["purpose"] = CertificatePurpose(fields["purpose"])
        fields["status"] = RequestStatus(fields["status"])
        if fields["root"] is not None:
            fields["root"] = _decode_root(fields["root"])
        return CertificateRequest(identity=identity, **fields)

    return row
