"""Certificate requests in PostgreSQL, and what the ledger makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest_twisted
from msgspec.structs import replace

from csms.core.certificates.vocabulary import (
    AddRequest,
    CertificateAsked,
    CertificateKind,
    CertificatePurpose,
    CertificateRequest,
    DeleteCertificate,
    DeliverCertificate,
    InstallCertificate,
    Installed,
    ReadCertificates,
    RequestAnswered,
    RequestStatus,
)
from csms.core.certificates.x509 import read_chain
from csms.core.commands import Command, Outcome
from csms.core.decide import decide, question
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy
from csms.core.pages import Query
from csms.core.ports import ILedger
from csms.core.replies import Reply
from csms.core.reports import Booted, CommandAnswered, Report
from csms.core.values import Operation, OperationStatus, StationKey
from csms.storage.certificates import PostgresCertificateRequests
from csms.storage.certificates_ledger import ADD_REQUESTS, KEPT_CLOSED
from csms.storage.holdings import PostgresHoldings
from csms.storage.ledger import PostgresLedger
from csms.storage.operations import PostgresOperations
from csms.storage.pool import Pool
from csms.testing.certificates import certificate, csr, new_key
from csms.testing.contracts.certificates import CertificateRequestsContract, Kept, request

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")
KEY = new_key()


@pytest_twisted.async_fixture
async def kept(operators: Pool) -> Kept:
    """A station, and no requests."""
    await operators.execute(
        "INSERT INTO station (identity, registration) VALUES ('CP1', 'accepted')"
    )

    async def seed(one: CertificateRequest) -> None:
        rows = msgspec.json.encode([AddRequest(request=one)]).decode()
        await operators.execute(ADD_REQUESTS, (rows,))

    return Kept(PostgresCertificateRequests(operators), seed)


class TestPostgresCertificateRequests(CertificateRequestsContract):
    """The contract, in PostgreSQL."""


@pytest_twisted.async_fixture
async def ledger(operators: Pool) -> PostgresLedger:
    """A ledger, and a station whose serial number is SN1."""
    await operators.execute(
        "INSERT INTO station (identity, registration) VALUES ('CP1', 'accepted')"
    )
    made = PostgresLedger(operators.lane())
    await made.ready()
    await say(made, Booted(vendor="v", model="m", serial_number="SN1"))
    return made


async def say(ledger: ILedger, report: Report, now: datetime = NOW) -> Reply:
    (state,) = await ledger.gather([(CP1, question(report))], now)
    decision = decide(report, CP1, state, now, Policy())
    await ledger.commit([decision])
    return decision.reply


async def ask(
    ledger: ILedger, pool: Pool, command: Command, found: object = None, seconds: int = 0
) -> str:
    """The station accepts a command; the operation's id."""
    at = NOW + timedelta(seconds=seconds)
    operation = Operation(
        id=str(UUID(int=1000 + seconds)),
        operator_id=1,
        station_id=1,
        identity="CP1",
        action="x",
        payload={},
        status=OperationStatus.PENDING,
        created_at=at,
        expires_at=at + timedelta(hours=1),
    )
    await PostgresOperations(pool).record(operation, b"")
    outcome = Outcome(status="accepted", found=found)
    answered = CommandAnswered(operation=operation, command=command, outcome=outcome, at=at)
    await say(ledger, answered, at)
    return operation.id


@pytest_twisted.ensureDeferred
async def test_from_request_to_chain(operators: Pool, ledger: PostgresLedger) -> None:
    """Asked, asked again, signed, taken: one request, and it knows its operation."""
    requests = PostgresCertificateRequests(operators)
    text = csr("SN1", KEY)
    for number in (3, 4):
        asked = CertificateAsked(csr=text, request_ref=number)
        assert await say(ledger, asked) == RequestAnswered(accepted=True)
    (open_,) = (await requests.list(Query(), "CP1", 1)).items
    assert (open_.status, open_.times, open_.request_ref) == (RequestStatus.RECEIVED, 2, 4)
    chain = certificate("SN1", KEY)
    await requests.sign("CP1", 1, open_.id, chain, NOW)
    operation = await ask(
        ledger,
        operators,
        DeliverCertificate(chain=chain, purpose=CertificatePurpose.CHARGING_STATION),
    )
    (done,) = (await requests.list(Query(), "CP1", 1)).items
    assert (done.status, done.operation_id, done.chain) == (
        RequestStatus.ACCEPTED,
        operation,
        chain,
    )


@pytest_twisted.ensureDeferred
async def test_one_open_of_a_purpose(operators: Pool, ledger: PostgresLedger) -> None:
    """Another key takes the place of the one before; another purpose does not."""
    requests = PostgresCertificateRequests(operators)
    await say(ledger, CertificateAsked(csr=csr("SN1")))
    await say(ledger, CertificateAsked(csr=csr("SECC"), purpose=CertificatePurpose.V2G))
    await say(ledger, CertificateAsked(csr=csr("SN1")), NOW + timedelta(seconds=1))
    await say(ledger, CertificateAsked(csr="nonsense"), NOW + timedelta(seconds=2))
    found = {(each.purpose, each.status) for each in (await requests.list(Query(), "CP1", 1)).items}
    assert found == {
        (CertificatePurpose.CHARGING_STATION, RequestStatus.SUPERSEDED),
        (CertificatePurpose.CHARGING_STATION, RequestStatus.RECEIVED),
        (CertificatePurpose.CHARGING_STATION, RequestStatus.REFUSED),
        (CertificatePurpose.V2G, RequestStatus.RECEIVED),
    }


@pytest_twisted.ensureDeferred
async def test_a_chain_for_what_was_rejected(operators: Pool, ledger: PostgresLedger) -> None:
    """The newest request of a key is what a chain sent as a raw message answers."""
    requests = PostgresCertificateRequests(operators)
    chain = certificate("SN1", KEY)
    key = read_chain(chain)[0].key
    old = request(1, key=key, status=RequestStatus.REJECTED)
    new = request(2, key=key, status=RequestStatus.REJECTED)
    await ledger.commit(
        [Decision(ACKNOWLEDGED, (AddRequest(request=old), AddRequest(request=new)))]
    )
    await ask(ledger, operators, DeliverCertificate(chain=chain))
    assert [each.status for each in (await requests.list(Query(), "CP1", 1)).items] == [
        RequestStatus.ACCEPTED,
        RequestStatus.REJECTED,
    ]


@pytest_twisted.ensureDeferred
async def test_requests_without_end(operators: Pool, ledger: PostgresLedger) -> None:
    """A station that asks for nonsense over and over fills nothing."""
    closed = request(1, status=RequestStatus.ACCEPTED)
    await ledger.commit([Decision(ACKNOWLEDGED, (AddRequest(request=closed),))])
    for number in range(KEPT_CLOSED + 5):
        refused = replace(
            request(number + 2), status=RequestStatus.REFUSED, asked_at=NOW + timedelta(number)
        )
        await ledger.commit([Decision(ACKNOWLEDGED, (AddRequest(request=refused),))])
    kept = (await PostgresCertificateRequests(operators).list(Query(limit=500), "CP1", 1)).items
    assert len(kept) == KEPT_CLOSED + 1
    assert kept[-1].status is RequestStatus.ACCEPTED


@pytest_twisted.ensureDeferred
async def test_installed_certificates(operators: Pool, ledger: PostgresLedger) -> None:
    """Installed, listed by other hashes, deleted: known by what it is all the while."""
    holdings = PostgresHoldings(operators)
    pem = certificate("Root")
    (root,) = read_chain(pem)
    kind = CertificateKind.CSMS_ROOT
    await ask(ledger, operators, InstallCertificate(kind=kind, certificate=pem))
    other = InstallCertificate(kind=CertificateKind.MO_ROOT, certificate=certificate("MO"))
    await ask(ledger, operators, other, seconds=1)
    listed = Installed(kind=kind, hash=root.hashes[1])
    await ask(ledger, operators, ReadCertificates(kinds=(kind,)), (listed,), seconds=2)
    mo, held = await holdings.list("CP1", 1, "certificate")
    assert mo.content["kind"] == "mo_root"
    assert held.key == f"csms_root.{root.hashes[1].id}"
    assert (held.content["pem"], held.origin) == (pem, "told")
    await ask(ledger, operators, DeleteCertificate(hash=root.hashes[1]), found=True, seconds=3)
    assert [each.key for each in await holdings.list("CP1", 1, "certificate")] == [mo.key]
    await ask(ledger, operators, ReadCertificates(), (), seconds=4)
    assert await holdings.list("CP1", 1, "certificate") == []
