"""Every route of the router, tried as each role, as a removed member, as a pending sign-in and as nobody (ASVS 8.2.1, 8.2.2, 8.3.1)."""

from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import update

from tests.http.raw_requests import SAME_ORIGIN, SESSION_COOKIE, concrete
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.people import Person, protected, signed_in
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
    """All of team needs AAL 2 (NIST SP 800-63B)."""
    browser = holding(new_browser(), signed_in(installation.services))
    for page in OF_OTHERS:
        is_permitted = not ACTIONS[page.action].permission.needs_second_factor
        assert (ask(browser, page).status_code != 403) == is_permitted, (page.method, page.path)
    assert "Turn on 2FA first" in browser.get("/team").text


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
