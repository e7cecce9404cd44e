"""The policies of 2FA by name, and why one is not taken."""

from collections.abc import Mapping
from typing import Final

from xpressbot.entrypoints.messages.formatting import number
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.times import DAY
from xpressbot.identity.accounts.rules.two_factor_policy import FURTHEST_AHEAD, TwoFactorPolicy
from xpressbot.identity.team.exemptions import MAX_REASON_LENGTH, MOST_DAYS, ExemptionRefusal

_NAMES: Final[Mapping[TwoFactorPolicy, str]] = {
    TwoFactorPolicy.OPTIONAL: N_("Optional"),
    TwoFactorPolicy.ASKED: N_("Asked for"),
    TwoFactorPolicy.REQUIRED: N_("Required"),
}


def policy_name(texts: Texts, policy: TwoFactorPolicy) -> str:
    """What a policy is called."""
    return texts.gettext(_NAMES[policy])


def date_problem(texts: Texts) -> str:
    """Which dates are taken."""
    days = FURTHEST_AHEAD // DAY
    sentence = texts.ngettext("Choose a day from today to %(days)s day ahead.", "Choose a day from today to %(days)s days ahead.", days)
    return sentence % {"days": number(texts, days)}


def days_problem(texts: Texts) -> str:
    """How long an exemption may last."""
    sentence = texts.ngettext("Enter a number of days from 1 to %(days)s.", "Enter a number of days from 1 to %(days)s.", MOST_DAYS)
    return sentence % {"days": number(texts, MOST_DAYS)}


def reason_problem(texts: Texts) -> str:
    """What a reason may be."""
    sentence = texts.ngettext(
        "Enter a reason of at most %(count)s character.", "Enter a reason of at most %(count)s characters.", MAX_REASON_LENGTH
    )
    return sentence % {"count": number(texts, MAX_REASON_LENGTH)}


def policy_changed_text(texts: Texts) -> str:
    """Another owner was first."""
    return texts.gettext("Another owner has changed the policy since this page was opened. Nothing of yours was saved: look at it again.")


def exemption_refusal_text(texts: Texts, reason: ExemptionRefusal) -> str:
    """Why nothing was changed about an exemption."""
    return texts.gettext(_EXEMPTION_REFUSALS[reason])


_EXEMPTION_REFUSALS: Final[Mapping[ExemptionRefusal, str]] = {
    ExemptionRefusal.OWN_EXEMPTION: N_("Nobody exempts themselves. Ask another owner."),
    ExemptionRefusal.IS_PROTECTED: N_("This member has 2FA on, so there is nothing to exempt them from."),
    ExemptionRefusal.MEMBER_MUST_ENROL: N_(
        "2FA of this member was reset. They set it up again first, so an exemption would change nothing."
    ),
    ExemptionRefusal.EXEMPTION_CHANGED_MEANWHILE: N_(
        "Another owner has changed this exemption since the page was opened. Nothing of yours was saved: look at it again."
    ),
}
