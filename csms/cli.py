"""The ``csms`` command: what is done beside the running server."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, TypeVar

import click
import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.task import react
from twisted.logger import globalLogBeginner
from twisted.python.failure import Failure

from csms import __version__
from csms.config import Config, ConfigError, load, locate
from csms.core.errors import Refusal
from csms.core.values import DEFAULT_OPERATOR
from csms.options import observer
from csms.settings import secret_keys

T = TypeVar("T")

_TRACEBACK = "CSMS_TRACEBACK"
_LONGEST_LIFE_DAYS = 36_500


class _Trouble(click.ClickException):
    """One line on standard error, exit status 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line."""
        click.echo(f"csms: {' '.join(self.message.split())}", file=file, err=True)


class Commands(click.Group):
    """The commands, the simulator being loaded only for those who want it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name them all."""
        return sorted([*super().list_commands(ctx), "simulate"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find one by its name."""
        if cmd_name != "simulate":
            return super().get_command(ctx, cmd_name)
        from csms.sim.cli import simulate  # noqa: PLC0415  # brings a WebSocket client along

        return simulate

    def invoke(self, ctx: click.Context) -> object:
        """Run one; what goes wrong is one line, unless somebody asked for more."""
        try:
            return super().invoke(ctx)
        except (ConfigError, Refusal) as error:
            raise _Trouble(str(error)) from error
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            if os.environ.get(_TRACEBACK):
                raise
            kind = type(error).__name__
            raise _Trouble(f"{kind}: {error} ({_TRACEBACK}=1 shows where)") from error


_config_option = click.option(
    "--config",
    "-c",
    "path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The TOML file with the settings. [default: as for twistd csms]",
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="csms", message="%(prog)s %(version)s")
def main() -> None:
    """Charging-station management system; the server itself is started by `twistd csms`."""


@main.command("check-config")
@_config_option
@click.option("--show", is_flag=True, help="Print every setting as it counts, secrets hidden.")
def check_config(path: Path | None, show: bool) -> None:
    """Say whether the settings are good."""
    path = path or locate(os.environ)
    config = load(path, os.environ)
    if show:
        click.echo(_shown(config))
    else:
        click.echo(f"{path or 'the defaults, there being no file'}: good")


@main.command()
@click.option("--table", is_flag=True, help="Every message of every version; the default.")
@click.option("--certification", is_flag=True, help="Every certification case instead.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "rst", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How it is written.",
)
def conformance(table: bool, certification: bool, form: str) -> None:
    """Show what serves each message of OCPP, and which tests prove it."""
    if table and certification:
        raise click.UsageError("Either --table or --certification.")
    from csms import conformance as shown  # noqa: PLC0415  # every dialect hangs on it

    evidence = shown.load()
    if certification:
        page = shown.certification_page(shown.cases(), evidence, form)
    else:
        page = shown.messages_page(shown.rows(evidence), form)
    click.echo(page, nl=not page.endswith("\n"))


@main.command()
@_config_option
def migrate(path: Path | None) -> None:
    """Bring the database's schema up to date."""
    config = _configured(path)
    from csms.service import run_migrations  # noqa: PLC0415  # the whole server hangs on it

    applied = _run(lambda: run_migrations(config))
    click.echo(f"{applied} migration{'' if applied == 1 else 's'} applied")


@main.command()
@_config_option
@click.option("--name", required=True, help="Who will use it.")
@click.option(
    "--role",
    required=True,
    type=click.Choice(["admin", "operator", "auditor"]),
    help="What it may do; an auditor only reads.",
)
@click.option(
    "--expires-days",
    type=click.IntRange(1, _LONGEST_LIFE_DAYS),
    help="Days until it expires.  [default: never]",
)
@click.option(
    "--operator",
    type=click.IntRange(1),
    default=DEFAULT_OPERATOR,
    show_default=True,
    help="Number of the operator it belongs to.",
)
def token(path: Path | None, name: str, role: str, expires_days: int | None, operator: int) -> None:
    """Make a token for the API; its secret, printed now, is not kept anywhere."""
    config = _configured(path)
    expires_at = None if expires_days is None else datetime.now(UTC) + timedelta(days=expires_days)
    from csms.service import create_api_token  # noqa: PLC0415  # the whole server hangs on it

    made, secret = _run(lambda: create_api_token(config, name, role, expires_at, operator))
    until = "does not expire" if made.expires_at is None else f"expires {made.expires_at:%F %T}Z"
    click.echo(f'Token "{made.name}" ({made.role}) {until}; its secret:', err=True)
    click.echo(secret)


def _configured(path: Path | None) -> Config:
    """The settings; from here on the log goes to standard error, warnings and worse."""
    config = load(path or locate(os.environ), os.environ)
    log = msgspec.structs.replace(config.log, format="console", level="warn")
    sink = observer(log, sys.stderr.buffer, terminal=sys.stderr.isatty())
    globalLogBeginner.beginLoggingTo([sink], redirectStandardIO=False, discardBuffer=True)
    return config


def _run(work: Callable[[], Awaitable[T]]) -> T:
    """Run the reactor for as long as the work takes; its result, or what it raised."""
    outcome: list[T | Failure] = []

    async def awaited() -> T:
        return await work()

    def begin(_reactor: object) -> Deferred[None]:
        return Deferred.fromCoroutine(awaited()).addBoth(outcome.append)

    try:
        react(begin)
    except SystemExit:
        if not outcome:
            raise click.Abort from None
    match outcome[0]:
        case Failure() as failure:
            raise failure.value or RuntimeError(failure.getErrorMessage())
        case result:
            return result


def _shown(config: Config) -> str:
    """The settings as a TOML file."""
    secrets = secret_keys(Config)
    lines: list[str] = []
    for section, values in msgspec.to_builtins(config).items():
        lines.append(f"\n[{section}]")
        for key, value in values.items():
            shown = "(hidden)" if (section, key) in secrets and value else value
            # JSON's texts, numbers, switches and lists are also TOML's.
            lines.append(f"{key} = {msgspec.json.encode(shown).decode()}")
    return "\n".join(lines).strip()
