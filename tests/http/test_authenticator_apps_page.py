"""The list of authenticator apps: adding, renaming and removing them through its forms."""

import html
from collections.abc import Callable

import pytest

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import SESSION_COOKIE, contents, field_error, moment_shown, refusal, rows, send, words
from tests.support import labels
from tests.support.browser import Browser, otpauth_uri
from tests.support.installation import PASSWORD, Installation
from xpressbot.identity.factors.rules import MOST_PER_ACCOUNT

APPS = "/account/2fa/apps"
ADD, RENAME, REMOVE = f"{APPS}/add", f"{APPS}/rename", f"{APPS}/remove"
SETUP = "/account/2fa/setup"
UNNAMED = labels.AUTHENTICATOR_APP
BAD_NAMES = ["", "   ", "x" * 41, "x" * 2_000, "x" * 60_000, "a\x00b", "a\x1b[2J", "a\u202eb", "a\u2066b", "a\ue000", "\u200b", "\u0301"]
NAMES_OF_ONE_WITHOUT = [
    labels.AUTHENTICATOR_APP,
    "AUTHENTICATOR APP",
    "Authenticator\ufe0f app",
    "Authenticator \u034fa\u200dpp",
    "\uff21uthenticator app",
]
HOSTILE_NAMES = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }} %(count)d %s",
    "O'Brien & S\u00f6hne: a?b#c",
    "\u0646\u0627\u0645 \U0001f642",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 8,
]
GARBAGE_IDS = ["", "0" * 32, "x" * 60_000, "\x00", "' OR 1=1 --", "<script>alert(1)</script>", "\U0001f642"]


@pytest.fixture
def anna(protected: Protected) -> Browser:
    """Anna's browser; her phone, which has no name, and her tablet sign her in."""
    protected.browser.add_app("Tablet")
    return protected.browser


def test_the_list_says_when_each_was_added_and_last_used(anna: Browser, new_browser: Callable[..., Browser], protected: Protected) -> None:
    """Nothing of their secrets; an app without a name gets a word for it."""
    anna.clock.advance(minutes=7)
    other = new_browser()
    other.sign_in()
    other.post("/sign-in/code", code=protected.phone.code())
    page = anna.get(APPS)
    added = moment_shown("2026-09-21 14:13")
    assert f"Authenticator app Added {added} Last used {moment_shown('2026-09-21 14:20')}" in words(page.text)
    assert f"Tablet Added {added} Last used {added}" in words(page.text)
    assert "otpauth:" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "2 authenticator apps" in words(anna.get("/account").text)


def test_the_only_app_cannot_be_removed_there(protected: Protected) -> None:
    """The page offers no such button and says what to do; the request itself is refused with the same word."""
    page = protected.browser.get(APPS).text
    assert f'action="{REMOVE}"' not in page
    assert 'To remove your last app, use "Disable 2FA".' in words(page)
    response = protected.browser.post(REMOVE, app=protected.browser.apps()[UNNAMED])
    assert response.headers["location"] == f"{APPS}?reason=last_authenticator"
    assert labels.ONLY_APP in refusal(protected.browser.follow(response))


@both_engines
def test_adding_one_goes_by_its_name_to_the_qr_code_and_back_to_the_list(protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """The label in the app carries the name; the page says that the others stay; then either app signs in."""
    browser = protected.browser
    assert 'name="name"' in browser.get(ADD).text
    assert browser.post(ADD, name="  Work\tphone ").headers["location"] == SETUP
    page = browser.get(SETUP).text
    assert "anna%40example.com%20%28Work%20phone%2C%20" in otpauth_uri(page)
    assert "Work phone will sign you in as well. Your other apps and your recovery codes stay." in words(page)
    assert "Add this app Start over" in words(page)
    browser.post("/account/2fa/start-over")
    tablet = browser.add_app("Work phone")
    assert list(browser.apps()) == [UNNAMED, "Work phone"]
    for app in (protected.phone, tablet):
        other = new_browser()
        other.sign_in()
        assert other.post("/sign-in/code", code=app.next_code()).headers["location"] == "/"


def assert_refused_beside_its_field(anna: Browser, app_id: str, name: str, message: str) -> None:
    """When adding and when renaming; no other form on the page shows a fault, and the name is kept as it was typed."""
    answers = {"name": anna.post(ADD, name=name), f"name-{app_id}": anna.post(RENAME, app=app_id, name=name)}
    for field, response in answers.items():
        assert response.status_code == 422, name[:80]
        assert field_error(response, field).startswith(message), name[:80]
        assert response.text.count('aria-invalid="true"') == 1, name[:80]
        assert not name or f'value="{html.escape(name)}"' in response.text, name[:80]
        assert "<title>Error: " in response.text, name[:80]


def test_a_name_that_is_none_is_422_beside_its_field_and_kept(anna: Browser, installation: Installation) -> None:
    """No secret is drawn."""
    app_id = anna.apps()["Tablet"]
    before = contents(installation)
    for name in BAD_NAMES:
        assert_refused_beside_its_field(anna, app_id, name, "Give it a name of up to 40 characters")
        assert contents(installation) == before, name[:80]


def test_a_name_that_another_app_has_is_422_beside_its_field(anna: Browser, installation: Installation) -> None:
    """However it is spelled."""
    app_id = anna.apps()[UNNAMED]
    before = contents(installation)
    for name in ("Tablet", " tablet ", "TAB\u00adLET"):
        assert_refused_beside_its_field(anna, app_id, name, "One of your apps has this name already.")
        assert contents(installation) == before, name


def test_no_app_is_called_what_one_without_a_name_is(anna: Browser, installation: Installation) -> None:
    """On the page the two could not be told apart."""
    app_id = anna.apps()["Tablet"]
    before = contents(installation)
    for name in NAMES_OF_ONE_WITHOUT:
        assert_refused_beside_its_field(anna, app_id, name, "Apps without a name are called that")
        assert contents(installation) == before, name


@both_engines
def test_renaming_changes_the_name_and_nothing_else(anna: Browser, installation: Installation) -> None:
    """An old proof is enough; the session goes on as it was."""
    installation.clock.advance(minutes=6)
    app_id = anna.apps()[UNNAMED]
    response = anna.post(RENAME, app=app_id, name="Phone")
    assert (response.headers["location"], "set-cookie" in response.headers) == (APPS, False)
    assert anna.apps() == {"Phone": app_id, "Tablet": anna.apps()["Tablet"]}
    assert [row["name"] for row in rows(installation, "authenticator")].count("Phone") == 1


@both_engines
@pytest.mark.parametrize("path", [RENAME, REMOVE])
def test_an_app_that_is_not_there_is_told_on_the_list(path: str, anna: Browser, installation: Installation) -> None:
    """Missing, garbage and endless ids, with a good name and with a bad one: 303, a sentence, and nothing has changed."""
    before = contents(installation)
    for app_id in GARBAGE_IDS:
        for name in ("Mine", "x" * 41):
            response = anna.post(path, app=app_id, name=name)
            assert response.headers["location"] == f"{APPS}?reason=no_such_authenticator", app_id[:80]
            told = refusal(anna.follow(response))
            assert told == "That app is no longer in your list: it was removed or replaced in another tab.", app_id[:80]
        assert contents(installation) == before, app_id[:80]
    assert anna.post(path).headers["location"] == f"{APPS}?reason=no_such_authenticator"
    assert contents(installation) == before


@both_engines
def test_removing_one_ends_its_codes_and_other_browsers(anna: Browser, protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """The page says so before; this browser goes on under a new token."""
    other = new_browser()
    other.sign_in()
    other.post("/sign-in/code", code=protected.phone.next_code())
    assert "Its codes stop working at once. You can delete the entry in the app afterwards. It signs out 1 other browser." in words(
        anna.get(APPS).text
    )
    token = anna.cookies[SESSION_COOKIE]
    assert anna.post(REMOVE, app=anna.apps()[UNNAMED]).headers["location"] == APPS
    assert list(anna.apps()) == ["Tablet"]
    assert anna.cookies[SESSION_COOKIE] != token
    assert other.who() is None
    other.sign_in()
    assert other.post("/sign-in/code", code=protected.phone.next_code()).status_code == 401


def test_a_removal_pressed_twice_removes_one(anna: Browser) -> None:
    """The second finds it gone, and says so."""
    anna.add_app("Work phone")
    app_id = anna.apps()["Tablet"]
    answers = [anna.post(REMOVE, app=app_id).headers["location"] for _click in range(2)]
    assert answers == [APPS, f"{APPS}?reason=no_such_authenticator"]
    assert list(anna.apps()) == [UNNAMED, "Work phone"]


def test_the_sixth_is_refused_by_every_door(protected: Protected, installation: Installation) -> None:
    """The page no longer offers it; the form's page and the form lead back to the list, which says why."""
    browser = protected.browser
    for number in range(2, MOST_PER_ACCOUNT + 1):
        browser.add_app(f"App {number}")
    page = browser.get(APPS).text
    assert f'href="{ADD}"' not in page
    assert "You can have at most 5 apps." in words(page)
    before = contents(installation)
    for response in (browser.get(ADD), browser.post(ADD, name="One more"), browser.post(ADD, name="")):
        assert response.headers["location"] == f"{APPS}?reason=too_many_authenticators"
        assert "You have 5 authenticator apps, and you cannot have more." in refusal(browser.follow(response))
    assert contents(installation) == before


def test_while_2fa_is_off_everything_leads_to_the_settings(signed_in: Browser, installation: Installation) -> None:
    """There are no apps to list, add, rename or remove."""
    before = contents(installation)
    for path in (APPS, ADD, f"{APPS}?reason=last_authenticator"):
        assert signed_in.get(path).headers["location"] == "/account"
    for fields in ({}, {"name": "Tablet"}, {"app": "0" * 32, "name": "x" * 41}):
        for path in (ADD, RENAME, REMOVE):
            assert signed_in.follow(signed_in.post(path, fields)).url.path == "/account"
    assert contents(installation) == before


@pytest.mark.parametrize(
    ("method", "path", "back"),
    [("GET", ADD, ADD), ("POST", ADD, ADD), ("POST", REMOVE, APPS)],
)
def test_an_old_proof_is_asked_for_again(
    method: str, path: str, back: str, anna: Browser, protected: Protected, installation: Installation
) -> None:
    """Before the name is asked for, so that it is not lost on the way; proven, people are back where it is asked (ASVS 7.5.1)."""
    installation.clock.advance(minutes=5)
    app_id = anna.apps()["Tablet"]
    before = contents(installation)
    response = anna.get(path) if method == "GET" else anna.post(path, name="Work phone", app=app_id)
    assert response.headers["location"] == f"/account/confirm-identity?next={back}"
    assert contents(installation) == before
    response = anna.post("/account/confirm-identity", password=PASSWORD, code=protected.phone.code(), next=back)
    assert response.headers["location"] == back
    assert anna.get(back).status_code == 200


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_is_shown_as_text_on_every_page(name: str, protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """On the list, at set-up, on the page of a move, and in the notices: never markup, a template or a format."""
    browser = protected.browser
    browser.post(ADD, name=name)
    pages = [browser.get(SETUP).text]
    tablet = browser.add_app(name)
    pages += [browser.get(path).text for path in (APPS, "/account/2fa/move")]
    browser.post("/account/2fa/start", app=browser.apps()[name])
    pages.append(browser.get(SETUP).text)
    assert name in words(pages[0])
    assert f"Remove {name}" in words(pages[1])
    assert name in words(pages[2])
    other = new_browser()
    other.sign_in()
    other.post("/sign-in/code", code=tablet.next_code())
    pages.append(other.get("/").text)
    assert f"App: {name}." in words(pages[-1])
    for page in pages:
        assert not [tag for tag in ("<script>alert", "<img", "{{ 49 }}", " 49 ") if tag in page]


@both_engines
def test_another_accounts_app_is_out_of_reach(anna: Browser, installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """Renaming, removing and replacing it are refused as if it were not there (ASVS 8.2.2)."""
    installation.add_account("berta@example.com", "Berta")
    berta = new_browser()
    berta.sign_in("berta@example.com")
    berta.enable_2fa()
    berta.add_app("Laptop")
    before = contents(installation)
    for app_id in anna.apps().values():
        for path in (RENAME, REMOVE):
            assert berta.post(path, app=app_id, name="Mine").headers["location"] == f"{APPS}?reason=no_such_authenticator"
        assert berta.post("/account/2fa/start", app=app_id).headers["location"] == "/account?reason=no_such_authenticator"
    assert contents(installation) == before


@both_engines
def test_controls_in_every_field_break_nothing(anna: Browser) -> None:
    """PostgreSQL takes no NUL in text: none gets as far as there."""
    for text in (b"%00", b"a%00b", b"%1b%5B2J", b"%ef%bf%bf", b"%f0%9f%92%a5"):
        fields = b"&".join(b"%s=%s" % (name, text) for name in (b"app", b"name", b"lost", b"code"))
        for path in (ADD, RENAME, REMOVE, "/account/2fa/start", "/account/2fa/confirm"):
            assert send(anna, path, fields).status_code < 500, (path, text)
        assert next(iter(anna.apps())) == UNNAMED, text
