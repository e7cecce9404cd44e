"""Commands that are called where no installation is, because the operator is in another directory or has other settings."""

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import ENGINES
from tests.doctor.report import run_doctor
from tests.support.command_line import Answer, Shell
from tests.support.postgres import new_database
from xpressbot.bootstrap import SCHEMA

MISCONFIGURED = 2
CREATE = ("accounts", "create", "--email", "anna@example.com", "--name", "Anna")
PASSWORD = "violet-anchor-meadow-kettle"
LATER_COMMANDS = [
    ("accounts", "list"),
    ("accounts", "invite", "anna@example.com"),
    ("accounts", "disable", "anna@example.com"),
    ("accounts", "enable", "anna@example.com"),
    ("2fa", "status", "anna@example.com"),
    ("2fa", "reset", "anna@example.com", "--reason", "lost"),
    ("keys", "add"),
    ("keys", "rotate"),
    ("keys", "retire"),
]
BACKUP = ("backup", "copy.sqlite3")
AFTER_RESTORE = ("db", "after-restore")


@pytest.fixture(params=ENGINES)
def empty(request: pytest.FixtureRequest, shell: Shell) -> Shell:
    """A shell with a database of its own, in which nothing is yet."""
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres_server"), f"empty_{os.getpid()}_{abs(hash(request.node.name))}")
        shell = shell.with_settings(XPRESSBOT_DATABASE_URL=url)
    return shell


def made_in(shell: Shell) -> set[str]:
    """What commands have left in the directory, their input and output aside."""
    return {path.name for path in shell.directory.iterdir()} - {"stdin", "stdout", "stderr"}


@pytest.mark.parametrize("command", [*LATER_COMMANDS, BACKUP, AFTER_RESTORE], ids=" ".join)
def test_a_command_for_an_installation_makes_none(shell: Shell, command: tuple[str, ...]) -> None:
    """It says where it looked, and leaves the directory as it was: no second database, no second key ring, no dead link."""
    assert shell.run(*command) == Answer(
        MISCONFIGURED,
        "",
        f"There is no installation here: no database at {shell.directory}/var/data/xpressbot.sqlite3, by the settings of this shell and its"
        f" working directory {shell.directory}. Run this in the service's directory with its settings.\n",
    )
    assert made_in(shell) == set()


def test_a_command_says_which_settings_led_it_astray(shell: Shell, tmp_path: Path) -> None:
    """A database URL of its own is where it looked."""
    said = shell.with_settings(XPRESSBOT_DATABASE_URL="sqlite:///other/x.sqlite3").run("accounts", "list").err
    assert f"no database at {tmp_path}/other/x.sqlite3, by the settings" in said


@pytest.mark.parametrize("command", [*LATER_COMMANDS, CREATE], ids=" ".join)
def test_an_empty_server_database_is_no_installation(
    shell: Shell, postgres_server: str, command: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    """Whether it is the right one, its operator knows; no key ring is made for it."""
    name = f"none_{os.getpid()}_{abs(hash(request.node.name))}"
    shell = shell.with_settings(XPRESSBOT_DATABASE_URL=new_database(postgres_server, name))
    assert shell.run(*command, stdin=PASSWORD) == Answer(
        MISCONFIGURED,
        "",
        f"The database {name} holds nothing of XpressBot's yet. If it is the right one, run: xpressbot db upgrade."
        " Otherwise set XPRESSBOT_DATABASE_URL to the right one.\n",
    )
    assert made_in(shell) == set()


def test_only_a_first_command_makes_the_key_ring(empty: Shell) -> None:
    """A migrated database takes its ring from where it is first started, and not from where an operator happened to call."""
    assert empty.run("db", "upgrade").code == 0
    made = made_in(empty)
    for command in LATER_COMMANDS:
        answer = empty.run(*command)
        assert answer == Answer(
            MISCONFIGURED,
            "",
            "This database has no key ring yet. The first start makes one, or takes the one at"
            f" {empty.directory}/var/keys/keyring.json: run xpressbot serve, or xpressbot accounts create.\n",
        )
    assert made_in(empty) == made
    assert not (empty.directory / "var" / "keys").exists()
    assert empty.run(*CREATE, stdin=PASSWORD).code == 0
    assert empty.run("accounts", "list").code == 0


def test_the_first_account_s_command_says_what_it_made_and_where(empty: Shell) -> None:
    """An operator who was in a wrong directory sees it at once; the next account's says nothing of the kind."""
    directory = empty.directory / "var"
    database = f"the database {directory}/data/xpressbot.sqlite3 and " if "XPRESSBOT_DATABASE_URL" not in empty.settings else ""
    if not database:
        assert empty.run("db", "upgrade").code == 0
    said = f"Made {database}the key ring {directory}/keys/keyring.json.\n"
    assert empty.run(*CREATE, stdin=PASSWORD) == Answer(0, f"{said}Account anna@example.com created.\n", "")
    second = ("accounts", "create", "--email", "cem@example.com", "--name", "Cem")
    assert empty.run(*second, stdin=PASSWORD) == Answer(0, "Account cem@example.com created.\n", "")
    assert empty.run("accounts", "invite", "berta@example.com").out.startswith("Hand this link to berta@example.com.")


def test_what_was_made_is_said_also_when_no_account_could_be_made(shell: Shell) -> None:
    """A password that is refused leaves the installation, and its place is told."""
    answer = shell.run(*CREATE, stdin="short")
    assert answer.code == 1
    assert answer.out.startswith(f"Made the database {shell.directory}/var/data/xpressbot.sqlite3 and the key ring ")


def test_an_upgrade_says_where_it_made_a_database(shell: Shell) -> None:
    """In a wrong directory it makes an empty one, and so says; where one is, it says the schema alone."""
    database = shell.directory / "var" / "data" / "xpressbot.sqlite3"
    assert shell.run("db", "upgrade").out == f"Made the database {database}.\nThe database is at schema {SCHEMA.head}.\n"
    assert shell.run("db", "upgrade").out == f"The database is at schema {SCHEMA.head}.\n"
    shutil.rmtree(shell.directory / "var")
    assert shell.run("accounts", "list").code == MISCONFIGURED


def test_the_doctor_says_where_it_looked(shell: Shell) -> None:
    """The whole path: it may be called in any directory."""
    report = run_doctor(shell)
    assert report.about("database_missing")["what"] == f"There is no database at {shell.directory}/var/data/xpressbot.sqlite3."
