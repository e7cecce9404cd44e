"""Why a member's 2FA is not reset, and why one admin cannot approve it, in words."""

from collections.abc import Mapping
from typing import Final

from xpressbot.entrypoints.messages.formatting import number
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.times import DAY, HOUR
from xpressbot.identity.outcomes import Reason
from xpressbot.identity.team.reset_refusals import ResetRefusal
from xpressbot.identity.team.rules.reset import INDEPENDENT_AFTER, ROLE_HELD_FOR, STOPPABLE_FOR

_NOT_FOR_ROLE: Final = N_("An owner is reset by owners only.")
_SENTENCES: Final[Mapping[ResetRefusal, str]] = {
    ResetRefusal.OWN_RESET: N_(
        "Nobody resets their own 2FA, or approves it. Ask another owner or admin, or the operator of this XpressBot."
    ),
    ResetRefusal.RESET_NOT_NEEDED: N_("There is nothing to reset: 2FA is off or was reset already, or the account is suspended."),
    ResetRefusal.RESET_ASKED_FOR: N_("A reset of this member was asked for already, and it waits. Nothing was added."),
    ResetRefusal.NOBODY_TO_APPROVE: N_(
        "Nobody else could approve this reset, and no mail reaches the member, so it would wait for nothing. The operator can do it on the"
        " server."
    ),
    ResetRefusal.RESET_REQUEST_OVER: N_(
        "This request is over: it was stopped, approved or carried out meanwhile, or the account changed. Nothing was done now."
    ),
    ResetRefusal.OWN_REQUEST: N_("You have asked for this reset, so another owner or admin must approve it."),
    ResetRefusal.ROLE_TOO_NEW: N_("You cannot approve it yet: an approver must have held their role for at least %(count)s days."),
    ResetRefusal.DEPENDS_ON_ASKER: N_(
        "You cannot approve it: within the last %(count)s days, you or the one who asks has invited the other or given them their role."
    ),
    ResetRefusal.IS_ENROLLED: N_("No link is needed: 2FA of this member was not reset, or is set up again."),
}
_COUNTS: Final[Mapping[ResetRefusal, int]] = {
    ResetRefusal.ROLE_TOO_NEW: ROLE_HELD_FOR // DAY,
    ResetRefusal.DEPENDS_ON_ASKER: INDEPENDENT_AFTER // DAY,
}
"""These counts, and those below, are far from one, so that a language has one form for them."""


def reset_refusal_text(texts: Texts, reason: ResetRefusal) -> str:
    """Why nothing was done, and what to do."""
    count = _COUNTS.get(reason)
    sentence = texts.gettext(_SENTENCES[reason])
    return sentence if count is None else sentence % {"count": number(texts, count)}


def approval_text(texts: Texts, reason: Reason) -> str:
    """Why the person who looks cannot approve a request."""
    return reset_refusal_text(texts, reason) if isinstance(reason, ResetRefusal) else texts.gettext(_NOT_FOR_ROLE)


def nobody_yet_text(texts: Texts) -> str:
    """Why none of those who are there can approve a request yet."""
    sentence = texts.gettext(
        "Nobody can approve it yet. An approver must have held their role for at least %(held)s days. You and the approver must not have"
        " invited each other, or given each other a role, within the last %(independent)s days."
    )
    return sentence % {"held": number(texts, ROLE_HELD_FOR // DAY), "independent": number(texts, INDEPENDENT_AFTER // DAY)}


def without_approval_text(texts: Texts) -> str:
    """When a request is carried out that nobody approves or stops."""
    sentence = texts.gettext(
        "Without approval it is carried out %(count)s hours after the mail server has taken the mail to the member, unless it is stopped."
    )
    return sentence % {"count": number(texts, STOPPABLE_FOR // HOUR)}
