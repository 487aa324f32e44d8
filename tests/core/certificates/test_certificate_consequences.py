"""What follows from the answers of stations to commands about certificates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from csms.core.certificates.vocabulary import (
    CertificateKind,
    CertificatePurpose,
    DeleteCertificate,
    DeliverCertificate,
    HeldCertificate,
    HeldCertificatesAsked,
    InstallCertificate,
    Installed,
    ReadCertificates,
    RequestStatus,
    SettleRequest,
)
from csms.core.certificates.x509 import CertificateHash, read_chain
from csms.core.commands import Command, Outcome
from csms.core.holdings import Drop, Hold
from csms.core.reports import CommandAnswered
from csms.core.values import Operation, OperationStatus, StationKey
from csms.testing.certificates import certificate, new_key
from csms.testing.desk import Desk

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CP1 = StationKey(1, "CP1")
ROOT_KEY = new_key()
ROOT = certificate("Root", ROOT_KEY)
(READ_ROOT,) = read_chain(ROOT)
HASH = CertificateHash(
    algorithm="SHA256", issuer_name_hash="aa", issuer_key_hash="bb", serial_number="1"
)
OPERATION = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def desk() -> Desk:
    return Desk(NOW)


def answer(
    desk: Desk,
    command: Command,
    status: str = "accepted",
    found: object = None,
    detail: str | None = None,
) -> list[object]:
    """What is kept when the station answers that."""
    operation = Operation(
        id=OPERATION,
        operator_id=1,
        station_id=1,
        identity="CP1",
        action="x",
        payload={},
        status=OperationStatus.PENDING,
        created_at=NOW,
        expires_at=NOW + timedelta(hours=1),
    )
    desk.book.operations[operation.id] = operation
    outcome = Outcome(status=status, found=found, detail=detail)
    desk.say(
        CP1,
        CommandAnswered(operation=operation, command=command, outcome=outcome, at=NOW),
    )
    return desk.book.kept


@pytest.mark.parametrize(
    ("status", "after"),
    [
        ("accepted", RequestStatus.ACCEPTED),
        ("rejected", RequestStatus.REJECTED),
        ("unsupported", RequestStatus.REJECTED),
    ],
)
def test_a_chain_is_taken_or_not(desk: Desk, status: str, after: RequestStatus) -> None:
    """The request that has its key is what it answers (A02.FR.08 ff.)."""
    leaf = certificate("CP1", issuer=("Root", ROOT_KEY))
    command = DeliverCertificate(chain=leaf + ROOT, purpose=CertificatePurpose.CHARGING_STATION)
    assert answer(desk, command, status, detail="why") == [
        SettleRequest(
            station_id=1,
            key=read_chain(leaf)[0].key,
            status=after,
            detail="why",
            chain=leaf + ROOT,
            operation_id=OPERATION,
            at=NOW,
        )
    ]
    assert desk.last("certificate.delivered").data["status"] == after.value


@pytest.mark.parametrize("status", ["unreachable", "expired"])
def test_a_chain_that_did_not_arrive(desk: Desk, status: str) -> None:
    """It can be given again."""
    assert answer(desk, DeliverCertificate(chain=ROOT), status) == []


@pytest.mark.parametrize(
    "command",
    [
        DeliverCertificate(chain="no PEM"),
        InstallCertificate(kind=CertificateKind.CSMS_ROOT, certificate="no PEM"),
    ],
)
def test_what_we_cannot_read(desk: Desk, command: Command) -> None:
    """Sent as a raw message it may be anything; that a station took it tells nothing."""
    assert answer(desk, command) == []


def install(kind: CertificateKind = CertificateKind.CSMS_ROOT) -> InstallCertificate:
    return InstallCertificate(kind=kind, certificate=ROOT)


def test_an_installed_root_is_held(desk: Desk) -> None:
    """With the hashes that the station will tell of it (M05.FR.01)."""
    (held,) = answer(desk, install())
    assert isinstance(held, Hold)
    assert held.key == f"csms_root.{READ_ROOT.hashes[0].id}"
    assert (held.origin, held.operation_id) == ("set", OPERATION)
    assert held.content["pem"] == ROOT
    assert held.content["subject"] == "CN=Root"
    assert held.content["hash"]["issuer_key_hash"] == READ_ROOT.hashes[0].issuer_key_hash
    assert desk.last("certificate.installed").data["kind"] == "csms_root"


def test_an_authority_whose_issuer_is_not_known(desk: Desk) -> None:
    """Its hashes are not known before the station tells them."""
    sub = certificate("Sub", issuer=("Root", ROOT_KEY))
    command = InstallCertificate(kind=CertificateKind.MO_ROOT, certificate=sub)
    (held,) = answer(desk, command)
    assert held.key == f"mo_root.{read_chain(sub)[0].fingerprint[:32]}"
    assert "hash" not in held.content


@pytest.mark.parametrize("status", ["rejected", "unreachable"])
def test_a_root_that_was_not_installed(desk: Desk, status: str) -> None:
    """Changes nothing."""
    assert answer(desk, install(), status) == []


@pytest.mark.parametrize(("status", "events"), [("accepted", 2), ("rejected", 1)])
def test_deleted(desk: Desk, status: str, events: int) -> None:
    """What the station deleted, or never had, is not there (M04.FR.01 f.)."""
    kept = answer(desk, DeleteCertificate(hash=HASH), status, found=True)
    assert kept == [Drop(station_id=1, kind="certificate", matching={"id": HASH.id}, at=NOW)]
    assert len(desk.kinds) == events


@pytest.mark.parametrize(("status", "found"), [("rejected", False), ("expired", None)])
def test_not_deleted(desk: Desk, status: str, found: object) -> None:
    """A station that failed to still has it."""
    assert answer(desk, DeleteCertificate(hash=HASH), status, found=found) == []


LISTED = Installed(kind=CertificateKind.V2G_CHAIN, hash=HASH, children=(HASH,))


def test_what_is_listed_is_all_there_is(desk: Desk) -> None:
    """Of the kinds that were asked for (M03.FR.01)."""
    command = ReadCertificates(kinds=(CertificateKind.V2G_CHAIN, CertificateKind.MO_ROOT))
    held, chain, root = answer(desk, command, found=(LISTED,))
    assert held.key == f"v2g_chain.{HASH.id}"
    assert (held.origin, held.operation_id) == ("told", None)
    assert held.content["hash"] == held.content["children"][0]
    assert chain == Drop(station_id=1, kind="certificate", matching={"kind": "v2g_chain"}, at=NOW)
    assert root.matching == {"kind": "mo_root"}


def test_all_kinds(desk: Desk) -> None:
    """Asked for everything, what is not listed is not there, of whatever kind."""
    assert answer(desk, ReadCertificates(), "rejected", found=()) == [
        Drop(station_id=1, kind="certificate", at=NOW)
    ]


def test_an_answer_that_cannot_be_read(desk: Desk) -> None:
    """Is no list."""
    assert answer(desk, ReadCertificates(), "rejected") == []


def test_what_is_known_is_not_forgotten(desk: Desk) -> None:
    """A station that lists a root by its hashes, with whatever algorithm, has the one that was
    installed."""
    (held,) = answer(desk, install())
    unlike: tuple[HeldCertificate, ...] = (
        HeldCertificate(key="a", content={}),
        HeldCertificate(key="b", content={"ids": ["other"]}),
        HeldCertificate(key=held.key, content=held.content),
    )
    desk.book.answers[HeldCertificatesAsked] = lambda *_: unlike
    desk.book.kept.clear()
    listed = Installed(kind=CertificateKind.CSMS_ROOT, hash=READ_ROOT.hashes[2])
    again, dropped = answer(
        desk, ReadCertificates(kinds=(CertificateKind.CSMS_ROOT,)), found=(listed,)
    )
    assert (again.content["pem"], again.content["subject"]) == (ROOT, "CN=Root")
    assert again.content["hash"]["algorithm"] == "SHA512"
    assert isinstance(dropped, Drop)
