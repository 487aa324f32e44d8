"""The product's settings: one struct per section, and where their values come from.

`conf/csms.toml` shows the same settings to whoever edits them; a test keeps the two alike, the
comment of a setting there being its docstring here.  Only `csms.service` and the command lines
read this: everybody else is handed what it needs.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, cast

from msgspec import Meta, Struct
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IReactorCore

from csms.settings import ConfigError, checked, read

__all__ = ["Config", "ConfigError", "load", "locate"]

Role = Literal["gateway", "api", "worker"]
Level = Literal["debug", "info", "warn", "error"]
Version = Literal["1.6", "2.0.1", "2.1"]

_VARIABLE = "CSMS_CONFIG"
_PLACES = (Path("conf/csms.toml"), Path("/etc/csms/csms.toml"))
_TOP_PORT = 65_535


def _is_endpoint(text: str) -> bool:
    """Whether Twisted can make a listening endpoint of the text.

    What the endpoint refers to (a certificate, an inherited socket) may not be there yet.
    """
    port = re.match(r"tcp6?:(?:port=)?(\d+)", text)
    try:
        # Parsing needs no reactor; listening, which does, is not done here.
        serverFromString(cast("IReactorCore", None), text)
    except (ValueError, TypeError):
        return False
    except (LookupError, OSError):
        return True
    return port is None or int(port[1]) <= _TOP_PORT


def _is_loopback_endpoint(text: str) -> bool:
    """Whether only this machine can reach the endpoint; the empty text is none at all."""
    local = r"unix:.*|tcp6?:(?:.*:)?interface=(?:127(?:\.\d+){3}|localhost|\\:\\:1)(?::.*)?"
    return not text or (_is_endpoint(text) and re.fullmatch(local, text) is not None)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _matching(expected: str, pattern: str, *, secret: bool = False) -> Meta:
    """Annotation of a text that the whole ``pattern`` describes."""
    compiled = re.compile(pattern)
    return checked(expected, lambda text: compiled.fullmatch(text) is not None, secret=secret)


_Endpoint = Annotated[
    str, checked('a listening endpoint like "tcp:8080:backlog=4096"', _is_endpoint)
]
_Path = Annotated[str, _matching('a path like "/ocpp/{id}"', r"/(?:[^{}\s?#]*/)?\{id\}")]


class Server(Struct, frozen=True, kw_only=True):
    """The process."""

    node: Annotated[
        str, _matching("up to 64 letters, digits, '.', '_' or '-'", r"[A-Za-z0-9._-]{0,64}")
    ] = ""
    """Name of this process among others; empty: the name of the host."""
    roles: Annotated[tuple[Role, ...], Meta(min_length=1)] = ("gateway", "api", "worker")
    """What the process does: "gateway" talks to stations, "api" serves REST, "worker" runs the
    scheduled jobs."""
    state_directory: Annotated[str, _matching("the path of a directory", r".+")] = "/var/lib/csms"
    """Where the embedded database and everything else that must survive a restart is kept."""
    shutdown_timeout_s: Annotated[float, Meta(ge=0, le=600)] = 8
    """Seconds that work under way may take to finish after SIGTERM."""


class Log(Struct, frozen=True, kw_only=True):
    """What is logged."""

    format: Literal["json", "console"] = "json"
    """"json": one object per line; "console": for human eyes."""
    level: Level = "info"
    """Least level that is logged: "debug", "info", "warn" or "error"."""
    levels: tuple[
        Annotated[
            str,
            _matching('entries like "csms.gateway=debug"', r"[\w.-]+=(?:debug|info|warn|error)"),
        ],
        ...,
    ] = ()
    """Other levels for parts of the software, as "csms.gateway=debug"; the longest match counts.
    Libraries log from "warn" on unless named here or everything is set to "debug"."""


class Ocpp(Struct, frozen=True, kw_only=True):
    """Where stations connect, and what one of them may cost."""

    endpoint: _Endpoint = "tcp:9000:backlog=4096"
    """Where stations connect, as Twisted writes listening endpoints. A short backlog makes a fleet
    that reconnects at once wait; the kernel's net.core.somaxconn bounds it too."""
    paths: Annotated[tuple[_Path, ...], Meta(min_length=1)] = (
        "/ocpp/{id}",
        "/ws/{id}",
        "/{id}",
    )
    """URL paths of stations; "{id}" is the station's identity and the last part of each."""
    query_path: Annotated[str, _matching('a path like "/ocpp", or ""', r"(?:/[^{}\s?#]*)?")] = (
        "/ocpp"
    )
    """URL path that takes the identity from the query, "?chargePointId=..."; empty: none does."""
    versions: Annotated[tuple[Version, ...], Meta(min_length=1)] = ("1.6", "2.0.1", "2.1")
    """OCPP versions that are spoken; a station's order of preference decides among them."""
    assume_version: Literal["", "1.6", "2.0.1", "2.1"] = ""
    """Version of a station that asks for no subprotocol; empty: such a station is refused unless
    its URL names a version, or its record allows only one."""
    max_frame_bytes: Annotated[int, Meta(ge=1024, le=67_108_864)] = 524_288
    """Longest message a station may send, in bytes, also when it is sent compressed."""
    compression: bool = True
    """Whether messages may be compressed (permessage-deflate) when a station offers it."""
    handshake_timeout_s: Annotated[float, Meta(ge=0.1, le=600)] = 15
    """Seconds a connection may take until it is a WebSocket."""
    ping_interval_s: Annotated[float, Meta(ge=0, le=86_400)] = 45
    """Seconds of silence after which a station is pinged; 0: never."""
    ping_timeout_s: Annotated[float, Meta(ge=0.1, le=3600)] = 30
    """Seconds a station may take to answer a ping before its connection is closed."""
    call_timeout_s: Annotated[float, Meta(ge=0.1, le=3600)] = 30
    """Seconds a station may take to answer a command."""
    inbound_limit: Annotated[int, Meta(ge=1, le=10_000)] = 16
    """Messages of one station that may await their answer; beyond it the connection is closed."""
    outbound_limit: Annotated[int, Meta(ge=1, le=10_000)] = 64
    """Commands that may wait for one station; further ones fail."""
    deaf_after: Annotated[int, Meta(ge=0, le=10_000)] = 5
    """Commands in a row without answer that make a station deaf: that is reported, and its
    connection closed once, which may help. 0: none does."""
    max_connections: Annotated[int, Meta(ge=1, le=10_000_000)] = 50_000
    """Stations that may be connected to this process; the limit of open files bounds it too."""
    max_connections_per_ip: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    """Connections from one address; 0: no limit, since a whole site may share one."""
    messages_per_s: Annotated[float, Meta(ge=0, le=1_000_000)] = 50
    """Messages a second a station may send in the long run; a flood is cut off. 0: no limit."""
    message_burst: Annotated[int, Meta(ge=0, le=10_000_000)] = 500
    """Messages a station may send at once, as after hours offline. 0: no limit."""
    connections_per_minute: Annotated[int, Meta(ge=0, le=1_000_000)] = 30
    """Connections a minute of one identity from one address; beyond it the station is flapping and
    is refused for a while. 0: no limit."""
    trusted_proxies: tuple[
        Annotated[str, checked('addresses or networks like "10.0.0.0/8"', _is_network)], ...
    ] = ()
    """Addresses or networks of reverse proxies whose X-Forwarded-For is believed."""
    echo_endpoint: Annotated[
        str, checked('a listening endpoint on a loopback interface, or ""', _is_loopback_endpoint)
    ] = ""
    """For WebSocket conformance suites: a loopback endpoint where every message is sent back;
    empty: off."""


class Stations(Struct, frozen=True, kw_only=True):
    """Who may be a station, and how stations are treated until something else is said of one."""

    unknown: Literal["refuse", "accept", "pending"] = "refuse"
    """A station nobody declared: "refuse" the connection, "accept" and register it, or keep it
    "pending" until somebody approves it."""
    open_access: Literal["never", "loopback", "always"] = "never"
    """Whether a station that has no password may connect: "never", only from this machine
    ("loopback"), or "always"."""
    heartbeat_interval_s: Annotated[int, Meta(ge=1, le=604_800)] = 300
    """Seconds between heartbeats that an accepted station is told."""
    pending_interval_s: Annotated[int, Meta(ge=1, le=604_800)] = 30
    """Seconds until a station that is pending should ask again."""
    rejected: Literal["answer", "refuse"] = "answer"
    """What a rejected station meets: its boot is answered ("answer") by the interval below and
    nothing else it says is taken, or it may not even connect ("refuse")."""
    rejected_interval_s: Annotated[int, Meta(ge=1, le=604_800)] = 600
    """Seconds until a station that was rejected should ask again."""
    strictness: Literal["strict", "tolerant", "off"] = "tolerant"
    """How messages are held against the OCPP schemas: "strict" refuses departures, "tolerant"
    accepts and counts the harmless ones, "off" does not look."""
    offline_after_s: Annotated[int, Meta(ge=0, le=2_592_000)] = 0
    """Seconds without a sign of life until a station counts as offline; 0: twice its heartbeat
    interval."""


class Authorization(Struct, frozen=True, kw_only=True):
    """Who may charge."""

    unknown_tokens: Literal["refuse", "accept"] = "refuse"
    """What becomes of a driver's token that nobody registered: "refuse" or "accept"."""
    concurrent_sessions: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    """Sessions that one token may run at once unless its record says otherwise; 0: no limit."""
    master_pass_group: Annotated[
        str, _matching("up to 255 printable ASCII characters", r"[ -~]{0,255}")
    ] = ""
    """Group of the tokens that may end every session and start none (OCPP 2.x C16), as the stations
    have it in AuthCtrlr.MasterPassGroupId; empty: there is none."""
    contract_certificates: Literal["refuse", "token"] = "refuse"
    """What becomes of contract certificates (ISO 15118), which are not validated yet: "refuse", or
    "token": whoever presents one may charge when the token that it is for may."""


class Sessions(Struct, frozen=True, kw_only=True):
    """When a session is odd."""

    start_timeout_s: Annotated[int, Meta(ge=1, le=604_800)] = 600
    """Seconds until a remote start that led to no session is given up."""
    max_hours: Annotated[float, Meta(ge=0.01, le=87_600)] = 12.0
    """Hours after which a session that still runs is marked as suspect."""


class Intake(Struct, frozen=True, kw_only=True):
    """How what stations report becomes durable."""

    lanes: Annotated[int, Meta(ge=1, le=64)] = 2
    """Database connections that write at the same time."""
    batch_limit: Annotated[int, Meta(ge=1, le=10_000)] = 400
    """Reports that are committed together at most."""
    queue_limit: Annotated[int, Meta(ge=1, le=10_000_000)] = 50_000
    """Reports that may wait, of all stations together; further ones are refused."""
    patience_s: Annotated[float, Meta(ge=0.1, le=3600)] = 25
    """Seconds a report may wait for a database that is gone. Stations give up after 30 or so."""


class Operations(Struct, frozen=True, kw_only=True):
    """Commands to stations."""

    answer_wait_s: Annotated[float, Meta(ge=0, le=600)] = 10
    """Seconds a REST call waits for the station's answer before it is told where to look later."""
    queue_ttl_s: Annotated[int, Meta(ge=1, le=31_536_000)] = 86_400
    """Seconds a command may wait for a station that is offline, when the caller asked for that."""


class Firmware(Struct, frozen=True, kw_only=True):
    """Firmware of stations."""

    allowed_hosts: tuple[
        Annotated[
            str,
            _matching('hosts like "files.example.com" or ".example.com"', r"\.?[A-Za-z0-9.:_-]+"),
        ],
        ...,
    ] = ()
    """Hosts that stations may be told to download firmware from; ".example.com" stands for all
    below it. Empty: any."""


class Uploads(Struct, frozen=True, kw_only=True):
    """Logs that stations upload to this server, on the endpoint of the API."""

    base_url: Annotated[
        str, _matching('a URL like "https://csms.example.com", or ""', r"(?:https?://[^\s?#]+)?")
    ] = ""
    """What the URLs begin with that stations upload to, as they reach this server; "/uploads/..."
    follows. Empty: made of api.endpoint and the name of the host."""
    max_bytes: Annotated[int, Meta(ge=1024, le=1_099_511_627_776)] = 104_857_600
    """Longest file, in bytes."""
    ttl_s: Annotated[int, Meta(ge=60, le=31_536_000)] = 86_400
    """Seconds that such a URL is good for."""


class Charging(Struct, frozen=True, kw_only=True):
    """Smart charging."""

    ev_needs: Literal["profile", "none", "reject"] = "profile"
    """What a vehicle that tells its needs (ISO 15118) gets: a "profile" for as much as vehicle and
    EVSE can within all limits, no profile ("none"), or a refusal ("reject")."""
    voltage_v: Annotated[float, Meta(ge=1, le=100_000)] = 230
    """Volts between phase and neutral, with which limits in A and W are compared."""


class Provisioning(Struct, frozen=True, kw_only=True):
    """What is done when a station has booted: settings of its profiles, its device model ..."""

    enabled: bool = True
    """Whether anything is."""
    settle_s: Annotated[float, Meta(ge=0, le=3600)] = 2
    """Seconds that a station is left alone after it booted."""
    spread_s: Annotated[float, Meta(ge=0, le=86_400)] = 10
    """Seconds over which the turns of stations are spread that boot at the same time."""
    concurrency: Annotated[int, Meta(ge=1, le=10_000)] = 20
    """Stations that have their turn at the same time."""


class Jobs(Struct, frozen=True, kw_only=True):
    """Scheduled work."""

    interval_s: Annotated[float, Meta(ge=0.1, le=86_400)] = 10
    """Seconds between two looks for stations that went silent, commands that expired and sessions
    that hang."""
    stale_status_s: Annotated[int, Meta(ge=1, le=86_400)] = 60
    """Seconds a connector may be shown in use without a session before its station is asked for
    its status; some never tell that a session's end made it available."""


class Retention(Struct, frozen=True, kw_only=True):
    """How long records are kept that serve no session."""

    refused_days: Annotated[int, Meta(ge=1, le=36_500)] = 30
    """Days that refused connection attempts are kept."""
    outbox_hours: Annotated[int, Meta(ge=1, le=876_000)] = 24
    """Hours that delivered events are kept."""
    operations_days: Annotated[int, Meta(ge=1, le=36_500)] = 90
    """Days that settled commands are kept."""
    quarantine_days: Annotated[int, Meta(ge=1, le=36_500)] = 365
    """Days that messages are kept which could not be understood and may matter for billing."""
    events_days: Annotated[int, Meta(ge=1, le=36_500)] = 365
    """Days that security events, alarms and the like of stations are kept."""
    reports_days: Annotated[int, Meta(ge=1, le=36_500)] = 30
    """Days that the reports of stations are kept as they came in their parts."""
    customer_information_days: Annotated[int, Meta(ge=1, le=36_500)] = 7
    """Days that what stations told of a customer is kept."""
    uploads_days: Annotated[int, Meta(ge=1, le=36_500)] = 90
    """Days that logs which stations uploaded are kept, with their files."""


class Database(Struct, frozen=True, kw_only=True):
    """Where everything is stored."""

    url: Annotated[
        str,
        _matching(
            'a URL like "postgresql://user@host/name", or ""',
            r"(?:postgres(?:ql)?://\S+|(?:\w+\s*=\s*\S+\s*)+)?",
            secret=True,
        ),
    ] = ""
    """URL of a PostgreSQL, 14 or newer; empty: one of our own is run in the state directory.
    A secret: "url_file" may name a file that holds it instead."""
    pool_size: Annotated[int, Meta(ge=1, le=500)] = 6
    """Connections kept for everything but the intake, which has its own."""
    binaries: str = ""
    """Directory with "postgres" and "initdb" for the database of our own; empty: those that were
    installed with the product."""
    migrate_at_start: bool = True
    """Whether the schema is brought up to date at the start; otherwise "csms migrate" does it."""

    def __repr__(self) -> str:
        """Leave out the URL, which may hold a password."""
        return f"Database(pool_size={self.pool_size!r}, ...)"


class Api(Struct, frozen=True, kw_only=True):
    """The REST interface."""

    endpoint: _Endpoint = "tcp:8080:backlog=4096"
    """Where REST is served, as Twisted writes listening endpoints."""
    max_body_bytes: Annotated[int, Meta(ge=1024, le=1_073_741_824)] = 1_048_576
    """Longest request body, in bytes."""
    cors_origins: tuple[
        Annotated[
            str,
            _matching('origins like "https://app.example.com", or "*"', r"\*|https?://[^/\s]+"),
        ],
        ...,
    ] = ()
    """Web origins whose pages may call the API; "*": any."""
    token_file: str = ""
    """File that gets an API token of role "admin" at the start, unless it holds a good one; for
    development. Empty: tokens are made by "csms token"."""


class Certificates(Struct, frozen=True, kw_only=True):
    """What stations may ask certificates for, and cars."""

    common_name: Literal["either", "serial", "identity", "any"] = "either"
    """Whose name a station's request for a certificate must bear: its serial number ("serial"),
    its identity ("identity"), one of both ("either"), or anybody's ("any")."""
    organization: str = ""
    """Organization that such a request must name; empty: any, or none."""
    contract_provider_url: Annotated[
        str,
        _matching('a URL like "https://contracts.example.com/exi", or ""', r"(?:https?://\S+)?"),
    ] = ""
    """URL that is asked for the contract certificates of cars (ISO 15118), see
    docs/certificates.rst; empty: there are none."""


class Payments(Struct, frozen=True, kw_only=True):
    """Payments that stations take themselves (OCPP 2.1)."""

    receipt_url: Annotated[
        str, _matching('a URL like "https://pay.example.com/receipts", or ""', r"(?:https?://\S+)?")
    ] = ""
    """Where drivers find their receipts, by the id of the session; empty: stations make them."""
    vat_validation: Literal["refuse", "form"] = "refuse"
    """What becomes of the VAT numbers of customers, for nobody is asked whether they are in force:
    "refuse", or "form": those that have the form of their country's are accepted."""


class Transfers(Struct, frozen=True, kw_only=True):
    """What vendors tell by DataTransfer."""

    record: tuple[
        Annotated[str, _matching("vendor ids of up to 255 characters", r".{1,255}")], ...
    ] = ()
    """Vendor ids whose messages are accepted and kept as events of the station; those of others are
    answered as unknown."""


class Config(Struct, frozen=True, kw_only=True):
    """Every setting."""

    server: Server = Server()
    log: Log = Log()
    ocpp: Ocpp = Ocpp()
    stations: Stations = Stations()
    authorization: Authorization = Authorization()
    sessions: Sessions = Sessions()
    intake: Intake = Intake()
    operations: Operations = Operations()
    charging: Charging = Charging()
    certificates: Certificates = Certificates()
    payments: Payments = Payments()
    transfers: Transfers = Transfers()
    firmware: Firmware = Firmware()
    uploads: Uploads = Uploads()
    provisioning: Provisioning = Provisioning()
    jobs: Jobs = Jobs()
    retention: Retention = Retention()
    database: Database = Database()
    api: Api = Api()


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """The settings of the file at ``path`` (None: no file) and of the environment.

    Raises `ConfigError` for the first setting that is unknown or wrong.
    """
    return read(Config, path, environ)


def locate(environ: Mapping[str, str]) -> Path | None:
    """The file to read when nobody named one; None: there is none, the defaults count."""
    if named := environ.get(_VARIABLE):
        return Path(named)
    return next((place for place in _PLACES if place.is_file()), None)
