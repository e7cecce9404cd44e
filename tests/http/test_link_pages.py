"""Invitations and re-enrolment links: how their token travels, and what is done with one that is not good (ASVS 6.4.1, 14.2.1)."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from tests.http.conftest import PUBLIC_URL, RE_ENROLMENT, Reset, both_engines
from tests.http.raw_requests import LINK_COOKIE, SESSION_COOKIE, contents, only, rows, set_cookies, words
from tests.http.test_cookie_flags import flags_of
from tests.support import labels, people
from tests.support.browser import Browser
from tests.support.cookies import cookie_name
from tests.support.installation import PASSWORD, Installation
from xpressbot.foundation.tokens import Token
from xpressbot.identity.tables import LINK

INVITE = "/link/invite"
BERTA = "berta@example.com"
FIELDS = {"name": "Berta Sommer", "password": PASSWORD}
UNKNOWN = "This is not a link for this page, or a part of it is missing."
USED = "This link was used, or a newer one took its place."
EXPIRED = labels.LINK_EXPIRED
ODD_TOKENS = ["", "x", "A" * 43, "A" * 42 + "=", "\x00", "é", "<script>alert(1)</script>", "A" * 8000]
NO_LINKS = {
    "nothing": "",
    "white space": " \t\r\n",
    "an address": "anna@example.com",
    "a code": "123 456",
    "a link without a token": "http://127.0.0.1:8000/link/re-enrolment",
    "an empty token": "http://127.0.0.1:8000/link/re-enrolment?token=",
    "a cut token": "http://127.0.0.1:8000/link/re-enrolment?token=abc",
    "a bracket": "http://[::1/link/re-enrolment?token=abc",
    "other letters": "http://127.0.0.1:8000/link/re-enrolment?token=\uff21\u0430\u0435\u202e",
    "a zero byte": "\x00",
    "markup": "<script>alert(1)</script>",
    "huge": "x" * 50_000,
    "huge address": "http://127.0.0.1:8000/link/re-enrolment?" + "&".join(f"a{number}=b" for number in range(3_000)),
}


def invite(installation: Installation, email: str = BERTA) -> Token:
    token = installation.services.identity.invitations.issue(email)
    assert isinstance(token, Token)
    return token


@pytest.mark.parametrize("path", [INVITE, RE_ENROLMENT])
def test_a_link_leaves_the_address_bar_for_a_short_cookie(path: str, installation: Installation, reset: Reset, browser: Browser) -> None:
    """303 to the same page without it; ten minutes, hidden from scripts; the page does not repeat it and names no referrer outside."""
    browser.cookies.clear()
    token = invite(installation) if path == INVITE else reset.link
    opened = browser.get(f"{path}?token={token.text}")
    assert (opened.status_code, opened.headers["location"], opened.content) == (303, path, b"")
    assert flags_of(opened) == {LINK_COOKIE: {"path": "/", "httponly": True, "samesite": "lax", "max-age": "600"}}
    page = browser.get(path)
    assert page.status_code == 200
    assert token.text not in page.text
    for answer in (opened, page):
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("token", ODD_TOKENS)
@pytest.mark.parametrize("path", [INVITE, RE_ENROLMENT])
def test_an_unknown_token_is_gone_and_sets_no_cookie(path: str, token: str, browser: Browser) -> None:
    """410, and the page says whom to ask; what stood in the address is not repeated."""
    response = browser.get(path, params={"token": token})
    assert (response.status_code, set_cookies(response)) == (410, {})
    another = {
        INVITE: "Ask who invited you, or the operator of this XpressBot, for a new one.",
        RE_ENROLMENT: "The operator of this XpressBot can reset your 2FA again",
    }[path]
    assert f"{UNKNOWN} Copy the whole link and try again. {another}" in words(response.text)
    assert "<script>alert" not in response.text


@pytest.mark.parametrize("path", [INVITE, RE_ENROLMENT])
def test_an_expired_link_is_gone_also_while_its_page_is_open(
    path: str, installation: Installation, reset: Reset, new_browser: Callable[..., Browser]
) -> None:
    """After 24 hours: the link, the page by the cookie, and the form."""
    token = invite(installation) if path == INVITE else reset.link
    opened, late = new_browser(), new_browser()
    opened.get(f"{path}?token={token.text}")
    installation.clock.advance(hours=24)
    answers = [opened.get(path), opened.post(path, FIELDS | {"link": token.text}), late.get(f"{path}?token={token.text}")]
    assert [answer.status_code for answer in answers] == [410] * 3
    assert all(EXPIRED in words(answer.text) for answer in answers)
    assert late.get(path).status_code == 404
    assert [row["email"] for row in rows(installation, "account")] == ["anna@example.com"]


def test_a_link_of_one_kind_opens_no_page_of_another(installation: Installation, reset: Reset, new_browser: Callable[..., Browser]) -> None:
    """In the address, in the cookie, and pasted."""
    for path, token in ((INVITE, reset.link), (RE_ENROLMENT, invite(installation))):
        by_address, by_cookie = new_browser(), only(new_browser(), link=token.text)
        assert by_address.get(f"{path}?token={token.text}").status_code == 410
        assert [by_cookie.get(path).status_code, by_cookie.post(path, FIELDS | {"link": token.text}).status_code] == [410, 410]
        assert only(new_browser(), link=token.text).get("/welcome").status_code == 404
    unclaimed = {row["kind"]: row["consumed_at"] for row in rows(installation, "link")}
    assert unclaimed == {"invite": None, "re-enrolment": None}


@both_engines
def test_an_invitation_makes_the_account_of_the_invited_address(installation: Installation, browser: Browser) -> None:
    """Whatever the form says besides; signed in at once, the cookie gone, the link used."""
    installation.add_account()
    token = invite(installation)
    browser.get(f"{INVITE}?token={token.text}")
    assert f"You were invited to XpressBot as {BERTA}" in words(browser.get(INVITE).text)
    response = browser.post(INVITE, FIELDS, email="boss@example.com", role="owner")
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert LINK_COOKIE not in browser.cookies
    assert browser.me()["account"] == browser.me()["account"] | {"email": BERTA, "name": "Berta Sommer"}
    assert (browser.me()["amr"], browser.me()["aal"]) == (["pwd"], 1)
    assert browser.get(f"{INVITE}?token={token.text}").status_code == 410
    assert browser.get("/").status_code == 200
    browser.enable_2fa()


def test_a_bad_form_keeps_the_name_and_the_link(installation: Installation, browser: Browser) -> None:
    """422 with the reason beside the field; the suggested passphrase is good."""
    token = invite(installation)
    browser.get(f"{INVITE}?token={token.text}")
    for fields, problem in (
        ({"name": "", "password": PASSWORD}, "Enter your name"),
        ({"name": "Berta\x07", "password": PASSWORD}, "Enter your name"),
        ({"name": "Berta", "password": ""}, labels.PASSWORD_MISSING),
        ({"name": "Berta", "password": "short"}, "Use at least 15 characters."),
        ({"name": "Berta", "password": f"{BERTA}-1"}, "Your name, your address and the product's name are tried first"),
        ({"name": "Berta", "password": "x" * 3000}, "This is longer than any password can be."),
    ):
        response = browser.post(INVITE, fields)
        assert response.status_code == 422
        assert problem in words(response.text)
        assert f"as {BERTA}" in words(response.text)
        assert SESSION_COOKIE not in set_cookies(response)
    page = browser.post(INVITE, name="Berta Sommer", password="short").text
    assert 'value="Berta Sommer"' in page
    assert "short" not in page.replace("short list", "")
    suggestion = page.partition('<code class="passphrase">')[2].partition("<")[0]
    assert browser.post(INVITE, name="Berta Sommer", password=suggestion).headers["location"] == "/"


def test_an_invitation_to_an_address_that_has_an_account_by_now_says_so(installation: Installation, browser: Browser) -> None:
    """410, no session, and the account as it was; also if both were made in one moment, and neither saw the other."""
    token = invite(installation)
    browser.get(f"{INVITE}?token={token.text}")
    installation.add_account("Berta@Example.com", "Berta by hand")
    assert USED in words(browser.post(INVITE, FIELDS).text)
    with installation.services.database.write() as connection:
        connection.execute(update(LINK).values(consumed_at=None))
        connection.commit()
    before = contents(installation)
    response = browser.post(INVITE, FIELDS)
    assert (response.status_code, set_cookies(response)) == (410, {})
    assert "There is an account with this address already. Sign in with it." in words(response.text)
    assert contents(installation) | {"throttle_bucket": []} == before | {"throttle_bucket": []}


def test_accepting_in_anothers_browser_ends_their_session_there(signed_in: Browser, installation: Installation) -> None:
    """As signing in there does."""
    annas = signed_in.cookies[SESSION_COOKIE]
    signed_in.get(f"{INVITE}?token={invite(installation).text}")
    assert signed_in.me()["account"]["email"] == "anna@example.com"
    assert signed_in.post(INVITE, FIELDS).headers["location"] == "/"
    assert signed_in.me()["account"]["email"] == BERTA
    assert only(signed_in, session=annas).who() is None


def test_a_second_click_on_the_invitation_makes_no_second_account(installation: Installation, browser: Browser) -> None:
    """410, and a person who has just been signed in stays so."""
    token = invite(installation)
    browser.get(f"{INVITE}?token={token.text}")
    browser.post(INVITE, FIELDS)
    browser.cookies.set(LINK_COOKIE, token.text, domain="127.0.0.1")
    response = browser.post(INVITE, FIELDS)
    assert (response.status_code, set_cookies(response)) == (410, {})
    assert browser.me()["account"]["email"] == BERTA
    assert len(rows(installation, "account")) == 1


@pytest.mark.parametrize(
    "spelling",
    [
        "{url}",
        "{token}",
        "  {url}\n",
        "\t{token} ",
        "http://127.0.0.1:8000/link/re-\n   enrolment?to\r\n ken={token}",
        "{url}#top",
        "{url}&next=/account",
        "https://bots.example.com/link/re-enrolment?token={token}",
        "127.0.0.1:8000/link/re-enrolment?token={token}",
        "{url}&token=another",
    ],
)
def test_a_link_is_taken_however_it_is_pasted(spelling: str, must_enrol: Browser, reset: Reset) -> None:
    """Whole, bare, broken by a mail or a terminal, under another name of the server: into the cookie, and on."""
    url = f"http://127.0.0.1:8000{RE_ENROLMENT}?token={reset.link.text}"
    response = must_enrol.post(RE_ENROLMENT, link=spelling.format(url=url, token=reset.link.text))
    assert (response.status_code, response.headers["location"]) == (303, RE_ENROLMENT)
    assert flags_of(response)[LINK_COOKIE]["max-age"] == "600"
    assert "Password and link are right" in words(must_enrol.get(RE_ENROLMENT).text)
    must_enrol.enable_2fa()


@pytest.mark.parametrize("pasted", NO_LINKS.values(), ids=NO_LINKS)
def test_what_is_no_link_is_said_to_be_none(pasted: str, must_enrol: Browser, installation: Installation) -> None:
    """422 beside the field; nothing set, nothing written, nothing repeated."""
    before = contents(installation)
    response = must_enrol.post(RE_ENROLMENT, link=pasted)
    assert (response.status_code, set_cookies(response)) == (422, {})
    assert "Paste the whole link, as it was given to you." in words(response.text)
    assert "<script>alert" not in response.text
    assert len(response.content) < 20_000
    assert contents(installation) == before


def test_a_pasted_link_that_is_no_longer_good_says_what_to_do(must_enrol: Browser, reset: Reset, installation: Installation) -> None:
    """410 beside the field, for one that was voided, has expired, or never was."""
    people.reset(installation.services)
    must_enrol.sign_in()
    for token, why in ((reset.link, USED), (Token(bytes(32)), UNKNOWN), (invite(installation), UNKNOWN)):
        response = must_enrol.post(RE_ENROLMENT, link=f"http://127.0.0.1:8000{RE_ENROLMENT}?token={token.text}")
        assert (response.status_code, set_cookies(response)) == (410, {})
        assert why in words(response.text)
        assert "The operator of this XpressBot can reset your 2FA again" in words(response.text)
        assert token.text not in response.text


def test_a_person_who_has_not_given_the_password_may_paste_the_link_first(reset: Reset, new_browser: Callable[..., Browser]) -> None:
    """A good one asks for the password next; anything else is as gone as the page itself."""
    browser = new_browser()
    for link in ("", "nonsense", Token(bytes(32)).text):
        assert browser.post(RE_ENROLMENT, link=link).status_code == 410
    assert browser.get(RE_ENROLMENT).status_code == 404
    assert browser.post(RE_ENROLMENT, link=reset.link.text).headers["location"] == RE_ENROLMENT
    assert labels.LINK_WORKS in words(browser.get(RE_ENROLMENT).text)
    assert browser.sign_in().headers["location"] == RE_ENROLMENT
    browser.enable_2fa()


def test_a_link_for_another_account_is_named_and_can_be_replaced(must_enrol: Browser, reset: Reset, installation: Installation) -> None:
    """The page says so and asks for the right one; start leads back with the same words."""
    people.protected(installation.services, BERTA)
    bertas = people.reset(installation.services, BERTA)
    must_enrol.get(f"{RE_ENROLMENT}?token={bertas.text}")
    page = words(must_enrol.get(RE_ENROLMENT).text)
    assert "The link that is open in this browser is for another account." in page
    assert BERTA not in page
    response = must_enrol.post("/account/2fa/start")
    assert response.headers["location"] == f"{RE_ENROLMENT}?reason=link_of_another"
    assert "is for another account. Paste the one for yours." in words(must_enrol.get(response.headers["location"]).text)
    must_enrol.post(RE_ENROLMENT, link=reset.link.text)
    must_enrol.enable_2fa()


def test_the_start_gives_the_links_cookie_its_ten_minutes_anew(must_enrol: Browser, reset: Reset, installation: Installation) -> None:
    """A person who opened the link first and fetched the phone then is not asked for it again in the midst of the set-up."""
    must_enrol.get(f"{RE_ENROLMENT}?token={reset.link.text}")
    response = must_enrol.post("/account/2fa/start")
    assert flags_of(response) == {LINK_COOKIE: {"path": "/", "httponly": True, "samesite": "lax", "max-age": "600"}}
    assert must_enrol.cookies[LINK_COOKIE] == reset.link.text


def test_a_set_up_that_lost_its_link_goes_on_with_the_same_secret(must_enrol: Browser, reset: Reset) -> None:
    """The browser's cookie is gone; pasting the link again brings the person back to the code they have scanned."""
    must_enrol.get(f"{RE_ENROLMENT}?token={reset.link.text}")
    must_enrol.post("/account/2fa/start")
    page = must_enrol.get("/account/2fa/setup").text
    must_enrol.cookies.delete(LINK_COOKIE)
    assert must_enrol.post("/account/2fa/confirm", code="123456").headers["location"] == f"{RE_ENROLMENT}?reason=must_enrol"
    must_enrol.post(RE_ENROLMENT, link=reset.link.text)
    must_enrol.post("/account/2fa/start")
    assert must_enrol.get("/account/2fa/setup").text == page


@pytest.mark.parametrize("path", [INVITE, RE_ENROLMENT])
def test_over_https_the_links_cookie_is_secure_and_prefixed(path: str, https_installation: Installation, https_browser: Browser) -> None:
    """No subdomain can plant it."""
    people.protected(https_installation.services)
    token = invite(https_installation) if path == INVITE else people.reset(https_installation.services)
    flags = flags_of(https_browser.get(f"{path}?token={token.text}"))
    assert flags == {cookie_name("link", PUBLIC_URL): {"path": "/", "httponly": True, "samesite": "lax", "secure": True, "max-age": "600"}}
    https_browser.cookies.clear()
    https_browser.cookies.set(LINK_COOKIE, token.text, domain="bots.example.com")
    assert https_browser.get(path).status_code == 404
