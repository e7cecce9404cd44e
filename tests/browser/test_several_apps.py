"""Moving to a new phone, and more than one authenticator app, as people do it."""

from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WITH_AND_WITHOUT_JAVASCRIPT, NewPerson
from tests.browser.person import Person
from tests.browser.shortcuts import Protected, arrive_signed_in, protect
from tests.browser.site import Site, issuer_at
from tests.support import labels
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import PASSWORD

pytestmark = [pytest.mark.browser, WITH_AND_WITHOUT_JAVASCRIPT]


@pytest.fixture
def protected(site: Site) -> Protected:
    """Anna's account with 2FA on."""
    return protect(site)


@pytest.fixture
def at_home(protected: Protected, new_person: NewPerson, way_to_browse: dict[str, Any]) -> Person:
    """Anna, signed in, with and without JavaScript."""
    anna = new_person(**way_to_browse)
    arrive_signed_in(anna, protected.session)
    return anna


def refused(person: Person, code: str) -> None:
    """A code that used to be good is not right, on the page where another is asked for."""
    person.enter_password()
    person.enter_code(code)
    person.sees(labels.WRONG_CODE)


def add_app(person: Person, name: str) -> AuthenticatorApp:
    """From the list of apps by its button, the name and the QR code back to the list."""
    person.link(labels.ADD_ANOTHER_APP).click()
    person.is_on(labels.ADD_AN_AUTHENTICATOR_APP)
    person.page.get_by_label(labels.NAME_OF_NEW_APP).fill(name)
    person.button(labels.SHOW_THE_QR_CODE).click()
    person.sees(labels.NEW_APP_SIGNS_IN_AS_WELL)
    app = person.scan_qr_code()
    person.confirm_code(app.code(), button=labels.ADD_THIS_APP)
    person.is_on(labels.AUTHENTICATOR_APPS)
    return app


def test_the_old_app_goes_on_working_until_the_new_one_has_proven_a_code(
    at_home: Person, protected: Protected, new_person: NewPerson
) -> None:
    """Another browser signs in with the old app while the QR code is on the screen; after the last step it is refused."""
    elsewhere = new_person()
    at_home.open_account_settings()
    at_home.link(labels.MOVE_TO_A_NEW_PHONE).click()
    at_home.is_on(labels.MOVE_TO_A_NEW_PHONE)
    elsewhere.sign_in_with_code(protected.phone)
    at_home.page.get_by_label(labels.OLD_PHONE_IS_SAFE).check()
    at_home.button(labels.SHOW_THE_QR_CODE).click()
    at_home.sees(labels.OLD_APP_AND_CODES_WORK_MEANWHILE)
    new_phone = at_home.scan_qr_code()
    elsewhere.sign_out()
    elsewhere.sign_in_with_code(protected.phone)

    at_home.confirm_code(new_phone.code(), button=labels.MOVE_TO_THIS_APP)
    at_home.is_on(labels.ACCOUNT_SETTINGS)
    at_home.sees(labels.codes_left(10))
    elsewhere.open("/")
    elsewhere.is_on(labels.SIGN_IN)
    refused(elsewhere, protected.phone.next_code())
    elsewhere.enter_code(new_phone.code())
    elsewhere.is_on(labels.DASHBOARD)
    expect(elsewhere.page.get_by_role("region", name=labels.SINCE_YOU_LAST_LOOKED)).to_contain_text(labels.NOTICE_OF_MOVE)


def test_a_lost_phone_is_replaced_after_a_recovery_code_and_the_codes_with_it(
    protected: Protected, new_person: NewPerson, way_to_browse: dict[str, Any]
) -> None:
    """The box beside the reset button says so; the new codes are on the page at once, and the old ones are refused."""
    anna, finder = new_person(**way_to_browse), new_person()
    anna.sign_in_with_recovery_code(protected.codes[0])
    anna.open_account_settings()
    box = anna.box(labels.SIGNED_IN_WITH_RECOVERY_CODE)
    box.get_by_label(labels.OLD_PHONE_IS_LOST).check()
    box.get_by_role("button", name=labels.RESET_ON_NEW_PHONE).click()
    anna.is_on(labels.RESET_ON_NEW_PHONE)
    anna.sees(labels.LOST_APP_STOPS)
    new_phone = anna.scan_qr_code()
    anna.confirm_code(new_phone.code())
    anna.is_on(labels.SAVE_YOUR_RECOVERY_CODES)
    new_codes = anna.shown_codes()
    assert not set(new_codes) & set(protected.codes)
    anna.button(labels.CONTINUE).click()
    anna.is_on(labels.ACCOUNT_SETTINGS)

    refused(finder, protected.phone.next_code())
    finder.page.get_by_role("link", name=labels.RECOVERY_CODE_INSTEAD).click()
    finder.is_on(labels.USE_A_RECOVERY_CODE)
    finder.page.get_by_label(labels.RECOVERY_CODE).fill(protected.codes[1])
    finder.button(labels.SIGN_IN).click()
    finder.sees(labels.WRONG_CODE)
    anna.sign_out()
    anna.sign_in_with_recovery_code(new_codes[0])


def test_a_second_app_is_added_and_the_first_removed(at_home: Person, protected: Protected) -> None:
    """The QR code's label carries the name that was given; from then on the second signs in, and the first does not."""
    at_home.open_account_settings()
    at_home.link(labels.AUTHENTICATOR_APPS).click()
    at_home.is_on(labels.AUTHENTICATOR_APPS)
    tablet = add_app(at_home, "Kitchen tablet")
    assert f"{issuer_at(at_home.site)}:anna@example.com (Kitchen tablet, " in unquote(tablet.uri)

    first = at_home.page.get_by_role("region", name=labels.AUTHENTICATOR_APP, exact=True)
    first.get_by_text(labels.REMOVE, exact=True).click()
    first.get_by_role("button", name=labels.REMOVE_FIRST_APP).click()
    expect(first).to_have_count(0)
    at_home.sees(labels.LAST_APP_STAYS)
    at_home.sign_out()
    refused(at_home, protected.phone.next_code())
    at_home.enter_code(tablet.code())
    at_home.is_on(labels.DASHBOARD)


def test_an_app_is_renamed_where_it_stands(at_home: Person) -> None:
    """A refused name is kept, with its message beside the field and the form still open."""
    at_home.open("/account/2fa/apps")
    add_app(at_home, "Tablet")
    first = at_home.page.get_by_role("region", name=labels.AUTHENTICATOR_APP, exact=True)
    first.get_by_text(labels.RENAME).click()
    first.get_by_label(labels.NAME).fill("tablet")
    first.get_by_role("button", name=labels.SAVE_THE_NAME).click()
    at_home.sees(labels.NAME_TAKEN)
    field = first.get_by_label(labels.NAME)
    expect(field).to_be_focused()
    expect(field).to_have_value("tablet")
    field.fill("Phone")
    first.get_by_role("button", name=labels.SAVE_THE_NAME).click()
    expect(at_home.page.get_by_role("heading", level=2)).to_have_text(["Phone", "Tablet"])


def test_confirming_who_one_is_comes_before_the_question_and_leads_to_it(site: Site, at_home: Person, protected: Protected) -> None:
    """No answer and no name is lost on the way."""
    for path, heading in (("/account/2fa/move", "Move to a new phone"), ("/account/2fa/apps/add", "Add an authenticator app")):
        site.clock.advance(minutes=6)
        at_home.open(path)
        at_home.is_on(labels.CONFIRM_IDENTITY)
        at_home.page.get_by_label(labels.PASSWORD).fill(PASSWORD)
        at_home.page.get_by_label(labels.ANY_CODE).fill(protected.phone.code())
        at_home.button(labels.CONFIRM).click()
        at_home.is_on(heading)
