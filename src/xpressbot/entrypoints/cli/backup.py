"""xpressbot backup and restore."""

from pathlib import Path
from typing import Annotated

import typer

from xpressbot.entrypoints.cli.installation import explained, fail, refuse_where_nothing_is
from xpressbot.foundation.database.backup import BackupError, Contents, back_up, restore
from xpressbot.foundation.key_ring import KeyRingError, load_key_ring
from xpressbot.foundation.logging import printable
from xpressbot.foundation.settings import Settings, load_settings

BackupFile = Annotated[Path, typer.Argument(help="The backup.", metavar="FILE")]


def backup_command(file: BackupFile) -> None:
    """Copy the running installation's database into FILE. The keys are not in it."""
    with explained():
        settings = load_settings()
        refuse_where_nothing_is(settings)
        try:
            contents = back_up(settings.url, file)
        except BackupError as error:
            fail(str(error))
    typer.echo(printable(f"{file} holds the database at schema {contents.revision}."))
    typer.echo(printable(f"It opens with the key ring {settings.key_file}, which is not in it: keep a copy of that elsewhere."))


def restore_command(file: BackupFile) -> None:
    """Put a backup where no database is yet, and say which keys it needs."""
    with explained():
        settings = load_settings()
        try:
            contents = restore(file, settings.url)
        except BackupError as error:
            fail(str(error))
    typer.echo(printable(f"Restored {file}, made at schema {contents.revision}."))
    typer.echo(printable(_about_keys(settings, contents)))


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
