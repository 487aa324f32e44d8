"""The contract of `csms.core.ports.ICertificateRequests`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import attrs
import pytest
from zope.interface.verify import verifyObject

from csms.core.certificates.vocabulary import (
    CERTIFICATE_REQUESTS,
    CertificatePurpose,
    CertificateRequest,
    RequestStatus,
)
from csms.core.certificates.x509 import CertificateHash
from csms.core.errors import Conflict, NotFound
from csms.core.pages import Page, Query
from csms.core.ports import ICertificateRequests
from csms.testing.contracts.paging import check_pages, check_refusals
from csms.testing.waiting import waits

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = AT + timedelta(minutes=1)
OURS, THEIRS = 1, 2
ROOT = CertificateHash(
    algorithm="SHA256", issuer_name_hash="aa", issuer_key_hash="bb", serial_number="1"
)


def request(number: int = 1, **fields: object) -> CertificateRequest:
    """A request of station CP1 of operator 1; ``fields`` override."""
    usual: dict[str, object] = {
        "id": str(UUID(int=number)),
        "operator_id": OURS,
        "station_id": 1,
        "identity": "CP1",
        "purpose": CertificatePurpose.CHARGING_STATION,
        "csr": "a csr",
        "subject": "CN=CP1",
        "key_kind": "ec",
        "key_bits": 256,
        "key": "abc",
        "root": ROOT,
        "request_ref": 7,
        "status": RequestStatus.RECEIVED,
        "asked_at": AT + timedelta(seconds=number),
        "updated_at": AT,
    }
    return CertificateRequest(**usual | fields)  # type: ignore[arg-type]  # of those names


@attrs.frozen
class Kept:
    """A provider, and how requests get there; its station CP1, of operator 1, has the id 1."""

    requests: ICertificateRequests
    seed: Callable[[CertificateRequest], Awaitable[object]]


class CertificateRequestsContract:
    """Mixed into a test class that has a fixture ``kept``: none kept."""

    def test_provides(self, kept: Kept) -> None:
        """It provides the port, with the signatures that the port has."""
        assert verifyObject(ICertificateRequests, kept.requests)

    @waits
    async def test_newest_first(self, kept: Kept) -> None:
        """Everything that was kept is told, the newest first."""
        older = request(1, status=RequestStatus.ACCEPTED, chain="x")
        newer = request(2, request_ref=None, subject=None, key=None, root=None, times=3)
        await kept.seed(older)
        await kept.seed(newer)
        found = await kept.requests.list(Query(), "CP1", OURS)
        assert found.items == (newer, older)
        assert await kept.requests.get("CP1", OURS, older.id) == older

    @waits
    async def test_pages(self, kept: Kept) -> None:
        """Page by page, in any order that there is, of a status or a purpose."""
        for number in range(1, 8):
            await kept.seed(request(number, status=RequestStatus.ACCEPTED))
        await kept.seed(request(8, purpose=CertificatePurpose.V2G))

        async def fetch(query: Query) -> Page[CertificateRequest]:
            return await kept.requests.list(query, "CP1", OURS)

        await check_pages(fetch, CERTIFICATE_REQUESTS, 8)
        await check_refusals(fetch)
        for filters, number in [({"purpose": "v2g"}, 1), ({"status": "accepted"}, 7)]:
            assert len((await fetch(Query(filters=filters))).items) == number

    @waits
    async def test_strangers(self, kept: Kept) -> None:
        """What is of another operator, or is not, is not there."""
        await kept.seed(request())
        for asked in (
            kept.requests.list(Query(), "CP1", THEIRS),
            kept.requests.list(Query(), "CP\0", OURS),
            kept.requests.get("CP1", THEIRS, request().id),
            kept.requests.get("CP1", OURS, str(UUID(int=9))),
            kept.requests.get("CP1", OURS, "no uuid"),
            kept.requests.sign("CP1", THEIRS, request().id, "chain", AT),
            kept.requests.refuse("CP2", OURS, request().id, None, AT),
        ):
            with pytest.raises(NotFound):
                await asked

    @waits
    async def test_sign(self, kept: Kept) -> None:
        """A chain is kept with the request, also another one after the station refused it."""
        await kept.seed(request())
        signed = await kept.requests.sign("CP1", OURS, request().id, "chain", LATER)
        assert (signed.status, signed.chain, signed.updated_at) == (
            RequestStatus.SIGNED,
            "chain",
            LATER,
        )
        again = await kept.requests.sign("CP1", OURS, request().id, "another", LATER)
        assert again.chain == "another"
        assert await kept.requests.get("CP1", OURS, request().id) == again

    @waits
    async def test_sign_what_was_rejected(self, kept: Kept) -> None:
        """Unless the station has asked anew since."""
        rejected = request(1, status=RequestStatus.REJECTED, detail="no", chain="bad")
        await kept.seed(rejected)
        await kept.seed(request(2, status=RequestStatus.RECEIVED, key="other"))
        with pytest.raises(Conflict):
            await kept.requests.sign("CP1", OURS, rejected.id, "good", LATER)
        await kept.requests.refuse("CP1", OURS, str(UUID(int=2)), None, LATER)
        signed = await kept.requests.sign("CP1", OURS, rejected.id, "good", LATER)
        assert (signed.chain, signed.detail) == ("good", None)

    @waits
    async def test_refuse(self, kept: Kept) -> None:
        """A request that is refused is closed."""
        await kept.seed(request())
        refused = await kept.requests.refuse("CP1", OURS, request().id, "unknown", LATER)
        assert (refused.status, refused.detail) == (RequestStatus.REFUSED, "unknown")
        with pytest.raises(Conflict):
            await kept.requests.refuse("CP1", OURS, request().id, None, LATER)
        with pytest.raises(Conflict):
            await kept.requests.sign("CP1", OURS, request().id, "chain", LATER)
