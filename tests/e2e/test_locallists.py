"""Local authorization lists, from the REST request to the charger, in every version."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from zlib import crc32

import attrs
import pytest

from csms.testing.charger import Charger, NewerCharger
from csms.testing.process import Answer, RunningCsms

VERSIONS = ("1.6", "2.0.1", "2.1")
every = pytest.mark.parametrize("version", VERSIONS)
newer = pytest.mark.parametrize("version", VERSIONS[1:])
oldest = pytest.mark.parametrize("version", VERSIONS[:1])


@pytest.fixture(scope="module")
def running() -> Iterator[RunningCsms]:
    """A server for this module; tests use station identities of their own."""
    path = Path(tempfile.mkdtemp(prefix="csms-e2e-"))
    path.chmod(0o755)
    try:
        # Without a worker lists go out only when they are asked for.
        with RunningCsms(path / "state", {"CSMS__SERVER__ROLES": '["gateway", "api"]'}) as server:
            yield server
    finally:
        shutil.rmtree(path, ignore_errors=True)


@attrs.define
class Bench:
    """A charger of some version, connected, and the server it speaks to."""

    server: RunningCsms
    identity: str
    version: str
    line: Any
    caller: ThreadPoolExecutor

    @property
    def path(self) -> str:
        """Of its list."""
        return f"/api/v1/stations/{self.identity}/local-list"

    @property
    def number(self) -> str:
        """What a list's version is called."""
        return "listVersion" if self.version == "1.6" else "versionNumber"

    def put(self, *entries: dict[str, Any]) -> dict[str, Any]:
        """Want these entries."""
        answer = self.server.request("PUT", self.path, {"entries": entries})
        assert answer.status == 200, answer
        told: dict[str, Any] = answer.body
        return told

    def sync(self, *statuses: str, **how: object) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Send it, and be answered that, message by message; how it stands, and what was sent."""
        asked = self.caller.submit(self.server.request, "POST", f"{self.path}/sync", how)
        sent = []
        for status in statuses or ("Accepted",):
            self.line.replies["SendLocalList"] = {"status": status}
            action, payload = self.line.serve()
            assert action == "SendLocalList", action
            sent.append(payload)
        answer = asked.result()
        assert answer.status == 200, answer
        return answer.body, sent

    def read(self, reply: dict[str, Any]) -> Answer:
        """Ask for the version of the list."""
        self.line.replies["GetLocalListVersion"] = reply
        asked = self.caller.submit(self.server.request, "POST", f"{self.path}/read")
        assert self.line.serve() == ("GetLocalListVersion", {})
        return asked.result()

    def entry(self, token: str, status: str = "Accepted", group: str = "") -> dict[str, Any]:
        """An entry in the version's words."""
        if self.version == "1.6":
            info: dict[str, Any] = {"status": status}
            return {"idTag": token, "idTagInfo": info | ({"parentIdTag": group} if group else {})}
        info = {"status": status}
        if group:
            info["groupIdToken"] = {"idToken": group, "type": "Central"}
        return {"idToken": {"idToken": token, "type": "ISO14443"}, "idTokenInfo": info}

    def removal(self, token: str) -> dict[str, Any]:
        """A token taken off, in the version's words."""
        if self.version == "1.6":
            return {"idTag": token}
        return {"idToken": {"idToken": token, "type": "ISO14443"}}


@pytest.fixture
def bench(running: RunningCsms, version: str, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """See `Bench`; its charger has booted."""
    identity = f"L-{crc32(request.node.name.encode())}"
    kind: Any = Charger if version == "1.6" else NewerCharger
    url = running.ocpp_url(identity)
    with kind.connect(url, None, (f"ocpp{version}",)) as line, ThreadPoolExecutor(1) as caller:
        line.boot()
        yield Bench(running, identity, version, line, caller)


@every
def test_tc_043_4_tc_d_01_full(bench: Bench) -> None:
    """TC_043_4, TC_D_01: a full list is sent and confirmed."""
    assert bench.put({"id_token": "A"}, {"id_token": "B"})["status"] == "stale"
    told, (sent,) = bench.sync()
    assert sent == {
        bench.number: 1,
        "updateType": "Full",
        "localAuthorizationList": [bench.entry("A"), bench.entry("B")],
    }
    assert (told["status"], told["version"], told["entries"]) == ("synced", 1, 2)


@every
def test_tc_043_5_tc_d_02_differential_update(bench: Bench) -> None:
    """TC_043_5, TC_D_02: only what is new or different is sent, under a higher version."""
    bench.put({"id_token": "A"}, {"id_token": "B"})
    bench.sync()
    bench.put({"id_token": "A"}, {"id_token": "B", "status": "Blocked"}, {"id_token": "C"})
    told, (sent,) = bench.sync()
    assert sent == {
        bench.number: 2,
        "updateType": "Differential",
        "localAuthorizationList": [bench.entry("B", "Blocked"), bench.entry("C")],
    }
    assert (told["status"], told["version"]) == ("synced", 2)


@every
def test_tc_d_03_tc_n_46_differential_remove(bench: Bench) -> None:
    """TC_D_03, TC_N_46: a token is taken off, also when a customer's data are cleared."""
    bench.put({"id_token": "A"}, {"id_token": "B"})
    bench.sync()
    bench.server.request("PATCH", bench.path, {"remove": ["a"]})
    told, (sent,) = bench.sync()
    assert sent["localAuthorizationList"] == [bench.removal("A")]
    assert (sent["updateType"], told["status"], told["entries"]) == ("Differential", "synced", 1)


@every
def test_tc_d_04_full_with_empty_list(bench: Bench) -> None:
    """TC_D_04: an empty list clears the station's."""
    bench.put()
    told, (sent,) = bench.sync()
    assert sent["updateType"] == "Full"
    assert not sent.get("localAuthorizationList")
    assert told["status"] == "synced"


@every
@pytest.mark.parametrize("word", ["Failed", "VersionMismatch"])
def test_refused_change_is_followed_by_full(bench: Bench, word: str) -> None:
    """A change that is refused is followed by the whole list (D01, 1.6 §5.15)."""
    bench.put({"id_token": "A"})
    bench.sync()
    bench.put({"id_token": "B"})
    told, sent = bench.sync(word, "Accepted")
    assert [each["updateType"] for each in sent] == ["Differential", "Full"]
    assert [each[bench.number] for each in sent] == [2, 3]
    assert (told["status"], told["version"]) == ("synced", 3)


@every
def test_tc_043_3_failed(bench: Bench) -> None:
    """TC_043_3: a full list that fails has failed."""
    bench.put({"id_token": "A"})
    told, _ = bench.sync("Failed")
    assert (told["status"], told["version"], told["detail"]) == ("failed", None, "Failed")


@oldest
def test_tc_043_1_not_supported(bench: Bench) -> None:
    """TC_043_1: a station without lists says so."""
    bench.put({"id_token": "A"})
    told, _ = bench.sync("NotSupported")
    assert told["status"] == "unsupported"


@oldest
def test_tc_042_1_version_not_supported(bench: Bench) -> None:
    """TC_042_1: -1 is the version of no list at all."""
    answer = bench.read({"listVersion": -1})
    assert answer.body["status"] == "unsupported"
    assert bench.server.get(bench.path)["reported_version"] == -1


@every
def test_tc_042_2_tc_d_09_version_of_no_list(bench: Bench) -> None:
    """TC_042_2, TC_D_09: 0 is the version of an empty list; what is wanted is sent again."""
    bench.put({"id_token": "A"})
    bench.sync()
    assert bench.read({bench.number: 0}).body["status"] == "accepted"
    told = bench.server.get(bench.path)
    assert (told["reported_version"], told["version"], told["status"]) == (0, 0, "stale")
    told, (sent,) = bench.sync()
    assert (sent["updateType"], sent[bench.number]) == ("Full", 2)


@every
def test_tc_d_08_version(bench: Bench) -> None:
    """TC_D_08: the version that was confirmed is what the station still has."""
    bench.put({"id_token": "A"})
    bench.sync()
    assert bench.read({bench.number: 1}).body["response"] == {bench.number: 1}
    told = bench.server.get(bench.path)
    assert (told["reported_version"], told["status"]) == (1, "synced")


@every
@pytest.mark.parametrize(
    "status",
    [pytest.param("Accepted", id="TC_C_40"), pytest.param("Invalid", id="TC_C_43")],
)
def test_tc_c_40_tc_c_43_groups(bench: Bench, status: str) -> None:
    """TC_C_40, TC_C_43: tokens of a group, good or not, are in the list with it."""
    bench.put(
        {"id_token": "A", "group_id": "GROUP"},
        {"id_token": "B", "group_id": "GROUP", "status": status},
    )
    _, (sent,) = bench.sync()
    assert sent["localAuthorizationList"] == [
        bench.entry("A", group="GROUP"),
        bench.entry("B", status, "GROUP"),
    ]


@every
def test_raw_message_has_the_same_consequences(bench: Bench) -> None:
    """A list that is written in OCPP's own words is known to be there all the same."""
    payload = {
        bench.number: 5,
        "updateType": "Full",
        "localAuthorizationList": [bench.entry("A")],
    }
    bench.line.replies["SendLocalList"] = {"status": "Accepted"}
    path = f"/api/v1/stations/{bench.identity}/commands"
    body = {"action": "SendLocalList", "payload": payload}
    asked = bench.caller.submit(bench.server.request, "POST", path, body)
    assert bench.line.serve() == ("SendLocalList", payload)
    assert asked.result().body["status"] == "accepted"
    told = bench.server.get(bench.path)
    assert (told["status"], told["version"]) == ("unmanaged", 5)
    bench.put({"id_token": "A"}, {"id_token": "B"})
    _, (sent,) = bench.sync()
    assert sent == {
        bench.number: 6,
        "updateType": "Differential",
        "localAuthorizationList": [bench.entry("B")],
    }
    (item,) = bench.server.get(f"{bench.path}/entries?id_token=b")["items"]
    assert item["wanted"] == item["held"]


def test_tokens_are_followed(own_server: Any) -> None:
    """A list made of tokens is sent by itself, after a boot and when tokens change."""
    server: RunningCsms = own_server(CSMS__JOBS__INTERVAL_S="0.3")
    path = "/api/v1/stations/L-TOKENS/local-list"
    server.request("PUT", "/api/v1/tokens/ONE", {})
    with Charger.connect(server.ocpp_url("L-TOKENS")) as line:
        line.replies = {
            "SendLocalList": {"status": "Accepted"},
            "GetLocalListVersion": {"listVersion": 0},
        }
        line.boot()
        assert server.request("PUT", path, {"source": "tokens"}).body["entries"] == 1
        while (heard := line.serve())[0] != "SendLocalList":
            assert heard[0] == "GetLocalListVersion"
        assert [each["idTag"] for each in heard[1]["localAuthorizationList"]] == ["ONE"]
        server.until(path, lambda told: told["status"] == "synced")
        server.request("PATCH", "/api/v1/tokens/ONE", {"blocked": True})
        server.request("PUT", "/api/v1/tokens/TWO", {})
        taken_off = False
        while not taken_off:
            _, payload = line.serve()
            changes = payload.get("localAuthorizationList", [])
            taken_off = {"idTag": "ONE"} in changes
        server.until(path, lambda told: told["status"] == "synced" and told["entries"] == 1)
