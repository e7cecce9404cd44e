"""The language of mails: what the account has chosen, else that of the page on which it was made, and of no later sign-in."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from tests.http.conftest import both_engines
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from tests.support.languages import LANGUAGES
from tests.support.mails import send
from tests.support.people import invitation, welcome_link
from xpressbot.entrypoints.http.app import create_app
from xpressbot.identity.tables import ACCOUNT

ANNA, BERTA = "anna@example.com", "berta@example.com"
NewBrowser = Callable[..., Browser]


@pytest.fixture
def app(installation: Installation) -> Starlette:
    """In every language that there is."""
    return create_app(installation.services, LANGUAGES)


def kept(installation: Installation, email: str = ANNA) -> tuple[str | None, str | None]:
    """What the account has chosen, and what its mails are in where that is nothing."""
    with installation.services.database.read() as connection:
        row = connection.execute(select(ACCOUNT.c.language, ACCOUNT.c.mail_language).where(ACCOUNT.c.email == email)).one()
    return row.language, row.mail_language


def accept(installation: Installation, browser: Browser) -> None:
    """Berta makes her account by an invitation, in this browser."""
    installation.add_account()
    browser.get(f"/link/invite?token={invitation(installation.services).text}")
    assert browser.post("/link/invite", name="Berta", password=PASSWORD).headers["location"] == "/"


@both_engines
def test_a_new_account_is_written_to_in_the_language_of_its_page(installation: Installation, new_browser: NewBrowser) -> None:
    """Of the switch, which goes before what the browser asks for; nothing is chosen by that, so pages follow each browser."""
    browser = new_browser(language="hi")
    browser.post("/language", language="es", next="/")
    accept(installation, browser)
    assert kept(installation, BERTA) == (None, "es")
    assert browser.post("/account/export").status_code == 200
    assert [(mail["To"], mail["Content-Language"]) for mail in send(installation)] == [(BERTA, "es")]
    other = new_browser(language="hi")
    other.sign_in(BERTA)
    assert other.get("/account").headers["content-language"] == "hi"


@both_engines
def test_the_owner_is_written_to_in_the_language_of_the_welcome_page(installation: Installation, new_browser: NewBrowser) -> None:
    """Of what the browser asks for, without a switch."""
    browser = new_browser(language="hi")
    browser.get(f"/welcome?token={welcome_link(installation.services).text}")
    assert browser.post("/welcome", name="Anna", email=ANNA, password=PASSWORD).headers["location"] == "/"
    assert kept(installation) == (None, "hi")


@both_engines
def test_a_later_sign_in_changes_nothing(installation: Installation, new_browser: NewBrowser) -> None:
    """In whatever language: who signs in with a stolen password must not choose how its person is warned."""
    accept(installation, new_browser(language="es"))
    thief = new_browser(language="hi")
    thief.sign_in(BERTA)
    assert kept(installation, BERTA) == (None, "es")
    assert [(mail["To"], mail["Content-Language"]) for mail in send(installation)] == [(BERTA, "es")]


@both_engines
def test_an_account_of_the_operator_is_written_to_as_its_first_sign_in_was_answered(
    installation: Installation, new_browser: NewBrowser
) -> None:
    """The command line says nothing of the person's language."""
    installation.add_account()
    assert kept(installation) == (None, None)
    new_browser(language="es").sign_in()
    assert kept(installation) == (None, "es")
    new_browser(language="hi").sign_in()
    assert kept(installation) == (None, "es")


@both_engines
def test_the_choice_of_the_account_goes_before_all(installation: Installation, new_browser: NewBrowser) -> None:
    """Also in a browser whose switch differs; with "The browser's language" mails are in the one that this browser asks for."""
    accept(installation, new_browser(language="es"))
    browser = new_browser(language="en")
    browser.post("/language", language="es", next="/")
    browser.sign_in(BERTA)
    browser.post("/account/language", language="hi")
    assert browser.post("/account/export").status_code == 200
    assert [mail["Content-Language"] for mail in send(installation)][-1] == "hi"
    assert kept(installation, BERTA) == ("hi", "es")
    browser.post("/account/language", language="")
    assert kept(installation, BERTA) == (None, "en")


def test_a_language_that_there_is_not_any_more_is_english(installation: Installation, new_browser: NewBrowser) -> None:
    """A newer version, or another selection of catalogues, may have stored it; it stays."""
    browser = new_browser(language="es")
    accept(installation, browser)
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.email == BERTA).values(mail_language="tlh"))
        connection.commit()
    assert browser.post("/account/export").status_code == 200
    assert [mail["Content-Language"] for mail in send(installation)] == ["en"]
    assert kept(installation, BERTA) == (None, "tlh")


@both_engines
def test_the_link_for_a_new_password_is_in_it_too(installation: Installation, new_browser: NewBrowser) -> None:
    """Whatever the browser asks for in which somebody asked for it."""
    accept(installation, new_browser(language="es"))
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.email == BERTA).values(email_confirmed_at=installation.clock.now()))
        connection.commit()
    new_browser(language="hi").post("/forgot-password", email=BERTA)
    assert [(mail["To"], mail["Content-Language"]) for mail in send(installation)] == [(BERTA, "es")]
