"""Links that an operator hands over: setting 2FA up again after a reset, and an invitation."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in, protect
from tests.browser.site import Site
from tests.support import labels, people
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
    person.sees(labels.PASSWORD_AND_LINK_ARE_RIGHT)
    person.button(labels.SET_UP_2FA).click()
    person.is_on(labels.SET_UP_2FA)
    person.sees(labels.SIGNED_IN_BY_FIRST_CODE)
    phone = person.scan_qr_code()
    person.confirm_code(phone.code())
    person.is_on(labels.SAVE_YOUR_RECOVERY_CODES)
    assert len(set(person.shown_codes())) == 10
    person.button(labels.CONTINUE).click()
    person.is_on(labels.ACCOUNT_SETTINGS)
    person.box(labels.TWO_FACTOR_ENABLED).wait_for()
    person.open("/")
    person.sees(labels.NOTICE_OF_RESET)
    person.sees(labels.REASON_OF_RESET)
    person.page.context.clear_cookies()
    person.sign_in_with_code(phone)


def test_the_password_leads_to_the_page_that_asks_for_the_link_and_the_link_on(
    site: Site, link: Token, way_to_browse: dict[str, Any], new_person: NewPerson
) -> None:
    """Pasted; then the QR code, the recovery codes, and a sign-in with the new app."""
    anna = new_person(**way_to_browse)
    anna.enter_password()
    anna.is_on(labels.SET_UP_2FA_AGAIN)
    anna.sees(labels.LINK_NEEDED)
    expect(anna.page.get_by_label(labels.YOUR_LINK)).to_be_focused()
    anna.page.get_by_label(labels.YOUR_LINK).fill(f"  {site.url}/link/re-enrolment?token={link.text}")
    anna.button(labels.GO_ON).click()
    set_up_again(anna)


def test_the_link_that_is_opened_first_asks_for_the_password(site: Site, link: Token, anna: Person) -> None:
    """The token leaves the address bar, and the sign-in comes back to where it was needed."""
    anna.open_link("re-enrolment", link)
    anna.sees(labels.LINK_WORKS)
    assert anna.page.url == f"{site.url}/link/re-enrolment"
    anna.link(labels.SIGN_IN).click()
    anna.page.get_by_label(labels.EMAIL).fill(anna.email)
    anna.page.get_by_label(labels.PASSWORD).fill(anna.password)
    anna.button(labels.SIGN_IN).click()
    set_up_again(anna)


def test_the_set_up_can_be_left_and_taken_up_again(site: Site, link: Token, anna: Person) -> None:
    """The button "Cancel" ends the sign-in; the link stays good, and the QR code is another then."""
    anna.enter_password()
    anna.open_link("re-enrolment", link)
    anna.button(labels.SET_UP_2FA).click()
    first = anna.scan_qr_code()
    anna.button(labels.CANCEL).click()
    anna.is_on(labels.SIGN_IN)
    anna.open("/account/2fa/setup")
    anna.is_on(labels.SIGN_IN)
    anna.enter_password()
    anna.sees(labels.PASSWORD_AND_LINK_ARE_RIGHT)
    anna.button(labels.SET_UP_2FA).click()
    assert anna.scan_qr_code().uri != first.uri


def test_the_set_up_before_a_session_stays_inside_its_card(site: Site, link: Token, anna: Person) -> None:
    """On a desktop, where the other pages before a session are narrow."""
    anna.enter_password()
    anna.open_link("re-enrolment", link)
    anna.button(labels.SET_UP_2FA).click()
    anna.is_on(labels.SET_UP_2FA)
    card, key = (anna.page.locator(selector).bounding_box() for selector in (".card", ".by-hand"))
    assert card is not None
    assert key is not None
    assert key["x"] + key["width"] <= card["x"] + card["width"]


def test_a_person_who_is_signed_in_as_another_person_signs_out_first(site: Site, link: Token, anna: Person) -> None:
    """One button; the link is still there afterwards."""
    site.installation.add_account(BERTA, "Berta Sommer")
    anna.email = BERTA
    arrive_signed_in(anna)
    anna.open_link("re-enrolment", link)
    anna.sees(labels.SIGNED_IN_AS_ANOTHER_PERSON)
    anna.page.get_by_role("main").get_by_role("button", name=labels.SIGN_OUT).click()
    anna.is_on(labels.SIGN_IN)
    anna.email = "anna@example.com"
    anna.enter_password()
    set_up_again(anna)


def test_a_used_link_says_so(site: Site, link: Token, anna: Person) -> None:
    """After a second reset the first one is dead."""
    people.reset(site.installation.services)
    anna.open_link("re-enrolment", link)
    anna.is_on(labels.LINK_DOES_NOT_WORK)
    anna.sees(labels.ASK_FOR_A_NEW_LINK)


def test_an_invitation_makes_the_persons_account(site: Site, way_to_browse: dict[str, Any], new_person: NewPerson) -> None:
    """Name and password of their own choice for the address that was invited; then it signs in as any account."""
    token = site.installation.services.identity.invitations.issue(BERTA)
    assert isinstance(token, Token)
    berta = new_person(BERTA, **way_to_browse)
    berta.open_link("invite", token)
    berta.is_on(labels.YOUR_ACCOUNT)
    assert berta.page.url == f"{site.url}/link/invite"
    berta.sees(BERTA)
    berta.page.get_by_label(labels.YOUR_NAME).fill("Berta Sommer")
    berta.page.get_by_label(labels.PASSWORD).fill("passwordpassword")
    berta.button(labels.CREATE_ACCOUNT).click()
    berta.sees(labels.PASSWORD_TOO_WEAK)
    expect(berta.page.get_by_label(labels.YOUR_NAME)).to_have_value("Berta Sommer")
    berta.page.get_by_label(labels.PASSWORD).fill(berta.password)
    berta.button(labels.CREATE_ACCOUNT).click()
    berta.is_on(labels.DASHBOARD)
    berta.enable_2fa()
    berta.sign_out()
    berta.open_link("invite", token)
    berta.is_on(labels.LINK_DOES_NOT_WORK)
