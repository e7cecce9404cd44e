"""Whatever is typed where an account's address belongs: a sentence and exit code 1."""

import os

import pytest

from tests.support.command_line import Answer, Shell

COMMANDS = [("accounts", "disable"), ("accounts", "enable"), ("2fa", "status"), ("2fa", "reset", "--reason", "phone lost")]
ODD = {
    "not UTF-8": b"\xff\xfeanna@example.com",
    "half a character": b"anna\xc3@example.com",
    "an encoded surrogate": b"anna\xed\xa0\x80@example.com",
    "Latin-1": "jörg@example.com".encode("latin-1"),
    "no address": b"anna",
    "nothing": b"",
    "a wildcard": b"%",
    "a control character": b"anna\x1b[31m@example.com",
    "too long": b"a" * 1100 + b"@example.com",
}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("typed", ODD.values(), ids=ODD)
def test_what_can_be_no_account_is_said_to_be_none(shell: Shell, command: tuple[str, ...], typed: bytes) -> None:
    """No traceback, nothing that a terminal would obey, and nothing made on the disk for it."""
    argument = os.fsdecode(typed)
    assert shell.run(*command, argument) == Answer(1, "", f"There is no account {argument!r}.\n")
    assert not (shell.directory / "var").exists()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_bytes_that_are_no_text_reach_the_command_as_they_were_typed(shell: Shell, command: tuple[str, ...]) -> None:
    """In an interpreter of its own, where the operating system hands the argument over."""
    answer = shell.run_fresh(*command, os.fsdecode(ODD["not UTF-8"]))
    assert answer == Answer(1, "", "There is no account '\\udcff\\udcfeanna@example.com'.\n")
