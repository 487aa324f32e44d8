"""Certificates, security events and vendors' messages: certification cases of 1.6, 2.0.1 and 2.1.

Of the cases of this subject one is not here: TC_M_24 (revocation status) needs somebody who asks
the authorities; the station is answered that nothing is known.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from csms.core.certificates.x509 import CertificateHash, read_chain
from csms.testing.certificates import certificate, csr, new_key
from csms.testing.charger import Charger, Line, NewerCharger, stamp
from csms.testing.process import Answer, RunningCsms

pytestmark = pytest.mark.e2e

ACCEPTED = {"status": "Accepted"}
PNC = "org.openchargealliance.iso15118pnc"
EMAID = "DE8AAC1A2B3C4D"
ROOT_KEY = new_key()
ROOT = certificate("Test Root", ROOT_KEY)
HASHES = read_chain(ROOT)[0].hashes
VERSIONS = ("1.6", "2.0.1", "2.1")
NEWER = ("2.0.1", "2.1")
newer = pytest.mark.parametrize("version", NEWER)


class Provider(BaseHTTPRequestHandler):
    """A provider of contracts that answers with what it was asked, reversed."""

    def do_POST(self) -> None:  # of the standard library
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told = {
            "status": "accepted" if asked["exi_request"] != "NONE" else "failed",
            "exi_response": asked["exi_request"][::-1],
            "remaining_contracts": asked["most_chains"],
        }
        content = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # likewise
        pass


@pytest.fixture(scope="module")
def trusting() -> Iterator[RunningCsms]:
    """A server that goes by tokens, has a provider of contracts and records a vendor."""
    provider = HTTPServer(("127.0.0.1", 0), Provider)
    thread = Thread(target=provider.serve_forever, daemon=True)
    thread.start()
    path = Path(tempfile.mkdtemp(prefix="csms-e2e-"))
    path.chmod(0o755)
    settings = {
        "CSMS__AUTHORIZATION__CONTRACT_CERTIFICATES": "token",
        "CSMS__CERTIFICATES__CONTRACT_PROVIDER_URL": (
            f"http://127.0.0.1:{provider.server_port}/exi"
        ),
        "CSMS__TRANSFERS__RECORD": "com.example,org.openchargealliance.costmsg",
    }
    try:
        with RunningCsms(path / "state", settings) as running:
            yield running
    finally:
        provider.shutdown()
        thread.join(5)
        provider.server_close()
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def station(
    server: RunningCsms, version: str, identity: str, **replies: dict[str, Any]
) -> Iterator[Line]:
    """A station that is connected, accepted, and answers."""
    kind = Charger if version == "1.6" else NewerCharger
    with kind.connect(server.ocpp_url(identity), subprotocols=(f"ocpp{version}",)) as cp:
        assert cp.boot()["status"] == "Accepted"
        cp.replies = replies
        with cp.serving():
            yield cp


def post(
    server: RunningCsms, identity: str, path: str, body: object = None, method: str = "POST"
) -> Answer:
    """Ask for something of a station that must be answered."""
    answer = server.request(method, f"/api/v1/stations/{identity}/{path}", body)
    assert answer.status == 200, answer
    return answer


def hash_data(of: CertificateHash) -> dict[str, str]:
    """As the wire has it."""
    return {
        "hashAlgorithm": of.algorithm,
        "issuerNameHash": of.issuer_name_hash,
        "issuerKeyHash": of.issuer_key_hash,
        "serialNumber": of.serial_number,
    }


def events(server: RunningCsms, identity: str, kind: str) -> list[dict[str, Any]]:
    """The contents of what happened."""
    path = f"/api/v1/stations/{identity}/events?kind={kind}"
    return [item["content"] for item in server.get(path)["items"]]


# --- certificates of the station ----------------------------------------------------------------

UPDATES = [
    pytest.param("1.6", None, "SignChargePointCertificate", id="TC_074"),
    pytest.param(
        "2.0.1", "ChargingStationCertificate", "SignChargingStationCertificate", id="TC_A_11"
    ),
    pytest.param(
        "2.1", "ChargingStationCertificate", "SignChargingStationCertificate", id="TC_A_11-2.1"
    ),
    pytest.param("2.0.1", "V2GCertificate", "SignV2GCertificate", id="TC_A_12"),
    pytest.param("2.0.1", None, "SignCombinedCertificate", id="TC_A_13"),
    pytest.param("2.1", None, "SignCombinedCertificate", id="TC_A_13-2.1"),
    pytest.param("2.1", "V2G20Certificate", "SignV2G20Certificate", id="TC_A_12-V2G20"),
]


@pytest.mark.parametrize(("version", "kind", "trigger"), UPDATES)
def test_update_of_the_stations_certificate(
    server: RunningCsms, version: str, kind: str | None, trigger: str
) -> None:
    """Asked to, the station sends a request, which is signed elsewhere, and takes the chain."""
    identity = f"SIGN-{version}-{kind}"
    replies = {
        "TriggerMessage": ACCEPTED,
        "ExtendedTriggerMessage": ACCEPTED,
        "CertificateSigned": ACCEPTED,
    }
    with station(server, version, identity, **replies) as cp:
        post(server, identity, "trigger", {"message": trigger})
        assert cp.asked.popleft()[1] == {"requestedMessage": trigger}
        key = new_key()
        asked = {"csr": csr(identity, key)}
        if kind is not None:
            asked["certificateType"] = kind
        number = {"requestId": 12} if version == "2.1" else {}
        assert cp.call("SignCertificate", asked | number)["status"] == "Accepted"
        assert cp.call("SignCertificate", asked | number)["status"] == "Accepted"
        (request,) = server.get(f"/api/v1/stations/{identity}/certificate-requests")["items"]
        assert (request["status"], request["times"]) == ("received", 2)
        chain = certificate(identity, key, ("Test Root", ROOT_KEY)) + ROOT
        path = f"certificate-requests/{request['id']}/sign"
        assert post(server, identity, path, {"chain": chain}).body["status"] == "accepted"
        told = {"certificateChain": chain} | number
        if kind is not None:
            told["certificateType"] = kind
        assert cp.asked.popleft() == ("CertificateSigned", told)
        (request,) = server.get(f"/api/v1/stations/{identity}/certificate-requests")["items"]
        assert (request["status"], request["chain"]) == ("accepted", chain)


REJECTED = [
    pytest.param("1.6", "InvalidChargePointCertificate", id="TC_077"),
    pytest.param("2.0.1", "InvalidChargingStationCertificate", id="TC_A_14"),
    pytest.param("2.1", "InvalidChargingStationCertificate", id="TC_A_14-2.1"),
]


@pytest.mark.parametrize(("version", "event"), REJECTED)
def test_a_chain_that_the_station_rejects(server: RunningCsms, version: str, event: str) -> None:
    """The request is known to be rejected, and so is the security event; it can be signed anew."""
    identity = f"REJECT-{version}"
    with station(server, version, identity, CertificateSigned={"status": "Rejected"}) as cp:
        key = new_key()
        assert cp.call("SignCertificate", {"csr": csr(identity, key)})["status"] == "Accepted"
        (request,) = server.get(f"/api/v1/stations/{identity}/certificate-requests")["items"]
        path = f"certificate-requests/{request['id']}/sign"
        body = {"chain": certificate(identity, key, ("Nobody", new_key()))}
        assert post(server, identity, path, body).body["status"] == "rejected"
        told = {"type": event, "timestamp": stamp(), "techInfo": "untrusted issuer"}
        assert cp.call("SecurityEventNotification", told) == {}
        (kept,) = events(server, identity, "security")
        assert kept == {"event": event, "critical": False, "info": "untrusted issuer"}
        cp.replies["CertificateSigned"] = ACCEPTED
        assert post(server, identity, path, body).body["status"] == "accepted"
        (request,) = server.get(f"/api/v1/stations/{identity}/certificate-requests")["items"]
        assert request["status"] == "accepted"


@pytest.mark.parametrize("version", VERSIONS)
def test_requests_that_nobody_signs(server: RunningCsms, version: str) -> None:
    """Nonsense, and requests in the name of somebody else, are refused at once and kept."""
    identity = f"NOSIGN-{version}"
    with station(server, version, identity) as cp:
        for text in ("nonsense", csr("SOMEBODY-ELSE")):
            assert cp.call("SignCertificate", {"csr": text})["status"] == "Rejected"
        found = server.get(f"/api/v1/stations/{identity}/certificate-requests")["items"]
        assert [each["status"] for each in found] == ["refused", "refused"]
        assert cp.call("SignCertificate", {"csr": csr(identity)})["status"] == "Accepted"
        path = f"certificate-requests/{_newest(server, identity)['id']}/refuse"
        assert post(server, identity, path).body["status"] == "refused"


def _newest(server: RunningCsms, identity: str) -> dict[str, Any]:
    newest: dict[str, Any] = server.get(f"/api/v1/stations/{identity}/certificate-requests")[
        "items"
    ][0]
    return newest


# --- certificates that the station trusts --------------------------------------------------------

INSTALLS = [
    pytest.param("1.6", "manufacturer_root", "ManufacturerRootCertificate", id="TC_075_1"),
    pytest.param("1.6", "csms_root", "CentralSystemRootCertificate", id="TC_075_2"),
    pytest.param("2.0.1", "csms_root", "CSMSRootCertificate", id="TC_M_01"),
    pytest.param("2.0.1", "manufacturer_root", "ManufacturerRootCertificate", id="TC_M_02"),
    pytest.param("2.0.1", "v2g_root", "V2GRootCertificate", id="TC_M_03"),
    pytest.param("2.0.1", "mo_root", "MORootCertificate", id="TC_M_04"),
    pytest.param("2.1", "csms_root", "CSMSRootCertificate", id="TC_M_01-2.1"),
    pytest.param("2.1", "manufacturer_root", "ManufacturerRootCertificate", id="TC_M_02-2.1"),
    pytest.param("2.1", "v2g_root", "V2GRootCertificate", id="TC_M_03-2.1"),
    pytest.param("2.1", "mo_root", "MORootCertificate", id="TC_M_04-2.1"),
    pytest.param("2.1", "oem_root", "OEMRootCertificate", id="TC_M_101"),
]


@pytest.mark.parametrize(("version", "kind", "word"), INSTALLS)
def test_install_a_root(server: RunningCsms, version: str, kind: str, word: str) -> None:
    """What the station accepted is listed from then on."""
    identity = f"INSTALL-{version}-{kind}"
    with station(server, version, identity, InstallCertificate=ACCEPTED) as cp:
        body = {"kind": kind, "certificate": ROOT}
        assert post(server, identity, "certificates", body).body["status"] == "accepted"
        told = {"certificateType": word, "certificate": ROOT}
        assert cp.asked.popleft() == ("InstallCertificate", told)
        (held,) = server.get(f"/api/v1/stations/{identity}/certificates")["items"]
        assert (held["kind"], held["subject"], held["pem"]) == (kind, "CN=Test Root", ROOT)
        assert held["hash"]["issuer_key_hash"] == HASHES[0].issuer_key_hash


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("status", ["Failed", "Rejected"])
def test_tc_m_05_a_root_that_is_not_installed(
    server: RunningCsms, version: str, status: str
) -> None:
    """TC_M_05: the operation says so, and nothing is listed."""
    identity = f"TC_M_05-{version}-{status}"
    with station(server, version, identity, InstallCertificate={"status": status}):
        body = {"kind": "csms_root", "certificate": ROOT}
        assert post(server, identity, "certificates", body).body["status"] == "rejected"
        assert server.get(f"/api/v1/stations/{identity}/certificates")["items"] == []


KINDS = {
    "csms_root": "CSMSRootCertificate",
    "manufacturer_root": "ManufacturerRootCertificate",
    "v2g_root": "V2GRootCertificate",
    "v2g_chain": "V2GCertificateChain",
    "mo_root": "MORootCertificate",
}
READS = [
    pytest.param(("csms_root",), id="TC_M_12"),
    pytest.param(("manufacturer_root",), id="TC_M_13"),
    pytest.param(("v2g_root",), id="TC_M_14"),
    pytest.param(("v2g_chain",), id="TC_M_15"),
    pytest.param(("mo_root",), id="TC_M_16"),
    pytest.param(("csms_root", "manufacturer_root"), id="TC_M_17"),
    pytest.param((), id="TC_M_18"),
]


@newer
@pytest.mark.parametrize("kinds", READS)
def test_read_certificates(server: RunningCsms, version: str, kinds: tuple[str, ...]) -> None:
    """What the station lists is what it has, with what is below of a chain."""
    identity = f"READ-{version}-{'-'.join(kinds)}"
    listed: list[dict[str, Any]] = [
        {"certificateType": KINDS[kind], "certificateHashData": hash_data(HASHES[1])}
        for kind in kinds or KINDS
    ]
    for each in listed:
        if each["certificateType"] == "V2GCertificateChain":
            each["childCertificateHashData"] = [hash_data(HASHES[0])]
    answer = {"status": "Accepted", "certificateHashDataChain": listed}
    with station(server, version, identity, GetInstalledCertificateIds=answer) as cp:
        body = {"kinds": list(kinds)}
        (operation,) = post(server, identity, "certificates/read", body).body["operations"]
        assert operation["status"] == "accepted"
        told = {"certificateType": [KINDS[kind] for kind in kinds]} if kinds else {}
        assert cp.asked.popleft() == ("GetInstalledCertificateIds", told)
        held = server.get(f"/api/v1/stations/{identity}/certificates")["items"]
        assert {each["kind"] for each in held} == set(kinds or KINDS)
        for each in held:
            assert each["hash"]["algorithm"] == "SHA384"
            assert len(each["children"]) == (each["kind"] == "v2g_chain")


@newer
def test_tc_m_19_nothing_matches(server: RunningCsms, version: str) -> None:
    """TC_M_19: what was thought to be there is not, once the station says so."""
    identity = f"TC_M_19-{version}"
    replies = {
        "InstallCertificate": ACCEPTED,
        "GetInstalledCertificateIds": {"status": "NotFound"},
    }
    with station(server, version, identity, **replies):
        for kind in ("mo_root", "v2g_root"):
            post(server, identity, "certificates", {"kind": kind, "certificate": ROOT})
        answer = post(server, identity, "certificates/read", {"kinds": ["mo_root"]})
        (item,) = answer.body["items"]
        assert (item["kind"], item["status"], item["detail"]) == ("mo_root", "accepted", "NotFound")
        (held,) = server.get(f"/api/v1/stations/{identity}/certificates")["items"]
        assert held["kind"] == "v2g_root"


def test_1_6_tells_of_one_kind_at_a_time(server: RunningCsms) -> None:
    """Asked for several, or for all, it is sent a message for each."""
    identity = "READ-1.6-each"
    with station(server, "1.6", identity, GetInstalledCertificateIds={"status": "NotFound"}) as cp:
        names = ["CentralSystemRootCertificate", "ManufacturerRootCertificate"]
        for body in ({}, {"kinds": ["csms_root", "manufacturer_root"]}):
            read = post(server, identity, "certificates/read", body).body
            assert [each["status"] for each in read["operations"]] == ["accepted"] * 2
            assert [each["kind"] for each in read["items"]] == ["csms_root", "manufacturer_root"]
            sent = [cp.asked.popleft() for _ in names]
            action = "GetInstalledCertificateIds"
            assert sent == [(action, {"certificateType": name}) for name in names]


DELETES = [
    pytest.param("1.6", "Accepted", 0, id="TC_076"),
    pytest.param("2.0.1", "Accepted", 0, id="TC_M_20"),
    pytest.param("2.1", "Accepted", 0, id="TC_M_20-2.1"),
    pytest.param("1.6", "Failed", 1, id="TC_076-Failed"),
    pytest.param("2.0.1", "Failed", 1, id="TC_M_21"),
    pytest.param("2.1", "Failed", 1, id="TC_M_21-2.1"),
    pytest.param("2.0.1", "NotFound", 0, id="TC_M_21-NotFound"),
]


@pytest.mark.parametrize(("version", "status", "left"), DELETES)
def test_delete_a_certificate(server: RunningCsms, version: str, status: str, left: int) -> None:
    """By the very hashes that the station reported, whatever algorithm it uses."""
    identity = f"DELETE-{version}-{status}"
    told = hash_data(HASHES[2])
    listed = {"certificateHashData": told}
    answer: dict[str, Any] = {"status": "Accepted", "certificateHashData": [told]}
    if version != "1.6":
        chain = [listed | {"certificateType": "CSMSRootCertificate"}]
        answer = {"status": "Accepted", "certificateHashDataChain": chain}
    replies = {"GetInstalledCertificateIds": answer, "DeleteCertificate": {"status": status}}
    with station(server, version, identity, **replies) as cp:
        post(server, identity, "certificates/read", {"kinds": ["csms_root"]})
        (held,) = server.get(f"/api/v1/stations/{identity}/certificates")["items"]
        cp.asked.clear()
        path = f"certificates/{held['key']}"
        outcome = post(server, identity, path, method="DELETE").body["status"]
        assert outcome == ("accepted" if status == "Accepted" else "rejected")
        assert cp.asked.popleft() == ("DeleteCertificate", listed)
        assert len(server.get(f"/api/v1/stations/{identity}/certificates")["items"]) == left


def test_raw_messages_have_the_same_consequences(server: RunningCsms) -> None:
    """Whatever route they take."""
    with station(server, "2.0.1", "RAWCERT", InstallCertificate=ACCEPTED):
        payload = {"certificateType": "MORootCertificate", "certificate": ROOT}
        body = {"action": "InstallCertificate", "payload": payload}
        assert post(server, "RAWCERT", "commands", body).body["action"] == "install_certificate"
        (held,) = server.get("/api/v1/stations/RAWCERT/certificates")["items"]
        assert held["kind"] == "mo_root"


# --- cars and their contracts --------------------------------------------------------------------

CONTRACT = certificate("DE-8AA-C1A2B3C4D-X", new_key())
OCSP = {**hash_data(HASHES[0]), "responderURL": "http://ocsp.example"}
TOKEN = {"idToken": EMAID, "type": "eMAID"}
LOCAL = {"idToken": TOKEN, "iso15118CertificateHashData": [OCSP]}
CENTRAL = {"idToken": TOKEN, "certificate": CONTRACT}


def contract(server: RunningCsms, *, blocked: bool) -> None:
    """Make the car's token known."""
    answer = server.request("PUT", f"/api/v1/tokens/{EMAID}", {"blocked": blocked})
    assert answer.status in (200, 201)


@newer
@pytest.mark.parametrize(
    ("asked", "blocked", "certificate_status", "status"),
    [
        pytest.param(LOCAL, False, "Accepted", "Accepted", id="TC_C_50"),
        pytest.param(LOCAL, True, "ContractCancelled", "Blocked", id="TC_C_51"),
        pytest.param(CENTRAL, False, "Accepted", "Accepted", id="TC_C_52"),
        pytest.param(CENTRAL, True, "ContractCancelled", "Blocked", id="TC_C_52-Blocked"),
    ],
)
def test_contract_certificates(
    trusting: RunningCsms,
    version: str,
    asked: dict[str, Any],
    blocked: bool,
    certificate_status: str,
    status: str,
) -> None:
    """Where the operator goes by the token, a contract is worth what that is worth."""
    identity = f"CONTRACT-{version}"
    contract(trusting, blocked=blocked)
    with station(trusting, version, identity) as cp:
        answer = cp.call("Authorize", asked)
        assert answer["certificateStatus"] == certificate_status
        assert answer["idTokenInfo"]["status"] == status
    assert events(trusting, identity, "contract")[0]["certificate_status"] == certificate_status


@newer
def test_contracts_are_refused_where_nobody_validates_them(
    server: RunningCsms, version: str
) -> None:
    """Which is so unless the operator says otherwise."""
    with station(server, version, f"NOCONTRACT-{version}") as cp:
        for asked in (LOCAL, CENTRAL):
            answer = cp.call("Authorize", asked)
            assert answer["certificateStatus"] == "CertChainError"
            assert answer["idTokenInfo"]["status"] == "Invalid"
        assert cp.call("Authorize", {"idToken": TOKEN})["idTokenInfo"]["status"] == "Accepted"


EXI = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "exiRequest": "AAAB"}


@pytest.mark.parametrize(
    ("version", "asked", "answer"),
    [
        pytest.param("2.0.1", {**EXI, "action": "Install"}, "BAAA", id="TC_M_26"),
        pytest.param("2.0.1", {**EXI, "action": "Update"}, "BAAA", id="TC_M_28"),
        pytest.param("2.1", {**EXI, "action": "Install"}, "BAAA", id="TC_M_26-2.1"),
        pytest.param("2.1", {**EXI, "action": "Update"}, "BAAA", id="TC_M_28-2.1"),
        pytest.param(
            "2.1",
            {**EXI, "action": "Install", "maximumContractCertificateChains": 2},
            "BAAA",
            id="TC_M_100",
        ),
    ],
)
def test_contract_installation(
    trusting: RunningCsms, version: str, asked: dict[str, Any], answer: str
) -> None:
    """What the provider of contracts says goes to the car as it is."""
    with station(trusting, version, f"EXI-{version}") as cp:
        told = cp.call("Get15118EVCertificate", asked)
        more = {"remainingContracts": 2} if "maximumContractCertificateChains" in asked else {}
        assert told == {"status": "Accepted", "exiResponse": answer} | more
        refused = cp.call("Get15118EVCertificate", asked | {"exiRequest": "NONE"})
        assert refused["status"] == "Failed"


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
def test_what_is_not_known_is_not_claimed(server: RunningCsms, version: str) -> None:
    """No provider, and nobody who asks about revocations: the station hears so."""
    identity = f"UNKNOWNCERT-{version}"
    with station(server, version, identity) as cp:
        told = cp.call("Get15118EVCertificate", {**EXI, "action": "Install"})
        assert told == {"status": "Failed", "exiResponse": ""}
        assert cp.call("GetCertificateStatus", {"ocspRequestData": OCSP}) == {"status": "Failed"}
        assert len(events(server, identity, "certificate_status")) == 1
        if version == "2.0.1":
            return
        one = {
            "certificateHashData": hash_data(HASHES[0]),
            "source": "CRL",
            "urls": ["http://crl.example"],
        }
        (status,) = cp.call("GetCertificateChainStatus", {"certificateStatusRequests": [one]})[
            "certificateStatus"
        ]
        assert status["status"] == "Failed"
        assert len(events(server, identity, "certificate_status")) == 2


# --- security events, and messages of vendors ----------------------------------------------------


@pytest.mark.parametrize(
    ("version", "event"),
    [
        pytest.param("1.6", "InvalidCentralSystemCertificate", id="TC_078"),
        pytest.param("2.0.1", "InvalidCsmsCertificate", id="2.0.1"),
        pytest.param("2.1", "TamperDetectionActivated", id="2.1"),
    ],
)
def test_security_events(server: RunningCsms, version: str, event: str) -> None:
    """Kept once, however often it is told, with how grave it is."""
    identity = f"SECURITY-{version}"
    with station(server, version, identity) as cp:
        told = {"type": event, "timestamp": stamp()}
        for _ in range(2):
            assert cp.call("SecurityEventNotification", told) == {}
        path = f"/api/v1/stations/{identity}/events?kind=security"
        (item,) = server.get(path)["items"]
        assert item["severity"] == (3 if event == "TamperDetectionActivated" else 6)
        assert item["content"]["event"] == event


@pytest.mark.parametrize("version", VERSIONS)
def test_tc_p_02_messages_of_vendors(trusting: RunningCsms, version: str) -> None:
    """TC_P_02: unknown vendors are told so; those that the operator named are heard."""
    identity = f"TC_P_02-{version}"
    with station(trusting, version, identity) as cp:
        unknown = {"vendorId": "com.unknown", "messageId": "m", "data": "x"}
        assert cp.call("DataTransfer", unknown) == {"status": "UnknownVendorId"}
        nonsense = {"vendorId": PNC, "messageId": "Nonsense"}
        assert cp.call("DataTransfer", nonsense) == {"status": "UnknownMessageId"}
        known = {"vendorId": "com.example", "messageId": "m", "data": "x"}
        assert cp.call("DataTransfer", known) == {"status": "Accepted"}
        assert events(trusting, identity, "data_transfer") == [
            {"vendor_id": "com.example", "message_id": "m", "data": "x"}
        ]


@newer
def test_tc_p_03_custom_data(server: RunningCsms, version: str) -> None:
    """TC_P_03: what only a vendor knows is no reason to refuse a message."""
    with station(server, version, f"TC_P_03-{version}") as cp:
        custom = {"customData": {"vendorId": "com.example", "anything": [1]}}
        assert "currentTime" in cp.call("Heartbeat", custom)


# --- Plug & Charge with 1.6 ----------------------------------------------------------------------


def carried(message: str, data: dict[str, Any]) -> dict[str, Any]:
    """A message of 2.0.1 for the DataTransfer of 1.6."""
    return {"vendorId": PNC, "messageId": message, "data": json.dumps(data)}


def test_plug_and_charge_with_1_6(trusting: RunningCsms) -> None:
    """Everything of ISO 15118 travels in DataTransfer, and is what it is in 2.0.1."""
    contract(trusting, blocked=False)
    listed = [
        {"certificateType": "V2GRootCertificate", "certificateHashData": hash_data(HASHES[0])}
    ]
    inner = {"status": "Accepted", "certificateHashDataChain": listed}
    reply = {"status": "Accepted", "data": json.dumps(inner)}
    with station(trusting, "1.6", "PNC", DataTransfer=reply) as cp:

        def call(message: str, data: dict[str, Any]) -> dict[str, Any]:
            answer = cp.call("DataTransfer", carried(message, data))
            assert answer["status"] == "Accepted"
            told: dict[str, Any] = json.loads(answer["data"])
            return told

        assert call("Authorize", CENTRAL) == {
            "idTokenInfo": {"status": "Accepted"},
            "certificateStatus": "Accepted",
        }
        assert call("Authorize", {**LOCAL, "idToken": EMAID})["certificateStatus"] == "Accepted"
        assert call("Get15118EVCertificate", {**EXI, "action": "Install"})["exiResponse"] == "BAAA"
        assert call("GetCertificateStatus", {"ocspRequestData": OCSP}) == {"status": "Failed"}
        key = new_key()
        assert call("SignCertificate", {"csr": csr("SECC", key)}) == {"status": "Accepted"}
        refused = cp.call("DataTransfer", {"vendorId": PNC, "messageId": "Authorize"})
        assert refused == {"status": "Rejected"}

        request = _newest(trusting, "PNC")
        path = f"certificate-requests/{request['id']}/sign"
        body = {"chain": certificate("SECC", key)}
        assert post(trusting, "PNC", path, body).body["status"] == "accepted"
        post(trusting, "PNC", "certificates", {"kind": "v2g_root", "certificate": ROOT})
        post(trusting, "PNC", "certificates/read", {"kinds": ["v2g_root"]})
        (held,) = trusting.get("/api/v1/stations/PNC/certificates")["items"]
        post(trusting, "PNC", f"certificates/{held['key']}", method="DELETE")
        post(trusting, "PNC", "trigger", {"message": "SignV2GCertificate"})
        sent = [payload["messageId"] for _, payload in cp.asked]
        assert sent == [
            "CertificateSigned",
            "InstallCertificate",
            "GetInstalledCertificateIds",
            "DeleteCertificate",
            "TriggerMessage",
        ]
        assert trusting.get("/api/v1/stations/PNC/certificates")["items"] == []
        assert _newest(trusting, "PNC")["status"] == "accepted"
