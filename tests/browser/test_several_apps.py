"""Moving to a new phone, and more than one authenticator app, as people do it."""

from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.person import Person
from tests.browser.shortcuts import Protected, arrive_signed_in, protect
from tests.browser.site import Site, issuer_at
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import PASSWORD

pytestmark = pytest.mark.browser

NOT_RIGHT = "That code is not right."
MOVED = "Reset 2FA on a new phone"


@pytest.fixture
def protected(site: Site) -> Protected:
    """Anna's account with 2FA on."""
    return protect(site)


@pytest.fixture
def at_home(protected: Protected, new_person: NewPerson, way_to_browse: dict[str, object]) -> Person:
    """Anna, signed in, on a desktop, on a phone, and without JavaScript."""
    anna = new_person(**way_to_browse)
    arrive_signed_in(anna, protected.session)
    return anna


def refused(person: Person, code: str) -> None:
    """A code that used to be good is not right, on the page where another is asked for."""
    person.enter_password()
    person.enter_code(code)
    person.sees(NOT_RIGHT)


def add_app(person: Person, name: str) -> AuthenticatorApp:
    """From the list of apps by its button, the name and the QR code back to the list."""
    person.link("Add another app").click()
    person.is_on("Add an authenticator app")
    person.page.get_by_label("What do you call it?").fill(name)
    person.button("Show the QR code").click()
    person.sees("will sign you in as well.")
    app = person.scan_qr_code()
    person.confirm_code(app.code(), button="Add this app")
    person.is_on("Authenticator apps")
    return app


def test_the_old_app_goes_on_working_until_the_new_one_has_proven_a_code(
    at_home: Person, protected: Protected, new_person: NewPerson
) -> None:
    """Another browser signs in with the old app while the QR code is on the screen; after the last step it is refused."""
    elsewhere = new_person()
    at_home.open_account_settings()
    at_home.link("Move to a new phone").click()
    at_home.is_on("Move to a new phone")
    elsewhere.sign_in_with_code(protected.phone)
    at_home.page.get_by_label("I have it, or it is destroyed").check()
    at_home.button("Show the QR code").click()
    at_home.sees("Your old app works until you have entered a code from the new one. Your recovery codes stay.")
    new_phone = at_home.scan_qr_code()
    elsewhere.sign_out()
    elsewhere.sign_in_with_code(protected.phone)

    at_home.confirm_code(new_phone.code(), button="Move to this app")
    at_home.is_on("Account Settings")
    at_home.sees("10 of 10 recovery codes left")
    elsewhere.open("/")
    elsewhere.is_on("Sign in")
    refused(elsewhere, protected.phone.next_code())
    elsewhere.enter_code(new_phone.code())
    elsewhere.is_on("Dashboard")
    expect(elsewhere.page.get_by_role("region", name="Since you last looked")).to_contain_text("2FA moved to a new phone")


def test_a_lost_phone_is_replaced_after_a_recovery_code_and_the_codes_with_it(
    protected: Protected, new_person: NewPerson, way_to_browse: dict[str, object]
) -> None:
    """The box beside the reset button says so; the new codes are on the page at once, and the old ones are refused."""
    anna, finder = new_person(**way_to_browse), new_person()
    anna.sign_in_with_recovery_code(protected.codes[0])
    anna.open_account_settings()
    box = anna.box("You signed in with a recovery code.")
    box.get_by_label("The old phone was lost or stolen").check()
    box.get_by_role("button", name=MOVED).click()
    anna.is_on(MOVED)
    anna.sees("Then it stops, and you get new recovery codes: the old ones stop with it.")
    new_phone = anna.scan_qr_code()
    anna.confirm_code(new_phone.code())
    anna.is_on("Save your recovery codes")
    new_codes = anna.shown_codes()
    assert not set(new_codes) & set(protected.codes)
    anna.button("Continue").click()
    anna.is_on("Account Settings")

    refused(finder, protected.phone.next_code())
    finder.page.get_by_role("link", name="Use a recovery code instead").click()
    finder.is_on("Use a recovery code")
    finder.page.get_by_label("Recovery code").fill(protected.codes[1])
    finder.button("Sign in").click()
    finder.sees(NOT_RIGHT)
    anna.sign_out()
    anna.sign_in_with_recovery_code(new_codes[0])


def test_a_second_app_is_added_and_the_first_removed(at_home: Person, protected: Protected) -> None:
    """The QR code's label carries the name that was given; from then on the second signs in, and the first does not."""
    at_home.open_account_settings()
    at_home.link("Authenticator apps").click()
    at_home.is_on("Authenticator apps")
    tablet = add_app(at_home, "Kitchen tablet")
    assert f"{issuer_at(at_home.site)}:anna@example.com (Kitchen tablet, " in unquote(tablet.uri)

    first = at_home.page.get_by_role("region", name="Authenticator app", exact=True)
    first.get_by_text("Remove", exact=True).click()
    first.get_by_role("button", name="Remove Authenticator app").click()
    expect(first).to_have_count(0)
    at_home.sees('To remove your last app, use "Disable 2FA".')
    at_home.sign_out()
    refused(at_home, protected.phone.next_code())
    at_home.enter_code(tablet.code())
    at_home.is_on("Dashboard")


def test_an_app_is_renamed_where_it_stands(at_home: Person) -> None:
    """A refused name is kept, with its message beside the field and the form still open."""
    at_home.open("/account/2fa/apps")
    add_app(at_home, "Tablet")
    first = at_home.page.get_by_role("region", name="Authenticator app", exact=True)
    first.get_by_text("Rename").click()
    first.get_by_label("Name").fill("tablet")
    first.get_by_role("button", name="Save the name").click()
    at_home.sees("One of your apps has this name already.")
    field = first.get_by_label("Name")
    expect(field).to_be_focused()
    expect(field).to_have_value("tablet")
    field.fill("Phone")
    first.get_by_role("button", name="Save the name").click()
    expect(at_home.page.get_by_role("heading", level=2)).to_have_text(["Phone", "Tablet"])


def test_confirming_who_one_is_comes_before_the_question_and_leads_to_it(site: Site, at_home: Person, protected: Protected) -> None:
    """No answer and no name is lost on the way."""
    for path, heading in (("/account/2fa/move", "Move to a new phone"), ("/account/2fa/apps/add", "Add an authenticator app")):
        site.clock.advance(minutes=6)
        at_home.open(path)
        at_home.is_on("Confirm it's you")
        at_home.page.get_by_label("Password").fill(PASSWORD)
        at_home.page.get_by_label("Code from your app, or a recovery code").fill(protected.phone.code())
        at_home.button("Confirm").click()
        at_home.is_on(heading)
