"""The details of a security event in words: a label and a value for each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from xpressbot.entrypoints.messages.event_titles import where
from xpressbot.entrypoints.messages.findings.factors import METHODS
from xpressbot.entrypoints.messages.formatting import Text, as_is, moment, number
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.identity.accounts.rules.account import PasswordStatus
from xpressbot.identity.audit.rules.event import OPERATOR, DetailValue, EventKind, SecurityEvent
from xpressbot.identity.audit.rules.history import EventGroup
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.outcomes import Reason
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sessions.rules.assurance import PASSWORD
from xpressbot.identity.throttling.charges import ThrottleRefusal

GROUP_NAMES: Final[Mapping[EventGroup, str]] = {
    EventGroup.SIGN_IN: N_("Signing in and out"),
    EventGroup.CONFIRMATION: N_("Confirming who you are"),
    EventGroup.SECOND_FACTOR: N_("2FA and authenticator apps"),
    EventGroup.RECOVERY_CODES: N_("Recovery codes"),
    EventGroup.ACCOUNT: N_("Account and password"),
}

REASONS: Final[Mapping[Reason, str]] = {
    PasswordRefusal.WRONG_CREDENTIALS: N_("Wrong password"),
    ProofRefusal.WRONG_CODE: N_("Wrong code"),
    ProofRefusal.CODE_ALREADY_USED: N_("The code was already used"),
    ProofRefusal.CLOCK_IS_OFF: N_("The clock of the phone was off"),
    ProofRefusal.CLOCK_WAS_AHEAD: N_("The server's clock was ahead when an earlier code was used"),
    ThrottleRefusal.THROTTLED: N_("Too many tries"),
    ThrottleRefusal.ADDRESS_THROTTLED: N_("Too many tries from this network"),
    ThrottleRefusal.SUSPENDED: N_("Switched off after many wrong codes"),
    EnrolmentRefusal.NO_ENROLMENT: N_("The set-up was no longer open"),
    EnrolmentRefusal.ENROLMENT_DISCARDED: N_("Too many wrong codes"),
}
"""Why something was refused. Events have the value of a reason, which stands for one over all enums."""

_REASONS_BY_VALUE: Final = {reason.value: words for reason, words in REASONS.items()}
_RESULTS: Final = {"good": N_("Good"), "used": N_("Already used"), "unknown": N_("Not one of your codes")}
_PASSWORDS: Final = {
    PasswordStatus.IN_USE.value: N_("In use"),
    PasswordStatus.TO_BE_REPLACED.value: N_("To be replaced at the next sign-in"),
    PasswordStatus.VOID.value: N_("Opens nothing until it is set anew"),
}
_METHODS: Final = {PASSWORD: N_("password"), **METHODS}


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of an event's details. is_ours: whether the label is a word of ours, and not a name that a newer version gave it."""

    label: str
    value: Text
    is_ours: bool = True


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom an event is put into words: the account and its session, and what kinds of factors are called."""

    account_id: str
    session_id: str
    factor_names: Mapping[str, str]


def event_facts(texts: Texts, event: SecurityEvent, reader: Reader) -> Sequence[Fact]:
    """Everything that is recorded of an event, but what its title says. What a newer version recorded stands at the end, as it is."""
    facts = [Fact(texts.gettext(N_("Time")), moment(texts, event.at)), Fact(texts.gettext(N_("Done by")), _actor(texts, event, reader))]
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


def _actor(texts: Texts, event: SecurityEvent, reader: Reader) -> str:
    if event.actor == OPERATOR:
        return texts.gettext(N_("The operator"))
    if event.actor is None:
        return texts.gettext(N_("Not known: nothing proved who it was"))
    return texts.gettext(N_("You") if event.actor == reader.account_id else N_("Another account"))


def _fact(texts: Texts, event: SecurityEvent, key: str, value: DetailValue, reader: Reader) -> Fact:
    label, in_words = DETAILS[key]
    if key == "session":
        return Fact(texts.gettext(label), texts.gettext(N_("This one") if value == reader.session_id else N_("Another one")))
    if key == "reason" and event.kind is EventKind.TWO_FACTOR_RESET:
        return Fact(texts.gettext(N_("Reason given")), as_is(str(value)))
    return Fact(texts.gettext(label), in_words(texts, value))


def _verbatim(_texts: Texts, value: DetailValue) -> Text:
    return as_is(str(value))


def _yes_or_no(texts: Texts, value: DetailValue) -> Text:
    return texts.gettext(N_("Yes") if value else N_("No"))


def _number(texts: Texts, value: DetailValue) -> Text:
    return number(texts, value) if isinstance(value, int) else as_is(str(value))


def _moment(texts: Texts, value: DetailValue) -> Text:
    return moment(texts, value) if isinstance(value, int) else as_is(str(value))


def _reason(texts: Texts, value: DetailValue) -> Text:
    words = _REASONS_BY_VALUE.get(str(value))
    return as_is(str(value)) if words is None else texts.gettext(words)


def _result(texts: Texts, value: DetailValue) -> Text:
    words = _RESULTS.get(str(value))
    return as_is(str(value)) if words is None else texts.gettext(words)


def _password(texts: Texts, value: DetailValue) -> Text:
    words = _PASSWORDS.get(str(value))
    return as_is(str(value)) if words is None else texts.gettext(words)


def _methods(texts: Texts, value: DetailValue) -> Text:
    words = [texts.gettext(_METHODS[method]) if method in _METHODS else as_is(method) for method in str(value).split()]
    return Markup(", ").join(words)


DETAILS: Final[Mapping[str, tuple[str, Callable[[Texts, DetailValue], Text]]]] = {
    "user_agent": (N_("Browser's own words"), _verbatim),
    "address": (N_("Network address"), _verbatim),
    "session": (N_("Session"), _verbatim),
    "amr": (N_("Proven by"), _methods),
    "aal": (N_("Assurance level"), _number),
    "reason": (N_("Reason"), _reason),
    "result": (N_("Result"), _result),
    "name": (N_("App"), _verbatim),
    "before": (N_("Name before"), _verbatim),
    "email": (N_("Email address"), _verbatim),
    "email_before": (N_("Email address before"), _verbatim),
    "password": (N_("Password"), _password),
    "sessions_ended": (N_("Other browsers signed out"), _number),
    "backups_renewed": (N_("Recovery codes replaced"), _yes_or_no),
    "invited": (N_("By invitation"), _yes_or_no),
    "authenticators": (N_("Apps repaired"), _number),
    "notices": (N_("Notices"), _number),
    "count": (N_("How often"), _number),
    "first_at": (N_("First"), _moment),
    "last_at": (N_("Last"), _moment),
    "after_waits": (N_("After wrong passwords"), _yes_or_no),
    "alarm": (N_("Very many tries"), _yes_or_no),
}
"""Label and words of each detail that an event can have, by its key, in the order in which they are shown."""
