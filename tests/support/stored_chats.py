"""Channels and conversations in an installation, put there by the statements of chat."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import insert

from tests.support.actors import BO
from xpressbot.chat.actor import OPERATOR, Actor
from xpressbot.chat.bots.store import Bot, Draft, Version, add_bot, add_draft, add_version
from xpressbot.chat.channels.administration import make_web_channel
from xpressbot.chat.channels.store import Channel
from xpressbot.chat.conversations import store
from xpressbot.chat.conversations.conversation import Author, Conversation, ConversationState, NewMessage
from xpressbot.chat.scripts.script import On, Say, Script, Starts, Topic
from xpressbot.chat.scripts.writing import written
from xpressbot.chat.tables import CONTACT
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing

Written = tuple[Author, str]


def system_of(services: Services) -> System:
    """The clock and the entropy of an installation."""
    return System(services.clock, services.entropy)


def web_channel(services: Services, name: str = "Website", bot_id: str | None = None) -> Channel:
    """A web chat that is on."""
    with Transactions(services.database).writing() as tx:
        channel = make_web_channel(tx, system_of(services), OPERATOR, name, bot_id)
        tx.commit()
    return channel


def published_bot(services: Services, name: str = "Bakery") -> str:
    """A bot that answers everything with a greeting; its id."""
    starts = Starts(On.NOTHING_MATCHED)
    document = written(Script(name, "en", (Topic("hello", "Hello", starts, (Say("s1", "Hello, I am a bot."),)),)))
    system = system_of(services)
    bot, now = Bot(system.new_id(), name, "en", live=1, restart_below=0, draft_revision=1, archived_at=None), system.now()
    with Transactions(services.database).writing() as tx:
        add_bot(tx, bot)
        add_draft(tx, Draft(bot.id, 1, document, OPERATOR, now, "{}"))
        add_version(tx, Version(bot.id, 1, document, OPERATOR, now))
        tx.commit()
    return bot.id


def add_contact(tx: Writing, contact_id: str, channel_id: str, now: int, *, name: str = "", last_seq: int = 0) -> None:
    """A person on a channel, with the number of the newest message that the caller adds."""
    row = {"id": contact_id, "channel_id": channel_id, "external_id": contact_id, "name": name, "search": "", "fields": "{}"}
    tx.execute(insert(CONTACT), row | {"last_seq": last_seq, "changed_at": now})


def conversation(
    services: Services,
    channel: Channel,
    messages: Sequence[Written] = ((Author.CUSTOMER, "Hello"),),
    *,
    state: ConversationState = ConversationState.WAITING,
    owner: Actor | None = None,
    name: str = "",
) -> Conversation:
    """A conversation of a new contact, with these messages. Bo wrote those of a person, where the conversation has no owner."""
    system = system_of(services)
    now, contact_id = system.now(), system.new_id()
    made = Conversation(
        id=system.new_id(),
        contact_id=contact_id,
        state=state,
        opened_at=now,
        last_event_at=now,
        last_message_at=now,
        owner=owner,
        waiting_since=now if state is ConversationState.WAITING else None,
    )
    made = replace(made, closed_at=now if state is ConversationState.CLOSED else None)
    with Transactions(services.database).writing() as tx:
        add_contact(tx, contact_id, channel.id, now, name=name)
        lane = store.lock_lane(tx, contact_id)
        assert lane is not None
        store.add_conversations(tx, [made])
        written = [NewMessage(author, text, now, by=(owner or BO) if author is Author.PERSON else None) for author, text in messages]
        store.save_contact(tx, lane, store.add_messages(tx, lane, made.id, written), now)
        tx.commit()
    return made


def texts_of(services: Services, contact_id: str) -> list[str]:
    """What stands in a contact's thread, in order."""
    with Transactions(services.database).reading() as tx:
        return [message.text for message in store.messages_after(tx, contact_id, 0, 10_000)]
