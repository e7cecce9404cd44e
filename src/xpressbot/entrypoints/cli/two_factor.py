"""xpressbot 2fa."""

import typer

from xpressbot.entrypoints.cli.accounts import Email, day, existing_address
from xpressbot.entrypoints.cli.installation import Build, fail, opened


def two_factor_commands(build: Build) -> typer.Typer:
    """Make the group."""
    two_factor = typer.Typer(help="Two-factor authentication.", no_args_is_help=True)

    @two_factor.callback()
    def group() -> None:
        """Two-factor authentication."""

    @two_factor.command()
    def status(email: Email) -> None:
        """Tell whether an account has 2FA on."""
        address = existing_address(email)
        with opened(build) as house:
            summary = house.identity.administration.summary(address)
            if summary is None:
                fail(f"There is no account {email!r}.")
            if summary.protected_since is None:
                typer.echo(f"{summary.account.email}: 2FA Disabled")
            else:
                typer.echo(
                    f"{summary.account.email}: 2FA Enabled since {day(summary.protected_since)}, {summary.codes_left} recovery codes left"
                )

    return two_factor
