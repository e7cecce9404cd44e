"""Bots on both engines: made, renamed, archived and brought back, and what the list says of each."""

import pytest

from tests.support.actors import ANNA, BO
from tests.support.bots import EMPTY, UNKNOWN, converse, hours_script, make_bot, publish, record_of, replace_draft
from tests.support.installation import Installation
from tests.support.query_plans import recorded
from xpressbot.chat.bots.administration import BotAdministration, BotRefusal, NewBot
from xpressbot.chat.bots.draft_changes import Change, ChangeKind, read_change, script_of, written_change
from xpressbot.chat.bots.store import Bot, find_bot, find_draft
from xpressbot.chat.record import RecordKind
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.times import DAY


@pytest.fixture
def services(installation: Installation) -> Services:
    return installation.services


@pytest.fixture
def bots(services: Services) -> BotAdministration:
    return services.chat.bots


def test_a_new_bot_is_a_draft_with_its_own_name(services: Services) -> None:
    """White space in the name is collapsed, and the script is called by it too."""
    bot = make_bot(services, name="  Our \t shop ")
    assert bot == Bot(bot.id, "Our shop", "en", None, 0, 1, None)
    with Transactions(services.database).reading() as tx:
        draft = find_draft(tx, bot.id, 1)
        assert find_bot(tx, bot.id) == bot
    assert draft is not None
    assert script_of(draft.document).name == "Our shop"
    assert (draft.by, draft.at) == (ANNA, services.clock.now())
    assert read_change(draft.change) == Change(ChangeKind.BOT_MADE, "Our shop")


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\x00b", "a\u202eb", "\u200b"])
def test_a_name_that_cannot_be_shown_is_refused(services: Services, bots: BotAdministration, name: str) -> None:
    """For a new bot and for one that there is; nothing is written."""
    bot = make_bot(services)
    assert bots.make(ANNA, NewBot(UNKNOWN, name, hours_script())) is BotRefusal.NAME_UNUSABLE
    assert bots.rename(ANNA, bot.id, name) is BotRefusal.NAME_UNUSABLE
    assert [listed.bot for listed in services.chat.bot_overview.bots()] == [bot]


def test_each_change_is_recorded_once(installation: Installation, services: Services, bots: BotAdministration) -> None:
    """What a bot is already is neither written nor recorded."""
    bot = make_bot(services)
    for _half in range(2):
        installation.clock.advance(seconds=1)
        bots.rename(BO, bot.id, "Front desk")
    for _half in range(2):
        installation.clock.advance(seconds=1)
        archived = bots.archive(BO, bot.id)
    for _half in range(2):
        installation.clock.advance(seconds=1)
        assert bots.restore(ANNA, bot.id) == Bot(bot.id, "Front desk", "en", None, 0, 1, None)
    assert isinstance(archived, Bot)
    assert archived.archived_at == services.clock.now() - 3_000_000
    assert [(entry.kind, entry.by.name, dict(entry.details)) for entry in reversed(record_of(services))] == [
        (RecordKind.BOT_MADE, "Anna Berg", {"name": "Shop"}),
        (RecordKind.BOT_RENAMED, "Bo Lund", {"name": "Front desk", "before": "Shop"}),
        (RecordKind.BOT_ARCHIVED, "Bo Lund", {"name": "Front desk"}),
        (RecordKind.BOT_RESTORED, "Anna Berg", {"name": "Front desk"}),
    ]


def test_an_archived_bot_and_an_unknown_one_are_not_renamed(services: Services, bots: BotAdministration) -> None:
    bot = make_bot(services)
    bots.archive(ANNA, bot.id)
    assert bots.rename(ANNA, bot.id, "Front desk") is BotRefusal.ARCHIVED
    assert bots.rename(ANNA, UNKNOWN, "Front desk") is BotRefusal.NO_SUCH_BOT
    assert bots.archive(ANNA, UNKNOWN) is BotRefusal.NO_SUCH_BOT
    assert bots.restore(ANNA, UNKNOWN) is BotRefusal.NO_SUCH_BOT


def test_the_list_says_what_is_published_where_and_what_was_missed(installation: Installation, services: Services) -> None:
    """Missed texts count for 7 days; texts of erased people never."""
    bot, other = make_bot(services), make_bot(services, name="Another")
    published = publish(services, bot.id)
    assert published.channel_id is not None
    converse(services, bot.id, published.channel_id, "bicycles?", "do you sell tyres")
    erased = services.chat.inbox.thread(converse(services, bot.id, published.channel_id, "my secret"))
    assert erased is not None
    assert services.chat.contacts.erase(ANNA, erased.contact.id) is None
    converse(services, bot.id, published.channel_id, "long ago", ago=8 * DAY)
    first, second = services.chat.bot_overview.bots()
    assert (first.bot, first.has_changes, first.channels, first.missed) == (other, False, (), 0)
    assert (second.bot, second.has_changes, second.missed) == (published.bot, False, 2)
    assert [(channel.id, channel.name, channel.is_on) for channel in second.channels] == [(published.channel_id, "Shop", True)]
    replace_draft(services, bot.id, hours_script("From 8 to 6."))
    assert services.chat.bot_overview.bots()[1].has_changes
    installation.clock.advance(minutes=7 * 24 * 60, seconds=1)
    assert services.chat.bot_overview.bots()[1].missed == 0


def test_archived_bots_stand_apart(services: Services, bots: BotAdministration) -> None:
    bot, other = make_bot(services), make_bot(services, name="Another")
    bots.archive(ANNA, bot.id)
    overview = services.chat.bot_overview
    assert [listed.bot.id for listed in overview.bots()] == [other.id]
    assert [listed.bot.id for listed in overview.bots(archived=True)] == [bot.id]


def test_the_home_of_a_bot_has_its_draft_and_its_problems(services: Services) -> None:
    bot = make_bot(services, hours_script(extra=[EMPTY]))
    home = services.chat.bot_overview.home(bot.id)
    assert home is not None
    assert (home.bot, home.script, home.last.by) == (bot, hours_script(extra=[EMPTY]), ANNA)
    assert [problem.topic for problem in home.problems if problem.is_error] == ["empty"]
    assert services.chat.bot_overview.home(UNKNOWN) is None


def test_the_page_of_a_bot_reads_no_script_of_another(installation: Installation, services: Services) -> None:
    """Drafts and versions are large: each is asked for by its bot."""
    bot = make_bot(services)
    publish(services, bot.id)
    publish(services, make_bot(services, name="Another").id)
    with recorded(installation) as statements:
        assert services.chat.bot_overview.home(bot.id)
    of_scripts = [given for statement, given in statements if "bot_draft" in statement or "bot_version" in statement]
    assert of_scripts
    for given in of_scripts:
        assert bot.id in (given.values() if isinstance(given, dict) else given)


def test_versions_come_in_pages_the_newest_first(services: Services) -> None:
    bot = make_bot(services)
    for number in range(1, 53):
        replace_draft(services, bot.id, hours_script(f"Answer {number}."))
        publish(services, bot.id)
    found = services.chat.bot_overview.versions(bot.id)
    older = services.chat.bot_overview.versions(bot.id, 3)
    assert found is not None
    assert older is not None
    assert [version.number for version in found[1]] == list(range(52, 2, -1))
    assert [(version.number, version.by) for version in older[1]] == [(2, ANNA), (1, ANNA)]
    assert services.chat.bot_overview.versions(UNKNOWN) is None


def test_a_change_that_a_newer_version_made_is_read_as_unknown() -> None:
    """Undo shows it without its name."""
    assert read_change('{"kind": "of_tomorrow", "subject": "x"}') == Change(None, "x")
    assert read_change(written_change(Change(ChangeKind.IMPORTED, "ä"))) == Change(ChangeKind.IMPORTED, "ä")
