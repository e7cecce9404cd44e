"""The details of security events in words for people: the label of each, and what it says."""

from collections.abc import Callable, Mapping
from typing import Final

from markupsafe import Markup

from xpressbot.entrypoints.messages.findings.factors import METHODS
from xpressbot.entrypoints.messages.formatting import Text, as_is, moment, number
from xpressbot.entrypoints.messages.policy import policy_name
from xpressbot.entrypoints.messages.roles import role_name
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.identity.accounts.rules.account import PasswordStatus
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.accounts.rules.two_factor_policy import TwoFactorPolicy
from xpressbot.identity.audit.rules.event import DetailValue
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.outcomes import Reason
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sessions.rules.assurance import PASSWORD
from xpressbot.identity.team.rules.reset import VoidCause
from xpressbot.identity.throttling.charges import ThrottleRefusal

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
CAUSES: Final[Mapping[VoidCause, str]] = {
    VoidCause.SECOND_FACTOR_PROVEN: N_("The member proved a second factor"),
    VoidCause.ACCOUNT_CHANGED: N_("The member's password, 2FA, address, role or status changed"),
    VoidCause.ASKER_CHANGED: N_("The account of the one who asked was changed"),
    VoidCause.ASKER_NOT_PERMITTED: N_("The one who asked may not ask for it any more"),
    VoidCause.EXPIRED: N_("Nobody approved it in time"),
}
"""Why a request for a reset came to nothing by itself."""
_METHODS: Final = {PASSWORD: N_("password"), **METHODS}


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


def _role(texts: Texts, value: DetailValue) -> Text:
    return role_name(texts, member_or_none(Role, str(value)))


def _cause(texts: Texts, value: DetailValue) -> Text:
    cause = member_or_none(VoidCause, str(value))
    return as_is(str(value)) if cause is None else texts.gettext(CAUSES[cause])


def _policy(texts: Texts, value: DetailValue) -> Text:
    policy = member_or_none(TwoFactorPolicy, str(value))
    return as_is(str(value)) if policy is None else policy_name(texts, policy)


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
    "asked_by": (N_("Asked for by"), _verbatim),
    "cause": (N_("Cause"), _cause),
    "until": (N_("Until"), _moment),
    "policy": (N_("2FA policy"), _policy),
    "policy_before": (N_("2FA policy before"), _policy),
    "required_from": (N_("Required from"), _moment),
    "result": (N_("Result"), _result),
    "name": (N_("App"), _verbatim),
    "before": (N_("Name before"), _verbatim),
    "email": (N_("Email address"), _verbatim),
    "role": (N_("Role"), _role),
    "email_before": (N_("Email address before"), _verbatim),
    "role_before": (N_("Role before"), _role),
    "password": (N_("Password"), _password),
    "sessions_ended": (N_("Other browsers signed out"), _number),
    "backups_renewed": (N_("Recovery codes replaced"), _yes_or_no),
    "invited": (N_("By invitation"), _yes_or_no),
    "authenticators": (N_("Apps repaired"), _number),
    "notices": (N_("Notices"), _number),
    "members": (N_("Members"), _number),
    "count": (N_("How often"), _number),
    "first_at": (N_("First"), _moment),
    "last_at": (N_("Last"), _moment),
    "after_waits": (N_("After wrong passwords"), _yes_or_no),
    "alarm": (N_("Very many tries"), _yes_or_no),
}
"""Label and words of each detail that an event can have, by its key, in the order in which they are shown."""
