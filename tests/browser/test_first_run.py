"""The first start: the welcome link makes the owner's account."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewBrowser
from tests.browser.person import Person
from tests.browser.site import Site
from tests.support import labels
from tests.support.installation import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def owner(unclaimed_site: Site, new_browser: NewBrowser) -> Person:
    """A person who has just opened the link that the start printed."""
    person = Person(new_browser(unclaimed_site), unclaimed_site)
    person.page.goto(unclaimed_site.welcome_link())
    person.is_on(labels.WELCOME)
    return person


def test_the_link_leaves_the_address_bar_and_makes_the_owners_account(owner: Person) -> None:
    """Name, address, the suggested passphrase by its copy button: signed in, and the link is gone."""
    assert owner.page.url == f"{owner.site.url}/welcome"
    passphrase = owner.page.locator(".passphrase").inner_text()
    assert len(passphrase.split("-")) >= 5

    owner.page.get_by_label(labels.YOUR_NAME).fill("Anna Berg")
    owner.page.get_by_label(labels.EMAIL).fill(owner.email)
    owner.button(labels.COPY).click()
    expect(owner.page.get_by_role("status").filter(has_text=labels.COPIED)).to_be_visible()
    # This site has no secure context, and so no clipboard to read: paste as a person would.
    owner.page.get_by_label(labels.PASSWORD).press("Control+V")
    expect(owner.page.get_by_label(labels.PASSWORD)).to_have_value(passphrase)
    owner.button(labels.CREATE_OWNER).click()
    owner.is_on(labels.DASHBOARD)

    owner.open("/welcome")
    owner.is_on(labels.OWNER_EXISTS)
    owner.password = passphrase
    owner.open("/")
    owner.sign_out()  # ASVS 7.4.4: from every page, by the menu
    owner.sign_in()


def test_a_weak_password_is_refused_with_the_reason_and_the_rest_is_kept(owner: Person) -> None:
    """Too short is said while typing; a common one when it is sent; another passphrase is suggested, and the link still works."""
    password = owner.page.get_by_label(labels.PASSWORD)
    owner.page.get_by_label(labels.YOUR_NAME).fill("Anna Berg")
    owner.page.get_by_label(labels.EMAIL).fill(owner.email)

    password.fill("twelve chars")
    owner.sees(labels.more_characters(3))
    password.fill("fourteen chars")
    owner.sees(labels.more_characters(1))
    password.fill("passwordpassword")
    owner.sees(labels.PASSWORD_LONG_ENOUGH)
    owner.button(labels.CREATE_OWNER).click()
    owner.sees(labels.PASSWORD_TOO_WEAK)
    expect(password).to_have_value("")
    expect(password).to_be_focused()
    expect(owner.page.get_by_label(labels.YOUR_NAME)).to_have_value("Anna Berg")
    expect(owner.page.get_by_label(labels.EMAIL)).to_have_value(owner.email)

    password.fill("AnnaBerg-xpressbot-anna")
    owner.button(labels.CREATE_OWNER).click()
    owner.sees(labels.PASSWORD_OF_OWN_NAME)

    owner.page.get_by_label(labels.PASSWORD).fill(PASSWORD)
    owner.button(labels.CREATE_OWNER).click()
    owner.is_on(labels.DASHBOARD)


def test_every_page_warns_when_it_travels_unencrypted(owner: Person) -> None:
    """Plain http beyond this machine is allowed only with a permanent warning."""
    owner.sees(labels.PLAIN_HTTP_WARNING)
    owner.open("/sign-in")
    owner.sees(labels.PLAIN_HTTP_WARNING)
    owner.open("/nowhere")
    owner.sees(labels.PLAIN_HTTP_WARNING)
