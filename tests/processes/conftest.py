"""Two real worker processes on each engine, and the same installation's use cases in this process."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ENGINES
from tests.support.command_line import Shell
from tests.support.installation import make_settings
from tests.support.postgres import new_database
from tests.support.server import Server, serving
from xpressbot.bootstrap import SCHEMA, build
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database.engine import open_database
from xpressbot.foundation.database.migration_runner import upgrade
from xpressbot.foundation.settings import Settings


@dataclass(frozen=True)
class TwoWorkers:
    """A server of two workers, and a services on the same database and key ring for quick preparations."""

    server: Server
    services: Services


@pytest.fixture(scope="package", params=ENGINES)
def two_workers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoWorkers]:
    """One for all tests of this package; each test makes its own people in it."""
    directory = tmp_path_factory.mktemp("two_workers")
    settings = make_settings(directory, _database(request, directory))
    shell = Shell(directory, environment_of(settings))
    services = build(settings, durable=False)
    with serving(shell, workers=2) as server:
        yield TwoWorkers(server, services)
    services.close()


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as a server gets them. Networks are taken from this machine's word."""
    return {
        "XPRESSBOT_DATA_DIR": str(settings.data_dir),
        "XPRESSBOT_KEY_FILE": str(settings.key_file),
        "XPRESSBOT_DATABASE_URL": settings.database_url,
        "XPRESSBOT_TRUSTED_PROXIES": "127.0.0.1/32",
    }


def _database(request: pytest.FixtureRequest, directory: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{directory / 'xpressbot.sqlite3'}"
    url = new_database(request.getfixturevalue("postgres_server"), f"premises_{os.getpid()}")
    database = open_database(url.replace("postgresql://", "postgresql+psycopg://"))
    upgrade(database, SCHEMA)
    database.dispose()
    return url
