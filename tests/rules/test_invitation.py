"""When an invitation is open, and whether it still stands."""

import pytest

from xpressbot.foundation.times import HOUR, MINUTE
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.team.rules.invitation import Invitation, Inviter

AT = 1_000_000 * HOUR


def invitation(role: Role | None = Role.AGENT, invited_by: str | None = "1" * 32) -> Invitation:
    return Invitation("2" * 32, "berta@example.com", role, invited_by, AT, AT + 24 * HOUR, None if invited_by is None else 4)


@pytest.mark.parametrize(
    ("passed", "is_open"), [(0, True), (24 * HOUR - 1, True), (24 * HOUR, False), (-2 * MINUTE, True), (-2 * MINUTE - 1, False)]
)
def test_an_invitation_is_open_for_24_hours_and_not_before_it_was_made(passed: int, is_open: bool) -> None:
    """Dated in the future it opens nothing: a clock was wrong."""
    assert invitation().is_open(AT + passed) == is_open


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("inviter_role", [*Role, None])
@pytest.mark.parametrize("is_active", [True, False])
def test_it_stands_while_who_gave_it_may_give_its_role(role: Role, inviter_role: Role | None, is_active: bool) -> None:
    """Owners give every role, admins make agents, and nobody who is suspended gives any."""
    may = is_active and (inviter_role is Role.OWNER or (inviter_role is Role.ADMIN and role is Role.AGENT))
    assert invitation(role).stands(Inviter("Anna", inviter_role, is_active, 4)) == may


@pytest.mark.parametrize("version", [3, 5])
def test_it_stands_on_the_version_of_who_gave_it_alone(version: int) -> None:
    """Who has it from a thief in the giver's session joins no more once the giver has changed their password."""
    assert not invitation().stands(Inviter("Anna", Role.OWNER, is_active=True, security_version=version))


@pytest.mark.parametrize("role", Role)
def test_the_operators_stands_whatever_its_role(role: Role) -> None:
    """Nobody can take the command line from them."""
    assert invitation(role, invited_by=None).stands(None)


def test_one_of_nobody_and_one_with_a_role_of_a_newer_version_do_not_stand() -> None:
    """What it would allow is not known here."""
    assert not invitation().stands(None)
    assert not invitation(None, invited_by=None).stands(None)
