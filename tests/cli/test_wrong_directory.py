"""Commands that are called where no installation is, because somebody is in another directory."""

import shutil

import pytest

from tests.support.command_line import Answer, Shell

MISCONFIGURED = 2
LATER_COMMANDS = [
    ("accounts", "list"),
    ("accounts", "disable", "anna@example.com"),
    ("accounts", "enable", "anna@example.com"),
    ("2fa", "status", "anna@example.com"),
    ("2fa", "reset", "anna@example.com", "--reason", "lost"),
    ("keys", "add"),
    ("keys", "rotate"),
    ("keys", "retire"),
    ("backup", "copy.sqlite3"),
]


@pytest.mark.parametrize("command", LATER_COMMANDS, ids=" ".join)
def test_a_command_for_an_installation_makes_none(shell: Shell, command: tuple[str, ...]) -> None:
    """It says where it should be called, and leaves the directory as it was: no second database, no second key ring."""
    assert shell.run(*command) == Answer(
        MISCONFIGURED,
        "",
        "There is no installation here: run this in the service's directory with its settings."
        " There is no database at var/data/xpressbot.sqlite3.\n",
    )
    assert {path.name for path in shell.directory.iterdir()} == {"stdin", "stdout", "stderr"}


@pytest.mark.parametrize(
    "command", [("accounts", "create", "--email", "anna@example.com", "--name", "Anna"), ("accounts", "invite", "anna@example.com")]
)
def test_a_first_command_makes_one(shell: Shell, command: tuple[str, ...]) -> None:
    """Database and key ring, as the first start does; what comes later works then."""
    assert shell.run(*command, stdin="violet-anchor-meadow-kettle").code == 0
    assert {path.name for path in (shell.directory / "var").iterdir()} == {"data", "keys"}
    assert shell.run("accounts", "list").code == 0


def test_a_migrated_database_is_an_installation(shell: Shell) -> None:
    """`db upgrade` may come before the first start."""
    assert shell.run("db", "upgrade").code == 0
    assert shell.run("accounts", "list").code == 0
    shutil.rmtree(shell.directory / "var")
    assert shell.run("accounts", "list").code == MISCONFIGURED
