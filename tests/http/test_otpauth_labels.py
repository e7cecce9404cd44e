"""What an authenticator app shows beside a code: of which installation it is, whose, and which of their entries."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
import zxingcpp

from tests.http.conftest import Protected, Reset, both_engines
from tests.http.raw_requests import LINK_COOKIE, only
from tests.http.test_set_up_page import drawn
from tests.support import people
from tests.support.browser import Browser, otpauth_uri
from tests.support.databases import SqliteTemplate
from tests.support.installation import Installation, install
from xpressbot.entrypoints.http.app import create_app

START, SETUP, CONFIRM = "/account/2fa/start", "/account/2fa/setup", "/account/2fa/confirm"
BEGUN = "21 Sep 2026, 14.13 UTC"
"""Where tests' clocks begin. A colon would end the label's first half."""


def entry(browser: Browser) -> tuple[str, str]:
    """Issuer and account of the entry that the set-up page gives, as pyotp reads them. The label's prefix is the issuer."""
    uri = otpauth_uri(browser.get(SETUP).text)
    prefix, colon, _account = unquote(urlsplit(uri).path).removeprefix("/").partition(":")
    read = pyotp.parse_uri(uri)
    assert (colon, prefix, parse_qs(urlsplit(uri).query)["issuer"]) == (":", read.issuer, [read.issuer])
    assert read.issuer is not None
    assert ":" not in read.issuer + read.name
    return read.issuer, read.name


@pytest.mark.parametrize(
    ("url", "issuer"),
    [
        ("http://127.0.0.1:8000", "XpressBot 127.0.0.1 8000"),
        ("http://localhost", "XpressBot localhost"),
        ("https://chat.example.com", "XpressBot chat.example.com"),
        ("https://Chat.Example.COM:443", "XpressBot chat.example.com"),
        ("https://chat.example.com:8443", "XpressBot chat.example.com 8443"),
        ("https://chat.example.com:80", "XpressBot chat.example.com 80"),
        ("https://[2001:db8::1]:8443", "XpressBot 2001-db8--1 8443"),
        ("http://[::1]:8000", "XpressBot --1 8000"),
        ("https://xn--bcher-kva.example", "XpressBot xn--bcher-kva.example"),
    ],
)
def test_the_issuer_names_the_installation(url: str, issuer: str, tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """By host, and port where it is not the scheme's own: two installations are two entries, and no colon is in a label."""
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), public_url=url)
    installation.add_account()
    browser = Browser(create_app(installation.services), installation.clock, url=url)
    browser.sign_in()
    browser.post(START)
    assert entry(browser) == (issuer, "anna@example.com")
    installation.close()


@both_engines
def test_the_entry_of_a_move_is_another_than_the_one_it_replaces(protected: Protected, installation: Installation) -> None:
    """An app that overwrites entries of one label would lose the old secret, which works until the new one has proven a code."""
    browser = protected.browser
    browser.post(START, lost="no")
    first = entry(browser)
    assert first == ("XpressBot localhost 8000", f"anna@example.com ({BEGUN})")
    installation.clock.advance(minutes=4)
    browser.post(START, lost="no")
    assert entry(browser) == first
    browser.post("/account/2fa/start-over")
    assert entry(browser)[1] == "anna@example.com (21 Sep 2026, 14.17 UTC)"


@both_engines
def test_a_move_of_a_named_app_says_its_name_and_when(protected: Protected) -> None:
    """The entry that the app had when it was added has another moment."""
    browser = protected.browser
    browser.add_app("Tablet")
    browser.clock.advance(minutes=2)
    browser.post(START, app=browser.apps()["Tablet"], lost="no")
    assert entry(browser)[1] == "anna@example.com (Tablet, 21 Sep 2026, 14.15 UTC)"


def test_an_app_that_is_added_under_the_name_that_another_had_is_another_entry(protected: Protected) -> None:
    """The first tablet was renamed and still works: its entry in an authenticator app kept the old name."""
    browser = protected.browser
    browser.post("/account/2fa/apps/add", name="Tablet")
    first = entry(browser)
    app = browser.add_app("Tablet")
    browser.post("/account/2fa/apps/rename", app=browser.apps()["Tablet"], name="Old tablet")
    browser.clock.advance(minutes=2)
    browser.post("/account/2fa/apps/add", name="Tablet")
    second = entry(browser)
    assert first[1] == f"anna@example.com (Tablet, {BEGUN})"
    assert second[1] == "anna@example.com (Tablet, 21 Sep 2026, 14.15 UTC)"
    assert app.code().isdigit()


@both_engines
def test_after_a_reset_and_after_disabling_the_entry_is_another(must_enrol: Browser, reset: Reset, installation: Installation) -> None:
    """The old one stays in the phone, and its codes open nothing: it must be seen which it is."""
    must_enrol.cookies.set(LINK_COOKIE, reset.link.text, domain="127.0.0.1")
    phone = must_enrol.enable_2fa()
    assert unquote(phone.uri).partition("?")[0].endswith(f"anna@example.com ({BEGUN})")
    must_enrol.post("/account/2fa/disable")
    installation.clock.advance(minutes=1)
    must_enrol.post(START)
    assert entry(must_enrol)[1] == "anna@example.com (21 Sep 2026, 14.14 UTC)"


def test_an_unfinished_set_up_before_is_no_entry_to_tell_from(signed_in: Browser) -> None:
    """The first app's label is the address alone, however often it was begun."""
    signed_in.post(START)
    signed_in.post("/account/2fa/start-over")
    assert entry(signed_in)[1] == "anna@example.com"


def test_the_longest_names_fit_the_qr_code(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """The longest host, address and name of an app: the end of the address is left out, the rest is there and is read."""
    host = ".".join(["h" * 63] * 3 + ["h" * 61])
    url = f"https://{host}:65535"
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), public_url=url)
    browser = Browser(create_app(installation.services), installation.clock, url=url)
    address, face = "\u5b57" * 240 + "@example.com", "\U0001f642" * 40
    person = people.protected(installation.services, address)
    browser.cookies.set("__Host-xpressbot-session-65535", person.caller.token.text, domain=host)
    browser.post("/account/2fa/apps/add", name=face)
    page = browser.get(SETUP).text
    [found] = zxingcpp.read_barcodes(drawn(page)[0])
    assert found.text == otpauth_uri(page)
    issuer, account = entry(browser)
    assert issuer == f"XpressBot {host} 65535"
    assert account.endswith(f" ({face}, {BEGUN})")
    assert address.startswith(account.partition(" (")[0])
    assert len(account.partition(" (")[0]) > 20
    installation.close()


def test_a_link_and_no_other_cookie_shows_no_entry(must_enrol: Browser, reset: Reset) -> None:
    """What is in an entry is for a person who may set up."""
    page = only(must_enrol, link=reset.link.text).get(SETUP)
    assert "otpauth" not in page.text
