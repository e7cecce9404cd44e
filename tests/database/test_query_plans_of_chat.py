"""Every statement of chat finds its rows by an index, however much has been written."""

import pytest

from tests.support.chats import Chats
from tests.support.installation import Installation
from tests.support.many_chats import add_chats
from tests.support.query_plans import OF_CHAT, recorded, scans, tables_of
from tests.support.shop_script import SHOP
from xpressbot.bootstrap import build_doctor
from xpressbot.chat.actor import Actor
from xpressbot.chat.channels.web.visiting import Send
from xpressbot.chat.conversations.answering_at_once import Answered
from xpressbot.chat.conversations.conversation import Conversation
from xpressbot.chat.conversations.inbox import CONVERSATIONS_ON_A_PAGE, InboxList
from xpressbot.chat.conversations.taking_over import Shown
from xpressbot.diagnostics.check import ConnectionDemand
from xpressbot.foundation.tokens import Token

CONTACTS = 3000
OUTDATED = range(4, 9)
"""Their conversations are closed."""
LUCIA = Actor("lucia", "Lucía Vega")
OF_FEW_ROWS = frozenset({"ix_chat_event_pending", "ix_conversation_for_a_person", "ix_conversation_open_last_message_at"})
"""The indexes on events that are to be handled, on conversations in which somebody waits for a person, and on those of the last week."""


@pytest.fixture
def shop(installation: Installation) -> Chats:
    """A shop in which many people have written, and some so long ago that it is forgotten."""
    chats = Chats(installation.services, SHOP)
    add_chats(chats, OUTDATED)
    installation.clock.advance(hours=24 * 400)
    add_chats(chats, range(max(OUTDATED) + 1, CONTACTS))
    return chats


def test_no_statement_of_chat_reads_a_whole_table(shop: Chats, installation: Installation) -> None:
    """Recorded while people write, the team answers, the sweep and the doctor look and old rows go; explained by the engine."""
    with recorded(installation) as statements:
        people_write(shop, installation)
        the_team_answers(shop)
        the_pages_of_bots_look(shop)
        shop.services.chat.sweeping.backlog()
        shop.services.chat.sweeping.next_round()
        build_doctor(shop.system).run(installation.services.settings, installation.services.database, ConnectionDemand(1, 1), thorough=True)
        removed = installation.services.expiry.next_round()
    assert all(removed[kind] for kind in ("chat_events", "conversations", "contacts")), removed

    chats_own = [(statement, given) for statement, given in statements if tables_of(statement) & OF_CHAT]
    assert {table for statement, _given in chats_own for table in tables_of(statement)} >= OF_CHAT
    found = scans(installation, chats_own, OF_FEW_ROWS)
    assert not found, "\n\n".join(f"{table} is read whole by:\n{statement}" for table, statement in sorted(found))


def people_write(shop: Chats, installation: Installation) -> None:
    """On the chat page, a new person and one who is known; one asks for a person, and nobody comes in time."""
    visiting = shop.services.chat.visiting
    (channel,) = [one.channel for one in shop.services.chat.channels.channels()]
    token = Token(b"a" * 32)
    for number, text in enumerate(("hours", "what nothing matches", "order", "three", "person")):
        send = Send(f"00000000-0000-4000-8000-{number:012}", text)
        outcome = visiting.write(channel.public_id, token, send, "192.0.2.1")
        assert isinstance(outcome, Answered)
        assert visiting.look(channel.public_id, token)
        assert visiting.news(outcome.contact_id, 1)
    assert visiting.look(channel.public_id, token, before=4)
    shop.store(shop.event("hours", "person-107"))
    installation.clock.advance(minutes=6)
    shop.services.chat.sweeping.next_round()


def the_team_answers(shop: Chats) -> None:
    """All lists of the inbox, each with its second page; a thread; taking over, answering, handing back, closing, blocking, erasing."""
    chat = shop.services.chat
    for chosen in InboxList:
        page = chat.inbox.page(chosen)
        assert page.listed
        if page.following:
            assert chat.inbox.page(chosen, page.following).listed
    assert len(chat.inbox.page(InboxList.ALL).listed) == CONVERSATIONS_ON_A_PAGE
    waiting = chat.inbox.page(InboxList.WAITING).listed[-1].conversation
    shown = Shown(None, 100)
    assert chat.inbox.thread(waiting.id)
    assert chat.inbox.thread(waiting.id, before=3)
    assert chat.inbox.latest_conversation(waiting.contact_id) == waiting.id
    assert isinstance(chat.taking_over.take_over(LUCIA, waiting.id, shown), Conversation)
    for _twice in range(2):
        assert isinstance(chat.replying.reply(LUCIA, waiting.id, "Here I am.", "00000000-0000-4000-8000-000000000001", shown), Conversation)
    assert isinstance(chat.taking_over.hand_back(LUCIA, waiting.id, shown), Conversation)
    assert isinstance(chat.taking_over.close(LUCIA, waiting.id, shown), Conversation)
    for done in (chat.contacts.block, chat.contacts.unblock, chat.contacts.erase):
        assert done(LUCIA, waiting.contact_id) is None
    assert chat.record.page(chat.record.page()[-1].id)


def the_pages_of_bots_look(shop: Chats) -> None:
    """How many conversations are under way, what was missed, where a script was stopped, and the counts of the dashboard."""
    chat = shop.services.chat
    assert chat.bot_overview.bots()
    assert chat.overview.look().waiting
    assert chat.overview.running_bots()
    assert shop.bot_id
    assert chat.publishing.preview(shop.bot_id)
    assert chat.missed_texts.of_bot(shop.bot_id)
    home = chat.bot_overview.home(shop.bot_id)
    assert home
    assert home.stopped
