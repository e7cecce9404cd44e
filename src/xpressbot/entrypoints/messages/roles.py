"""Roles in words."""

from collections.abc import Mapping
from typing import Final

from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.identity.accounts.rules.roles import Role

_NAMES: Final[Mapping[Role, str]] = {Role.OWNER: N_("Owner"), Role.ADMIN: N_("Admin"), Role.AGENT: N_("Agent")}


_MEANINGS: Final[Mapping[Role, str]] = {
    Role.OWNER: N_("Everything: decides who is an owner or an admin, sets the 2FA policy, and looks after the installation."),
    Role.ADMIN: N_("Sees the team, invites agents, and helps members who are locked out."),
    Role.AGENT: N_("Works with XpressBot, and sees nobody else's account."),
}


def role_meaning(texts: Texts, role: Role) -> str:
    """What a member with this role may do, in a sentence."""
    return texts.gettext(_MEANINGS[role])


def role_name(texts: Texts, role: Role | None) -> str:
    """What a role is called. None: one that a newer version of this program gave."""
    return texts.gettext("Role of a newer version") if role is None else texts.gettext(_NAMES[role])
