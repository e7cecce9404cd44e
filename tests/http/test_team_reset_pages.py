"""Pages of a reset that a team decides: asking, approving, stopping, the link that is shown once (ASVS 6.4.4, SECURITY-BARS 3.5)."""

import re
from collections.abc import Callable

import pytest

from tests.http.conftest import both_engines
from tests.http.raw_requests import SESSION_COOKIE, contents, words
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.mailed_links import links_to
from tests.support.people import Person
from tests.support.resets import BO, CAI, DAGNY, REASON, Team, ask, make_due, make_team, write
from xpressbot.foundation.times import DAY
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.team.rules.reset import INDEPENDENT_AFTER, ROLE_HELD_FOR

RESETS = "/team/resets"
BUTTON = "Stop the reset"


@pytest.fixture
def team(installation: Installation) -> Team:
    return make_team(installation.services)


@pytest.fixture
def browser_of(new_browser: Callable[..., Browser]) -> Callable[[Person], Browser]:
    """A browser that has a person's session."""

    def holding(person: Person) -> Browser:
        browser = new_browser()
        browser.cookies.set(SESSION_COOKIE, person.caller.token.text)
        return browser

    return holding


def page_of(person: Person) -> str:
    return f"/team/members/{person.account.id}/reset"


def request_on(page: str) -> str:
    found = re.search(r'name="request" value="(\w+)"', page)
    assert found is not None
    return found[1]


@both_engines
def test_two_admins_reset_a_member_who_then_needs_password_and_link(
    installation: Installation, team: Team, browser_of: Callable[[Person], Browser], new_browser: Callable[..., Browser]
) -> None:
    """ASVS 6.4.4: a reason, step-up, a second pair of eyes; both get notices; the member enrols before anything else."""
    bo, cai, dagny = (browser_of(person) for person in (team.bo, team.cai, team.dagny))
    page = page_of(team.dagny)
    shown = words(bo.get(page).text)
    assert "2 other owners or admins can approve it" in shown
    assert "Without approval nothing happens: no mail can reach the member" in shown
    assert bo.post(page, reason=REASON).headers["location"] == page
    assert "You have asked for this reset, so another owner or admin must approve it." in words(bo.get(page).text)
    assert BUTTON in dagny.get("/account/history").text
    waits = cai.get(RESETS).text
    assert (REASON in waits, BO in waits) == (True, True)
    assert "Bots and channels are never touched" in waits
    done = cai.post(f"{page}/approve", request=request_on(waits))
    assert done.status_code == 200
    assert "no-store" in done.headers["cache-control"]
    link = re.search(r"/link/re-enrolment\?token=[\w-]+", done.text)
    assert link is not None
    assert "token=" not in cai.get(page).text
    assert dagny.who() is None
    again = cai.post(f"{page}/approve", request=request_on(waits))
    assert (again.status_code, "This request is over" in words(again.text)) == (409, True)
    member = new_browser()
    assert member.sign_in(DAGNY).headers["location"] == "/link/re-enrolment"
    assert member.post("/account/2fa/start").headers["location"].startswith("/link/re-enrolment")
    member.get(link[0])
    member.enable_2fa()
    dashboard = words(member.get("/").text)
    told = f"Your account history says who. Asked for by {BO}. Reason given: {REASON}."
    assert f"2FA was reset An owner or an admin did this. {told}" in dashboard
    assert f"Done by Anna Berg ({CAI})" in words(member.get("/account/history?group=second-factor").text)
    assert links_to(installation, DAGNY, LinkKind.RE_ENROLMENT) == []


def test_the_member_stops_it_from_any_page(team: Team, installation: Installation, browser_of: Callable[[Person], Browser]) -> None:
    """One button on every page of a live session; the one who approves meanwhile is told."""
    asked = ask(installation.services, team.bo.caller, team.dagny)
    cai, dagny = browser_of(team.cai), browser_of(team.dagny)
    for path in ("/", "/account", "/account/sessions", "/account/2fa/apps"):
        assert BUTTON in dagny.get(path).text
    assert BUTTON not in browser_of(team.bo).get("/account").text
    assert dagny.post("/account/reset/stop").headers["location"] == "/"
    assert BUTTON not in dagny.get("/").text
    assert dagny.post("/account/reset/stop").headers["location"] == "/"
    refused = cai.post(f"{page_of(team.dagny)}/approve", request=asked.request.id)
    assert (refused.status_code, "was stopped" in words(refused.text)) == (409, True)


def test_a_mailed_link_stops_it_with_one_button(
    team: Team, installation: Installation, browser_of: Callable[[Person], Browser], new_browser: Callable[..., Browser]
) -> None:
    """Opening it changes nothing; it signs nobody in; used, it says what became of it."""
    ask(installation.services, team.bo.caller, team.dagny)
    (token,) = links_to(installation, DAGNY, LinkKind.RESET_STOP)
    browser = new_browser()
    before = contents(installation)
    browser.get(f"/link/reset-stop?token={token.text}")
    page = words(browser.get("/link/reset-stop").text)
    assert contents(installation) == before
    assert (REASON in page, BO in page) == (True, True)
    assert "stays as it is" in words(browser.post("/link/reset-stop").text)
    assert browser.who() is None
    assert browser_of(team.dagny).who() is not None
    gone = browser.get(f"/link/reset-stop?token={token.text}")
    assert (gone.status_code, "The reset was stopped" in words(gone.text)) == (410, True)
    assert "No reset is waiting." in words(browser_of(team.cai).get(RESETS).text)


def test_after_the_waiting_time_any_admin_has_the_link_shown(
    team: Team, installation: Installation, browser_of: Callable[[Person], Browser]
) -> None:
    """The page of all resets leads there; each press makes another link, and voids the one before."""
    ask(installation.services, team.bo.caller, team.dagny)
    make_due(installation)
    installation.services.identity.reset_decisions.carry_out_due()
    cai = browser_of(team.cai)
    assert page_of(team.dagny) in cai.get(RESETS).text
    assert "Show the link" in words(cai.get(page_of(team.dagny)).text)
    shown = cai.post(f"{page_of(team.dagny)}/link")
    assert (shown.status_code, "/link/re-enrolment?token=" in shown.text) == (200, True)


def test_a_reason_is_one_line_and_is_not_lost_on_the_way_to_step_up(
    team: Team, installation: Installation, browser_of: Callable[[Person], Browser]
) -> None:
    """The page asks for the proof before it shows the field."""
    bo = browser_of(team.bo)
    for reason in ("", " ", "x" * 101, "a\x00b"):
        assert bo.post(page_of(team.dagny), reason=reason).status_code == 422
    assert bo.post(page_of(team.dagny), reason="<b>lost</b>").status_code == 303
    assert "<b>lost" not in bo.get(page_of(team.dagny)).text
    installation.clock.advance(minutes=6)
    page = page_of(team.dagny)
    assert bo.get(page).headers["location"] == f"/account/confirm-identity?next={page}"
    assert "The next step concerns your team." in words(bo.get(f"/account/confirm-identity?next={page}").text)
    assert "The next step changes how your account is protected." in words(bo.get("/account/confirm-identity").text)
    for path in ("approve", "link"):
        assert bo.post(f"{page}/{path}", request="x").headers["location"] == f"/account/confirm-identity?next={page}"


def test_who_may_not_is_told_so(team: Team, installation: Installation, browser_of: Callable[[Person], Browser]) -> None:
    """SECURITY-BARS 3.5: an agent, 403; an admin on an owner, 403; nobody's id, 404; oneself, the way to others."""
    owner, bo, dagny = (browser_of(person) for person in (team.owner, team.bo, team.dagny))
    assert [dagny.get(path).status_code for path in (RESETS, page_of(team.bo))] == [403, 403]
    assert [bo.get(page_of(team.owner)).status_code, bo.post(page_of(team.owner), reason=REASON).status_code] == [403, 403]
    assert bo.get("/team/members/" + "0" * 32 + "/reset").status_code == 404
    assert bo.post("/team/members/" + "0" * 32 + "/reset/approve", request="x").status_code == 404
    assert "Nobody resets their own 2FA." in words(bo.get(page_of(team.bo)).text)
    refused = bo.post(page_of(team.bo), reason=REASON)
    assert (refused.status_code, "Nobody resets their own 2FA" in words(refused.text)) == (409, True)
    for person in (team.bo, team.cai):
        write(installation.services, person.account.id, role=Role.AGENT.value)
    page = owner.get(page_of(team.dagny)).text
    assert f"xpressbot 2fa reset {DAGNY}" in words(page)
    assert "Ask for the reset" not in words(page)
    assert owner.post(page_of(team.dagny), reason=REASON).status_code == 409


def test_the_page_says_when_those_who_are_there_cannot_approve_yet(
    team: Team, installation: Installation, browser_of: Callable[[Person], Browser]
) -> None:
    """Nobody has held their role for long enough: the sentence has the limits of the rule."""
    write(installation.services, None, role_since=installation.clock.now())
    page = words(browser_of(team.bo).get(page_of(team.dagny)).text)
    held, independent = ROLE_HELD_FOR // DAY, INDEPENDENT_AFTER // DAY
    assert f"Nobody can approve it yet. An approver must have held their role for at least {held} days." in page
    assert f"or given each other a role, within the last {independent} days." in page


def test_a_fourth_reset_of_a_member_in_a_day_is_429_with_when_again(team: Team, browser_of: Callable[[Person], Browser]) -> None:
    """The page says when, and keeps what was typed; nothing waits."""
    bo, page = browser_of(team.bo), page_of(team.dagny)
    for _time in range(3):
        assert bo.post(page, reason=REASON).status_code == 303
        assert bo.post(f"{page}/stop", request=request_on(bo.get(page).text)).status_code == 303
    refused = bo.post(page, reason=REASON)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, str(24 * 60 * 60))
    assert "Too many tries. Try again" in words(refused.text)
    assert f'value="{REASON}"' in refused.text
    assert "A reset is waiting" not in words(bo.get(page).text)


def test_another_sites_form_and_a_get_do_nothing(team: Team, installation: Installation, browser_of: Callable[[Person], Browser]) -> None:
    """Each action is a POST of our own page that names whom it was shown to."""
    ask(installation.services, team.bo.caller, team.dagny)
    cai = browser_of(team.cai)
    before = contents(installation)
    for path in ("approve", "stop", "link"):
        assert cai.get(f"{page_of(team.dagny)}/{path}").status_code == 405
        assert cai.request("POST", f"{page_of(team.dagny)}/{path}", headers={"Origin": "https://evil.example"}).status_code == 403
    assert contents(installation) == before
