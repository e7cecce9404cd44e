"""A new password by a link: it signs nobody in, is good once, and is no way round 2FA (ASVS 6.4.1, 6.4.3, 7.4.3)."""

from collections.abc import Callable

import pytest

from tests.http.conftest import RE_ENROLMENT, Protected, both_engines
from tests.http.raw_requests import LINK_COOKIE, PENDING_COOKIE, SESSION_COOKIE, contents, rows, set_cookies, words
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from tests.support.people import reset as reset_2fa
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.links.rules import MOST_PASSWORD_LINKS

LINK = "/link/password"
NEW = "copper-lantern-willow-harbour"
OTHER = "granite-teapot-orbit-saddle"
ANNA = "anna@example.com"
FACTORS = ("authenticator", "totp_authenticator", "recovery_code_set", "recovery_code")


def link_for(installation: Installation, email: str = ANNA) -> Token:
    token = installation.services.identity.password_reset.issue(email)
    assert isinstance(token, Token), token
    return token


def opened(browser: Browser, token: Token) -> Browser:
    """The browser with the link's page before it."""
    answer = browser.get(f"{LINK}?token={token.text}")
    assert (answer.status_code, answer.headers["location"]) == (303, LINK)
    return browser


@pytest.fixture
def link(installation: Installation) -> Token:
    """Of Anna, the owner."""
    installation.add_account()
    return link_for(installation)


@both_engines
def test_a_link_of_a_person_with_2fa_sets_the_password_and_opens_nothing(
    installation: Installation, protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """ASVS 6.4.3: no session and no sign-in in the answer; factors as they were; the next sign-in asks for the code."""
    half_way = new_browser()
    half_way.sign_in()
    factors = {table: contents(installation)[table] for table in FACTORS}
    browser = opened(new_browser(), link_for(installation))
    assert ANNA in words(browser.get(LINK).text)
    answer = browser.post(LINK, password=NEW)
    assert answer.status_code == 200
    assert set_cookies(answer).keys() == {LINK_COOKIE}
    assert (browser.who(), protected.browser.who()) == (None, None)
    assert half_way.post("/sign-in/code", code=protected.phone.next_code()).headers["location"] == "/sign-in?reason=start_again"
    assert {table: contents(installation)[table] for table in FACTORS} == factors
    assert rows(installation, "known_browser") == []
    assert browser.sign_in().status_code == 401
    assert browser.sign_in(password=NEW).headers["location"] == "/sign-in/code"
    assert browser.who() is None
    installation.clock.advance(seconds=30)
    assert browser.post("/sign-in/code", code=protected.phone.code()).headers["location"] == "/"
    home = words(browser.get("/").text)
    assert "New password set by a link" in home
    assert "The operator made a link for a new password" in home


def test_a_mailed_link_and_a_recovery_code_are_two_proofs(
    installation: Installation, protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """NIST 4.2.2.2: together they recover an account with 2FA on; the link alone leaves 2FA as it is."""
    browser = opened(new_browser(), link_for(installation))
    browser.post(LINK, password=NEW)
    assert browser.sign_in(password=NEW).headers["location"] == "/sign-in/code"
    assert browser.post("/sign-in/recovery-code", code=protected.codes[0]).headers["location"] == "/"
    assert (browser.me()["amr"], browser.me()["aal"]) == (["pwd", "recovery_code"], 2)
    assert "2FA Enabled" in words(browser.get("/account").text)


def test_opening_a_link_changes_nothing(installation: Installation, link: Token, new_browser: Callable[..., Browser]) -> None:
    """Mail scanners open every link, some of them twice; the person's own click still counts."""
    before = contents(installation)
    for _scanner in range(3):
        opened(new_browser(), link).get(LINK)
    assert contents(installation) == before
    assert opened(new_browser(), link).post(LINK, password=NEW).status_code == 200


@both_engines
def test_a_link_is_good_once_and_ends_the_others(installation: Installation, link: Token, new_browser: Callable[..., Browser]) -> None:
    """ASVS 6.4.1: 410 afterwards, by address, by cookie and by the form that was open; also for a second link that was made before."""
    second = link_for(installation)
    waiting, other = opened(new_browser(), link), opened(new_browser(), second)
    form, other_form = waiting.filled(LINK, {"password": OTHER}), other.filled(LINK, {"password": OTHER})
    assert opened(new_browser(), link).post(LINK, password=NEW).status_code == 200
    after = contents(installation)["account"]
    for browser, fields, token, why in (
        (waiting, form, link, "This link was used"),
        (other, other_form, second, "Since this link was made, the password, 2FA or the status of the account has changed."),
    ):
        answers = [browser.get(LINK), browser.post(LINK, fields), new_browser().get(f"{LINK}?token={token.text}")]
        assert [answer.status_code for answer in answers] == [410] * 3
        assert all(why in words(answer.text) for answer in answers)
    assert contents(installation)["account"] == after


def test_a_link_ends_after_an_hour(installation: Installation, link: Token, new_browser: Callable[..., Browser]) -> None:
    """ASVS 6.4.1: also while its page is open."""
    browser = opened(new_browser(), link)
    form = browser.filled(LINK, {"password": NEW})
    installation.clock.advance(minutes=60)
    answers = [browser.get(LINK), browser.post(LINK, form), new_browser().get(f"{LINK}?token={link.text}")]
    assert [answer.status_code for answer in answers] == [410] * 3
    assert all("This link has expired." in words(answer.text) for answer in answers)


@pytest.mark.parametrize("alter", [lambda text: "B" + text[1:], lambda text: text[:-1], lambda text: text + "A", lambda _text: "%00"])
def test_an_altered_token_opens_nothing(alter: Callable[[str], str], link: Token, browser: Browser) -> None:
    """410, and no cookie."""
    answer = browser.get(f"{LINK}?token={alter(link.text)}")
    assert (answer.status_code, set_cookies(answer)) == (410, {})


def test_a_link_of_an_account_that_was_disabled_meanwhile_is_gone(installation: Installation, link: Token, browser: Browser) -> None:
    """And stays so when it is enabled again. For a disabled account none is made."""
    form = opened(browser, link).filled(LINK, {"password": NEW})
    administration = installation.services.identity.administration
    administration.set_status(ANNA, AccountStatus.DISABLED)
    before = contents(installation)["account"]
    assert [browser.get(LINK).status_code, browser.post(LINK, form).status_code] == [410, 410]
    assert not isinstance(installation.services.identity.password_reset.issue(ANNA), Token)
    assert contents(installation)["account"] == before
    administration.set_status(ANNA, AccountStatus.ACTIVE)
    assert [browser.get(LINK).status_code, browser.post(LINK, form).status_code] == [410, 410]


def test_a_change_of_2fa_or_password_ends_a_link(
    installation: Installation, protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """It works on one version of the account only: nobody keeps one for later."""
    for change in (("/account/password", {"password": NEW}), ("/account/2fa/disable", {})):
        link = link_for(installation)
        browser = opened(new_browser(), link)
        assert protected.browser.post(*change).status_code in {200, 303}
        assert browser.get(LINK).status_code == 410


def test_a_new_password_ends_the_link_of_a_reset(
    installation: Installation, protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """With the mailbox alone nobody sets up 2FA: the operator's earlier link for that is void, too."""
    operators = reset_2fa(installation.services)
    assert opened(new_browser(), link_for(installation)).post(LINK, password=NEW).status_code == 200
    browser = new_browser()
    assert browser.get(f"{RE_ENROLMENT}?token={operators.text}").status_code == 410
    answer = browser.sign_in(password=NEW)
    assert answer.headers["location"] == RE_ENROLMENT
    assert set_cookies(answer).keys() == {PENDING_COOKIE}
    assert SESSION_COOKIE not in browser.cookies
    assert protected.browser.who() is None


def test_a_weak_password_keeps_the_link(installation: Installation, link: Token, browser: Browser) -> None:
    """422 with the reason; ten forms an hour, then 429; nothing is set."""
    before = contents(installation)["account"]
    opened(browser, link)
    for weak, why in (("short", "Use at least 15"), (PASSWORD, "the password that you have now"), ("", "Enter your password.")):
        refused = browser.post(LINK, password=weak)
        assert refused.status_code == 422
        assert why in words(refused.text)
    answers = [browser.post(LINK, password="passwordpassword").status_code for _try in range(9)]
    assert answers == [422] * 8 + [429]
    assert contents(installation)["account"] == before


def test_the_oldest_of_many_links_ends(installation: Installation, link: Token, new_browser: Callable[..., Browser]) -> None:
    """So many are open at a time: who asks again and again may use any of the newest mails."""
    links = [link]
    for _more in range(MOST_PASSWORD_LINKS):
        installation.clock.advance(seconds=1)
        links.append(link_for(installation))
    opens = [new_browser().get(f"{LINK}?token={one.text}").status_code for one in links]
    assert opens == [410] + [303] * MOST_PASSWORD_LINKS


def test_a_form_acts_for_the_account_of_its_own_link(installation: Installation, link: Token, browser: Browser) -> None:
    """Rule 7b: another person's link was opened in another tab: 409, and nobody's password changes."""
    installation.add_account("berta@example.com", "Berta")
    fields = opened(browser, link).filled(LINK, {"password": NEW})
    opened(browser, link_for(installation, "berta@example.com"))
    before = contents(installation)
    refused = browser.post(LINK, fields)
    assert refused.status_code == 409
    assert contents(installation) == before
    assert browser.post(LINK, {"password": NEW, "for": ""}).status_code == 422
