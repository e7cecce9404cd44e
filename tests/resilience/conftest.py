"""SQLite for what does not depend on the engine."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.support.databases import SqliteTemplate


@pytest.fixture(scope="package", autouse=True)
def _quiet_log() -> Iterator[None]:
    """What is refused on purpose need not be drawn with a traceback each time."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: SqliteTemplate) -> str:
    """Fresh, and migrated."""
    return sqlite_template.fresh(tmp_path)
