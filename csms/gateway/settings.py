"""What the gateway is told once, at its start."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from csms.core.values import Strictness

Unknown = Literal["refuse", "accept", "pending"]
OpenAccess = Literal["never", "loopback", "always"]


class GatewaySettings(Struct, frozen=True, kw_only=True):
    """Settings of the gateway; times in seconds, sizes in bytes, 0 means no limit."""

    node: str
    """This process among others, as its connections are recorded."""
    endpoint: str = "tcp:9000:backlog=4096"
    echo_endpoint: str = ""
    """Where the WebSocket layer echoes, for conformance tests; loopback only, empty: nowhere."""
    paths: tuple[str, ...] = ("/ocpp/{id}", "/ws/{id}", "/{id}")
    query_path: str = "/ocpp"
    versions: tuple[str, ...] = ("1.6", "2.0.1", "2.1")
    assume_version: str = ""
    """Version of stations that offer no subprotocol; empty: they are refused."""
    unknown: Unknown = "refuse"
    """What becomes of identities that nobody declared."""
    open_access: OpenAccess = "never"
    """From where stations without a password may connect."""
    strictness: Strictness = Strictness.TOLERANT
    """For stations whose record does not say."""
    admit_rejected: bool = False
    """Whether rejected stations may connect, to be told so when they boot."""
    compression: bool = True
    """Whether permessage-deflate is accepted when it is offered."""
    max_frame_bytes: int = 524_288
    """Longest message, after it was inflated."""
    header_limit: int = 8_192
    handshake_timeout_s: float = 15
    ping_interval_s: float = 45
    """Silence after which a station is pinged."""
    ping_timeout_s: float = 30
    """Silence after a ping that means the connection is dead."""
    call_grace_s: float = 2
    """A station that does not boot hears no CALL of ours for this long after its first message."""
    silence_grace_s: float = 10
    """... nor, while it says nothing at all, for this long after it connected."""
    call_timeout_s: float = 30
    """Time for the answer to a CALL that the gateway makes by itself."""
    inbound_limit: int = 16
    outbound_limit: int = 64
    deaf_after: int = 5
    """CALLs in a row without answer that make a station deaf; 0: none does."""
    max_connections: int = 50_000
    max_connections_per_ip: int = 0
    messages_per_s: float = 50
    message_burst: int = 500
    connections_per_minute: int = 30
    """Per identity and address."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks whose X-Forwarded-For is believed."""
    shutdown_s: float = 4
    """Time for CALLs under way when the gateway stops."""
