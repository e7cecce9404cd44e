"""Refusals and events in words for people: what happened, why, and what to do next."""

from typing import Final, assert_never

from markupsafe import Markup

from xpressbot.entrypoints.messages.formatting import as_is, browser_name, clock_time, moment
from xpressbot.entrypoints.messages.translation import _, ngettext
from xpressbot.foundation.times import MINUTE, whole_seconds_until
from xpressbot.identity.accounts.rules.address import AddressProblem
from xpressbot.identity.audit.rules.event import EventKind, SecurityEvent
from xpressbot.identity.audit.rules.notice import Notice
from xpressbot.identity.factors.rules import ENROLMENT_LIFETIME, MOST_PER_ACCOUNT
from xpressbot.identity.outcomes import Denied, Reason, WeakPassword
from xpressbot.identity.passwords.rules import MAX_BYTES, PasswordWeakness
from xpressbot.identity.sign_in.rules import pending as pending_sign_in
from xpressbot.identity.throttling.rules import PASSWORD, SECOND_FACTOR

Text = str | Markup


def refusal_text(denied: Denied, now: int) -> Text:
    """Why something was refused, and what to do."""
    text = _reason_text(denied, now)
    if denied.tries_left is None:
        return text
    left = ngettext("%(count)d more try.", "%(count)d more tries.", denied.tries_left) % {"count": denied.tries_left}
    return Markup("{} {}").format(text, left)


def _reason_text(denied: Denied, now: int) -> Text:
    match denied:
        case Denied(Reason.CODE_ALREADY_USED, retry_at=int(retry_at)):
            seconds = whole_seconds_until(retry_at, now)
            return ngettext(
                "That code was already used. Wait for the next code in your app (about %(seconds)d second).",
                "That code was already used. Wait for the next code in your app (about %(seconds)d seconds).",
                seconds,
            ) % {"seconds": seconds}
        case Denied(Reason.CLOCK_IS_OFF, clock_offset_seconds=int(offset)):
            return _clock_text(offset)
        case Denied(retry_at=int(retry_at)):
            return _SENTENCES[denied.reason] % {"time": clock_time(retry_at)}
        case _:
            return _SENTENCES[denied.reason]


def _clock_text(offset_seconds: int) -> str:
    if offset_seconds < 0:
        return _("Your phone's clock is about %(seconds)d seconds behind. Switch on automatic date and time, then use the next code.") % {
            "seconds": -offset_seconds
        }
    return _("Your phone's clock is about %(seconds)d seconds ahead. Switch on automatic date and time, then use the next code.") % {
        "seconds": offset_seconds
    }


_SENTENCES: Final[dict[Reason, Text]] = {
    Reason.WRONG_CREDENTIALS: _("That address and password do not match. Check both, and that Caps Lock is off."),
    Reason.THROTTLED: Markup(_("Too many tries, so this way is closed for a while. Try again at %(time)s.")),
    Reason.ADDRESS_THROTTLED: Markup(_("Too many tries from your network. Try again at %(time)s.")),
    Reason.LINK_THROTTLED: Markup(
        _("Too many tries with this link. Try again at %(time)s, or ask whoever runs this XpressBot for a new one if it ends before that.")
    ),
    Reason.SUSPENDED: _(
        "After %(count)d wrong codes in a row this way to sign in is switched off. Use the other way: a recovery code if your app's"
        " codes are refused, your app if your recovery codes are. If neither works, ask whoever runs this XpressBot to reset 2FA."
    )
    % {"count": SECOND_FACTOR.suspend_at},
    Reason.WRONG_CODE: _("That code is not right. Check that it is the newest code for XpressBot, typed without a slip."),
    Reason.CODE_ALREADY_USED: _("That recovery code was already used. Each works once; take another one."),
    Reason.CLOCK_IS_OFF: _("Your phone's clock is off. Switch on automatic date and time, then use the next code."),
    Reason.CLOCK_WAS_AHEAD: _(
        "That code is right, but this server's clock was ahead when a code of your app was last used, so its codes are refused. Use a"
        " recovery code, and ask whoever runs this XpressBot to put it right."
    ),
    Reason.CLOCK_WAS_CHANGED: _(
        "The server's clock was changed after you signed in, or began to, so that counts for nothing. Sign in again. If you come back"
        " here each time, tell whoever runs this XpressBot."
    ),
    Reason.NOTHING_IN_THE_FUTURE: _("Nothing of this account is dated in the future of this machine's clock."),
    Reason.START_AGAIN: _(
        "This sign-in is no longer valid: it took more than %(minutes)d minutes, or the account changed meanwhile. Start again."
    )
    % {"minutes": pending_sign_in.LIFETIME // MINUTE},
    Reason.JUST_SIGNED_IN: _("You have just signed in with this code. If you see this page, sign in again."),
    Reason.NOT_SIGNED_IN: _("Sign in first."),
    Reason.SESSION_ENDED: _("Too many wrong tries to confirm who you are, so you were signed out. Sign in again."),
    Reason.TOKEN_SUPERSEDED: _("Your session was renewed a moment ago, so this changed nothing."),
    Reason.NO_ENROLMENT: _(
        "The set-up is no longer open: it took more than %(minutes)d minutes, or was finished in another tab. If 2FA is off below,"
        " start again."
    )
    % {"minutes": ENROLMENT_LIFETIME // MINUTE},
    Reason.ENROLMENT_DISCARDED: _(
        "Too many wrong codes, so this set-up was discarded. Nothing has changed; start again with a new QR code."
    ),
    Reason.NOT_PROTECTED: _("2FA is off for this account."),
    Reason.NOT_VIEWABLE: _("This XpressBot shows recovery codes only once. Make a new set instead."),
    Reason.CODES_NOT_KEPT: _(
        "These codes were not put in force: they were shown too long ago, or newer ones were made in another tab. What works is the"
        ' set for which "Continue" was pressed last. If you do not have that one, make new codes and save them.'
    ),
    Reason.EMAIL_TAKEN: _("There is an account with this address already."),
    Reason.LINK_GONE: _("This link was used or has expired."),
    Reason.MUST_ENROL: _("Open the link that you were given, or paste it here. Without it 2FA cannot be set up again."),
    Reason.STATUS_UNKNOWN: _("A newer version of XpressBot gave this account its status. Use that version to change it."),
    Reason.LINK_OF_ANOTHER: _("The link that is open in this browser is for another account. Paste the one for yours."),
    Reason.TOO_MANY_AUTHENTICATORS: _("You have %(count)d authenticator apps, and that is the most there can be. Remove one first.")
    % {"count": MOST_PER_ACCOUNT},
    Reason.NAME_TAKEN: _("One of your apps has this name already. Take another, so that you can tell them apart."),
    Reason.NO_SUCH_AUTHENTICATOR: _("That app is no longer among yours: it was removed or replaced in another tab."),
    Reason.LAST_AUTHENTICATOR: _('This is your only authenticator app. To sign in without one, use "Disable 2FA".'),
}


def weak_password_text(weak: WeakPassword) -> str:
    """Why a password is too weak, and what would do."""
    match weak.weakness:
        case PasswordWeakness.TOO_SHORT:
            return ngettext(
                "Use at least %(count)d character. A few unrelated words make a good passphrase.",
                "Use at least %(count)d characters. A few unrelated words make a good passphrase.",
                weak.min_length,
            ) % {"count": weak.min_length}
        case PasswordWeakness.TOO_LONG:
            return _("Use at most %(count)d bytes.") % {"count": MAX_BYTES}
        case PasswordWeakness.CONTROL:
            return _("It has a control character or a line break, which cannot be typed when you sign in. Leave that out.")
        case PasswordWeakness.CONTEXT:
            return _(
                "Your name, your address and the product's name are tried first, and little is left without them. Add unrelated words."
            )
        case PasswordWeakness.GUESSABLE:
            return _("This would be guessed quickly: it is a common password, a pattern or a repetition. Use a few unrelated words.")
        case _ as unknown:
            assert_never(unknown)


def event_title(kind: EventKind | None) -> str:
    """What happened, in a few words; None stands for a kind that a newer version recorded."""
    return _("Something else happened") if kind is None else EVENT_TITLES[kind]


def address_problem_text(problem: AddressProblem) -> str:
    """Why an address is refused, and what to do."""
    match problem:
        case AddressProblem.UNSEEN:
            return _("A character in this address cannot be seen. Type the address by hand instead of pasting it.")
        case AddressProblem.NOT_ASCII:
            return _("Before the @ an address has only unaccented Latin letters, digits and signs. Most mail servers refuse others.")
        case AddressProblem.UNUSABLE:
            return _("Enter an e-mail address, like anna@example.com.")
        case _ as unknown:
            assert_never(unknown)


EVENT_TITLES: Final = {
    EventKind.ACCOUNT_CREATED: _("Account made"),
    EventKind.ACCOUNT_DISABLED: _("Account disabled by the operator"),
    EventKind.ACCOUNT_ENABLED: _("Account enabled by the operator"),
    EventKind.CLOCK_RESET: _("Put right by the operator after the server's clock was ahead"),
    EventKind.SIGNED_IN: _("Signed in"),
    EventKind.SIGNED_IN_WITH_RECOVERY_CODE: _("Signed in with a recovery code"),
    EventKind.SIGNED_IN_AFTER_WAITS: _("Signed in after wrong passwords"),
    EventKind.STOPPED_AT_SECOND_FACTOR: _("Right password, and no right code after it"),
    EventKind.SECOND_FACTOR_REFUSED: _("Wrong code after the right password"),
    EventKind.SECOND_FACTOR_SUSPENDED: _("Codes switched off after %(count)d wrong ones") % {"count": SECOND_FACTOR.suspend_at},
    EventKind.ENROLMENT_AWAITED: _("Right password, before 2FA was set up again"),
    EventKind.PASSWORD_GUESSING: _("Somebody tried many wrong passwords"),
    EventKind.SIGNED_OUT: _("Signed out"),
    EventKind.SESSION_ENDED_BY_FAILURES: _("Signed out after wrong tries to confirm who you are"),
    EventKind.IDENTITY_CONFIRMED: _("Confirmed who you are"),
    EventKind.IDENTITY_CONFIRMED_WITH_RECOVERY_CODE: _("Confirmed who you are with a recovery code"),
    EventKind.IDENTITY_REFUSED: _("Wrong try to confirm who you are"),
    EventKind.ENROLMENT_STARTED: _("Began to set up 2FA"),
    EventKind.ENROLMENT_REFUSED: _("Wrong code while setting up 2FA"),
    EventKind.ENROLMENT_DISCARDED: _("Set-up of 2FA discarded after wrong codes"),
    EventKind.TWO_FACTOR_ENABLED: _("2FA enabled"),
    EventKind.AUTHENTICATOR_MOVED: _("2FA moved to a new phone"),
    EventKind.AUTHENTICATOR_ADDED: _("Authenticator app added"),
    EventKind.AUTHENTICATOR_RENAMED: _("Authenticator app renamed"),
    EventKind.AUTHENTICATOR_REMOVED: _("Authenticator app removed"),
    EventKind.TWO_FACTOR_RESET: _("2FA reset by whoever runs this XpressBot"),
    EventKind.TWO_FACTOR_DISABLED: _("2FA disabled"),
    EventKind.RECOVERY_CODES_REVEALED: _("Recovery codes shown"),
    EventKind.RECOVERY_CODE_CHECKED: _("Checked a saved recovery code"),
    EventKind.RECOVERY_CODES_PREPARED: _("New recovery codes prepared"),
    EventKind.RECOVERY_CODES_REPLACED: _("Recovery codes replaced"),
    EventKind.NOTICES_SEEN: _("Notices read"),
}


def notice_detail(notice: Notice) -> Text:
    """What more there is to say about a notice; empty when its title says all.

    Details may be missing: they can be erased, and a newer version may have written others.
    """
    if notice.kind is EventKind.PASSWORD_GUESSING:
        return _guessing(notice)
    if notice.kind is EventKind.STOPPED_AT_SECOND_FACTOR:
        return _stopped(notice)
    details, sentences = notice.last.details, []
    if notice.kind is EventKind.TWO_FACTOR_RESET and (reason := details.get("reason")):
        sentences.append(Markup(_("Reason given: %(reason)s.")) % {"reason": reason})
    if app := details.get("app"):
        sentences.append(Markup(_("App: %(name)s.")) % {"name": as_is(str(app))})
    if details.get("codes_renewed"):
        sentences.append(Markup(_("Your recovery codes were replaced.")))
    ended = details.get("sessions_ended")
    if isinstance(ended, int) and ended:
        sentence = ngettext("%(count)d other browser was signed out.", "%(count)d other browsers were signed out.", ended)
        sentences.append(Markup(sentence) % {"count": ended})
    return Markup(" ").join(sentences)


def _guessing(notice: Notice) -> Text:
    first, last = notice.first.details.get("first_at"), notice.last.details.get("last_at")
    if not isinstance(first, int) or not isinstance(last, int):
        return ""
    sentences = [
        Markup(
            ngettext(
                "%(count)d time the next try had to wait, between %(first)s and %(last)s.",
                "%(count)d times the next try had to wait, between %(first)s and %(last)s.",
                notice.count,
            )
        )
        % {"count": notice.count, "first": moment(first), "last": moment(last)}
    ]
    if notice.first.details.get("alarm") or notice.last.details.get("alarm"):
        many = Markup(_("It was %(alarm_at)d wrong passwords or more: if it goes on, tell whoever runs this XpressBot."))
        sentences.append(many % {"alarm_at": PASSWORD.alarm_at})
    return Markup(" ").join(sentences)


def _stopped(notice: Notice) -> Text:
    first, last = notice.first.details.get("first_at"), notice.last.details.get("last_at")
    if not isinstance(first, int) or not isinstance(last, int):
        return ""
    sentence = ngettext(
        "At %(last)s your password was entered, and no right code after it.",
        "%(count)d times between %(first)s and %(last)s your password was entered, and no right code after it.",
        notice.count,
    )
    sentences = [Markup(sentence) % {"count": notice.count, "first": moment(first), "last": moment(last)}]
    if notice.first.details.get("after_waits") or notice.last.details.get("after_waits"):
        sentences.append(Markup(_("Wrong passwords had come before it.")))
    return Markup(" ").join(sentences)


def where(event: SecurityEvent) -> tuple[str | None, str | None]:
    """Browser and address of an event, as far as it has them."""
    agent, address = event.details.get("user_agent"), event.details.get("address")
    return browser_name(str(agent)) if agent else None, str(address) if address else None


def sign_in_notice(reason: str) -> Text | None:
    """What the sign-in page says to somebody who was sent back to it; the reasons are a closed list."""
    return _SENT_BACK_TO_SIGN_IN.get(reason)


def codes_notice(reason: str) -> Text | None:
    """What the recovery codes page says to somebody who was sent back to it."""
    return _SENTENCES[Reason.CODES_NOT_KEPT] if reason == Reason.CODES_NOT_KEPT else None


def apps_notice(reason: str) -> Text | None:
    """What the list of authenticator apps says to somebody who was sent back to it."""
    return _SENT_BACK_TO_APPS.get(reason)


def re_enrolment_notice(reason: str) -> Text | None:
    """What the page that asks for the link says to somebody who was sent back to it."""
    return _SENT_BACK_TO_RE_ENROLMENT.get(reason)


def settings_notice(reason: str) -> Text | None:
    """What Account Settings says to somebody who was sent back to it; the reasons are a closed list."""
    return _SENT_BACK_TO_SETTINGS.get(reason)


NO_COOKIE: Final = "no_cookie"
"""A reason to be on the sign-in page again: right after it, the browser brought nothing to be known by."""
_SENT_BACK_TO_SIGN_IN: Final = {
    reason.value: _SENTENCES[reason]
    for reason in (Reason.START_AGAIN, Reason.JUST_SIGNED_IN, Reason.SESSION_ENDED, Reason.CLOCK_WAS_CHANGED)
} | {
    NO_COOKIE: _(
        "Sign in first. If you have just done so, this browser keeps no cookies of XpressBot: allow them for this site, then sign in again."
    )
}
_SENT_BACK_TO_SETTINGS: Final = {
    reason.value: _SENTENCES[reason]
    for reason in (Reason.NO_ENROLMENT, Reason.ENROLMENT_DISCARDED, Reason.NOT_VIEWABLE, Reason.NO_SUCH_AUTHENTICATOR)
}
_SENT_BACK_TO_APPS: Final = {
    reason.value: _SENTENCES[reason] for reason in (Reason.TOO_MANY_AUTHENTICATORS, Reason.NO_SUCH_AUTHENTICATOR, Reason.LAST_AUTHENTICATOR)
}
_SENT_BACK_TO_RE_ENROLMENT: Final = {
    reason.value: _SENTENCES[reason] for reason in (Reason.MUST_ENROL, Reason.LINK_OF_ANOTHER, Reason.ENROLMENT_DISCARDED)
} | {Reason.NO_ENROLMENT.value: _("No set-up is open here. Begin it below: you get a new QR code.")}
