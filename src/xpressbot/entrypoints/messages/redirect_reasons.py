"""What a page says to a person who was sent to it, by the reason in its address. The reasons of each page are a closed list."""

from collections.abc import Callable
from typing import Final

from xpressbot.entrypoints.messages.refusals import ToldRefusal, reason_text
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.identity.factors.authenticators import AddRefusal, RemoveRefusal
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.protection import AuthenticatorRefusal, DisableRefusal
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.sign_in.refusals import PendingRefusal, ReEnrolmentRefusal, SignInRefusal

NO_COOKIE: Final = "no_cookie"
"""A reason to be on the sign-in page again: right after it, the browser brought nothing to be known by."""

ACCOUNT_CLOSED: Final = "account_closed"
"""A reason to be on the sign-in page: the person has closed their account."""

ReasonText = Callable[[Texts, str], str | None]
"""The sentence for a reason; None for one that is not on the page's list."""


def reason_text_of(*reasons: ToldRefusal, **others: str) -> ReasonText:
    """Make a page's closed list. others: reasons that this page alone tells, or tells in a sentence of its own, not translated yet."""
    known = {reason.value: reason for reason in reasons}

    def notice(texts: Texts, reason: str) -> str | None:
        if reason in others:
            return texts.gettext(others[reason])
        return reason_text(texts, known[reason]) if reason in known else None

    return notice


sign_in_notice: Final = reason_text_of(
    *SignInRefusal,
    PendingRefusal.JUST_SIGNED_IN,
    PendingRefusal.CLOCK_WAS_CHANGED,
    *StepUpRefusal,
    **{
        NO_COOKIE: N_(
            "Sign in first. If you have just done so, this browser keeps no cookies of XpressBot: allow them for this site, then sign in"
            " again."
        ),
        ACCOUNT_CLOSED: N_("Your account is closed, and you are signed out everywhere."),
    },
)
password_notice: Final = reason_text_of(
    **{
        SessionRefusal.NEW_PASSWORD_FIRST.value: N_(
            "Someone else may know your password: many wrong codes followed it. Replace it first, then go on with what you wanted to do."
        )
    }
)
settings_notice: Final = reason_text_of(
    *EnrolmentRefusal,
    *AuthenticatorRefusal,
    **{DisableRefusal.REQUIRED_BY_TEAM.value: N_("Your team requires 2FA, so it stays on. If you have a new phone, move 2FA to it.")},
)
apps_notice: Final = reason_text_of(*AddRefusal, *AuthenticatorRefusal, *RemoveRefusal)
_BEGIN_BELOW: Final = {EnrolmentRefusal.NO_ENROLMENT.value: N_("No set-up is open here. Begin it below: you get a new QR code.")}
enrolment_notice: Final = reason_text_of(
    *EnrolmentRefusal,
    **_BEGIN_BELOW,
    **{
        ReEnrolmentRefusal.MUST_ENROL.value: N_("The link in this browser does not work any more. Sign in again, and a new one is mailed."),
        ReEnrolmentRefusal.LINK_OF_ANOTHER.value: N_("The link that is open in this browser is for another account."),
    },
)
re_enrolment_notice: Final = reason_text_of(
    *ReEnrolmentRefusal,
    *EnrolmentRefusal,
    **_BEGIN_BELOW,
)
