"""The pages around passwords: showing what was typed, and what axe says of each."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.inspection import inspect
from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in, protect
from tests.browser.site import Site
from tests.support import labels, people
from xpressbot.foundation.tokens import Token

pytestmark = pytest.mark.browser

STAYING = "(form) => { form.addEventListener('submit', (event) => event.preventDefault()); form.requestSubmit(); }"
"""Sends a form, and stays on its page."""
NEW = "copper-lantern-willow-harbour"


def test_a_button_shows_what_was_typed_until_it_is_sent(anna: Person) -> None:
    """NIST SP 800-63B-4 3.1.1.2: off at first, its state is told, it belongs to one field, and a form never sends a field of text."""
    arrive_signed_in(anna)
    anna.open("/account/password")
    current, new = anna.page.get_by_label(labels.CURRENT_PASSWORD), anna.page.get_by_label(labels.NEW_PASSWORD)
    show = anna.page.get_by_role("button", name=labels.show(labels.NEW_PASSWORD))
    current.fill("wrong")
    new.fill(NEW)
    for field in (current, new):
        expect(field).to_have_attribute("type", "password")
    expect(show).to_have_attribute("aria-pressed", "false")
    show.press("Space")
    expect(show).to_have_attribute("aria-pressed", "true")
    expect(new).to_have_attribute("type", "text")
    expect(new).to_have_value(NEW)
    expect(current).to_have_attribute("type", "password")
    show.press("Enter")
    expect(new).to_have_attribute("type", "password")
    show.click()
    expect(new).to_have_attribute("type", "text")
    anna.page.locator("main form").evaluate(STAYING)
    expect(new).to_have_attribute("type", "password")


def test_without_script_no_button_does_nothing(new_person: NewPerson) -> None:
    """It appears only where it works."""
    anna = new_person(java_script_enabled=False)
    anna.open("/sign-in")
    expect(anna.page.get_by_role("main").get_by_role("button")).to_have_count(1)


def test_the_pages_around_passwords_are_accessible(site: Site, anna: Person) -> None:
    """Asking, changing, by a link, reported, and the last step of the next sign-in."""
    services = site.installation.services
    findings = []
    anna.open("/forgot-password")
    findings += inspect(anna.page)
    anna.page.get_by_label(labels.EMAIL).fill(anna.email)
    anna.button(labels.ASK_FOR_A_LINK).click()
    anna.sees(labels.NOTHING_HAS_CHANGED)
    findings += inspect(anna.page)
    token = services.identity.password_reset.issue(anna.email)
    assert isinstance(token, Token)
    anna.open_link("password", token)
    findings += inspect(anna.page)
    phone = protect(site).phone
    people.bound_long_ago(services)
    anna.open_link("not-me", people.not_me_link(services))
    findings += inspect(anna.page)
    anna.button(labels.SIGN_OUT_EVERYWHERE).click()
    anna.is_on(labels.ACCOUNT_IS_PROTECTED)
    findings += inspect(anna.page)
    anna.enter_password()
    anna.enter_code(phone.next_code())
    anna.is_on(labels.CHOOSE_A_NEW_PASSWORD)
    findings += inspect(anna.page)
    anna.page.get_by_label(labels.NEW_PASSWORD).fill(NEW)
    anna.button(labels.SET_IT_AND_SIGN_IN).click()
    anna.is_on(labels.DASHBOARD)
    findings += inspect(anna.page)
    anna.open("/account/password")
    findings += inspect(anna.page)
    assert findings == []
