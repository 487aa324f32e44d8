"""Every version in its own words: on a wire in memory, and by the chargers of the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import pytest
import pytest_twisted
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.interfaces import IReactorTime
from twisted.internet.threads import deferToThread

from csms.adapter.dialect import DIALECTS
from csms.adapter.schema import Schemas
from csms.core.commands import Raw
from csms.core.monitoring.vocabulary import StreamSpoke
from csms.core.reports import (
    AuthorizationAsked,
    Booted,
    Connected,
    ConnectorChanged,
    TransactionTold,
)
from csms.core.values import Registration, Strictness
from csms.gateway.service import Gateway
from csms.gateway.settings import GatewaySettings
from csms.testing.charger import Charger, Line, NewerCharger
from csms.testing.gateway import MemoryCharger, MemoryGateway, RecordingDoorbell, RecordingIntake
from csms.testing.stations import MemoryStations

T = TypeVar("T")
NEWER = ["2.0.1", "2.1"]
BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
REPORT = {"requestId": 1, "generatedAt": "2030-01-01T00:00:00Z", "seqNo": 0}
STATUS = {
    "timestamp": "2030-01-01T00:00:00Z",
    "connectorStatus": "Available",
    "evseId": 1,
    "connectorId": 1,
}
STREAM = {
    "id": 1,
    "pending": 0,
    "basetime": "2030-01-01T00:00:00Z",
    "data": [{"t": 0, "v": "1"}],
}


def gateway(registration: Registration = Registration.ACCEPTED, **settings: Any) -> MemoryGateway:
    return MemoryGateway(
        settings=GatewaySettings(
            node="test",
            open_access="always",
            unknown="accept",
            **{"connections_per_minute": 0, "call_grace_s": 0, **settings},
        ),
        intake=RecordingIntake(registration),
    )


def ask(charger: MemoryCharger, action: str, payload: object, message_id: str = "1") -> Any:
    """The answer to a CALL, which must come at once and alone."""
    charger.send(2, message_id, action, payload)
    (frame,) = charger.received()
    return frame


# --- in memory ------------------------------------------------------------------------------


def test_all_are_spoken() -> None:
    """By default every version that there is."""
    assert {dialect.version for dialect in DIALECTS.values()} == set(
        GatewaySettings(node="test").versions
    )


@pytest.mark.parametrize(
    ("request_", "provoked", "payload"),
    [
        (
            Raw(action="GetBaseReport", payload={"requestId": 1, "reportBase": "FullInventory"}),
            "NotifyReport",
            REPORT,
        ),
        (Raw(action="GetReport", payload={"requestId": 1}), "NotifyReport", REPORT),
        (
            Raw(action="TriggerMessage", payload={"requestedMessage": "StatusNotification"}),
            "StatusNotification",
            STATUS,
        ),
    ],
)
@pytest.mark.parametrize("version", NEWER)
def test_pending(version: str, request_: Raw, provoked: str, payload: dict[str, object]) -> None:
    """B02.FR.09, TC_B_30, TC_B_31: what was asked for is served, and SecurityError before."""
    made = gateway(Registration.PENDING)
    charger = made.charger(version=version)
    assert ask(charger, "BootNotification", BOOT)[2]["status"] == "Pending"
    assert ask(charger, provoked, payload, "2")[2] == "SecurityError"
    made.links.send(1, request_, 30)
    assert charger.received()[0][2] == request_.action
    assert ask(charger, provoked, payload, "3")[:2] == [3, "3"]
    assert ask(charger, "Heartbeat", {}, "4")[2] == "SecurityError"


def test_stream() -> None:
    """NotifyPeriodicEventStream comes by SEND and is never answered."""
    made = gateway()
    charger = made.charger(version="2.1")
    charger.send(6, "1", "NotifyPeriodicEventStream", STREAM)
    assert charger.received() == []
    report = made.intake.reports[-1]
    assert isinstance(report, StreamSpoke)
    assert ask(charger, "NotifyPeriodicEventStream", STREAM)[2] == "NotSupported"


@pytest.mark.parametrize("version", NEWER)
def test_error_codes(version: str) -> None:
    """Spelt as 2.x spells them."""
    charger = gateway(strictness=Strictness.STRICT).charger(version=version)
    assert ask(charger, "Nonsense", {})[2] == "NotImplemented"
    assert ask(charger, "Reset", {"type": "Immediate"})[2] == "NotSupported"
    assert ask(charger, "BootNotification", {**BOOT, "x": 1})[2] == "FormatViolation"
    assert ask(charger, "BootNotification", {})[2] == "OccurrenceConstraintViolation"


# --- anything -------------------------------------------------------------------------------

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SERVED = sorted(
    path.removesuffix("Response")
    for dialect in DIALECTS.values()
    for path in Schemas(f"v{dialect.version.replace('.', '').removesuffix('0')}").documents
    if path.endswith("Response")
)
PAYLOADS = st.just({}) | st.sampled_from([BOOT, STATUS, REPORT, STREAM]) | ANY_JSON
FRAMES = (
    st.tuples(st.sampled_from([2, 6]), st.sampled_from("ab"), st.sampled_from(SERVED), PAYLOADS)
    | st.tuples(st.sampled_from([3, 4, 5]), st.sampled_from("ab"), ANY_JSON)
    | st.lists(ANY_JSON, max_size=5)
)
LENGTHS = {3: 3, 4: 5}


@settings(deadline=None, max_examples=200)
@given(
    version=st.sampled_from(["1.6", *NEWER]),
    frames=st.lists(FRAMES, max_size=12),
    compressed=st.booleans(),
)
def test_whatever_is_said(version: str, frames: list[Any], compressed: bool) -> None:
    """Each answer is a legal frame of the version with one of its codes, never InternalError, and
    the connection stays."""
    made = gateway()
    charger = made.visitor()
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate"} if compressed else {}
    charger.knock("/ocpp/CP1", [f"ocpp{version}"], offer)
    codes = set(DIALECTS[f"ocpp{version}"].codes.values())
    for frame in frames:
        charger.send(*frame)
        answers = charger.received()
        assert len(answers) <= 1
        for answer in answers:
            assert len(answer) == LENGTHS[answer[0]]
            assert isinstance(answer[1], str)
            if answer[0] == 4:
                assert answer[2] in codes - {"InternalError"}
                assert answer[4] == {}
        if frame and frame[0] in (5, 6) and version == "2.1":
            assert answers == []
    assert charger.transport.ended is None


# --- by sockets -----------------------------------------------------------------------------


class House:
    """A gateway at a port."""

    def __init__(self) -> None:
        self.intake = RecordingIntake()
        made = MemoryGateway()
        self.gateway = Gateway(
            IReactorTime(reactor),
            GatewaySettings(
                node="test",
                endpoint="tcp:0:interface=127.0.0.1",
                open_access="loopback",
                unknown="accept",
                shutdown_s=1,
            ),
            self.intake,
            MemoryStations(made.now),
            RecordingDoorbell(),
            DIALECTS,
            _verify,
        )

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.gateway.port}/ocpp/CP1"


async def _verify(stored: str, presented: bytes) -> bool:
    return bool(stored == presented.decode())


@pytest_twisted.async_yield_fixture
async def house() -> AsyncIterator[House]:
    made = House()
    made.gateway.startService()
    yield made
    await made.gateway.stopService()


async def with_charger(
    house: House, kind: type[Line], work: Callable[[Any], T], *subprotocols: str, **how: Any
) -> T:
    """Do something with a charger, which blocks, beside the gateway."""

    def blocking() -> T:
        with kind.connect(house.url, subprotocols=subprotocols or None, **how) as charger:
            return work(charger)

    return await deferToThread(blocking)


@pytest.mark.parametrize("compression", ["deflate", None])
@pytest.mark.parametrize("version", NEWER)
@pytest_twisted.ensureDeferred
async def test_a_session_of_2_x(house: House, version: str, compression: str | None) -> None:
    """Boot, plug in, authorize, charge, stop."""

    def work(charger: NewerCharger) -> None:
        assert charger.boot()["status"] == "Accepted"
        charger.status("Occupied")
        assert charger.authorize() == "Accepted"
        transaction = charger.start()
        charger.meter(transaction, 1500)
        charger.stop(transaction, 2000)
        assert "currentTime" in charger.call("Heartbeat", {})

    await with_charger(house, NewerCharger, work, f"ocpp{version}", compression=compression)
    kinds = [type(report) for report in house.intake.reports[:7]]
    assert kinds == [
        Connected,
        Booted,
        ConnectorChanged,
        AuthorizationAsked,
        TransactionTold,
        TransactionTold,
        TransactionTold,
    ]
    connected = house.intake.reports[0]
    assert isinstance(connected, Connected)
    assert connected.ocpp_version == version


@pytest_twisted.ensureDeferred
async def test_long_messages_of_a_real_client(house: House) -> None:
    """Compressed both ways, each message for itself."""

    def work(charger: NewerCharger) -> list[Any]:
        charger.boot()
        payload = {"vendorId": "x", "data": "y" * 5000}
        return [charger.call("NotifyReport", REPORT), *(
            charger.exchange([2, f"x{number}", "Nonsense" * 20, payload]) for number in range(5)
        )]  # fmt: skip

    answers = await with_charger(house, NewerCharger, work)
    assert [answer[2] for answer in answers[1:]] == ["NotImplemented"] * 5


@pytest_twisted.ensureDeferred
async def test_2_1_both_ways(house: House) -> None:
    """SEND and CALLRESULTERROR of the charger are swallowed; it is told of an answer of its own."""

    def work(charger: NewerCharger) -> tuple[Any, Any]:
        charger.boot()
        charger.tell("NotifyPeriodicEventStream", STREAM)
        charger.call("Heartbeat", {})
        charger.dispute("m3")
        charger.replies["Reset"] = {"status": 5}
        house_asks()
        asked = charger.serve()
        charger.call("Heartbeat", {})
        return asked, charger.disputed.popleft()

    def house_asks() -> None:
        command = Raw(action="Reset", payload={"type": "OnIdle"})
        reactor.callFromThread(house.gateway.links.send, 1, command, 10)  # type: ignore[attr-defined]  # the reactor's

    asked, disputed = await with_charger(house, NewerCharger, work, "ocpp2.1")
    assert asked == ("Reset", {"type": "OnIdle"})
    assert disputed[0] == 5
    assert disputed[2] == "TypeConstraintViolation"
    assert house.gateway.counters.disputed == {"Heartbeat": 1}
    assert house.gateway.counters.told == 1


@pytest_twisted.ensureDeferred
async def test_1_6_beside_it(house: House) -> None:
    """The same port; the charger's order of preference decides."""

    def work(charger: Line) -> str | None:
        return charger.socket.subprotocol

    assert await with_charger(house, Charger, work) == "ocpp1.6"
    both = ("ocpp9", "ocpp2.1", "ocpp1.6")
    assert await with_charger(house, Charger, work, *both) == "ocpp2.1"
