"""The language of a page: what the account has chosen, else what was chosen in the browser, else what that asks for."""

import re
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from tests.http.conftest import Protected, Reset, both_engines
from tests.support.browser import Browser
from tests.support.cookies import cookie_name
from tests.support.installation import Installation
from tests.support.languages import LANGUAGES
from tests.support.people import invitation, welcome_link
from tests.use_cases.instrumentation import statements
from xpressbot.entrypoints.http.app import create_app
from xpressbot.identity.tables import ACCOUNT, SECURITY_EVENT

OTHERS = ["es", "hi"]
COOKIE = cookie_name("language")


@pytest.fixture
def app(installation: Installation) -> Starlette:
    """In every language that there is."""
    return create_app(installation.services, LANGUAGES)


def language_of(response: httpx.Response) -> str:
    """The language of a page, which its header and its markup agree on."""
    tag = response.headers["content-language"]
    assert f'<html lang="{tag}"' in response.text
    return str(tag)


def place_in(page: httpx.Response) -> str:
    """Where the page's switch leads back to."""
    found = re.search(r'<form method="post" action="/language".*?<input type="hidden" name="next" value="([^"]*)">', page.text, re.DOTALL)
    assert found is not None, page.text
    return found[1]


def switch(browser: Browser, page: httpx.Response, language: str = "es") -> httpx.Response:
    """Press a language on a page."""
    return browser.post("/language", language=language, next=place_in(page))


def test_each_language_is_named_in_itself(browser: Browser) -> None:
    """For those who cannot read the page that they are on; the one it is in is marked."""
    page = browser.get("/sign-in").text
    for tag, name in (("en", "English"), ("es", "Español"), ("hi", "हिन्दी")):
        marked = ' aria-current="true"' if tag == "en" else ""
        assert f'value="{tag}" lang="{tag}" dir="ltr" translate="no"{marked}>{name}</button>' in page


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in?next=/account/2fa/apps"])
def test_the_sign_in_page_is_the_same_in_another_language(path: str, browser: Browser) -> None:
    """Where the person goes on to afterwards included, also from the page that refused a password."""
    assert switch(browser, browser.get(path)).headers["location"] == path
    refused = browser.sign_in("anna@example.com", "wrong", next=path.partition("=")[2])
    assert refused.status_code == 401
    response = switch(browser, refused, "hi")
    assert (response.status_code, response.headers["location"]) == (303, path)
    assert language_of(browser.get(path)) == "hi"


def test_a_sign_in_goes_on_in_another_language(pending: Browser, protected: Protected) -> None:
    """The page of the second factor comes back after a wrong code too, and the sign-in is the same."""
    for page in (pending.get("/sign-in/code"), pending.post("/sign-in/code", code="000000")):
        assert switch(pending, page).headers["location"] == "/sign-in/code"
    assert language_of(pending.get("/sign-in/recovery-code")) == "es"
    assert pending.post("/sign-in/recovery-code", code=protected.codes[0]).status_code == 303


def test_an_opened_link_goes_on_in_another_language(installation: Installation, browser: Browser) -> None:
    """Its token is in no address by then."""
    browser.get(f"/welcome?token={welcome_link(installation.services).text}")
    for page in (browser.get("/welcome"), browser.post("/welcome", name="", email="", password="")):
        assert switch(browser, page).headers["location"] == "/welcome"
    assert browser.get("/welcome").status_code == 200
    installation.add_account()
    browser.get(f"/link/invite?token={invitation(installation.services).text}")
    assert switch(browser, browser.get("/link/invite")).headers["location"] == "/link/invite"


def test_a_set_up_before_the_session_goes_on_in_another_language(must_enrol: Browser, reset: Reset) -> None:
    """The answer to a wrong first code belongs to the page with the QR code."""
    must_enrol.get(f"/link/re-enrolment?token={reset.link.text}")
    must_enrol.post("/account/2fa/start")
    refused = must_enrol.post("/account/2fa/confirm", code="000000")
    assert switch(must_enrol, refused).headers["location"] == "/account/2fa/setup"
    assert must_enrol.get("/account/2fa/setup").status_code == 200


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example", "/sign-in?next=//evil.example", "/sign-out", "/nowhere", ""])
def test_the_switch_leads_to_no_other_place(place: str, browser: Browser) -> None:
    """A place that it does not name itself is home."""
    assert browser.post("/language", language="es", next=place).headers["location"] == "/"


def test_an_error_page_has_the_switch_too(browser: Browser) -> None:
    """There is no page to come back to, so it leads home."""
    page = browser.get("/nowhere")
    assert (page.status_code, place_in(page)) == (404, "/")


@pytest.mark.parametrize("language", ["xx", "", "es\r\nSet-Cookie: a=b", "e" * 5000, "es-MX"])
def test_a_language_that_there_is_not_changes_nothing(language: str, browser: Browser) -> None:
    """A clear answer, in the language from before."""
    switch(browser, browser.get("/sign-in"), "hi")
    refused = browser.post("/language", language=language, next="/sign-in")
    assert (refused.status_code, language_of(refused)) == (422, "hi")
    assert "set-cookie" not in refused.headers
    assert language_of(browser.get("/sign-in")) == "hi"


@pytest.mark.parametrize("value", ["xx", "", '"', "es; hi", "\x7f", "../../es", "e" * 3000, "A" * 43])
def test_a_cookie_with_no_language_of_ours_counts_for_nothing(value: str, app: Starlette, installation: Installation) -> None:
    """Anybody may have written it: a newer version, or a person."""
    browser = Browser(app, installation.clock, language="hi")
    page = browser.request("GET", "/sign-in", headers={"Cookie": f"{COOKIE}={value}"})
    assert (page.status_code, language_of(page)) == (200, "es" if value.startswith("es;") else "hi")


def test_the_browsers_choice_goes_before_what_it_asks_for(app: Starlette, installation: Installation) -> None:
    """It is kept for a year, as a tag and nothing else."""
    browser = Browser(app, installation.clock, language="hi")
    response = switch(browser, browser.get("/sign-in"))
    assert browser.cookies[COOKIE] == "es"
    assert "Max-Age=31536000; Path=/; SameSite=lax" in response.headers["set-cookie"]
    assert "HttpOnly" in response.headers["set-cookie"]
    page = browser.get("/sign-in")
    assert (language_of(page), page.headers["vary"]) == ("es", "Accept-Language, Cookie")


@both_engines
@pytest.mark.parametrize("chosen", OTHERS)
def test_the_accounts_choice_goes_before_the_browsers(chosen: str, signed_in: Browser, new_browser: Callable[..., Browser]) -> None:
    """In every browser in which the person is signed in, and in none before that."""
    other = new_browser()
    switch(other, other.get("/sign-in"), "es" if chosen == "hi" else "hi")
    assert signed_in.post("/account/language", language=chosen).headers["location"] == "/account"
    page = signed_in.get("/account")
    assert language_of(page) == chosen
    assert re.search(rf'<option value="{chosen}"[^>]* selected>', page.text)
    assert language_of(other.get("/sign-in")) != chosen
    other.sign_in()
    assert language_of(other.get("/")) == chosen


def test_what_goes_wrong_is_told_in_the_accounts_language(signed_in: Browser) -> None:
    """The language is decided once for a request, also for the error page that it ends with."""
    signed_in.post("/account/language", language="hi")
    refused = signed_in.post("/account/language", language="xx")
    assert (refused.status_code, language_of(refused)) == (422, "hi")


def test_the_browsers_language_is_a_choice_too(app: Starlette, installation: Installation) -> None:
    """It takes back the account's choice, and what the switch has left in this browser."""
    installation.add_account()
    browser = Browser(app, installation.clock, language="hi")
    switch(browser, browser.get("/sign-in"))
    browser.sign_in()
    browser.post("/account/language", language="en")
    assert language_of(browser.get("/account")) == "en"
    browser.post("/account/language", language="")
    assert language_of(browser.get("/account")) == "hi"
    assert COOKIE not in browser.cookies


def test_a_choice_that_a_newer_version_stored_falls_back(installation: Installation, signed_in: Browser) -> None:
    """The page works, and the choice stays for the version that knows it."""
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(language="tlh"))
        connection.commit()
    assert language_of(signed_in.get("/account")) == "en"
    assert stored_language(installation) == "tlh"


def test_an_unknown_language_leaves_the_accounts_choice(installation: Installation, signed_in: Browser) -> None:
    signed_in.post("/account/language", language="es")
    assert signed_in.post("/account/language", language="xx").status_code == 422
    assert stored_language(installation) == "es"


def test_the_choice_is_no_security_event(installation: Installation, signed_in: Browser) -> None:
    """It decides nothing about who may do what."""
    with installation.services.database.read() as connection:
        before = connection.execute(select(SECURITY_EVENT.c.seq)).all()
    signed_in.post("/account/language", language="es")
    with installation.services.database.read() as connection:
        assert connection.execute(select(SECURITY_EVENT.c.seq)).all() == before


def test_the_switch_asks_no_database(installation: Installation, browser: Browser) -> None:
    """Strangers may press it as often as they like."""
    with statements(installation) as sent:
        browser.post("/language", language="es", next="/sign-in")
    assert sent == []


def test_signed_in_pages_have_no_switch(signed_in: Browser) -> None:
    """There the account's own choice is on the settings page."""
    assert 'action="/language"' not in signed_in.get("/account").text


def test_a_single_language_needs_no_switch(installation: Installation) -> None:
    """Nor a choice."""
    installation.add_account()
    browser = Browser(create_app(installation.services), installation.clock)
    assert "/language" not in browser.get("/sign-in").text
    browser.sign_in()
    assert "/account/language" not in browser.get("/account").text


def stored_language(installation: Installation) -> str | None:
    """What the only account has chosen."""
    with installation.services.database.read() as connection:
        found: str | None = connection.execute(select(ACCOUNT.c.language)).scalar_one()
        return found
