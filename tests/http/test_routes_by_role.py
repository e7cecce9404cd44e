"""Every route of the router, tried as each role, as a removed member, as a pending sign-in and as nobody (ASVS 8.2.1, 8.2.2, 8.3.1)."""

from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from tests.http.raw_requests import PENDING_COOKIE, SAME_ORIGIN, SESSION_COOKIE, concrete, routes_of, rows
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.people import Person, pending, protected, signed_in
from xpressbot.entrypoints.http.factors.registry import FACTOR_PAGES, FACTORS
from xpressbot.entrypoints.http.pages import all_pages
from xpressbot.entrypoints.http.routing import SignedInPage
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.accounts.rules.actions import ACTIONS, Permission
from xpressbot.identity.accounts.rules.roles import PERMITTED, Role
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.tables import ACCOUNT

PAGES = [page for page in all_pages(FACTORS, FACTOR_PAGES) if isinstance(page, SignedInPage)]
OF_OTHERS = [page for page in PAGES if ACTIONS[page.action].permission is not Permission.OWN_ACCOUNT]
OWN = [page for page in PAGES if ACTIONS[page.action].permission is Permission.OWN_ACCOUNT]
FOR_ANYBODY_OR_A_TOKEN = (
    "/welcome",
    "/sign-in",
    "/forgot-password",
    "/language",
    "/link/",
    "/api/v1/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/static/",
    "/chat/",
)
"""What asks for no session: public pages, those for customers, and those for the holder of a link or a pending sign-in.

They have tests of their own."""


@pytest.fixture
def people(installation: Installation) -> dict[Role, Person]:
    """A member of each role, with 2FA on."""
    return {role: protected(installation.services, f"{role}@example.com", role=role) for role in (Role.OWNER, Role.ADMIN, Role.AGENT)}


def holding(browser: Browser, caller: Caller) -> Browser:
    """A browser that has this person's session."""
    browser.cookies.set(SESSION_COOKIE, caller.token.text)
    return browser


def ask(browser: Browser, page: SignedInPage) -> httpx.Response:
    path = concrete(page.path)
    return browser.request("GET", path, headers=SAME_ORIGIN) if page.method == "GET" else browser.post(path)


@pytest.mark.parametrize("role", Role)
def test_each_role_gets_what_the_table_gives_it(role: Role, people: dict[Role, Person], new_browser: Callable[..., Browser]) -> None:
    """403 before a form is read, and never where the table permits it."""
    browser = holding(new_browser(), people[role].caller)
    for page in OF_OTHERS:
        is_permitted = role in PERMITTED[ACTIONS[page.action].permission]
        assert (ask(browser, page).status_code != 403) == is_permitted, (page.method, page.path)


def test_without_a_second_factor_what_concerns_other_members_is_closed_to_owners(
    installation: Installation, new_browser: Callable[..., Browser]
) -> None:
    """All of team needs AAL 2 (ASVS 6.3.4, NIST SP 800-63B)."""
    browser = holding(new_browser(), signed_in(installation.services))
    for page in OF_OTHERS:
        is_permitted = not ACTIONS[page.action].permission.needs_second_factor
        assert (ask(browser, page).status_code != 403) == is_permitted, (page.method, page.path)
    assert "Turn on 2FA first" in browser.get("/team").text


def test_every_route_of_the_router_is_one_of_these(app: Starlette) -> None:
    """Each is open to anybody or to the holder of a token, or its action is in the permission table (ASVS 8.2.1)."""
    listed = {(page.method, page.path) for page in PAGES}
    of_router = {(method, route.path) for route in routes_of(app) for method in (route.methods or set()) - {"HEAD"}}
    assert listed <= of_router
    others = {(method, path) for method, path in of_router - listed if not path.startswith(FOR_ANYBODY_OR_A_TOKEN)}
    assert others == set()


@pytest.mark.parametrize("role", Role)
def test_the_own_account_is_open_to_every_role(role: Role, people: dict[Role, Person], new_browser: Callable[..., Browser]) -> None:
    """ASVS 8.2.1: no page of it says that it is not for a role. What changes something is asked without its fields, and does nothing."""
    for page in OWN:
        if page.method == "GET":
            assert ask(holding(new_browser(), people[role].caller), page).status_code in {200, 303}, page.path
        elif page.path not in {"/account/close", "/account/2fa/disable"}:
            assert ask(holding(new_browser(), people[role].caller), page).status_code != 403, page.path


def test_ids_of_others_and_of_nobody_open_nothing(
    installation: Installation, people: dict[Role, Person], new_browser: Callable[..., Browser]
) -> None:
    """ASVS 8.2.2: an agent who sends the owner's ids to the pages of their own sessions and apps is answered as for ids of nobody."""
    browser, owner = holding(new_browser(), people[Role.AGENT].caller), people[Role.OWNER]
    (app_id,) = [row["id"] for row in rows(installation, "authenticator") if row["account_id"] == owner.account.id]
    asked = [
        ("/account/sessions/end", {"session": owner.caller.session.id}),
        ("/account/2fa/apps/rename", {"app": app_id, "name": "Mine"}),
        ("/account/2fa/apps/remove", {"app": app_id}),
        ("/account/2fa/start", {"app": app_id, "lost": "no"}),
    ]
    before = [(row["id"], row["name"]) for row in rows(installation, "authenticator")]
    for path, fields in asked:
        answer = browser.post(path, fields)
        of_nobody = browser.post(path, {name: "0" * 32 if name in {"session", "app"} else value for name, value in fields.items()})
        assert (answer.status_code, answer.headers.get("location")) == (of_nobody.status_code, of_nobody.headers.get("location")), path
        assert answer.status_code in {303, 404}, path
    assert [(row["id"], row["name"]) for row in rows(installation, "authenticator")] == before
    assert holding(new_browser(), owner.caller).who() is not None


def test_pages_about_a_member_are_404_for_ids_of_nobody(people: dict[Role, Person], new_browser: Callable[..., Browser]) -> None:
    """ASVS 8.2.2: also for an owner, whatever else the form has."""
    browser = holding(new_browser(), people[Role.OWNER].caller)
    for page in OF_OTHERS:
        if "{member:id}" in page.path:
            assert ask(browser, page).status_code == 404, (page.method, page.path)


def test_a_pending_sign_in_opens_none_of_these_pages(
    installation: Installation, people: dict[Role, Person], new_browser: Callable[..., Browser]
) -> None:
    """Of an owner, whose password was right: every page answers as to nobody (ASVS 8.2.1, NIST SP 800-63B-4 section 5.1)."""
    browser = new_browser()
    browser.cookies.set(PENDING_COOKIE, pending(installation.services, people[Role.OWNER].account.email).text)
    for page in PAGES:
        answer, nobody = ask(browser, page), ask(new_browser(), page)
        assert (answer.status_code, answer.headers["location"]) == (nobody.status_code, nobody.headers["location"]), page.path
        assert answer.headers["location"].startswith("/sign-in"), (page.method, page.path)
    assert browser.who() is None


def test_a_removed_member_and_nobody_are_sent_to_sign_in(
    installation: Installation, people: dict[Role, Person], new_browser: Callable[..., Browser]
) -> None:
    """Every page of signed-in people, also the own account's: a removal acts at the next request (ASVS 8.3.2)."""
    removed = holding(new_browser(), people[Role.ADMIN].caller)
    with installation.services.database.write() as connection:
        gone = {"status": AccountStatus.REMOVED.value, "email_key": None}
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == people[Role.ADMIN].account.id).values(gone))
        connection.commit()
    for browser in (removed, new_browser()):
        for page in PAGES:
            assert ask(browser, page).headers["location"].startswith("/sign-in"), (page.method, page.path)
        assert browser.who() is None


def test_a_role_of_a_newer_version_permits_the_own_account_alone(
    installation: Installation, people: dict[Role, Person], new_browser: Callable[..., Browser]
) -> None:
    """What it would allow is not known here."""
    browser = holding(new_browser(), people[Role.OWNER].caller)
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(role="auditor"))
        connection.commit()
    assert {ask(browser, page).status_code for page in OF_OTHERS} == {403}
    assert browser.get("/account").status_code == 200
