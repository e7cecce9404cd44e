"""Fixtures: both engines, a fresh installation, its application, browsers."""

import os
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.support.browser import Browser
from tests.support.databases import PostgresTemplate, SqliteTemplate, fresh_database
from tests.support.installation import Installation, install
from tests.support.postgres import forgo_power_cuts, start_postgres
from xpressbot.entrypoints.http.app import create_app

ENGINES = ["sqlite", "postgresql"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refuse-skips", action="store_true", help="count a skipped test as a failure")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and item.config.getoption("--refuse-skips"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {report.longrepr}"
    return report


@pytest.fixture(scope="session", autouse=True)
def _no_waits_for_the_disk() -> Iterator[None]:
    """What a test writes need not survive a power cut: each installation makes a key ring, with two waits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplate:
    return SqliteTemplate(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real PostgreSQL server of this run's own.

    Not below pytest's own directory: its mode changes with every other run, and the server is another user.
    """
    with tempfile.TemporaryDirectory(prefix="xpressbot-postgres-") as directory, start_postgres(Path(directory)) as url:
        forgo_power_cuts(url)
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[PostgresTemplate]:
    template = PostgresTemplate(postgres_server)
    yield template
    template.close()


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, migrated database; each test that asks for it runs on both engines."""
    return fresh_database(request, request.param, tmp_path)


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    """A fresh installation without accounts."""
    installation = install(tmp_path, database_url)
    yield installation
    installation.close()


@pytest.fixture
def app(installation: Installation) -> Starlette:
    return create_app(installation.services)


@pytest.fixture
def browser(app: Starlette, installation: Installation) -> Browser:
    """A browser with no one signed in."""
    return Browser(app, installation.clock)


@pytest.fixture
def new_browser(app: Starlette, installation: Installation) -> Callable[..., Browser]:
    """Makes further browsers, without the cookies of the others."""
    return lambda **options: Browser(app, installation.clock, **options)
