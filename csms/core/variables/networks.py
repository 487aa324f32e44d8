"""The words of network profiles: how stations reach servers (OCPP 2.x B09)."""

from __future__ import annotations

from msgspec import Struct

from csms.core.commands import Command


class Apn(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A mobile network's access point."""

    name: str
    user: str | None = None
    password: str | None = None
    sim_pin: int | None = None
    preferred_network: str | None = None
    only_preferred_network: bool | None = None
    authentication: str
    """CHAP, NONE, PAP or AUTO."""


class Vpn(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A virtual private network."""

    server: str
    user: str
    group: str | None = None
    password: str
    shared_secret: str
    kind: str
    """IKEv2, IPSec, L2TP or PPTP."""


class NetworkProfile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a station reaches a server (OCPP 2.x B09)."""

    url: str
    ocpp_version: str | None = None
    """For example ``2.0.1``; None: as the version's default."""
    interface: str
    """Wired0 to Wired3, Wireless0 to Wireless3, Any (2.1)."""
    security_profile: int
    message_timeout_s: int
    identity: str | None = None
    password: str | None = None
    apn: Apn | None = None
    vpn: Vpn | None = None


class SetNetworkProfile(Command, frozen=True, kw_only=True, tag="set_network_profile"):
    """Keep a way to reach a server in one of the station's slots."""

    slot: int
    profile: NetworkProfile
