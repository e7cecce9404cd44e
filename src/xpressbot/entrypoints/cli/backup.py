"""xpressbot backup and restore."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from xpressbot.entrypoints.cli.arguments_and_output import moment
from xpressbot.entrypoints.cli.installation import explained, fail, refuse_where_nothing_is
from xpressbot.foundation.backup import BackupError, Contents, back_up, restore
from xpressbot.foundation.crypto.key_ring import KeyRingError, load_key_ring
from xpressbot.foundation.database.migration_runner import Schema
from xpressbot.foundation.database.read_only import database_file
from xpressbot.foundation.logging import printable
from xpressbot.foundation.settings import Settings, load_settings
from xpressbot.identity.administration.after_restore import Restored

BackupFile = Annotated[Path, typer.Argument(help="The backup.", metavar="FILE")]
EndWhatIsOpen = Callable[[str], Restored]
"""Ends what is open in the database behind a URL."""


def backup_command(schema: Schema) -> Callable[[Path], None]:
    """Make the command."""

    def backup(file: BackupFile) -> None:
        """Copy the running installation's database into FILE. The keys are not in it."""
        with explained():
            settings = load_settings()
            refuse_where_nothing_is(settings)
            try:
                contents = back_up(settings.url, file, schema)
            except BackupError as error:
                fail(str(error))
        typer.echo(printable(f"{file} holds the database at schema {contents.revisions}."))
        typer.echo(printable(f"It opens with the key ring {settings.key_file}, which is not in it: keep a copy of that elsewhere."))

    return backup


def restore_command(schema: Schema, end_what_is_open: EndWhatIsOpen) -> Callable[[Path], None]:
    """Make the command."""

    def restore_backup(file: BackupFile) -> None:
        """Put a backup where no database is yet, end what was open in it, and say which keys it needs."""
        with explained():
            settings = load_settings()
            try:
                contents, restored = restore(file, settings.url, schema, end_what_is_open)
            except BackupError as error:
                fail(str(error))
        typer.echo(printable(f"Restored {file} to {database_file(settings.url)}, made at schema {contents.revisions}."))
        echo_restored(restored)
        typer.echo(printable(_about_keys(settings, contents)))

    return restore_backup


def echo_restored(restored: Restored) -> None:
    """Say how many accounts came back, from when they are, what was ended, and what is old besides."""
    if not restored.accounts:
        typer.echo("No account came back: this is the copy of an empty installation, whose next start offers a link for a new owner.")
        return
    typer.echo(f"Accounts that came back: {restored.accounts}. {_about_age(restored.newest_record)}")
    ended = ", ".join(f"{name}: {count}" for name, count in restored.ended.items())
    typer.echo(f"Ended, since it may have been ended, used or stopped after that ({ended}).")
    if restored.without_link:
        typer.echo(
            f"Accounts that wait for 2FA to be set up again after a reset: {restored.without_link}. Their links have ended; make others:"
            " xpressbot 2fa reset E --reason R"
        )
    typer.echo(
        "As old as the copy: accounts that were disabled since are enabled, passwords and 2FA that were changed since are the earlier ones,"
        " and recovery codes that were used since are good again. Compare: xpressbot accounts list"
    )
    typer.echo("For a minute, codes from apps are refused, so that none that was used since is good a second time.")


def _about_age(newest_record: int) -> str:
    return f"The newest record is from {moment(newest_record)}." if newest_record else "No record says from when they are."


def _about_keys(settings: Settings, contents: Contents) -> str:
    needs = f"It needs the keys {', '.join(contents.keys)}" if contents.keys else "It needs no key yet"
    try:
        ring = load_key_ring(settings.key_file)
    except FileNotFoundError:
        if not contents.keys:
            return f"{needs}. The first start makes the key ring {settings.key_file}."
        return f"{needs}: put its key ring at {settings.key_file} before you start."
    except KeyRingError as error:
        return f"{needs}. {error}"
    if not contents.keys:
        return f"{needs}. The first start takes the key ring {settings.key_file}."
    if set(contents.keys) - ring.keys.keys() or contents.lookup_key != ring.lookup_id:
        return f"{needs}, and the key ring at {settings.key_file} is another one: put the right one there before you start."
    return f"The key ring at {settings.key_file} has the keys it needs ({', '.join(contents.keys)})."
