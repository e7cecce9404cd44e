"""Rule 7b: what a page was shown for. A form acts for that one, or is refused with 409 before anything is charged."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from tests.http.conftest import RE_ENROLMENT, Protected, both_engines
from tests.http.raw_requests import contents, field_error, set_cookies, words
from tests.support import labels, people
from tests.support.browser import Browser
from tests.support.form_client import FORMS_FOR_ANYBODY, shown_for
from tests.support.installation import PASSWORD, Installation
from xpressbot.entrypoints.http.factors.registry import FACTOR_PAGES, FACTORS
from xpressbot.entrypoints.http.page_routes import FOR_ANYBODY
from xpressbot.entrypoints.http.pages import all_pages

PAGES = all_pages(FACTORS, FACTOR_PAGES)

NewBrowser = Callable[..., Browser]
ANNA, BERTA = "anna@example.com", "berta@example.com"
NO_SUBJECTS = [None, "", " ", "x", f"{ANNA} ", f"{ANNA} {'0' * 63}", f"{ANNA}  {'0' * 64}", f"\x00 {'0' * 64}", "x" * 9000]
POSTS = sorted({page.path for page in PAGES if page.method == "POST"} - FOR_ANYBODY)


@dataclass(frozen=True)
class Tab:
    """A page that was opened in a browser, whichever account is in its cookies by now."""

    browser: Browser
    shown_to: str

    @classmethod
    def opened(cls, browser: Browser, path: str) -> "Tab":
        value = shown_for(browser.get(path).text)
        assert value is not None
        return cls(browser, value)

    def post(self, path: str, fields: Mapping[str, str] | None = None) -> httpx.Response:
        return self.browser.post(path, {**(fields or {}), "for": self.shown_to})


def invitation(installation: Installation, email: str) -> str:
    return f"/link/invite?token={people.invitation(installation.services, email).text}"


def assert_refused(installation: Installation, tab: Tab, path: str, fields: Mapping[str, str], *names: str) -> None:
    """409 with both names, and nothing charged, changed, set or acknowledged."""
    before = contents(installation)
    response = tab.post(path, fields)
    assert response.status_code == 409, (path, words(response.text))
    assert all(name in words(response.text) for name in names), path
    assert contents(installation) == before, path
    assert not set_cookies(response), path


@both_engines
def test_a_form_of_another_account_does_nothing(installation: Installation, protected: Protected) -> None:
    """Berta signs in in the tab beside Anna's: Anna's buttons do not act for Berta."""
    tab = Tab.opened(protected.browser, "/account")
    installation.add_account(BERTA, "Berta")
    protected.browser.sign_in(BERTA)
    fields = {"code": "000000", "password": "wrong", "name": "Tablet", "app": "x", "shown": "1-1"}
    names = (f"opened that page as {ANNA}", f"has changed to {BERTA}", f"Go on as {BERTA}", "Sign out")
    for path in POSTS:
        if path.startswith(("/account", "/notices", "/sign-out")):
            assert_refused(installation, tab, path, fields, *names)
    assert protected.browser.me()["account"]["email"] == BERTA


@both_engines
def test_a_code_for_another_pending_sign_in_is_no_try(installation: Installation, protected: Protected, new_browser: NewBrowser) -> None:
    """Anna's code, sent in a tab whose sign-in is Berta's by now, is not counted as Berta's failure."""
    installation.add_account(BERTA, "Berta")
    berta = new_browser()
    berta.sign_in(BERTA)
    berta.enable_2fa()
    browser = new_browser()
    browser.sign_in(ANNA)
    tab = Tab.opened(browser, "/sign-in/code")
    browser.sign_in(BERTA)
    for path in ("/sign-in/code", "/sign-in/recovery-code"):
        fields = {"code": protected.phone.next_code() if path.endswith("/code") else protected.codes[0]}
        assert_refused(installation, tab, path, fields, ANNA, BERTA, "Sign in as someone else")


@both_engines
def test_another_pending_sign_in_of_the_same_person_is_the_same(protected: Protected, new_browser: NewBrowser) -> None:
    """A person who signs in twice in two tabs is not held up."""
    browser = new_browser()
    browser.sign_in()
    tab = Tab.opened(browser, "/sign-in/code")
    browser.sign_in()
    assert tab.post("/sign-in/code", {"code": protected.phone.next_code()}).headers["location"] == "/"


def test_another_session_of_the_same_person_is_the_same(protected: Protected, installation: Installation) -> None:
    """A page that was left open works after signing in again."""
    tab = Tab.opened(protected.browser, "/account")
    protected.browser.sign_in()
    protected.browser.post("/sign-in/code", code=protected.phone.next_code())
    assert tab.post("/account/2fa/disable").headers["location"] == "/account"


@both_engines
def test_an_invitation_form_makes_no_account_for_another_invitation(installation: Installation, new_browser: NewBrowser) -> None:
    """Two links in two tabs: the form that says anna@ does not make the account of bob@ with Anna's name and password."""
    installation.add_account()
    browser = new_browser()
    browser.get(invitation(installation, "carla@example.com"))
    tab = Tab.opened(browser, "/link/invite")
    browser.get(invitation(installation, "bob@example.com"))
    fields = {"name": "Carla", "password": PASSWORD}
    assert_refused(installation, tab, "/link/invite", fields, "opened that page as carla@example.com", "has changed to bob@example.com")
    second = Tab.opened(browser, "/link/invite")
    assert second.post("/link/invite", fields).headers["location"] == "/"
    assert browser.me()["account"]["email"] == "bob@example.com"


def test_a_welcome_form_is_for_the_link_that_opened_it(installation: Installation, browser: Browser) -> None:
    """Another start's link in the cookie does not claim the installation with a form of the first."""
    links = [people.welcome_link(installation.services) for _start in range(2)]
    browser.get(f"/welcome?token={links[0].text}")
    tab = Tab.opened(browser, "/welcome")
    browser.get(f"/welcome?token={links[1].text}")
    assert_refused(
        installation,
        tab,
        "/welcome",
        {"name": "Anna", "email": ANNA, "password": PASSWORD},
        "You opened that page with one link, and then another link",
    )


@both_engines
def test_a_set_up_before_the_session_is_for_whom_its_page_was_shown_to(
    installation: Installation, must_enrol: Browser, new_browser: NewBrowser
) -> None:
    """Anna has to set up 2FA again; by the time her button is pressed, Berta has to in this browser."""
    tab = Tab.opened(must_enrol, RE_ENROLMENT)
    people.protected(installation.services, BERTA)
    people.reset(installation.services, BERTA)
    must_enrol.sign_in(BERTA)
    for path in ("/account/2fa/start", "/account/2fa/start-over", "/account/2fa/confirm", RE_ENROLMENT, "/sign-out"):
        assert_refused(installation, tab, path, {"code": "000000", "link": "x"}, ANNA, BERTA)


def test_a_form_that_does_not_say_whom_it_was_shown_to_is_unreadable(installation: Installation, signed_in: Browser) -> None:
    """422, nothing charged; a page of ours always says it."""
    before = contents(installation)
    for value in NO_SUBJECTS:
        fields = {"password": "wrong"} | ({} if value is None else {"for": value})
        response = signed_in.request("POST", "/account/confirm-identity", data=fields, headers={"Sec-Fetch-Site": "same-origin"})
        assert (response.status_code, contents(installation) == before) == (422, True), value and value[:80]


def test_an_address_in_the_field_proves_nothing(installation: Installation, signed_in: Browser) -> None:
    """A field that was made up for the account of now is another's: the address is not what counts. Markup in it does nothing."""
    for address in (ANNA, "<b>x</b>@example.com"):
        response = Tab(signed_in, f"{address} {'0' * 64}").post("/account/2fa/start")
        assert response.status_code == 409
        assert "<b>x" not in response.text


def test_with_no_account_there_a_form_is_as_without_the_field(protected: Protected) -> None:
    """Signed out meanwhile: sign in, or the link's own answer. Nothing is said of whom the page was for."""
    tab = Tab.opened(protected.browser, "/account")
    protected.browser.post("/sign-out")
    for path in POSTS:
        response = tab.post(path, {"code": "000000"})
        assert response.status_code in {303, 404, 410}, (path, words(response.text))
        assert ANNA not in response.text, path


def test_every_form_of_every_page_says_whom_it_is_for(protected: Protected, new_browser: NewBrowser) -> None:
    """But those in which people say it themselves."""
    for path in FORMS_FOR_ANYBODY & {page.path for page in PAGES if page.method == "GET"}:
        anybody = new_browser().get(path).text
        assert (anybody.count("<form"), shown_for(anybody)) == (1, None)
    seen = 0
    for page in {page.path for page in PAGES if page.method == "GET"} - FORMS_FOR_ANYBODY:
        text = protected.browser.get(page).text
        forms = re.findall(r'(?s)<form method="post" .*?</form>', text)
        assert all(shown_for(form) is not None for form in forms), page
        seen += len(forms)
    assert seen > 10


def test_where_it_matters_most_the_page_names_the_account(signed_in: Browser) -> None:
    """Before the password is asked for again, and beside the QR code."""
    assert f"You are signed in as {ANNA}." in words(signed_in.get("/account/confirm-identity").text)
    signed_in.post("/account/2fa/start")
    assert f"This is for the account {ANNA}." in words(signed_in.get("/account/2fa/setup").text)


def test_a_code_for_the_other_page_is_told_where_it_belongs(protected: Protected, new_browser: NewBrowser) -> None:
    """A recovery code in the field for the app's code, and the other way round. Neither is a try."""
    browser = new_browser()
    browser.sign_in()
    belongs = browser.post("/sign-in/code", code=protected.codes[0])
    assert (belongs.status_code, field_error(belongs, "code")[:24]) == (422, "This is a recovery code.")
    belongs = browser.post("/sign-in/recovery-code", code="123 456")
    assert (belongs.status_code, field_error(belongs, "code")[:28]) == (422, "This is a code from an app. ")


def test_a_browser_without_cookies_is_told_that_it_needs_them(
    installation: Installation, protected: Protected, new_browser: NewBrowser
) -> None:
    """Right after the password, it brings nothing to be known by."""
    browser = new_browser()
    assert browser.sign_in().headers["location"] == "/sign-in/code"
    browser.cookies.clear()
    came_from = {"Referer": f"{browser.url}/sign-in", "Sec-Fetch-Site": "same-origin"}
    for path in ("/sign-in/code", "/", "/account"):
        back = browser.request("GET", path, headers=came_from)
        assert back.headers["location"].endswith("reason=no_cookie")
        assert "this browser keeps no cookies" in words(browser.get(back.headers["location"]).text)
    for elsewhere in ("https://evil.example/sign-in", f"{browser.url}/account", "::", "http://["):
        back = browser.request("GET", "/account", headers={"Referer": elsewhere})
        assert back.headers["location"] == "/sign-in?next=/account"


def test_each_end_of_a_link_has_its_own_words(installation: Installation, new_browser: NewBrowser) -> None:
    """Used, replaced, expired, cut off, or not open in this browser: what happened, and what to do."""
    installation.add_account()
    cookieless = new_browser()
    first, second = invitation(installation, BERTA), invitation(installation, BERTA)
    cut = words(new_browser().get(second[:-1]).text)
    assert "a part of it is missing" in cut
    assert "a newer one took its place" in words(new_browser().get(first).text)
    cookieless.get(second)
    cookieless.cookies.clear()
    closed = cookieless.get("/link/invite")
    assert closed.status_code == 404
    assert "It remembers one for 10 minutes, and only if it keeps cookies" in words(closed.text)
    installation.clock.advance(hours=24)
    expired = words(new_browser().get(second).text)
    assert labels.LINK_EXPIRED in expired
    assert "Go to the dashboard" not in expired
    owner = new_browser().get("/welcome")
    assert owner.status_code == 404
    assert "There is an owner already" in words(owner.text)
    assert "Sign in" in words(owner.text)
