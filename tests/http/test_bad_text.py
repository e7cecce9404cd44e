"""Names, addresses and passwords as people and attackers type them."""

import html
import re
from collections.abc import Callable

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import update

from tests.http.conftest import both_engines
from tests.http.raw_requests import contents, field_error, rows, send, tries
from tests.support import labels
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from tests.support.people import welcome_link
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.registration.account_creation import RegistrationRefusal
from xpressbot.identity.tables import ACCOUNT
from xpressbot.identity.throttling.rules import STRANGER

GOOD_NAMES = [
    "Åsa Ünal",
    "李小龍",
    "O'Brien & Söhne",
    '"Bob" <b>bold</b>',
    "a:b;c=d|e",
    "{{ 7*7 }}",
    "%(count)d %s",
    "x" * 100,
    "🙂",
    "\u0646\u0627\u0645",
]
BAD_NAMES = ["", "   ", "x" * 101, "x" * 300, "a\x00b", "a\x1b[2J", "a\x7f", "a\u202eb", "a\u2066b", "a\ue000", "\u0085"]
GOOD_EMAILS = [
    "anna@exämple.com",
    "anna@xn--exmple-cua.com",
    "o'brien+tag@example.com",
    "a&b@example.com",
    "A.B@EXAMPLE.COM",
    "x" * 242 + "@example.com",
    " anna@example.com ",
]
BAD_EMAILS = [
    "",
    "anna",
    "@example.com",
    "anna@",
    "anna@example",
    "anna@@example.com",
    "anna@exa mple.com",
    "anna@example.com\x00",
    "anna\x00@example.com",
    "anna@example.com\r\nBcc: x@y.zz",
    "an\x1bna@example.com",
    "anna\u202e@example.com",
    "anna@example..com",
    "anna@example.com.",
    "anna@[192.0.2.1]",
    "anna@192.0.2.1",
    "anna..b@example.com",
    "a:b@example.com",
    '"anna"@example.com',
    "<b>@example.com",
    "anna@example.com,peter@example.com",
    "x" * 300 + "@example.com",
    "x" * 60_000,
]
UNTYPABLE_EMAILS = {
    "anna\u200b@example.com": "cannot be seen",
    "anna@exam\u00adple.com": "cannot be seen",
    "\ufeffanna@example.com": "cannot be seen",
    "anna@example.com\ufe0f": "cannot be seen",
    "jörg@example.com": "Before the @",
    "\u0430nna@example.com": "Before the @",
}
WEAK_PASSWORDS = {
    "fourteen-chars": "Use at least 15 characters",
    "é" * 513: "Use at most 1,024 bytes",
    "x" * 1025: "Use at most 1,024 bytes",
    "violet-anchor\x00-meadow-kettle": "has a control character",
    "violet-anchor\r\n-meadow-kettle": "has a control character",
    "violet-anchor\t-meadow-kettle": "has a control character",
    "passwordpassword": "would be guessed quickly",
    "xpressbot-xpressbot": "are tried first",
    "anna@example.com1": "are tried first",
    "aaaaaaaaaaaaaaaaaaaa": "would be guessed quickly",
    "🙂" * 14: "Use at least 15 characters",
    "": "Enter your password",
}
NO_NOTICES = ["", "x", "-1", "1.5", "9" * 30, "0-0", "\uff11-\uff11", "1-1", "999999999-999999999", "1-1 OR 1=1", "\x00", "1-2-3 " * 500]


def claim(installation: Installation, browser: Browser, **fields: str) -> httpx.Response:
    """Fill in the welcome page of a link of its own."""
    token = welcome_link(installation.services)
    browser.get(f"/welcome?token={token.text}")
    return browser.post("/welcome", {"name": "Anna Berg", "email": "anna@example.com", "password": PASSWORD} | fields)


@both_engines
@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_name_is_kept_as_it_is_and_shown_as_text(name: str, installation: Installation, browser: Browser) -> None:
    """Whatever it holds, no page takes it for markup, a template or a format."""
    assert claim(installation, browser, name=name).status_code == 303
    assert rows(installation, "account")[0]["name"] == name
    for path in ("/", "/account"):
        page = browser.get(path).text
        assert f"<strong>{html.escape(name).replace('&#x27;', '&#39;').replace('&quot;', '&#34;')}</strong>" in page
        assert "<b>" not in page
    assert browser.me()["account"]["name"] == name


def test_a_name_with_control_characters_or_of_no_fitting_length_is_422(installation: Installation, browser: Browser) -> None:
    """The message stands beside the field, and what else was typed is kept; but never the password."""
    for name in BAD_NAMES:
        response = claim(installation, browser, name=name)
        assert response.status_code == 422, name[:80]
        assert field_error(response, "name").startswith("Enter your name: up to 100 characters"), name[:80]
        assert 'value="anna@example.com"' in response.text, name[:80]
        assert PASSWORD not in response.text, name[:80]
        assert rows(installation, "account") == [], name[:80]


@both_engines
@pytest.mark.parametrize("email", GOOD_EMAILS)
def test_an_address_signs_in_however_it_is_capitalised(email: str, installation: Installation, browser: Browser) -> None:
    """Unicode, quotes and ampersands included; spaces around it are forgiven."""
    assert claim(installation, browser, email=email).status_code == 303
    assert browser.me()["account"]["email"] == email.strip().replace("xn--exmple-cua", "exämple")
    browser.post("/sign-out")
    assert browser.sign_in(email.upper()).headers["location"] == "/"


def test_what_no_mail_server_takes_is_422_at_sign_in_and_welcome(installation: Installation, browser: Browser) -> None:
    """Beside the field, escaped, and charged to no account."""
    for email in BAD_EMAILS:
        response = claim(installation, browser, email=email)
        assert (response.status_code, rows(installation, "account")) == (422, []), email[:80]
        assert field_error(response, "email") == "Enter an email address, like anna@example.com.", email[:80]
        before = contents(installation)
        response = browser.sign_in(email)
        assert response.status_code == 422, email[:80]
        assert field_error(response, "email") == "Enter your email address, like anna@example.com.", email[:80]
        assert "<b>" not in response.text, email[:80]
        assert contents(installation) == before, email[:80]


def test_an_address_that_cannot_be_typed_again_is_422_with_the_reason(installation: Installation, browser: Browser) -> None:
    """The same sentence at the welcome page and at sign-in, and charged to no account."""
    for email, why in UNTYPABLE_EMAILS.items():
        response = claim(installation, browser, email=email)
        assert (response.status_code, rows(installation, "account")) == (422, []), email
        assert why in field_error(response, "email"), email
        before, at_sign_in = contents(installation), browser.sign_in(email)
        assert (at_sign_in.status_code, field_error(at_sign_in, "email")) == (422, field_error(response, "email")), email
        assert contents(installation) == before, email


@both_engines
@pytest.mark.parametrize("first", ["anna@bücher.example", "anna@xn--bcher-kva.example"])
def test_a_domain_is_the_same_in_both_its_spellings(
    first: str, installation: Installation, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    """Whichever was typed first, and whichever a browser makes of it: one account, shown in Unicode, and one count of guesses."""
    assert claim(installation, browser, email=first).status_code == 303
    assert browser.me()["account"]["email"] == "anna@bücher.example"
    spellings = ["anna@bücher.example", "Anna@XN--BCHER-KVA.example", "anna@bu\u0308cher.example"]
    for typed in spellings:
        assert new_browser().sign_in(typed, "wrong-password-of-hers").status_code == 401
    assert [row["tries"] for row in rows(installation, "throttle_bucket") if row["key"].startswith(f"{STRANGER}:")] == [3]
    for typed in spellings:
        assert new_browser().sign_in(typed).headers["location"] == "/"
    registration = installation.services.identity.registration
    assert registration.invite("anna@bücher.example") == Denied(RegistrationRefusal.EMAIL_TAKEN)


def test_what_was_typed_as_an_address_comes_back_escaped(browser: Browser) -> None:
    """A refused sign-in repeats the address in its field and nowhere else."""
    for typed in ('"><script>alert(1)</script>@example.com', "a&b'c@example.com", "{{7*7}}@example.com"):
        page = browser.sign_in(typed).text
        values = [html.unescape(value) for value in re.findall(r'<input id="email"[^>]*? value="([^"]*)"', page)]
        assert values == [typed]
        assert "<script>" not in page


def test_an_empty_password_is_422_and_no_try(installation: Installation, browser: Browser) -> None:
    """Both messages at once when both fields are empty."""
    response = browser.sign_in("", "")
    assert (response.status_code, field_error(response, "password")) == (422, labels.PASSWORD_MISSING)
    assert field_error(response, "email")
    assert browser.sign_in(password="").status_code == 422
    assert tries(installation, "") == 0


@both_engines
@pytest.mark.parametrize("password", ["x" * 2_048, "\x00" * 20, "\ufffd\u202e\x1b[2J", "é" * 2_000, " ", "💥" * 1_000])
def test_an_odd_password_at_sign_in_is_only_a_wrong_one(password: str, installation: Installation, browser: Browser) -> None:
    """Long ones, NUL, controls: 401 after the one hash, for known and unknown addresses; never repeated in the page."""
    installation.add_account()
    for email in ("anna@example.com", "nobody@example.com"):
        response = browser.sign_in(email, password)
        assert response.status_code == 401
        assert "do not match" in response.text
        assert html.escape(password) not in response.text or password == " "


def test_a_weak_password_is_422_and_the_page_says_what_is_wrong(installation: Installation, browser: Browser) -> None:
    """The reason beside the field, a fresh passphrase to take instead, and the name and address kept."""
    for password, why in WEAK_PASSWORDS.items():
        response = claim(installation, browser, password=password)
        assert response.status_code == 422, password[:80]
        assert why in field_error(response, "password"), password[:80]
        assert re.search(r'<code class="passphrase">[a-z-]+</code>', response.text), password[:80]
        assert 'value="Anna Berg"' in response.text, password[:80]
        assert not password or f'value="{password}"' not in response.text, password[:80]
        assert rows(installation, "account") == [], password[:80]


def test_a_password_from_before_signs_in_with_its_line_break(installation: Installation, browser: Browser) -> None:
    """What is refused for a new password is still compared as it was set."""
    old = f"{PASSWORD}\n{PASSWORD}"
    account = installation.add_account()
    password_hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(old)
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account.id).values(password_hash=password_hash))
        connection.commit()
    assert browser.sign_in(password=old).headers["location"] == "/"


@both_engines
def test_a_name_of_a_notice_that_is_none_acknowledges_nothing(signed_in: Browser, installation: Installation) -> None:
    """Back to the dashboard, and nothing has changed."""
    before = contents(installation)
    for shown in NO_NOTICES:
        assert signed_in.post("/notices/seen", shown=shown).headers["location"] == "/", shown[:80]
        assert contents(installation) == before, shown[:80]


@both_engines
def test_nul_and_controls_in_every_field_break_nothing(installation: Installation, signed_in: Browser, browser: Browser) -> None:
    """PostgreSQL takes no NUL in text: none gets as far as there."""
    installation.clock.advance(minutes=6)
    for text in (b"%00", b"a%00b", b"%1b%5B2J", b"%7f", b"%ef%bf%bf", b"%f0%9f%92%a5"):
        fields = b"&".join(b"%s=%s" % (name, text) for name in (b"email", b"password", b"code", b"next", b"name", b"shown"))
        for path in ("/sign-in", "/sign-in/code", "/account/2fa/confirm", "/account/2fa/disable", "/notices/seen", "/welcome"):
            assert send(signed_in, path, fields).status_code < 500
    assert browser.who() is not None
