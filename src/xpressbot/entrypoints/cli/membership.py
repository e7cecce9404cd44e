"""xpressbot accounts role and remove: an account's place in the team."""

from typing import Annotated, assert_never

import typer

from xpressbot.entrypoints.cli.arguments_and_output import Email, existing_address
from xpressbot.entrypoints.cli.installation import Build, fail, opened
from xpressbot.entrypoints.messages.email_addresses import listed_address
from xpressbot.entrypoints.messages.refusals import reason_text
from xpressbot.entrypoints.messages.translation import ENGLISH
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.outcomes import Denied, Done
from xpressbot.identity.team.member_actions import MemberRefusal


def add_membership_commands(accounts: typer.Typer, build: Build) -> None:
    """Add them to the group."""

    @accounts.command("role")
    def change_role(email: Email, role: Annotated[Role, typer.Argument(help="The new role.")]) -> None:
        """Give a member of the team another role. It counts at once, and the team's record tells of it."""
        address = existing_address(email)
        with opened(build) as services:
            outcome = services.identity.member_administration.change_role(address, role)
            _tell(email, outcome, f"The role of {listed_address(address)} is {role} now.")

    @accounts.command()
    def remove(email: Email, *, yes: Annotated[bool, typer.Option("--yes", help="Do not ask: this cannot be undone.")] = False) -> None:
        """Remove a member from the team for good: sessions, password, 2FA and links go, and the address is free for another account."""
        address = existing_address(email)
        if not yes:
            typer.confirm(f"Remove {listed_address(address)} for good?", abort=True)
        with opened(build) as services:
            outcome = services.identity.member_administration.remove(address)
            _tell(email, outcome, f"{listed_address(address)} is removed. The address can be invited again.")


def _tell(email: str, outcome: Done | Denied[MemberRefusal] | None, done: str) -> None:
    match outcome:
        case None:
            fail(f"There is no account {email!r}.")
        case Denied():
            fail(reason_text(ENGLISH, outcome.reason))
        case Done():
            typer.echo(done)
        case unknown:
            assert_never(unknown)
