"""The command line of the simulator."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from csms.sim.findings import Kind
from csms.sim.scenario import Scenario, ScenarioError, read_scenario

MISBEHAVE = 0.2
"""Share of the messages that are distorted by default."""


def _setting(name: str, text: str, **options: Any) -> Callable[[Any], Any]:
    """An option that replaces a setting of the scenario; its default is told, not applied."""
    default = getattr(Scenario(), name)
    shown = " ".join(map(str, default)) if isinstance(default, tuple) else default
    suffix = "" if shown in ("", False) else f"  [{shown}]"
    flag = "--" + name.replace("_", "-")
    if isinstance(default, bool):
        return click.option(flag, name, is_flag=True, default=None, help=text)
    return click.option(flag, name, default=None, help=text + suffix, **options)


def _list_of(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[str, ...] | None:
    del context, parameter
    return None if value is None else tuple(each.strip() for each in value.split(","))


@click.command()
@click.argument("url", required=False)
@click.option("--url", "url_option", help="The same as the argument.")
@click.option(
    "--scenario",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML file with settings; options win over it.",
)
@click.option(
    "--ocpp",
    callback=_list_of,
    help="Versions to offer, the most wanted first: 1.6, 2.0.1, 2.1.  [1.6]",
)
@_setting("stations", "How many chargers.", type=int)
@_setting("first", "Number of the first charger.", type=int)
@_setting("identity", "Template of identities; {n} is the number.")
@_setting("password", "Template of Basic passwords; {n}, {id}.")
@_setting("connectors", "Connectors per charger.", type=int)
@click.option(
    "--token",
    "tokens",
    multiple=True,
    help="Template of a tag that drivers present; may be repeated.  [TAG{n:04d}]",
)
@_setting("sessions", "Sessions per charger; -1: on and on.", type=int)
@_setting("session_s", "Length of a session, seconds.", type=float)
@_setting("pause_s", "Seconds between two sessions.", type=float)
@_setting("spread", "Variation of both, as a share.", type=float)
@_setting("meter_s", "Seconds between meter values; 0: none.", type=int)
@_setting("power_kw", "Power of a connector.", type=float)
@_setting("battery_kwh", "Size of the vehicles' batteries.", type=float)
@_setting("speed", "Seconds of charging that pass in one second.", type=float)
@_setting("connect_rate", "Chargers per second that connect at first.", type=float)
@_setting("cut_every_s", "Mean seconds between cuts of a connection; 0: none.", type=float)
@_setting("cut_for_s", "Seconds that a cut lasts.", type=float)
@_setting("duration_s", "Seconds that the run lasts; 0: until Ctrl-C.", type=float)
@_setting("exit", "End when all sessions are over.")
@_setting("finish", "At the end, stop sessions that still run.")
@_setting("call_timeout_s", "Seconds to wait for an answer.", type=float)
@_setting("answer_delay_s", "Seconds a charger takes to answer a command.", type=float)
@_setting("back_off_s", "First and longest wait before dialling again.", type=float, nargs=2)
@_setting("patience_s", "Seconds to look for a server that is not there yet.", type=float)
@_setting("boot_on_reconnect", "Send BootNotification on every connection.")
@_setting("security_events", "Tell of starts and other security events.")
@_setting(
    "remote_plug_s", "Seconds until a vehicle comes for a remote start; -1: never.", type=float
)
@click.option(
    "--misbehave",
    is_flag=False,
    flag_value=MISBEHAVE,
    type=float,
    help=f"Distort messages as chargers of the field do: the share of them.  [{MISBEHAVE} if no"
    " share is given]",
)
@click.option(
    "--misbehave-only",
    callback=_list_of,
    help="Names of misbehaviours to draw from, separated by commas.  [all]",
)
@_setting("seed", "Seed of everything random.", type=int)
@click.option(
    "--forgive",
    multiple=True,
    type=click.Choice([str(kind) for kind in Kind]),
    help="A finding that does not make the run fail; may be repeated.",
)
@click.option(
    "--verbose/--brief",
    default=None,
    help="Print every event or a status line.  [every event of a single charger]",
)
def simulate(
    url: str | None,
    url_option: str | None,
    path: Path | None,
    verbose: bool | None,
    **options: Any,
) -> None:
    """Simulate chargers that connect to URL  [ws://127.0.0.1:9000].

    Without options one charger, SIM0001, charges once for half a minute and then stays,
    answering commands, until Ctrl-C.  In the URL {id} stands for the identity; without it the
    identity is appended, to /ocpp if there is no path.

    Exit status: 0 all well, 1 the server misbehaved (the summary says how), 2 wrong usage,
    3 a bug of the simulator.
    """
    if options["misbehave_only"] and options["misbehave"] is None:
        options["misbehave"] = MISBEHAVE
    settings = {name: value for name, value in options.items() if value not in (None, ())}
    if url or url_option:
        settings["url"] = url or url_option
    try:
        scenario = read_scenario(path, settings)
    except ScenarioError as error:
        raise click.UsageError(str(error)) from error
    from twisted.internet import reactor  # noqa: PLC0415 - importing it installs it

    # Later than usual, lest a mistake in the options be told only after the imports' time.
    from csms.sim.main import allow_connections, simulate_until_done  # noqa: PLC0415 - see above

    if not allow_connections(scenario.stations):
        raise click.UsageError(
            f"stations: {scenario.stations} connections need more open files (ulimit -n)"
        )
    if verbose is None:
        verbose = scenario.stations == 1
    # To mypy the reactor is a module.
    sys.exit(simulate_until_done(reactor, scenario, verbose=verbose))  # type: ignore[arg-type]
