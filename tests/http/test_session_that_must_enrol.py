"""A session whose person owes the team 2FA opens nothing but the way out, to the next sign-in (ASVS 8.3.2)."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_args

import httpx
import pytest
from sqlalchemy import delete
from starlette.applications import Starlette

from tests.http.conftest import both_engines
from tests.http.raw_requests import (
    METHODS,
    PENDING_COOKIE,
    SAME_ORIGIN,
    SESSION_COOKIE,
    concrete,
    form_of,
    only,
    routes_of,
    rows,
    set_cookies,
    words,
)
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import Browser, otpauth_uri
from tests.support.form_client import shown_for
from tests.support.installation import PASSWORD, Installation
from tests.support.people import Person, protected
from tests.support.policies import REQUIRED, change_policy, exempt_until, require_two_factor
from tests.use_cases.instrumentation import after_transaction, statements
from xpressbot.entrypoints.http.factors.registry import FACTOR_PAGES, FACTORS
from xpressbot.entrypoints.http.pages import all_pages
from xpressbot.entrypoints.http.routing import SignedInPage
from xpressbot.foundation.times import DAY
from xpressbot.identity import use_cases
from xpressbot.identity.accounts.rules.actions import ACTIONS, Action
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.sessions.caller import MustEnrol
from xpressbot.identity.tables import PENDING_SIGN_IN

PAGES = [page for page in all_pages(FACTORS, FACTOR_PAGES) if isinstance(page, SignedInPage)]
BERTA, API, REQUIRED_PAGE = "berta@example.com", "/api/v1/session", "/account/2fa/required"
OPEN = {("GET", REQUIRED_PAGE), ("POST", "/sign-out")}


@pytest.fixture
def owner(installation: Installation) -> Person:
    return protected(installation.services)


@pytest.fixture
def berta(installation: Installation, owner: Person, browser: Browser) -> Browser:
    """A member's browser, signed in; 2FA is off, and optional."""
    installation.add_account(BERTA, "Berta Sommer")
    assert browser.sign_in(BERTA).headers["location"] == "/"
    return browser


@pytest.fixture
def enrolling(installation: Installation, berta: Browser) -> Browser:
    """The same after 2FA was required."""
    require_two_factor(installation)
    return berta


def of_member(installation: Installation) -> list[Mapping[str, Any]]:
    """Berta's events."""
    (member,) = [row["id"] for row in rows(installation, "account") if row["email"] == BERTA]
    return [row for row in rows(installation, "security_event") if row["subject"] == member]


def essence(response: httpx.Response) -> tuple[int, str | None, bytes]:
    return response.status_code, response.headers.get("location"), response.content


def test_it_opens_no_route_but_the_one_that_says_why_and_the_one_that_ends_it(
    app: Starlette, enrolling: Browser, new_browser: Callable[..., Browser]
) -> None:
    """ASVS 8.3.2: every route of the router, by every method, answers as without a cookie or leads to the page that says why.

    Forms are sent as they were shown to this person, so that nothing but the policy keeps them from acting.
    """
    token, form_for = enrolling.cookies[SESSION_COOKIE], enrolling.form_for(REQUIRED_PAGE)
    of_its_kind, differing = OPEN | {("HEAD", path) for method, path in OPEN if method == "GET"}, {}
    for path in {route.path for route in routes_of(app)}:
        for method in METHODS:
            if (method, path) in of_its_kind:
                continue
            options = {"headers": SAME_ORIGIN} | (form_of(path, {"for": form_for, "password": PASSWORD}) if method == "POST" else {})
            signed_out = new_browser().request(method, concrete(path), **options)
            with_cookie = only(new_browser(), session=token).request(method, concrete(path), **options)
            assert SESSION_COOKIE not in set_cookies(with_cookie), (method, path)
            if essence(signed_out) != essence(with_cookie):
                differing[method, path] = with_cookie.headers.get("location")
    closed = {(page.method, page.path) for page in PAGES} | {("HEAD", page.path) for page in PAGES if page.method == "GET"}
    expected = dict.fromkeys(closed - of_its_kind, REQUIRED_PAGE) | {("GET", API): None, ("HEAD", API): None}
    expected |= {(method, "/sign-in"): REQUIRED_PAGE for method in ("GET", "HEAD")}
    expected |= {(method, "/sign-in/unlock"): "/" for method in ("GET", "HEAD", "POST")}
    assert differing == expected
    assert enrolling.get(REQUIRED_PAGE).status_code == 200


def test_no_use_case_takes_its_person_and_two_actions_are_open_to_them() -> None:
    """By type: what ends or unlocks a session takes whoever holds one, and nothing else does."""
    taking = set()
    for name, annotation in inspect.get_annotations(use_cases.Identity).items():
        for method, function in inspect.getmembers(annotation, inspect.isfunction):
            types = [one for parameter, one in inspect.get_annotations(function).items() if parameter != "return"]
            if not method.startswith("_") and any(one is MustEnrol or MustEnrol in get_args(one) for one in types):
                taking.add((name, method))
    assert taking == set()
    assert {action for action, requirement in ACTIONS.items() if requirement.while_enrolling} == {Action.UNLOCK, Action.SIGN_OUT}


@both_engines
def test_a_policy_that_is_switched_on_acts_at_the_next_request(installation: Installation, owner: Person, berta: Browser) -> None:
    """ASVS 8.3.2: pages and API alike, in a session in use; those who have 2FA notice nothing."""
    assert berta.get("/account").status_code == 200
    change_policy(installation, owner, REQUIRED)
    assert berta.get("/account").headers["location"] == REQUIRED_PAGE
    answer = berta.get(API)
    assert (answer.status_code, answer.json()["code"]) == (403, "enrolment_required")
    assert installation.services.identity.sessions.resolve(owner.caller.client) is not None


@both_engines
def test_it_acts_on_its_day_and_until_then_each_page_counts_the_days(
    installation: Installation, owner: Person, berta: Browser, new_browser: Callable[..., Browser]
) -> None:
    """Nothing has to run at that moment. Who is protected sees no countdown."""
    change_policy(installation, owner, REQUIRED, days=2)
    for path in ("/", "/account", "/account/sessions", "/account/history"):
        assert "on, your team requires 2FA. 2 days left." in words(berta.get(path).text), path
    assert "your team requires" not in words(only(new_browser(), session=owner.caller.token.text).get("/").text)
    installation.clock.advance(hours=47, minutes=1)
    berta.sign_in(BERTA)
    assert "1 day left." in words(berta.get("/").text)
    installation.clock.advance(minutes=59)
    assert berta.get("/").headers["location"] == REQUIRED_PAGE


def test_the_page_says_why_and_since_when_and_leads_through_the_sign_in_to_the_set_up(
    installation: Installation, owner: Person, enrolling: Browser
) -> None:
    """Then everything opens. Without mail the password is enough, as at each sign-in, and the owners are told here, too."""
    page = words(enrolling.get(REQUIRED_PAGE).text)
    assert "Your team requires 2FA" in page
    assert "Since Sep 21, 2026" in page
    assert f"{BERTA} has none yet" in page
    assert "the set-up comes after your password" in page
    assert "Sign in again" in page
    assert enrolling.post("/sign-out").headers["location"] == "/sign-in"
    assert enrolling.sign_in(BERTA).headers["location"] == "/link/enrolment"
    enrolling.enable_2fa()
    assert len(enrolling.recovery_codes()) == 10
    assert enrolling.me()["aal"] == 2
    assert enrolling.get(REQUIRED_PAGE).headers["location"] == "/account"
    kinds = [row["kind"] for row in rows(installation, "security_event") if row["subject"] == owner.account.id]
    assert EventKind.MEMBER_ENROLLED_BY_PASSWORD in kinds


@both_engines
def test_a_set_up_of_before_is_not_shown_and_puts_nothing_in_place(installation: Installation, berta: Browser) -> None:
    """The secret that a thief has read who knows the password alone is worth nothing from the first day on."""
    berta.post("/account/2fa/start")
    app = AuthenticatorApp(otpauth_uri(berta.get("/account/2fa/setup").text), installation.clock)
    berta.form_for("/account/2fa/setup")
    with after_transaction(installation, 1, lambda: require_two_factor(installation)):
        assert berta.post("/account/2fa/confirm", code=app.code()).headers["location"] == REQUIRED_PAGE
    assert berta.get("/account/2fa/setup").headers["location"] == REQUIRED_PAGE
    assert EventKind.TWO_FACTOR_ENABLED not in {row["kind"] for row in of_member(installation)}


@both_engines
def test_a_form_that_begins_the_set_up_begins_none(installation: Installation, berta: Browser) -> None:
    """Let in before the first day, it waited for the lock until after."""
    berta.form_for("/account")
    with after_transaction(installation, 1, lambda: require_two_factor(installation)):
        assert berta.post("/account/2fa/start").headers["location"] == REQUIRED_PAGE
    assert EventKind.ENROLMENT_STARTED not in {row["kind"] for row in of_member(installation)}


def test_a_sign_in_beside_it_goes_on_with_the_set_up(installation: Installation, enrolling: Browser) -> None:
    """Who signs in again without signing out is not held up by the session that opens nothing."""
    assert enrolling.sign_in(BERTA).headers["location"] == "/link/enrolment"
    assert enrolling.cookies[SESSION_COOKIE]
    enrolling.enable_2fa()
    assert enrolling.me()["aal"] == 2


@both_engines
@pytest.mark.parametrize("minutes", [0, 61])
def test_who_signs_out_beside_it_is_signed_out_of_both(installation: Installation, enrolling: Browser, minutes: int) -> None:
    """ASVS 7.4.1: the sign-in that waits for the set-up ends, and so does the person's session, live or locked."""
    installation.clock.advance(minutes=minutes)
    assert enrolling.sign_in(BERTA).headers["location"] == "/link/enrolment"
    assert enrolling.post("/sign-out").headers["location"] == "/sign-in"
    assert len(rows(installation, "session")) == 1  # the owner's
    assert all(row["consumed_at"] is not None for row in rows(installation, "pending_sign_in"))
    assert not {SESSION_COOKIE, PENDING_COOKIE} & set(enrolling.cookies)
    assert EventKind.SIGNED_OUT in {row["kind"] for row in of_member(installation)}


@pytest.mark.parametrize(("minutes", "page"), [(0, REQUIRED_PAGE), (61, "/sign-in/unlock")])
def test_a_sign_in_that_is_void_keeps_nobody_from_signing_out(
    installation: Installation, owner: Person, enrolling: Browser, minutes: int, page: str
) -> None:
    """A change of role ends the sign-in that waits for the set-up, and lets the session beside it go on."""
    installation.clock.advance(minutes=minutes)
    assert enrolling.sign_in(BERTA).headers["location"] == "/link/enrolment"
    with installation.services.database.write() as connection:
        connection.execute(delete(PENDING_SIGN_IN))
        connection.commit()
    form_for = shown_for(enrolling.get(page).text)
    assert form_for
    assert enrolling.post("/sign-out", {"for": form_for}).headers["location"] == "/sign-in"
    assert {row["account_id"] for row in rows(installation, "session")} == {owner.account.id}


def test_who_leaves_the_set_up_signs_out_nobody_else(installation: Installation, owner: Person, enrolling: Browser) -> None:
    """In a browser that has the session of another account."""
    installation.clock.advance(minutes=61)
    assert enrolling.sign_in(BERTA).headers["location"] == "/link/enrolment"
    form_for = enrolling.form_for("/link/enrolment")
    assert form_for
    enrolling.cookies.delete(SESSION_COOKIE)
    enrolling.cookies.set(SESSION_COOKIE, owner.caller.token.text)
    assert enrolling.post("/sign-out", {"for": form_for}).headers["location"] == "/sign-in"
    assert owner.account.id in {row["account_id"] for row in rows(installation, "session")}


def test_a_locked_session_comes_there_after_its_password(installation: Installation, berta: Browser) -> None:
    """The policy was switched on while it was locked."""
    installation.clock.advance(minutes=61)
    require_two_factor(installation)
    assert berta.get("/account").headers["location"] == "/sign-in/unlock?next=/account"
    assert berta.post("/sign-in/unlock", password=PASSWORD, next="/account").headers["location"] == "/account"
    assert berta.get("/account").headers["location"] == REQUIRED_PAGE


def test_it_can_be_signed_out(installation: Installation, enrolling: Browser) -> None:
    """From the page that says why nothing else opens."""
    assert 'action="/sign-out"' in enrolling.get(REQUIRED_PAGE).text
    assert enrolling.post("/sign-out").headers["location"] == "/sign-in"
    assert len(rows(installation, "session")) == 1  # the owner's


@both_engines
def test_a_form_that_was_let_in_before_the_policy_acts_no_more(installation: Installation, berta: Browser) -> None:
    """The gate reads the policy under the lock, with the session."""
    berta.form_for("/account/profile")
    with after_transaction(installation, 1, lambda: require_two_factor(installation)):
        response = berta.post("/account/profile", name="Berta Lund")
    assert response.headers["location"] == REQUIRED_PAGE
    assert "Berta Lund" not in {row["name"] for row in rows(installation, "account")}


def test_an_exemption_keeps_the_dashboard_open_until_it_ends(installation: Installation, enrolling: Browser) -> None:
    """And the pages count to its end."""
    exempt_until(installation, BERTA, installation.clock.now() + DAY)
    assert "1 day left." in words(enrolling.get("/").text)
    exempt_until(installation, BERTA, installation.clock.now())
    assert enrolling.get("/").headers["location"] == REQUIRED_PAGE


def test_a_clock_that_was_set_back_opens_nothing(installation: Installation, berta: Browser) -> None:
    """A date that no owner could have chosen is in force, and an exemption of that time counts for nothing."""
    require_two_factor(installation, installation.clock.now() + 365 * DAY)
    exempt_until(installation, BERTA, installation.clock.now() + 365 * DAY)
    assert berta.get("/").headers["location"] == REQUIRED_PAGE


@both_engines
def test_the_policy_adds_no_statement_to_a_request(installation: Installation, berta: Browser) -> None:
    """The look-up of the session reads it."""
    paths, sent = ("/", "/account", API, "/account/sessions"), []
    for at in (None, installation.clock.now() + DAY):
        if at is not None:
            require_two_factor(installation, at)
        for path in paths:
            with statements(installation) as of_path:
                assert berta.get(path).status_code == 200
            sent.append(len(of_path))
    assert sent[: len(paths)] == sent[len(paths) :]


def test_where_it_is_required_it_cannot_be_disabled(installation: Installation, berta: Browser) -> None:
    """The pages offer the move and say why; the use case refuses under the lock, whatever the page offered."""
    berta.enable_2fa()
    berta.post("/account/2fa/recovery-codes/continue")
    assert "Disable 2FA" in berta.get("/account").text
    berta.form_for("/account/2fa/disable")
    with after_transaction(installation, 1, lambda: require_two_factor(installation)):
        response = berta.post("/account/2fa/disable")
    assert response.headers["location"] == "/account?reason=required_by_team"
    page = berta.follow(response).text
    assert "Your team requires 2FA, so it stays on." in words(page)
    assert "Disable 2FA" not in page
    assert "Your team has required 2FA since" in words(page)
    assert "/account/2fa/move" in page
    assert "Move to a new phone" in berta.get("/account/2fa/disable").text
    assert 'action="/account/2fa/disable"' not in berta.get("/account/2fa/disable").text
    (app_id,) = berta.apps().values()
    assert berta.post("/account/2fa/apps/remove", app=app_id).headers["location"] == "/account/2fa/apps?reason=last_authenticator"
    assert EventKind.TWO_FACTOR_DISABLED not in {row["kind"] for row in rows(installation, "security_event")}


def test_before_the_day_it_can_be_disabled(installation: Installation, berta: Browser) -> None:
    """It is the person's own until then, and the pages count the days for them again."""
    berta.enable_2fa()
    require_two_factor(installation, installation.clock.now() + DAY)
    assert berta.post("/account/2fa/disable").headers["location"] == "/account"
    assert "1 day left." in words(berta.get("/account").text)
