"""An installation with its data and its keys apart, in the time of this machine: the doctor has no other."""

from pathlib import Path

import pytest

from tests.conftest import ENGINES
from tests.doctor.report import MAIL_SERVER
from tests.support.command_line import Shell
from tests.support.databases import fresh_database
from tests.support.installation import Installation
from tests.support.people import Person, protected
from xpressbot.diagnostics import file_checks as files
from xpressbot.diagnostics import memory_checks
from xpressbot.foundation.clock import SystemClock

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
postgresql_only = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def _enough_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """How full the disk is that the tests run on is not what they are about."""
    for limit in ("LOW_SPACE", "NO_SPACE", "LOW_SPACE_FOR_KEYS"):
        monkeypatch.setattr(files, limit, 0)


@pytest.fixture(autouse=True)
def kernel_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file in the place of the kernel's, for large pages on request."""
    file = tmp_path / "transparent_hugepage"
    file.write_text("always [madvise] never\n")
    monkeypatch.setattr(memory_checks, "KERNEL_SETTING", file)
    return file


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, migrated database; an embedded one in a directory of its own."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    return fresh_database(request, request.param, data)


@pytest.fixture
def installation(installation: Installation) -> Installation:
    """The same, in the time of this machine."""
    installation.clock.set(SystemClock().now())
    return installation


@pytest.fixture
def anna(installation: Installation) -> Person:
    """The owner, with 2FA on: eleven encrypted secrets."""
    return protected(installation.services)


@pytest.fixture
def shell(tmp_path: Path, installation: Installation) -> Shell:
    """Where the operator works, with the installation's settings and a mail server, to which nothing is sent."""
    settings = installation.services.settings
    database = {"XPRESSBOT_KEY_FILE": str(settings.key_file), "XPRESSBOT_DATABASE_URL": settings.database_url}
    return Shell(tmp_path, database | MAIL_SERVER)
