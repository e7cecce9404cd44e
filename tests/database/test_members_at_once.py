"""Several people who act on members at the same moment, in threads and in processes: one comes first, and the others are told."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from tests.support.child_processes import fork_together
from tests.support.installation import Installation
from tests.support.people import Person, protected
from tests.use_cases.instrumentation import events
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import TEAM, EventKind
from xpressbot.identity.outcomes import Denied, Done, Reason
from xpressbot.identity.profile.closing import ClosingRefusal
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.tables import ACCOUNT
from xpressbot.identity.team.member_actions import MemberRefusal

Operation = Callable[[], object]
Race = Callable[[Installation, Sequence[Operation]], list["Reason | None"]]
REASONS: tuple[Reason | None, ...] = (None, *MemberRefusal, *SessionRefusal, *ClosingRefusal)
"""What can become of an operation; None for one that was done."""


def _outcome(operation: Operation) -> int:
    outcome = operation()
    assert isinstance(outcome, Done | Denied), outcome
    return REASONS.index(outcome.reason if isinstance(outcome, Denied) else None)


def in_threads(installation: Installation, operations: Sequence[Operation]) -> list[Reason | None]:
    del installation
    barrier = threading.Barrier(len(operations), timeout=60)

    def run(operation: Operation) -> int:
        barrier.wait()
        return _outcome(operation)

    with ThreadPoolExecutor(len(operations)) as threads:
        return [REASONS[code] for code in threads.map(run, operations)]


def in_processes(installation: Installation, operations: Sequence[Operation]) -> list[Reason | None]:
    def run(number: int, meet: Callable[[], None]) -> int:
        installation.services.database.ping()
        # Or each process would draw the ids of the other. A number of bytes under five takes one word of the seeded source, whatever it is.
        installation.entropy.token_bytes(1000 * number)
        meet()
        return _outcome(operations[number])

    return [REASONS[code] for code in fork_together(len(operations), run, beside=installation.services.database)]


@pytest.fixture(params=[in_threads, in_processes], ids=["threads", "processes"])
def race(request: pytest.FixtureRequest) -> Race:
    race: Race = request.param
    return race


@dataclass(frozen=True)
class Team:
    """Two owners, two admins and an agent, all with 2FA on."""

    installation: Installation
    owners: tuple[Person, Person]
    admins: tuple[Person, Person]
    agent: Person

    def active_owners(self) -> int:
        is_owner = (ACCOUNT.c.role == Role.OWNER.value, ACCOUNT.c.status == AccountStatus.ACTIVE.value)
        with self.installation.services.database.read() as connection:
            return connection.execute(select(func.count()).select_from(ACCOUNT).where(*is_owner)).scalar_one()

    def recorded(self) -> list[EventKind]:
        """What the team's record tells, verified, but who joined."""
        return [event.kind for event in events(self.installation, TEAM) if event.kind is not EventKind.MEMBER_JOINED]


@pytest.fixture
def team(installation: Installation) -> Team:
    def member(name: str, role: Role) -> Person:
        return protected(installation.services, f"{name}@example.com", role=role)

    owners = member("anna", Role.OWNER), member("berta", Role.OWNER)
    return Team(installation, owners, (member("carla", Role.ADMIN), member("dora", Role.ADMIN)), member("emil", Role.AGENT))


def test_of_two_owners_who_remove_each_other_one_stays(team: Team, race: Race) -> None:
    """The one who came second was removed before: nobody signed in, and the team has its owner (PEOPLE 19, 22)."""
    members, (anna, berta) = team.installation.services.identity.members, team.owners
    outcomes = race(
        team.installation,
        [lambda: members.remove(anna.caller, berta.account.id), lambda: members.remove(berta.caller, anna.account.id)],
    )
    assert sorted(map(str, outcomes)) == sorted(map(str, [None, SessionRefusal.NOT_SIGNED_IN]))
    assert team.active_owners() == 1
    assert team.recorded() == [EventKind.MEMBER_REMOVED]


def test_of_two_owners_who_suspend_each_other_one_stays(team: Team, race: Race) -> None:
    """The same."""
    members, (anna, berta) = team.installation.services.identity.members, team.owners
    outcomes = race(
        team.installation,
        [lambda: members.suspend(anna.caller, berta.account.id), lambda: members.suspend(berta.caller, anna.account.id)],
    )
    assert sorted(map(str, outcomes)) == sorted(map(str, [None, SessionRefusal.NOT_SIGNED_IN]))
    assert team.active_owners() == 1
    assert team.recorded() == [EventKind.MEMBER_SUSPENDED]


def test_of_two_owners_who_take_each_others_role_one_keeps_it(team: Team, race: Race) -> None:
    """The second is an agent by then, and told that their role does not include it."""
    members, (anna, berta) = team.installation.services.identity.members, team.owners
    outcomes = race(
        team.installation,
        [
            lambda: members.change_role(anna.caller, berta.account.id, Role.AGENT),
            lambda: members.change_role(berta.caller, anna.account.id, Role.AGENT),
        ],
    )
    assert sorted(map(str, outcomes)) == sorted(map(str, [None, SessionRefusal.NOT_PERMITTED]))
    assert team.active_owners() == 1


def test_of_two_owners_who_step_down_one_does(team: Team, race: Race) -> None:
    """Their locks are the accounts' own, so that the team's row alone keeps them apart."""
    members, (anna, berta) = team.installation.services.identity.members, team.owners
    outcomes = race(
        team.installation,
        [
            lambda: members.change_role(anna.caller, anna.account.id, Role.ADMIN),
            lambda: members.change_role(berta.caller, berta.account.id, Role.ADMIN),
        ],
    )
    assert sorted(map(str, outcomes)) == sorted(map(str, [None, MemberRefusal.NO_OTHER_OWNER]))
    assert team.active_owners() == 1


def test_of_two_owners_who_leave_one_does(team: Team, race: Race) -> None:
    """By closing their accounts, or the one by that and the other by the operator's word."""
    identity, (anna, berta) = team.installation.services.identity, team.owners
    outcomes = race(
        team.installation,
        [lambda: identity.account_closing.close(anna.caller), lambda: identity.account_closing.close(berta.caller)],
    )
    assert sorted(map(str, outcomes)) == sorted(map(str, [None, ClosingRefusal.LAST_OWNER]))
    assert team.active_owners() == 1
    assert team.recorded() == [EventKind.MEMBER_LEFT]


def test_an_owner_who_leaves_while_the_operator_takes_the_others_role(team: Team, race: Race) -> None:
    """Whichever comes second is refused."""
    identity, (anna, berta) = team.installation.services.identity, team.owners
    outcomes = race(
        team.installation,
        [
            lambda: identity.account_closing.close(anna.caller),
            lambda: identity.member_administration.change_role(berta.account.email, Role.AGENT),
        ],
    )
    assert outcomes in ([None, MemberRefusal.NO_OTHER_OWNER], [ClosingRefusal.LAST_OWNER, None])
    assert team.active_owners() == 1


def test_of_two_admins_who_suspend_the_same_member_one_is_told_that_it_was_done(team: Team, race: Race) -> None:
    """And the record tells of it once."""
    members, agent = team.installation.services.identity.members, team.agent.account.id
    carla, dora = team.admins
    outcomes = race(team.installation, [lambda: members.suspend(carla.caller, agent), lambda: members.suspend(dora.caller, agent)])
    assert sorted(map(str, outcomes)) == sorted(map(str, [None, MemberRefusal.ALREADY_DONE]))
    assert team.recorded() == [EventKind.MEMBER_SUSPENDED]


def test_of_an_admin_who_removes_a_member_and_one_who_suspends_them_neither_half_is_done(team: Team, race: Race) -> None:
    """Removed in the end, whichever came first."""
    members, agent = team.installation.services.identity.members, team.agent.account.id
    carla, dora = team.admins
    outcomes = race(team.installation, [lambda: members.remove(carla.caller, agent), lambda: members.suspend(dora.caller, agent)])
    assert outcomes in ([None, None], [None, SessionRefusal.NO_SUCH_MEMBER])
    with team.installation.services.database.read() as connection:
        row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == agent)).one()
    assert (row.status, row.email_key, row.password_hash) == (AccountStatus.REMOVED.value, None, "")


def test_ownership_that_is_handed_over_to_two_at_once_goes_to_one(team: Team, race: Race) -> None:
    """By the second half of a double click the person is an admin."""
    members, (anna, _berta) = team.installation.services.identity.members, team.owners
    carla, dora = team.admins
    outcomes = race(
        team.installation,
        [
            lambda: members.hand_over_ownership(anna.caller, carla.account.id),
            lambda: members.hand_over_ownership(anna.caller, dora.account.id),
        ],
    )
    assert sorted(map(str, outcomes)) == sorted(map(str, [None, SessionRefusal.NOT_PERMITTED]))
    assert team.active_owners() == 2
