"""SQLite for what does not depend on the engine."""

from pathlib import Path

import pytest

from tests.support.databases import SqliteTemplate


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: SqliteTemplate) -> str:
    """Fresh, and migrated."""
    return sqlite_template.fresh(tmp_path)
