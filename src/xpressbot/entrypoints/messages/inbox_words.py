"""The inbox and chat's own record in words."""

from collections.abc import Mapping, Sequence
from typing import Final, assert_never

from xpressbot.chat.conversations.contacts import ContactRefusal
from xpressbot.chat.conversations.inbox import InboxList
from xpressbot.chat.conversations.receiving import MAX_NAME_LENGTH
from xpressbot.chat.conversations.store import Contact
from xpressbot.chat.conversations.taking_over import ConversationRefusal
from xpressbot.chat.record import RecordKind
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
RECORD_TITLES: Final[Mapping[RecordKind, str]] = {
    RecordKind.BOT_MADE: N_("Bot made"),
    RecordKind.BOT_RENAMED: N_("Bot renamed"),
    RecordKind.BOT_PUBLISHED: N_("Bot published"),
    RecordKind.BOT_ROLLED_BACK: N_("Bot rolled back"),
    RecordKind.BOT_IMPORTED: N_("Bot imported from a file"),
    RecordKind.BOT_ARCHIVED: N_("Bot archived"),
    RecordKind.BOT_RESTORED: N_("Bot brought back from the archive"),
    RecordKind.CHANNEL_MADE: N_("Channel made"),
    RecordKind.CHANNEL_CHANGED: N_("Channel changed"),
    RecordKind.CHANNEL_ARCHIVED: N_("Channel archived"),
    RecordKind.CONTACT_BLOCKED: N_("Person blocked"),
    RecordKind.CONTACT_UNBLOCKED: N_("Person unblocked"),
    RecordKind.CONTACT_ERASED: N_("Person erased"),
}
_RECORD_DETAILS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "before": (N_("Name before"), {}),
    "version": (N_("Version"), {}),
    "to": (N_("Same as version"), {}),
    "running": (N_("Conversations under way"), {"finish": N_("end on their version"), "restart": N_("start over")}),
    "bot": (N_("Bot"), {"": N_("none")}),
    "change": (
        N_("What was changed"),
        {
            "settings": N_("name, greeting, colour or privacy notice"),
            "bot": N_("its bot"),
            "on": N_("switched on"),
            "off": N_("switched off"),
        },
    ),
}
"""What details are called, and their values where these are words of the program, in the order in which they are shown."""


def record_details(texts: Texts, details: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """What explains an entry of the record besides the name. What a newer version recorded stands at the end, as it is."""
    told = [(label, details[key], known) for key, (label, known) in _RECORD_DETAILS.items() if key in details]
    others = sorted((key, value) for key, value in details.items() if key != "name" and key not in _RECORD_DETAILS)
    return [*((texts.gettext(label), texts.gettext(known[value]) if value in known else value) for label, value, known in told), *others]


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
