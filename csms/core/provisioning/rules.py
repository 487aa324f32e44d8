"""Rules of provisioning: which profiles a station falls under, and where it differs from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec.structs import replace

from csms.core.commands import ResetKind
from csms.core.errors import Invalid
from csms.core.provisioning.vocabulary import (
    Drift,
    ItemResult,
    ProvisioningProfile,
    ProvisioningRun,
    Wish,
)
from csms.core.values import Station
from csms.core.variables.secrets import is_secret
from csms.core.variables.vocabulary import Attribute, ItemStatus, Setting

Place = tuple[str, str]
"""Which attribute, see `csms.core.variables.vocabulary.Wanted.place`."""

MAX_SETTINGS = 500
"""Of one profile."""
_OF_COMPONENTS = ("component_instance", "evse_id", "connector_id", "variable_instance")


def check_profile(profile: ProvisioningProfile) -> None:
    """Refuse what cannot be applied again and again; raises `Invalid`.

    Secrets are not provisioned: nobody can see whether a station has them.
    """
    if len(profile.settings) > MAX_SETTINGS:
        raise Invalid(
            f"a profile has at most {MAX_SETTINGS} settings, and this one {len(profile.settings)}",
            field="settings",
        )
    seen: dict[Place, int] = {}
    for place, setting in enumerate(profile.settings):
        field = f"settings[{place}]"
        if is_secret(setting):
            raise Invalid(
                f"{setting.variable} holds a secret, which cannot be part of a profile",
                field=f"{field}.variable",
            )
        for name in _OF_COMPONENTS if setting.component is None else ():
            if getattr(setting, name) is not None:
                raise Invalid(
                    f"{setting.variable} has no component: configuration keys of OCPP 1.6 have "
                    f"no {name}",
                    field=f"{field}.{name}",
                )
        if setting.component is None and setting.attribute is not Attribute.ACTUAL:
            raise Invalid(
                f"{setting.variable} has no component: of configuration keys of OCPP 1.6 only "
                "Actual can be set",
                field=f"{field}.attribute",
            )
        first = seen.setdefault(setting.place, place)
        if first != place:
            raise Invalid(
                f"{setting.variable} is in settings[{first}] already; a profile sets it once",
                field=field,
            )


def fits(profile: ProvisioningProfile, station: Station) -> bool:
    """Whether a station falls under a profile; case does not matter for vendor and model."""
    return (
        (profile.identity is None or fnmatchcase(station.identity, profile.identity))
        and _alike(profile.vendor, station.vendor)
        and _alike(profile.model, station.model)
    )


def _alike(pattern: str | None, text: str | None) -> bool:
    return pattern is None or fnmatchcase((text or "").casefold(), pattern.casefold())


def wishes(
    profiles: Iterable[ProvisioningProfile], station: Station, *, components: bool
) -> tuple[Wish, ...]:
    """What a station should have: each variable once, by the profile that counts most.

    ``components``: its version has variables of components, and no configuration keys.
    """
    found: dict[Place, Wish] = {}
    for profile in sorted(profiles, key=lambda each: (-each.priority, each.name)):
        if fits(profile, station):
            for setting in profile.settings:
                if (setting.component is not None) is components:
                    wish = Wish(setting=setting, profile=profile.name, reset=profile.reset)
                    found.setdefault(setting.place, wish)
    return tuple(found.values())


def differing(wished: Sequence[Wish], values: Mapping[Place, str]) -> tuple[Wish, ...]:
    """Where a station differs, or is not known to be as it should; ``values`` by
    `Wanted.place`."""
    return tuple(wish for wish in wished if not alike(values.get(wish.setting.place), wish.setting))


def drift(
    wished: Sequence[Wish], values: Mapping[Place, str], pending: Mapping[Place, str]
) -> tuple[Drift, ...]:
    """Where a station differs, or is not known to be as it should; ``pending`` are the values that
    it accepted for its next boot.

    What waits for a boot is not as it should be yet, whatever the station says of it.
    """
    differ = {wish.setting.place for wish in differing(wished, values)}
    return tuple(
        Drift(
            setting=wish.setting,
            profile=wish.profile,
            reset=wish.reset,
            value=values.get(wish.setting.place),
            reboot_required=alike(pending.get(wish.setting.place), wish.setting),
        )
        for wish in wished
        if wish.setting.place in differ or wish.setting.place in pending
    )


def alike(value: str | None, setting: Setting) -> bool:
    """Whether a value is the one that is wanted."""
    return value is not None and _plain(value) == _plain(setting.value)


def _plain(value: str) -> str:
    """Stations spell truth values as they like."""
    folded = value.strip().casefold()
    return folded if folded in ("true", "false") else value.strip()


def reset_for(
    wished: Sequence[Wish], items: Sequence[ItemResult], before: ProvisioningRun | None
) -> ResetKind | None:
    """How a station is to be restarted: as the profile of a setting that waits for it says.

    One for which it was restarted the time ``before``, in vain, is none: it would restart for ever.
    """
    kinds = {wish.setting.place: wish.reset for wish in wished}
    tried = _tried(before)
    wanted = [
        kinds.get(item.setting.place)
        for item in items
        if _waits(item) and item.setting not in tried
    ]
    if ResetKind.HARD in wanted:
        return ResetKind.HARD
    return ResetKind.SOFT if ResetKind.SOFT in wanted else None


def restarted(
    wished: Sequence[Wish],
    items: Sequence[ItemResult],
    before: ProvisioningRun | None,
    *,
    again: bool,
) -> tuple[ItemResult, ...]:
    """The items with it written down for which the station was restarted: this time (``again``),
    or the time before."""
    kinds = {wish.setting.place: wish.reset for wish in wished}
    tried = _tried(before)

    def marked(item: ItemResult) -> ItemResult:
        if _waits(item) and item.setting in tried:
            return replace(item, restarted=True, detail="a restart did not help")
        if item.setting in tried and item.status not in _SETTLED:
            return replace(item, restarted=True)
        if _waits(item) and again and kinds.get(item.setting.place) is not None:
            return replace(item, restarted=True)
        return item

    return tuple(map(marked, items))


def _tried(before: ProvisioningRun | None) -> Sequence[Setting]:
    return () if before is None else [item.setting for item in before.items if item.restarted]


_SETTLED = frozenset({"same", *(status.value for status in ItemStatus)})
"""The station has said something about it; else nobody knows whether the restart helped."""


def _waits(item: ItemResult) -> bool:
    return item.status == ItemStatus.REBOOT_REQUIRED.value
