"""xpressbot sessions."""

import sys
from typing import Annotated, NoReturn, assert_never

import typer

from xpressbot.entrypoints.cli.arguments_and_output import Email, existing_address, moment
from xpressbot.entrypoints.cli.installation import Build, fail, opened
from xpressbot.entrypoints.messages.email_addresses import listed_address
from xpressbot.entrypoints.messages.formatting import browser_name
from xpressbot.entrypoints.messages.translation import ENGLISH
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.logging import printable
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions.listing import ListingRefusal, SessionsEnded
from xpressbot.identity.sessions.store import ListedSession


def sessions_commands(build: Build) -> typer.Typer:
    """Make the group."""
    sessions = typer.Typer(help="Sessions.", no_args_is_help=True)

    @sessions.command("list")
    def list_sessions(email: Email) -> None:
        """List the browsers in which an account is signed in."""
        from rich.console import Console  # noqa: PLC0415  # a server has no tables to draw
        from rich.table import Table  # noqa: PLC0415

        address = existing_address(email)
        with opened(build) as services:
            listed = services.identity.session_administration.listed(address)
            if listed is None:
                fail(f"There is no account {email!r}.")
            table = Table("session", "browser", "address", "signed in", "last used", "ends", "proven by", "state")
            for one in listed:
                table.add_row(*_row(one, services.clock.now()))
            # Without markup and emoji: what a browser calls itself must not draw on the operator's terminal.
            width = None if sys.stdout.isatty() else 250
            Console(soft_wrap=True, width=width, markup=False, emoji=False, highlight=False).print(table)

    @sessions.command()
    def end(
        email: Email,
        session: Annotated[str | None, typer.Option(help="Which one, as `sessions list` names it; without it, all of the account.")] = None,
    ) -> None:
        """Sign an account out: in one browser, or in all. The person is told."""
        address = existing_address(email)
        with opened(build) as services:
            _end(services, address, session)

    return sessions


def _end(services: Services, address: str, session: str | None) -> None:
    outcome = services.identity.session_administration.end(address, session)
    match outcome:
        case None:
            fail(f"There is no account {address!r}.")
        case Denied():
            _not_ended(address, outcome.reason)
        case SessionsEnded(count):
            typer.echo(f"{listed_address(address)}: sessions that have ended: {count}.")
        case unknown:
            assert_never(unknown)


def _not_ended(address: str, reason: ListingRefusal) -> NoReturn:
    match reason:
        case ListingRefusal.NO_SUCH_SESSION:
            fail(f"{listed_address(address)} has no such session. See `xpressbot sessions list`.")
        case unknown:
            assert_never(unknown)


def _row(one: ListedSession, now: int) -> tuple[str, ...]:
    session = one.session
    return (
        session.id,
        printable(browser_name(ENGLISH, one.user_agent)),
        printable(one.address),
        moment(session.authenticated_at),
        moment(session.last_used_at),
        moment(session.expires_at),
        " ".join(sorted(session.amr)),
        "locked" if session.is_locked(now) else "live",
    )
