"""Which profiles a station falls under, and where it differs from them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from csms.core.commands import ResetKind
from csms.core.errors import Invalid
from csms.core.provisioning.rules import (
    MAX_SETTINGS,
    check_profile,
    differing,
    drift,
    fits,
    reset_for,
    restarted,
    wishes,
)
from csms.core.provisioning.vocabulary import (
    ItemResult,
    ProvisioningProfile,
    ProvisioningRun,
    Wish,
)
from csms.core.values import Registration, Station
from csms.core.variables.vocabulary import Attribute, Setting

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def station(**fields: Any) -> Station:
    known = {
        "id": 1,
        "operator_id": 1,
        "identity": "CP-1",
        "registration": Registration.ACCEPTED,
        "vendor": "Acme Ltd",
        "model": "Fast 50",
        "ocpp_version": "1.6",
        "created_at": T0,
        "updated_at": T0,
    }
    return Station(**{**known, **fields})


def profile(name: str = "p", **fields: Any) -> ProvisioningProfile:
    return ProvisioningProfile(name=name, operator_id=1, **fields)


def key(name: str, value: str = "1") -> Setting:
    return Setting(variable=name, value=value)


def variable(name: str, value: str = "1", **more: Any) -> Setting:
    return Setting(component="Ctrlr", variable=name, value=value, **more)


def wish(setting: Setting, reset: ResetKind | None = None) -> Wish:
    return Wish(setting=setting, profile="p", reset=reset)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ({}, True),
        ({"identity": "CP-1"}, True),
        ({"identity": "CP-*"}, True),
        ({"identity": "cp-1"}, False),
        ({"vendor": "acme*"}, True),
        ({"vendor": "ACME LTD", "model": "fast ?0"}, True),
        ({"vendor": "acme*", "model": "slow*"}, False),
        ({"model": "[fF]ast*", "identity": "X"}, False),
    ],
)
def test_who_falls_under_a_profile(patterns: dict[str, str], *, expected: bool) -> None:
    """Whoever every given pattern fits."""
    assert fits(profile(**patterns), station()) is expected


def test_a_station_that_never_booted() -> None:
    """Falls under what asks for nothing it has not told."""
    fresh = station(vendor=None, model=None)
    assert fits(profile(vendor="*"), fresh)
    assert not fits(profile(vendor="Acme"), fresh)


def test_the_highest_priority_counts() -> None:
    """For each variable on its own; names decide between equals."""
    profiles = [
        profile("b", priority=1, settings=(key("A", "b"), key("B", "b"))),
        profile("a", priority=1, settings=(key("a", "a"),)),
        profile("low", settings=(key("B", "low"), key("C", "low"))),
        profile("other", identity="X", priority=9, settings=(key("A", "no"),)),
    ]
    found = wishes(profiles, station(), components=False)
    assert {each.setting.variable: each.profile for each in found} == {
        "a": "a",
        "B": "b",
        "C": "low",
    }


@pytest.mark.parametrize(("components", "expected"), [(False, "K"), (True, "V")])
def test_keys_and_variables(components: bool, expected: str) -> None:
    """Each version has its own."""
    both = profile(settings=(key("K"), variable("V")))
    (found,) = wishes([both], station(), components=components)
    assert found.setting.variable == expected


def test_what_differs() -> None:
    """What is not known to be as it should; truth has many spellings."""
    same, other, new = key("Same", "TRUE"), key("Other", "a"), key("New")
    target = variable("T", attribute=Attribute.TARGET)
    values = {same.place: " true ", other.place: "A", target.place: "1"}
    wished = [wish(each) for each in (same, other, new, target)]
    assert [each.setting for each in differing(wished, values)] == [other, new]
    told = {each.setting.variable: each.value for each in drift(wished, values, {})}
    assert told == {"Other": "A", "New": None}


def test_what_waits_for_a_restart() -> None:
    """Is not as it should be yet, whatever is said of it; nor will be what waits for another."""
    old, early, other = key("Old"), key("Early"), key("Other")
    values = {old.place: "0", early.place: "1", other.place: "1"}
    pending = {old.place: "1", early.place: "1", other.place: "2"}
    told = drift([wish(each) for each in (old, early, other)], values, pending)
    assert [(each.setting, each.value, each.reboot_required) for each in told] == [
        (old, "0", True),
        (early, "1", True),
        (other, "1", False),
    ]


def waiting(wished: Wish, status: str = "reboot_required", **more: Any) -> ItemResult:
    return ItemResult(setting=wished.setting, profile="p", status=status, **more)


@pytest.mark.parametrize(
    ("resets", "statuses", "expected"),
    [
        ((None,), ("reboot_required",), None),
        ((ResetKind.SOFT,), ("accepted",), None),
        ((ResetKind.SOFT, None), ("reboot_required", "reboot_required"), ResetKind.SOFT),
        (
            (ResetKind.SOFT, ResetKind.HARD),
            ("reboot_required", "reboot_required"),
            ResetKind.HARD,
        ),
    ],
)
def test_restarts(
    resets: tuple[ResetKind | None, ...], statuses: tuple[str, ...], expected: ResetKind | None
) -> None:
    """Only where a setting waits for it and its profile says so."""
    wished = [wish(key(f"K{place}"), reset) for place, reset in enumerate(resets)]
    items = [waiting(each, status) for each, status in zip(wished, statuses, strict=True)]
    assert reset_for(wished, items, None) is expected


def test_no_restart_for_ever() -> None:
    """What waits still after a restart for it is waited for no more, until it was set once, or
    another value is wanted."""
    mine, left = wish(key("A"), ResetKind.SOFT), wish(key("B"))
    items = [waiting(mine), waiting(left)]
    first = restarted([mine, left], items, None, again=True)
    assert [item.restarted for item in first] == [True, False]
    run = ProvisioningRun(booted_at=T0, items=first)
    assert reset_for([mine, left], items, run) is None
    second = restarted([mine, left], items, run, again=False)
    assert [(item.restarted, item.detail) for item in second] == [
        (True, "a restart did not help"),
        (False, None),
    ]
    other = wish(key("A", "2"), ResetKind.SOFT)
    assert reset_for([other], [waiting(other)], run) is ResetKind.SOFT
    done = restarted([mine], [waiting(mine, "same")], run, again=False)
    assert [item.restarted for item in done] == [False]
    unheard = restarted([mine], [waiting(mine, "not_sent")], run, again=False)
    assert [item.restarted for item in unheard] == [True]
    refused = restarted([mine], items[:1], None, again=False)
    assert [item.restarted for item in refused] == [False]


@pytest.mark.parametrize(
    ("settings", "field", "told"),
    [
        ((key("AuthorizationKey"),), "settings[0].variable", "AuthorizationKey"),
        ((key("A"), variable("BasicAuthPassword")), "settings[1].variable", "BasicAuthPassword"),
        ((key("A"), key("a")), "settings[1]", "settings[0]"),
        ((Setting(variable="A", value="1", evse_id=1),), "settings[0].evse_id", "A has no comp"),
        (
            (Setting(variable="A", value="1", attribute=Attribute.TARGET),),
            "settings[0].attribute",
            "Actual",
        ),
        (tuple(key(f"K{number}") for number in range(MAX_SETTINGS + 1)), "settings", "501"),
    ],
)
def test_profiles_that_cannot_be(settings: tuple[Setting, ...], field: str, told: str) -> None:
    """No secrets, nothing twice, no end of it; what is wrong is named."""
    with pytest.raises(Invalid) as refused:
        check_profile(profile(settings=settings))
    assert refused.value.field == field
    assert told in refused.value.detail


def test_profiles_that_can() -> None:
    """Different attributes of a variable are different settings."""
    settings = (variable("V"), variable("V", attribute=Attribute.TARGET), key("V"))
    check_profile(profile(settings=settings))
