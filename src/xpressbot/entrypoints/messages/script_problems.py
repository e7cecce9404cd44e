"""What is wrong with a script, in words for its author. A page shows the place beside it, or the sentence where the place is."""

from collections.abc import Mapping
from typing import Final

from xpressbot.chat.scripts.json_values import Refused, Unreadable
from xpressbot.chat.scripts.problems import Problem, ProblemKind
from xpressbot.entrypoints.messages.formatting import number
from xpressbot.entrypoints.messages.translation import N_, Texts

_UNREADABLE: Final[Mapping[Unreadable, str]] = {
    Unreadable.TOO_LARGE: N_("This script is too large: at most %(detail)s bytes, as a file and as XpressBot writes it."),
    Unreadable.NOT_UTF8: N_("This file is no text in UTF-8. Save it with this encoding."),
    Unreadable.NOT_JSON: N_("This file is not valid JSON: line %(detail)s cannot be read."),
    Unreadable.NESTED_TOO_DEEP: N_("Too many brackets stand within each other in this file: at most %(detail)s."),
    Unreadable.UNKNOWN_FORMAT: N_("This is not the format that XpressBot reads: %(detail)s."),
    Unreadable.UNKNOWN_KEY: N_('The format has no "%(detail)s" here.'),
    Unreadable.DOUBLED_KEY: N_('"%(detail)s" stands here twice.'),
    Unreadable.MISSING_KEY: N_('"%(detail)s" is missing here.'),
    Unreadable.NOT_AN_OBJECT: N_("An object in braces { } must stand here."),
    Unreadable.NOT_A_LIST: N_("A list in brackets [ ] must stand here."),
    Unreadable.NOT_A_TEXT: N_("A text in quotation marks must stand here."),
    Unreadable.NOT_A_NUMBER: N_("A whole number must stand here: %(detail)s."),
    Unreadable.NOT_ONE_OF: N_("One of these must stand here: %(detail)s."),
    Unreadable.NOT_AN_ID: N_("An id has 1 to 32 small letters a to z, digits and hyphens, and does not begin with a hyphen."),
    Unreadable.NOT_A_FIELD: N_("A field has 1 to 32 small letters a to z, digits and underscores, and begins with a letter."),
    Unreadable.NOT_A_LANGUAGE: N_("A language is written as a tag such as en, es or hi."),
    Unreadable.EMPTY: N_("Something must stand here."),
    Unreadable.TOO_LONG: N_("This is too long: at most %(detail)s characters."),
    Unreadable.TOO_MANY: N_("This is one too many: at most %(detail)s."),
    Unreadable.BAD_CHARACTER: N_("This has a character that cannot be shown: %(detail)s."),
    Unreadable.DOUBLED_ID: N_('The id "%(detail)s" stands for something else already.'),
    Unreadable.DOUBLED_START: N_('Another topic starts on "%(detail)s" already: only one can.'),
    Unreadable.INDENTED_TOO_DEEP: N_("This step stands too deep within others: at most %(detail)s deep."),
}
_PROBLEMS: Final[Mapping[ProblemKind, str]] = {
    ProblemKind.NO_TEXT: N_("This step says nothing. Write its text."),
    ProblemKind.NO_OPTIONS: N_("This question has no options. Add at least one."),
    ProblemKind.NO_LABEL: N_("This option has no label. Write what customers can choose."),
    ProblemKind.SAME_LABEL: N_('Two options of this question read the same: "%(detail)s". Change one of them.'),
    ProblemKind.NO_PHRASES: N_("This topic has no phrases, so nothing starts it. Add at least one."),
    ProblemKind.NO_VALUE: N_("This condition compares with nothing. Write a value."),
    ProblemKind.NOT_A_NUMBER: N_('This condition needs a number to compare with, and "%(detail)s" is none.'),
    ProblemKind.UNKNOWN_FIELD: N_('No question of this bot remembers "%(detail)s". Check how it is written.'),
    ProblemKind.UNKNOWN_TOPIC: N_('This bot has no topic "%(detail)s". Choose another one.'),
    ProblemKind.NO_STEPS: N_("This topic has no steps, so the bot says nothing."),
    ProblemKind.NEVER_MATCHES: N_('The phrase "%(detail)s" has no words, so no message matches it.'),
    ProblemKind.PHRASE_TAKEN: N_('An earlier topic has this phrase, too, and starts instead: "%(detail)s".'),
    ProblemKind.NOTHING_LEADS_HERE: N_("No conversation can come to this topic."),
    ProblemKind.NEVER_RUN: N_("This step is never run: everything has left before it."),
    ProblemKind.ENDLESS: N_("This jump leads back here without asking anything. The bot would stop and hand over to a person."),
    ProblemKind.NO_ANSWER_FOR_THE_REST: N_("No topic starts when nothing matches: the bot would not answer such messages."),
    ProblemKind.LABEL_IS_CUT: N_("This label is too long for WhatsApp, which shows %(detail)s characters here."),
    ProblemKind.TEXT_IS_CUT: N_("This text is too long for WhatsApp, which shows %(detail)s characters above buttons."),
}
_NUMBERS: Final = frozenset(
    {
        Unreadable.TOO_LARGE,
        Unreadable.NOT_JSON,
        Unreadable.NESTED_TOO_DEEP,
        Unreadable.TOO_LONG,
        Unreadable.TOO_MANY,
        Unreadable.INDENTED_TOO_DEEP,
        ProblemKind.LABEL_IS_CUT,
        ProblemKind.TEXT_IS_CUT,
    }
)
"""Whose detail is a number, and so written as the reader writes numbers."""


def refused_script_text(texts: Texts, refused: Refused) -> str:
    """Why a file is no script. The place is not told."""
    return texts.gettext(_UNREADABLE[refused.problem]) % {"detail": _detail(texts, refused.problem, refused.detail)}


def problem_text(texts: Texts, problem: Problem) -> str:
    """What is wrong at the place of the problem, and what to do. The place is not told."""
    return texts.gettext(_PROBLEMS[problem.kind]) % {"detail": _detail(texts, problem.kind, problem.detail)}


def _detail(texts: Texts, kind: Unreadable | ProblemKind, detail: str) -> str:
    return number(texts, int(detail)) if kind in _NUMBERS else detail
