"""Documents are compared with one installation; which engine it runs on makes no difference to them."""

from pathlib import Path

import pytest

from tests.support.databases import SqliteTemplate


@pytest.fixture
def database_url(sqlite_template: SqliteTemplate, tmp_path: Path) -> str:
    return sqlite_template.fresh(tmp_path)
