"""Refusals in words for people: what happened, why, and what to do next."""

from collections.abc import Mapping
from typing import Final, Literal, assert_never

from markupsafe import Markup

from xpressbot.entrypoints.messages.formatting import Text, clock_time, number
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.times import HOUR, MINUTE
from xpressbot.identity.accounts.rules.address import RESERVED_FOR, AddressProblem
from xpressbot.identity.administration.accounts import StatusRefusal
from xpressbot.identity.factors.authenticators import AddRefusal, NameRefusal, RemoveRefusal
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.protection import AuthenticatorRefusal
from xpressbot.identity.factors.rules import ENROLMENT_LIFETIME, MOST_PER_ACCOUNT
from xpressbot.identity.links.charges import LinkThrottleRefusal
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.passwords.rules import MAX_BYTES, PasswordWeakness, WeakPassword
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.profile.closing import ClosingRefusal
from xpressbot.identity.registration.new_accounts import RegistrationRefusal
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal
from xpressbot.identity.sessions.listing import ListingRefusal
from xpressbot.identity.sign_in.refusals import PendingRefusal, ReEnrolmentRefusal, SignInRefusal
from xpressbot.identity.sign_in.rules import pending as pending_sign_in
from xpressbot.identity.team.invitations import InvitationRefusal
from xpressbot.identity.team.member_actions import MemberRefusal
from xpressbot.identity.team.reminders import ReminderRefusal
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.throttling.rules import SECOND_FACTOR

ToldRefusal = (
    AddRefusal
    | AuthenticatorRefusal
    | ClosingRefusal
    | EnrolmentRefusal
    | InvitationRefusal
    | LinkThrottleRefusal
    | ListingRefusal
    | MemberRefusal
    | Literal[PendingRefusal.JUST_SIGNED_IN, PendingRefusal.CLOCK_WAS_CHANGED]
    | NameRefusal
    | PasswordRefusal
    | ReEnrolmentRefusal
    | RegistrationRefusal
    | ReminderRefusal
    | RemoveRefusal
    | SignInRefusal
    | StatusRefusal
    | StepUpRefusal
    | ThrottleRefusal
)
"""What a person is told in a sentence of all kinds of factors. Why a proof was refused, its kind says (FactorPresentation); what follows
the others (a page, another command's output) says enough."""


def refusal_text(texts: Texts, denied: Denied[ToldRefusal]) -> Text:
    """Why something was refused, and what to do."""
    if denied.retry_at is None:
        why: Text = reason_text(texts, denied.reason)
    else:
        told = _count_of(texts, denied.reason) | {"time": clock_time(texts, denied.retry_at)}
        why = Markup(texts.gettext(_SENTENCES[denied.reason])) % told
    return with_tries_left(texts, why, denied)


def with_tries_left(texts: Texts, why: Text, denied: Denied[Reason]) -> Text:
    """Why something was refused, and how many more tries there are where they are counted."""
    if denied.tries_left is None:
        return why
    left = texts.ngettext("%(count)s more try.", "%(count)s more tries.", denied.tries_left)
    return Markup("{} {}").format(why, left % {"count": number(texts, denied.tries_left)})


def wrong_password_text(texts: Texts, denied: Denied[PasswordRefusal]) -> Text:
    """Why the password of a person who is known already proves nothing."""
    return with_tries_left(texts, texts.gettext("That password is not right. Check what you typed, and that Caps Lock is off."), denied)


def reason_text(texts: Texts, reason: ToldRefusal) -> str:
    """Why something was refused, where there is no more to say than the reason."""
    return texts.gettext(_SENTENCES[reason]) % _count_of(texts, reason)


def _count_of(texts: Texts, reason: ToldRefusal) -> dict[str, str]:
    count = _COUNTS.get(reason)
    return {} if count is None else {"count": number(texts, count)}


_COUNTS: Final[Mapping[ToldRefusal, int | None]] = {
    ThrottleRefusal.SUSPENDED: SECOND_FACTOR.suspend_at,
    SignInRefusal.START_AGAIN: pending_sign_in.LIFETIME // MINUTE,
    EnrolmentRefusal.NO_ENROLMENT: ENROLMENT_LIFETIME // MINUTE,
    AddRefusal.TOO_MANY_AUTHENTICATORS: MOST_PER_ACCOUNT,
    ClosingRefusal.ADDRESS_CAN_COME_BACK: RESERVED_FOR // HOUR,
    InvitationRefusal.ADDRESS_RESERVED: RESERVED_FOR // HOUR,
}
"""Constants that sentences name. They are far from one, so that a language has one form for them."""

_ONLY_OWNER: Final = N_("No other owner is active. Make another member an owner first: without one nobody could administer this XpressBot.")
_SENTENCES: Final[Mapping[ToldRefusal, str]] = {
    PasswordRefusal.WRONG_CREDENTIALS: N_("That address and password do not match. Check both, and that Caps Lock is off."),
    ThrottleRefusal.THROTTLED: N_("Too many tries. Try again at %(time)s."),
    ThrottleRefusal.ADDRESS_THROTTLED: N_("Too many tries from your network. Try again at %(time)s."),
    LinkThrottleRefusal.LINK_THROTTLED: N_(
        "Too many tries with this link. Try again at %(time)s. If the link has expired by then, ask the operator of this XpressBot for"
        " a new one."
    ),
    ThrottleRefusal.SUSPENDED: N_(
        "After %(count)s wrong codes in a row, this way to sign in was switched off. If it was your app, use a recovery code. If it was"
        " your recovery codes, use your app. If neither works, ask the operator of this XpressBot to reset 2FA."
    ),
    PendingRefusal.CLOCK_WAS_CHANGED: N_(
        "The server's clock was changed after you signed in, so that sign-in no longer counts. Sign in again. If you see this each time,"
        " tell the operator of this XpressBot."
    ),
    SignInRefusal.START_AGAIN: N_(
        "This sign-in is no longer valid: it took more than %(count)s minutes, or the account changed meanwhile. Start again."
    ),
    PendingRefusal.JUST_SIGNED_IN: N_("You have just signed in with this code. If you see this page, sign in again."),
    StepUpRefusal.SESSION_ENDED: N_("Too many wrong tries to confirm who you are, so you were signed out. Sign in again."),
    ListingRefusal.NO_SUCH_SESSION: N_("That browser is not in your list: it has been signed out already."),
    EnrolmentRefusal.NO_ENROLMENT: N_(
        "The set-up is no longer open: it took more than %(count)s minutes, or was finished in another tab. If 2FA is off below, start"
        " again."
    ),
    EnrolmentRefusal.ENROLMENT_DISCARDED: N_(
        "Too many wrong codes, so this set-up was discarded. Nothing has changed; start again with a new QR code."
    ),
    ClosingRefusal.LAST_OWNER: N_(
        "This is the only owner's account. Make another member an owner first: without one nobody could administer this XpressBot."
    ),
    ClosingRefusal.ADDRESS_CAN_COME_BACK: N_(
        "Your address was changed in the last %(count)s hours, and the one before can still be brought back. You can close the account"
        " after that."
    ),
    MemberRefusal.NO_OTHER_OWNER: _ONLY_OWNER,
    StatusRefusal.ONLY_OWNER: _ONLY_OWNER,
    MemberRefusal.ONES_OWN_ACCOUNT: N_("This is your own account. What you can do with it is in Account Settings."),
    MemberRefusal.ALREADY_DONE: N_("This was done already, by you or by somebody else. Nothing more has changed."),
    MemberRefusal.MEMBER_SUSPENDED: N_("This member is suspended. Reinstate them first."),
    MemberRefusal.NOT_ONES_TO_GIVE: N_("Only an owner can reinstate an owner or an admin."),
    InvitationRefusal.ALREADY_MEMBER: N_("There is an account with this address already: its person is in the team."),
    InvitationRefusal.ADDRESS_RESERVED: N_(
        "A member had this address until lately. For %(count)s hours after such a change nobody else can have it: invite them later."
    ),
    InvitationRefusal.ALREADY_INVITED: N_("This address was invited already, so nothing was done. Its invitation is below."),
    InvitationRefusal.NO_SUCH_INVITATION: N_("This invitation is gone: it was accepted, replaced or taken back."),
    InvitationRefusal.INVITATION_VOID: N_(
        "This invitation is void: who gave it out may not do so any more, or their password, 2FA or role changed since. Nothing was done. "
        "Ask an owner or an admin of the team for a new one."
    ),
    ReminderRefusal.NO_MAIL: N_("No mail server is set, so nobody can be reminded by mail."),
    ReminderRefusal.NOBODY_TO_REMIND: N_("Nobody is left to be reminded: all have 2FA on, or were reminded within the last day."),
    RegistrationRefusal.EMAIL_TAKEN: N_("There is an account with this address already."),
    ReEnrolmentRefusal.MUST_ENROL: N_("Open the link that you were given, or paste it here. Without it 2FA cannot be set up again."),
    StatusRefusal.STATUS_UNKNOWN: N_("A newer version of XpressBot gave this account its status. Use that version to change it."),
    ReEnrolmentRefusal.LINK_OF_ANOTHER: N_("The link that is open in this browser is for another account. Paste the one for yours."),
    AddRefusal.TOO_MANY_AUTHENTICATORS: N_("You have %(count)s authenticator apps, and you cannot have more. Remove one first."),
    NameRefusal.NAME_TAKEN: N_("One of your apps has this name already. Choose another, so that you can tell them apart."),
    AuthenticatorRefusal.NO_SUCH_AUTHENTICATOR: N_("That app is no longer in your list: it was removed or replaced in another tab."),
    RemoveRefusal.LAST_AUTHENTICATOR: N_('This is your only authenticator app. To sign in without one, use "Disable 2FA".'),
}


def weak_password_text(texts: Texts, weak: WeakPassword) -> str:
    """Why a password is too weak, and what would do."""
    match weak.weakness:
        case PasswordWeakness.TOO_SHORT:
            sentence = texts.ngettext(
                "Use at least %(count)s character. A few unrelated words make a good passphrase.",
                "Use at least %(count)s characters. A few unrelated words make a good passphrase.",
                weak.min_length,
            )
            return sentence % {"count": number(texts, weak.min_length)}
        case PasswordWeakness.TOO_LONG:
            return texts.ngettext("Use at most %(count)s byte.", "Use at most %(count)s bytes.", MAX_BYTES) % {
                "count": number(texts, MAX_BYTES)
            }
        case PasswordWeakness.CONTROL:
            return texts.gettext("It has a control character or a line break, which cannot be typed when you sign in. Leave that out.")
        case PasswordWeakness.CONTEXT:
            return texts.gettext(
                "Your name, your address and the product's name are tried first, and little is left without them. Add unrelated words."
            )
        case PasswordWeakness.SAME:
            return texts.gettext("This is the password that you have now. Choose another one.")
        case PasswordWeakness.GUESSABLE:
            return texts.gettext(
                "This would be guessed quickly: it is a common password, a pattern or a repetition. Use a few unrelated words."
            )
        case _ as unknown:
            assert_never(unknown)


def address_problem_text(texts: Texts, problem: AddressProblem) -> str:
    """Why an address is refused, and what to do."""
    match problem:
        case AddressProblem.UNSEEN:
            return texts.gettext("A character in this address cannot be seen. Type the address by hand instead of pasting it.")
        case AddressProblem.NOT_ASCII:
            return texts.gettext("Before the @, use only letters from A to Z, digits and signs. Most mail servers refuse other characters.")
        case AddressProblem.UNUSABLE:
            return texts.gettext("Enter an email address, like anna@example.com.")
        case _ as unknown:
            assert_never(unknown)
