"""xpressbot bots: files in and out, and what is wrong with one."""

from pathlib import Path

import pytest

from tests.chat.bots.test_exchange import BAD_FILES
from tests.support.actors import ANNA
from tests.support.bots import EMPTY, UNREACHABLE, hours_script, make_bot, publish, replace_draft
from tests.support.command_line import Shell
from xpressbot.chat.scripts.writing import written
from xpressbot.entrypoints.services import Services


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bot.json"
    path.write_text(written(hours_script("From 8 to 6.", with_check=True)))
    return path


def test_a_bot_is_printed_by_its_name_or_its_id(shell: Shell, services: Services) -> None:
    """The draft, or a published version."""
    bot = make_bot(services)
    publish(services, bot.id)
    replace_draft(services, bot.id, hours_script("From 8 to 6. ñ"))
    for named in ("Shop", bot.id):
        answer = shell.run("bots", "export", named)
        assert (answer.code, answer.out, answer.err) == (0, written(hours_script("From 8 to 6. ñ")), "")
    assert shell.run("bots", "export", "Shop", "--version", "1").out == written(hours_script())
    answer = shell.run("bots", "export", "Shop", "--version", "2")
    assert (answer.code, answer.err) == (1, "This bot has no version 2.\n")
    answer = shell.run("bots", "export", "Shop", "--version", str(2**31))
    assert (answer.code, "Invalid value for '--version'" in answer.err) == (2, True)


def test_a_bot_that_is_not_there_or_twice_is_told(shell: Shell, services: Services) -> None:
    """By ids, of which the operator names one; an archived bot counts."""
    answer = shell.run("bots", "export", "Shop")
    assert (answer.code, answer.err) == (1, "There is no bot 'Shop'.\n")
    first, second = make_bot(services), make_bot(services)
    services.chat.bots.archive(ANNA, second.id)
    answer = shell.run("bots", "export", "Shop")
    assert answer.code == 1
    assert answer.err.splitlines() == ["Several bots are called 'Shop'. Name one by its id:", first.id, second.id]


def test_a_file_becomes_a_bot_or_the_draft_of_one(shell: Shell, services: Services, file: Path) -> None:
    """As the operator's edit, and nothing is published."""
    answer = shell.run("bots", "import", str(file))
    (listed,) = services.chat.bot_overview.bots()
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == f"The file is the draft of the bot Shop now. Publish it on its page. Its id: {listed.bot.id}\n"
    home = services.chat.bot_overview.home(listed.bot.id)
    assert home is not None
    assert (home.script, home.last.by.name, home.bot.live) == (hours_script("From 8 to 6.", with_check=True), "operator", None)
    bot = make_bot(services, name="Other")
    assert shell.run("bots", "import", str(file), "--into", "Other").code == 0
    home = services.chat.bot_overview.home(bot.id)
    assert home is not None
    assert (home.bot.draft_revision, len(home.script.checks)) == (2, 1)
    services.chat.bots.archive(ANNA, bot.id)
    answer = shell.run("bots", "import", str(file), "--into", "Other")
    assert (answer.code, answer.err) == (1, "This bot is archived. Bring it back first.\n")


def test_an_empty_name_is_no_bot_to_import_into(shell: Shell, services: Services, file: Path) -> None:
    """As an unset variable of a script gives it: no other bot is made for it."""
    answer = shell.run("bots", "import", str(file), "--into", "")
    assert (answer.code, answer.err) == (1, "There is no bot ''.\n")
    assert not services.chat.bot_overview.bots()


@pytest.mark.parametrize("bad", BAD_FILES)
def test_a_bad_file_is_refused_by_both_commands(shell: Shell, services: Services, tmp_path: Path, bad: str) -> None:
    """Exit code 1 and one sentence, with the place where there is one."""
    path = tmp_path / "bad.json"
    path.write_bytes(BAD_FILES[bad][0])
    answers = [shell.run("bots", command, str(path)) for command in ("check", "import")]
    assert [(answer.code, answer.out, len(answer.err.splitlines())) for answer in answers] == [(1, "", 1)] * 2
    assert answers[0].err == answers[1].err
    assert not services.chat.bot_overview.bots()
    if bad == "an unknown step":
        assert answers[0].err.startswith("topics[0].steps[0].kind: One of these must stand here: say, ask")


def test_a_file_that_is_not_there_is_told(shell: Shell, services: Services) -> None:
    """Exit code 2, as for all that an operator has to put right first."""
    for command in ("check", "import"):
        answer = shell.run("bots", command, "nowhere.json")
        assert (answer.code, answer.err) == (2, "nowhere.json: No such file or directory\n")
    assert services.settings.data_dir.exists()


def test_a_good_file_passes_without_an_installation(shell: Shell, tmp_path: Path) -> None:
    """Warnings are told, and are no failure."""
    path = tmp_path / "bot.json"
    path.write_text(written(hours_script(extra=[UNREACHABLE], with_check=True)))
    answer = shell.run("bots", "check", str(path))
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        "warning: topics[3]: No conversation can come to this topic.",
        "Errors: 0. Warnings: 1. Checks: 1, failed: 0.",
    ]


def test_errors_and_failed_checks_are_told_with_exit_code_1(shell: Shell, tmp_path: Path, file: Path) -> None:
    """A check tells what was expected and what is said instead."""
    answer = shell.run("bots", "check", str(file))
    assert (answer.code, answer.err) == (1, "")
    assert answer.out.splitlines() == [
        "failed check: Hours: Opening hours?",
        "    expected: From 9 to 5.",
        "    said: From 8 to 6.",
        "Errors: 0. Warnings: 0. Checks: 1, failed: 1.",
    ]
    path = tmp_path / "empty.json"
    path.write_text(written(hours_script(extra=[EMPTY])))
    answer = shell.run("bots", "check", str(path))
    assert answer.code == 1
    assert answer.out.splitlines()[0] == "error: topics[3].steps[0].text: This step says nothing. Write its text."


def test_what_a_file_says_does_not_draw_on_the_terminal(shell: Shell, tmp_path: Path) -> None:
    """Line feeds and characters that turn the reading direction are encoded."""
    path = tmp_path / "bot.json"
    path.write_text(written(hours_script("one\ntwo\u202e", with_check=True)))
    assert "    said: one\\ntwo\\u202e" in shell.run("bots", "check", str(path)).out
