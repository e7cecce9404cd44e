"""The script editor in words: kinds of steps, what was done to a script, and why something was not done or not saved."""

from collections.abc import Mapping
from typing import Final, assert_never

from xpressbot.chat.bots.draft_changes import Change, ChangeKind
from xpressbot.chat.bots.undoing import LastChange
from xpressbot.chat.editing.edits import EditRefusal
from xpressbot.chat.editing.parts import PartKind
from xpressbot.chat.editing.rows import RowOf
from xpressbot.chat.scripts.script import Answer, Comparison, On
from xpressbot.entrypoints.messages.translation import N_, Texts

PART_NAMES: Final[Mapping[PartKind, str]] = {
    PartKind.SAY: N_("Say"),
    PartKind.ASK: N_("Ask"),
    PartKind.CHOICES: N_("Offer choices"),
    PartKind.IF: N_("If"),
    PartKind.GO_TO: N_("Go to a topic"),
    PartKind.HAND_OVER: N_("Hand over to a person"),
    PartKind.END: N_("End"),
    PartKind.OPTION: N_("Option"),
    PartKind.TOPIC: N_("Topic"),
}
STEP_MEANINGS: Final[Mapping[PartKind, str]] = {
    PartKind.SAY: N_("The bot says something and goes on."),
    PartKind.ASK: N_("The bot asks, waits, and remembers the answer."),
    PartKind.CHOICES: N_("The bot asks with buttons. Each leads to steps of its own."),
    PartKind.IF: N_("What follows depends on an answer."),
    PartKind.GO_TO: N_("The bot goes on with another topic."),
    PartKind.HAND_OVER: N_("The bot stops, and somebody of your team answers."),
    PartKind.END: N_("The bot says goodbye, and the conversation is closed."),
}
ON_NAMES: Final[Mapping[On, str]] = {
    On.PHRASES: N_("On one of these phrases"),
    On.FIRST_MESSAGE: N_("On the first message"),
    On.NOTHING_MATCHED: N_("When nothing matches"),
    On.NOBODY_THERE: N_("When nobody answers in time"),
    On.GO_TO: N_("Only from another topic"),
}
ANSWER_NAMES: Final[Mapping[Answer, str]] = {
    Answer.TEXT: N_("any text"),
    Answer.NUMBER: N_("a number"),
    Answer.EMAIL: N_("an email address"),
    Answer.PHONE: N_("a phone number"),
    Answer.YES_NO: N_("yes or no"),
}
COMPARISON_NAMES: Final[Mapping[Comparison, str]] = {
    Comparison.SET: N_("was answered"),
    Comparison.NOT_SET: N_("was not answered"),
    Comparison.EQUAL: N_("is"),
    Comparison.NOT_EQUAL: N_("is not"),
    Comparison.LESS: N_("is less than"),
    Comparison.GREATER: N_("is greater than"),
}
FIELD_NAMES: Final[Mapping[str, str]] = {
    "text": N_("What the bot says"),
    "into": N_("Remember the answer as"),
    "answer": N_("Answer"),
    "again": N_("If the answer is none, say"),
    "field": N_("Answer that is looked at"),
    "is": N_("Comparison"),
    "value": N_("Value to compare with"),
    "topic": N_("Topic to go on with"),
    "note": N_("Note for the person who takes over"),
    "label": N_("Label of the option"),
    "name": N_("Name of the topic"),
    "on": N_("When it starts"),
    "phrases": N_("Phrases, one on each line"),
}

_CHANGES: Final[Mapping[ChangeKind | None, str]] = {
    ChangeKind.WRITTEN: N_("Changed: %(part)s"),
    ChangeKind.ADDED: N_("Added: %(part)s"),
    ChangeKind.REMOVED: N_("Removed: %(part)s"),
    ChangeKind.MOVED: N_("Moved: %(part)s"),
    ChangeKind.BOT_MADE: N_("The bot was made"),
    ChangeKind.IMPORTED: N_("A file was put in place of the draft"),
    ChangeKind.CHECK_KEPT: N_("Check kept: %(part)s"),
    ChangeKind.CHECK_REMOVED: N_("Check removed: %(part)s"),
    ChangeKind.PHRASE_ADDED: N_("Phrase added: %(part)s"),
}
_UNKNOWN_CHANGE: Final = N_("Changed in a way that this version of XpressBot does not know")


def step_named(texts: Texts, kind: PartKind, subject: str) -> str:
    """A step or an option as a button names it that does something to it: Say “We open at 9”."""
    name = texts.gettext(PART_NAMES[kind])
    return texts.gettext("%(kind)s “%(text)s”") % {"kind": name, "text": subject} if subject else name


def row_named(texts: Texts, of: RowOf, name: str) -> str:
    """A row of steps by what it stands in. name: of the topic, label of the option, or the If's field."""
    match of:
        case RowOf.TOPIC:
            return texts.gettext("Topic “%(name)s”") % {"name": name}
        case RowOf.OPTION:
            return texts.gettext("When “%(label)s” is chosen") % {"label": name}
        case RowOf.THEN:
            return texts.gettext("“%(field)s”: then") % {"field": name}
        case RowOf.ELSE:
            return texts.gettext("“%(field)s”: otherwise") % {"field": name}
        case unknown:
            assert_never(unknown)


def last_change_text(texts: Texts, last: LastChange) -> str:
    """What was done last, or taken back."""
    said = _change_text(texts, last.change)
    return texts.gettext("Undone: %(change)s") % {"change": said} if last.is_undone else said


def edit_refused(texts: Texts, reason: EditRefusal) -> str:
    """Why nothing was done besides saving, and what to do."""
    match reason:
        case EditRefusal.NOT_THERE:
            said = texts.gettext("Somebody has removed this since you opened the page, so nothing was done to it. What you wrote is saved.")
        case EditRefusal.INTO_ITSELF:
            said = texts.gettext("A step cannot be moved into itself. Choose another place.")
        case EditRefusal.LAST_TOPIC:
            said = texts.gettext("A bot has at least one topic. Add another one first.")
        case EditRefusal.CHANGED_SINCE:
            said = texts.gettext(
                "The bot was changed since you opened the page, so nothing was undone. Read what was done last, then decide."
            )
        case EditRefusal.NOT_KEPT:
            said = texts.gettext("There is nothing left to go back to: only the latest changes are kept.")
        case unknown:
            assert_never(unknown)
    return said


def _change_text(texts: Texts, change: Change) -> str:
    kind = next((kind for kind in PartKind if kind == change.part), None)
    part = change.subject if kind is None else step_named(texts, kind, change.subject)
    return texts.gettext(_CHANGES.get(change.kind, _UNKNOWN_CHANGE)) % {"part": part}
