"""The first start: the welcome link makes the owner's account."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewBrowser
from tests.browser.person import Person
from tests.browser.site import Site
from tests.support.installation import PASSWORD

pytestmark = pytest.mark.browser

CREATE = "Create the owner's account"


@pytest.fixture
def owner(unclaimed_site: Site, new_browser: NewBrowser) -> Person:
    """Somebody who has just opened the link that the start printed."""
    person = Person(new_browser(unclaimed_site), unclaimed_site)
    person.page.goto(unclaimed_site.welcome_link())
    person.is_on("Welcome to XpressBot")
    return person


def test_the_link_leaves_the_address_bar_and_makes_the_owners_account(owner: Person) -> None:
    """Name, address, the suggested passphrase by its copy button: signed in, and the link is gone."""
    assert owner.page.url == f"{owner.site.url}/welcome"
    passphrase = owner.page.locator(".passphrase").inner_text()
    assert len(passphrase.split("-")) >= 5

    owner.page.get_by_label("Your name").fill("Anna Berg")
    owner.page.get_by_label("Email").fill(owner.email)
    owner.button("Copy").click()
    expect(owner.page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    # This site has no secure context, and so no clipboard to read: paste as a person would.
    owner.page.get_by_label("Password").press("Control+V")
    expect(owner.page.get_by_label("Password")).to_have_value(passphrase)
    owner.button(CREATE).click()
    owner.is_on("Dashboard")

    owner.open("/welcome")
    owner.is_on("There is an owner already")
    owner.password = passphrase
    owner.open("/")
    owner.sign_out()
    owner.sign_in()


def test_a_weak_password_is_refused_with_the_reason_and_the_rest_is_kept(owner: Person) -> None:
    """Too short is said while typing; a common one when it is sent; another passphrase is suggested, and the link still works."""
    password = owner.page.get_by_label("Password")
    owner.page.get_by_label("Your name").fill("Anna Berg")
    owner.page.get_by_label("Email").fill(owner.email)

    password.fill("twelve chars")
    owner.sees("3 more characters")
    password.fill("fourteen chars")
    owner.sees("1 more character")
    password.fill("passwordpassword")
    owner.sees("Long enough")
    owner.button(CREATE).click()
    owner.sees("This would be guessed quickly")
    expect(password).to_have_value("")
    expect(password).to_be_focused()
    expect(owner.page.get_by_label("Your name")).to_have_value("Anna Berg")
    expect(owner.page.get_by_label("Email")).to_have_value(owner.email)

    password.fill("AnnaBerg-xpressbot-anna")
    owner.button(CREATE).click()
    owner.sees("Your name, your address and the product's name are tried first")

    owner.page.get_by_label("Password").fill(PASSWORD)
    owner.button(CREATE).click()
    owner.is_on("Dashboard")


def test_every_page_warns_when_it_travels_unencrypted(owner: Person) -> None:
    """Plain http beyond this machine is allowed only with a permanent warning."""
    owner.sees("This page travels unencrypted.")
    owner.open("/sign-in")
    owner.sees("This page travels unencrypted.")
    owner.open("/nowhere")
    owner.sees("This page travels unencrypted.")
