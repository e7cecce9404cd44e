"""What a page says to a person who was sent to it, by the reason in its address. The reasons of each page are a closed list."""

from collections.abc import Callable
from typing import Final

from xpressbot.entrypoints.messages.refusals import reason_text
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.identity.outcomes import Reason

NO_COOKIE: Final = "no_cookie"
"""A reason to be on the sign-in page again: right after it, the browser brought nothing to be known by."""

Notice = Callable[[Texts, str], str | None]
"""The sentence for a reason; None for one that is not on the page's list."""


def _notice(*reasons: Reason, **others: str) -> Notice:
    known = frozenset(reason.value for reason in reasons)

    def notice(texts: Texts, reason: str) -> str | None:
        if reason in others:
            return texts.gettext(others[reason])
        return reason_text(texts, Reason(reason)) if reason in known else None

    return notice


sign_in_notice: Final = _notice(
    Reason.START_AGAIN,
    Reason.JUST_SIGNED_IN,
    Reason.SESSION_ENDED,
    Reason.CLOCK_WAS_CHANGED,
    **{
        NO_COOKIE: N_(
            "Sign in first. If you have just done so, this browser keeps no cookies of XpressBot: allow them for this site, then sign in"
            " again."
        )
    },
)
settings_notice: Final = _notice(Reason.NO_ENROLMENT, Reason.ENROLMENT_DISCARDED, Reason.NOT_VIEWABLE, Reason.NO_SUCH_AUTHENTICATOR)
codes_notice: Final = _notice(Reason.CODES_NOT_KEPT)
apps_notice: Final = _notice(Reason.TOO_MANY_AUTHENTICATORS, Reason.NO_SUCH_AUTHENTICATOR, Reason.LAST_AUTHENTICATOR)
re_enrolment_notice: Final = _notice(
    Reason.MUST_ENROL,
    Reason.LINK_OF_ANOTHER,
    Reason.ENROLMENT_DISCARDED,
    **{Reason.NO_ENROLMENT.value: N_("No set-up is open here. Begin it below: you get a new QR code.")},
)
