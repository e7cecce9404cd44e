"""What commands about people share: the address they take, the dates and the links they print."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from xpressbot.entrypoints.cli.installation import fail
from xpressbot.entrypoints.messages.links import link_address
from xpressbot.entrypoints.messages.refusals import address_problem_text
from xpressbot.entrypoints.messages.translation import ENGLISH
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.times import SECOND
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.address import AddressProblem, normalise_email
from xpressbot.identity.links.rules import LinkKind

Email = Annotated[str, typer.Argument(help="The account's e-mail address.")]


def new_address(text: str) -> str:
    """The address an operator typed for a new account; one that is refused ends the command."""
    address = normalise_email(text)
    if isinstance(address, AddressProblem):
        reason = "" if address is AddressProblem.UNUSABLE else f" {address_problem_text(ENGLISH, address)}"
        fail(f"{text!r} is no usable e-mail address.{reason}")
    return address


def existing_address(text: str) -> str:
    """The address an operator typed; one that no account can have ends the command."""
    address = normalise_email(text)
    if isinstance(address, AddressProblem):
        fail(f"There is no account {text!r}.")
    return address


def echo_link(services: Services, kind: LinkKind, token: Token) -> None:
    """Print a link to hand over."""
    typer.echo(f"\n  {link_address(services.settings.public_url, kind, token)}\n")


def day(at: int) -> str:
    """A date, as operators sort by."""
    return datetime.fromtimestamp(at // SECOND, tz=UTC).strftime("%Y-%m-%d")


def moment(at: int) -> str:
    """A time, to the second."""
    return datetime.fromtimestamp(at // SECOND, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
