"""Databases that nothing was done to yet."""

import uuid
from pathlib import Path

import pytest

from tests.conftest import ENGINES
from tests.support.postgres import new_database


@pytest.fixture(params=ENGINES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a single table, on both engines."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    return new_database(request.getfixturevalue("postgres_server"), f"empty_{uuid.uuid4().hex}")
