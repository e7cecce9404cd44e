"""xpressbot db."""

import typer

from xpressbot.entrypoints.cli.backup import EndWhatIsOpen, echo_restored
from xpressbot.entrypoints.cli.installation import explained, refuse_where_nothing_is, telling_what_is_made
from xpressbot.foundation.database.engine import open_database
from xpressbot.foundation.database.migration_runner import Schema, upgrade
from xpressbot.foundation.settings import load_settings


def database_commands(schema: Schema, end_what_is_open: EndWhatIsOpen) -> typer.Typer:
    """Make the group."""
    db = typer.Typer(help="The database.", no_args_is_help=True)

    @db.callback()
    def group() -> None:
        """The database."""

    @db.command("upgrade")
    def upgrade_schema() -> None:
        """Bring the database's schema up to this version."""
        with explained():
            settings = load_settings()
            with telling_what_is_made(settings):
                upgrade(open_database(settings.url, patient=True), schema)
        typer.echo(f"The database is at schema {schema.head}.")

    @db.command("after-restore")
    def after_restore() -> None:
        """After pg_restore, before the first start: end what an older copy brings back open. It can be repeated."""
        with explained():
            settings = load_settings()
            refuse_where_nothing_is(settings)
            restored = end_what_is_open(settings.url)
        echo_restored(restored)

    return db
