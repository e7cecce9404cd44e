"""Who has asked for a reset of a member's 2FA is told what became of it, without having to look."""

from collections.abc import Callable

import pytest

from tests.support.installation import CLIENT, Installation
from tests.support.mails import links, send
from tests.support.resets import BO, DAGNY, Team, again, approve, ask, make_due, make_team, run_job
from tests.use_cases.instrumentation import events
from xpressbot.entrypoints.services import Services
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Done
from xpressbot.identity.team.reset_requests import StoppableReset

DONE, ENDED = EventKind.ASKED_RESET_DONE, EventKind.ASKED_RESET_ENDED


@pytest.fixture
def services(installation: Installation) -> Services:
    return installation.services


@pytest.fixture
def team(services: Services) -> Team:
    return make_team(services)


def told(installation: Installation, team: Team) -> list[NewEvent]:
    """What the one who asked is told."""
    return [event for event in events(installation, team.bo.account.id) if event.kind in {DONE, ENDED}]


def _approved(installation: Installation, team: Team) -> None:
    approve(installation.services, team.cai.caller, ask(installation.services, team.bo.caller, team.dagny))


def _due(installation: Installation, team: Team) -> None:
    ask(installation.services, team.bo.caller, team.dagny)
    make_due(installation)
    run_job(installation)


def _stopped_by_the_member(installation: Installation, team: Team) -> None:
    ask(installation.services, team.bo.caller, team.dagny)
    assert installation.services.identity.reset_requests.stop(team.dagny.caller) == Done()


def _stopped_by_the_link(installation: Installation, team: Team) -> None:
    ask(installation.services, team.bo.caller, team.dagny)
    (link,) = links([mail for mail in send(installation) if mail["To"] == DAGNY], LinkKind.RESET_STOP)
    assert isinstance(installation.services.identity.reset_requests.stop_by_link(link, CLIENT), StoppableReset)


def _stopped_by_another_admin(installation: Installation, team: Team) -> None:
    asked = ask(installation.services, team.bo.caller, team.dagny)
    withdraw = installation.services.identity.reset_requests.withdraw
    assert withdraw(team.cai.caller, team.dagny.account.id, asked.request.id) == Done()


def _void(installation: Installation, team: Team) -> None:
    ask(installation.services, team.bo.caller, team.dagny)
    again(installation.services, team.dagny)
    run_job(installation)


ENDS: dict[str, tuple[Callable[[Installation, Team], None], EventKind, Callable[[Team], str | None]]] = {
    "approved": (_approved, DONE, lambda team: team.cai.account.id),
    "carried out by the job": (_due, DONE, lambda _team: None),
    "stopped by the member": (_stopped_by_the_member, ENDED, lambda team: team.dagny.account.id),
    "stopped by the mailed link": (_stopped_by_the_link, ENDED, lambda _team: None),
    "stopped by another admin": (_stopped_by_another_admin, ENDED, lambda team: team.cai.account.id),
    "void": (_void, ENDED, lambda _team: None),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_one_who_asked_is_told_once_with_the_member_and_who_did_it(installation: Installation, team: Team, end: str) -> None:
    """On their dashboard and by mail; not from which network and browser, which is personal data of somebody else."""
    happens, kind, actor = ENDS[end]
    happens(installation, team)
    (event,) = told(installation, team)
    cause = {"cause": "second_factor_proven"} if end == "void" else {}
    assert (event.kind, event.actor, event.target) == (kind, actor(team), team.dagny.account.id)
    assert event.details == {"email": DAGNY} | cause
    mailed = [mail for mail in send(installation) if mail["To"] == BO and "that you asked for" in str(mail["Subject"])]
    assert len(mailed) == 1
    assert "If this was you" not in mailed[0].get_content()
    assert DAGNY not in mailed[0].get_content()  # mails name nobody but their recipient


def test_who_has_withdrawn_their_own_request_is_told_nothing(installation: Installation, services: Services, team: Team) -> None:
    """They know."""
    asked = ask(services, team.bo.caller, team.dagny)
    assert services.identity.reset_requests.withdraw(team.bo.caller, team.dagny.account.id, asked.request.id) == Done()
    assert told(installation, team) == []


def test_who_is_in_the_team_no_more_is_told_nothing(installation: Installation, services: Services, team: Team) -> None:
    """What becomes of its members is not for them."""
    ask(services, team.bo.caller, team.dagny)
    assert services.identity.members.remove(team.owner.caller, team.bo.account.id) == Done()
    run_job(installation)
    assert told(installation, team) == []
