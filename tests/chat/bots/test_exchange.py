"""Scripts as files, on both engines: what goes out comes in again, and what is no script changes nothing."""

import json
from dataclasses import replace

import pytest

from tests.support.actors import ANNA, BO
from tests.support.bots import UNKNOWN, hours_script, make_bot, publish, record_of, replace_draft
from tests.support.installation import Installation
from xpressbot.chat.bots.administration import BotRefusal
from xpressbot.chat.bots.draft_changes import Change, ChangeKind, read_change
from xpressbot.chat.bots.exchange import Exchange
from xpressbot.chat.bots.store import Bot, find_draft
from xpressbot.chat.record import RecordKind
from xpressbot.chat.scripts.json_values import Refused, Unreadable
from xpressbot.chat.scripts.reading import read_script
from xpressbot.chat.scripts.script import Place
from xpressbot.chat.scripts.writing import written
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database.transaction import Transactions

BAD_FILES = {
    "another format": (b'{"format": "typebot/6"}', Unreadable.UNKNOWN_FORMAT),
    "cut off": (written(hours_script()).encode()[:-9], Unreadable.NOT_JSON),
    "an unknown step": (written(hours_script()).replace('"say"', '"call"').encode(), Unreadable.NOT_ONE_OF),
    "NaN": (written(hours_script()).replace('"topics"', '"nobody_after_minutes": NaN, "topics"').encode(), Unreadable.NOT_A_NUMBER),
    "deep": (b"[" * 100_000, Unreadable.NESTED_TOO_DEEP),
    "large": (b" " * 5_000_000, Unreadable.TOO_LARGE),
    "not UTF-8": (b"\xff\xfe", Unreadable.NOT_UTF8),
}


@pytest.fixture
def services(installation: Installation) -> Services:
    return installation.services


@pytest.fixture
def exchange(services: Services) -> Exchange:
    return services.chat.exchange


def test_what_is_exported_comes_in_as_the_same_bot(services: Services, exchange: Exchange) -> None:
    """With its name as it is now, and its checks."""
    bot = make_bot(services, hours_script(with_check=True))
    services.chat.bots.rename(ANNA, bot.id, "Front desk")
    exported = exchange.export(bot.id)
    assert exported is not None
    script = read_script(exported[1])
    assert script == replace(hours_script(with_check=True), name="Front desk")
    copy = exchange.import_as_new(BO, exported[1].encode())
    assert isinstance(copy, Bot)
    assert (copy.name, copy.live, copy.id != bot.id) == ("Front desk", None, True)
    home = services.chat.bot_overview.home(copy.id)
    assert home is not None
    assert (home.script, home.last.by) == (script, BO)


def test_a_published_version_is_exported_by_its_number(services: Services, exchange: Exchange) -> None:
    bot = make_bot(services)
    publish(services, bot.id)
    replace_draft(services, bot.id, hours_script("From 8 to 6."))
    draft, first = exchange.export(bot.id), exchange.export(bot.id, 1)
    assert draft is not None
    assert first is not None
    assert (read_script(draft[1]), read_script(first[1])) == (hours_script("From 8 to 6."), hours_script())
    assert exchange.export(bot.id, 2) is None
    assert exchange.export(UNKNOWN) is None


def test_an_import_into_a_bot_is_one_more_draft(services: Services, exchange: Exchange) -> None:
    """The draft before stays, so that it can be undone; the bot keeps its name, and what is published its version."""
    bot = make_bot(services)
    publish(services, bot.id)
    other = replace(hours_script("From 8 to 6.", with_check=True), name="Another shop")
    changed = exchange.import_as_draft(BO, bot.id, written(other).encode())
    assert isinstance(changed, Bot)
    assert (changed.name, changed.live, changed.draft_revision) == ("Shop", 1, 2)
    with Transactions(services.database).reading() as tx:
        before, after = find_draft(tx, bot.id, 1), find_draft(tx, bot.id, 2)
    assert before is not None
    assert after is not None
    assert (read_script(before.document), read_script(after.document)) == (hours_script(), replace(other, name="Shop"))
    assert (read_change(after.change), after.by) == (Change(ChangeKind.IMPORTED, "Another shop"), BO)


def test_the_same_file_again_changes_nothing(services: Services, exchange: Exchange) -> None:
    bot = make_bot(services)
    assert exchange.import_as_draft(ANNA, bot.id, written(hours_script()).encode()) == bot
    assert [entry.kind for entry in record_of(services)] == [RecordKind.BOT_MADE]


def test_an_archived_bot_and_an_unknown_one_take_no_file(services: Services, exchange: Exchange) -> None:
    bot, file = make_bot(services), written(hours_script("From 8 to 6.")).encode()
    services.chat.bots.archive(ANNA, bot.id)
    assert exchange.import_as_draft(ANNA, bot.id, file) is BotRefusal.ARCHIVED
    assert exchange.import_as_draft(ANNA, UNKNOWN, file) is BotRefusal.NO_SUCH_BOT


def test_a_name_that_cannot_be_shown_makes_no_bot(services: Services, exchange: Exchange) -> None:
    """The format takes it, a bot does not."""
    document = json.loads(written(hours_script())) | {"name": "a\u202eb"}
    assert exchange.import_as_new(ANNA, json.dumps(document).encode()) is BotRefusal.NAME_UNUSABLE
    assert not services.chat.bot_overview.bots()


def test_the_longest_language_tag_makes_a_bot_and_a_longer_one_is_refused(services: Services, exchange: Exchange) -> None:
    """35 characters (RFC 5646, 4.4.1): its column has no more."""
    longest = "sgn-abcdefgh-abcdefgh-abcdefgh-abcd"
    bot = exchange.import_as_new(ANNA, written(replace(hours_script(), language=longest)).encode())
    assert isinstance(bot, Bot)
    assert (bot.language, len(bot.language)) == (longest, 35)
    refused = exchange.import_as_new(ANNA, written(replace(hours_script(), language=f"{longest}e")).encode())
    assert refused == Refused(Place(("language",)), Unreadable.NOT_A_LANGUAGE)


@pytest.mark.parametrize("bad", BAD_FILES)
def test_what_is_no_script_is_refused_and_changes_nothing(services: Services, exchange: Exchange, bad: str) -> None:
    """For a new bot and for one that there is."""
    bot, (data, problem) = make_bot(services), BAD_FILES[bad]
    for outcome in (exchange.import_as_new(ANNA, data), exchange.import_as_draft(ANNA, bot.id, data)):
        assert isinstance(outcome, Refused)
        assert outcome.problem is problem
    assert [listed.bot for listed in services.chat.bot_overview.bots()] == [bot]


def test_imports_are_recorded(services: Services, exchange: Exchange) -> None:
    bot = make_bot(services)
    exchange.import_as_draft(BO, bot.id, written(hours_script("From 8 to 6.")).encode())
    copy = exchange.import_as_new(BO, written(hours_script()).encode())
    assert isinstance(copy, Bot)
    imported = [entry for entry in record_of(services) if entry.kind is RecordKind.BOT_IMPORTED]
    assert {(entry.subject, entry.by.name) for entry in imported} == {(bot.id, "Bo Lund"), (copy.id, "Bo Lund")}
