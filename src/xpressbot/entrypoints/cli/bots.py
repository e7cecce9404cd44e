"""xpressbot bots."""

import sys
from pathlib import Path
from typing import Annotated, Final, assert_never

import typer

from xpressbot.chat.actor import OPERATOR
from xpressbot.chat.bots.administration import BotRefusal
from xpressbot.chat.bots.store import HIGHEST_NUMBER, Bot
from xpressbot.chat.scripts.checks import differences
from xpressbot.chat.scripts.json_values import Refused
from xpressbot.chat.scripts.problems import problems_of
from xpressbot.chat.scripts.reading import read_script
from xpressbot.chat.scripts.script import MOST_BYTES, Check, Script
from xpressbot.entrypoints.cli.installation import FAILED, Build, explained, fail, opened
from xpressbot.entrypoints.messages.bot_words import bot_refused
from xpressbot.entrypoints.messages.script_problems import problem_text, refused_script_text
from xpressbot.entrypoints.messages.translation import ENGLISH
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.logging import printable

_BotArgument = Annotated[str, typer.Argument(metavar="BOT", help="The bot's name, or its id, which stands in the addresses of its pages.")]
_FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A script as XpressBot exports it (JSON).")]
_Into = Annotated[str | None, typer.Option("--into", metavar="BOT", help="The bot whose draft it becomes; without it, a new bot is made.")]
_Version = Annotated[int | None, typer.Option("--version", min=1, max=HIGHEST_NUMBER, help="A published version instead of the draft.")]
_INDENT: Final = "    "


def bots_commands(build: Build) -> typer.Typer:
    """Make the group."""
    bots = typer.Typer(help="Bots as files.", no_args_is_help=True)

    @bots.command()
    def export(bot: _BotArgument, version: _Version = None) -> None:
        """Print a bot's draft, or a published version, as a file."""
        with opened(build) as services:
            found = services.chat.exchange.export(_bot(services, bot).id, version)
            if found is None:
                fail(f"This bot has no version {version}.")
        sys.stdout.buffer.write(found[1].encode())

    @bots.command("import")
    def import_file(file: _FileArgument, into: _Into = None) -> None:
        """Make a bot of a file, or the draft of one that there is. Nothing is published by it."""
        with opened(build) as services:
            _import(services, _content(file), into)

    @bots.command()
    def check(file: _FileArgument) -> None:
        """Say what is wrong with a file, and whether its checks pass. Exit code 1 where it could not be published, or a check fails."""
        with explained():
            data = _content(file)
        _check(data)

    return bots


def _import(services: Services, data: bytes, into: str | None) -> None:
    exchange = services.chat.exchange
    bot = None if into is None else _bot(services, into)
    outcome = exchange.import_as_new(OPERATOR, data) if bot is None else exchange.import_as_draft(OPERATOR, bot.id, data)
    match outcome:
        case Bot():
            typer.echo(printable(f"The file is the draft of the bot {outcome.name} now. Publish it on its page. Its id: {outcome.id}"))
        case Refused():
            fail(_refused(outcome))
        case BotRefusal():
            fail(bot_refused(ENGLISH, outcome))
        case unknown:
            assert_never(unknown)


def _check(data: bytes) -> None:
    script = read_script(data)
    if isinstance(script, Refused):
        fail(_refused(script))
    problems = problems_of(script)
    for problem in problems:
        typer.echo(printable(f"{'error' if problem.is_error else 'warning'}: {problem.place}: {problem_text(ENGLISH, problem)}"))
    failed = [check for check in script.checks if not _passes(script, check)]
    errors = sum(problem.is_error for problem in problems)
    typer.echo(f"Errors: {errors}. Warnings: {len(problems) - errors}. Checks: {len(script.checks)}, failed: {len(failed)}.")
    if errors or failed:
        raise typer.Exit(FAILED)


def _bot(services: Services, named: str) -> Bot:
    """The bot that an operator has named, archived or not. None, or several, ends the command."""
    overview = services.chat.bot_overview
    bots = [listed.bot for archived in (False, True) for listed in overview.bots(archived=archived)]
    found = [bot for bot in bots if named in {bot.id, bot.name}]
    if not found:
        fail(f"There is no bot {named!r}.")
    if len(found) > 1:
        fail("\n".join([f"Several bots are called {named!r}. Name one by its id:", *(bot.id for bot in found)]))
    return found[0]


def _content(file: Path) -> bytes:
    """What stands in a file, cut off where it is larger than any script: it is refused for that, without being read whole."""
    with file.open("rb") as opened_file:
        return opened_file.read(MOST_BYTES + 1)


def _refused(refused: Refused) -> str:
    place = str(refused.place)
    return f"{f'{place}: ' if place else ''}{refused_script_text(ENGLISH, refused)}"


def _passes(script: Script, check: Check) -> bool:
    """Whether the script says what a check expects; where it says something else, both are printed."""
    found = differences(script, check)
    for one in found:
        typer.echo(printable(f"failed check: {check.name}: {one.write}"))
        for title, texts in (("expected", one.expected), ("said", one.said)):
            for text in texts or ("nothing",):
                typer.echo(printable(f"{_INDENT}{title}: {text}"))
    return not found
