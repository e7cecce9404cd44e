"""The roster as a page: what it says of each member, its filter in the address, and the button that reminds."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import update

from tests.http.conftest import both_engines
from tests.http.raw_requests import SESSION_COOKIE, field_error, refusal, words
from tests.support.browser import Browser
from tests.support.installation import Installation, install
from tests.support.many_accounts import add_accounts
from tests.support.people import protected, signed_in
from xpressbot.entrypoints.http.app import create_app
from xpressbot.identity.tables import ACCOUNT
from xpressbot.identity.team.roster import PAGE_SIZE

BERTA = "berta@example.com"


@pytest.fixture
def owner(installation: Installation, new_browser: Callable[..., Browser]) -> Browser:
    """The owner's browser, with 2FA on."""
    browser = new_browser()
    browser.cookies.set(SESSION_COOKIE, protected(installation.services, "owner@example.com").caller.token.text)
    return browser


def change(installation: Installation, email: str, **columns: object) -> None:
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.email == email).values(columns))
        connection.commit()


def listed(page: str) -> list[str]:
    """The addresses of the members on a page."""
    return re.findall(r'href="/team/members/\w+"[^>]*>[^<]*</a>\s*<span class="address quiet" translate="no">([^<]+)</span>', page)


@both_engines
def test_it_says_of_each_member_what_an_owner_must_know(installation: Installation, owner: Browser) -> None:
    """Protection, codes left, role, last sign-in, and what calls for help."""
    for name in ("exempt", "plain", "reset", "suspended", "unconfirmed"):
        installation.add_account(f"{name}@example.com", name.title())
    change(installation, "exempt@example.com", exempt_until=installation.clock.now() + 10**12, exempt_reason="No phone until May")
    change(installation, "reset@example.com", must_enrol=True)
    change(installation, "suspended@example.com", status="disabled")
    change(installation, "unconfirmed@example.com", email_confirmed_at=None)
    page = words(owner.get("/team").text)
    assert "1 of 5 members have 2FA on" in page
    assert "1 of the others is exempt." in page
    assert "Authenticator app, since" in page
    assert "10 recovery codes left." in page
    assert "2FA was reset, and must be set up again before the next session." in page
    assert "No phone until May" in page
    assert re.search(r"Suspended suspended@example.com Suspended", page)
    assert re.search(r"unconfirmed@example.com Address not confirmed", page)
    assert "Last signed in Never" in page


def test_without_a_mail_server_there_is_no_button_and_the_page_says_why(installation: Installation, owner: Browser) -> None:
    """Who sends the form all the same is told, too."""
    installation.add_account(BERTA)
    page = owner.get("/team").text
    assert "/team/remind" not in page
    assert "No mail server is set, so members cannot be reminded by mail" in words(page)
    response = owner.post("/team/remind")
    assert (response.status_code, refusal(response)) == (409, "No mail server is set, so nobody can be reminded by mail.")


def test_with_a_mail_server_one_click_reminds(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> None:
    """The button names how many; afterwards the page says that they were reminded, and a second click is told that nobody is left."""
    directory = tmp_path_factory.mktemp("mailing")
    installation = install(directory, database_url, smtp_url="smtp://127.0.0.1:9", mail_from="bot@example.com")
    try:
        browser = Browser(create_app(installation.services), installation.clock)
        browser.cookies.set(SESSION_COOKIE, protected(installation.services, "owner@example.com").caller.token.text)
        for number in range(3):
            signed_in(installation.services, f"person{number}@example.com")
        assert "Remind 3 people" in words(browser.get("/team").text)
        assert browser.post("/team/remind").headers["location"] == "/team"
        page = words(browser.get("/team").text)
        assert "3 were reminded within the last day." in page
        assert "Remind" not in page
        twice = browser.post("/team/remind")
        assert (twice.status_code, "Nobody is left to be reminded" in refusal(twice)) == (409, True)
        shown = words(browser.post("/team/invite", email=BERTA, role="agent").text)
        assert "A mail with another link is on its way" in shown
    finally:
        installation.close()


def test_the_filter_stands_in_the_address(installation: Installation, owner: Browser) -> None:
    """Text and state together; what is found can be undone."""
    for name in ("Berta", "Carl"):
        installation.add_account(f"{name.lower()}@example.com", name)
    assert listed(owner.get("/team").text) == [BERTA, "carl@example.com", "owner@example.com"]
    assert listed(owner.get("/team", params={"q": "BERT", "state": "unprotected"}).text) == [BERTA]
    assert listed(owner.get("/team", params={"q": "bert", "state": "protected"}).text) == []
    assert "No member is like this." in words(owner.get("/team?q=nobody").text)
    assert 'value="&lt;script&gt;"' in owner.get("/team", params={"q": "<script>"}).text


@both_engines
@pytest.mark.parametrize("name", ["q", "state"])
@pytest.mark.parametrize("value", ["\x00", "x" * 5000, "\u202eabc", "\ue000"])
def test_what_cannot_be_understood_is_left_out_and_said(owner: Browser, name: str, value: str) -> None:
    """422, with all members."""
    response = owner.get("/team", params={name: value})
    assert (response.status_code, listed(response.text)) == (422, ["owner@example.com"])
    assert field_error(response, name)


@both_engines
@pytest.mark.parametrize("after", ["\x00", "x" * 5000, "\u202e", "zzz", "%", "'"])
def test_any_place_to_begin_at_is_answered(owner: Browser, after: str) -> None:
    """What no address could be begins at the beginning."""
    assert owner.get("/team", params={"after": after}).status_code == 200


def test_a_second_page_goes_on_where_the_first_ended(installation: Installation, owner: Browser) -> None:
    """By the link of the page, with the filter kept; the way back leads to the beginning."""
    add_accounts(installation, PAGE_SIZE + 5)
    first = owner.get("/team?q=person").text
    (more,) = re.findall(r'rel="next" href="(/team\?q=[^"]+)"', first)
    second = owner.get(more.replace("&amp;", "&")).text
    assert (len(listed(first)), len(listed(second))) == (PAGE_SIZE, 5)
    assert not set(listed(first)) & set(listed(second))
    assert 'href="/team?q=person"' in second
