"""Security events in words for people: what each kind is called, and what its mail advises."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from xpressbot.entrypoints.messages.formatting import browser_name
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.identity.audit.rules.event import OPERATOR, EventGroup, EventKind, SecurityEvent

_CHANGED: Final = N_(
    "If this was not you, someone else can change your account. Tell the operator of this XpressBot at once: they can reset 2FA or disable"
    " the account."
)
_ASK_THE_OPERATOR: Final = N_("The operator of this XpressBot did this. If you do not know why, ask them.")
_ASK_THE_TEAM: Final = N_("An owner or an admin of your team did this. If you do not know why, ask them.")
_ASK_AN_OWNER: Final = N_("An owner of your team did this. If you do not know why, ask them.")
_ASK_THE_MEMBER: Final = N_(
    "No mail could be sent, so nothing but the password showed that it was this member. Ask them. If it was not they, have their 2FA reset"
    " and their password replaced."
)
_TELL_AN_OWNER: Final = N_("If this was not you, someone knows your password. Replace it, and tell an owner of your team.")
_PASSWORD_IS_KNOWN: Final = N_(
    "If this was not you, someone knows your password, and your second factor has kept them out. Tell the operator of this XpressBot."
)
_GUESSING: Final = N_("If this was not you, someone is guessing your password. If this goes on, tell the operator of this XpressBot.")
_CLOSED: Final = N_(
    "If this was not you, tell the operator of this XpressBot. Nobody can open the account again, but your address can be invited again."
)
_MAIL_IS_READ: Final = N_("If this was not you, someone else can read your mail. Tell the operator of this XpressBot, and not by mail.")
_LINK_IS_MISSING: Final = N_(
    "If this was not you, someone knows your password. Without the link to set up 2FA again they cannot sign in. Tell an admin of your team"
    " or the operator of this XpressBot."
)
_NEW_PASSWORD_ASKED: Final = N_(
    "Your next sign-in asks for a new password. If the wrong codes were not yours, tell the operator of this XpressBot."
)

_BOUND_BY_A_STRANGER: Final = N_(
    "If this was not you, someone has signed in with your password and set up their own phone. Ask an admin of your team, or the operator"
    " of this XpressBot, for a reset of 2FA, in person or by phone."
)
_WAS_RESET: Final = N_(
    "An admin of your team or the operator of this XpressBot did this; the history of your account says who. You need their link and your"
    " password to sign in. If you did not ask for it, tell them at once."
)
_RESET_ASKED_FOR: Final = N_(
    "An admin of your team says that you have lost your phone and your recovery codes. If you have not, or did not ask for help, stop it:"
    " every page shows a button while you are signed in, and a sign-in with your code stops it, too."
)
_RESET_STOPPED: Final = N_("Nothing has changed: your phone and your recovery codes work as before. If you need the reset, ask again.")

_HAND_THE_LINK_OVER: Final = N_(
    "The member needs a link to set up 2FA again. Whoever approved the reset was shown one; else open the member's page and have it shown."
    " Hand it over in person or by phone."
)
_ASK_ANEW: Final = N_(
    "Nothing has changed: the member's phone and recovery codes work as before. If they still need help, speak with them, then ask again."
)


@dataclass(frozen=True, slots=True)
class EventWords:
    """What a kind of event is called, and what its mail advises; None for the advice that fits most. What the operator did has its own."""

    title: str
    advice: str | None = None


EVENT_WORDS: Final[Mapping[EventKind, EventWords]] = {
    EventKind.ACCOUNT_CREATED: EventWords(N_("Account created")),
    EventKind.ACCOUNT_DISABLED: EventWords(N_("Account suspended"), _ASK_THE_TEAM),
    EventKind.ACCOUNT_ENABLED: EventWords(N_("Account reinstated"), _ASK_THE_TEAM),
    EventKind.ACCOUNT_CLOSED: EventWords(N_("Account closed"), _CLOSED),
    EventKind.NAME_CHANGED: EventWords(N_("Name changed")),
    EventKind.CLOCK_RESET: EventWords(N_("Repaired by the operator after the server's clock was ahead")),
    EventKind.SIGNED_IN: EventWords(N_("Signed in")),
    EventKind.SIGNED_IN_WITH_BACKUP: EventWords(N_("Signed in with a recovery code")),
    EventKind.SIGNED_IN_AFTER_WAITS: EventWords(N_("Signed in after wrong passwords")),
    EventKind.SIGNED_IN_IN_NEW_BROWSER: EventWords(N_("Signed in from a browser that is new to your account")),
    EventKind.STOPPED_AT_SECOND_FACTOR: EventWords(N_("Right password, but no right code"), _PASSWORD_IS_KNOWN),
    EventKind.SECOND_FACTOR_REFUSED: EventWords(N_("Wrong code after the right password"), _PASSWORD_IS_KNOWN),
    EventKind.SECOND_FACTOR_SUSPENDED: EventWords(N_("A way to sign in was switched off after many wrong codes"), _PASSWORD_IS_KNOWN),
    EventKind.ENROLMENT_AWAITED: EventWords(N_("Right password, before 2FA was set up again"), _LINK_IS_MISSING),
    EventKind.REQUIRED_ENROLMENT_AWAITED: EventWords(N_("Right password, before the required 2FA was set up"), _TELL_AN_OWNER),
    EventKind.PASSWORD_GUESSING: EventWords(N_("Many wrong passwords were tried"), _GUESSING),
    EventKind.SIGNED_OUT: EventWords(N_("Signed out")),
    EventKind.SESSION_ENDED_ELSEWHERE: EventWords(N_("Another browser was signed out")),
    EventKind.OTHER_SESSIONS_ENDED: EventWords(N_("All other browsers were signed out")),
    EventKind.SESSIONS_ENDED_BY_OPERATOR: EventWords(N_("Signed out by the operator")),
    EventKind.SESSION_ENDED_BY_FAILURES: EventWords(N_("Signed out after wrong tries to confirm who you are")),
    EventKind.IDENTITY_CONFIRMED: EventWords(N_("Confirmed who you are")),
    EventKind.IDENTITY_CONFIRMED_WITH_BACKUP: EventWords(N_("Confirmed who you are with a recovery code")),
    EventKind.SESSION_UNLOCKED: EventWords(N_("Unlocked a session with the password")),
    EventKind.IDENTITY_REFUSED: EventWords(N_("Wrong password or code when confirming who you are")),
    EventKind.ENROLMENT_STARTED: EventWords(N_("Began to set up 2FA")),
    EventKind.ENROLMENT_REFUSED: EventWords(N_("Wrong code while setting up 2FA")),
    EventKind.ENROLMENT_DISCARDED: EventWords(N_("Set-up of 2FA discarded after wrong codes")),
    EventKind.TWO_FACTOR_ENABLED: EventWords(N_("2FA enabled"), _BOUND_BY_A_STRANGER),
    EventKind.AUTHENTICATOR_MOVED: EventWords(N_("2FA moved to a new phone")),
    EventKind.AUTHENTICATOR_ADDED: EventWords(N_("Authenticator app added")),
    EventKind.AUTHENTICATOR_RENAMED: EventWords(N_("Authenticator app renamed")),
    EventKind.AUTHENTICATOR_REMOVED: EventWords(N_("Authenticator app removed")),
    EventKind.TWO_FACTOR_RESET: EventWords(N_("2FA was reset"), _WAS_RESET),
    EventKind.TWO_FACTOR_RESET_REQUESTED: EventWords(N_("A reset of your 2FA was asked for"), _RESET_ASKED_FOR),
    EventKind.TWO_FACTOR_RESET_STOPPED: EventWords(N_("The reset of your 2FA was stopped"), _RESET_STOPPED),
    EventKind.TWO_FACTOR_RESET_LINK_SHOWN: EventWords(N_("An admin made a link to set up your 2FA again"), _WAS_RESET),
    EventKind.TWO_FACTOR_DISABLED: EventWords(N_("2FA disabled")),
    EventKind.BACKUPS_REVEALED: EventWords(N_("Recovery codes shown")),
    EventKind.BACKUP_CHECKED: EventWords(N_("Checked a saved recovery code")),
    EventKind.BACKUPS_PREPARED: EventWords(N_("New recovery codes prepared")),
    EventKind.BACKUPS_REPLACED: EventWords(N_("Recovery codes replaced")),
    EventKind.NOTICES_SEEN: EventWords(N_("Notices read")),
    EventKind.NEW_PASSWORD_AWAITED: EventWords(N_("Right password and code, before a new password was set")),
    EventKind.PASSWORD_EXPOSED: EventWords(N_("After many wrong codes, somebody else may know your password"), _NEW_PASSWORD_ASKED),
    EventKind.EMAIL_CONFIRMED: EventWords(N_("Email address confirmed")),
    EventKind.EMAIL_CHANGED: EventWords(N_("Email address changed")),
    EventKind.EMAIL_CHANGE_STOPPED: EventWords(N_("Change of email address stopped from the old address")),
    EventKind.ACCOUNT_EXPORTED: EventWords(N_("Account data downloaded")),
    EventKind.THIS_WASNT_ME: EventWords(N_('"This wasn\'t me" was reported from a mail'), _MAIL_IS_READ),
    EventKind.PASSWORD_CHANGED: EventWords(N_("Password changed")),
    EventKind.PASSWORD_RESET: EventWords(N_("New password set by a link")),
    EventKind.PASSWORD_LINK_ISSUED: EventWords(N_("The operator made a link for a new password")),
    EventKind.ROLE_CHANGED: EventWords(N_("Your role in the team changed"), _ASK_THE_TEAM),
    EventKind.ACCOUNT_REMOVED: EventWords(N_("Account removed from the team"), _ASK_THE_TEAM),
    EventKind.SESSIONS_ENDED_BY_TEAM: EventWords(N_("Signed out by an owner or an admin"), _ASK_THE_TEAM),
    EventKind.MEMBER_JOINED: EventWords(N_("Joined the team")),
    EventKind.RECORD_EXPORTED: EventWords(N_("Record of the team downloaded")),
    EventKind.MEMBER_ROLE_CHANGED: EventWords(N_("Role changed")),
    EventKind.OWNERSHIP_HANDED_OVER: EventWords(N_("Ownership handed over")),
    EventKind.MEMBER_SUSPENDED: EventWords(N_("Member suspended")),
    EventKind.MEMBER_REINSTATED: EventWords(N_("Member reinstated")),
    EventKind.MEMBER_REMOVED: EventWords(N_("Member removed")),
    EventKind.MEMBER_LEFT: EventWords(N_("Left the team")),
    EventKind.MEMBER_SESSIONS_ENDED: EventWords(N_("Member signed out")),
    EventKind.RESET_REQUESTED: EventWords(N_("Reset of 2FA asked for")),
    EventKind.RESET_APPROVED: EventWords(N_("Reset of 2FA approved and carried out")),
    EventKind.RESET_STOPPED: EventWords(N_("Reset of 2FA stopped")),
    EventKind.RESET_VOIDED: EventWords(N_("Reset of 2FA came to nothing")),
    EventKind.RESET_DONE: EventWords(N_("Reset of 2FA carried out")),
    EventKind.RESET_LINK_SHOWN: EventWords(N_("Link to set up 2FA again shown")),
    EventKind.MEMBER_INVITED: EventWords(N_("Invited to the team")),
    EventKind.INVITATION_REVOKED: EventWords(N_("Invitation taken back")),
    EventKind.MEMBERS_REMINDED: EventWords(N_("Members without 2FA reminded")),
    EventKind.EXEMPTED: EventWords(N_("Exempted from the team's 2FA requirement"), _ASK_AN_OWNER),
    EventKind.EXEMPTION_ENDED: EventWords(N_("Exemption from the team's 2FA requirement ended"), _ASK_AN_OWNER),
    EventKind.MEMBER_ENROLLED_BY_PASSWORD: EventWords(N_("A member set up 2FA with the password alone"), _ASK_THE_MEMBER),
    EventKind.ASKED_RESET_DONE: EventWords(N_("A reset of 2FA that you asked for was carried out"), _HAND_THE_LINK_OVER),
    EventKind.ASKED_RESET_ENDED: EventWords(N_("A reset of 2FA that you asked for came to nothing"), _ASK_ANEW),
    EventKind.POLICY_CHANGED: EventWords(N_("2FA policy changed")),
    EventKind.MEMBER_EXEMPTED: EventWords(N_("Member exempted from 2FA")),
    EventKind.MEMBER_EXEMPTION_ENDED: EventWords(N_("Exemption from 2FA ended")),
    EventKind.TEAM_ENROLLED_BY_PASSWORD: EventWords(N_("2FA set up with the password alone")),
}

_UNKNOWN: Final = EventWords(N_("Something else happened"))
"""Of a kind that a newer version recorded."""

GROUP_NAMES: Final[Mapping[EventGroup, str]] = {
    EventGroup.SIGN_IN: N_("Signing in and out"),
    EventGroup.CONFIRMATION: N_("Confirming who you are"),
    EventGroup.SECOND_FACTOR: N_("2FA and apps"),
    EventGroup.RECOVERY_CODES: N_("Recovery codes"),
    EventGroup.ACCOUNT: N_("Account and password"),
    EventGroup.TEAM: N_("Team"),
}


def event_advice(texts: Texts, event: SecurityEvent) -> str:
    """What the mail of an event advises a person who did not do it."""
    advice = _words_of(event.kind).advice
    if event.actor == OPERATOR and advice in {None, _ASK_THE_TEAM}:
        advice = _ASK_THE_OPERATOR
    if event.actor == event.subject and advice == _ASK_THE_TEAM:
        advice = None  # a session of the person did it
    return texts.gettext(advice or _CHANGED)


def event_title(texts: Texts, kind: EventKind | None) -> str:
    """What happened, in a few words; None stands for a kind that a newer version recorded."""
    return texts.gettext(_words_of(kind).title)


def _words_of(kind: EventKind | None) -> EventWords:
    return _UNKNOWN if kind is None else EVENT_WORDS[kind]


def where(texts: Texts, event: SecurityEvent) -> tuple[str | None, str | None]:
    """Browser and address of an event, as far as it has them."""
    agent, address = event.details.get("user_agent"), event.details.get("address")
    return browser_name(texts, str(agent)) if agent else None, str(address) if address else None
