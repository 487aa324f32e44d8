"""Rules of provisioning: which profiles a station falls under, and where it differs from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from csms.core.commands import ResetKind
from csms.core.errors import Invalid
from csms.core.provisioning.vocabulary import ItemResult, ProvisioningProfile, Wish
from csms.core.values import Station
from csms.core.variables.secrets import is_secret
from csms.core.variables.vocabulary import Attribute, ItemStatus, Setting

MAX_SETTINGS = 500
"""Of one profile."""


def check_profile(profile: ProvisioningProfile) -> None:
    """Refuse what cannot be applied again and again; raises `Invalid`.

    Secrets are not provisioned: nobody can see whether a station has them.
    """
    if len(profile.settings) > MAX_SETTINGS:
        raise Invalid(f"has more than {MAX_SETTINGS} settings", field="settings")
    seen: set[tuple[str, str]] = set()
    for place, setting in enumerate(profile.settings):
        field = f"settings[{place}]"
        if is_secret(setting):
            raise Invalid("a secret cannot be part of a profile", field=field)
        if setting.place in seen:
            raise Invalid("is there twice", field=field)
        seen.add(setting.place)


def fits(profile: ProvisioningProfile, station: Station) -> bool:
    """Whether a station falls under a profile; case does not matter for vendor and model."""
    return (
        (profile.identity is None or fnmatchcase(station.identity, profile.identity))
        and _alike(profile.vendor, station.vendor)
        and _alike(profile.model, station.model)
    )


def _alike(pattern: str | None, text: str | None) -> bool:
    return pattern is None or fnmatchcase((text or "").casefold(), pattern.casefold())


def wishes(profiles: Iterable[ProvisioningProfile], station: Station) -> tuple[Wish, ...]:
    """What a station should have: each variable once, by the profile that counts most.

    Configuration keys are for stations of OCPP 1.6, variables of components for newer ones.
    """
    keys = station.ocpp_version == "1.6"
    found: dict[tuple[str, str], Wish] = {}
    for profile in sorted(profiles, key=lambda each: (-each.priority, each.name)):
        if fits(profile, station):
            for setting in profile.settings:
                if (setting.component is None) is keys:
                    wish = Wish(setting=setting, profile=profile.name, reset=profile.reset)
                    found.setdefault(setting.place, wish)
    return tuple(found.values())


def unknown(wished: Sequence[Wish], values: Mapping[str, str]) -> tuple[Setting, ...]:
    """What must be read before it can be compared.

    Of other attributes than the actual value nothing is known beforehand: they are written.
    """
    return tuple(
        wish.setting
        for wish in wished
        if wish.setting.attribute is Attribute.ACTUAL and wish.setting.key not in values
    )


def drift(wished: Sequence[Wish], values: Mapping[str, str]) -> tuple[Wish, ...]:
    """Where a station differs, or is not known to be as it should."""
    return tuple(wish for wish in wished if not _as_wished(wish.setting, values))


def _as_wished(setting: Setting, values: Mapping[str, str]) -> bool:
    value = values.get(setting.key) if setting.attribute is Attribute.ACTUAL else None
    return value is not None and _plain(value) == _plain(setting.value)


def _plain(value: str) -> str:
    """Stations spell truth values as they like."""
    folded = value.strip().casefold()
    return folded if folded in ("true", "false") else value.strip()


def reset_for(wished: Sequence[Wish], items: Sequence[ItemResult]) -> ResetKind | None:
    """How a station is to be restarted: as the profile of a setting that waits for it says."""
    kinds = {wish.setting.place: wish.reset for wish in wished}
    wanted = [
        kinds.get(item.setting.place)
        for item in items
        if item.status == ItemStatus.REBOOT_REQUIRED.value
    ]
    if ResetKind.HARD in wanted:
        return ResetKind.HARD
    return ResetKind.SOFT if ResetKind.SOFT in wanted else None
