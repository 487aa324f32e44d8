"""Priority charging, power given back, and DER controls, through the real process (2.1)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import attrs
import pytest

from csms.testing.charger import NewerCharger, stamp
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

ACCEPTED = {"status": "Accepted"}
FIXED = {"priority": 1, "displacement": 0.9, "excitation": True}


class Newest(NewerCharger):
    """A charger of OCPP 2.1."""

    @classmethod
    def spoken(cls) -> tuple[str, ...]:
        return ("ocpp2.1",)


@attrs.define
class Talk:
    """A caller of the API and a charger, in step."""

    server: RunningCsms
    cp: Newest
    identity: str
    caller: ThreadPoolExecutor

    def hear(
        self, reply: dict[str, Any], action: str, path: str, body: object, method: str = "POST"
    ) -> tuple[dict[str, Any], Any]:
        """What the charger is asked, and what the caller is answered."""
        self.cp.replies = {action: reply}
        asked = self.caller.submit(self.server.request, method, f"/api/v1/{path}", body)
        said, payload = self.cp.serve()
        assert said == action, (said, payload)
        return payload, asked.result().body

    def held(self) -> list[Any]:
        path = f"/api/v1/stations/{self.identity}/der-controls"
        found: list[Any] = self.server.get(path)["items"]
        return found

    def session(self) -> str:
        path = f"/api/v1/sessions?station={self.identity}&status=active"
        session: str = self.server.get(path)["items"][0]["id"]
        return session


@contextmanager
def talk(server: RunningCsms, identity: str) -> Iterator[Talk]:
    with ThreadPoolExecutor(1) as caller, Newest.connect(server.ocpp_url(identity)) as cp:
        cp.boot()
        yield Talk(server, cp, identity, caller)


def test_tc_k_118_priority_charging(server: RunningCsms) -> None:
    """TC_K_118: asked for over REST, for the transaction of the session; what the station tells
    of it is kept with the session."""
    with talk(server, "EN-K-118") as t:
        transaction = t.cp.start()
        session = t.session()
        path = f"sessions/{session}/priority"
        sent, answer = t.hear(ACCEPTED, "UsePriorityCharging", path, {"activate": True})
        assert sent == {"transactionId": transaction, "activate": True}
        assert (answer["status"], answer["session_id"]) == ("accepted", session)
        _, answer = t.hear({"status": "NoProfile"}, "UsePriorityCharging", path, {"activate": True})
        assert (answer["status"], answer["detail"]) == ("rejected", "NoProfile")
        told = {"transactionId": transaction, "activated": False}
        assert t.cp.call("NotifyPriorityCharging", told) == {}
        (event,) = server.get("/api/v1/stations/EN-K-118/events?kind=priority_charging")["items"]
        assert (event["session_id"], event["content"]["activated"]) == (session, False)
        t.cp.stop(transaction, 2000)
        late = server.request("POST", f"/api/v1/{path}", {"activate": True})
        assert (late.status, late.body["code"]) == (409, "session_ended")


def test_tc_q_102_allowed_energy_transfer(server: RunningCsms) -> None:
    """TC_Q_102: in which ways energy may flow is in the answer to Authorize of a token that is
    good, and in no other."""
    path, ways = "/api/v1/tokens/Q102", ["DC_BPT", "DC"]
    assert server.request("PUT", path, {"allowed_energy_transfer": ways}).status == 201
    asked = {"idToken": {"idToken": "q102", "type": "eMAID"}}
    with talk(server, "EN-Q-102") as t:
        assert t.cp.call("Authorize", asked) == {
            "idTokenInfo": {"status": "Accepted"},
            "allowedEnergyTransfer": ways,
        }
        assert server.request("PATCH", path, {"blocked": True}).status == 200
        assert t.cp.call("Authorize", asked) == {"idTokenInfo": {"status": "Blocked"}}


def test_allowed_energy_transfer_told_anew(server: RunningCsms) -> None:
    """The ways that a session may draw or give energy are told anew (Q01)."""
    with talk(server, "EN-Q-01") as t:
        transaction = t.cp.start()
        sent, answer = t.hear(
            ACCEPTED,
            "NotifyAllowedEnergyTransfer",
            f"sessions/{t.session()}/allowed-energy-transfer",
            {"modes": ["AC_BPT", "AC_three_phase"]},
        )
        assert sent == {
            "transactionId": transaction,
            "allowedEnergyTransfer": ["AC_BPT", "AC_three_phase"],
        }
        assert answer["status"] == "accepted"


def test_tc_q_120_afrr_signal(server: RunningCsms) -> None:
    """TC_Q_120: a signal of the frequency reserve, at a time or now."""
    with talk(server, "EN-Q-120") as t:
        path = "stations/EN-Q-120/afrr-signal"
        body = {"signal": -2, "at": "2026-03-01T13:00:00+01:00"}
        sent, _ = t.hear(ACCEPTED, "AFRRSignal", path, body)
        assert sent == {"timestamp": "2026-03-01T12:00:00.000Z", "signal": -2}
        sent, answer = t.hear({"status": "Rejected"}, "AFRRSignal", path, {"signal": 1})
        assert (sent["signal"], answer["status"]) == (1, "rejected")


def test_tc_r_107_der_controls(server: RunningCsms) -> None:
    """TC_R_107: set, superseded, started, told and cleared."""
    with talk(server, "EN-R-107") as t:
        path = "stations/EN-R-107/der-controls"
        body = {
            "control_id": "c1",
            "control_type": "FixedPFAbsorb",
            "is_default": True,
            "settings": FIXED,
        }
        sent, _ = t.hear(ACCEPTED, "SetDERControl", path, body, "PUT")
        assert sent == {
            "controlId": "c1",
            "controlType": "FixedPFAbsorb",
            "isDefault": True,
            "fixedPFAbsorb": FIXED,
        }
        reply = {"status": "Accepted", "supersededIds": ["c1"]}
        sent, _ = t.hear(reply, "SetDERControl", path, {**body, "control_id": "c2"}, "PUT")
        held = {each["control_id"]: each for each in t.held()}
        assert held["c1"]["is_superseded"] is True
        assert held["c2"]["settings"] == FIXED
        started = {"controlId": "c2", "started": True, "timestamp": stamp()}
        assert t.cp.call("NotifyDERStartStop", started) == {}
        assert [each["started"] for each in t.held()] == [None, True]
        sent, _ = t.hear(ACCEPTED, "GetDERControl", f"{path}/report", {"is_default": True})
        control = {"id": "c2", "isDefault": True, "isSuperseded": False, "fixedPF": FIXED}
        report = {"requestId": sent["requestId"], "fixedPFAbsorb": [control]}
        assert t.cp.call("ReportDERControl", report) == {}
        (control,) = t.held()
        assert (control["control_id"], control["started"]) == ("c2", True)
        found = server.get(f"/api/v1/stations/EN-R-107/reports/{sent['requestId']}")
        assert (found["status"], found["kind"]) == ("complete", "der_controls")
        clear = f"{path}?is_default=true&control_type=FixedPFAbsorb"
        sent, _ = t.hear(ACCEPTED, "ClearDERControl", clear, None, "DELETE")
        assert sent == {"isDefault": True, "controlType": "FixedPFAbsorb"}
        assert t.held() == []


def test_tc_r_108_der_alarm(server: RunningCsms) -> None:
    """TC_R_108: an alarm and its end are kept with their severity."""
    with talk(server, "EN-R-108") as t:
        alarm = {"controlType": "HVMustTrip", "gridEventFault": "OverVoltage"}
        assert t.cp.call("NotifyDERAlarm", {**alarm, "timestamp": stamp()}) == {}
        ended = {**alarm, "timestamp": stamp(), "alarmEnded": True}
        assert t.cp.call("NotifyDERAlarm", ended) == {}
        events = server.get("/api/v1/stations/EN-R-108/events?kind=der_alarm")["items"]
        assert {(each["severity"], each["content"]["ended"]) for each in events} == {
            (2, False),
            (8, True),
        }


def test_raw_messages_have_the_same_consequences(server: RunningCsms) -> None:
    """Through the route for any message a control is held as well."""
    with talk(server, "EN-RAW") as t:
        payload = {
            "controlId": "c1",
            "controlType": "FixedPFAbsorb",
            "isDefault": True,
            "fixedPFAbsorb": FIXED,
        }
        body = {"action": "SetDERControl", "payload": payload}
        sent, _ = t.hear(ACCEPTED, "SetDERControl", "stations/EN-RAW/commands", body)
        assert sent == payload
        assert [each["control_id"] for each in t.held()] == ["c1"]
