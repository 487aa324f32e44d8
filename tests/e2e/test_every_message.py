"""Every message of every version, in both directions, through the real process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ocpp
import pytest

from csms.adapter.dialect import DIALECTS
from csms.adapter.v16.version import V16
from csms.adapter.v21.version import V21
from csms.adapter.v201.version import V201
from csms.testing.charger import Charger, NewerCharger
from csms.testing.examples import example
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

VERSIONS = {"1.6": V16, "2.0.1": V201, "2.1": V21}
FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
SCHEMAS = Path(ocpp.__file__).parent
PLAIN = {"1.6": "", "2.0.1": "Request", "2.1": "Request"}

FILLED: dict[str, dict[str, Any]] = {
    "ChangeAvailability": {"connectorId": 1},
    "RemoteStopTransaction": {"transactionId": 1},
    "RequestStartTransaction": {"idToken": {"idToken": "TAG", "type": "ISO14443"}},
    "SendLocalList": {"updateType": "Full"},
}
"""What the smallest payload that the schema allows gets wrong, by rules beside it."""


def schema(version: str, name: str) -> dict[str, Any]:
    """A schema file of the standard."""
    path = SCHEMAS / FOLDERS[version] / "schemas" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"))
    return found


def request_of(version: str, action: str) -> dict[str, Any]:
    """The smallest request."""
    document = schema(version, VERSIONS[version].request_schema(action))
    payload: dict[str, Any] = example(document)
    known = document["properties"]
    filled = {name: value for name, value in FILLED.get(action, {}).items() if name in known}
    return {**payload, **filled}


def charger(server: RunningCsms, version: str, identity: str) -> Charger | NewerCharger:
    """A station that is connected and accepted."""
    kind = Charger if version == "1.6" else NewerCharger
    line = kind.connect(server.ocpp_url(identity), subprotocols=(f"ocpp{version}",))
    assert line.boot()["status"] == "Accepted"
    return line


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_a_station_may_say_is_answered(server: RunningCsms, version: str) -> None:
    """With an answer that is legal by its schema; what is sent by SEND gets none."""
    dialect = VERSIONS[version]
    with charger(server, version, f"EVERY-IN-{version}") as line:
        for action, row in sorted(dialect.inbound.items()):
            payload = request_of(version, action)
            if row.one_way:
                line.tell(action, payload)
                continue
            answer = line.call(action, payload)
            flaw = dialect.schemas.flaw(f"{action}Response", answer)
            assert flaw is None, (action, answer, flaw)
        assert line.call("Heartbeat", {})["currentTime"]


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_a_station_may_be_asked_is_asked(server: RunningCsms, version: str) -> None:
    """By the raw route, as it is written; the station's answer comes back."""
    dialect = VERSIONS[version]
    identity = f"EVERY-OUT-{version}"
    with charger(server, version, identity) as line, line.serving():
        for action in sorted(dialect.outbound):
            payload = request_of(version, action)
            answer = example(schema(version, f"{action}Response"))
            line.replies[action] = answer
            body = {"action": action, "payload": payload}
            done = server.request("POST", f"/api/v1/stations/{identity}/commands", body)
            assert done.status == 200, (action, done)
            assert done.body["response"] == answer, (action, done)
        asked = list(line.asked)
        for action in sorted(dialect.outbound):
            # The server may have asked something of its own besides.
            assert (action, request_of(version, action)) in asked


def test_the_versions_are_those_of_the_server() -> None:
    """None is left out here."""
    assert {dialect.version for dialect in DIALECTS.values()} == set(VERSIONS)
