"""Publishing and rolling back on both engines: versions that never change, what is asked, and two who do it at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.support.actors import ANNA, BO
from tests.support.bots import EMPTY, UNKNOWN, UNREACHABLE, converse, hours_script, make_bot, publish, record_of, replace_draft, shown
from tests.support.installation import Installation
from xpressbot.chat.bots.draft_changes import script_of
from xpressbot.chat.bots.publishing import Published, Publishing, PublishRefusal, Shown
from xpressbot.chat.bots.store import find_version
from xpressbot.chat.channels.administration import ChannelAdministration
from xpressbot.chat.conversations.conversation import ConversationState
from xpressbot.chat.record import RecordKind
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.times import DAY


@pytest.fixture
def services(installation: Installation) -> Services:
    return installation.services


@pytest.fixture
def publishing(services: Services) -> Publishing:
    return services.chat.publishing


@pytest.fixture
def channels(services: Services) -> ChannelAdministration:
    return services.chat.channels


def test_the_first_version_comes_with_a_web_chat_that_is_on(services: Services, channels: ChannelAdministration) -> None:
    """It has the bot's name; a later version makes no other one."""
    bot = make_bot(services)
    published = publish(services, bot.id)
    (made,) = channels.channels()
    assert (published.number, published.channel_id) == (1, made.channel.id)
    assert (made.channel.name, made.channel.bot_id, made.channel.is_on) == ("Shop", bot.id, True)
    replace_draft(services, bot.id, hours_script("From 8 to 6."))
    assert publish(services, bot.id) == Published(replace(bot, live=2, draft_revision=2), 2, None)
    assert len(channels.channels()) == 1


def test_a_bot_that_has_a_channel_gets_no_other_one(services: Services, channels: ChannelAdministration) -> None:
    """Whether that channel is on or off."""
    bot = make_bot(services)
    channel = channels.make(ANNA, "Our shop", bot.id)
    channels.switch(ANNA, channel.id, on=False)  # type: ignore[union-attr]  # it was made
    assert publish(services, bot.id).channel_id is None
    assert len(channels.channels()) == 1


def test_a_version_never_changes(services: Services) -> None:
    """What was published as 1 stays that, whatever becomes of the draft."""
    bot = make_bot(services)
    publish(services, bot.id)
    replace_draft(services, bot.id, hours_script("From 8 to 6."))
    publish(services, bot.id, by=BO)
    with Transactions(services.database).reading() as tx:
        first, second = find_version(tx, bot.id, 1), find_version(tx, bot.id, 2)
    assert first is not None
    assert second is not None
    assert (script_of(first.document), script_of(second.document)) == (hours_script(), hours_script("From 8 to 6."))
    assert (first.by, second.by) == (ANNA, BO)


def test_errors_are_not_published_whatever_is_accepted(services: Services, publishing: Publishing) -> None:
    """And nothing is made on the way."""
    bot = make_bot(services, hours_script(extra=[EMPTY]))
    preview = publishing.preview(bot.id)
    assert preview is not None
    assert preview.has_errors
    refused = publishing.publish(ANNA, bot.id, preview.shown, is_accepted=True, restart=False)
    assert refused is PublishRefusal.HAS_ERRORS
    assert publishing.preview(bot.id) == preview
    assert not services.chat.channels.channels()


def test_warnings_are_asked(services: Services, publishing: Publishing) -> None:
    """Published only by somebody who has said so."""
    bot = make_bot(services, hours_script(extra=[UNREACHABLE]))
    refused = publishing.publish(ANNA, bot.id, shown(services, bot.id), is_accepted=False, restart=False)
    assert refused is PublishRefusal.NOT_ACCEPTED
    assert publish(services, bot.id).number == 1


def test_checks_that_differ_are_shown_and_asked(services: Services, publishing: Publishing) -> None:
    """With the turn in which the draft says something else."""
    bot = make_bot(services, hours_script("From 8 to 6.", with_check=True))
    preview = publishing.preview(bot.id)
    assert preview is not None
    assert not preview.problems
    ((name, found),) = [(failed.name, failed.differences) for failed in preview.failed_checks]
    assert (name, [(one.turn, one.expected, one.said) for one in found]) == ("Hours", [(1, ("From 9 to 5.",), ("From 8 to 6.",))])
    refused = publishing.publish(ANNA, bot.id, preview.shown, is_accepted=False, restart=False)
    assert refused is PublishRefusal.NOT_ACCEPTED
    assert publish(services, bot.id).number == 1


def test_a_check_that_passes_is_not_asked(services: Services, publishing: Publishing) -> None:
    bot = make_bot(services, hours_script(with_check=True))
    outcome = publishing.publish(ANNA, bot.id, shown(services, bot.id), is_accepted=False, restart=False)
    assert isinstance(outcome, Published)


def test_what_was_changed_since_it_was_shown_is_not_published(services: Services, publishing: Publishing) -> None:
    """Neither another draft, nor beside a version that somebody else has published."""
    bot = make_bot(services)
    before = shown(services, bot.id)
    replace_draft(services, bot.id, hours_script("From 8 to 6."))
    refused = publishing.publish(ANNA, bot.id, before, is_accepted=True, restart=False)
    assert refused is PublishRefusal.CHANGED_MEANWHILE
    now = shown(services, bot.id)
    publish(services, bot.id, by=BO)
    assert publishing.publish(ANNA, bot.id, now, is_accepted=True, restart=False) is PublishRefusal.CHANGED_MEANWHILE


def test_of_two_who_publish_at_once_one_is_told(services: Services, publishing: Publishing) -> None:
    """One version, one channel, one line in the record."""
    bot = make_bot(services)
    seen, barrier = shown(services, bot.id), threading.Barrier(4, timeout=60)

    def run(_number: int) -> Published | PublishRefusal:
        barrier.wait()
        return publishing.publish(ANNA, bot.id, seen, is_accepted=True, restart=False)

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(run, range(4)))
    assert [one for one in outcomes if not isinstance(one, Published)] == [PublishRefusal.CHANGED_MEANWHILE] * 3
    assert len(services.chat.channels.channels()) == 1
    assert [entry.kind for entry in record_of(services)].count(RecordKind.BOT_PUBLISHED) == 1


def test_what_is_published_already_is_not_published_again(services: Services, publishing: Publishing) -> None:
    bot = make_bot(services)
    publish(services, bot.id)
    refused = publishing.publish(ANNA, bot.id, shown(services, bot.id), is_accepted=True, restart=True)
    assert refused is PublishRefusal.NOTHING_NEW


def test_an_archived_bot_and_an_unknown_one_are_not_published(services: Services, publishing: Publishing) -> None:
    bot = make_bot(services)
    publish(services, bot.id)
    replace_draft(services, bot.id, hours_script("From 8 to 6."))
    publish(services, bot.id)
    services.chat.bots.archive(ANNA, bot.id)
    seen = shown(services, bot.id)
    assert publishing.publish(ANNA, bot.id, seen, is_accepted=True, restart=False) is PublishRefusal.ARCHIVED
    assert publishing.roll_back(ANNA, bot.id, 1, 2, restart=False) is PublishRefusal.ARCHIVED
    assert publishing.publish(ANNA, UNKNOWN, Shown(1, 0), is_accepted=True, restart=False) is PublishRefusal.NO_SUCH_BOT
    assert publishing.roll_back(ANNA, UNKNOWN, 1, 0, restart=False) is PublishRefusal.NO_SUCH_BOT


def test_running_conversations_are_counted_and_start_over_only_when_asked(services: Services, publishing: Publishing) -> None:
    """Those that a person has, that are closed or over are none."""
    bot = make_bot(services)
    channel_id = publish(services, bot.id).channel_id
    assert channel_id is not None
    converse(services, bot.id, channel_id)
    converse(services, bot.id, channel_id, ago=DAY - 1_000_000)
    converse(services, bot.id, channel_id, ago=DAY + 1_000_000)
    for state in (ConversationState.WAITING, ConversationState.PERSON, ConversationState.CLOSED):
        converse(services, bot.id, channel_id, state=state)
    replace_draft(services, bot.id, hours_script("From 8 to 6."))
    preview = publishing.preview(bot.id)
    assert preview is not None
    assert preview.running == 2
    assert publish(services, bot.id).bot.restart_below == 0
    replace_draft(services, bot.id, hours_script("From 7 to 7."))
    assert publish(services, bot.id, restart=True).bot.restart_below == 3
    replace_draft(services, bot.id, hours_script("Always."))
    assert publish(services, bot.id).bot.restart_below == 3


def test_rolling_back_publishes_the_old_document_under_a_new_number(services: Services, publishing: Publishing) -> None:
    """The draft stays, and conversations start over if that is asked."""
    bot = make_bot(services)
    publish(services, bot.id)
    replace_draft(services, bot.id, hours_script("From 8 to 6."))
    publish(services, bot.id)
    outcome = publishing.roll_back(BO, bot.id, 1, 2, restart=True)
    assert isinstance(outcome, Published)
    assert (outcome.number, outcome.bot.live, outcome.bot.restart_below) == (3, 3, 3)
    with Transactions(services.database).reading() as tx:
        version = find_version(tx, bot.id, 3)
    assert version is not None
    assert (script_of(version.document), version.by) == (hours_script(), BO)
    home = services.chat.bot_overview.home(bot.id)
    assert home is not None
    assert (home.script, home.listed.has_changes) == (hours_script("From 8 to 6."), True)


def test_rolling_back_is_refused_where_the_versions_are_others_than_shown(services: Services, publishing: Publishing) -> None:
    bot = make_bot(services)
    publish(services, bot.id)
    assert publishing.roll_back(ANNA, bot.id, 1, 1, restart=False) is PublishRefusal.NOTHING_NEW
    assert publishing.roll_back(ANNA, bot.id, 2, 1, restart=False) is PublishRefusal.NO_SUCH_VERSION
    replace_draft(services, bot.id, hours_script("From 8 to 6."))
    publish(services, bot.id)
    assert publishing.roll_back(ANNA, bot.id, 1, 1, restart=False) is PublishRefusal.CHANGED_MEANWHILE


def test_each_is_recorded_with_who_and_which_version(installation: Installation, services: Services, publishing: Publishing) -> None:
    bot = make_bot(services)
    publish(services, bot.id)
    installation.clock.advance(seconds=1)
    replace_draft(services, bot.id, hours_script("From 8 to 6."))
    publish(services, bot.id, restart=True)
    installation.clock.advance(seconds=1)
    publishing.roll_back(BO, bot.id, 1, 2, restart=False)
    entries = [entry for entry in record_of(services) if entry.kind in {RecordKind.BOT_PUBLISHED, RecordKind.BOT_ROLLED_BACK}]
    assert [(entry.kind, entry.by.name, entry.subject, dict(entry.details)) for entry in reversed(entries)] == [
        (RecordKind.BOT_PUBLISHED, "Anna Berg", bot.id, {"name": "Shop", "version": "1", "running": "finish"}),
        (RecordKind.BOT_PUBLISHED, "Anna Berg", bot.id, {"name": "Shop", "version": "2", "running": "restart"}),
        (RecordKind.BOT_ROLLED_BACK, "Bo Lund", bot.id, {"name": "Shop", "version": "3", "running": "finish", "to": "1"}),
    ]


def test_the_language_of_a_bot_is_that_of_what_is_published(services: Services) -> None:
    """Not of a draft that nobody talks to yet."""
    bot = make_bot(services)
    publish(services, bot.id)
    changed = replace_draft(services, bot.id, replace(hours_script(), language="es"))
    assert changed.language == "en"
    assert publish(services, bot.id).bot.language == "es"
