"""A session that is left alone, and the others of the same person, as people meet them."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WITH_AND_WITHOUT_JAVASCRIPT, NewPerson
from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in, protect
from tests.browser.site import Site
from tests.support import labels
from tests.support.installation import PASSWORD

pytestmark = pytest.mark.browser


@WITH_AND_WITHOUT_JAVASCRIPT
def test_an_idle_session_goes_on_with_the_password_where_it_was(site: Site, new_person: NewPerson, way_to_browse: dict[str, Any]) -> None:
    """With 2FA on no code is asked for."""
    anna = new_person(**way_to_browse)
    arrive_signed_in(anna, protect(site).session)
    site.clock.advance(minutes=61)
    anna.open("/account/2fa/apps")
    anna.is_on(labels.SESSION_LOCKED)
    anna.page.get_by_label(labels.PASSWORD).fill(PASSWORD)
    anna.button(labels.UNLOCK).click()
    anna.is_on(labels.AUTHENTICATOR_APPS)


def test_the_page_offers_to_stay_five_minutes_before_the_lock(site: Site, anna: Person) -> None:
    """Not earlier; pressing it leads back to the page, and the offer is gone. When it is too late, the page says what comes next."""
    anna.page.clock.install()
    anna.sign_in()
    anna.open("/account")
    stay = anna.page.get_by_role("region", name=labels.SESSION, exact=True)
    anna.page.clock.fast_forward("54:30")
    expect(stay).to_be_hidden()
    anna.page.clock.fast_forward("00:40")
    expect(stay).to_contain_text(labels.SESSION_LOCKS_AT)
    site.clock.advance(minutes=56)
    anna.button(labels.STAY_SIGNED_IN).click()
    expect(stay).to_be_hidden()
    anna.is_on(labels.ACCOUNT_SETTINGS)
    anna.page.clock.fast_forward("01:01:00")
    expect(stay).to_contain_text(labels.SESSION_IS_LOCKED_NOW)
    expect(anna.button(labels.STAY_SIGNED_IN)).to_be_hidden()
    site.clock.advance(minutes=61)
    stay.get_by_role("link", name=labels.GO_ON).click()
    anna.is_on(labels.SESSION_LOCKED)


@WITH_AND_WITHOUT_JAVASCRIPT
def test_another_browser_is_signed_out_with_the_password(site: Site, new_person: NewPerson, way_to_browse: dict[str, Any]) -> None:
    """From Account Settings, after the proof of the sign-in is no longer fresh."""
    anna, elsewhere = new_person(**way_to_browse), new_person(**way_to_browse)
    elsewhere.sign_in()
    anna.sign_in()
    site.clock.advance(minutes=6)
    anna.open_account_settings()
    anna.link(labels.VIEW_SESSIONS).click()
    anna.is_on(labels.WHERE_YOU_ARE_SIGNED_IN)
    anna.page.get_by_text(labels.SIGN_OUT_THIS_BROWSER).click()
    anna.page.locator("details[open]").get_by_label(labels.YOUR_PASSWORD, exact=True).fill(PASSWORD)
    anna.page.locator("details[open] button[type=submit]").click()
    anna.sees(labels.NO_OTHER_BROWSER)
    elsewhere.open("/account")
    elsewhere.is_on(labels.SIGN_IN)
