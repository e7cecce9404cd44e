"""The inbox in words."""

from collections.abc import Mapping
from typing import Final, assert_never

from xpressbot.chat.conversations.contacts import ContactRefusal
from xpressbot.chat.conversations.conversation import Author
from xpressbot.chat.conversations.inbox import InboxList, ListedConversation
from xpressbot.chat.conversations.receiving import MAX_NAME_LENGTH
from xpressbot.chat.conversations.store import Contact
from xpressbot.chat.conversations.taking_over import ConversationRefusal
from xpressbot.entrypoints.messages.formatting import Text, as_is
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.text import normalise_line

LISTS: Final[Mapping[InboxList, str]] = {
    InboxList.WAITING: N_("Waiting"),
    InboxList.PERSON: N_("With a person"),
    InboxList.BOT: N_("With the bot"),
    InboxList.CLOSED: N_("Closed"),
    InboxList.ALL: N_("All"),
}
EMPTY_LISTS: Final[Mapping[InboxList, str]] = {
    InboxList.WAITING: N_("Nobody waits for an answer from a person."),
    InboxList.PERSON: N_("No member of the team has a conversation at the moment."),
    InboxList.BOT: N_("The bot talks with nobody at the moment."),
    InboxList.CLOSED: N_("No conversation was closed yet."),
    InboxList.ALL: N_("There are no conversations yet. As soon as somebody writes to a bot, it stands here."),
}


def contact_title(texts: Texts, name: str, fields: Mapping[str, str], contact_id: str, *, is_erased: bool) -> str:
    """What a person is called: their name on the channel, the name that a script asked for, or the end of their id.

    What a script asked for is kept as it was typed: it is cut, and a name that normalise_line refuses is none.
    """
    if is_erased:
        return texts.gettext("Erased person")
    asked_for = normalise_line(fields.get("name", "")[:MAX_NAME_LENGTH], max_length=MAX_NAME_LENGTH)
    return name or asked_for or texts.gettext("Visitor %(id)s") % {"id": contact_id[-4:]}


def title_of(texts: Texts, contact: Contact) -> str:
    """What a person is called, from their row."""
    return contact_title(texts, contact.name, contact.fields, contact.id, is_erased=contact.erased_at is not None)


def last_author_text(texts: Texts, one: ListedConversation, reader_id: str) -> Text | None:
    """Who wrote the last message of a conversation; None for the customer, after whom the conversation is called."""
    match one.last_author:
        case Author.BOT:
            return texts.gettext("Bot")
        case Author.PERSON if one.last_by is not None:
            return texts.gettext("You") if one.last_by.id == reader_id else as_is(one.last_by.name)
        case Author.CUSTOMER | Author.PERSON | None:
            return None
        case unknown:
            assert_never(unknown)


def conversation_refused(texts: Texts, reason: ConversationRefusal, owner: str | None) -> str:
    """Why nothing became of a conversation, and what to do. owner: who has it."""
    match reason:
        case ConversationRefusal.NO_SUCH_CONVERSATION:
            return texts.gettext("There is no such conversation any more.")
        case ConversationRefusal.CONVERSATION_CLOSED:
            return texts.gettext("This conversation was closed meanwhile, so nothing was sent. The person's next message opens a new one.")
        case ConversationRefusal.CONVERSATION_TAKEN if owner:
            said = texts.gettext("%(name)s answers this person now, so nothing was sent or changed. Read what is new, then decide again.")
            return said % {"name": owner}
        case ConversationRefusal.CONVERSATION_TAKEN:
            return texts.gettext("A colleague has written meanwhile, so nothing was sent or changed. Read what is new, then decide again.")
        case ConversationRefusal.NO_BOT:
            return texts.gettext("This channel has no published bot, so there is none to hand the conversation to.")
        case unknown:
            assert_never(unknown)


def contact_refused(texts: Texts, reason: ContactRefusal) -> str:
    """Why nothing was done about a person."""
    match reason:
        case ContactRefusal.NO_SUCH_CONTACT:
            return texts.gettext("There is no such person any more.")
        case ContactRefusal.CONTACT_ERASED:
            return texts.gettext("This person was erased, so there is nobody to block.")
        case unknown:
            assert_never(unknown)
