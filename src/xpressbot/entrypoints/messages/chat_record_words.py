"""Chat's own record in words: what was done, to what, and its details."""

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup, escape

from xpressbot.chat.record import RecordEntry, RecordKind
from xpressbot.entrypoints.messages.formatting import Text, as_is
from xpressbot.entrypoints.messages.inbox_words import contact_title
from xpressbot.entrypoints.messages.translation import N_, Texts

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
RECORD_DETAILS: Final[Mapping[str, Mapping[str | None, str]]] = {
    "change": {
        "settings": N_("Name or settings"),
        "on": N_("Switched on"),
        "off": N_("Switched off"),
        "bot": N_("Who answers"),
    },
    "bot": {"": N_("No bot"), None: N_("Bot: %(value)s")},
    "before": {None: N_("Name before: %(value)s")},
    "version": {None: N_("Version %(value)s")},
    "to": {None: N_("The same as version %(value)s")},
    "running": {
        "finish": N_("Running conversations end on their version"),
        "restart": N_("Running conversations start over"),
    },
}
"""Words of each value that a detail can have, by its key, in the order in which they are shown; at None those of all other values."""
_OF_PEOPLE: Final = {RecordKind.CONTACT_BLOCKED, RecordKind.CONTACT_UNBLOCKED, RecordKind.CONTACT_ERASED}
"""What they are called is never recorded."""


def record_title(texts: Texts, kind: RecordKind | None) -> str:
    """What was done; None stands for a kind that a newer version recorded."""
    return texts.gettext(N_("Something that a newer version recorded") if kind is None else RECORD_TITLES[kind])


def record_subject(texts: Texts, entry: RecordEntry) -> Text:
    """What it was done to: a bot or a channel by its name, a person as the inbox calls one without a name."""
    if entry.kind in _OF_PEOPLE:
        return contact_title(texts, "", {}, entry.subject, is_erased=False)
    return Markup('<bdi translate="no">{}</bdi>').format(entry.details.get("name") or entry.subject[-4:])


def record_details(texts: Texts, details: Mapping[str, str]) -> Sequence[Text]:
    """What explains it. What a newer version recorded stands at the end, as it is."""
    known = [_in_words(texts, key, details[key]) for key in RECORD_DETAILS if key in details]
    return [*known, *(as_is(f"{key}: {details[key]}") for key in sorted(details.keys() - RECORD_DETAILS.keys() - {"name"}))]


def _in_words(texts: Texts, key: str, value: str) -> Text:
    words = RECORD_DETAILS[key].get(value) or RECORD_DETAILS[key].get(None)
    if words is None:
        return as_is(f"{key}: {value}")
    return escape(texts.gettext(words)) % {"value": as_is(value)}
