"""Network profiles in 2.x (B09): how a station reaches a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from csms.adapter.schema import Json
from csms.adapter.tables import Outbound, Request, Unsupported
from csms.core.commands import Command
from csms.core.variables.networks import Apn, NetworkProfile, SetNetworkProfile, Vpn

_FIELDS = {
    "ocppCsmsUrl": "url",
    "ocppInterface": "interface",
    "securityProfile": "security_profile",
    "messageTimeout": "message_timeout_s",
    "identity": "identity",
    "basicAuthPassword": "password",
}
_APN = {
    "apn": "name",
    "apnUserName": "user",
    "apnPassword": "password",
    "simPin": "sim_pin",
    "preferredNetwork": "preferred_network",
    "useOnlyPreferredNetwork": "only_preferred_network",
    "apnAuthentication": "authentication",
}
_VPN = {
    "server": "server",
    "user": "user",
    "group": "group",
    "password": "password",
    "key": "shared_secret",
    "type": "kind",
}


@attrs.frozen
class Networks:
    """Network profiles of a version.

    ``versions`` spells OCPP versions, those first that it spells best; ``usual`` is what stands
    for none, None: nothing; ``knows`` says which further fields there are.
    """

    versions: Mapping[str, str]
    usual: str | None
    knows: frozenset[str] = frozenset()

    def spell(self, command: SetNetworkProfile) -> Request | Unsupported:
        """The request, or why there is none."""
        profile = command.profile
        if "identity" not in self.knows and (profile.identity or profile.password):
            return Unsupported("OCPP 2.0.1 sets no identity or password with a network profile.")
        version = self.usual
        if profile.ocpp_version is not None:
            version = self.versions.get(profile.ocpp_version)
            if version is None:
                return Unsupported("The station's OCPP version has no name for that version.")
        data: dict[str, object] = {"ocppTransport": "JSON", **_spelled(profile, _FIELDS)}
        if version is not None:
            data["ocppVersion"] = version
        if profile.apn is not None:
            data["apn"] = _spelled(profile.apn, _APN)
        if profile.vpn is not None:
            data["vpn"] = _spelled(profile.vpn, _VPN)
        payload: dict[str, object] = {"configurationSlot": command.slot, "connectionData": data}
        return Request("SetNetworkProfile", payload)

    def read(self, payload: Json) -> SetNetworkProfile | None:
        """The command that a request amounts to."""
        data = payload["connectionData"]
        version = data.get("ocppVersion")
        known = {wire: name for name, wire in reversed(tuple(self.versions.items()))}
        if data["ocppTransport"] != "JSON" or (version is not None and version not in known):
            return None
        return SetNetworkProfile(
            slot=payload["configurationSlot"],
            profile=NetworkProfile(
                **_fields(data, _FIELDS),
                ocpp_version=None if version is None else known[version],
                apn=Apn(**_fields(data["apn"], _APN)) if "apn" in data else None,
                vpn=Vpn(**_fields(data["vpn"], _VPN)) if "vpn" in data else None,
            ),
        )

    @property
    def commands(self) -> Mapping[type[Command], Outbound]:
        """The row of the command."""
        data = {f"connectionData.{wire}": name for wire, name in _FIELDS.items()}
        apn = {f"connectionData.apn.{wire}": f"apn.{name}" for wire, name in _APN.items()}
        vpn = {f"connectionData.vpn.{wire}": f"vpn.{name}" for wire, name in _VPN.items()}
        places = {f"connectionData.{name}": name for name in ("apn", "vpn")}
        places["connectionData.ocppVersion"] = "ocpp_version"
        fields = {"configurationSlot": "slot", **places, **data, **apn, **vpn}
        return {SetNetworkProfile: Outbound(self.spell, fields)}

    @property
    def interpreters(self) -> Mapping[str, Callable[[Json], Command | None]]:
        """The row of the request."""
        return {"SetNetworkProfile": self.read}


def _spelled(of: NetworkProfile | Apn | Vpn, names: Mapping[str, str]) -> dict[str, object]:
    told = {wire: getattr(of, name) for wire, name in names.items()}
    return {wire: value for wire, value in told.items() if value is not None}


def _fields(of: Json, names: Mapping[str, str]) -> dict[str, Any]:
    return {name: of[wire] for wire, name in names.items() if wire in of}


NETWORKS = Networks(
    versions={
        "2.0.1": "OCPP20",
        "2.0": "OCPP20",
        "1.6": "OCPP16",
        "1.5": "OCPP15",
        "1.2": "OCPP12",
    },
    usual="OCPP20",
)
"""2.0.1 calls itself OCPP20."""
