"""What each role in the team may do: one pure table, asked by the gate with the action of the route (ASVS 8.1.1, 8.2.1)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from xpressbot.identity.accounts.rules.actions import ACTIONS, Action, Permission


class Role(StrEnum):
    """What a member of the team is."""

    OWNER = "owner"
    """There is always one at least."""
    ADMIN = "admin"
    AGENT = "agent"


PERMITTED: Final[Mapping[Permission, frozenset[Role]]] = {
    Permission.INSTALLATION: frozenset({Role.OWNER}),
    Permission.ROLES: frozenset({Role.OWNER}),
    Permission.TEAM: frozenset({Role.OWNER, Role.ADMIN}),
    Permission.BOTS: frozenset({Role.OWNER, Role.ADMIN}),
    Permission.INBOX: frozenset(Role),
}
"""Which roles have each permission. What a person does to their own account is open to every role, also to one of a newer version."""

_RANK: Final = {Role.AGENT: 1, Role.ADMIN: 2, Role.OWNER: 3}


def permits(role: Role | None, action: Action) -> bool:
    """Whether a member with this role may do this. role: None for one that a newer version of this program gave."""
    permission = ACTIONS[action].permission
    return permission is Permission.OWN_ACCOUNT or role in PERMITTED[permission]


def may_act_on(actor: Role | None, member: Role | None) -> bool:
    """Whether one member may act on another as far as their roles go: on nobody whose role is above their own."""
    return actor is not None and member is not None and _RANK[actor] >= _RANK[member]


def may_give(actor: Role | None, role: Role) -> bool:
    """Whether a member may give this role: only owners make owners and admins."""
    return actor is Role.OWNER or (actor is Role.ADMIN and role is Role.AGENT)
