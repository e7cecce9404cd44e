"""The page "Move to a new phone": what the page asks, and what the answers do."""

from collections.abc import Callable

import pytest

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import contents, refusal, words
from tests.support import labels
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import Browser, otpauth_uri
from tests.support.installation import PASSWORD, Installation

MOVE, START, SETUP, CONFIRM = "/account/2fa/move", "/account/2fa/start", "/account/2fa/setup", "/account/2fa/confirm"
CODES = "/account/2fa/recovery-codes"
STAYS = "Your old app works until you have entered a code from the new one. Your recovery codes stay."
RENEWS = (
    "Your old app works until you have entered a code from the new one."
    " Then it stops, and you get new recovery codes: the old ones stop with it."
)


def begun(browser: Browser, **answers: str) -> AuthenticatorApp:
    """Send the page's form, and scan what it leads to."""
    assert browser.post(START, answers).headers["location"] == SETUP
    return AuthenticatorApp(otpauth_uri(browser.get(SETUP).text), browser.clock)


def test_it_asks_where_the_old_phone_is(protected: Protected) -> None:
    """With one app it does not ask which; no answer is given beforehand, and none may be left out."""
    page = protected.browser.get(MOVE).text
    assert page.count('type="radio" name="lost"') == page.count("required>") == 2
    assert " checked" not in page
    assert 'name="app"' not in page
    assert "You get new recovery codes, and the old ones stop working" in words(page)
    assert "The move signs out" not in words(page)


def test_with_several_apps_it_asks_which_one_the_new_phone_replaces(protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """By their names, or all of them; and it says how many other browsers it signs out."""
    protected.browser.add_app("Tablet")
    other = new_browser()
    other.sign_in()
    other.post("/sign-in/code", code=protected.phone.next_code())
    page = protected.browser.get(MOVE).text
    assert page.count('name="app"') == 3
    assert "Which app does the new phone replace? Authenticator app Tablet All of them" in words(page)
    assert "The move signs out 1 other browser." in words(page)


@both_engines
def test_a_phone_that_one_still_has_leaves_the_recovery_codes(protected: Protected) -> None:
    """The set-up says so, and it ends in the settings; the codes are the same."""
    browser = protected.browser
    phone = begun(browser, lost="no")
    assert STAYS in words(browser.get(SETUP).text)
    assert browser.post(CONFIRM, code=phone.code()).headers["location"] == "/account"
    browser.post(f"{CODES}/reveal")
    assert browser.recovery_codes() == protected.codes


@both_engines
def test_a_lost_phone_takes_the_recovery_codes_along(protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """The set-up says so, and it ends at the new codes; an old one is refused."""
    browser = protected.browser
    phone = begun(browser, lost="yes")
    assert RENEWS in words(browser.get(SETUP).text)
    assert browser.post(CONFIRM, code=phone.code()).headers["location"] == CODES
    assert not set(browser.recovery_codes()) & set(protected.codes)
    assert len(browser.recovery_codes()) == 10
    other = new_browser()
    other.sign_in()
    assert other.post("/sign-in/recovery-code", code=protected.codes[0]).status_code == 401
    assert other.post("/sign-in/recovery-code", code=browser.recovery_codes()[0]).headers["location"] == "/"


@pytest.mark.parametrize("lost", ["", "no", "YES", "1", "true", "x" * 60_000, "<b>yes</b>"])
def test_only_a_plain_yes_replaces_the_codes(lost: str, protected: Protected) -> None:
    """Whatever else is sent is none."""
    begun(protected.browser, lost=lost)
    assert STAYS in words(protected.browser.get(SETUP).text)


@both_engines
def test_the_app_that_was_chosen_is_the_one_that_goes(protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """The label in the new one carries the name it takes over."""
    browser = protected.browser
    tablet = browser.add_app("Tablet")
    new_tablet = begun(browser, app=browser.apps()["Tablet"], lost="no")
    assert "%28Tablet%2C%20" in new_tablet.uri
    browser.post(CONFIRM, code=new_tablet.code())
    assert list(browser.apps()) == [labels.AUTHENTICATOR_APP, "Tablet"]
    other = new_browser()
    other.sign_in()
    assert other.post("/sign-in/code", code=tablet.next_code()).status_code == 401
    assert other.post("/sign-in/code", code=protected.phone.code()).headers["location"] == "/"


@pytest.mark.parametrize("app_id", ["0" * 32, "x" * 60_000, "\x00", "' OR 1=1 --", "<script>alert(1)</script>"])
def test_an_app_that_is_not_there_is_not_replaced(app_id: str, protected: Protected, installation: Installation) -> None:
    """303 to the settings, which say why; no secret is drawn."""
    before = contents(installation)
    response = protected.browser.post(START, app=app_id, lost="no")
    assert response.headers["location"] == "/account?reason=no_such_authenticator"
    assert refusal(protected.browser.follow(response)).startswith(labels.APP_IS_GONE)
    assert contents(installation) == before


def test_another_answer_in_a_second_tab_voids_the_first_tabs_code(protected: Protected) -> None:
    """The first tab's code is refused on a page that says what the second one's will do."""
    browser = protected.browser
    first = begun(browser, lost="no")
    assert begun(browser, lost="no").uri == first.uri
    second = begun(browser, lost="yes")
    response = browser.post(CONFIRM, code=first.code())
    assert response.status_code == 401
    assert RENEWS in words(response.text)
    assert otpauth_uri(response.text) == second.uri
    assert browser.post(CONFIRM, code=second.code()).headers["location"] == CODES


def test_a_confirmation_sent_twice_goes_to_the_codes(protected: Protected) -> None:
    """The other half of a double click finds them on show, and changes nothing more."""
    browser = protected.browser
    phone = begun(browser, lost="yes")
    answers = [browser.post(CONFIRM, code=phone.code()).headers["location"] for _click in range(2)]
    assert answers == [CODES, CODES]


def test_an_old_proof_is_asked_for_before_the_question(protected: Protected, installation: Installation) -> None:
    """So that the answer is not lost on the way; proven, the question comes (ASVS 7.5.1)."""
    installation.clock.advance(minutes=5)
    location = protected.browser.get(MOVE).headers["location"]
    assert location == f"/account/confirm-identity?next={MOVE}"
    assert f'name="next" value="{MOVE}">' in protected.browser.get(location).text
    code = protected.phone.code()
    assert protected.browser.post("/account/confirm-identity", password=PASSWORD, code=code, next=MOVE).headers["location"] == MOVE
    assert "Where is the old phone?" in protected.browser.get(MOVE).text


def test_while_2fa_is_off_there_is_nothing_to_move(signed_in: Browser) -> None:
    """303 to the settings, which offer to enable it."""
    assert signed_in.get(MOVE).headers["location"] == "/account"


def test_the_settings_lead_to_it(protected: Protected) -> None:
    """Beside the codes and the apps."""
    page = protected.browser.get("/account").text
    assert f'href="{MOVE}"' in page
    assert "1 authenticator app " in words(page)


def test_after_a_recovery_code_the_settings_ask_it_themselves(protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """One box for a lost phone beside the button; the page of the move opens without further proof as well."""
    protected.browser.add_app("Tablet")
    other = new_browser()
    other.sign_in()
    other.post("/sign-in/recovery-code", code=protected.codes[0])
    other.clock.advance(minutes=10)
    page = other.get("/account").text
    assert '<input type="checkbox" name="lost" value="yes">' in page
    assert "The new app then takes the place of all your authenticator apps." in words(page)
    assert f'href="{MOVE}"' not in page
    assert other.get(MOVE).status_code == 200
    phone = begun(other, lost="yes")
    assert other.post(CONFIRM, code=phone.code()).headers["location"] == CODES
    assert list(other.apps()) == [labels.AUTHENTICATOR_APP]
    assert protected.browser.who() is None
