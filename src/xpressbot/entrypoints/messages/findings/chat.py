"""What the doctor says of chat: messages of customers, and the scripts that answer them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from xpressbot.entrypoints.messages.findings.words import CheckWords, ProblemWords, listed, moment
from xpressbot.entrypoints.messages.translation import N_, Texts

MOST_REFERENCES_LISTED: Final = 3
"""They are long, and whoever has one finds the others beside it."""


def _references(texts: Texts, references: Sequence[str]) -> str:
    return listed(texts, references, MOST_REFERENCES_LISTED)


def _scripts_well(facts: Mapping[str, Any]) -> str:
    return N_("Each published script that was tried can be read: %(read)s.") if facts["read"] else N_("No bot is published yet.")


CHECKS: Final[Mapping[str, CheckWords]] = {
    "conversations": CheckWords(N_("Conversations"), N_("No message waits to be handled, and none has failed in the last 24 hours.")),
    "scripts": CheckWords(N_("Scripts of bots"), _scripts_well),
}

PROBLEMS: Final[Mapping[str, ProblemWords]] = {
    "events_pending": ProblemWords(
        N_("Messages that no process has handled: %(count)s, the oldest since %(since)s. Nobody answers them."),
        N_(
            "If the service does not run, start it: it answers them by itself. If it runs, its log lines chat.sweep_postponed,"
            " chat.sweep_failed and chat.lane_failed say why it does not."
        ),
        {"since": moment},
    ),
    "events_failed": ProblemWords(
        N_("Messages of the last 24 hours whose handling failed: %(count)s. Their log lines have the references %(references)s."),
        N_(
            "Their conversations wait for a person in the inbox: answer them there. The log lines chat.event_failed say what was wrong;"
            " a bot whose script cannot be read has a finding of its own."
        ),
        {"references": _references},
    ),
    "scripts_unreadable": ProblemWords(
        N_("Published bots whose script this version cannot read: %(bots)s. Each new conversation with them waits for a person."),
        N_(
            "If a newer version of XpressBot has published them, run that version. Otherwise publish these bots anew, or go back to a"
            " version of them that can be read."
        ),
    ),
}
