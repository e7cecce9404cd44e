"""The xpressbot command and its groups."""

from collections.abc import Callable
from typing import Annotated

import typer

from xpressbot import __version__
from xpressbot.diagnostics.doctor import Doctor
from xpressbot.entrypoints.cli.accounts import accounts_commands
from xpressbot.entrypoints.cli.audit import audit_commands
from xpressbot.entrypoints.cli.backup import EndWhatIsOpen, backup_command, restore_command
from xpressbot.entrypoints.cli.bots import bots_commands
from xpressbot.entrypoints.cli.database import database_commands
from xpressbot.entrypoints.cli.doctor import doctor_command
from xpressbot.entrypoints.cli.installation import Build
from xpressbot.entrypoints.cli.keys import keys_commands
from xpressbot.entrypoints.cli.mail import mail_commands
from xpressbot.entrypoints.cli.sessions import sessions_commands
from xpressbot.entrypoints.cli.two_factor import two_factor_commands
from xpressbot.foundation.database.migration_runner import Schema


def create_cli(
    serve: Callable[..., None],
    build: Build,
    doctor: Doctor,
    schema: Schema,
    end_what_is_open: EndWhatIsOpen,
    *,
    workers_variable: str,
) -> typer.Typer:
    """Make the command. serve: what `xpressbot serve` runs."""
    cli = typer.Typer(
        help="XpressBot: a chat-automation dashboard.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
    )
    cli.command("serve")(serve)
    cli.add_typer(accounts_commands(build), name="accounts")
    cli.add_typer(two_factor_commands(build), name="2fa")
    cli.add_typer(sessions_commands(build), name="sessions")
    cli.add_typer(bots_commands(build), name="bots")
    cli.add_typer(keys_commands(build), name="keys")
    cli.add_typer(mail_commands(build), name="mail")
    cli.command("backup")(backup_command(schema))
    cli.command("restore")(restore_command(schema, end_what_is_open))
    cli.add_typer(database_commands(schema, end_what_is_open), name="db")
    cli.add_typer(audit_commands(schema), name="audit")
    cli.command("doctor")(doctor_command(doctor, workers_variable))
    cli.callback()(_root)
    return cli


def _version(asked: bool) -> None:  # noqa: FBT001  # typer hands it over so
    if asked:
        typer.echo(__version__)
        raise typer.Exit


def _root(
    *, version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")] = False
) -> None:
    """XpressBot: a chat-automation dashboard."""
