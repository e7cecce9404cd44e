"""Identity and chat share a database and nothing in it: each has its own tables, which its own revisions make."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Table, inspect

from tests.support.installation import make_settings
from xpressbot.bootstrap import SCHEMA
from xpressbot.chat import tables as chat_tables
from xpressbot.chat.migrations import MIGRATIONS as OF_CHAT
from xpressbot.foundation.database.engine import METADATA, Database, open_database
from xpressbot.foundation.database.migration_runner import Migrations, Schema, upgrade
from xpressbot.identity.migrations import MIGRATIONS as OF_IDENTITY

CHATS = {table.name for table in vars(chat_tables).values() if isinstance(table, Table)}
OTHERS = set(METADATA.tables) - CHATS
"""Identity's, and those of the foundation, which identity's first revision makes."""


@pytest.fixture
def empty(tmp_path: Path, empty_database_url: str) -> Iterator[Database]:
    database = open_database(make_settings(tmp_path, empty_database_url).url, pool_size=2, durable=False)
    yield database
    database.dispose()


def tables_in(database: Database) -> set[str]:
    with database.read() as connection:
        return set(inspect(connection).get_table_names())


def test_there_are_two_packages_with_tables() -> None:
    """Each has some, and a version table that is not the other's."""
    assert SCHEMA.packages == (OF_IDENTITY, OF_CHAT)
    assert OF_IDENTITY.version_table != OF_CHAT.version_table
    assert {"account", "session", "outbox"} <= OTHERS
    assert {"bot", "channel", "conversation", "message", "chat_event", "chat_record"} <= CHATS


def test_no_foreign_key_leads_from_one_to_the_other(empty: Database) -> None:
    """Asked of the engine: what identity does to an account can neither wait for a conversation nor remove one."""
    upgrade(empty, SCHEMA)
    with empty.read() as connection:
        keys = [(table, key["referred_table"]) for table in METADATA.tables for key in inspect(connection).get_foreign_keys(table)]
    assert ("message", "contact") in keys
    assert ("session", "account") in keys
    assert [(table, referred) for table, referred in keys if (table in CHATS) != (referred in CHATS)] == []


@pytest.mark.parametrize(("package", "tables"), [(OF_IDENTITY, OTHERS), (OF_CHAT, CHATS)], ids=lambda value: getattr(value, "name", ""))
def test_the_revisions_of_each_make_its_own_tables_alone(empty: Database, package: Migrations, tables: set[str]) -> None:
    """Without the other's: neither needs a table that is not there."""
    upgrade(empty, Schema((package,)))
    assert tables_in(empty) - {"sqlite_sequence"} == tables | {package.version_table}
