"""A session that was not used for an hour is locked: the password goes on with it, and it opens nothing else."""

import inspect
import re
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import (
    METHODS,
    SAME_ORIGIN,
    SESSION_COOKIE,
    concrete,
    contents,
    form_of,
    only,
    refusal,
    routes_of,
    rows,
    set_cookies,
    tries,
    words,
)
from tests.support.browser import Browser
from tests.support.form_client import shown_for
from tests.support.installation import PASSWORD, Installation
from tests.support.metrics_text import figure, parse
from tests.use_cases.instrumentation import after_transaction
from xpressbot.entrypoints.http.factors.registry import FACTOR_PAGES, FACTORS
from xpressbot.entrypoints.http.pages import all_pages
from xpressbot.entrypoints.http.routing import LockedPage, SignedInPage
from xpressbot.identity import use_cases
from xpressbot.identity.accounts.rules.account import AccountStatus, PasswordStatus
from xpressbot.identity.accounts.rules.actions import ACTIONS, Action
from xpressbot.identity.audit.rules.event import TEAM, EventKind
from xpressbot.identity.sessions.caller import Caller, LockedCaller, SessionHolder
from xpressbot.identity.tables import ACCOUNT

PAGES = all_pages(FACTORS, FACTOR_PAGES)
UNLOCK = "/sign-in/unlock"


@pytest.fixture
def locked(protected: Protected) -> Browser:
    """Anna's browser 61 minutes after its last use. 2FA is on."""
    protected.browser.clock.advance(minutes=61)
    return protected.browser


def essence(response: httpx.Response) -> tuple[int, str | None, bytes]:
    return response.status_code, response.headers.get("location"), response.content


def test_a_locked_session_opens_no_route_but_those_that_unlock_and_end_it(
    app: Starlette, locked: Browser, new_browser: Callable[..., Browser]
) -> None:
    """ASVS 7.3.1, NIST 2.2.3: every route of the router, by every method, answers as without a cookie or leads to the password.

    Forms are sent as they were shown to this person, so that nothing but the lock keeps them from acting.
    """
    token, form_for = locked.cookies[SESSION_COOKIE], locked.form_for(UNLOCK)
    returns_to = {(page.method, page.path): page.back for page in PAGES if isinstance(page, SignedInPage)}
    of_its_kind, differing = {("GET", UNLOCK), ("HEAD", UNLOCK), ("POST", UNLOCK), ("POST", "/sign-out")}, {}
    for path in {route.path for route in routes_of(app)}:
        for method in METHODS:
            if (method, path) in of_its_kind:
                continue
            options = {"headers": SAME_ORIGIN} | (form_of(path, {"for": form_for, "password": PASSWORD}) if method == "POST" else {})
            signed_out = new_browser().request(method, concrete(path), **options)
            browser = only(new_browser(), session=token)
            with_cookie = browser.request(method, concrete(path), **options)
            assert SESSION_COOKIE not in set_cookies(with_cookie), (method, path)
            if essence(signed_out) != essence(with_cookie):
                differing[method, path] = with_cookie.headers.get("location")
    heads = {("HEAD", path): back for (method, path), back in returns_to.items() if method == "GET"}
    expected = {key: f"{UNLOCK}?next={concrete(back)}" for key, back in (returns_to | heads).items() if key not in of_its_kind}
    assert differing == expected
    assert locked.who() is None
    assert locked.get(UNLOCK).status_code == 200


def test_only_unlock_and_sign_out_take_a_person_whose_session_is_locked() -> None:
    """By type: no other use case, and no other action, does."""
    taking = set()
    for name, annotation in inspect.get_annotations(use_cases.Identity).items():
        for method, function in inspect.getmembers(annotation, inspect.isfunction):
            types = inspect.get_annotations(function).values()
            if not method.startswith("_") and ({LockedCaller, SessionHolder} & {one for one in types if isinstance(one, type)}):
                taking.add(f"{name}.{method}")
    assert taking == {"sessions.sign_out", "unlock.unlock"}
    assert not issubclass(LockedCaller, Caller)
    assert {action for action in Action if ACTIONS[action].while_locked} == {Action.UNLOCK, Action.SIGN_OUT}
    assert {page.action for page in PAGES if isinstance(page, LockedPage)} == {None, Action.UNLOCK}


def test_the_password_alone_goes_on_to_the_page_that_was_asked_for(installation: Installation, locked: Browser) -> None:
    """ASVS 7.2.4, NIST 2.2.3: the token is new, the old one opens nothing, and what was proven is as old as it was."""
    (before,) = rows(installation, "session")
    old = locked.cookies[SESSION_COOKIE]
    asked = locked.post("/account/2fa/disable")
    assert asked.headers["location"] == f"{UNLOCK}?next=/account/2fa/disable"
    page = locked.follow(asked)
    assert "to go on as anna@example.com." in words(page.text)
    found = re.search(r'name="next" value="([^"]*)"', page.text)
    assert found is not None
    response = locked.post(UNLOCK, password=PASSWORD, next=found[1])
    assert (response.status_code, response.headers["location"]) == (303, "/account/2fa/disable")
    assert locked.me()["amr"] == ["otp", "pwd"]
    (after,) = rows(installation, "session")
    assert after["last_used_at"] == installation.clock.now()
    same = ("id", "amr", "authenticated_at", "proven_at", "expires_at", "recovery_grant_until", "codes_visible_until", "security_version")
    assert [after[column] for column in same] == [before[column] for column in same]
    assert locked.cookies[SESSION_COOKIE] != old
    only(locked, session=old)
    assert locked.who() is None
    assert locked.get("/account").headers["location"] == "/sign-in?next=/account"
    recorded = [row["kind"] for row in rows(installation, "security_event") if row["subject"] != TEAM]
    assert recorded[-1] == EventKind.SESSION_UNLOCKED
    assert tries(installation, "step_up") == 0


def test_unlocking_is_no_step_up_and_renews_no_recovery_grant(protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """What needs a fresh proof asks for it, also in a session that a recovery code began."""
    browser = new_browser()
    browser.sign_in()
    browser.post("/sign-in/recovery-code", code=protected.codes[0])
    browser.clock.advance(minutes=61)
    assert browser.post(UNLOCK, password=PASSWORD).headers["location"] == "/"
    for path in ("/account/2fa/start", "/account/2fa/recovery-codes/reveal", "/account/2fa/disable"):
        assert browser.post(path).headers["location"].startswith("/account/confirm-identity")


def test_after_twenty_four_hours_it_is_over(locked: Browser) -> None:
    """ASVS 7.3.2: 24 h and a second after the sign-in the password of a locked session is not asked for any more, whatever was unlocked."""
    for _ in range(22):
        assert locked.post(UNLOCK, password=PASSWORD).status_code == 303
        locked.clock.advance(minutes=61)
    locked.post(UNLOCK, password=PASSWORD)
    locked.clock.advance(minutes=24 * 60 - 23 * 61, seconds=1)
    assert locked.who() is None
    assert locked.get("/account").headers["location"] == "/sign-in?next=/account"
    response = locked.post(UNLOCK, password=PASSWORD)
    assert (response.headers["location"], set_cookies(response)) == ("/sign-in?next=/", {})


@both_engines
def test_five_wrong_passwords_end_the_session_counted_with_step_up(
    installation: Installation, protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """Two at "Confirm it's you" and three here. Then the cookie is taken, and the person reads of it."""
    browser = protected.browser
    for _ in range(2):
        browser.post("/account/confirm-identity", password="wrong", code="000000")
    browser.clock.advance(minutes=61)
    assert "Enter your password." in words(browser.post(UNLOCK, password="").text)
    first, second, third = (browser.post(UNLOCK, password="wrong", next="/account") for _ in range(3))
    assert (first.status_code, refusal(first).endswith("2 more tries.")) == (401, True)
    assert refusal(second).endswith("1 more try.")
    assert third.headers["location"] == "/sign-in?reason=session_ended"
    assert "Max-Age=0" in set_cookies(third)[SESSION_COOKIE]
    assert rows(installation, "session") == []
    kinds = [row["kind"] for row in rows(installation, "security_event") if row["subject"] != TEAM]
    assert kinds[-5:] == [*[EventKind.IDENTITY_REFUSED] * 4, EventKind.SESSION_ENDED_BY_FAILURES]
    figures = parse(new_browser(address="127.0.0.1").get("/metrics").text)
    outcomes = ("unlocked", "refused", "session_ended")
    assert [figure(figures, "xpressbot_unlocks_total", outcome=outcome) for outcome in outcomes] == [0, 2, 1]


def test_right_passwords_do_not_clear_the_count_of_wrong_codes(protected: Protected) -> None:
    """Or whoever knows the password could try codes without end."""
    browser = protected.browser
    for _ in range(4):
        browser.post("/account/confirm-identity", password=PASSWORD, code="000000")
    browser.clock.advance(minutes=61)
    assert browser.post(UNLOCK, password=PASSWORD).status_code == 303
    response = browser.post("/account/confirm-identity", password=PASSWORD, code="000000")
    assert response.headers["location"] == "/sign-in?reason=session_ended"


def test_a_locked_session_is_ended_by_the_sign_out(installation: Installation, locked: Browser) -> None:
    """Without the password. The page offers it, and signing in as somebody else."""
    page = locked.get(UNLOCK).text
    assert 'action="/sign-out"' in page
    assert 'href="/sign-in"' in page
    response = locked.post("/sign-out", {"for": shown_for(page) or ""})
    assert response.headers["location"] == "/sign-in"
    assert "Max-Age=0" in set_cookies(response)[SESSION_COOKIE]
    assert rows(installation, "session") == []


def test_another_accounts_sign_in_replaces_it(installation: Installation, locked: Browser) -> None:
    """As one that is live; the form of the one before is refused for the new one, and its record tells of the end."""
    installation.add_account("berta@example.com", "Berta")
    shown_to_anna = locked.form_for(UNLOCK)
    locked.sign_in("berta@example.com")
    assert [row["account_id"] for row in rows(installation, "session")] == [locked.me()["account"]["id"]]
    assert EventKind.SIGNED_OUT in [row["kind"] for row in rows(installation, "security_event")]
    locked.clock.advance(minutes=61)
    before = contents(installation)
    response = locked.post(UNLOCK, {"for": shown_to_anna or ""}, password=PASSWORD)
    assert response.status_code == 409
    assert "anna@example.com" in words(response.text)
    assert "berta@example.com" in words(response.text)
    assert contents(installation) == before


def test_a_second_sign_in_in_the_same_browser_needs_no_unlocking(protected: Protected, locked: Browser) -> None:
    """The sign-in page is open to a browser with a locked session, and the new session takes its place."""
    assert locked.get("/sign-in").status_code == 200
    assert locked.sign_in().headers["location"] == "/sign-in/code"
    assert locked.post("/sign-in/code", code=protected.phone.next_code()).status_code == 303
    assert locked.get(UNLOCK).headers["location"] == "/"


def test_the_other_half_of_a_double_click_unlocks_nothing_and_ends_nothing(locked: Browser, new_browser: Callable[..., Browser]) -> None:
    """It brings the token from before, and is told so."""
    twin = new_browser()
    twin.cookies.update(locked.cookies)
    shown = twin.filled(UNLOCK)
    assert locked.post(UNLOCK, password=PASSWORD).status_code == 303
    response = twin.post(UNLOCK, shown, password=PASSWORD)
    assert (response.status_code, set_cookies(response)) == (409, {})
    assert locked.who() is not None


@both_engines
def test_a_session_that_is_disabled_while_the_password_is_checked_stays_shut(installation: Installation, locked: Browser) -> None:
    """What was decided on an older state of the account counts for nothing (ASVS 7.4.2)."""
    locked.form_for(UNLOCK)

    def disable() -> None:
        installation.services.identity.administration.set_status("anna@example.com", AccountStatus.DISABLED)

    with after_transaction(installation, 2, disable):
        response = locked.post(UNLOCK, password=PASSWORD)
    assert (response.headers["location"], set_cookies(response)) == ("/sign-in?next=/", {})
    assert EventKind.SESSION_UNLOCKED not in [row["kind"] for row in rows(installation, "security_event")]


def _password_counts_as_known(installation: Installation) -> None:
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(password_status=PasswordStatus.TO_BE_REPLACED.value))
        connection.commit()


@both_engines
def test_a_password_that_somebody_else_may_know_goes_on_with_no_locked_session(installation: Installation, locked: Browser) -> None:
    """ASVS 7.3.1: a stolen cookie and the known password would be enough. The sign-in asks for the code, too."""
    form = locked.filled(UNLOCK, {"password": PASSWORD})
    _password_counts_as_known(installation)
    assert locked.get("/account").headers["location"] == "/sign-in?next=/account"
    assert locked.post(UNLOCK, form).headers["location"].startswith("/sign-in")
    assert locked.who() is None


def test_a_password_that_comes_to_be_known_while_it_is_checked_unlocks_nothing(installation: Installation, locked: Browser) -> None:
    """Decided again under the account's lock."""
    with after_transaction(installation, 1, lambda: _password_counts_as_known(installation)):
        assert locked.post(UNLOCK, password=PASSWORD).headers["location"].startswith("/sign-in")
    assert locked.who() is None


@pytest.mark.parametrize("transaction", [1, 2], ids=["before its last use is noted", "before the account is locked"])
def test_a_page_that_is_let_in_at_the_last_moment_leads_to_the_password(
    transaction: int, installation: Installation, signed_in: Browser
) -> None:
    """The gate reads the clock under the lock: a form that came in a second before the hour acts no more after it."""
    signed_in.form_for("/account")
    signed_in.clock.advance(minutes=59, seconds=59)
    before = rows(installation, "authenticator")
    with after_transaction(installation, transaction, lambda: signed_in.clock.advance(hours=1, seconds=2)):
        response = signed_in.post("/account/2fa/start")
    assert response.headers["location"] == f"{UNLOCK}?next=/account"
    assert rows(installation, "authenticator") == before


@pytest.mark.parametrize("next_path", ["https://evil.example", "//evil.example", UNLOCK, "/sign-in", "/account/2fa/start", ""])
def test_it_goes_on_to_pages_of_ours_alone(locked: Browser, next_path: str) -> None:
    """Anything else is the dashboard (ASVS 3.7.2), and no `next` names this page."""
    assert locked.post(UNLOCK, password=PASSWORD, next=next_path).headers["location"] == "/"
    assert locked.get(f"/sign-in?next={UNLOCK}").headers["location"] == "/"
