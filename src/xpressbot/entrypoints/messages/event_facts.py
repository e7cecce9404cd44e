"""The details of a security event in words: a label and a value for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from xpressbot.entrypoints.messages.email_addresses import listed_address
from xpressbot.entrypoints.messages.event_details import DETAILS
from xpressbot.entrypoints.messages.event_words import where
from xpressbot.entrypoints.messages.formatting import Text, as_is, moment, number
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import OPERATOR, DetailValue, EventKind, SecurityEvent

GIVES_REASON: Final = frozenset(
    {
        EventKind.TWO_FACTOR_RESET,
        EventKind.TWO_FACTOR_RESET_REQUESTED,
        EventKind.RESET_REQUESTED,
        EventKind.RESET_APPROVED,
        EventKind.RESET_DONE,
        EventKind.EXEMPTED,
        EventKind.MEMBER_EXEMPTED,
    }
)
"""Events whose reason a person has typed."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of an event's details. is_ours: whether the label is a word of ours, and not a name that a newer version gave it."""

    label: str
    value: Text
    is_ours: bool = True


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom an event is put into words: the account and its session, and what kinds of factors are called.

    people: the accounts that events may name to this reader, by id.
    """

    account_id: str
    session_id: str
    factor_names: Mapping[str, str]
    people: Mapping[str, Account]


def event_facts(texts: Texts, event: SecurityEvent, reader: Reader) -> Sequence[Fact]:
    """Everything that is recorded of an event, but what its title says. What a newer version recorded stands at the end, as it is."""
    facts = [Fact(texts.gettext(N_("Time")), moment(texts, event.at)), Fact(texts.gettext(N_("Done by")), _actor(texts, event, reader))]
    about = reader.people.get(event.target or "")
    if about is not None:
        facts.append(Fact(texts.gettext(N_("About")), named_person(texts, about)))
    browser, _address = where(texts, event)
    if browser is not None:
        facts.append(Fact(texts.gettext(N_("Browser")), browser))
    if event.factor is not None:
        named = reader.factor_names.get(event.factor)
        facts.append(Fact(texts.gettext(N_("Factor")), as_is(event.factor) if named is None else texts.gettext(named)))
    recorded = {key: value for key, value in event.details.items() if value not in {None, ""}}
    facts += [_fact(texts, event, key, recorded[key], reader) for key in DETAILS if key in recorded]
    facts += [Fact(key, as_is(str(value)), is_ours=False) for key, value in recorded.items() if key not in DETAILS]
    if event.kind is None:
        facts.append(Fact(texts.gettext(N_("Recorded by")), texts.gettext(N_("a newer version of XpressBot, which has words for it"))))
    return [*facts, Fact(texts.gettext(N_("Number")), number(texts, event.seq))]


def named_person(texts: Texts, account: Account) -> Markup:
    """Name and address, of one who has left with the word that they have."""
    named = as_is(f"{account.name} ({listed_address(account.email)})")
    return named if account.is_member else named + ", " + texts.gettext(N_("no longer in the team"))


def _actor(texts: Texts, event: SecurityEvent, reader: Reader) -> Text:
    if event.actor == OPERATOR:
        return texts.gettext(N_("The operator"))
    if event.actor is None:
        return texts.gettext(N_("Not known: nothing proved who it was"))
    if event.actor in reader.people:
        return named_person(texts, reader.people[event.actor])
    return texts.gettext(N_("You") if event.actor == reader.account_id else N_("Another account"))


def _fact(texts: Texts, event: SecurityEvent, key: str, value: DetailValue, reader: Reader) -> Fact:
    label, in_words = DETAILS[key]
    if key == "session":
        return Fact(texts.gettext(label), texts.gettext(N_("This one") if value == reader.session_id else N_("Another one")))
    if key == "reason" and event.kind in GIVES_REASON:
        return Fact(texts.gettext(N_("Reason given")), as_is(str(value)))
    return Fact(texts.gettext(label), in_words(texts, value))
