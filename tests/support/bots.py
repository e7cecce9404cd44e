"""Bots that are made and published, and what customers have written to them."""

from collections.abc import Sequence

from sqlalchemy import insert

from tests.support.actors import ANNA
from tests.support.stored_chats import add_contact, system_of
from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.administration import NewBot
from xpressbot.chat.bots.publishing import Published, Shown
from xpressbot.chat.bots.store import Bot
from xpressbot.chat.conversations.conversation import Author, Conversation, ConversationState
from xpressbot.chat.conversations.store import add_conversations
from xpressbot.chat.record import RecordEntry
from xpressbot.chat.scripts.script import Check, GoTo, HandOver, On, Say, Script, Starts, Topic, Turn
from xpressbot.chat.scripts.writing import written
from xpressbot.chat.tables import MESSAGE
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.database.transaction import Transactions

UNKNOWN = "f" * 32


def hours_script(answer: str = "From 9 to 5.", *, extra: Sequence[Topic] = (), with_check: bool = False) -> Script:
    """A script without problems that tells when a shop is open, and hands over the rest."""
    check = Check("Hours", (Turn("hi", ("Hello!",)), Turn("Opening hours?", ("From 9 to 5.",))))
    return Script(
        "Shop",
        "en",
        (
            Topic("greeting", "Greeting", Starts(On.FIRST_MESSAGE), (Say("s1", "Hello!"),)),
            Topic("hours", "Opening hours", Starts(On.PHRASES, ("opening hours",)), (Say("s2", answer),)),
            Topic("rest", "Everything else", Starts(On.NOTHING_MATCHED), (HandOver("s3", "One moment."),)),
            *extra,
        ),
        checks=(check,) if with_check else (),
    )


UNREACHABLE = Topic("lost", "Lost property", Starts(On.GO_TO), (Say("s9", "At the desk."),))
"""With it a script has a warning: nothing leads there."""
EMPTY = Topic("empty", "Empty", Starts(On.PHRASES, ("nothing",)), (Say("s8", ""),))
"""With it a script has an error: the step has no text."""


LOOP = Topic("loop", "Loop", Starts(On.PHRASES, ("loop",)), (GoTo("l1", "loop"),))
"""With it a script has a warning: the bot is stopped there."""


def make_bot(services: Services, script: Script | None = None, name: str | None = None) -> Bot:
    """A bot of Anna's with this script as its draft; it has the script's name, unless another one is given."""
    script = script or hours_script()
    bot = services.chat.bots.make(ANNA, NewBot(system_of(services).new_id(), name or script.name, script))
    assert isinstance(bot, Bot), bot
    return bot


def publish(services: Services, bot_id: str, *, restart: bool = False, by: Actor = ANNA) -> Published:
    """Publish the draft as it is, whatever its warnings are."""
    preview = services.chat.publishing.preview(bot_id)
    assert preview is not None
    published = services.chat.publishing.publish(by, bot_id, preview.shown, is_accepted=True, restart=restart)
    assert isinstance(published, Published), published
    return published


def replace_draft(services: Services, bot_id: str, script: Script) -> Bot:
    """Make a script the draft of a bot, as an import does."""
    bot = services.chat.exchange.import_as_draft(ANNA, bot_id, written(script).encode())
    assert isinstance(bot, Bot), bot
    return bot


def shown(services: Services, bot_id: str) -> Shown:
    """What a person would be shown of a bot now."""
    preview = services.chat.publishing.preview(bot_id)
    assert preview is not None
    return preview.shown


def record_of(services: Services) -> Sequence[RecordEntry]:
    """Chat's record, the newest first."""
    return services.chat.record.page()


def converse(
    services: Services,
    bot_id: str,
    channel_id: str,
    *missed: str,
    state: ConversationState = ConversationState.BOT,
    version: int = 1,
    ago: int = 0,
) -> str:
    """A conversation of a new person with a bot, and the texts that the bot missed in it; its id. ago: in microseconds."""
    system = system_of(services)
    contact_id, conversation_id, now = system.new_id(), system.new_id(), system.now() - ago
    with Transactions(services.database).writing() as tx:
        add_contact(tx, contact_id, channel_id, now, last_seq=len(missed))
        add_conversations(tx, [Conversation(conversation_id, contact_id, state, now, now, now, bot_id=bot_id, version=version)])
        for seq, text in enumerate(missed, 1):
            message = {"contact_id": contact_id, "seq": seq, "conversation_id": conversation_id, "author": Author.CUSTOMER.value}
            tx.execute(insert(MESSAGE), message | {"text": text, "missed_by": bot_id, "at": now + seq})
        tx.commit()
    return conversation_id
