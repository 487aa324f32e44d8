"""Who may connect, what the others are told, and what is noted of them."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs
from zope.interface import implementer

from csms.core.credentials import Cost, hash_password
from csms.core.errors import Conflict, Overloaded, Unavailable
from csms.core.ports import IStations
from csms.core.values import Registration, Station
from csms.gateway.admission import Admitted
from csms.gateway.settings import GatewaySettings
from csms.gateway.visits import Knock, RefusedError
from csms.testing.gateway import LIKENESSES, MemoryGateway
from csms.testing.stations import MemoryStations
from csms.testing.waiting import waits

FAR = "203.0.113.5"
KEY = "00112233445566778899aabbccddeeff00112233"
KEY_HASH = hash_password(KEY, Cost(n=2, r=1, p=1))


@attrs.define
class MoodyStations(MemoryStations):
    """A register that fails where it is told to."""

    find_fails: Exception | None = None
    enlist_fails: Exception | None = None

    async def find(self, identity: str) -> Station | None:
        if self.find_fails is not None:
            raise self.find_fails
        return await super().find(identity)

    async def enlist(self, identity: str, registration: Registration) -> Station:
        if self.enlist_fails is not None:
            raise self.enlist_fails
        return await super().enlist(identity, registration)


def gateway(
    find_fails: Exception | None = None, enlist_fails: Exception | None = None, **settings: Any
) -> MemoryGateway:
    """A gateway with three declared stations: one has no password, one has, one is rejected."""
    stations = MoodyStations(
        lambda: datetime(2030, 1, 1, tzinfo=UTC), find_fails=find_fails, enlist_fails=enlist_fails
    )
    made = MemoryGateway(
        settings=GatewaySettings(node="test", **settings), stations=stations, dialects=LIKENESSES
    )
    made.stations.seed("OPEN")
    made.stations.seed("LOCKED", password_hash=KEY_HASH)
    made.stations.seed("BAD", registration=Registration.REJECTED, password_hash=KEY_HASH)
    return made


def basic(username: str, password: bytes) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(username.encode() + b":" + password).decode()}


def knock(
    identity: str = "OPEN",
    headers: dict[str, str] | None = None,
    *,
    protocols: tuple[str, ...] = ("ocpp1.6",),
    host: str = FAR,
    port: int = 50_000,
    resource: str | None = None,
) -> Knock:
    return Knock(resource or f"/ocpp/{identity}", protocols, headers or {}, host, port)


async def refused(made: MemoryGateway, visit: Knock) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        await made.admission.admit(visit)
    return caught.value


def reasons(made: MemoryGateway) -> list[str]:
    return [attempt.reason for attempt in made.doorbell.attempts]


# --- declared stations ----------------------------------------------------------------------


@waits
async def test_admitted() -> None:
    """A station with the right key is let in, and it is known where it comes from."""
    made = gateway()
    admitted = await made.admission.admit(knock("LOCKED", basic("LOCKED", bytes.fromhex(KEY))))
    assert isinstance(admitted, Admitted)
    assert admitted.station.identity == "LOCKED"
    assert admitted.dialect.version == "1.6"
    assert (admitted.subprotocol, admitted.peer) == ("ocpp1.6", f"{FAR}:50000")
    assert made.counters.admitted == 1
    assert made.doorbell.attempts == []


NEW = b"another-password"
NEW_HASH = hash_password(NEW, Cost(n=2, r=1, p=1))


async def knows(made: MemoryGateway, identity: str) -> tuple[str | None, str | None]:
    known = await made.stations.get(identity)
    return known.password_hash, known.offered_password_hash


@waits
async def test_a_password_on_its_way() -> None:
    """While a station is being given another password both open the door; once it comes in with
    the new one, only that does."""
    made = gateway()
    made.stations.report("LOCKED", offered_password_hash=NEW_HASH)
    await made.admission.admit(knock("LOCKED", basic("LOCKED", KEY.encode())))
    assert await knows(made, "LOCKED") == (KEY_HASH, NEW_HASH)
    assert (await refused(made, knock("LOCKED", basic("LOCKED", b"wrong")))).status == 401
    assert (await refused(made, knock("LOCKED", basic("OTHER", NEW)))).status == 401
    made = gateway()
    made.stations.report("LOCKED", offered_password_hash=NEW_HASH)
    await made.admission.admit(knock("LOCKED", basic("LOCKED", NEW)))
    assert await knows(made, "LOCKED") == (NEW_HASH, None)
    assert (await refused(made, knock("LOCKED", basic("LOCKED", KEY.encode())))).status == 401


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({}, (None, NEW_HASH)),
        (basic("OPEN", b"wrong"), (None, NEW_HASH)),
        (basic("OTHER", NEW), (None, NEW_HASH)),
        (basic("OPEN", NEW), (NEW_HASH, None)),
    ],
)
@waits
async def test_a_first_password_on_its_way(headers: dict[str, str], kept: object) -> None:
    """A station that needs none needs it from the moment on that it has one."""
    made = gateway(open_access="always")
    made.stations.report("OPEN", offered_password_hash=NEW_HASH)
    await made.admission.admit(knock("OPEN", headers))
    assert await knows(made, "OPEN") == kept
    assert made.doorbell.attempts == []


@pytest.mark.parametrize("password", [KEY.encode(), KEY.upper().encode(), bytes.fromhex(KEY)])
@waits
async def test_every_spelling_of_the_key(password: bytes) -> None:
    """Hexadecimal text or bytes, as chargers really send them."""
    await gateway().admission.admit(knock("LOCKED", basic("LOCKED", password)))


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "no_credentials"),
        (basic("LOCKED", b"wrong"), "wrong_credentials"),
        (basic("OTHER", KEY.encode()), "wrong_credentials"),
        (basic("locked", KEY.encode()), "wrong_credentials"),
        ({"authorization": "Basic ???"}, "wrong_credentials"),
        ({"authorization": "Bearer " + KEY}, "wrong_credentials"),
        ({"cookie": "session=" + KEY}, "no_credentials"),
    ],
)
@waits
async def test_not_proven(headers: dict[str, str], reason: str) -> None:
    """Without the right key of that very identity: 401, and it is noted why."""
    made = gateway(open_access="always")
    error = await refused(made, knock("LOCKED", headers))
    assert error.status == 401
    assert error.headers == {"WWW-Authenticate": 'Basic realm="csms", charset="UTF-8"'}
    (attempt,) = made.doorbell.attempts
    assert (attempt.identity, attempt.reason, attempt.peer) == ("LOCKED", reason, f"{FAR}:50000")
    assert made.counters.refused[reason] == 1


@waits
async def test_secrets_are_not_noted() -> None:
    """What was presented stays out of what is kept."""
    made = gateway()
    await refused(made, knock("LOCKED", basic("LOCKED", b"my other password")))
    assert "my other password" not in repr(made.doorbell.attempts)


@waits
async def test_queries_are_not_noted() -> None:
    """They may hold secrets, too."""
    made = gateway()
    await refused(made, knock(resource="/a/b/c?token=secret"))
    assert made.doorbell.attempts[0].identity == "/a/b/c"


@pytest.mark.parametrize("admit_rejected", [False, True])
@waits
async def test_rejected_station(admit_rejected: bool) -> None:
    """Refused when it has proven who it is, unless it is to be told when it boots."""
    made = gateway(admit_rejected=admit_rejected)
    visit = knock("BAD", basic("BAD", KEY.encode()))
    if admit_rejected:
        await made.admission.admit(visit)
    else:
        assert (await refused(made, visit)).status == 403
        assert reasons(made) == ["rejected_station"]


@waits
async def test_rejected_station_must_prove_itself_first() -> None:
    """A stranger does not learn that it is rejected."""
    assert (await refused(gateway(), knock("BAD"))).status == 401


# --- open access ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("open_access", "host", "status"),
    [
        ("never", "127.0.0.1", 401),
        ("never", FAR, 401),
        ("loopback", "127.0.0.1", None),
        ("loopback", "::1", None),
        ("loopback", FAR, 401),
        ("always", FAR, None),
    ],
)
@waits
async def test_station_without_password(open_access: str, host: str, status: int | None) -> None:
    """It may connect from where configuration says so."""
    made = gateway(open_access=open_access)
    if status is None:
        assert (await made.admission.admit(knock("OPEN", host=host))).station.identity == "OPEN"
    else:
        assert (await refused(made, knock("OPEN", host=host))).status == status
        assert reasons(made) == ["no_credentials"]


@waits
async def test_forwarded_is_not_loopback() -> None:
    """A reverse proxy that nobody configured does not open the door to everybody."""
    made = gateway(open_access="loopback")
    visit = knock("OPEN", {"x-forwarded-for": FAR}, host="127.0.0.1")
    assert (await refused(made, visit)).status == 401


@waits
async def test_behind_a_proxy() -> None:
    """The address that counts is the one the trusted proxy saw."""
    made = gateway(open_access="always", trusted_proxies=("10.0.0.0/8",))
    admitted = await made.admission.admit(knock(headers={"x-forwarded-for": FAR}, host="10.1.1.1"))
    assert (admitted.source, admitted.peer) == (FAR, FAR)


@waits
async def test_ipv6_peer() -> None:
    """An address with colons is told apart from its port."""
    made = gateway(open_access="always")
    admitted = await made.admission.admit(knock(host="2001:db8::1"))
    assert admitted.peer == "[2001:db8::1]:50000"


# --- unknown stations -----------------------------------------------------------------------


@waits
async def test_unknown_is_refused() -> None:
    """404 where the identity is all there is to know."""
    made = gateway(open_access="always")
    assert (await refused(made, knock("NEW"))).status == 404
    assert reasons(made) == ["unknown_station"]
    assert await made.stations.find("NEW") is None


@pytest.mark.parametrize(
    ("unknown", "registration"),
    [("accept", Registration.ACCEPTED), ("pending", Registration.PENDING)],
)
@waits
async def test_unknown_is_enlisted(unknown: str, registration: Registration) -> None:
    """Where configuration says so, with the registration it says."""
    made = gateway(open_access="always", unknown=unknown)
    admitted = await made.admission.admit(knock("NEW"))
    assert admitted.station.registration is registration
    assert await made.stations.find("NEW") is not None


@waits
async def test_unknown_that_cannot_be_enlisted() -> None:
    """An identity that differs from a declared one only in case stays unknown."""
    conflict = Conflict("differs only in case")
    made = gateway(open_access="always", unknown="accept", enlist_fails=conflict)
    assert (await refused(made, knock("open"))).status == 404
    assert made.doorbell.attempts[0].detail == "differs only in case"


@waits
async def test_strangers_learn_nothing() -> None:
    """Where passwords are required: unknown, without password and wrong password look the same."""
    made = gateway(unknown="accept")
    answers = set()
    for identity in ("NEW", "OPEN", "LOCKED"):
        for headers in ({}, basic(identity, b"guess")):
            error = await refused(made, knock(identity, headers))
            answers.add((error.status, error.text, str(error.headers)))
    assert len(answers) == 1
    assert set(reasons(made)) == {"unknown_station", "no_credentials", "wrong_credentials"}
    assert await made.stations.find("NEW") is None


@waits
async def test_strangers_cannot_measure_either() -> None:
    """A password is verified even for a station that does not exist."""
    made = gateway()
    verified: list[str] = []

    async def verify(stored: str, presented: bytes) -> bool:
        verified.append(stored)
        return True

    made.admission._keys._verify = verify
    assert (await refused(made, knock("NEW", basic("NEW", b"guess")))).status == 401
    assert len(verified) == 1


# --- identities and languages ---------------------------------------------------------------


@pytest.mark.parametrize("resource", ["/", "/ocpp/..", "/ocpp/a%2Fb", "/a/b/c", "/ocpp/a%00"])
@waits
async def test_no_identity(resource: str) -> None:
    """404 for what no station can be called."""
    made = gateway(open_access="always", unknown="accept")
    assert (await refused(made, knock(resource=resource))).status == 404
    assert reasons(made) == ["bad_identity"]


@pytest.mark.parametrize(
    ("protocols", "resource", "assume", "subprotocol", "version"),
    [
        (("ocpp1.6",), "/OPEN", "", "ocpp1.6", "1.6"),
        (("ocpp2.0.1", "ocpp1.6"), "/OPEN", "", "ocpp2.0.1", "2.0.1"),
        (("ocpp1.6", "ocpp2.1"), "/OPEN", "", "ocpp1.6", "1.6"),
        (("ocpp2.2", "ocpp2.1", "ocpp2.0.1"), "/OPEN", "", "ocpp2.1", "2.1"),
        ((), "/OPEN", "1.6", None, "1.6"),
        ((), "/ocpp?chargePointId=OPEN&version=1.6", "", None, "1.6"),
        ((), "/ocpp?chargePointId=OPEN&version=2.0.1", "1.6", None, "2.0.1"),
        ((), "/OPEN?version=2.0.1", "1.6", None, "2.0.1"),
        ((), "/OPEN?version=3.4.5", "1.6", None, "1.6"),
        (("ocpp1.6",), "/OPEN?version=2.1", "", "ocpp1.6", "1.6"),
        (("ocpp1.6",), "/ocpp?chargePointId=OPEN&version=2.0.1", "", "ocpp1.6", "1.6"),
    ],
)
@waits
async def test_language(
    protocols: tuple[str, ...], resource: str, assume: str, subprotocol: str | None, version: str
) -> None:
    """The first offered that is spoken, in the station's order; assumed only where something
    says so."""
    made = gateway(open_access="always", assume_version=assume)
    admitted = await made.admission.admit(knock(protocols=protocols, resource=resource))
    assert (admitted.subprotocol, admitted.dialect.version) == (subprotocol, version)


@pytest.mark.parametrize(
    ("protocols", "resource"),
    [
        (("ocpp0.1",), "/OPEN"),
        (("ocpp2.0",), "/OPEN"),
        (("OCPP1.6",), "/OPEN"),
        ((), "/OPEN"),
        ((), "/ocpp?chargePointId=OPEN"),
        ((), "/ocpp?chargePointId=OPEN&version=9"),
        (("ocpp0.1",), "/ocpp?chargePointId=OPEN&version=1.6"),
    ],
)
@waits
async def test_no_common_language(protocols: tuple[str, ...], resource: str) -> None:
    """TC_088_CSMS, TC_B_58_CSMS: 400, no upgrade."""
    made = gateway(open_access="always")
    error = await refused(made, knock(protocols=protocols, resource=resource))
    assert error.status == 400
    assert "ocpp1.6" in error.text
    assert reasons(made) == ["no_common_subprotocol"]


@waits
async def test_language_that_the_station_may_not_use() -> None:
    """The station's record narrows what the server speaks."""
    made = gateway(open_access="always")
    made.stations.seed("NARROW", ocpp_versions=("2.0.1",))
    error = await refused(made, knock("NARROW"))
    assert error.status == 400
    assert error.text.endswith("spoken with this station: ocpp2.0.1.")
    error = await refused(made, knock(protocols=(), resource="/NARROW?version=1.6"))
    assert error.status == 400
    offer = ("ocpp2.1", "ocpp1.6", "ocpp2.0.1")
    assert (await made.admission.admit(knock("NARROW", protocols=offer))).subprotocol == "ocpp2.0.1"


@waits
async def test_language_that_the_server_may_not_use() -> None:
    """Configuration narrows what the software knows."""
    made = gateway(open_access="always", versions=("2.0.1",))
    assert (await refused(made, knock())).status == 400


@pytest.mark.parametrize(
    ("before", "changed"), [(None, False), ("1.6", False), ("2.0.1", True), ("9.9", True)]
)
@waits
async def test_language_changed(before: str | None, changed: bool) -> None:
    """A station that speaks another version than last time is welcome, and logged."""
    made = gateway(open_access="always")
    made.stations.seed("CP", ocpp_version=before)
    with capturedLogs() as logged:
        await made.admission.admit(knock("CP"))
    told = [(one["before"], one["version"], one["station"]) for one in logged if "before" in one]
    assert told == ([(before, "1.6", "CP")] if changed else [])


# --- too much -------------------------------------------------------------------------------


@waits
async def test_guessing_has_to_wait() -> None:
    """Failures of one identity from one address: more and more time between them."""
    made = gateway()
    statuses = [
        (await refused(made, knock("LOCKED", basic("LOCKED", b"guess")))).status for _ in range(5)
    ]
    assert statuses == [401, 401, 401, 429, 429]
    error = await refused(made, knock("LOCKED", basic("LOCKED", KEY.encode())))
    assert (error.status, error.headers) == (429, {"Retry-After": "1"})
    made.clock.advance(1)
    await made.admission.admit(knock("LOCKED", basic("LOCKED", KEY.encode())))


@waits
async def test_guessers_lock_nobody_out() -> None:
    """The station itself comes from somewhere else."""
    made = gateway()
    for _ in range(10):
        await refused(made, knock("LOCKED", basic("LOCKED", b"guess")))
    await made.admission.admit(knock("LOCKED", basic("LOCKED", KEY.encode()), host="198.51.100.7"))


@waits
async def test_a_key_that_was_right_is_not_held_up() -> None:
    """A station behind the guesser's address, once it was in, gets in again."""
    made = gateway()
    mine = knock("LOCKED", basic("LOCKED", KEY.encode()))
    await made.admission.admit(mine)
    for _ in range(10):
        await refused(made, knock("LOCKED", basic("LOCKED", b"guess")))
    await made.admission.admit(mine)


@waits
async def test_guesses_at_once_count_too() -> None:
    """Asking a hundred times before the first answer is no way around it."""
    made = gateway()
    waiting: list[Deferred[bool]] = []

    async def verify(stored: str, presented: bytes) -> bool:
        waiting.append(Deferred())
        return await waiting[-1]

    made.admission._keys._verify = verify
    guesses = [
        Deferred.fromCoroutine(refused(made, knock("LOCKED", basic("LOCKED", b"guess"))))
        for _ in range(20)
    ]
    assert len(waiting) == 3
    for one in waiting:
        one.callback(False)
    assert [(await guess).status for guess in guesses] == [401] * 3 + [429] * 17


@waits
async def test_guesses_for_many_identities() -> None:
    """One address may not try everybody's password either."""
    made = gateway()
    statuses = [
        (await refused(made, knock(f"CP{n}", basic(f"CP{n}", b"guess")))).status for n in range(125)
    ]
    assert statuses == [401] * 120 + [429] * 5


@waits
async def test_flapping() -> None:
    """Too many connections a minute of one identity from one address: told to wait."""
    made = gateway(open_access="always", connections_per_minute=3)
    for _ in range(3):
        await made.admission.admit(knock())
    error = await refused(made, knock())
    assert (error.status, error.headers) == (429, {"Retry-After": "20"})
    assert reasons(made) == ["too_many_connections"]
    await made.admission.admit(knock(host="198.51.100.7"))
    made.clock.advance(20)
    await made.admission.admit(knock())


@waits
async def test_full() -> None:
    """Beyond the total: 503, come again."""
    made = gateway(open_access="always", max_connections=2)
    crowd = made.admission._crowd
    for _ in range(2):
        crowd.enter(FAR)
    await made.admission.admit(knock())
    crowd.enter(FAR)
    error = await refused(made, knock())
    assert (error.status, error.headers) == (503, {"Retry-After": "30"})
    assert reasons(made) == ["too_many_connections"]


@pytest.mark.parametrize("proxied", [False, True])
@waits
async def test_too_many_from_one_address(proxied: bool) -> None:
    """Counted by the address that the connections really come from."""
    made = gateway(open_access="always", max_connections_per_ip=2, trusted_proxies=("10.0.0.1",))
    visit = knock(headers={"x-forwarded-for": FAR}, host="10.0.0.1") if proxied else knock()
    crowd = made.admission._crowd
    crowd.enter(FAR)
    if not proxied:
        crowd.enter(FAR)  # a direct connection is counted by the time it asks
    await made.admission.admit(visit)
    crowd.enter(FAR)
    assert (await refused(made, visit)).status == 429


# --- nobody to ask --------------------------------------------------------------------------


@pytest.mark.parametrize("error", [Unavailable("gone"), Overloaded("busy")])
@waits
async def test_register_gone(error: Exception) -> None:
    """503 with some time to wait, not the same for everybody; nobody's attempt is noted."""
    made = gateway(open_access="always", unknown="accept", find_fails=error)
    answer = await refused(made, knock())
    assert answer.status == 503
    assert answer.headers is not None
    assert 5 <= int(answer.headers["Retry-After"]) <= 15
    assert made.doorbell.attempts == []


@waits
async def test_register_gone_while_enlisting() -> None:
    """... at whatever point."""
    made = gateway(open_access="always", unknown="accept", enlist_fails=Unavailable("gone"))
    assert (await refused(made, knock("NEW"))).status == 503


def test_nothing_is_asked_of_the_register_in_vain() -> None:
    """Who names no identity or no language costs no query."""

    @implementer(IStations)
    class Untouchable:
        """Fails whoever asks."""

    made = MemoryGateway(
        settings=GatewaySettings(node="test", open_access="always"), stations=Untouchable()
    )
    for resource, protocols in (("/ocpp/a%00", ("ocpp1.6",)), ("/ocpp/CP1", ("ocpp9",))):
        head = made.visitor().knock(resource, protocols)
        assert head.split()[1] in {"404", "400"}
