"""Roles in words."""

from collections.abc import Mapping
from typing import Final

from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.identity.accounts.rules.roles import Role

_NAMES: Final[Mapping[Role, str]] = {Role.OWNER: N_("Owner"), Role.ADMIN: N_("Admin"), Role.AGENT: N_("Agent")}


def role_name(texts: Texts, role: Role | None) -> str:
    """What a role is called. None: one that a newer version of this program gave."""
    return texts.gettext("Role of a newer version") if role is None else texts.gettext(_NAMES[role])
