"""The page of a member, and what owners and admins do from it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.http.raw_requests import SESSION_COOKIE, refusal, rows, words
from tests.support.browser import Browser
from tests.support.installation import CLIENT, Installation
from tests.support.people import Person, protected, recovery_code, reset, signed_in
from tests.support.people import completed as signed_in_again
from tests.support.people import pending as right_password
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.sessions.caller import Caller

ACTIONS = ["role", "ownership", "suspend", "remove"]
MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def people(installation: Installation) -> dict[Role, Person]:
    """A member of each role, with 2FA on."""
    return {role: protected(installation.services, f"{role}@example.com", role=role) for role in (Role.OWNER, Role.ADMIN, Role.AGENT)}


@pytest.fixture
def browsers(people: dict[Role, Person], new_browser: Callable[..., Browser]) -> dict[Role, Browser]:
    """The browser of each, in which they are signed in."""
    found = {}
    for role, person in people.items():
        found[role] = new_browser()
        found[role].cookies.set(SESSION_COOKIE, person.caller.token.text)
    return found


def help_offered(browser: Browser, member: Person | Caller) -> set[str]:
    """Which pages about the member's 2FA their page links to, and that each of them opens."""
    text = browser.get(path_of(member)).text
    offered = {page for page in ("reset", "exemption") if f'href="{path_of(member, page)}"' in text}
    assert all(browser.get(path_of(member, page)).status_code == 200 for page in offered)
    return offered


def path_of(person: Person | Caller, action: str = "") -> str:
    return f"/team/members/{person.account.id}" + (f"/{action}" if action else "")


def test_a_members_page_shows_role_protection_sessions_and_the_teams_record(
    people: dict[Role, Person], browsers: dict[Role, Browser]
) -> None:
    """ASVS 15.3.1: what the team needs to know, and nothing secret or private."""
    agent = people[Role.AGENT]
    text = browsers[Role.ADMIN].get(path_of(agent)).text
    said = words(text)
    for expected in (
        "Agent, since",
        "2FA Enabled",
        "Authenticator app: 1",
        "Recovery codes left 10",
        "Firefox on Linux",
        "Joined the team",
    ):
        assert expected in said, expected
    assert "Began to set up 2FA" not in said
    assert not any(code in text for code in agent.codes)
    assert "argon2" not in text
    assert 'name="password"' not in text


@pytest.mark.parametrize(
    ("viewer", "member", "offered"),
    [
        (Role.OWNER, Role.AGENT, {"role", "ownership", "suspend", "remove"}),
        (Role.OWNER, Role.ADMIN, {"role", "ownership", "suspend", "remove"}),
        (Role.OWNER, Role.OWNER, {"role"}),
        (Role.ADMIN, Role.AGENT, {"suspend", "remove"}),
        (Role.ADMIN, Role.ADMIN, set()),
        (Role.ADMIN, Role.OWNER, set()),
    ],
)
def test_a_page_links_to_what_its_viewer_may_do(
    viewer: Role, member: Role, offered: set[str], people: dict[Role, Person], browsers: dict[Role, Browser]
) -> None:
    """And what it does not link to, the server refuses as well or leads back to the page."""
    browser, person = browsers[viewer], people[member]
    text = browser.get(path_of(person)).text
    assert {action for action in [*ACTIONS, "reinstate"] if f'href="{path_of(person, action)}"' in text} == offered
    for action in {*ACTIONS, "reinstate"} - offered:
        answer = browser.get(path_of(person, action))
        assert answer.status_code == 403 or answer.headers["location"] == path_of(person), action
        assert browser.post(path_of(person, action), role="admin").status_code in {403, 409}, action


@pytest.mark.parametrize(
    ("viewer", "member", "offered"),
    [
        (Role.OWNER, Role.ADMIN, {"reset"}),
        (Role.ADMIN, Role.AGENT, {"reset"}),
        (Role.ADMIN, Role.OWNER, set()),
        (Role.OWNER, Role.OWNER, set()),
    ],
)
def test_a_page_leads_to_the_reset_of_a_lost_phone(
    viewer: Role, member: Role, offered: set[str], people: dict[Role, Person], browsers: dict[Role, Browser]
) -> None:
    """Nobody resets themselves, nor somebody whose role is above theirs."""
    assert help_offered(browsers[viewer], people[member]) == offered


def test_a_page_leads_to_the_link_after_a_reset(
    installation: Installation, people: dict[Role, Person], browsers: dict[Role, Browser]
) -> None:
    """The member has no 2FA then, and nothing to be exempted from: the link is what they need. Suspended, they need neither."""
    agent = people[Role.AGENT]
    reset(installation.services, agent.account.email)
    assert help_offered(browsers[Role.OWNER], agent) == {"reset"}
    browsers[Role.OWNER].post(path_of(agent, "suspend"))
    assert help_offered(browsers[Role.OWNER], agent) == set()


def test_owners_are_led_to_the_exemption_of_a_member_without_2fa(installation: Installation, browsers: dict[Role, Browser]) -> None:
    """Admins are not: only owners decide about the policy."""
    member = signed_in(installation.services, "new@example.com")
    assert help_offered(browsers[Role.OWNER], member) == {"exemption"}
    assert help_offered(browsers[Role.ADMIN], member) == set()


def test_the_role_of_a_member_is_changed_by_a_form_that_says_what_it_means(
    people: dict[Role, Person], browsers: dict[Role, Browser], installation: Installation
) -> None:
    """ASVS 8.2.1, 8.3.2: the agent sees the team at the next request, and is asked who they are before anything is done."""
    agent, browser = people[Role.AGENT], browsers[Role.OWNER]
    assert browsers[Role.AGENT].get("/team").status_code == 403
    shown = words(browser.get(path_of(agent, "role")).text)
    assert "Sees the team, invites agents" in shown
    for wrong in ("", "god", "OWNER", "owner "):
        answer = browser.post(path_of(agent, "role"), role=wrong)
        assert answer.status_code == 422, wrong
        assert "Choose one of these roles." in words(answer.text)
    assert browser.post(path_of(agent, "role"), role="admin").headers["location"] == path_of(agent)
    assert "Admin, since" in words(browser.get(path_of(agent)).text)
    assert browsers[Role.AGENT].get("/team").status_code == 200
    other = people[Role.ADMIN]
    assert browsers[Role.AGENT].get(path_of(other, "suspend")).headers["location"].startswith("/account/confirm-identity?next=")
    told = words(browsers[Role.AGENT].get("/").text)
    assert "Your role in the team changed An owner or an admin did this. Your account history says who. Your role is now: Admin." in told
    (row,) = [row for row in rows(installation, "account") if row["id"] == agent.account.id]
    assert row["role"] == "admin"


def test_nothing_but_the_fields_of_a_form_changes_a_member(
    people: dict[Role, Person], browsers: dict[Role, Browser], installation: Installation
) -> None:
    """ASVS 15.3.3: two_factor_enabled, totp_secret, recovery_codes, email_verified, role and status beside a name are ignored."""
    agent, browser = people[Role.AGENT], browsers[Role.AGENT]
    before = [row for row in rows(installation, "account") if row["id"] == agent.account.id]
    more = {"two_factor_enabled": "false", "role": "owner", "totp_secret": "A", "recovery_codes": "", "email_verified": "1", "status": "x"}
    assert browser.post("/account/profile", {"name": "Emil", **more}).status_code == 303
    after = [row for row in rows(installation, "account") if row["id"] == agent.account.id]
    changed = {key for key in before[0] if before[0][key] != after[0][key]}
    assert changed <= {"name", "name_key"}
    owner = browsers[Role.OWNER]
    assert owner.post(path_of(agent, "suspend"), {"role": "owner", "email": "x@example.com", "security_version": "9"}).status_code == 303
    (row,) = [row for row in rows(installation, "account") if row["id"] == agent.account.id]
    assert (row["role"], row["email"]) == ("agent", agent.account.email)


def test_an_agent_opens_no_members_page_with_anothers_id(people: dict[Role, Person], browsers: dict[Role, Browser]) -> None:
    """ASVS 8.2.2: 403 before it is looked whether there is such a member."""
    for member in (*people.values(), None):
        path = "/team/members/" + ("0" * 32 if member is None else member.account.id)
        for action in ("", *ACTIONS):
            assert browsers[Role.AGENT].get(f"{path}/{action}".rstrip("/")).status_code == 403
        for action in (*ACTIONS, "reinstate", "sessions/end", "sessions/end-all"):
            assert browsers[Role.AGENT].post(f"{path}/{action}", role="owner").status_code == 403


def test_ids_that_are_nobodys_are_404(people: dict[Role, Person], browsers: dict[Role, Browser]) -> None:
    """Made up, malformed, or of a session."""
    browser = browsers[Role.OWNER]
    for member_id in ("0" * 32, people[Role.AGENT].caller.session.id):
        answer = browser.get(f"/team/members/{member_id}")
        assert (answer.status_code, "Not in the team" in answer.text) == (404, True)
    for malformed in ("1", "0" * 31, "0" * 33, "G" * 32, "..%2f", people[Role.AGENT].account.email):
        assert browser.get(f"/team/members/{malformed}").status_code == 404


def test_a_member_is_suspended_and_reinstated_and_told_each_time(people: dict[Role, Person], browsers: dict[Role, Browser]) -> None:
    """Each action is confirmed on a page that says what it will do; the second of two who do it is told."""
    agent, admin = people[Role.AGENT], browsers[Role.ADMIN]
    assert "cannot sign in until somebody reinstates them" in words(admin.get(path_of(agent, "suspend")).text)
    assert admin.post(path_of(agent, "suspend")).headers["location"] == path_of(agent)
    assert browsers[Role.AGENT].who() is None
    late = browsers[Role.OWNER].post(path_of(agent, "suspend"))
    assert (late.status_code, refusal(late)) == (409, "This was done already, by you or by somebody else. Nothing more has changed.")
    shown = words(admin.get(path_of(agent)).text)
    assert "This member cannot sign in until somebody reinstates them." in shown
    assert "Member suspended" in shown
    assert "They have the role that they had: Agent." in words(admin.get(path_of(agent, "reinstate")).text)
    assert admin.post(path_of(agent, "reinstate")).headers["location"] == path_of(agent)
    assert "Suspended" not in words(admin.get(path_of(agent)).text).replace("Member suspended", "")


def test_a_removed_member_is_gone_from_the_team(people: dict[Role, Person], browsers: dict[Role, Browser]) -> None:
    """From the roster, and for the second of two who remove them."""
    agent, admin = people[Role.AGENT], browsers[Role.ADMIN]
    assert "Nobody can undo this." in words(admin.get(path_of(agent, "remove")).text)
    assert admin.post(path_of(agent, "remove")).headers["location"] == "/team"
    roster = admin.get("/team")
    assert (roster.status_code, agent.account.email in roster.text) == (200, False)
    assert browsers[Role.AGENT].get("/account").headers["location"] == "/sign-in?next=/account"
    late = browsers[Role.OWNER].post(path_of(agent, "remove"))
    assert (late.status_code, "somebody has just removed them" in late.text) == (404, True)


def test_ownership_is_handed_over_and_one_steps_down(people: dict[Role, Person], browsers: dict[Role, Browser]) -> None:
    """The only owner does not step down; after handing over the person is an admin, and may not do it again."""
    owner, agent, browser = people[Role.OWNER], people[Role.AGENT], browsers[Role.OWNER]
    refused = browser.post(path_of(owner, "role"), role="agent")
    assert (refused.status_code, refusal(refused).startswith("No other owner is active.")) == (409, True)
    assert "You become an admin." in words(browser.get(path_of(agent, "ownership")).text)
    assert browser.post(path_of(agent, "ownership")).headers["location"] == path_of(agent)
    assert "Owner, since" in words(browser.get(path_of(agent)).text)
    assert browser.post(path_of(people[Role.ADMIN], "ownership")).status_code == 403


def test_an_owner_who_becomes_an_agent_is_led_to_their_own_settings(people: dict[Role, Person], browsers: dict[Role, Browser]) -> None:
    """The team's pages are closed to them from then on."""
    owner, browser = people[Role.OWNER], browsers[Role.OWNER]
    assert browser.post(path_of(people[Role.ADMIN], "role"), role="owner").status_code == 303
    assert "There must be another one" in words(browser.get(path_of(owner, "role")).text)
    assert browser.post(path_of(owner, "role"), role="agent").headers["location"] == "/account"
    assert browser.get("/team").status_code == 403


def test_a_member_without_2fa_may_become_an_owner_and_the_page_warns(
    installation: Installation, people: dict[Role, Person], browsers: dict[Role, Browser]
) -> None:
    """They can enable it; until then nothing of the team is open to them."""
    berta = installation.add_account("berta@example.com", "Berta")
    shown = words(browsers[Role.OWNER].get(f"/team/members/{berta.id}/ownership").text)
    assert "This member has no 2FA. Until they have enabled it" in shown
    assert "2FA Disabled" in words(browsers[Role.OWNER].get(f"/team/members/{berta.id}").text)
    assert people[Role.OWNER].account.role is Role.OWNER


def test_a_member_is_signed_out_of_one_browser_and_of_all(
    installation: Installation, people: dict[Role, Person], browsers: dict[Role, Browser]
) -> None:
    """ASVS 7.4.5: recorded in both chains, and told to the member; a session that is another's or gone is 404, with the page."""
    services, agent, admin = installation.services, people[Role.AGENT], browsers[Role.ADMIN]
    second = signed_in_again(
        services, right_password(services, agent.account.email), recovery_code(agent.codes[0]), client=replace(CLIENT, user_agent="")
    )
    assert admin.post(path_of(agent, "sessions/end"), session=agent.caller.session.id).headers["location"] == path_of(agent)
    assert browsers[Role.AGENT].who() is None
    for session_id in (agent.caller.session.id, people[Role.OWNER].caller.session.id, "", "x"):
        answer = admin.post(path_of(agent, "sessions/end"), session=session_id)
        assert (answer.status_code, refusal(answer).startswith("That browser is not in your list")) == (404, True)
    assert admin.post(path_of(agent, "sessions/end-all")).headers["location"] == path_of(agent)
    assert services.identity.sessions.find(second.session) is None
    shown = words(admin.get(path_of(agent)).text)
    assert "This member is not signed in anywhere." in shown
    assert shown.count("Member signed out") == 2
    assert [row["kind"] for row in rows(installation, "security_event") if row["target"] == agent.account.id][-2:] == [
        "team.sessions_ended"
    ] * 2
    assert browsers[Role.OWNER].who() is not None


def test_a_name_is_shown_as_it_is(installation: Installation, browsers: dict[Role, Browser]) -> None:
    """Whatever markup is in it."""
    member = installation.add_account("berta@example.com", MARKUP)
    for action in ("", "/role", "/ownership", "/suspend", "/remove"):
        text = browsers[Role.OWNER].get(f"/team/members/{member.id}{action}").text
        assert MARKUP not in text
        assert "&lt;script&gt;alert(1)" in text


def test_everyone_sees_their_role_and_whom_to_ask(people: dict[Role, Person], browsers: dict[Role, Browser]) -> None:
    """Names, and no addresses."""
    text = browsers[Role.AGENT].get("/account").text
    assert "Your role Agent Whom to ask for help Anna Berg · Owner Anna Berg · Admin" in words(text)
    assert people[Role.OWNER].account.email not in text


def test_the_history_of_a_member_names_who_did_it(people: dict[Role, Person], browsers: dict[Role, Browser]) -> None:
    """Without their browser and address."""
    assert browsers[Role.OWNER].post(path_of(people[Role.AGENT], "role"), role="admin").status_code == 303
    said = words(browsers[Role.AGENT].get("/account/history").text)
    event = said.partition("Your role in the team changed")[2].partition("Number")[0]
    assert "Done by Anna Berg" in event
    assert "Role Admin" in event
    assert CLIENT.address not in event
