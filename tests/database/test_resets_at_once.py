"""Two people at once about one reset, in threads and in processes, on both engines: one wins, the other is told, nothing is half-done."""

from collections.abc import Callable, Sequence
from functools import partial

import pytest
from sqlalchemy import select

from tests.database.test_sessions_at_once import at_once
from tests.support.child_processes import fork_together
from tests.support.installation import Installation
from tests.support.people import pending, prove
from tests.support.resets import DAGNY, REASON, Team, ask, make_due, make_team
from tests.use_cases.instrumentation import events
from xpressbot.bootstrap import build
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.entropy import SystemEntropy
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.audit.rules.event import TEAM, EventKind
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.tables import ACCOUNT, AUTHENTICATOR, LINK
from xpressbot.identity.team.tables import RESET_REQUEST
from xpressbot.identity.use_cases import Identity

Operation = Callable[[Identity], object]
"""What somebody does."""
Race = Callable[[Installation, Sequence[Operation]], Sequence[str]]


def in_threads(installation: Installation, operations: Sequence[Operation]) -> Sequence[str]:
    """What becomes of each operation, all begun at the same moment on one process's connections."""
    return [named(outcome) for outcome in at_once(*(partial(operation, installation.services.identity) for operation in operations))]


def in_processes(installation: Installation, operations: Sequence[Operation]) -> Sequence[str]:
    """The same, each in a process that has connections and chance of its own."""
    outcomes = [DONE, TOLD, NOTHING]

    def run(number: int, meet: Callable[[], None]) -> int:
        services = build(installation.services.settings, system=System(installation.clock, SystemEntropy()), durable=False)
        services.database.ping()
        meet()
        return outcomes.index(named(operations[number](services.identity)))

    return [outcomes[code] for code in fork_together(len(operations), run, beside=installation.services.database)]


DONE, TOLD, NOTHING = "done", "told", "nothing"


def named(outcome: object) -> str:
    """Done, or refused with a reason; the job says neither."""
    return TOLD if isinstance(outcome, Denied) else NOTHING if outcome is None else DONE


both_ways = pytest.mark.parametrize("race", [in_threads, in_processes])


@pytest.fixture
def team(installation: Installation) -> Team:
    return make_team(installation.services)


def kinds_of_team(installation: Installation) -> list[EventKind | None]:
    return [event.kind for event in events(installation, TEAM) if event.kind is not None and event.kind.value.startswith("team.reset")]


def state(installation: Installation, team: Team) -> tuple[bool, int, int]:
    """Whether 2FA was reset, how many requests wait, and how many links open its set-up; all of it fits together."""
    with installation.services.database.read() as connection:
        row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == team.dagny.account.id)).one()
        waiting = connection.execute(select(RESET_REQUEST.c.id).where(RESET_REQUEST.c.account_id == row.id)).scalars().all()
        active = connection.execute(
            select(AUTHENTICATOR.c.id).where(AUTHENTICATOR.c.account_id == row.id, AUTHENTICATOR.c.state == "active")
        )
        links = connection.execute(select(LINK.c.kind).where(LINK.c.account_id == row.id, LINK.c.consumed_at.is_(None))).scalars().all()
        assert bool(row.must_enrol) is (not active.all())
        assert row.reset_request_id in {None, *waiting}
        for subject in (row.id, TEAM):
            assert events(installation, subject)
        return bool(row.must_enrol), len(waiting), links.count("re-enrolment")


@both_ways
def test_a_stop_and_an_approval(race: Race, installation: Installation, team: Team) -> None:
    """The member's button or the second admin's, whichever is first."""
    asked = ask(installation.services, team.bo.caller, team.dagny)
    outcomes = race(
        installation,
        [
            lambda identity: identity.reset_requests.stop(team.dagny.caller),
            lambda identity: identity.reset_decisions.approve(team.cai.caller, team.dagny.account.id, asked.request.id),
        ],
    )
    # With the approval the member's sessions end: the stop is then refused as that of a browser that is signed out.
    assert sorted(outcomes) == [DONE, TOLD]
    is_approved = outcomes[1] == DONE
    assert state(installation, team) == (is_approved, 0, int(is_approved))
    last = EventKind.RESET_APPROVED if is_approved else EventKind.RESET_STOPPED
    assert kinds_of_team(installation) == [EventKind.RESET_REQUESTED, last]


@both_ways
def test_two_approvals(race: Race, installation: Installation, team: Team) -> None:
    """One link there is, and the other admin is told that the request is over."""
    asked = ask(installation.services, team.bo.caller, team.dagny)
    outcomes = race(
        installation,
        [
            lambda identity, who=who: identity.reset_decisions.approve(who.caller, team.dagny.account.id, asked.request.id)  # type: ignore[misc]
            for who in (team.cai, team.owner)
        ],
    )
    assert sorted(outcomes) == [DONE, TOLD]
    assert state(installation, team) == (True, 0, 1)
    assert kinds_of_team(installation) == [EventKind.RESET_REQUESTED, EventKind.RESET_APPROVED]


@both_ways
def test_two_requests_for_one_member(race: Race, installation: Installation, team: Team) -> None:
    """One waits."""
    outcomes = race(
        installation,
        [
            lambda identity, who=who: identity.reset_requests.ask(who.caller, team.dagny.account.id, REASON)  # type: ignore[misc]
            for who in (team.bo, team.cai)
        ],
    )
    assert sorted(outcomes) == [DONE, TOLD]
    assert state(installation, team) == (False, 1, 0)
    assert kinds_of_team(installation) == [EventKind.RESET_REQUESTED]


@both_ways
def test_two_admins_ask_for_each_others_reset(race: Race, installation: Installation, team: Team) -> None:
    """Both lock both accounts in one order: neither waits for ever."""
    outcomes = race(
        installation,
        [
            lambda identity: identity.reset_requests.ask(team.bo.caller, team.cai.account.id, REASON),
            lambda identity: identity.reset_requests.ask(team.cai.caller, team.bo.account.id, REASON),
        ],
    )
    assert outcomes == [DONE, DONE]


@both_ways
def test_an_approval_and_a_sign_in_with_a_code(race: Race, installation: Installation, team: Team) -> None:
    """The member finds their phone meanwhile: they are in, or reset, never both."""
    asked = ask(installation.services, team.bo.caller, team.dagny)
    waiting, code = pending(installation.services, DAGNY), TotpCode(team.dagny.phone.code())
    outcomes = race(
        installation,
        [
            lambda identity: prove(identity, waiting, code),
            lambda identity: identity.reset_decisions.approve(team.cai.caller, team.dagny.account.id, asked.request.id),
        ],
    )
    assert sorted(outcomes) == [DONE, TOLD]
    is_approved = outcomes[1] == DONE
    assert state(installation, team)[0] is is_approved
    installation.services.identity.reset_decisions.carry_out_due()
    assert state(installation, team) == (is_approved, 0, int(is_approved))


@both_ways
def test_an_approval_and_the_members_suspension(race: Race, installation: Installation, team: Team) -> None:
    """A suspended member is not reset; one who was reset is suspended, and the link ends."""
    asked = ask(installation.services, team.bo.caller, team.dagny)
    outcomes = race(
        installation,
        [
            lambda identity: identity.administration.set_status(DAGNY, AccountStatus.DISABLED),
            lambda identity: identity.reset_decisions.approve(team.cai.caller, team.dagny.account.id, asked.request.id),
        ],
    )
    assert outcomes[0] == DONE
    assert state(installation, team)[0] is (outcomes[1] == DONE)
    installation.services.identity.reset_decisions.carry_out_due()
    assert state(installation, team)[1] == 0


@both_ways
def test_a_stop_when_it_is_due(race: Race, installation: Installation, team: Team) -> None:
    """In the last moment: the member has stopped it, or was told that it is done."""
    ask(installation.services, team.bo.caller, team.dagny)
    make_due(installation)
    outcomes = race(
        installation,
        [
            lambda identity: identity.reset_requests.stop(team.dagny.caller),
            lambda identity: identity.reset_decisions.carry_out_due(),
        ],
    )
    assert state(installation, team) == (outcomes[0] == TOLD, 0, 0)
    last = EventKind.RESET_DONE if outcomes[0] == TOLD else EventKind.RESET_STOPPED
    assert kinds_of_team(installation) == [EventKind.RESET_REQUESTED, last]


@both_ways
def test_an_approval_when_it_is_due(race: Race, installation: Installation, team: Team) -> None:
    """It is carried out once."""
    asked = ask(installation.services, team.bo.caller, team.dagny)
    make_due(installation)
    outcomes = race(
        installation,
        [
            lambda identity: identity.reset_decisions.approve(team.cai.caller, team.dagny.account.id, asked.request.id),
            lambda identity: identity.reset_decisions.carry_out_due(),
        ],
    )
    is_approved = outcomes[0] == DONE
    assert state(installation, team) == (True, 0, int(is_approved))
    assert kinds_of_team(installation)[1:] == [EventKind.RESET_APPROVED if is_approved else EventKind.RESET_DONE]


@both_ways
def test_an_approval_while_the_one_who_asked_loses_the_role(race: Race, installation: Installation, team: Team) -> None:
    """Whichever is first; afterwards nothing waits."""
    asked = ask(installation.services, team.bo.caller, team.dagny)

    def demote(identity: Identity) -> object:
        return identity.administration.set_status(team.bo.account.email, AccountStatus.DISABLED)

    outcomes = race(
        installation,
        [demote, lambda identity: identity.reset_decisions.approve(team.cai.caller, team.dagny.account.id, asked.request.id)],
    )
    installation.services.identity.reset_decisions.carry_out_due()
    assert state(installation, team)[:2] == (outcomes[1] == DONE, 0)
