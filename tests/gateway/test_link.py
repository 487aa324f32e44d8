"""One connected station: what it says goes up in order, what it is told comes down."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from twisted.logger import capturedLogs

from csms.core.commands import Outcome, Raw, RemoteStart, Reset, Trigger
from csms.core.errors import Overloaded, Unavailable
from csms.core.replies import Acknowledged, BootAnswered, StartAnswered
from csms.core.reports import (
    AuthorizationAsked,
    Booted,
    Connected,
    ConnectorChanged,
    Disconnected,
    Metered,
    Quarantined,
    SessionStarted,
)
from csms.core.values import Registration, Strictness
from csms.core.variables.vocabulary import ReadVariables
from csms.gateway.settings import GatewaySettings
from csms.testing.gateway import MemoryCharger, MemoryGateway, RecordingIntake, client_frame

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 5, "timestamp": "2030-01-01T00:00:00Z"}


def gateway(
    registration: Registration = Registration.ACCEPTED, *, patient: bool = False, **settings: Any
) -> MemoryGateway:
    return MemoryGateway(
        settings=GatewaySettings(
            node="test",
            open_access="always",
            unknown="accept",
            **{"connections_per_minute": 0, **settings},
        ),
        intake=RecordingIntake(registration, patient),
    )


def one(received: list[Any]) -> Any:
    (frame,) = received
    return frame


def ask(charger: MemoryCharger, action: str, payload: object, message_id: str = "1") -> Any:
    """The answer to a CALL, which must come at once and alone."""
    charger.send(2, message_id, action, payload)
    return one(charger.received())


def outcomes(gateway: MemoryGateway, *commands: Any, timeout_s: float = 30) -> list[list[Outcome]]:
    """Send commands; each list holds the outcome once there is one."""
    told: list[list[Outcome]] = []
    for command in commands:
        mine: list[Outcome] = []
        gateway.links.send(1, command, timeout_s).addCallback(mine.append)
        told.append(mine)
    return told


# --- the connection -------------------------------------------------------------------------


def test_connection_is_claimed() -> None:
    """Before anything else, with what there is to know of it."""
    made = gateway()
    made.charger("CP1")
    assert made.intake.reports == [
        Connected(node="test", peer="127.0.0.1:50000", ocpp_version="1.6")
    ]
    station = made.intake.submitted[0].station
    assert (station.id, station.identity, station.operator_id) == (1, "CP1", 1)


def test_messages_wait_for_the_claim() -> None:
    """Without an epoch nothing is reported; then everything is, in order."""
    made = gateway(patient=True)
    charger = made.charger()
    charger.send(2, "1", "BootNotification", BOOT)
    charger.send(2, "2", "Heartbeat", {})
    assert len(made.intake.reports) == 1
    assert charger.received() == []
    made.intake.answer(Connected)
    assert [type(report) for report in made.intake.reports] == [Booted]
    assert one(charger.received())[:2] == [3, "2"]


def test_too_many_messages_before_the_claim() -> None:
    """The bound is that of messages at once."""
    made = gateway(patient=True, inbound_limit=3)
    charger = made.charger()
    for number in range(4):
        charger.send(2, str(number), "Heartbeat", {})
    assert charger.close_code() == 1008


def test_claim_refused() -> None:
    """The database is away: come again later."""
    made = gateway()
    made.intake.refusal = Unavailable("gone")
    charger = made.charger()
    assert charger.close_code() == 1013
    charger.vanish()
    assert len(made.intake.reports) == 1


def test_end_is_reported() -> None:
    """With the epoch of that connection, and why."""
    made = gateway()
    made.charger().vanish()
    assert made.intake.reports[-1] == Disconnected(epoch=1, reason="connection lost")


def test_gone_before_the_claim() -> None:
    """The end is reported when the epoch is known."""
    made = gateway(patient=True)
    made.charger().vanish()
    assert len(made.intake.reports) == 1
    made.intake.answer(Connected)
    assert made.intake.reports == [Disconnected(epoch=1, reason="connection lost")]


def test_end_is_reported_until_it_is_kept() -> None:
    """Or the station would seem connected for ever."""
    made = gateway()
    charger = made.charger()
    made.intake.refusal = Unavailable("gone")
    charger.vanish()
    made.pass_s(25)
    assert made.intake.reports[1:] == [Disconnected(epoch=1, reason="connection lost")] * 3
    made.intake.refusal = None
    made.pass_s(100)
    assert len(made.intake.reports) == 5


def test_answer_after_the_end() -> None:
    """A report on its way is committed; its answer has nowhere to go."""
    made = gateway(patient=True)
    charger = made.charger()
    made.intake.answer(Connected)
    charger.send(2, "1", "StartTransaction", START)
    charger.vanish()
    made.intake.answer(SessionStarted)
    assert charger.received() == []


def test_signs_of_life() -> None:
    """Any message is one; noted once in a while, and the last of a connection at its end."""
    made = gateway()
    charger = made.charger()
    for _ in range(12):
        ask(charger, "Heartbeat", {})
        made.clock.advance(1)
    assert made.doorbell.sightings == [(1, 1, datetime.fromtimestamp(at, UTC)) for at in (0, 5, 10)]
    charger.vanish()
    assert made.doorbell.sightings[3:] == [(1, 1, datetime.fromtimestamp(11, UTC))]


def test_no_sign_of_life() -> None:
    """A station that said nothing is not seen at its end either."""
    made = gateway()
    made.charger().vanish()
    assert made.doorbell.sightings == []


# --- messages -------------------------------------------------------------------------------


def test_boot() -> None:
    """Reported, and answered as the pipeline says."""
    made = gateway()
    answer = ask(made.charger(), "BootNotification", BOOT)
    assert answer == [
        3, "1",
        {"status": "Accepted", "currentTime": "2030-01-01T00:00:00.000Z", "interval": 300},
    ]  # fmt: skip
    assert isinstance(made.intake.reports[-1], Booted)


def test_heartbeat_is_answered_from_memory() -> None:
    """The time of receipt; nothing is stored for it."""
    made = gateway(patient=True)
    charger = made.charger()
    made.intake.answer(Connected)
    made.clock.advance(86400.125)
    assert ask(charger, "Heartbeat", {})[2] == {"currentTime": "1970-01-02T00:00:00.125Z"}
    assert made.intake.reports == []


def test_heartbeat_is_always_fresh() -> None:
    """Also when it comes twice with one id."""
    made = gateway()
    charger = made.charger()
    first = ask(charger, "Heartbeat", {})
    made.clock.advance(10)
    assert ask(charger, "Heartbeat", {}) != first


def test_answered_only_after_the_commit() -> None:
    """Not before the intake says so, and in whatever order it does."""
    made = gateway(patient=True)
    charger = made.charger()
    made.intake.answer(Connected)
    charger.send(2, "1", "StartTransaction", START)
    charger.send(2, "2", "StatusNotification", STATUS)
    assert charger.received() == []
    made.intake.answer(ConnectorChanged)
    assert one(charger.received()) == [3, "2", {}]
    made.intake.answer(SessionStarted)
    assert one(charger.received())[:2] == [3, "1"]


def test_retransmission_is_not_reported_again() -> None:
    """It gets the stored answer."""
    made = gateway()
    charger = made.charger()
    first = ask(charger, "StartTransaction", START)
    reports = len(made.intake.reports)
    assert ask(charger, "StartTransaction", START) == first
    assert len(made.intake.reports) == reports


@pytest.mark.parametrize("refusal", [Unavailable("SELECT secret"), Overloaded("full")])
def test_not_stored(refusal: Unavailable | Overloaded) -> None:
    """InternalError without details: the station will try again, and is then processed."""
    made = gateway()
    charger = made.charger()
    made.intake.refusal = refusal
    answer = ask(charger, "StartTransaction", START)
    assert answer[:3] == [4, "1", "InternalError"]
    assert refusal.detail not in answer[3]
    made.intake.refusal = None
    assert ask(charger, "StartTransaction", START)[0] == 3


def test_answer_that_cannot_be_written() -> None:
    """A bug of ours: InternalError, logged, and the connection lives."""
    made = gateway(patient=True)
    charger = made.charger()
    made.intake.answer(Connected)
    charger.send(2, "1", "StartTransaction", START)
    with capturedLogs() as logs:
        made.intake.submitted.pop().answer(BootAnswered(
            at=datetime(2030, 1, 1, tzinfo=UTC), interval_s=1, registration=Registration.ACCEPTED
        ))  # fmt: skip
    assert one(charger.received())[:3] == [4, "1", "InternalError"]
    assert len(logs) == 1
    charger.send(2, "2", "StartTransaction", START)
    with capturedLogs() as logs:
        made.intake.submitted.pop().answer(StartAnswered("no number", None))  # type: ignore[arg-type]
    assert one(charger.received())[2] == "InternalError"
    assert len(logs) == 1


def test_unknown_action() -> None:
    """NotImplemented: the version does not have it."""
    assert ask(gateway().charger(), "Nonsense", {})[:3] == [4, "1", "NotImplemented"]


def test_action_of_the_other_direction() -> None:
    """NotSupported: the version has it, we do not serve it."""
    assert ask(gateway().charger(), "RemoteStartTransaction", {})[:3] == [4, "1", "NotSupported"]


def test_payload_that_breaks_the_schema() -> None:
    """The dialect's fault, as an error of the version."""
    made = gateway()
    answer = ask(made.charger(), "Authorize", {})
    assert answer[:3] == [4, "1", "OccurenceConstraintViolation"]
    assert len(made.intake.reports) == 1
    assert made.counters.faults["occurrence"] == 1


def test_money_that_cannot_be_read_is_kept() -> None:
    """Stored as it came before the station is told to give it up."""
    made = gateway(patient=True)
    charger = made.charger()
    made.intake.answer(Connected)
    text = '[2,"1","StopTransaction",{"transactionId":"Ж"}]'
    charger.send_text(text)
    (report,) = made.intake.reports
    assert isinstance(report, Quarantined)
    assert (report.action, report.content) == ("StopTransaction", text)
    assert charger.received() == []
    made.intake.answer(Quarantined)
    assert one(charger.received())[0] == 4


def test_money_that_is_read_in_part_is_kept_whole() -> None:
    """The reading that can be read is served, and the other is there for whoever settles."""
    made = gateway()
    charger = made.charger()
    good = {
        "timestamp": "2026-03-01T12:00:00Z",
        "sampledValue": [{"value": "7"}, {"value": "8", "unit": {}}],
    }
    bad = {"timestamp": "2026-03-01T12:00:00Z", "sampledValue": [{"value": "9", "phase": []}]}
    payload = {"connectorId": 1, "transactionId": 7, "meterValue": [bad, good]}
    assert ask(charger, "MeterValues", payload) == [3, "1", {}]
    kept, metered = made.intake.reports[-2:]
    assert isinstance(kept, Quarantined)
    assert orjson.loads(kept.content)[3] == payload
    assert isinstance(metered, Metered)
    assert [[sample.value for sample in each.samples] for each in metered.readings] == [[7.0]]


def test_a_token_is_looked_at_each_time() -> None:
    """A retransmission of Authorize is answered by what the token is worth by then."""
    made = gateway()
    charger = made.charger()
    for _ in range(2):
        assert ask(charger, "Authorize", {"idTag": "TAG"})[0] == 3
    assert [type(report) for report in made.intake.reports[-2:]] == [AuthorizationAsked] * 2


UNREADABLE = [
    '[2,"1","StartTransaction",{"connectorId":1,"idTag":"T\\ud8","meterStart":1}]',
    '[2,"1","StartTransaction",{"connectorId":1,"idTag":"T","meterStart":1e999}]',
    '[2,"1","StopTransaction",{"transactionId":1,"meterStop":5',
    '[2,"1","StartTransaction",{"x":' + "[" * 90 + "]" * 90 + "}]",
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_money_that_is_no_json_is_kept(text: str) -> None:
    """As it came, before the station is told to give it up."""
    made = gateway(patient=True)
    charger = made.charger()
    made.intake.answer(Connected)
    charger.send_text(text)
    (report,) = made.intake.reports
    assert isinstance(report, Quarantined)
    assert report.content == text
    assert report.action in ("StartTransaction", "StopTransaction")
    assert charger.received() == []
    made.intake.answer(Quarantined)
    assert one(charger.received())[:3] == [4, "1", "FormationViolation"]
    assert len(made.doorbell.quirks) == 1


def test_nul_is_kept_as_it_can_be() -> None:
    """No database takes one."""
    made = gateway(patient=True)
    charger = made.charger()
    made.intake.answer(Connected)
    charger.send_text('[2,"1","StopTransaction",{"transactionId":"\0"}]\0')
    (report,) = made.intake.reports
    assert isinstance(report, Quarantined)
    assert report.content == '[2,"1","StopTransaction",{"transactionId":"\\u0000"}]\\u0000'


def test_no_money_that_is_no_json() -> None:
    """Answered at once, kept by nobody."""
    made = gateway()
    charger = made.charger()
    charger.send_text('[2,"1","Heartbeat",{')
    assert one(charger.received())[:3] == [4, "1", "FormationViolation"]
    assert len(made.intake.reports) == 1


def test_who_is_not_accepted_fills_no_quarantine() -> None:
    """What is no JSON is heard of nobody who may not say it well, either."""
    made = gateway(Registration.PENDING)
    charger = made.charger()
    charger.send_text(UNREADABLE[0])
    assert one(charger.received())[:3] == [4, "1", "FormationViolation"]
    assert len(made.intake.reports) == 1


def test_no_json_while_draining() -> None:
    """The station tries again elsewhere."""
    made = gateway(patient=True)
    charger = made.charger()
    made.intake.answer(Connected)
    charger.send(2, "1", "StopTransaction", {})
    made.links.drain()
    charger.send_text('[2,"2","StopTransaction",{')
    assert len(made.intake.reports) == 1


def test_an_oversized_message_settles_what_is_asked() -> None:
    """Nothing more is read, so nobody waits for an answer, however long the station takes to go."""
    made = gateway(max_frame_bytes=1024, call_grace_s=0, silence_grace_s=0)
    charger = made.charger()
    made.pass_s(1)
    (told,) = outcomes(made, Reset())
    charger.send_raw(client_frame(b"x" * 2000)[:100])
    assert charger.close_code() == 1009
    assert [outcome.status for outcome in told] == ["unreachable"]
    reports = list(made.intake.reports)
    charger.vanish()
    assert made.intake.reports == reports
    assert sum(isinstance(report, Disconnected) for report in reports) == 1


def test_money_that_could_not_be_kept() -> None:
    """Then the station has to keep it: InternalError makes it try again."""
    made = gateway()
    charger = made.charger()
    made.intake.refusal = Unavailable("gone")
    assert ask(charger, "StopTransaction", {})[2] == "InternalError"


def test_quirks_are_noted() -> None:
    """Tolerated, counted, and processed."""
    made = gateway()
    charger = made.charger()
    assert ask(charger, "BootNotification", {**BOOT, "chargePointModel": "M" * 30})[0] == 3
    assert ask(charger, "Heartbeat", None, "2")[0] == 3
    assert ask(charger, "StatusNotification", STATUS, "3")[0] == 3
    assert ask(charger, "StatusNotification", {**STATUS, "status": "Charging"}, "3")[0] == 3
    names = [name for _, name, _ in made.doorbell.quirks]
    assert names[1:] == ["null_payload", "reused_message_id"]
    assert made.doorbell.quirks[0][0].identity == "CP1"


def test_strict_station() -> None:
    """The station's record says how its payloads are held against the schemas."""
    made = gateway()
    made.stations.seed("STRICT", strictness=Strictness.STRICT)
    charger = made.charger("STRICT")
    answer = ask(charger, "BootNotification", {**BOOT, "chargePointModel": "M" * 30})
    assert answer[:3] == [4, "1", "PropertyConstraintViolation"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("nonsense", "unreadable_frame"),
        ("[2]", "unreadable_frame"),
        ("{}", "unreadable_frame"),
        ('[9,"1"]', "unknown_message_type"),
        ("[]", "unknown_message_type"),
    ],
)
def test_noise(text: str, name: str) -> None:
    """Not answered, counted, and what follows is served."""
    made = gateway()
    charger = made.charger()
    charger.send_text(text)
    assert charger.received() == []
    assert made.counters.noise == 1
    assert made.doorbell.quirks[0][1] == name
    assert ask(charger, "Heartbeat", {})[0] == 3


def test_empty_text() -> None:
    """Nothing at all."""
    made = gateway()
    charger = made.charger()
    charger.send_text("")
    assert charger.received() == []
    assert made.counters.noise == 0


def test_malformed_call() -> None:
    """Answered by the envelope's rules."""
    made = gateway()
    charger = made.charger()
    charger.send(2, "1", "Heartbeat")
    assert one(charger.received())[:3] == [4, "1", "FormationViolation"]
    assert made.counters.faults["format"] == 1


def test_answer_to_nothing() -> None:
    """Counted, never answered."""
    made = gateway()
    charger = made.charger()
    charger.send(3, "nobody", {})
    charger.send(4, "nobody", "GenericError", "", {})
    assert charger.received() == []
    assert made.counters.strays == {"unknown": 2}


# --- registration ---------------------------------------------------------------------------


@pytest.mark.parametrize("registration", [Registration.PENDING, Registration.REJECTED])
def test_not_accepted(registration: Registration) -> None:
    """1.6 errata 3.10: SecurityError for everything but booting."""
    made = gateway(registration)
    charger = made.charger()
    for action, payload in (("StatusNotification", STATUS), ("StartTransaction", START)):
        assert ask(charger, action, payload)[:3] == [4, "1", "SecurityError"]
    assert ask(charger, "BootNotification", BOOT)[2]["status"] == registration.value.capitalize()
    assert len(made.intake.reports) == 2
    assert charger.transport.ended is None


def test_unknown_action_comes_first() -> None:
    """What no version has is NotImplemented, registered or not."""
    charger = gateway(Registration.PENDING).charger()
    assert ask(charger, "Nonsense", {})[2] == "NotImplemented"


def test_accepted_at_last() -> None:
    """With the boot that is accepted, everything is served; a pending answer is not repeated."""
    made = gateway(Registration.PENDING)
    charger = made.charger()
    assert ask(charger, "BootNotification", BOOT)[2]["status"] == "Pending"
    made.intake.registration = Registration.ACCEPTED
    assert ask(charger, "BootNotification", BOOT)[2]["status"] == "Accepted"
    assert ask(charger, "StatusNotification", STATUS, "2")[0] == 3


def test_accepted_without_booting() -> None:
    """State belongs to the station's record, not to the socket: reconnecting needs no boot."""
    assert ask(gateway().charger(), "StatusNotification", STATUS)[0] == 3


@pytest.mark.parametrize(
    "command",
    [
        Trigger(message="StatusNotification"),
        Raw(action="TriggerMessage", payload={"requestedMessage": "StatusNotification"}),
    ],
)
def test_triggered_messages_are_served(command: Trigger | Raw) -> None:
    """TC_B_31: what a pending station was asked for it may send."""
    made = gateway(Registration.PENDING)
    charger = made.charger()
    ask(charger, "BootNotification", BOOT)
    outcomes(made, command)
    assert one(charger.received())[2] == "TriggerMessage"
    assert ask(charger, "StatusNotification", STATUS, "2")[0] == 3
    assert ask(charger, "StartTransaction", START, "3")[2] == "SecurityError"


@pytest.mark.parametrize(
    ("registration", "command", "goes_out"),
    [
        (Registration.PENDING, ReadVariables(), True),
        (Registration.PENDING, RemoteStart(id_token="A"), False),
        (
            Registration.PENDING,
            Raw(action="RemoteStartTransaction", payload={"idTag": "A"}),
            False,
        ),
        (Registration.REJECTED, ReadVariables(), False),
    ],
)
def test_what_a_station_that_is_not_accepted_is_asked(
    registration: Registration, command: Any, goes_out: bool
) -> None:
    """1.6 §4.2: a pending one is not started or stopped, a rejected one is left alone."""
    made = gateway(registration)
    charger = made.charger()
    ask(charger, "BootNotification", BOOT)
    (told,) = outcomes(made, command)
    assert bool(charger.received()) is goes_out
    if not goes_out:
        assert told[0].status == "rejected"


# --- what it is asked -----------------------------------------------------------------------


def test_command_and_its_outcome() -> None:
    """One CALL, one answer, one outcome."""
    made = gateway()
    charger = made.charger()
    ask(charger, "BootNotification", BOOT)
    (told,) = outcomes(made, Reset())
    call = one(charger.received())
    assert (call[0], call[2], call[3]) == (2, "Reset", {"type": "Soft"})
    assert told == []
    charger.send(3, call[1], {"status": "Accepted"})
    assert (told[0].status, told[0].response) == ("accepted", {"status": "Accepted"})
    assert made.counters.commands == 1


def test_command_refused_by_the_station() -> None:
    """By a CALLERROR, in any spelling."""
    made = gateway()
    charger = made.charger()
    ask(charger, "BootNotification", BOOT)
    (told,) = outcomes(made, Reset())
    charger.send(4, one(charger.received())[1], "NotSupported", "no", {})
    assert told[0].status == "unsupported"
    assert told[0].response == {"code": "NotSupported", "description": "no"}


def test_commands_wait_for_the_boot() -> None:
    """Stations that just started are not disturbed before they have booted."""
    made = gateway(patient=True)
    charger = made.charger()
    made.intake.answer(Connected)
    outcomes(made, Reset())
    charger.send(2, "1", "BootNotification", BOOT)
    assert charger.received() == []
    made.intake.answer(Booted)
    answer, call = charger.received()
    assert (answer[0], call[2]) == (3, "Reset")


def test_commands_wait_a_little_for_a_boot_that_does_not_come() -> None:
    """A station that speaks but does not boot was running all the time."""
    made = gateway()
    charger = made.charger()
    outcomes(made, Reset())
    ask(charger, "Heartbeat", {})
    made.pass_s(1.5)
    assert charger.received() == []
    made.pass_s(1)
    assert one(charger.received())[2] == "Reset"


def test_commands_do_not_wait_for_ever() -> None:
    """A silent station is asked after all."""
    made = gateway()
    charger = made.charger()
    made.pass_s(9)
    outcomes(made, Reset())
    assert charger.received() == []
    made.pass_s(2)
    assert one(charger.received())[2] == "Reset"


def test_command_after_the_end() -> None:
    """Unreachable at once."""
    made = gateway()
    charger = made.charger()
    link = made.links._links[1]
    charger.vanish()
    told: list[Outcome] = []
    link.send(Reset(), 30).addCallback(told.append)
    assert told[0].status == "unreachable"


def test_connection_lost_before_the_answer() -> None:
    """What was sent and what waited: both unreachable."""
    made = gateway()
    charger = made.charger()
    ask(charger, "BootNotification", BOOT)
    told = outcomes(made, Reset(), Reset())
    charger.vanish()
    assert [mine[0].status for mine in told] == ["unreachable", "unreachable"]


def test_both_directions_at_once() -> None:
    """A station may ask before it answers; it is served meanwhile."""
    made = gateway()
    charger = made.charger()
    ask(charger, "BootNotification", BOOT)
    (told,) = outcomes(made, Reset())
    call = one(charger.received())
    assert ask(charger, "StatusNotification", STATUS, call[1])[0] == 3
    charger.send(3, call[1], {"status": "Accepted"})
    assert told[0].status == "accepted"


# --- too much -------------------------------------------------------------------------------


def test_too_many_messages_at_once() -> None:
    """Beyond the bound of unanswered messages: closed with 1008."""
    made = gateway(patient=True, inbound_limit=3)
    charger = made.charger()
    made.intake.answer(Connected)
    for number in range(4):
        charger.send(2, str(number), "StatusNotification", STATUS)
    assert charger.close_code() == 1008
    assert made.counters.floods == 1


def test_talker_is_slowed_down() -> None:
    """Beyond the allowance nothing is read for a while; nothing is lost."""
    made = gateway(messages_per_s=10, message_burst=20)
    charger = made.charger()
    for number in range(30):
        ask(charger, "Heartbeat", {}, str(number))
    assert charger.transport.producerState == "paused"
    assert made.counters.throttled == 1
    made.pass_s(1.5)
    assert charger.transport.producerState == "producing"
    assert charger.transport.ended is None


def test_flood_is_cut_off() -> None:
    """Who does not even wait for answers is closed with 1008."""
    made = gateway(messages_per_s=10, message_burst=20)
    charger = made.charger()
    beat = client_frame(orjson.dumps([2, "1", "Heartbeat", {}]))
    charger.send_raw(beat * 100)
    assert charger.close_code() == 1008
    assert made.counters.floods == 1


def test_allowance_comes_back() -> None:
    """With time."""
    made = gateway(messages_per_s=10, message_burst=20)
    charger = made.charger()
    for _ in range(5):
        for number in range(20):
            ask(charger, "Heartbeat", {}, str(number))
        made.pass_s(3)
    assert made.counters.throttled == 0


def test_no_limit() -> None:
    """0 messages a second: any number."""
    made = gateway(messages_per_s=0)
    charger = made.charger()
    charger.send_raw(client_frame(orjson.dumps([2, "1", "Heartbeat", {}])) * 5000)
    assert len(charger.received()) == 5000


# --- draining -------------------------------------------------------------------------------


def test_idle_station_is_sent_away() -> None:
    """1001, at once."""
    made = gateway()
    charger = made.charger()
    made.links.drain()
    assert charger.close_code() == 1001


def test_answers_in_progress_are_finished() -> None:
    """The last answer goes out before the close; nothing new is taken."""
    made = gateway(patient=True)
    charger = made.charger()
    made.intake.answer(Connected)
    charger.send(2, "1", "StartTransaction", START)
    charger.send(2, "2", "StopTransaction", {})
    made.links.drain()
    charger.send(2, "3", "StatusNotification", STATUS)
    assert charger.frames() == []
    made.intake.answer(SessionStarted)
    assert [opcode for opcode, _ in charger.frames()] == [1]
    made.intake.answer(Quarantined)
    assert [opcode for opcode, _ in charger.frames()] == [1, 8]
    assert made.intake.reports == []


def test_commands_in_progress_are_finished() -> None:
    """The one that was sent; those that wait are unreachable."""
    made = gateway()
    charger = made.charger()
    ask(charger, "BootNotification", BOOT)
    sent, queued = outcomes(made, Reset(), Reset())
    call = one(charger.received())
    made.links.drain()
    assert (sent, queued[0].status) == ([], "unreachable")
    (late,) = outcomes(made, Reset())
    assert late[0].status == "unreachable"
    charger.send(3, call[1], {"status": "Accepted"})
    assert sent[0].status == "accepted"
    assert charger.close_code() == 1001


def test_metered() -> None:
    """A word of the most frequent message: its readings arrive."""
    made = gateway()
    payload = {
        "connectorId": 1,
        "transactionId": 7,
        "meterValue": [
            {"timestamp": "2030-01-01T00:00:00Z", "sampledValue": [{"value": "12"}]},
        ],
    }
    assert ask(made.charger(), "MeterValues", payload) == [3, "1", {}]
    report = made.intake.reports[-1]
    assert isinstance(report, Metered)
    assert report.readings[0].samples[0].value == 12
    assert made.intake.reply(report) == Acknowledged()
