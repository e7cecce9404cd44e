"""A shell in an empty directory, and the installation that its commands work on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import Shell
from tests.support.installation import make_settings
from xpressbot.bootstrap import build
from xpressbot.entrypoints.services import Services


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Where xpressbot was never called before: no settings but the cheapest hash."""
    return Shell(tmp_path)


@pytest.fixture
def services(shell: Shell) -> Iterator[Services]:
    """The installation that the commands in this shell work on."""
    directory = shell.directory / "var"
    settings = make_settings(directory, f"sqlite:///{directory / 'data' / 'xpressbot.sqlite3'}")
    services = build(settings, durable=False)
    yield services
    services.close()
