"""A shell in an empty directory."""

from pathlib import Path

import pytest

from tests.support.command_line import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Where xpressbot was never called before: no settings but the cheapest hash."""
    return Shell(tmp_path)
