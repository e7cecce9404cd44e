"""Links that an operator hands over: setting 2FA up again after a reset, and an invitation."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in, protect
from tests.browser.site import Site
from tests.support import people
from xpressbot.foundation.tokens import Token

pytestmark = pytest.mark.browser

BERTA = "berta@example.com"


@pytest.fixture
def link(site: Site) -> Token:
    """What the operator hands to Anna, whose phone and codes are gone."""
    protect(site)
    return people.reset(site.installation.services)


def set_up_again(person: Person) -> None:
    """From the page on which password and link are right to Account Settings, and a sign-in with the new app."""
    person.sees("Password and link are right for")
    person.button("Set up 2FA").click()
    person.is_on("Set up 2FA")
    person.sees("Once you have entered a code from the new app, you are signed in and get new recovery codes.")
    phone = person.scan_qr_code()
    person.confirm_code(phone.code())
    person.is_on("Save your recovery codes")
    assert len(set(person.shown_codes())) == 10
    person.button("Continue").click()
    person.is_on("Account Settings")
    person.box("2FA Enabled").wait_for()
    person.open("/")
    person.sees("2FA reset by the operator")
    person.sees("Reason given: Phone and codes lost.")
    person.page.context.clear_cookies()
    person.sign_in_with_code(phone)


def test_the_password_leads_to_the_page_that_asks_for_the_link_and_the_link_on(
    site: Site, link: Token, way_to_browse: dict[str, object], new_person: NewPerson
) -> None:
    """Pasted; then the QR code, the recovery codes, and a sign-in with the new app."""
    anna = new_person(**way_to_browse)
    anna.enter_password()
    anna.is_on("Set up 2FA again")
    anna.sees("To set it up again you need, besides your password, the link from the operator of this XpressBot.")
    expect(anna.page.get_by_label("Your link")).to_be_focused()
    anna.page.get_by_label("Your link").fill(f"  {site.url}/link/re-enrolment?token={link.text}")
    anna.button("Go on").click()
    set_up_again(anna)


def test_the_link_that_is_opened_first_asks_for_the_password(site: Site, link: Token, anna: Person) -> None:
    """The token leaves the address bar, and the sign-in comes back to where it was needed."""
    anna.open_link("re-enrolment", link)
    anna.sees("Your link works. Now sign in with your email and password")
    assert anna.page.url == f"{site.url}/link/re-enrolment"
    anna.link("Sign in").click()
    anna.page.get_by_label("Email").fill(anna.email)
    anna.page.get_by_label("Password").fill(anna.password)
    anna.button("Sign in").click()
    set_up_again(anna)


def test_the_set_up_can_be_left_and_taken_up_again(site: Site, link: Token, anna: Person) -> None:
    """The button "Cancel" ends the sign-in; the link stays good, and the QR code is another then."""
    anna.enter_password()
    anna.open_link("re-enrolment", link)
    anna.button("Set up 2FA").click()
    first = anna.scan_qr_code()
    anna.button("Cancel").click()
    anna.is_on("Sign in")
    anna.open("/account/2fa/setup")
    anna.is_on("Sign in")
    anna.enter_password()
    anna.sees("Password and link are right for")
    anna.button("Set up 2FA").click()
    assert anna.scan_qr_code().uri != first.uri


def test_the_set_up_before_a_session_stays_inside_its_card(site: Site, link: Token, anna: Person) -> None:
    """On a desktop, where the other pages before a session are narrow."""
    anna.enter_password()
    anna.open_link("re-enrolment", link)
    anna.button("Set up 2FA").click()
    anna.is_on("Set up 2FA")
    card, key = (anna.page.locator(selector).bounding_box() for selector in (".card", ".by-hand"))
    assert card is not None
    assert key is not None
    assert key["x"] + key["width"] <= card["x"] + card["width"]


def test_whoever_is_signed_in_as_somebody_else_signs_out_first(site: Site, link: Token, anna: Person) -> None:
    """One button; the link is still there afterwards."""
    site.installation.add_account(BERTA, "Berta Sommer")
    anna.email = BERTA
    arrive_signed_in(anna)
    anna.open_link("re-enrolment", link)
    anna.sees("You are signed in here as")
    anna.page.get_by_role("main").get_by_role("button", name="Sign out").click()
    anna.is_on("Sign in")
    anna.email = "anna@example.com"
    anna.enter_password()
    set_up_again(anna)


def test_a_used_link_says_so(site: Site, link: Token, anna: Person) -> None:
    """After a second reset the first one is dead."""
    people.reset(site.installation.services)
    anna.open_link("re-enrolment", link)
    anna.is_on("This link does not work")
    anna.sees("The operator of this XpressBot can reset your 2FA again")


def test_an_invitation_makes_the_persons_account(site: Site, way_to_browse: dict[str, object], new_person: NewPerson) -> None:
    """Name and password of their own choice for the address that was invited; then it signs in as any account."""
    token = site.installation.services.identity.registration.invite(BERTA)
    assert isinstance(token, Token)
    berta = new_person(BERTA, **way_to_browse)
    berta.open_link("invite", token)
    berta.is_on("Your account")
    assert berta.page.url == f"{site.url}/link/invite"
    berta.sees(BERTA)
    berta.page.get_by_label("Your name").fill("Berta Sommer")
    berta.page.get_by_label("Password").fill("passwordpassword")
    berta.button("Create the account").click()
    berta.sees("This would be guessed quickly")
    expect(berta.page.get_by_label("Your name")).to_have_value("Berta Sommer")
    berta.page.get_by_label("Password").fill(berta.password)
    berta.button("Create the account").click()
    berta.is_on("Dashboard")
    berta.enable_2fa()
    berta.sign_out()
    berta.open_link("invite", token)
    berta.is_on("This link does not work")
