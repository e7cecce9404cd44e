"""The owner's button "Send a test mail": it goes to their own address, and the dashboard says what became of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.http.raw_requests import rows, words
from tests.support.browser import Browser
from tests.support.databases import SqliteTemplate
from tests.support.installation import Installation, install
from tests.support.mail_server import Received, free_port, mail_server
from xpressbot.entrypoints.http.app import create_app
from xpressbot.entrypoints.messages.mail_failures import text_of_test_mail
from xpressbot.entrypoints.messages.translation import ENGLISH
from xpressbot.foundation.mail.outbox import MailState, MailStatus
from xpressbot.foundation.mail.transport import FailureReason

BUTTON, FORM = "Send a test mail", "/mail/test"
ANNA, BERTA = "anna@example.com", "berta@example.com"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def mailing(tmp_path: Path, sqlite_template: SqliteTemplate, port: int) -> Installation:
    url = f"smtp://localhost:{port}?starttls=no"
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), smtp_url=url, mail_from="bot@example.com")
    installation.add_account(ANNA)
    installation.add_account(BERTA, "Berta")
    return installation


def signed_in(installation: Installation, email: str = ANNA) -> Browser:
    browser = Browser(create_app(installation.services), installation.clock)
    assert browser.sign_in(email).headers["location"] == "/"
    return browser


def card(browser: Browser) -> str:
    return words(browser.get("/").text.partition('aria-labelledby="installation"')[2].partition("</section>")[0])


def test_the_dashboard_says_what_became_of_the_mail(mailing: Installation, port: int) -> None:
    """No request waits for the mail server: the mail leaves beside them. Pressing again makes no second one."""
    owner = signed_in(mailing)
    assert BUTTON in card(owner)
    for _time in range(2):
        assert owner.post(FORM).headers["location"] == "/"
        assert f"A test mail to {ANNA} is on its way. Open this page again in a moment." in card(owner)
    with mail_server(port) as received:
        mailing.services.mail.next_round()
    assert (received.recipients, [str(mail["Subject"]) for mail in received.mails]) == ([ANNA], ["XpressBot: test mail"])
    assert f"The mail server took the test mail to {ANNA} at Sep 21, 2026, 14:13 UTC." in card(owner)


def test_a_test_mail_that_failed_is_tried_again_by_the_button(mailing: Installation, port: int) -> None:
    """With what the last try met, and when the next one is due by itself."""
    owner = signed_in(mailing)
    owner.post(FORM)
    for _try in range(2):
        mailing.services.mail.next_round()
        owner.post(FORM)
    assert mailing.services.mail.next_round() == 1
    assert f"The test mail to {ANNA} has not left yet, and is tried again at Sep 21, 2026, 14:17 UTC. The connection was refused" in card(
        owner
    )
    owner.post(FORM)
    with mail_server(port, received=Received(replies={ANNA: "550 no such user"})):
        mailing.services.mail.next_round()
    assert f"The test mail to {ANNA} was given up at Sep 21, 2026, 14:13 UTC. The server refused the recipient." in card(owner)
    owner.post(FORM)
    with mail_server(port) as received:
        mailing.services.mail.next_round()
    assert received.recipients == [ANNA]


def test_nobody_but_the_owner_has_the_button(mailing: Installation) -> None:
    """The role says who may."""
    berta = signed_in(mailing, BERTA)
    assert BUTTON not in berta.get("/").text
    assert berta.post(FORM).status_code == 403
    assert rows(mailing, "outbox") == []


def test_without_a_mail_server_there_is_no_button(installation: Installation, new_browser: Callable[..., Browser]) -> None:
    """The card says what is missing."""
    installation.add_account()
    owner = new_browser()
    owner.sign_in()
    assert "No mail server is set" in card(owner)
    assert BUTTON not in owner.get("/").text


@pytest.mark.parametrize("state", [*MailState, None])
@pytest.mark.parametrize("failure", [FailureReason.TIMED_OUT, None])
def test_whatever_became_of_it_can_be_told(state: MailState | None, failure: FailureReason | None) -> None:
    """Also what a newer version has written."""
    said = text_of_test_mail(ENGLISH, ANNA, MailStatus(state, 0, failure))
    assert (said is None) == (state in {MailState.VOID, None})
