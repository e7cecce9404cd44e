"""Security events in words for people."""

from collections.abc import Mapping
from typing import Final

from xpressbot.entrypoints.messages.formatting import browser_name
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.identity.audit.rules.event import EventKind, SecurityEvent


def event_title(texts: Texts, kind: EventKind | None) -> str:
    """What happened, in a few words; None stands for a kind that a newer version recorded."""
    return texts.gettext(_UNKNOWN if kind is None else EVENT_TITLES[kind])


def where(texts: Texts, event: SecurityEvent) -> tuple[str | None, str | None]:
    """Browser and address of an event, as far as it has them."""
    agent, address = event.details.get("user_agent"), event.details.get("address")
    return browser_name(texts, str(agent)) if agent else None, str(address) if address else None


_UNKNOWN: Final = N_("Something else happened")

EVENT_TITLES: Final[Mapping[EventKind, str]] = {
    EventKind.ACCOUNT_CREATED: N_("Account created"),
    EventKind.ACCOUNT_DISABLED: N_("Account disabled by the operator"),
    EventKind.ACCOUNT_ENABLED: N_("Account enabled by the operator"),
    EventKind.ACCOUNT_CLOSED: N_("Account closed"),
    EventKind.NAME_CHANGED: N_("Name changed"),
    EventKind.CLOCK_RESET: N_("Repaired by the operator after the server's clock was ahead"),
    EventKind.SIGNED_IN: N_("Signed in"),
    EventKind.SIGNED_IN_WITH_BACKUP: N_("Signed in with a recovery code"),
    EventKind.SIGNED_IN_AFTER_WAITS: N_("Signed in after wrong passwords"),
    EventKind.SIGNED_IN_IN_NEW_BROWSER: N_("Signed in from a browser that is new to your account"),
    EventKind.STOPPED_AT_SECOND_FACTOR: N_("Right password, but no right code"),
    EventKind.SECOND_FACTOR_REFUSED: N_("Wrong code after the right password"),
    EventKind.SECOND_FACTOR_SUSPENDED: N_("A way to sign in was switched off after many wrong codes"),
    EventKind.ENROLMENT_AWAITED: N_("Right password, before 2FA was set up again"),
    EventKind.PASSWORD_GUESSING: N_("Many wrong passwords were tried"),
    EventKind.SIGNED_OUT: N_("Signed out"),
    EventKind.SESSION_ENDED_ELSEWHERE: N_("Another browser was signed out"),
    EventKind.OTHER_SESSIONS_ENDED: N_("All other browsers were signed out"),
    EventKind.SESSIONS_ENDED_BY_OPERATOR: N_("Signed out by the operator"),
    EventKind.SESSION_ENDED_BY_FAILURES: N_("Signed out after wrong tries to confirm who you are"),
    EventKind.IDENTITY_CONFIRMED: N_("Confirmed who you are"),
    EventKind.IDENTITY_CONFIRMED_WITH_BACKUP: N_("Confirmed who you are with a recovery code"),
    EventKind.SESSION_UNLOCKED: N_("Unlocked a session with the password"),
    EventKind.IDENTITY_REFUSED: N_("Wrong password or code when confirming who you are"),
    EventKind.ENROLMENT_STARTED: N_("Began to set up 2FA"),
    EventKind.ENROLMENT_REFUSED: N_("Wrong code while setting up 2FA"),
    EventKind.ENROLMENT_DISCARDED: N_("Set-up of 2FA discarded after wrong codes"),
    EventKind.TWO_FACTOR_ENABLED: N_("2FA enabled"),
    EventKind.AUTHENTICATOR_MOVED: N_("2FA moved to a new phone"),
    EventKind.AUTHENTICATOR_ADDED: N_("Authenticator app added"),
    EventKind.AUTHENTICATOR_RENAMED: N_("Authenticator app renamed"),
    EventKind.AUTHENTICATOR_REMOVED: N_("Authenticator app removed"),
    EventKind.TWO_FACTOR_RESET: N_("2FA reset by the operator"),
    EventKind.TWO_FACTOR_DISABLED: N_("2FA disabled"),
    EventKind.BACKUPS_REVEALED: N_("Recovery codes shown"),
    EventKind.BACKUP_CHECKED: N_("Checked a saved recovery code"),
    EventKind.BACKUPS_PREPARED: N_("New recovery codes prepared"),
    EventKind.BACKUPS_REPLACED: N_("Recovery codes replaced"),
    EventKind.NOTICES_SEEN: N_("Notices read"),
    EventKind.NEW_PASSWORD_AWAITED: N_("Right password and code, before a new password was set"),
    EventKind.PASSWORD_EXPOSED: N_("After many wrong codes, somebody else may know your password"),
    EventKind.EMAIL_CONFIRMED: N_("Email address confirmed"),
    EventKind.EMAIL_CHANGED: N_("Email address changed"),
    EventKind.EMAIL_CHANGE_STOPPED: N_("Change of email address stopped from the old address"),
    EventKind.ACCOUNT_EXPORTED: N_("Account data downloaded"),
    EventKind.THIS_WASNT_ME: N_('"This wasn\'t me" was reported from a mail'),
    EventKind.PASSWORD_CHANGED: N_("Password changed"),
    EventKind.PASSWORD_RESET: N_("New password set by a link"),
    EventKind.PASSWORD_LINK_ISSUED: N_("The operator made a link for a new password"),
}
