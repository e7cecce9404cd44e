"""xpressbot accounts."""

import io
import sys
from typing import Annotated, Final, NoReturn, assert_never

import typer

from xpressbot.entrypoints.cli.arguments_and_output import Email, day, echo_link, existing_address, new_address
from xpressbot.entrypoints.cli.installation import Build, fail, opened
from xpressbot.entrypoints.cli.membership import add_membership_commands
from xpressbot.entrypoints.messages.email_addresses import listed_address
from xpressbot.entrypoints.messages.links import lifetime_hours
from xpressbot.entrypoints.messages.refusals import reason_text, weak_password_text
from xpressbot.entrypoints.messages.translation import ENGLISH
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account, AccountStatus, normalise_name
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.administration.accounts import AccountSummary, StatusRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.passwords.rules import WeakPassword
from xpressbot.identity.registration.new_accounts import NewAccount, RegistrationRefusal
from xpressbot.identity.team.invitations import InvitationRefusal

_MAX_PASSWORD_INPUT: Final = 8192


def accounts_commands(build: Build) -> typer.Typer:
    """Make the group."""
    accounts = typer.Typer(help="Accounts.", no_args_is_help=True)

    @accounts.command()
    def create(
        email: Annotated[str, typer.Option(help="E-mail address; the person signs in with it.")],
        name: Annotated[str, typer.Option(help="The person's name.")],
        role: Annotated[
            Role, typer.Option(help="What the person will be in the team. The first account is always an owner's.")
        ] = Role.AGENT,
    ) -> None:
        """Make an account. The password is read from standard input, or asked for on a terminal."""
        normal_email, normal_name = new_address(email), normalise_name(name)
        if normal_name is None:
            fail("The name must have 1 to 100 characters and no control characters.")
        with opened(build, makes=True) as services:
            _create(services, NewAccount(normal_email, normal_name, _read_password()), role)

    @accounts.command()
    def invite(email: Email, role: Annotated[Role, typer.Option(help="What the person will be in the team.")] = Role.AGENT) -> None:
        """Print a link with which the person at this address chooses name and password: one use, 24 hours."""
        address = new_address(email)
        with opened(build) as services:
            _invite(services, address, role)

    @accounts.command("reset-password")
    def reset_password(email: Email) -> None:
        """Print a link with which the person of an account sets a new password: one use, 1 hour. 2FA stays as it is."""
        address = existing_address(email)
        with opened(build) as services:
            _reset_password(services, address)

    @accounts.command("list")
    def list_accounts() -> None:
        """List all accounts."""
        from rich.console import Console  # noqa: PLC0415  # a server has no tables to draw
        from rich.table import Table  # noqa: PLC0415

        with opened(build) as services:
            table = Table("e-mail", "confirmed", "name", "status", "role", "2FA", "recovery codes left")
            for summary in services.identity.administration.list_accounts():
                table.add_row(*_row(summary))
            # Without markup and emoji: a name must not draw on the operator's terminal.
            width = None if sys.stdout.isatty() else 200
            Console(soft_wrap=True, width=width, markup=False, emoji=False, highlight=False).print(table)

    @accounts.command()
    def disable(
        email: Email, *, yes: Annotated[bool, typer.Option("--yes", help="Do not ask, even where it is the only active owner.")] = False
    ) -> None:
        """Disable an account: its sessions end, and no sign-in to it is possible. For the only active owner it asks first."""
        _set_status(build, email, AccountStatus.DISABLED, keeps_an_owner=not yes)

    @accounts.command()
    def enable(email: Email) -> None:
        """Enable an account again."""
        _set_status(build, email, AccountStatus.ACTIVE)

    add_membership_commands(accounts, build)
    return accounts


def _create(services: Services, new: NewAccount, role: Role) -> None:
    outcome = services.identity.registration.create(new, role)
    match outcome:
        case Account():
            typer.echo(f"Account {listed_address(outcome.email)} created.")
        case WeakPassword():
            fail(weak_password_text(ENGLISH, outcome))
        case Denied():
            _refused(outcome.reason)
        case unknown:
            assert_never(unknown)


def _invite(services: Services, address: str, role: Role) -> None:
    outcome = services.identity.invitations.issue(address, role)
    if isinstance(outcome, Denied):
        _refused(outcome.reason)
    whom, most = listed_address(address), lifetime_hours(LinkKind.INVITE)
    typer.echo(f"Hand this link to {whom}. It makes their account, once, within {most} hours; an earlier one is void.")
    if not services.identity.registration.has_owner():
        typer.echo("There is no account yet, and the first one made is the owner's.")
    echo_link(services, LinkKind.INVITE, outcome)


def _reset_password(services: Services, address: str) -> None:
    outcome = services.identity.password_reset.issue(address)
    match outcome:
        case None:
            fail(f"There is no account {address!r}.")
        case Denied():
            fail(f"{listed_address(address)} is disabled. Enable it first: a link made before that would not work.")
        case Token():
            typer.echo(f"Make sure whom you are talking to, then hand this link to {listed_address(address)}. It sets a new password,")
            typer.echo(
                f"once, within {lifetime_hours(LinkKind.PASSWORD)} hour. 2FA stays as it is: if it is on, the next sign-in asks for a code."
            )
            echo_link(services, LinkKind.PASSWORD, outcome)
        case unknown:
            assert_never(unknown)


def _set_status(build: Build, email: str, status: AccountStatus, *, keeps_an_owner: bool = False) -> None:
    address = existing_address(email)
    with opened(build) as services:
        account = services.identity.administration.set_status(address, status, keeps_an_owner=keeps_an_owner)
        if account == Denied(StatusRefusal.ONLY_OWNER):
            typer.echo(
                f"{listed_address(address)} is the only active owner. Without one nobody can administer this XpressBot on its pages:"
            )
            typer.echo("`xpressbot accounts role` makes another member an owner first.")
            typer.confirm("Disable this account all the same?", abort=True)
            account = services.identity.administration.set_status(address, status)
        match account:
            case None:
                fail(f"There is no account {email!r}.")
            case Denied():
                _refused(account.reason)
            case Account():
                typer.echo(f"Account {listed_address(account.email)} is {status}.")
            case unknown:
                assert_never(unknown)


def _refused(reason: RegistrationRefusal | InvitationRefusal | StatusRefusal) -> NoReturn:
    match reason:
        case RegistrationRefusal() | InvitationRefusal() | StatusRefusal():
            fail(reason_text(ENGLISH, reason))
        case unknown:
            assert_never(unknown)


def _read_password() -> str:
    """The one line of standard input, or what is typed on a terminal.

    A byte order mark at the beginning is the encoding's signature (RFC 3629 section 6), the line's end is the line's; neither is part
    of the password.
    """
    if sys.stdin is not None and sys.stdin.isatty():
        password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return password
    try:
        text = "" if sys.stdin is None else io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="").read(_MAX_PASSWORD_INPUT)
    except UnicodeDecodeError:
        fail("The password is not UTF-8 text.")
    line = text.removesuffix("\n").removesuffix("\r")
    if not line:
        fail("There is no password on standard input.")
    if "\n" in line or "\r" in line:
        fail("There is more than one line on standard input. The password is one line.")
    return line


def _row(summary: AccountSummary) -> tuple[str, ...]:
    protected = summary.protected_since is not None
    two_factor = f"enabled {day(summary.protected_since)}" if summary.protected_since is not None else "disabled"
    return (
        listed_address(summary.account.email),
        _confirmed(summary.account),
        summary.account.name,
        "of a newer version" if summary.account.status is None else summary.account.status.value,
        "of a newer version" if summary.account.role is None else summary.account.role.value,
        "reset" if summary.account.must_enrol else two_factor,
        str(summary.codes_left) if protected else "",
    )


def _confirmed(account: Account) -> str:
    """Whether a mailed link has confirmed the address, and when."""
    return "no" if account.email_confirmed_at is None else day(account.email_confirmed_at)
