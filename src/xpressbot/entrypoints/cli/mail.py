"""xpressbot mail."""

from typing import Annotated

import typer

from xpressbot.entrypoints.cli.arguments_and_output import new_address
from xpressbot.entrypoints.cli.installation import Build, fail, opened
from xpressbot.entrypoints.messages.mail_failures import failure_text
from xpressbot.entrypoints.messages.mails import mail_for_test
from xpressbot.entrypoints.messages.translation import ENGLISH
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.mail.message import Letter
from xpressbot.foundation.mail.smtp_url import read_smtp_url
from xpressbot.identity.accounts.rules.address import ascii_form


def mail_commands(build: Build) -> typer.Typer:
    """Make the group."""
    mail = typer.Typer(help="Mail.", no_args_is_help=True)

    @mail.command()
    def test(address: Annotated[str, typer.Argument(help="Where the mail goes.")]) -> None:
        """Send one mail now, and say what happened."""
        recipient = new_address(address)
        with opened(build) as services:
            words = mail_for_test(ENGLISH, services.settings.public_url)
            mail_id, failure = services.mail.send_now(Letter(ascii_form(recipient), words.subject, words.text, ENGLISH.tag))
            place = _place(services)
            if failure is not None:
                said = f" It said: {failure.detail}" if failure.detail else ""
                fail(f"{place}: {failure_text(ENGLISH, failure.reason)}{said}")
            if services.settings.smtp_url:
                typer.echo(f"{place} has taken the mail to {recipient}. See whether it arrives, and not as spam.")
            else:
                typer.echo(f"No mail server is set. The mail was written to {services.mail_files.path_of(mail_id).absolute()}")

    @mail.command()
    def retry() -> None:
        """Let the mails that were given up wait again, as if they were new."""
        with opened(build) as services:
            revived = services.mail.revive_dead_letters()
        typer.echo(f"Mails that wait again: {revived}. The service sends them." if revived else "No mail was given up.")

    return mail


def _place(services: Services) -> str:
    url = services.settings.smtp_url
    return read_smtp_url(url).place if url else str(services.mail_files.directory.absolute())
