"""What a run of the simulator does: from defaults, a TOML file and options."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from csms.sim.findings import Kind
from csms.sim.misbehaviour import NAMES

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0)]
Above = Annotated[float, Meta(gt=0)]


class ScenarioError(Exception):
    """The scenario cannot be read; the message names the setting."""


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times in seconds.  In templates ``{n}`` is the station's number, ``{id}`` its identity."""

    url: str = "ws://127.0.0.1:9000"
    ocpp: Annotated[tuple[Literal["1.6", "2.0.1", "2.1"], ...], Meta(min_length=1)] = ("1.6",)
    """Versions that stations offer, the most wanted first; they speak what the server chooses."""
    stations: Positive = 1
    first: Count = 1
    """Number of the first station."""
    identity: str = "SIM{n:04d}"
    password: str = ""
    """Template of the Basic password; empty: none."""
    connectors: Positive = 1
    tokens: Annotated[tuple[str, ...], Meta(min_length=1)] = ("TAG{n:04d}",)
    """Templates of the tags that drivers present; one is drawn for each session."""
    sessions: Annotated[int, Meta(ge=-1)] = 1
    """Sessions per station; -1: one after the other until the end."""
    session_s: Above = 30.0
    pause_s: Seconds = 10.0
    """Between two sessions."""
    spread: Annotated[float, Meta(ge=0, lt=1)] = 0.2
    """How far session lengths and pauses vary, as a share; a single station does not vary."""
    meter_s: Count = 5
    """Between two meter values; 0: none."""
    power_kw: Above = 22.0
    battery_kwh: Above = 60.0
    speed: Above = 60.0
    connect_rate: Above = 100.0
    """Stations per second that connect at the start."""
    cut_every_s: Seconds = 0.0
    """Mean time between two cuts of a station's connection; 0: none."""
    cut_for_s: Seconds = 10.0
    duration_s: Seconds = 0.0
    """Length of the whole run; 0: no end."""
    exit: bool = False
    """End when all stations have had their sessions."""
    finish: bool = False
    """At the end, stop what still charges and wait for the answers."""
    call_timeout_s: Above = 30.0
    answer_delay_s: Seconds = 0.0
    """How long a station takes to answer a command."""
    back_off_s: tuple[Above, Above] = (1.0, 60.0)
    """First and longest wait before dialling again."""
    patience_s: Seconds = 60.0
    """How long to look for a server that is not there yet."""
    boot_on_reconnect: bool = False
    security_events: bool = False
    """Whether stations tell of starts and other events of their security."""
    remote_plug_s: Annotated[float, Meta(ge=-1)] = 1.0
    """When a vehicle comes after a remote start; -1: never."""
    misbehave: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """How many of the messages are distorted, as a share; 0: stations behave."""
    misbehave_only: tuple[str, ...] = ()
    """The misbehaviours to draw from; none given: all."""
    seed: int = 0
    forgive: tuple[Kind, ...] = ()
    """Findings that do not make the run fail."""


def read_scenario(path: Path | None, overrides: Mapping[str, Any]) -> Scenario:
    """The scenario of a TOML file (None: the defaults) with settings replaced.

    Raises `ScenarioError`.
    """
    settings: dict[str, Any] = {}
    if path is not None:
        try:
            settings = tomllib.loads(path.read_text())
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ScenarioError(f"{path}: {error}") from error
    try:
        scenario = msgspec.convert({**settings, **overrides}, Scenario)
    except msgspec.ValidationError as error:
        raise ScenarioError(str(error).replace("`$.", "`")) from error
    _check(scenario)
    return scenario


def _check(scenario: Scenario) -> None:
    templates = [("identity", scenario.identity), ("password", scenario.password)]
    for field, template in [*templates, *(("tokens", each) for each in scenario.tokens)]:
        try:
            fill(template, 1, "X")
        except (ValueError, KeyError, IndexError, AttributeError) as error:
            raise ScenarioError(f"{field}: bad template {template!r}: {error}") from error
    if not scenario.url.startswith(("ws://", "wss://")):
        raise ScenarioError(f"url: {scenario.url!r} does not start with ws:// or wss://")
    unknown = set(scenario.misbehave_only) - NAMES
    if unknown:
        raise ScenarioError(f"misbehave_only: {min(unknown)!r} is not among {sorted(NAMES)}")
    if scenario.exit and scenario.sessions < 0:
        raise ScenarioError("exit: sessions have no end (-1); say duration_s instead")
    if scenario.stations > 1 and fill(scenario.identity, 1) == fill(scenario.identity, 2):
        raise ScenarioError("identity: the template needs {n} to tell stations apart")


def fill(template: str, number: int, identity: str = "") -> str:
    """A template filled in for one station."""
    return template.format(n=number, id=identity)
