"""Rules of the device model: what reports and answers of stations make known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec.structs import replace

from csms.core.assembly import AssemblyAsked, part_taken
from csms.core.consequences import (
    NO_CONSEQUENCE,
    Answered,
    Consequence,
    Consequences,
    nothing_asked,
)
from csms.core.credentials import hash_password
from csms.core.decisions import ACKNOWLEDGED, Decision, Policy, Question, State, Write
from csms.core.holdings import Hold
from csms.core.operations import without_userinfo
from csms.core.reports import CommandAnswered
from csms.core.station import fact
from csms.core.values import OperationStatus, StationKey
from csms.core.variables.inventory import CONFIGURATION
from csms.core.variables.networks import NetworkProfile, SetNetworkProfile
from csms.core.variables.portions import limit
from csms.core.variables.secrets import is_password, is_secret, readable
from csms.core.variables.vocabulary import (
    ChangePassword,
    ForgetVariables,
    ItemStatus,
    KeepVariable,
    NoteInventory,
    ReadResult,
    ReadVariables,
    ReplacePassword,
    ReportBase,
    RequestAsked,
    RequestReport,
    Setting,
    SettlePassword,
    Told,
    VariablesCounted,
    VariablesReported,
    WriteResult,
    WriteVariables,
)

if TYPE_CHECKING:
    from csms.core.areas import Rules

KIND = "variables"
"""Of the reports that are put together."""
NETWORK_PROFILE = "network_profile"
"""Kind of the holdings."""
MAX_ATTRIBUTES = 20_000
"""Attributes that are kept of one station; what is beyond is only in the report itself."""
WRITTEN = "variables.written"
"""Kind of the event that settings were accepted; who hears it reads them back."""

COMMANDS = (ReadVariables, WriteVariables, RequestReport, ChangePassword, SetNetworkProfile)


def report_asked(report: VariablesReported) -> Question:
    """A part is held against the report so far, and against what was asked for."""
    request = RequestAsked(action="request_report", ref=report.ref)
    parts = AssemblyAsked(kind=KIND, ref=report.ref)
    return Question(more=(parts, request, VariablesCounted()))


def reported(
    report: VariablesReported, key: StationKey, state: State, now: datetime, _policy: Policy
) -> Decision:
    """Keep a part of a report (2.x B07, B08); a complete full one shows what is gone, unless it is
    empty: every station has variables."""
    items = tuple(map(readable, report.items))
    taken = part_taken(
        key,
        KIND,
        report.ref,
        report.number,
        [msgspec.to_builtins(item) for item in items],
        now,
        state.answer(AssemblyAsked),
        last=report.last,
    )
    if taken.known:
        return Decision(ACKNOWLEDGED)
    full = (state.answer(VariablesCounted) or 0) >= MAX_ATTRIBUTES
    writes: list[Write] = [
        *taken.writes,
        *_kept(items, key, now, how="reported", seen_ref=report.ref, known_only=full),
    ]
    if not taken.completed:
        return Decision(ACKNOWLEDGED, tuple(writes))
    request = state.answer(RequestAsked) or {}
    base = request.get("base")
    if base == ReportBase.FULL and taken.conclusive:
        gone = ForgetVariables(station_id=key.id, unseen_ref=report.ref, at=now)
        whole = NoteInventory(
            station_id=key.id, operator_id=key.operator_id, ref=report.ref, at=now
        )
        writes += [gone, whole]
    event = fact("station.report", key, now, kind=KIND, ref=report.ref, base=base)
    return Decision(ACKNOWLEDGED, tuple(writes), (event,))


def count_asked(_report: CommandAnswered) -> Question:
    """There is an end to what is kept of a station."""
    return Question(more=(VariablesCounted(),))


def read(answered: Answered, state: State, now: datetime) -> Consequence:
    """Keep what was read; what the station does not know is gone.

    An answer to the question for everything (1.6) shows what is gone by leaving it out, unless it
    has just as many keys as the station takes in a message: then some may have had no room.
    """
    found: tuple[ReadResult, ...] | None = cast("Any", answered.outcome.found)
    if found is None or not answered.accepted:
        return NO_CONSEQUENCE
    good = [readable(item) for item in found if item.status is ItemStatus.ACCEPTED]
    full = (state.answer(VariablesCounted) or 0) >= MAX_ATTRIBUTES
    writes: list[Write] = list(
        _kept(
            good,
            answered.key,
            now,
            how="read",
            known_only=full,
            operation_id=answered.operation.id,
        )
    )
    unknown = tuple(item.key for item in found if item.status is ItemStatus.UNKNOWN)
    if unknown:
        writes.append(ForgetVariables(station_id=answered.key.id, keys=unknown, at=now))
    if not answered.command.items and good:
        own = answered.key
        there = {item.key: item.value or "" for item in good}
        if limit(there, (CONFIGURATION[0],)) != len(good):
            writes.append(ForgetVariables(station_id=own.id, but=tuple(there), at=now))
        writes.append(
            NoteInventory(station_id=own.id, operator_id=own.operator_id, ref=None, at=now)
        )
    return Consequence(tuple(writes))


def written(answered: Answered, state: State, now: datetime) -> Consequence:
    """Keep what was accepted as set, until it is read back; a new password is swapped in."""
    found: tuple[WriteResult, ...] = cast("Any", answered.outcome.found) or ()
    wanted = {item.place: item for item in answered.command.items}
    full = (state.answer(VariablesCounted) or 0) >= MAX_ATTRIBUTES
    writes: list[Write] = []
    names: list[dict[str, object]] = []
    for result in found:
        setting = wanted.get(result.place)
        if setting is None or not result.status.done:
            continue
        if is_password(setting):
            hashed = hash_password(setting.value)
            writes.append(ReplacePassword(station_id=answered.key.id, password_hash=hashed, at=now))
        later = result.status is ItemStatus.REBOOT_REQUIRED
        told = readable(_told(setting))
        writes += _kept(
            (told,),
            answered.key,
            now,
            how="set",
            operation_id=answered.operation.id,
            reboot_required=later,
            known_only=full,
        )
        if not is_secret(setting):
            name = msgspec.to_builtins(replace(setting, value=""))
            name.pop("value", None)
            names.append(name | {"reboot_required": later})
    if not names:
        return Consequence(tuple(writes))
    operation = answered.operation.id
    event = fact(WRITTEN, answered.key, now, operation_id=operation, items=names)
    return Consequence(tuple(writes), (event,))


def password_changed(answered: Answered, _state: State, now: datetime) -> Consequence:
    """Only Accepted switches (1.6 security whitepaper A01.FR.03, 2.x A01.FR.11).

    A no keeps the old password; with no answer, or one that is good from the next boot on, either
    may be right, until the station comes back with one.
    """
    status = answered.operation.status
    unsure = status in (OperationStatus.UNREACHABLE, OperationStatus.EXPIRED)
    if unsure or answered.outcome.found is ItemStatus.REBOOT_REQUIRED:
        return NO_CONSEQUENCE
    settled = SettlePassword(
        station_id=answered.key.id,
        mark=answered.command.mark,
        accepted=answered.accepted,
        at=now,
    )
    event = fact("station.password", answered.key, now, accepted=answered.accepted)
    return Consequence((settled,), (event,))


def profile_set(answered: Answered, _state: State, now: datetime) -> Consequence:
    """Remember what is in the slot, but for its secrets (2.x B09)."""
    if not answered.accepted:
        return NO_CONSEQUENCE
    command: SetNetworkProfile = answered.command
    hold = Hold(
        station_id=answered.key.id,
        operator_id=answered.key.operator_id,
        kind=NETWORK_PROFILE,
        key=str(command.slot),
        content=_without_secrets(command.profile),
        origin="set",
        operation_id=answered.operation.id,
        at=now,
    )
    return Consequence((hold,))


RULES: Rules = {VariablesReported: (report_asked, reported)}

CONSEQUENCES: Consequences = {
    ReadVariables: (count_asked, read),
    WriteVariables: (count_asked, written),
    ChangePassword: (nothing_asked, password_changed),
    SetNetworkProfile: (nothing_asked, profile_set),
}


def _told(setting: Setting) -> Told:
    # What has no place in a database is no value that a station would have taken.
    return Told(
        component=setting.component,
        component_instance=setting.component_instance,
        evse_id=setting.evse_id,
        connector_id=setting.connector_id,
        variable=setting.variable,
        variable_instance=setting.variable_instance,
        attribute=setting.attribute,
        value=setting.value.replace("\0", "\N{REPLACEMENT CHARACTER}"),
    )


def _kept(
    items: Iterable[Told],
    key: StationKey,
    now: datetime,
    *,
    how: str,
    known_only: bool = False,
    reboot_required: bool = False,
    seen_ref: int | None = None,
    operation_id: str | None = None,
) -> list[KeepVariable]:
    return [
        KeepVariable(
            station_id=key.id,
            operator_id=key.operator_id,
            key=item.key,
            component=item.component,
            component_instance=item.component_instance,
            evse_id=item.evse_id,
            connector_id=item.connector_id,
            variable=item.variable,
            variable_instance=item.variable_instance,
            attribute=item.attribute.value,
            value=item.value,
            mutability=None if item.mutability is None else item.mutability.value,
            persistent=item.persistent,
            constant=item.constant,
            data_type=item.data_type,
            unit=item.unit,
            min_limit=item.min_limit,
            max_limit=item.max_limit,
            max_elements=item.max_elements,
            values_list=item.values_list,
            supports_monitoring=item.supports_monitoring,
            reboot_required=reboot_required,
            how=how,
            operation_id=operation_id,
            seen_ref=seen_ref,
            known_only=known_only,
            at=now,
        )
        for item in items
    ]


def _without_secrets(profile: NetworkProfile) -> dict[str, object]:
    """The profile without passwords, keys and codes, and without the user in its URL."""
    apn = profile.apn and replace(profile.apn, password=None, sim_pin=None)
    content: dict[str, object] = msgspec.to_builtins(
        replace(profile, password=None, apn=apn, url=without_userinfo(profile.url))
    )
    if profile.vpn is not None:
        vpn = dict(msgspec.to_builtins(profile.vpn))
        del vpn["password"], vpn["shared_secret"]
        content["vpn"] = vpn
    return content
