"""What each role may do."""

import pytest

from xpressbot.identity.accounts.rules.actions import ACTIONS, Action, Permission
from xpressbot.identity.accounts.rules.roles import PERMITTED, Role, may_act_on, may_give, permits

OWN = [action for action, needed in ACTIONS.items() if needed.permission is Permission.OWN_ACCOUNT]
OF_OTHERS = [action for action, needed in ACTIONS.items() if needed.permission is not Permission.OWN_ACCOUNT]


@pytest.mark.parametrize("role", [*Role, None])
@pytest.mark.parametrize("action", OWN)
def test_every_role_acts_on_the_own_account(role: Role | None, action: Action) -> None:
    """Also one that a newer version of this program gave."""
    assert permits(role, action)


@pytest.mark.parametrize("action", OF_OTHERS)
def test_of_what_concerns_others_agents_have_the_inbox_alone_and_unknown_roles_nothing(action: Action) -> None:
    """ASVS 8.2.1: a role has what the table gives it, and nothing else."""
    assert permits(Role.OWNER, action)
    assert permits(Role.AGENT, action) == (ACTIONS[action].permission is Permission.INBOX)
    assert not permits(None, action)


def test_only_owners_have_to_do_with_roles_and_the_installation() -> None:
    """PEOPLE: only owners make owners and admins."""
    assert PERMITTED[Permission.ROLES] == PERMITTED[Permission.INSTALLATION] == {Role.OWNER}
    assert PERMITTED[Permission.TEAM] == PERMITTED[Permission.BOTS] == {Role.OWNER, Role.ADMIN}


@pytest.mark.parametrize(
    ("actor", "acted_on"),
    [
        (Role.OWNER, {Role.OWNER, Role.ADMIN, Role.AGENT}),
        (Role.ADMIN, {Role.ADMIN, Role.AGENT}),
        (Role.AGENT, {Role.AGENT}),
        (None, set()),
    ],
)
def test_nobody_acts_on_a_role_above_their_own(actor: Role | None, acted_on: set[Role]) -> None:
    """A role of a newer version acts on nobody, and nobody acts on it."""
    assert {role for role in (*Role, None) if may_act_on(actor, role)} == acted_on


@pytest.mark.parametrize(("actor", "given"), [(Role.OWNER, set(Role)), (Role.ADMIN, {Role.AGENT}), (Role.AGENT, set()), (None, set())])
def test_only_owners_make_owners_and_admins(actor: Role | None, given: set[Role]) -> None:
    """An admin invites agents."""
    assert {role for role in Role if may_give(actor, role)} == given
