"""Who may connect: the handshake's questions in order, and what is noted of those turned away.

Note: what a stranger may learn
-------------------------------
Where passwords are required, a client that did not prove who it is gets the same 401, after the
same time, whether the identity exists, has no password, or has another one: identities must not
be found out by trying.  Only where open access makes the identity itself the key, an unknown one
gets the 404 that OCPP asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import ceil
from random import randint

import attrs
from msgspec import Struct
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from csms.adapter.dialect import Dialect
from csms.core.admission import (
    RefusalReason,
    Target,
    basic_credentials,
    choose,
    key_oddity,
    locate,
    printable,
)
from csms.core.errors import Overloaded, Refusal, Unavailable
from csms.core.oddities import Oddity
from csms.core.ports import IDoorbell, IStations
from csms.core.values import RefusedAttempt, Registration, Station, StationKey
from csms.gateway.counters import Counters
from csms.gateway.handshake import ORIGIN
from csms.gateway.keys import Keys, Verify
from csms.gateway.settings import GatewaySettings
from csms.gateway.sources import Sources
from csms.gateway.throttle import Backoff, Crowd, Throttle
from csms.gateway.visits import Knock, RefusedError

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="csms", charset="UTF-8"'}
_FAILURES_PER_MINUTE = 120
"""Wrong passwords from one address, whatever the identity."""
_RETRY_S = (5, 15)
_LONGEST_DETAIL = 200


class Admitted(Struct, frozen=True):
    """A station that may connect."""

    station: Station
    dialect: Dialect
    subprotocol: str | None
    """None: none was offered, the version is assumed."""
    source: str
    """The address it comes from."""
    peer: str
    """The same, with the port where that is known."""


class _Visitor(Struct, frozen=True):
    """A client that named an identity."""

    knock: Knock
    target: Target
    source: str

    @property
    def identity(self) -> str:
        return self.target.identity

    @property
    def key(self) -> tuple[str, str]:
        """What limits are counted by: nobody can lock out a station from somewhere else."""
        return self.identity, self.source


@attrs.define
class Admission:
    """Decides on handshakes.

    ``dialects`` are all that the server has, by subprotocol; ``crowd`` counts the sockets that
    are open, by the address they come from.
    """

    _settings: GatewaySettings
    _stations: IStations
    _doorbell: IDoorbell
    _dialects: Mapping[str, Dialect]
    _crowd: Crowd[str]
    _clock: IReactorTime
    _verify: Verify
    _counters: Counters
    _log: Logger = attrs.field(factory=Logger, init=False)
    _spoken: dict[str, Dialect] = attrs.field(init=False)
    _sources: Sources = attrs.field(init=False)
    _keys: Keys = attrs.field(init=False)
    _wrong: Backoff[tuple[str, str]] = attrs.field(init=False)
    _guesses: Throttle[str] = attrs.field(init=False)
    _flaps: Throttle[tuple[str, str]] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._spoken = {
            name: dialect
            for name, dialect in self._dialects.items()
            if dialect.version in self._settings.versions
        }
        self._sources = Sources(self._settings.trusted_proxies)
        self._keys = Keys(self._verify)
        self._wrong: Backoff[tuple[str, str]] = Backoff(self._clock)
        self._guesses: Throttle[str] = Throttle(self._clock, _FAILURES_PER_MINUTE)
        self._flaps: Throttle[tuple[str, str]] = Throttle(
            self._clock, self._settings.connections_per_minute
        )

    async def admit(self, knock: Knock) -> Admitted:
        """Let a client in, or raise `RefusedError`."""
        visitor = self._visitor(knock)
        self._check_room(visitor)
        if visitor.knock.protocols and self._dialect(visitor, None) is None:
            raise self._no_common_subprotocol(visitor)
        try:
            station = await self._authenticated(visitor)
        except (Unavailable, Overloaded) as error:
            self._log.warn(
                "Not admitted, the register is not there: {detail}",
                station=visitor.identity,
                detail=error.detail,
            )
            raise RefusedError(503, "Try again soon.", _retry_after(randint(*_RETRY_S))) from None  # noqa: S311  # spreads a storm
        if station.registration is Registration.REJECTED and not self._settings.admit_rejected:
            raise self._refused(
                403, "This station is refused.", RefusalReason.REJECTED_STATION, visitor
            )
        chosen = self._dialect(visitor, station.ocpp_versions)
        if chosen is None:
            raise self._no_common_subprotocol(visitor, station.ocpp_versions)
        wait_s = self._flaps.wait_s(visitor.key)
        if wait_s:
            raise self._too_many(429, wait_s, visitor, "connects again and again")
        self._flaps.take(visitor.key)
        self._counters.admitted += 1
        subprotocol, dialect = chosen
        if station.ocpp_version not in (None, dialect.version):
            self._log.warn(
                "Station changed its OCPP version from {before} to {version}",
                before=station.ocpp_version,
                version=dialect.version,
                station=visitor.identity,
            )
        self._note_oddities(visitor, station, dialect)
        return Admitted(station, dialect, subprotocol, visitor.source, _peer(knock, visitor.source))

    def _note_oddities(self, visitor: _Visitor, station: Station, dialect: Dialect) -> None:
        """What was odd about the handshake of a station that is let in."""
        knock = visitor.knock
        noted = [(oddity, knock.resource.partition("?")[0]) for oddity in visitor.target.oddities]
        if not knock.protocols:
            noted.append((Oddity.NO_SUBPROTOCOL, dialect.version))
        if ORIGIN in knock.headers:
            noted.append((Oddity.ORIGIN_HEADER, knock.headers[ORIGIN]))
        credentials = basic_credentials(knock.headers.get("authorization", ""))
        if station.password_hash is not None and credentials is not None:
            spelling = key_oddity(credentials.password, in_hex=dialect.manners.keys_in_hex)
            if spelling is not None:
                noted.append((spelling, ""))
        if noted:
            key = StationKey(station.id, station.identity, station.operator_id)
            now = datetime.fromtimestamp(self._clock.seconds(), UTC)
            for oddity, example in noted:
                self._doorbell.quirk(key, oddity, printable(example), now)

    # --- who --------------------------------------------------------------------------------

    def _visitor(self, knock: Knock) -> _Visitor:
        source = self._sources.source(knock.host, knock.headers)
        target = locate(knock.resource, self._settings.paths, self._settings.query_path)
        if target is None:
            path = knock.resource.partition("?")[0]  # what follows may hold secrets
            visitor = _Visitor(knock, Target(printable(path)), source)
            raise self._refused(404, "No station can be here.", RefusalReason.BAD_IDENTITY, visitor)
        return _Visitor(knock, target, source)

    def _check_room(self, visitor: _Visitor) -> None:
        most = self._settings.max_connections
        if most and self._crowd.total > most:
            raise self._too_many(503, 30, visitor, "the server is full")
        most = self._settings.max_connections_per_ip
        already_counted = visitor.source == visitor.knock.host
        if most and self._crowd[visitor.source] >= most + already_counted:
            raise self._too_many(429, 30, visitor, "too many connections from one address")

    def _allowed(self, versions: tuple[str, ...] | None) -> dict[str, Dialect]:
        """What is spoken with a station that may use ``versions`` (None: any)."""
        return {
            name: dialect
            for name, dialect in self._spoken.items()
            if versions is None or dialect.version in versions
        }

    def _dialect(
        self, visitor: _Visitor, versions: tuple[str, ...] | None
    ) -> tuple[str | None, Dialect] | None:
        """The dialect to speak with a station that may use ``versions`` (None: any).

        One that offers no subprotocol speaks the version that its URL names, or a setting, or its
        record, if that leaves only one.
        """
        spoken = self._allowed(versions)
        if visitor.knock.protocols:
            name = choose(visitor.knock.protocols, spoken)
            return None if name is None else (name, spoken[name])
        named = visitor.target.version
        known = any(dialect.version == named for dialect in self._dialects.values())
        # What is no version of OCPP may be anything: that of some firmware, say.
        assumed = named if known and named is not None else self._settings.assume_version
        if not assumed and versions is not None and len(versions) == 1:
            (assumed,) = versions
        for dialect in spoken.values():
            if dialect.version == assumed:
                return None, dialect
        return None

    # --- with which key ---------------------------------------------------------------------

    async def _authenticated(self, visitor: _Visitor) -> Station:
        """The station that the client proved to be, or may claim to be."""
        station = await self._stations.find(visitor.identity)
        stored = None if station is None else station.password_hash
        offered = None if station is None else station.offered_password_hash
        if stored is None and self._is_open(visitor):
            if station is None:
                return await self._newcomer(visitor)
            if offered is not None and await self._brings(visitor, offered):
                await self._stations.prove_password(station.id, offered)
            return station
        reason = RefusalReason.WRONG_CREDENTIALS
        if station is None:
            reason = RefusalReason.UNKNOWN_STATION
        elif stored is None or "authorization" not in visitor.knock.headers:
            reason = RefusalReason.NO_CREDENTIALS
        new = await self._check_password(visitor, stored, offered, reason)
        assert station is not None  # nothing fits no password
        if new is not None:
            await self._stations.prove_password(station.id, new)
        return station

    async def _brings(self, visitor: _Visitor, stored: str) -> bool:
        """Whether the client, who may come in anyway, has that password."""
        credentials = basic_credentials(visitor.knock.headers.get("authorization", ""))
        return (
            credentials is not None
            and credentials.username == visitor.identity.encode()
            and await self._keys.fits(stored, credentials.password)
        )

    def _is_open(self, visitor: _Visitor) -> bool:
        """Whether a station without password may connect from there."""
        match self._settings.open_access:
            case "always":
                return True
            case "loopback":
                return self._sources.is_local(visitor.knock.host, visitor.knock.headers)
            case _:
                return False

    async def _newcomer(self, visitor: _Visitor) -> Station:
        """A station that nobody declared."""
        if self._dialect(visitor, None) is None:
            raise self._no_common_subprotocol(visitor)
        match self._settings.unknown:
            case "accept":
                registration = Registration.ACCEPTED
            case "pending":
                registration = Registration.PENDING
            case _:
                raise self._refused(404, "No such station.", RefusalReason.UNKNOWN_STATION, visitor)
        try:
            return await self._stations.enlist(visitor.identity, registration)
        except (Unavailable, Overloaded):
            raise
        except Refusal as refusal:
            raise self._refused(
                404, "No such station.", RefusalReason.UNKNOWN_STATION, visitor, refusal.detail
            ) from None

    async def _check_password(
        self,
        visitor: _Visitor,
        stored: str | None,
        offered: str | None,
        reason: RefusalReason,
    ) -> str | None:
        """Refuse whoever does not have a password of the station; the hash, if it is that of the
        one that is ``offered``."""
        header = visitor.knock.headers.get("authorization")
        if header is None:
            raise self._unproven(visitor, reason, "no credentials")
        credentials = basic_credentials(header)
        if credentials is None:
            raise self._unproven(visitor, reason, "not Basic authentication")
        password = credentials.password
        named = credentials.username == visitor.identity.encode()
        if stored is not None and named and self._keys.remembers(stored, password):
            return None
        wait_s = max(self._wrong.wait_s(visitor.key), self._guesses.wait_s(visitor.source))
        if wait_s:
            raise self._refused(
                429, "Too many attempts.", reason, visitor, "too often", _retry_after(wait_s)
            )
        # Counted before it is known, or many guesses at once would count as none.
        self._wrong.failed(visitor.key)
        if named and await self._keys.fits(stored, password):
            self._wrong.succeeded(visitor.key)
            return None
        if named and offered is not None and await self._keys.fits(offered, password):
            self._wrong.succeeded(visitor.key)
            return offered
        self._guesses.take(visitor.source)
        detail = "wrong password" if named else "the user name is not the identity"
        raise self._unproven(visitor, reason, detail)

    # --- turned away ------------------------------------------------------------------------

    def _unproven(self, visitor: _Visitor, reason: RefusalReason, detail: str) -> RefusedError:
        text = "This station has to authenticate itself."
        return self._refused(401, text, reason, visitor, detail, _CHALLENGE)

    def _no_common_subprotocol(
        self, visitor: _Visitor, versions: tuple[str, ...] | None = None
    ) -> RefusedError:
        """``versions``: those that a station may use that proved to be itself."""
        # 1.6-J §3.2 would finish the handshake and close; the certification tests
        # (TC_088_CSMS, TC_B_58_CSMS) want no upgrade.
        offered = ", ".join(visitor.knock.protocols) or "nothing"
        spoken = ", ".join(self._allowed(versions)) or "none"
        whom = "here" if versions is None else "with this station"
        text = f"No common OCPP subprotocol; spoken {whom}: {spoken}."
        reason = RefusalReason.NO_COMMON_SUBPROTOCOL
        return self._refused(400, text, reason, visitor, f"offered {offered}")

    def _too_many(self, status: int, wait_s: float, visitor: _Visitor, detail: str) -> RefusedError:
        reason = RefusalReason.TOO_MANY_CONNECTIONS
        text = "Too many connections."
        return self._refused(status, text, reason, visitor, detail, _retry_after(wait_s))

    def _refused(
        self,
        status: int,
        text: str,
        reason: RefusalReason,
        visitor: _Visitor,
        detail: str = "",
        headers: dict[str, str] | None = None,
    ) -> RefusedError:
        self._counters.refused[reason] += 1
        now = datetime.fromtimestamp(self._clock.seconds(), UTC)
        self._doorbell.refused(
            RefusedAttempt(
                identity=visitor.identity,
                reason=reason,
                peer=_peer(visitor.knock, visitor.source),
                detail=printable(detail, _LONGEST_DETAIL),
                first_at=now,
                last_at=now,
            )
        )
        return RefusedError(status, text, headers)


def _retry_after(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(ceil(seconds))}


def _peer(knock: Knock, source: str) -> str:
    if source != knock.host or not knock.port:
        return source
    return f"[{source}]:{knock.port}" if ":" in source else f"{source}:{knock.port}"
