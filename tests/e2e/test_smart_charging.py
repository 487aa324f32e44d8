"""Charging profiles and what follows from them, through the real process, for every version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from csms.testing.charger import Charger, NewerCharger, stamp
from csms.testing.process import RunningCsms

pytestmark = pytest.mark.e2e

DEFAULT: dict[str, Any] = {
    "stack_level": 0,
    "purpose": "TxDefaultProfile",
    "kind": "Relative",
    "schedules": [{"unit": "A", "periods": [{"start_period": 0, "limit": 16}]}],
}
OWN: dict[str, Any] = {**DEFAULT, "purpose": "TxProfile"}
MOST: dict[str, Any] = {
    **DEFAULT,
    "purpose": "ChargingStationMaxProfile",
    "kind": "Absolute",
    "schedules": [
        {
            "unit": "A",
            "start_at": "2026-01-01T00:00:00Z",
            "periods": [{"start_period": 0, "limit": 63}],
        }
    ],
}
DAILY: dict[str, Any] = {
    **DEFAULT,
    "kind": "Recurring",
    "recurrency": "Daily",
    "schedules": [
        {
            "unit": "A",
            "start_at": "2026-01-01T08:00:00Z",
            "duration": 43_200,
            "periods": [{"start_period": 0, "limit": 10}, {"start_period": 3600, "limit": 20}],
        }
    ],
}


@attrs.define
class Talk:
    """A caller of the API and a charger, in step."""

    server: RunningCsms
    cp: Any
    identity: str
    caller: ThreadPoolExecutor

    def ask(self, what: str, body: object = None, method: str = "POST") -> Future[Any]:
        path = f"/api/v1/stations/{self.identity}/{what}"
        return self.caller.submit(self.server.request, method, path, body)

    def hear(
        self,
        reply: dict[str, Any],
        action: str,
        what: str,
        body: object = None,
        method: str = "POST",
    ) -> tuple[dict[str, Any], Any]:
        """What the charger is asked, and what the caller is answered."""
        self.cp.replies = {action: reply}
        asked = self.ask(what, body, method)
        said, payload = self.cp.serve()
        assert said == action, (said, payload)
        return payload, asked.result().body

    def held(self, what: str = "charging-profiles") -> list[Any]:
        found: list[Any] = self.server.get(f"/api/v1/stations/{self.identity}/{what}")["items"]
        return found


ACCEPTED = {"status": "Accepted"}


class Newest(NewerCharger):
    """A charger of OCPP 2.1."""

    @classmethod
    def spoken(cls) -> tuple[str, ...]:
        return ("ocpp2.1",)


VERSIONS = [pytest.param(NewerCharger, id="2.0.1"), pytest.param(Newest, id="2.1")]


@contextmanager
def talk(server: RunningCsms, kind: Any, identity: str) -> Iterator[Talk]:
    with ThreadPoolExecutor(1) as caller, kind.connect(server.ocpp_url(identity)) as cp:
        cp.boot()
        yield Talk(server, cp, identity, caller)


def test_tc_056_tx_default_profile(server: RunningCsms) -> None:
    """TC_056: a TxDefaultProfile reaches a 1.6 station, and is listed."""
    with talk(server, Charger, "SC-056") as t:
        sent, answer = t.hear(
            ACCEPTED,
            "SetChargingProfile",
            "charging-profiles",
            {"evse_id": 1, "profile": DAILY},
        )
        assert answer["status"] == "accepted"
        profile = sent["csChargingProfiles"]
        assert profile == {
            "chargingProfileId": answer["payload"]["ref"],
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Recurring",
            "recurrencyKind": "Daily",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "startSchedule": "2026-01-01T08:00:00.000Z",
                "duration": 43_200,
                "chargingSchedulePeriod": [
                    {"startPeriod": 0, "limit": 10.0},
                    {"startPeriod": 3600, "limit": 20.0},
                ],
            },
        }
        (held,) = t.held()
        assert (held["evse_id"], held["origin"]) == (1, "set")
        assert held["profile"]["id"] == profile["chargingProfileId"]


def test_tc_057_tx_profile(server: RunningCsms) -> None:
    """TC_057: a TxProfile is for the session that runs on the connector, and ends with it."""
    with talk(server, Charger, "SC-057") as t:
        none = t.ask("charging-profiles", {"evse_id": 1, "profile": OWN}).result()
        assert (none.status, none.body["code"]) == (409, "no_open_session")
        number = t.cp.start()
        sent, answer = t.hear(
            ACCEPTED, "SetChargingProfile", "charging-profiles", {"evse_id": 1, "profile": OWN}
        )
        assert sent["connectorId"] == 1
        assert sent["csChargingProfiles"]["transactionId"] == number
        assert answer["session_id"] is not None
        assert len(t.held()) == 1
        t.cp.stop(number, 2000)
        server.until("/api/v1/stations/SC-057/charging-profiles", lambda found: not found["items"])
        late = t.ask(
            "charging-profiles", {"session_id": answer["session_id"], "profile": OWN}
        ).result()
        assert (late.status, late.body["code"]) == (409, "session_ended")


def test_tc_059_remote_start_with_charging_profile(server: RunningCsms) -> None:
    """TC_059: the profile travels without a transaction, and becomes that of the session."""
    with talk(server, Charger, "SC-059") as t:
        sent, answer = t.hear(
            ACCEPTED,
            "RemoteStartTransaction",
            "remote-start",
            {"id_token": "APP", "evse_id": 1, "charging_profile": OWN},
        )
        assert sent["chargingProfile"]["chargingProfilePurpose"] == "TxProfile"
        assert "transactionId" not in sent["chargingProfile"]
        (held,) = t.held()
        assert held["operation_id"] == answer["id"]
        number = t.cp.start("APP")
        server.until(
            "/api/v1/stations/SC-059/charging-profiles",
            lambda found: found["items"][0]["profile"].get("transaction_ref") == str(number),
        )
        t.cp.stop(number, 2000)
        server.until("/api/v1/stations/SC-059/charging-profiles", lambda found: not found["items"])


def test_tc_066_composite_schedule(server: RunningCsms) -> None:
    """TC_066: what a 1.6 station says follows from its profiles, and what follows in truth."""
    with talk(server, Charger, "SC-066") as t:
        t.hear(ACCEPTED, "SetChargingProfile", "charging-profiles", {"evse_id": 0, "profile": MOST})
        t.hear(
            ACCEPTED,
            "SetChargingProfile",
            "charging-profiles",
            {"evse_id": 1, "profile": DEFAULT},
        )
        schedule = {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}],
            "duration": 600,
        }
        sent, answer = t.hear(
            {
                "status": "Accepted",
                "connectorId": 1,
                "scheduleStart": stamp(),
                "chargingSchedule": schedule,
            },
            "GetCompositeSchedule",
            "composite-schedule",
            {"evse_id": 1, "duration_s": 600, "unit": "A"},
        )
        assert sent == {"connectorId": 1, "duration": 600, "chargingRateUnit": "A"}
        assert answer["reported"]["periods"] == answer["computed"]["periods"]
        assert answer["reported"]["periods"] == [{"start_period": 0, "limit": 16.0}]
        assert answer["reported"]["start_at"] == answer["computed"]["start_at"]
        refused = t.hear({"status": "Rejected"}, "GetCompositeSchedule", "composite-schedule")
        assert refused[1]["reported"] is None
        assert refused[1]["computed"]["periods"] == [{"start_period": 0, "limit": 63.0}]


def test_tc_067_clear_charging_profile(server: RunningCsms) -> None:
    """TC_067: by id, and by what it fits; what the station does not know is forgotten."""
    with talk(server, Charger, "SC-067") as t:
        for evse_id, level in ((1, 0), (1, 1), (0, 2)):
            t.hear(
                ACCEPTED,
                "SetChargingProfile",
                "charging-profiles",
                {"evse_id": evse_id, "profile": {**DEFAULT, "stack_level": level}},
            )
        first, second, third = (held["profile"]["id"] for held in t.held())
        sent, _ = t.hear(
            ACCEPTED, "ClearChargingProfile", f"charging-profiles/{first}", None, "DELETE"
        )
        assert sent == {"id": first}
        assert [held["profile"]["id"] for held in t.held()] == [second, third]
        sent, _ = t.hear(
            ACCEPTED,
            "ClearChargingProfile",
            "charging-profiles?purpose=TxDefaultProfile&stack_level=2",
            None,
            "DELETE",
        )
        assert sent == {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 2}
        assert [held["profile"]["id"] for held in t.held()] == [second]
        _, answer = t.hear(
            {"status": "Unknown"},
            "ClearChargingProfile",
            f"charging-profiles/{second}",
            None,
            "DELETE",
        )
        assert answer["status"] == "rejected"
        assert t.held() == []
        assert t.ask("charging-profiles", None, "DELETE").result().status == 422


def test_what_1_6_cannot_say_is_unsupported(server: RunningCsms) -> None:
    """With the reason; and nothing is dropped to make it fit."""
    with talk(server, Charger, "SC-16") as t:
        evse = {"evse_id": 1}
        odd = {**DEFAULT, "max_offline_duration": 60}
        for what, body, reason in (
            ("charging-profiles", {**evse, "profile": odd}, "no max_offline_duration"),
            ("charging-profiles/report", {}, "no report"),
            ("afrr-signal", {"signal": 1}, "no such message"),
        ):
            answer = t.ask(what, body).result()
            assert answer.body["status"] == "unsupported"
            assert reason in answer.body["detail"]
        assert t.held() == []


@pytest.mark.parametrize("kind", VERSIONS)
@pytest.mark.parametrize(
    ("evse_id", "profile"),
    [
        pytest.param(1, DEFAULT, id="TC_K_01"),
        pytest.param(0, MOST, id="TC_K_03"),
        pytest.param(0, DEFAULT, id="TC_K_10"),
        pytest.param(1, DAILY, id="TC_K_19"),
    ],
)
def test_tc_k_set_charging_profile(
    server: RunningCsms, kind: Any, evse_id: int, profile: dict[str, Any], request: Any
) -> None:
    """TC_K_01, TC_K_03, TC_K_10, TC_K_19: profiles of each purpose and kind are sent and held."""
    identity = f"SC-{request.node.callspec.id}"
    with talk(server, kind, identity) as t:
        sent, answer = t.hear(
            ACCEPTED,
            "SetChargingProfile",
            "charging-profiles",
            {"evse_id": evse_id, "profile": profile},
        )
        assert answer["status"] == "accepted"
        assert sent["evseId"] == evse_id
        whole = sent["chargingProfile"]
        assert whole["chargingProfilePurpose"] == profile["purpose"]
        assert whole["chargingProfileKind"] == profile["kind"]
        assert whole["chargingSchedule"][0]["id"] == 1
        assert [held["profile"]["id"] for held in t.held()] == [whole["id"]]


@pytest.mark.parametrize("kind", VERSIONS)
def test_tc_k_02_60_tx_profile(server: RunningCsms, kind: Any) -> None:
    """TC_K_02, TC_K_60: refused without a session; for that on the EVSE when there is one."""
    with talk(server, kind, f"SC-K-60-{kind.__name__}") as t:
        body = {"evse_id": 1, "profile": OWN}
        assert t.ask("charging-profiles", body).result().status == 409
        transaction = t.cp.start()
        sent, _ = t.hear(ACCEPTED, "SetChargingProfile", "charging-profiles", body)
        assert sent["chargingProfile"]["transactionId"] == transaction


@pytest.mark.parametrize("kind", VERSIONS)
def test_tc_k_15_not_supported(server: RunningCsms, kind: Any) -> None:
    """TC_K_15: a station without smart charging makes the operation unsupported."""
    with talk(server, kind, f"SC-K-15-{kind.__name__}") as t:
        asked = t.ask("charging-profiles", {"evse_id": 1, "profile": DEFAULT})
        t.cp.serve()
        assert asked.result().body["status"] == "unsupported"
        assert t.held() == []


@pytest.mark.parametrize("kind", VERSIONS)
def test_tc_k_04_70_replace_and_several(server: RunningCsms, kind: Any) -> None:
    """TC_K_04, TC_K_70: the same id replaces; one for the same under another id is refused."""
    with talk(server, kind, f"SC-K-04-{kind.__name__}") as t:

        def put(profile: dict[str, Any]) -> Any:
            body = {"evse_id": 1, "profile": profile}
            return t.hear(ACCEPTED, "SetChargingProfile", "charging-profiles", body)

        put({**DEFAULT, "id": 7})
        again = {"evse_id": 1, "profile": {**DEFAULT, "id": 8}}
        refused = t.ask("charging-profiles", again).result()
        assert (refused.status, refused.body["code"]) == (409, "profile_conflict")
        assert "profile 7" in refused.body["detail"]
        schedules = [{"unit": "W", "periods": [{"start_period": 0, "limit": 7000}]}]
        put({**DEFAULT, "id": 7, "schedules": schedules})
        put({**DEFAULT, "id": 8, "stack_level": 1})
        held = t.held()
        assert [each["profile"]["id"] for each in held] == [7, 8]
        assert held[0]["profile"]["schedules"][0]["unit"] == "W"


@pytest.mark.parametrize("kind", VERSIONS)
@pytest.mark.parametrize(
    ("body", "criterion"),
    [
        pytest.param({"evse_id": 0}, {"evseId": 0}, id="TC_K_29"),
        pytest.param({"evse_id": 1}, {"evseId": 1}, id="TC_K_30"),
        pytest.param({"stack_level": 0}, {"stackLevel": 0}, id="TC_K_31"),
        pytest.param({"profile_ids": [5]}, {"chargingProfileId": [5]}, id="TC_K_32"),
        pytest.param(
            {"evse_id": 1, "stack_level": 1}, {"evseId": 1, "stackLevel": 1}, id="TC_K_33"
        ),
        pytest.param(
            {"evse_id": 1, "sources": ["EMS"]},
            {"evseId": 1, "chargingLimitSource": ["EMS"]},
            id="TC_K_34",
        ),
        pytest.param(
            {"evse_id": 1, "purpose": "TxDefaultProfile"},
            {"evseId": 1, "chargingProfilePurpose": "TxDefaultProfile"},
            id="TC_K_35",
        ),
        pytest.param(
            {"evse_id": 1, "purpose": "TxDefaultProfile", "stack_level": 1},
            {"evseId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1},
            id="TC_K_36",
        ),
    ],
)
def test_tc_k_get_charging_profiles(
    server: RunningCsms,
    kind: Any,
    body: dict[str, Any],
    criterion: dict[str, Any],
    request: pytest.FixtureRequest,
) -> None:
    """TC_K_29 to TC_K_36: the filter as it was given; what is told is held, what is not is gone."""
    identity = f"SC-{request.node.callspec.id}"
    with talk(server, kind, identity) as t:
        sent, answer = t.hear(ACCEPTED, "GetChargingProfiles", "charging-profiles/report", body)
        evse = {"evseId": criterion["evseId"]} if "evseId" in criterion else {}
        inner = {name: value for name, value in criterion.items() if name != "evseId"}
        assert sent == {"requestId": sent["requestId"], **evse, "chargingProfile": inner}
        for number, more in ((5, True), (6, False)):
            told = {
                "id": number,
                "stackLevel": number,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": [
                    {
                        "id": 1,
                        "chargingRateUnit": "A",
                        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}],
                    }
                ],
            }
            payload = {
                "requestId": sent["requestId"],
                "chargingLimitSource": "CSO",
                "evseId": 1,
                "chargingProfile": [told],
                "tbc": more,
            }
            assert t.cp.call("ReportChargingProfiles", payload) == {}
        assert [held["profile"]["id"] for held in t.held()] == [5, 6]
        report = server.get(f"/api/v1/stations/{identity}/reports/{sent['requestId']}")
        assert report["status"] == "complete"
        assert answer["status"] == "accepted"


def test_a_report_takes_away_what_it_leaves_out(server: RunningCsms) -> None:
    """Of what was asked for; and where there is nothing to report, all of that is gone."""
    with talk(server, NewerCharger, "SC-K-GONE") as t:
        for evse_id in (1, 2):
            body = {"evse_id": evse_id, "profile": {**DEFAULT, "id": evse_id}}
            t.hear(ACCEPTED, "SetChargingProfile", "charging-profiles", body)
        report = "charging-profiles/report"
        sent, _ = t.hear(ACCEPTED, "GetChargingProfiles", report, {"evse_id": 1})
        told = {
            "id": 9,
            "stackLevel": 0,
            "chargingProfilePurpose": "ChargingStationExternalConstraints",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [
                {
                    "id": 1,
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}],
                }
            ],
        }
        t.cp.call(
            "ReportChargingProfiles",
            {
                "requestId": sent["requestId"],
                "chargingLimitSource": "EMS",
                "evseId": 1,
                "chargingProfile": [told],
            },
        )
        held = t.held()
        assert [each["profile"]["id"] for each in held] == [2, 9]
        assert [each["source"] for each in held] == ["CSO", "EMS"]
        t.hear({"status": "NoProfiles"}, "GetChargingProfiles", report, {})
        assert t.held() == []


@pytest.mark.parametrize("kind", VERSIONS)
def test_tc_k_05_06_08_clear(server: RunningCsms, kind: Any) -> None:
    """TC_K_05, TC_K_06, TC_K_08: by id, by what it fits, and where there is none."""
    with talk(server, kind, f"SC-K-05-{kind.__name__}") as t:
        for number in (1, 2):
            profile = {**DEFAULT, "id": number, "stack_level": number}
            body = {"evse_id": 1, "profile": profile}
            t.hear(ACCEPTED, "SetChargingProfile", "charging-profiles", body)
        clear = "ClearChargingProfile"
        sent, _ = t.hear(ACCEPTED, clear, "charging-profiles/1", None, "DELETE")
        assert sent == {"chargingProfileId": 1}
        what = "charging-profiles?purpose=TxDefaultProfile&stack_level=2&evse_id=1"
        sent, _ = t.hear(ACCEPTED, clear, what, None, "DELETE")
        criteria = {
            "evseId": 1,
            "chargingProfilePurpose": "TxDefaultProfile",
            "stackLevel": 2,
        }
        assert sent == {"chargingProfileCriteria": criteria}
        assert t.held() == []
        _, answer = t.hear({"status": "Unknown"}, clear, "charging-profiles/5", None, "DELETE")
        assert (answer["status"], answer["detail"]) == ("rejected", "Unknown")


@pytest.mark.parametrize("kind", VERSIONS)
def test_tc_k_37_remote_start_with_profile(server: RunningCsms, kind: Any) -> None:
    """TC_K_37: the profile has the number of the start where it has no id."""
    with talk(server, kind, f"SC-K-37-{kind.__name__}") as t:
        body = {"id_token": "APP", "evse_id": 1, "charging_profile": OWN}
        sent, _ = t.hear(ACCEPTED, "RequestStartTransaction", "remote-start", body)
        assert sent["chargingProfile"]["id"] == sent["remoteStartId"]
        assert "transactionId" not in sent["chargingProfile"]
        assert len(t.held()) == 1


@pytest.mark.parametrize("evse_id", [pytest.param(1, id="TC_K_43"), pytest.param(0, id="TC_K_44")])
@pytest.mark.parametrize("kind", VERSIONS)
def test_tc_k_composite_schedule(server: RunningCsms, evse_id: int, kind: Any) -> None:
    """TC_K_43, TC_K_44: of an EVSE and of the station."""
    with talk(server, kind, f"SC-K-43-{evse_id}-{kind.__name__}") as t:
        schedule = {
            "evseId": evse_id,
            "duration": 300,
            "scheduleStart": stamp(),
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11_000.0}],
        }
        sent, answer = t.hear(
            {"status": "Accepted", "schedule": schedule},
            "GetCompositeSchedule",
            "composite-schedule",
            {"evse_id": evse_id, "duration_s": 300},
        )
        assert sent == {"evseId": evse_id, "duration": 300}
        assert answer["reported"]["periods"] == [{"start_period": 0, "limit": 11_000.0}]
        assert answer["computed"]["periods"] == [{"start_period": 0}]
        assert answer["computed"]["unit"] == "W"


@pytest.mark.parametrize("kind", VERSIONS)
def test_tc_k_48_50_51_52_external_limits(server: RunningCsms, kind: Any) -> None:
    """TC_K_48, TC_K_50, TC_K_51, TC_K_52: limits of an EMS are held until it clears
    them, and computed with."""
    with talk(server, kind, f"SC-K-48-{kind.__name__}") as t:
        schedule = {
            "id": 1,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8}],
        }
        limit = {"chargingLimitSource": "EMS", "isGridCritical": True}
        payload = {"chargingLimit": limit, "chargingSchedule": [schedule], "evseId": 1}
        assert t.cp.call("NotifyChargingLimit", payload) == {}
        (held,) = t.held("charging-limits")
        assert (held["source"], held["evse_id"], held["is_grid_critical"]) == ("EMS", 1, True)
        _, answer = t.hear(
            {"status": "Rejected"}, "GetCompositeSchedule", "composite-schedule", {"evse_id": 1}
        )
        assert answer["computed"]["periods"] == [{"start_period": 0, "limit": 8.0}]
        assert t.cp.call("ClearedChargingLimit", {"chargingLimitSource": "EMS"}) == {}
        assert t.held("charging-limits") == []


NEEDS: dict[str, Any] = {
    "requestedEnergyTransfer": "AC_three_phase",
    "acChargingParameters": {
        "energyAmount": 20_000,
        "evMinCurrent": 6,
        "evMaxCurrent": 20,
        "evMaxVoltage": 400,
    },
}


@pytest.mark.parametrize("kind", VERSIONS)
def test_tc_k_53_55_57_vehicle(server: RunningCsms, kind: Any) -> None:
    """TC_K_53, TC_K_55, TC_K_57: a vehicle that tells its needs is sent a profile within all
    limits; one that exceeds it is refused and sent it again."""
    with talk(server, kind, f"SC-K-53-{kind.__name__}") as t:
        t.cp.replies = {"SetChargingProfile": ACCEPTED}
        transaction = t.cp.start()
        schedule = {
            "id": 1,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 12}],
        }
        limit = {"chargingLimitSource": "EMS"}
        t.cp.call("NotifyChargingLimit", {"chargingLimit": limit, "chargingSchedule": [schedule]})
        told = {"evseId": 1, "maxScheduleTuples": 3, "chargingNeeds": NEEDS}
        assert t.cp.call("NotifyEVChargingNeeds", told) == ACCEPTED
        action, sent = t.cp.serve()
        assert (action, sent["evseId"]) == ("SetChargingProfile", 1)
        profile = sent["chargingProfile"]
        assert (profile["chargingProfilePurpose"], profile["transactionId"]) == (
            "TxProfile",
            transaction,
        )
        (offer,) = profile["chargingSchedule"]
        assert [each["limit"] for each in offer["chargingSchedulePeriod"]] == [12.0]
        server.until(
            f"/api/v1/stations/{t.identity}/charging-profiles", lambda found: found["items"]
        )
        chosen = {**schedule, "startSchedule": stamp()}
        answer = t.cp.call(
            "NotifyEVChargingSchedule",
            {"timeBase": stamp(), "evseId": 1, "chargingSchedule": chosen},
        )
        assert answer == ACCEPTED
        too_much = [{"startPeriod": 0, "limit": 16}]
        answer = t.cp.call(
            "NotifyEVChargingSchedule",
            {
                "timeBase": stamp(),
                "evseId": 1,
                "chargingSchedule": {**chosen, "chargingSchedulePeriod": too_much},
            },
        )
        assert answer == {"status": "Rejected"}
        action, again = t.cp.serve()
        assert (action, again) == ("SetChargingProfile", sent)
        (needs,) = t.held("ev-charging-needs")
        assert (needs["answer"], needs["max_tuples"]) == ("Accepted", 3)
        assert needs["needs"]["ac_charging_parameters"]["ev_max_current"] == 20
        # The vehicle wants something else (TC_K_57): the same profile is replaced.
        assert t.cp.call("NotifyEVChargingNeeds", told) == ACCEPTED
        _, anew = t.cp.serve()
        assert anew["chargingProfile"]["id"] == profile["id"]


@pytest.mark.parametrize("kind", VERSIONS)
def test_tc_k_58_113_renegotiation_by_the_server(server: RunningCsms, kind: Any) -> None:
    """TC_K_58, TC_K_113, TC_K_117: the profile of a session is replaced while it runs, and the
    vehicle's answer to it is held against the new one."""
    with talk(server, kind, f"SC-K-58-{kind.__name__}") as t:
        t.cp.start()
        for limit, wants, status in ((16.0, 16, "Accepted"), (8.0, 16, "Rejected")):
            schedules = [{"unit": "A", "periods": [{"start_period": 0, "limit": limit}]}]
            profile = {**OWN, "id": 70, "schedules": schedules}
            body = {"evse_id": 1, "profile": profile}
            sent, _ = t.hear(ACCEPTED, "SetChargingProfile", "charging-profiles", body)
            assert sent["chargingProfile"]["id"] == 70
            schedule = {
                "id": 1,
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": wants}],
            }
            told = {"timeBase": stamp(), "evseId": 1, "chargingSchedule": schedule}
            assert t.cp.call("NotifyEVChargingSchedule", told) == {"status": status}
        assert t.cp.serve()[1] == sent


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        pytest.param("reject", "Rejected", id="TC_Q_103"),
        pytest.param("none", "NoChargingProfile", id="TC_K_126"),
    ],
)
def test_tc_needs_that_get_no_profile(
    own_server: Callable[..., RunningCsms], policy: str, status: str
) -> None:
    """TC_Q_103, TC_K_126: by the server's policy."""
    with talk(own_server(CSMS__CHARGING__EV_NEEDS=policy), Newest, "SC-NO") as t:
        t.cp.start()
        told = {"evseId": 1, "chargingNeeds": NEEDS}
        assert t.cp.call("NotifyEVChargingNeeds", told) == {"status": status}
        assert t.held("ev-charging-needs")[0]["answer"] == status


@pytest.mark.parametrize("kind", VERSIONS)
def test_tc_k_59_needs_before_the_session(server: RunningCsms, kind: Any) -> None:
    """TC_K_59: needs that are told before there is a transaction are answered when there is one."""
    with talk(server, kind, f"SC-K-59-{kind.__name__}") as t:
        t.cp.replies = {"SetChargingProfile": ACCEPTED}
        told = {"evseId": 1, "chargingNeeds": NEEDS}
        assert t.cp.call("NotifyEVChargingNeeds", told) == {"status": "Processing"}
        transaction = t.cp.start()
        _, sent = t.cp.serve()
        assert sent["chargingProfile"]["transactionId"] == transaction
        (offer,) = sent["chargingProfile"]["chargingSchedule"]
        assert [each["limit"] for each in offer["chargingSchedulePeriod"]] == [20.0]


def test_tc_k_114_renegotiation_by_a_vehicle_that_gives_back(server: RunningCsms) -> None:
    """TC_K_114: what it can take counts, in W."""
    needs = {
        "requestedEnergyTransfer": "DC_BPT",
        "controlMode": "ScheduledControl",
        "v2xChargingParameters": {"maxChargePower": 7000.0, "maxDischargePower": 5000.0},
    }
    with talk(server, Newest, "SC-K-114") as t:
        t.cp.replies = {"SetChargingProfile": ACCEPTED}
        t.cp.start()
        told = {"evseId": 1, "chargingNeeds": needs}
        assert t.cp.call("NotifyEVChargingNeeds", told) == ACCEPTED
        (offer,) = t.cp.serve()[1]["chargingProfile"]["chargingSchedule"]
        assert offer["chargingRateUnit"] == "W"
        assert [each["limit"] for each in offer["chargingSchedulePeriod"]] == [7000.0]


def test_tc_k_109_ids_of_the_stations_own_profiles(server: RunningCsms) -> None:
    """TC_K_109: what the station told of itself bounds what it is sent."""

    def variable(name: str, value: str) -> dict[str, Any]:
        return {
            "component": {"name": "SmartChargingCtrlr"},
            "variable": {"name": name},
            "variableAttribute": [{"value": value}],
        }

    with talk(server, Newest, "SC-K-109") as t:
        told = [variable("MaxExternalConstraintsId", "5000000"), variable("ProfileStackLevel", "3")]
        report = {"requestId": 1, "generatedAt": stamp(), "seqNo": 0, "reportData": told}
        assert t.cp.call("NotifyReport", report) == {}
        profile = {name: value for name, value in DEFAULT.items() if name != "id"}
        body = {"evse_id": 1, "profile": profile}
        sent, _ = t.hear(ACCEPTED, "SetChargingProfile", "charging-profiles", body)
        assert sent["chargingProfile"]["id"] == 5_000_001
        high = {"evse_id": 1, "profile": {**profile, "stack_level": 4}}
        assert t.ask("charging-profiles", high).result().body["field"] == "profile.stack_level"


DYNAMIC: dict[str, Any] = {
    "id": 40,
    "stack_level": 0,
    "purpose": "TxDefaultProfile",
    "kind": "Dynamic",
    "dyn_update_interval": 30,
    "schedules": [
        {
            "unit": "W",
            "periods": [
                {"start_period": 0, "setpoint": 3000.0, "operation_mode": "CentralSetpoint"}
            ],
        }
    ],
}


@pytest.mark.parametrize(
    ("more", "wire"),
    [
        pytest.param({"max_offline_duration": 60}, {"maxOfflineDuration": 60}, id="TC_K_100"),
        pytest.param(
            {"invalid_after_offline_duration": True},
            {"invalidAfterOfflineDuration": True},
            id="offline",
        ),
        pytest.param({"purpose": "PriorityCharging"}, {}, id="TC_K_104"),
    ],
)
def test_tc_k_profiles_of_2_1(
    server: RunningCsms, more: dict[str, Any], wire: dict[str, Any], request: Any
) -> None:
    """TC_K_100, TC_K_104: what 2.1 adds to a profile is sent by its own names."""
    with talk(server, Newest, f"SC-{request.node.callspec.id}") as t:
        sent, answer = t.hear(
            ACCEPTED,
            "SetChargingProfile",
            "charging-profiles",
            {"evse_id": 1, "profile": {**DEFAULT, **more}},
        )
        assert answer["status"] == "accepted"
        assert sent["chargingProfile"].items() >= wire.items()


@pytest.mark.parametrize(
    ("schedule", "wire"),
    [
        pytest.param(
            {"limit_at_soc": {"soc": 80, "limit": 6.0}},
            {"limitAtSoC": {"soc": 80, "limit": 6.0}},
            id="TC_K_102",
        ),
        pytest.param({"randomized_delay": 60}, {"randomizedDelay": 60}, id="TC_K_106"),
    ],
)
def test_tc_k_schedules_of_2_1(
    server: RunningCsms, schedule: dict[str, Any], wire: dict[str, Any], request: Any
) -> None:
    """TC_K_102, TC_K_106: what 2.1 adds to a schedule; 2.0.1 has no words for it."""
    profile = {**DEFAULT, "schedules": [{**DEFAULT["schedules"][0], **schedule}]}
    body = {"evse_id": 1, "profile": profile}
    with talk(server, Newest, f"SC-{request.node.callspec.id}") as t:
        sent, _ = t.hear(ACCEPTED, "SetChargingProfile", "charging-profiles", body)
        assert sent["chargingProfile"]["chargingSchedule"][0].items() >= wire.items()
    with talk(server, NewerCharger, f"SC-{request.node.callspec.id}-") as t:
        answer = t.ask("charging-profiles", body).result()
        assert answer.body["status"] == "unsupported"


@pytest.mark.parametrize(
    ("period", "wire"),
    [
        pytest.param(
            {"operation_mode": "ChargingOnly", "limit": 3000.0, "limit_l2": 2000.0},
            {"operationMode": "ChargingOnly", "limit": 3000.0, "limit_L2": 2000.0},
            id="TC_Q_107",
        ),
        pytest.param(
            {"operation_mode": "CentralSetpoint", "setpoint": -3000.0},
            {"operationMode": "CentralSetpoint", "setpoint": -3000.0},
            id="TC_Q_108",
        ),
        pytest.param(
            {"operation_mode": "ExternalSetpoint", "limit": 7000.0, "discharge_limit": -7000.0},
            {"operationMode": "ExternalSetpoint", "limit": 7000.0, "dischargeLimit": -7000.0},
            id="TC_Q_111",
        ),
        pytest.param(
            {"operation_mode": "ExternalLimits", "limit": 7000.0},
            {"operationMode": "ExternalLimits", "limit": 7000.0},
            id="TC_Q_112",
        ),
        pytest.param(
            {"operation_mode": "CentralFrequency", "setpoint": 1.0, "discharge_limit": -1.0},
            {"operationMode": "CentralFrequency", "setpoint": 1.0, "dischargeLimit": -1.0},
            id="TC_Q_117",
        ),
        pytest.param(
            {
                "operation_mode": "LocalFrequency",
                "v2x_baseline": 0.0,
                "v2x_freq_watt_curve": [{"frequency": 49.9, "power": -5000.0}],
                "v2x_signal_watt_curve": [{"signal": 1, "power": 5000.0}],
            },
            {
                "operationMode": "LocalFrequency",
                "v2xBaseline": 0.0,
                "v2xFreqWattCurve": [{"frequency": 49.9, "power": -5000.0}],
                "v2xSignalWattCurve": [{"signal": 1, "power": 5000.0}],
            },
            id="TC_Q_121",
        ),
        pytest.param(
            {"operation_mode": "LocalLoadBalancing", "limit": 7000.0},
            {"operationMode": "LocalLoadBalancing", "limit": 7000.0},
            id="TC_Q_124",
        ),
    ],
)
def test_tc_q_operation_modes(
    server: RunningCsms, period: dict[str, Any], wire: dict[str, Any], request: Any
) -> None:
    """TC_K_101, TC_Q_107, TC_Q_108, TC_Q_111, TC_Q_112, TC_Q_117, TC_Q_121, TC_Q_124: what each
    mode of operation needs."""
    schedules = [{"unit": "W", "periods": [{"start_period": 0, **period}]}]
    body = {"evse_id": 1, "profile": {**DEFAULT, "schedules": schedules}}
    with talk(server, Newest, f"SC-{request.node.callspec.id}") as t:
        sent, _ = t.hear(ACCEPTED, "SetChargingProfile", "charging-profiles", body)
        (whole,) = sent["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"]
        assert whole == {"startPeriod": 0, **wire}


def test_tc_q_modes_exclude_figures(server: RunningCsms) -> None:
    """Q02.FR.02, Q03.FR.02: a mode does not come with the figures of another."""
    wrong = {"operation_mode": "CentralSetpoint", "setpoint": 1, "limit": 2}
    schedules = [{"unit": "W", "periods": [{"start_period": 0, **wrong}]}]
    body = {"evse_id": 1, "profile": {**DEFAULT, "schedules": schedules}}
    with talk(server, Newest, "SC-Q-WRONG") as t:
        answer = t.ask("charging-profiles", body).result()
        assert answer.status == 422
        assert answer.body["field"] == "profile.schedules[0].periods[0].limit"


def test_tc_k_121_q_109_110_dynamic(server: RunningCsms) -> None:
    """TC_K_121, TC_K_115, TC_K_117, TC_Q_109, TC_Q_110: figures pushed, and figures pulled."""
    with talk(server, Newest, "SC-K-121") as t:
        body = {"evse_id": 1, "profile": DYNAMIC}
        t.hear(ACCEPTED, "SetChargingProfile", "charging-profiles", body)
        pull = {"chargingProfileId": 40}
        assert t.cp.call("PullDynamicScheduleUpdate", pull) == {
            "status": "Accepted",
            "scheduleUpdate": {"setpoint": 3000.0},
        }
        what = "charging-profiles/40/dynamic"
        sent, _ = t.hear(ACCEPTED, "UpdateDynamicSchedule", what, {"update": {"setpoint": -2000}})
        assert sent == {**pull, "scheduleUpdate": {"setpoint": -2000.0}}
        answer = t.cp.call("PullDynamicScheduleUpdate", pull)
        assert answer["scheduleUpdate"] == {"setpoint": -2000.0}
        quiet = {"update": {"setpoint": 500, "setpoint_l2": 5}, "push": False}
        assert t.ask(what, quiet).result().status == 204
        answer = t.cp.call("PullDynamicScheduleUpdate", pull)
        assert answer["scheduleUpdate"] == {"setpoint": 500.0, "setpoint_L2": 5.0}
        unknown = t.cp.call("PullDynamicScheduleUpdate", {"chargingProfileId": 41})
        assert unknown == {
            "status": "Rejected",
            "statusInfo": {"reasonCode": "InvalidProfile"},
        }
        assert t.ask("charging-profiles/41/dynamic", quiet).result().status == 404


def test_a_vehicle_that_tells_when_it_leaves(server: RunningCsms) -> None:
    """Is offered a profile all the same, and its departure is kept."""
    leaves = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    with talk(server, Newest, "SC-LEAVE") as t:
        t.cp.replies = {"SetChargingProfile": ACCEPTED}
        t.cp.start()
        needs = {**NEEDS, "departureTime": leaves}
        assert t.cp.call("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": needs}) == (
            ACCEPTED
        )
        assert t.cp.serve()[0] == "SetChargingProfile"
        assert t.held("ev-charging-needs")[0]["needs"]["departure_time"].endswith("Z")
