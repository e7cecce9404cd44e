"""xpressbot 2fa."""

from typing import Annotated, NoReturn, assert_never

import typer

from xpressbot.entrypoints.cli.arguments_and_output import Email, day, echo_link, existing_address, moment
from xpressbot.entrypoints.cli.installation import Build, fail, opened
from xpressbot.entrypoints.messages.email_addresses import listed_address
from xpressbot.entrypoints.messages.links import lifetime_hours
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.text import normalise_line
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.administration.accounts import AccountSummary, ClockReset, ClockResetRefusal
from xpressbot.identity.administration.two_factor_reset import MAX_REASON_LENGTH
from xpressbot.identity.factors.protection import ProtectionRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied


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
        with opened(build) as services:
            summary = services.identity.administration.summary(address)
            if summary is None:
                fail(f"There is no account {email!r}.")
            typer.echo(f"{listed_address(summary.account.email)}: {_status_text(summary)}")

    @two_factor.command()
    def reset(
        email: Email, reason: Annotated[str, typer.Option(help="Why, in a few words. The person reads it on their dashboard.")]
    ) -> None:
        """Remove an account's authenticator apps, recovery codes and sessions, and print the link to set 2FA up again."""
        address, cause = existing_address(email), normalise_line(reason, max_length=MAX_REASON_LENGTH)
        if cause is None:
            fail(f"The reason must have 1 to {MAX_REASON_LENGTH} characters and no control characters.")
        with opened(build) as services:
            _reset(services, address, cause)

    @two_factor.command("clock-reset")
    def clock_reset(email: Email) -> None:
        """Once this machine's clock is right: end what an account has from a time when it was ahead."""
        address = existing_address(email)
        with opened(build) as services:
            _reset_clock(services, address)

    return two_factor


def _status_text(summary: AccountSummary) -> str:
    if summary.account.must_enrol:
        return "2FA was reset and is to be set up again, with the link from `xpressbot 2fa reset`"
    if summary.protected_since is None:
        return "2FA Disabled"
    return f"2FA Enabled since {day(summary.protected_since)}, {summary.codes_left} recovery codes left"


def _reset_clock(services: Services, address: str) -> None:
    outcome, clock = services.identity.administration.reset_clock(address), moment(services.clock.now())
    match outcome:
        case None:
            fail(f"There is no account {address!r}.")
        case Denied():
            _clock_not_reset(address, outcome.reason, clock)
        case ClockReset(authenticators, sessions):
            typer.echo(f"This machine's clock, which says {clock}, is taken for right. Of {listed_address(address)}:")
            typer.echo(f"authenticator apps whose next code is good again: {authenticators}; sessions that have ended: {sessions}.")
        case unknown:
            assert_never(unknown)


def _clock_not_reset(address: str, reason: ClockResetRefusal, clock: str) -> NoReturn:
    match reason:
        case ClockResetRefusal.NOTHING_IN_THE_FUTURE:
            fail(f"{listed_address(address)}: nothing is dated in the future of this machine's clock, which says {clock}.")
        case unknown:
            assert_never(unknown)


def _reset(services: Services, address: str, reason: str) -> None:
    outcome = services.identity.two_factor_reset.reset(address, reason)
    match outcome:
        case None:
            fail(f"There is no account {address!r}.")
        case Denied():
            _not_reset(address, outcome.reason)
        case Token():
            typer.echo(f"2FA of {listed_address(address)} is reset, and all its sessions have ended.")
            typer.echo("Make sure whom you are talking to, then hand over this link. Together with the password it sets up 2FA again,")
            typer.echo(f"once, within {lifetime_hours(LinkKind.RE_ENROLMENT)} hours; an earlier one is void.")
            echo_link(services, LinkKind.RE_ENROLMENT, outcome)
            summary = services.identity.administration.summary(address)
            if summary is not None and summary.account.status is AccountStatus.DISABLED:
                typer.echo("The account is disabled, and enabling it ends this link: `xpressbot accounts enable` first, then this again.")
        case unknown:
            assert_never(unknown)


def _not_reset(address: str, reason: ProtectionRefusal) -> NoReturn:
    match reason:
        case ProtectionRefusal.NOT_PROTECTED:
            fail(f"{listed_address(address)} has 2FA off: there is nothing to reset.")
        case unknown:
            assert_never(unknown)
