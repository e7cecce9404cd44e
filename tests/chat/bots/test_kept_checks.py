"""Checks that are kept with a bot, and the texts that it missed, on both engines."""

from dataclasses import replace

import pytest

from tests.support.actors import ANNA, BO
from tests.support.bots import UNKNOWN, converse, hours_script, make_bot, publish, replace_draft
from tests.support.installation import Installation
from xpressbot.chat.bots.draft_changes import Change, ChangeKind, read_change
from xpressbot.chat.bots.kept_checks import CheckRefusal, KeptChecks
from xpressbot.chat.bots.missed_texts import MissedTexts, PhraseRefusal
from xpressbot.chat.bots.store import Bot, find_draft
from xpressbot.chat.scripts.script import MOST_CHECKS, MOST_PHRASES, MOST_TURNS, Check, On, Say, Starts, Topic, Turn
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database.transaction import Transactions

HOURS = Check("Hours", (Turn("hi", ("Hello!",)), Turn("Opening hours?", ("From 9 to 5.",))))
TYPED = ["hi", "Opening hours?"]


@pytest.fixture
def services(installation: Installation) -> Services:
    return installation.services


@pytest.fixture
def checks(services: Services) -> KeptChecks:
    return services.chat.kept_checks


@pytest.fixture
def missed(services: Services) -> MissedTexts:
    return services.chat.missed_texts


def test_a_check_is_kept_with_what_the_draft_says(services: Services, checks: KeptChecks) -> None:
    """As one more change of the draft, which can be undone."""
    bot = make_bot(services)
    assert checks.keep(BO, bot.id, 1, " Hours ", TYPED) == HOURS
    found = checks.of_bot(bot.id)
    assert found is not None
    assert [(one.check, one.differences) for one in found.checks] == [(HOURS, ())]
    with Transactions(services.database).reading() as tx:
        draft = find_draft(tx, bot.id, 2)
    assert draft is not None
    assert (draft.by, read_change(draft.change)) == (BO, Change(ChangeKind.CHECK_KEPT, "Hours"))


def test_a_check_tells_what_the_draft_says_otherwise(services: Services, checks: KeptChecks) -> None:
    bot = make_bot(services, hours_script("From 8 to 6.", with_check=True))
    found = checks.of_bot(bot.id)
    assert found is not None
    assert [one.said for one in found.checks[0].differences] == [("From 8 to 6.",)]
    assert checks.of_bot(UNKNOWN) is None


def test_what_was_not_seen_is_not_kept(services: Services, checks: KeptChecks) -> None:
    """The answers of another draft than the one that was tried are nobody's expectation."""
    bot = make_bot(services)
    replace_draft(services, bot.id, hours_script("From 8 to 6."))
    assert checks.keep(ANNA, bot.id, 1, "Hours", TYPED) is CheckRefusal.CHANGED_MEANWHILE


def test_what_cannot_be_a_check_is_refused(services: Services, checks: KeptChecks) -> None:
    """By name, by what was typed, by number, by size; nothing is written."""
    bot = make_bot(services, hours_script(with_check=True))
    for name, typed, refusal in (
        ("", TYPED, CheckRefusal.NAME_UNUSABLE),
        ("x" * 81, TYPED, CheckRefusal.NAME_UNUSABLE),
        ("Hours", TYPED, CheckRefusal.NAME_TAKEN),
        ("Other", [], CheckRefusal.NOTHING_TYPED),
        ("Other", ["hi"] * (MOST_TURNS + 1), CheckRefusal.TYPED_UNUSABLE),
        ("Other", ["x" * 501], CheckRefusal.TYPED_UNUSABLE),
        ("Other", ["a\x00b"], CheckRefusal.TYPED_UNUSABLE),
    ):
        assert checks.keep(ANNA, bot.id, 1, name, typed) is refusal, (name, typed)
    assert checks.keep(ANNA, UNKNOWN, 1, "Hours", TYPED) is CheckRefusal.NO_SUCH_BOT
    services.chat.bots.archive(ANNA, bot.id)
    assert checks.keep(ANNA, bot.id, 1, "Other", TYPED) is CheckRefusal.NO_SUCH_BOT
    assert checks.remove(ANNA, bot.id, "Hours") is CheckRefusal.NO_SUCH_BOT
    home = services.chat.bot_overview.home(bot.id)
    assert home is not None
    assert home.bot.draft_revision == 1


def test_checks_are_bounded_in_number_and_size(services: Services, checks: KeptChecks) -> None:
    """A bot could else not be imported from its own file."""
    many = replace(hours_script(), checks=tuple(replace(HOURS, name=f"Hours {number}") for number in range(MOST_CHECKS)))
    assert checks.keep(ANNA, make_bot(services, many).id, 1, "Hours", TYPED) is CheckRefusal.TOO_MANY
    padding = [
        Topic(f"t{i}", "Padding", Starts(On.PHRASES, (f"word {i}",)), tuple(Say(f"p{i}-{j}", "x" * 2000) for j in range(49)))
        for i in range(2)
    ]
    large = hours_script(extra=padding)
    assert checks.keep(ANNA, make_bot(services, large).id, 1, "Large", ["word 1"] * MOST_TURNS) is CheckRefusal.TOO_LARGE


def test_a_check_is_removed_by_its_name(services: Services, checks: KeptChecks) -> None:
    """Twice is once."""
    bot = make_bot(services, hours_script(with_check=True))
    removed = checks.remove(BO, bot.id, "Hours")
    assert isinstance(removed, Bot)
    assert removed.draft_revision == 2
    assert checks.remove(BO, bot.id, "Hours") == removed
    found = checks.of_bot(bot.id)
    assert found is not None
    assert not found.checks


def test_the_newest_texts_that_were_missed_stand_first(services: Services, missed: MissedTexts) -> None:
    """At most 50, and each with the topic of the draft that would answer it now."""
    bot = make_bot(services)
    channel_id = publish(services, bot.id).channel_id
    assert channel_id is not None
    converse(services, bot.id, channel_id, *[f"text {number}" for number in range(52)])
    newest = converse(services, bot.id, channel_id, "your opening HOURS please", ago=-1_000_000)
    found = missed.of_bot(bot.id)
    assert found is not None
    assert len(found.missed) == 50
    assert (found.missed[0].text.text, found.missed[0].text.conversation_id) == ("your opening HOURS please", newest)
    assert found.missed[0].matched_by == hours_script().topics[1]
    assert [one.text.text for one in found.missed[1:3]] == ["text 51", "text 50"]
    assert found.missed[1].matched_by is None
    assert missed.of_bot(UNKNOWN) is None


def test_a_text_becomes_a_phrase_of_the_draft(services: Services, missed: MissedTexts) -> None:
    """Once, and never of what is published."""
    bot = make_bot(services)
    publish(services, bot.id)
    changed = missed.add_phrase(BO, bot.id, "hours", "  when do  you open? ")
    assert isinstance(changed, Bot)
    assert (changed.draft_revision, changed.live) == (2, 1)
    assert missed.add_phrase(BO, bot.id, "hours", "When do you open") == changed
    home = services.chat.bot_overview.home(bot.id)
    assert home is not None
    assert home.script.topics[1].starts == Starts(On.PHRASES, ("opening hours", "when do you open?"))
    assert home.listed.has_changes
    with Transactions(services.database).reading() as tx:
        draft = find_draft(tx, bot.id, 2)
    assert draft is not None
    assert (draft.by, read_change(draft.change)) == (BO, Change(ChangeKind.PHRASE_ADDED, "when do you open?"))


def test_what_cannot_be_a_phrase_is_refused(services: Services, missed: MissedTexts) -> None:
    full = Topic("full", "Full", Starts(On.PHRASES, tuple(f"word {i}" for i in range(MOST_PHRASES))), (Say("s7", "Yes."),))
    bot = make_bot(services, hours_script(extra=[full]))
    for topic, phrase, refusal in (
        ("hours", "", PhraseRefusal.UNUSABLE),
        ("hours", "???", PhraseRefusal.UNUSABLE),
        ("hours", "x" * 81, PhraseRefusal.UNUSABLE),
        ("hours", "a\x00b", PhraseRefusal.UNUSABLE),
        ("greeting", "hello", PhraseRefusal.NO_SUCH_TOPIC),
        ("nothing", "hello", PhraseRefusal.NO_SUCH_TOPIC),
        ("full", "hello", PhraseRefusal.TOO_MANY),
    ):
        assert missed.add_phrase(ANNA, bot.id, topic, phrase) is refusal, (topic, phrase)
    assert missed.add_phrase(ANNA, UNKNOWN, "hours", "hello") is PhraseRefusal.NO_SUCH_BOT
    services.chat.bots.archive(ANNA, bot.id)
    assert missed.add_phrase(ANNA, bot.id, "hours", "hello") is PhraseRefusal.NO_SUCH_BOT
