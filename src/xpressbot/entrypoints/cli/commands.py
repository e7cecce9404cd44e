"""xpressbot serve, accounts, 2fa, db."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Final, NoReturn, Protocol, assert_never

import typer
import uvicorn

from xpressbot import __version__
from xpressbot.entrypoints.house import House
from xpressbot.entrypoints.http.app import create_app
from xpressbot.entrypoints.http.wording import refusal_text, weak_password_text
from xpressbot.foundation.database.engine import UNAVAILABLE, open_database
from xpressbot.foundation.database.migrations import HEAD, SchemaError, upgrade
from xpressbot.foundation.key_ring import KeyRingError
from xpressbot.foundation.logging import configure_logging
from xpressbot.foundation.settings import Settings, SettingsError, check_listener, load_settings
from xpressbot.identity.application.administration import AccountSummary
from xpressbot.identity.application.registration import NewAccount
from xpressbot.identity.domain.account import Account, AccountStatus, normalise_email, normalise_name
from xpressbot.identity.domain.instant import SECOND
from xpressbot.identity.domain.outcomes import Denied, WeakPassword

_FAILED: Final = 1
_MISCONFIGURED: Final = 2
_GRACE_SECONDS: Final = 30
_PUBLIC_URL_VARIABLE: Final = "XPRESSBOT_PUBLIC_URL"
_MAX_PASSWORD_INPUT: Final = 8192

Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]


class Build(Protocol):
    """Builds the installation that the settings describe."""

    def __call__(self, settings: Settings, *, workers: int = 1) -> House: ...


def create_cli(build: Build, *, application: str, workers_variable: str) -> typer.Typer:
    """Make the command. `application` names the factory that each worker of several calls."""
    cli = typer.Typer(
        help="XpressBot: a chat-automation dashboard.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
    )
    cli.command("serve")(_serve(build, application, workers_variable))
    cli.add_typer(_accounts(build), name="accounts")
    cli.add_typer(_two_factor(build), name="2fa")
    cli.add_typer(_db(), name="db")
    cli.callback()(_root)
    return cli


def _root(*, version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def _serve(build: Build, application: str, workers_variable: str) -> Callable[..., None]:
    def serve(
        host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
        workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = 1,
    ) -> None:
        """Serve the dashboard. The first start prints the link that makes the owner's account."""
        os.environ.setdefault(_PUBLIC_URL_VARIABLE, f"http://127.0.0.1:{port}")
        os.environ[workers_variable] = str(workers)
        with _explained():
            settings = load_settings()
            check_listener(settings, host)
            configure_logging(json_lines=settings.log_format == "json", level=settings.log_level)
            house = build(settings, workers=workers)
            _print_welcome_link(house)
        typer.echo(f"XpressBot {__version__} serves {settings.public_url} (Ctrl+C stops it).")
        options = {
            "host": host,
            "port": port,
            "access_log": False,
            "log_config": None,
            "proxy_headers": False,
            "server_header": False,
            "timeout_graceful_shutdown": _GRACE_SECONDS,
        }
        if workers == 1:
            uvicorn.run(create_app(house), **options)  # type: ignore[arg-type]  # uvicorn checks them
        else:
            house.database.engine.dispose()
            uvicorn.run(application, factory=True, workers=workers, **options)  # type: ignore[arg-type]

    return serve


def _accounts(build: Build) -> typer.Typer:
    accounts = typer.Typer(help="Accounts.", no_args_is_help=True)

    @accounts.command()
    def create(
        email: Annotated[str, typer.Option(help="E-mail address; the person signs in with it.")],
        name: Annotated[str, typer.Option(help="The person's name.")],
    ) -> None:
        """Make an account. The password is read from standard input, or asked for on a terminal."""
        normal_email, normal_name = normalise_email(email), normalise_name(name)
        if normal_email is None:
            _fail(f"{email!r} is no usable e-mail address.")
        if normal_name is None:
            _fail("The name must have 1 to 100 characters and no control characters.")
        with _opened(build) as house:
            _create(house, NewAccount(normal_email, normal_name, _read_password()))

    @accounts.command("list")
    def list_accounts() -> None:
        """List all accounts."""
        from rich.console import Console  # noqa: PLC0415  # a server has no tables to draw
        from rich.table import Table  # noqa: PLC0415

        with _opened(build) as house:
            table = Table("e-mail", "name", "status", "owner", "2FA", "recovery codes left")
            for summary in house.identity.administration.list_accounts():
                table.add_row(*_row(summary))
            Console(soft_wrap=True, width=None if sys.stdout.isatty() else 200).print(table)

    @accounts.command()
    def disable(email: Email) -> None:
        """Disable an account: its sessions end, and nobody can sign in to it."""
        _set_status(build, email, AccountStatus.DISABLED)

    @accounts.command()
    def enable(email: Email) -> None:
        """Enable an account again."""
        _set_status(build, email, AccountStatus.ACTIVE)

    return accounts


def _two_factor(build: Build) -> typer.Typer:
    two_factor = typer.Typer(help="Two-factor authentication.", no_args_is_help=True)

    @two_factor.callback()
    def group() -> None:
        """Two-factor authentication."""

    @two_factor.command()
    def status(email: Email) -> None:
        """Tell whether an account has 2FA on."""
        with _opened(build) as house:
            summary = house.identity.administration.summary(email)
            if summary is None:
                _fail(f"There is no account {email!r}.")
            if summary.protected_since is None:
                typer.echo(f"{summary.account.email}: 2FA Disabled")
            else:
                typer.echo(
                    f"{summary.account.email}: 2FA Enabled since {_day(summary.protected_since)}, {summary.codes_left} recovery codes left"
                )

    return two_factor


def _db() -> typer.Typer:
    db = typer.Typer(help="The database.", no_args_is_help=True)

    @db.callback()
    def group() -> None:
        """The database."""

    @db.command("upgrade")
    def upgrade_schema() -> None:
        """Bring the database's schema up to this version."""
        with _explained():
            upgrade(open_database(load_settings().url))
        typer.echo(f"The database is at schema {HEAD}.")

    return db


@contextmanager
def _opened(build: Build) -> Iterator[House]:
    with _explained():
        settings = load_settings()
        configure_logging(json_lines=settings.log_format == "json", level="WARNING")
        house = build(settings)
        try:
            yield house
        finally:
            house.close()


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what an operator can mend into a sentence and an exit code, instead of a traceback."""
    try:
        yield
    except (SettingsError, KeyRingError, SchemaError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_MISCONFIGURED) from None
    except UNAVAILABLE as error:
        typer.echo(f"The database cannot be reached: {error.orig if hasattr(error, 'orig') else error}", err=True)
        raise typer.Exit(_MISCONFIGURED) from None


def _print_welcome_link(house: House) -> None:
    token = house.identity.registration.issue_welcome_link()
    if token is not None:
        typer.echo("There is no account yet. Open this link within an hour to make the owner's account:")
        typer.echo(f"\n  {house.settings.public_url}/welcome?token={token.text}\n")


def _create(house: House, new: NewAccount) -> None:
    outcome = house.identity.registration.create(new)
    match outcome:
        case Account():
            typer.echo(f"Account {outcome.email} made.")
        case WeakPassword():
            _fail(weak_password_text(outcome))
        case Denied():
            _fail(str(refusal_text(outcome, 0)))
        case unknown:
            assert_never(unknown)


def _set_status(build: Build, email: str, status: AccountStatus) -> None:
    with _opened(build) as house:
        account = house.identity.administration.set_status(email, status)
        if account is None:
            _fail(f"There is no account {email!r}.")
        typer.echo(f"Account {account.email} is {status}.")


def _read_password() -> str:
    if sys.stdin.isatty():
        password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return password
    return sys.stdin.read(_MAX_PASSWORD_INPUT).removesuffix("\n").removesuffix("\r")


def _row(summary: AccountSummary) -> tuple[str, ...]:
    protected = summary.protected_since is not None
    return (
        summary.account.email,
        summary.account.name,
        summary.account.status.value,
        "owner" if summary.owner else "",
        f"enabled {_day(summary.protected_since)}" if summary.protected_since is not None else "disabled",
        str(summary.codes_left) if protected else "",
    )


def _day(at: int) -> str:
    return datetime.fromtimestamp(at // SECOND, tz=UTC).strftime("%Y-%m-%d")


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(_FAILED)
