"""Certificates of stations over REST."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from csms.core.certificates.vocabulary import (
    CertificateKind,
    CertificatePurpose,
    CertificateRequest,
    DeleteCertificate,
    DeliverCertificate,
    InstallCertificate,
    ReadCertificates,
    RequestStatus,
)
from csms.core.certificates.x509 import CertificateHash, read_chain
from csms.core.commands import Outcome
from csms.core.holdings import Holding
from csms.core.ports import Variable
from csms.testing.certificates import EPOCH, certificate, new_key
from csms.testing.contracts.certificates import AT, ROOT, request
from csms.testing.desk import immediate

KEY = new_key()
CHAIN = certificate("CP1", KEY)
ONE = "/api/v1/stations/CP1"
HASH = {
    "algorithm": "SHA256",
    "issuer_name_hash": "aa",
    "issuer_key_hash": "bb",
    "serial_number": "1",
}


@pytest.fixture(autouse=True)
def station(api: Any) -> None:
    api.stations.seed("CP1")
    api.reactor.advance(AT.timestamp())


def seed(api: Any, **fields: object) -> CertificateRequest:
    key = read_chain(CHAIN)[0].key
    return immediate(api.certificate_requests.seed(request(**{"key": key, **fields})))


def hold(api: Any, **content: object) -> Holding:
    whole = {"kind": "csms_root", "id": "x", **content}
    return api.holdings.seed(
        "CP1",
        Holding(
            kind="certificate",
            key="csms_root.x",
            content=whole,
            origin="told",
            created_at=AT,
            updated_at=AT,
        ),
    )


def test_list(api: Any) -> None:
    """What a station has, as far as it is known."""
    hold(api, hash=HASH, children=[HASH], subject="CN=Root", valid_to="2030-01-01T00:00:00+00:00")
    (item,) = api.ask("GET", f"{ONE}/certificates").json["items"]
    assert (item["key"], item["kind"], item["hash"]) == ("csms_root.x", "csms_root", HASH)
    assert (item["subject"], item["valid_to"]) == ("CN=Root", "2030-01-01T00:00:00.000Z")
    assert (item["children"], item["pem"]) == ([HASH], None)


@pytest.mark.parametrize("path", ["certificates", "certificate-requests"])
def test_stations_that_are_not_there(api: Any, path: str) -> None:
    """Or not for this caller."""
    assert api.ask("GET", f"/api/v1/stations/NONE/{path}").status == 404
    assert api.ask("GET", f"{ONE}/{path}", role="stranger").status == 404


def test_install(api: Any) -> None:
    """The command is the answer's."""
    body = {"kind": "v2g_root", "certificate": CHAIN, "queue": True}
    assert api.ask("POST", f"{ONE}/certificates", json=body).status == 200
    command = InstallCertificate(kind=CertificateKind.V2G_ROOT, certificate=CHAIN)
    assert api.operations.sent == [("CP1", command, True, None)]


def test_install_nonsense(api: Any) -> None:
    """What is no certificate is not sent."""
    body = {"kind": "csms_root", "certificate": "x"}
    reply = api.ask("POST", f"{ONE}/certificates", json=body)
    assert (reply.status, reply.json["errors"][0]["field"]) == (422, "certificate")
    assert api.operations.sent == []


def test_read(api: Any) -> None:
    """All kinds, or some."""
    api.ask("POST", f"{ONE}/certificates/read")
    api.operations.outcome = None
    reply = api.ask("POST", f"{ONE}/certificates/read", json={"kinds": ["mo_root"]})
    assert reply.status == 202
    (item,), (operation,) = reply.json["items"], reply.json["operations"]
    assert (item["kind"], item["status"]) == ("mo_root", "pending")
    assert item["operation_id"] == operation["id"]
    assert [command for _, command, _, _ in api.operations.sent] == [
        ReadCertificates(),
        ReadCertificates(kinds=(CertificateKind.MO_ROOT,)),
    ]


def test_delete(api: Any) -> None:
    """By what the station reported."""
    hold(api, hash=HASH)
    reply = api.ask("DELETE", f"{ONE}/certificates/csms_root.x")
    assert (reply.status, reply.json["status"]) == (200, "accepted")
    ((_, command, _, _),) = api.operations.sent
    assert command == DeleteCertificate(
        hash=CertificateHash(**HASH), kind=CertificateKind.CSMS_ROOT
    )
    assert api.ask("DELETE", f"{ONE}/certificates/other").status == 404


def test_delete_what_is_hardly_known(api: Any) -> None:
    """A station deletes by hashes; those must be known."""
    hold(api)
    reply = api.ask("DELETE", f"{ONE}/certificates/csms_root.x")
    assert (reply.status, reply.json["code"]) == (409, "unknown_hash")


def test_requests(api: Any) -> None:
    """What a station asked for, and one of it."""
    seeded = seed(api)
    (item,) = api.ask("GET", f"{ONE}/certificate-requests").json["items"]
    assert (item["id"], item["status"], item["subject"]) == (seeded.id, "received", "CN=CP1")
    assert item["root"]["issuer_name_hash"] == ROOT.issuer_name_hash
    assert api.ask("GET", f"{ONE}/certificate-requests/{seeded.id}").json == item
    assert api.ask("GET", f"{ONE}/certificate-requests/other").status == 404
    assert api.ask("GET", f"{ONE}/certificate-requests/{seeded.id}", role="stranger").status == 404


def sign(api: Any, seeded: CertificateRequest, chain: str = CHAIN) -> Any:
    return api.ask("POST", f"{ONE}/certificate-requests/{seeded.id}/sign", json={"chain": chain})


def test_sign(api: Any) -> None:
    """The chain is kept and sent, with what the request was for."""
    seeded = seed(api, purpose=CertificatePurpose.V2G, request_ref=0)
    api.operations.outcome = Outcome(status="unreachable")
    assert sign(api, seeded).json["status"] == "unreachable"
    ((_, command, _, _),) = api.operations.sent
    assert command == DeliverCertificate(chain=CHAIN, purpose=CertificatePurpose.V2G, request_ref=0)
    item = api.ask("GET", f"{ONE}/certificate-requests/{seeded.id}").json
    assert (item["status"], item["chain"]) == ("signed", CHAIN)


@pytest.mark.parametrize(
    "chain",
    ["x", certificate("CP1"), certificate("CP1", KEY, valid_to=EPOCH + timedelta(days=1))],
    ids=["unreadable", "another key", "expired"],
)
def test_what_is_no_chain_for_it(api: Any, chain: str) -> None:
    """It must be of the request's key, and good."""
    seeded = seed(api)
    reply = sign(api, seeded, chain)
    assert (reply.status, reply.json["errors"][0]["field"]) == (422, "chain")
    assert api.operations.sent == []


def test_closed_requests(api: Any) -> None:
    """Are not signed any more."""
    seeded = seed(api, status=RequestStatus.ACCEPTED)
    reply = sign(api, seeded)
    assert (reply.status, reply.json["code"]) == (409, "request_closed")


def test_refuse(api: Any) -> None:
    """With a reason, or none."""
    seeded = seed(api)
    path = f"{ONE}/certificate-requests/{seeded.id}/refuse"
    reply = api.ask("POST", path, json={"detail": "unknown device"})
    assert (reply.json["status"], reply.json["detail"]) == ("refused", "unknown device")
    assert api.ask("POST", path).status == 409
    assert api.ask("POST", path, role="auditor").status == 403


def test_a_chain_that_the_station_cannot_take(api: Any) -> None:
    """Is refused before anything changes, with how long it may be."""
    seeded = seed(api)
    size = Variable(
        id=0,
        component="SecurityCtrlr",
        variable="MaxCertificateChainSize",
        value="100",
        reported_at=AT,
        changed_at=AT,
    )
    api.variables.seed("CP1", size)
    reply = api.ask("POST", f"{ONE}/certificate-requests/{seeded.id}/sign", json={"chain": CHAIN})
    assert (reply.status, reply.json["field"]) == (422, "chain")
    assert reply.json["detail"].endswith("the station takes 100")
    assert api.operations.sent == []
    (item,) = api.ask("GET", f"{ONE}/certificate-requests").json["items"]
    assert item["status"] == "received"
