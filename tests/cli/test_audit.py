"""xpressbot audit verify: what the operator is told, and how it ends."""

import sqlite3
from contextlib import closing

from tests.support.command_line import Shell
from tests.support.people import protected
from xpressbot.entrypoints.services import Services
from xpressbot.identity.audit.rules.verification import MOST_TOLD

BROKEN, UNREADABLE = 1, 2
DATABASE = "var/data/xpressbot.sqlite3"


def change(shell: Shell, statement: str) -> None:
    with closing(sqlite3.connect(shell.directory / DATABASE)) as database:
        database.execute(statement)
        database.commit()


def test_whole_chains_are_counted_without_a_key(shell: Shell, services: Services) -> None:
    """Exit code 0, how much was looked at, and what it cannot tell; the key ring may lie elsewhere, and nothing is written."""
    protected(services)
    services.close()
    (shell.directory / "var/keys/keyring.json").unlink()
    before = {path: path.read_bytes() for path in (shell.directory / "var").rglob("*") if path.is_file()}
    answer = shell.run("audit", "verify")
    assert (answer.code, answer.err) == (0, "")
    assert "Chains checked: 2. Events: 5. Longest chain: anna@example.com (4). Every chain follows" in answer.out
    assert "This cannot tell: events cut off the end" in answer.out
    assert {path: path.read_bytes() for path in (shell.directory / "var").rglob("*") if path.is_file()} == before


def test_a_broken_chain_is_told_by_address_and_place(shell: Shell, services: Services) -> None:
    """Exit code 1. The first places of each chain, and how many more; whatever stands in the rows does not draw on the terminal."""
    protected(services)
    change(shell, "UPDATE security_event SET factor = 'totp' WHERE seq = 2")
    change(shell, "DELETE FROM security_event WHERE seq = 3")
    change(shell, "UPDATE security_event SET target = actor WHERE subject = 'team' AND seq = 1")
    answer = shell.run("audit", "verify")
    assert answer.code == BROKEN
    assert "The chain of the team is broken (events: 1):\n  Event 1: does not follow" in answer.out
    assert "The chain of anna@example.com is broken (events: 3):\n  Event 2: does not follow" in answer.out
    assert "  Event 3: not there.\n" in answer.out
    assert "Broken chains: 2." in answer.out

    change(shell, "UPDATE security_event SET details = '{}', subject = char(27) || '[2J' WHERE subject != 'team'")
    change(
        shell, "INSERT INTO security_event SELECT subject, seq + 10, kind, 1, actor, target, 7, 'x', salt, hash, hash FROM security_event"
    )
    answer = shell.run("audit", "verify")
    assert answer.code == BROKEN
    assert "\x1b" not in answer.out
    chain = answer.out.partition("The chain of the subject \\x1b[2J")[2].partition("The chain of")[0]
    assert chain.count("\n  Event") == MOST_TOLD
    assert "Further broken places:" in chain
    assert "The chain of anna@example.com is broken (events: 0):\n  There is no event" in answer.out


def test_what_cannot_be_read_ends_with_two(shell: Shell, services: Services) -> None:
    """Another directory, a schema of another version, a file that is no database."""
    assert Shell(shell.directory / "var").run("audit", "verify").code == UNREADABLE
    services.close()
    change(shell, "UPDATE alembic_version SET version_num = '9999'")
    answer = shell.run("audit", "verify")
    assert (answer.code, answer.out) == (UNREADABLE, "")
    assert "9999" in answer.err
    (shell.directory / DATABASE).write_bytes(b"x" * 8192)
    assert shell.run("audit", "verify").code == UNREADABLE
