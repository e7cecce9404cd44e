"""An account over the years, with a real mail server: what its person does, reads in mails, and finds in the record."""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewBrowser
from tests.browser.inspection import inspect
from tests.browser.person import Person
from tests.browser.shortcuts import protect
from tests.browser.site import Site, serve
from tests.support import labels, people
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.command_line import Shell
from tests.support.databases import SqliteTemplate
from tests.support.mail_server import Received, authority, free_port, mail_server, tls
from xpressbot.entrypoints import mail_delivery
from xpressbot.entrypoints.messages.catalogues import load_languages
from xpressbot.entrypoints.messages.translation import Texts

pytestmark = pytest.mark.browser
FIRST, SECOND = "copper-lantern-willow-harbour", "granite-orchid-ribbon-meadow"


@pytest.fixture
def received(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Received, str]]:
    """A mail server that takes nothing without TLS, and its URL. The sender looks for mails more often than it would."""
    files = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    monkeypatch.setattr(mail_delivery, "POLL_SECONDS", 0.05)
    port = free_port()
    with mail_server(port, starttls=tls(*files)) as server:
        yield server, f"smtp://localhost:{port}"


@pytest.fixture
def mailing_site(tmp_path: Path, sqlite_template: SqliteTemplate, received: tuple[Received, str]) -> Iterator[Site]:
    """A fresh installation with Anna Berg's account, which sends mail."""
    _server, url = received
    with serve(tmp_path, sqlite_template.fresh(tmp_path), smtp_url=url, mail_from="bot@example.com") as site:
        site.installation.add_account()
        yield site


class Mailbox:
    """The mails that a person has not read yet."""

    def __init__(self, received: Received) -> None:
        self._received = received
        self._read = 0

    def next_about(self, subject: str) -> EmailMessage:
        """Wait for the next mail with these words in its subject; those before it are read, too."""
        while True:
            self._received.wait_for(self._read + 1)
            mail = self._received.mails[self._read]
            self._read += 1
            if subject in str(mail["Subject"]):
                return mail


def link_in(mail: EmailMessage, kind: str) -> str:
    """Path and query of a link in a mail."""
    found = re.search(rf"https?://[^/\s]+(/link/{kind}\?token=\S+)", mail.get_content())
    assert found is not None, mail.get_content()
    return found[1]


def forget_the_password(anna: Person, mailbox: Mailbox, phone: AuthenticatorApp) -> None:
    """The link sets another one and signs nobody in; the code is asked for as before."""
    anna.open("/forgot-password")
    anna.page.get_by_label(labels.EMAIL).fill(anna.email)
    anna.button(labels.ASK_FOR_A_LINK).click()
    anna.open(link_in(mailbox.next_about(labels.LINK_FOR_A_NEW_PASSWORD), "password"))
    anna.page.get_by_label(labels.NEW_PASSWORD).fill(FIRST)
    anna.button(labels.SET_THE_NEW_PASSWORD).click()
    anna.is_on(labels.NEW_PASSWORD_SET)
    anna.password = FIRST
    anna.sign_in_with_code(phone)


def report_a_notice(anna: Person, mailbox: Mailbox, phone: AuthenticatorApp) -> None:
    """Everybody is signed out, and whoever proves a code of an app that they have had for long has to choose a new password."""
    people.bound_long_ago(anna.site.installation.services)
    anna.open(link_in(mailbox.next_about(labels.NOTICE_OF_PASSWORD_LINK), "not-me"))
    anna.button(labels.SIGN_OUT_EVERYWHERE).click()
    anna.is_on(labels.ACCOUNT_IS_PROTECTED)
    anna.enter_password()
    anna.enter_code(phone.next_code())
    anna.is_on(labels.CHOOSE_A_NEW_PASSWORD)
    anna.page.get_by_label(labels.NEW_PASSWORD).fill(SECOND)
    anna.button(labels.SET_IT_AND_SIGN_IN).click()
    anna.is_on(labels.DASHBOARD)
    anna.password = SECOND


def sign_out_others(anna: Person, elsewhere: Person) -> None:
    anna.open("/account/sessions")
    anna.button(labels.SIGN_OUT_ALL_OTHERS).click()
    anna.sees(labels.NO_OTHER_BROWSER)
    elsewhere.open("/account")
    elsewhere.is_on(labels.SIGN_IN)


def go_on_after_an_hour(anna: Person) -> None:
    """To the page that was asked for, with the password alone."""
    anna.site.clock.advance(minutes=61)
    anna.open("/account/history")
    anna.is_on(labels.SESSION_LOCKED)
    anna.page.get_by_label(labels.PASSWORD).fill(anna.password)
    anna.button(labels.UNLOCK).click()
    anna.is_on(labels.ACCOUNT_HISTORY)


def read_the_history(anna: Person, texts: Texts) -> None:
    """In a language that is chosen in Account Settings."""
    anna.open("/account")
    choice = anna.page.locator("#account-language")
    choice.select_option(texts.tag)
    anna.page.locator("form", has=choice).get_by_role("button").click()
    anna.open("/account/history")
    anna.is_on(texts.gettext(labels.ACCOUNT_HISTORY))
    expect(anna.page.locator("html")).to_have_attribute("lang", texts.tag)
    assert inspect(anna.page) == []


def test_an_account_over_the_years(mailing_site: Site, received: tuple[Received, str], new_browser: NewBrowser, tmp_path: Path) -> None:
    """Mails come over TLS; the history is in each language; in the end the record verifies."""
    site, mailbox = mailing_site, Mailbox(received[0])
    anna = Person(new_browser(site), site)
    protected = protect(site)
    forget_the_password(anna, mailbox, protected.phone)
    report_a_notice(anna, mailbox, protected.phone)
    elsewhere = Person(new_browser(site), site, password=anna.password)
    elsewhere.sign_in_with_code(protected.phone)
    mailbox.next_about(labels.NOTICE_OF_NEW_BROWSER)
    sign_out_others(anna, elsewhere)
    go_on_after_an_hour(anna)
    elsewhere.sign_in_with_recovery_code(protected.codes[0])
    mailbox.next_about(labels.NOTICE_OF_RECOVERY_SIGN_IN)
    for texts in load_languages():
        read_the_history(anna, texts)
    assert all(received[0].encrypted)
    settings = site.installation.services.settings
    shell = Shell(tmp_path, {"XPRESSBOT_DATABASE_URL": settings.url, "XPRESSBOT_DATA_DIR": str(settings.data_dir)})
    verified = shell.run("audit", "verify")
    assert (verified.code, verified.err) == (0, "")
