"""Changing the password on its page (ASVS 6.2.3, 7.4.3, 7.5.1)."""

from collections.abc import Callable

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import SESSION_COOKIE, rows, set_cookies, words
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from xpressbot.identity.throttling.rules import NEW_PASSWORD

PASSWORD_PAGE = "/account/password"
NEW = "copper-lantern-willow-harbour"
OTHER = "granite-teapot-orbit-saddle"
TO_STEP_UP = f"/account/confirm-identity?next={PASSWORD_PAGE}"


def stored_hash(installation: Installation) -> str:
    (account,) = rows(installation, "account")
    stored: str = account["password_hash"]
    return stored


def step_up_tries(installation: Installation) -> list[int]:
    return [row["tries"] for row in rows(installation, "throttle_bucket") if row["key"].startswith("step_up:")]


@both_engines
def test_a_change_without_the_current_password_is_refused_and_counted(installation: Installation, signed_in: Browser) -> None:
    """ASVS 6.2.3: without it 422, with a wrong one 401 and one try more; the hash is as it was, and nobody is signed out."""
    before = stored_hash(installation)
    assert signed_in.post(PASSWORD_PAGE, password=NEW).status_code == 422
    assert step_up_tries(installation) == []
    refused = signed_in.post(PASSWORD_PAGE, current_password="wrong-anchor-meadow-kettle", password=NEW)
    assert refused.status_code == 401
    assert "This is not your current password." in words(refused.text)
    assert "4 more tries." in words(refused.text)
    assert (stored_hash(installation), step_up_tries(installation)) == (before, [1])
    assert signed_in.who() is not None
    assert set_cookies(refused) == {}


def test_five_wrong_current_passwords_end_the_session(signed_in: Browser) -> None:
    """They share the count of "Confirm it's you"."""
    for _try in range(2):
        signed_in.post("/account/confirm-identity", password="wrong")
    answers = [signed_in.post(PASSWORD_PAGE, current_password="wrong", password=NEW) for _try in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 303]
    assert answers[-1].headers["location"] == "/sign-in?reason=session_ended"
    assert signed_in.who() is None


def test_a_weak_new_password_costs_nothing(installation: Installation, signed_in: Browser) -> None:
    """ASVS 6.2.1, 6.2.4: 422 with the reason beside the field; no try is counted, and the page can be sent again."""
    before = stored_hash(installation)
    for weak, why in (
        ("short-lantern", "Use at least 15 characters."),
        ("passwordpassword", "This would be guessed quickly"),
        ("anna@example.com1", "little is left without them"),
        (PASSWORD, "This is the password that you have now. Choose another one."),
    ):
        refused = signed_in.post(PASSWORD_PAGE, current_password=PASSWORD, password=weak)
        assert refused.status_code == 422
        assert why in words(refused.text)
    assert stored_hash(installation) == before
    assert step_up_tries(installation) in ([], [0])
    assert signed_in.post(PASSWORD_PAGE, current_password=PASSWORD, password=NEW).status_code == 200


@both_engines
def test_a_new_password_ends_what_rested_on_the_old_one(
    installation: Installation, signed_in: Browser, new_browser: Callable[..., Browser]
) -> None:
    """ASVS 7.4.3: other sessions end, and the page says how many; this one goes on under a new token, with event and notice."""
    other = new_browser()
    other.sign_in()
    page = words(signed_in.get(PASSWORD_PAGE).text)
    assert "It signs out 1 other browser." in page
    answer = signed_in.post(PASSWORD_PAGE, current_password=PASSWORD, password=NEW)
    assert answer.status_code == 200
    assert "1 other browser was signed out." in words(answer.text)
    assert SESSION_COOKIE in set_cookies(answer)
    assert signed_in.me()["amr"] == ["pwd"]
    assert other.who() is None
    assert new_browser().sign_in().status_code == 401
    assert other.sign_in(password=NEW).headers["location"] == "/"
    assert "Password changed" in words(other.get("/").text)
    assert len(rows(installation, "known_browser")) == 2


def test_only_the_browser_that_changes_the_password_stays_known(
    installation: Installation, signed_in: Browser, new_browser: Callable[..., Browser]
) -> None:
    """Strangers who fill the address's count keep the other one out, as any browser, and not this one."""
    other = new_browser()
    other.sign_in()
    signed_in.post(PASSWORD_PAGE, current_password=PASSWORD, password=NEW)
    (known,) = rows(installation, "known_browser")
    signed_in.post("/sign-out")
    assert signed_in.sign_in(password=NEW).status_code == 303
    assert [row["id"] for row in rows(installation, "known_browser")] == [known["id"]]
    for _try in range(6):
        new_browser(address="198.51.100.9").sign_in(password="wrong")
    assert other.sign_in(password=NEW).status_code == 429
    signed_in.post("/sign-out")
    assert signed_in.sign_in(password=NEW).status_code == 303


def test_with_2fa_on_a_fresh_step_up_takes_the_place_of_the_current_password(installation: Installation, protected: Protected) -> None:
    """ASVS 7.5.1: page and form ask for it once it is 5 minutes old; a password in the form is no step-up."""
    browser = protected.browser
    assert 'name="current_password"' not in browser.get(PASSWORD_PAGE).text
    before = stored_hash(installation)
    installation.clock.advance(minutes=6)
    assert browser.get(PASSWORD_PAGE).headers["location"] == TO_STEP_UP
    assert browser.post(PASSWORD_PAGE, current_password=PASSWORD, password=NEW).headers["location"] == TO_STEP_UP
    assert stored_hash(installation) == before
    browser.post("/account/confirm-identity", password=PASSWORD, code=protected.phone.code())
    same = browser.post(PASSWORD_PAGE, password=PASSWORD)
    assert (same.status_code, stored_hash(installation)) == (422, before)
    assert browser.post(PASSWORD_PAGE, password=NEW).status_code == 200
    assert browser.me()["amr"] == ["otp", "pwd"]


def test_a_stolen_fresh_session_cannot_ask_for_the_password_without_end(protected: Protected) -> None:
    """That a new password is the old one is told ten times an hour."""
    guesses = [protected.browser.post(PASSWORD_PAGE, password=PASSWORD).status_code for _guess in range(NEW_PASSWORD.free + 1)]
    assert guesses == [422] * NEW_PASSWORD.free + [429]


def test_a_page_from_before_another_change_changes_nothing(signed_in: Browser) -> None:
    """Of a double click, the second brings the token of before: 409, and the first password stays."""
    stale = dict(signed_in.cookies)
    fields = signed_in.filled(PASSWORD_PAGE, {"current_password": PASSWORD, "password": NEW})
    assert signed_in.post(PASSWORD_PAGE, fields).status_code == 200
    signed_in.cookies.clear()
    signed_in.cookies.update(stale)
    second = signed_in.post(PASSWORD_PAGE, {**fields, "password": OTHER})
    assert second.status_code == 409
