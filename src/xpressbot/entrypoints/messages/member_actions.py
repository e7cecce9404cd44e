"""What is done to a member, in words: what a page calls it, and what it will do, said before it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from xpressbot.entrypoints.messages.formatting import Text, as_is
from xpressbot.entrypoints.messages.roles import role_name
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.team.member_page import MemberPage


@dataclass(frozen=True, slots=True)
class ActionWords:
    """The words of one action. Effects may name the member and the role. takes_away: whether its button warns."""

    title: str
    effects: Sequence[str]
    takes_away: bool


_TOLD: Final = N_("%(name)s is told, and the team's record keeps who did it.")
ACTION_WORDS: Final[Mapping[Action, ActionWords]] = {
    Action.HAND_OVER_OWNERSHIP: ActionWords(
        N_("Hand over ownership"),
        (
            N_("%(name)s becomes an owner: they decide who is an owner or an admin, and set the 2FA policy."),
            N_("You become an admin. You cannot take this back yourself: only an owner can make you one again."),
            N_("Both of you are asked to confirm who you are before the next thing that needs it."),
            _TOLD,
        ),
        takes_away=True,
    ),
    Action.SUSPEND_MEMBER: ActionWords(
        N_("Suspend member"),
        (
            N_("%(name)s is signed out everywhere at once, and cannot sign in until somebody reinstates them."),
            N_("Links that they were given no longer work, be it for a new password, another address or setting up 2FA again."),
            N_("Their password, their 2FA and their role stay as they are."),
            _TOLD,
        ),
        takes_away=True,
    ),
    Action.REINSTATE_MEMBER: ActionWords(
        N_("Reinstate member"),
        (
            N_("%(name)s can sign in again, with the password and the 2FA that they had."),
            N_("They have the role that they had: %(role)s."),
            _TOLD,
        ),
        takes_away=False,
    ),
    Action.REMOVE_MEMBER: ActionWords(
        N_("Remove member"),
        (
            N_("%(name)s is signed out everywhere at once, and cannot sign in any more. Nobody can undo this."),
            N_("Their password, authenticators, recovery codes and links are removed, and so are invitations of theirs that are open."),
            N_("Their name, their address and the record of security events stay. The address can be invited again, to a new account."),
            _TOLD,
        ),
        takes_away=True,
    ),
}
"""Of the actions that are confirmed on a page of their own, in the order in which a member's page offers them."""


def action_effects(texts: Texts, words: ActionWords, member: MemberPage) -> Sequence[Text]:
    """What it will do to this member, a sentence each."""
    about = {"name": as_is(member.name), "role": role_name(texts, member.role)}
    return [Markup(texts.gettext(effect)) % about for effect in words.effects]  # noqa: S704  # of this table and its translations
