"""Ending the process at any statement leaves a reset as before or as after: never a request without its member, or half of a reset."""

from typing import Any

import pytest
from sqlalchemy import Table

from tests.support.crashes import Content, crash_everywhere
from tests.support.installation import CLIENT, Installation
from tests.support.mailed_links import links_to
from tests.support.resets import DAGNY, REASON, Team, again, ask, make_due, make_team
from xpressbot.entrypoints.services import Services
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Done
from xpressbot.identity.tables import ACCOUNT, AUTHENTICATOR, LINK, SECURITY_EVENT
from xpressbot.identity.team.reset_decisions import ReEnrolmentLink
from xpressbot.identity.team.reset_requests import StoppableReset
from xpressbot.identity.team.tables import RESET_REQUEST

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def team(installation: Installation) -> Team:
    return make_team(installation.services)


def rows(stage: Content, table: Table) -> list[dict[str, Any]]:
    """The rows of a table at a stage, by the names of their columns."""
    names = [column.name for column in table.columns if column.name != "password_hash"]
    return [dict(zip(names, row, strict=True)) for row in stage[table.name]]


def state(stage: Content, team: Team) -> tuple[int, bool, bool, int, int]:
    """Requests, whether the account waits for one, whether it was reset, its authenticators in force, the events of the team."""
    (account,) = [row for row in rows(stage, ACCOUNT) if row["id"] == team.dagny.account.id]
    active = [row for row in rows(stage, AUTHENTICATOR) if (row["account_id"], row["state"]) == (account["id"], "active")]
    of_team = [row for row in rows(stage, SECURITY_EVENT) if row["kind"].startswith("team.reset")]
    waits, is_reset = account["reset_request_id"] is not None, bool(account["must_enrol"])
    return len(stage[RESET_REQUEST.name]), waits, is_reset, len(active), len(of_team)


def test_asking(installation: Installation, team: Team) -> None:
    """The request, its mails and its events, or nothing. The try may be counted before."""

    def operation(services: Services) -> None:
        assert services.identity.reset_requests.ask(team.bo.caller, team.dagny.account.id, REASON) == Done()

    stages = crash_everywhere(installation, operation)
    assert list(dict.fromkeys(state(stage, team) for stage in stages)) == [(0, False, False, 1, 0), (1, True, False, 1, 1)]


def test_approving(installation: Installation, team: Team) -> None:
    """All that 2FA rests on goes with the request, and there is the link."""
    asked = ask(installation.services, team.bo.caller, team.dagny)

    def operation(services: Services) -> None:
        outcome = services.identity.reset_decisions.approve(team.cai.caller, team.dagny.account.id, asked.request.id)
        assert isinstance(outcome, ReEnrolmentLink)

    before, after = crash_everywhere(installation, operation)
    assert (state(before, team), state(after, team)) == ((1, True, False, 1, 1), (0, False, True, 0, 2))


def test_carrying_out_what_is_due(installation: Installation, team: Team) -> None:
    """The lease may be taken; what is not done is done in the next round."""
    ask(installation.services, team.bo.caller, team.dagny)
    make_due(installation)

    def operation(services: Services) -> None:
        services.identity.reset_decisions.carry_out_due()

    stages = crash_everywhere(installation, operation)
    assert list(dict.fromkeys(state(stage, team) for stage in stages)) == [(1, True, False, 1, 1), (0, False, True, 0, 2)]


def test_recording_what_is_void(installation: Installation, team: Team) -> None:
    """The request goes with its event."""
    ask(installation.services, team.bo.caller, team.dagny)
    again(installation.services, team.dagny)

    def operation(services: Services) -> None:
        services.identity.reset_decisions.carry_out_due()

    stages = crash_everywhere(installation, operation)
    assert list(dict.fromkeys(state(stage, team) for stage in stages)) == [(1, False, False, 1, 1), (0, False, False, 1, 2)]


def test_stopping(installation: Installation, team: Team) -> None:
    """By the member's button."""
    ask(installation.services, team.bo.caller, team.dagny)

    def operation(services: Services) -> None:
        assert services.identity.reset_requests.stop(team.dagny.caller) == Done()

    before, after = crash_everywhere(installation, operation)
    assert (state(before, team), state(after, team)) == ((1, True, False, 1, 1), (0, False, False, 1, 2))


def test_stopping_by_the_mailed_link(installation: Installation, team: Team) -> None:
    """The link is used up with the request."""
    ask(installation.services, team.bo.caller, team.dagny)
    (link,) = links_to(installation, DAGNY, LinkKind.RESET_STOP)

    def operation(services: Services) -> None:
        assert isinstance(services.identity.reset_requests.stop_by_link(link, CLIENT), StoppableReset)

    before, after = crash_everywhere(installation, operation)
    assert (state(before, team), state(after, team)) == ((1, True, False, 1, 1), (0, False, False, 1, 2))


def test_showing_the_link(installation: Installation, team: Team) -> None:
    """The one before stays good, or the new one is."""
    services = installation.services
    ask(services, team.bo.caller, team.dagny)
    make_due(installation)
    services.identity.reset_decisions.carry_out_due()

    def operation(services: Services) -> None:
        assert isinstance(services.identity.reset_decisions.show_link(team.bo.caller, team.dagny.account.id), ReEnrolmentLink)

    before, after = crash_everywhere(installation, operation)
    open_links = [[row for row in rows(stage, LINK) if row["kind"] == "re-enrolment"] for stage in (before, after)]
    assert [len(links) for links in open_links] == [0, 1]
