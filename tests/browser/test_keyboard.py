"""By keyboard alone, with the focus always in sight."""

import pytest

from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in, protect
from tests.browser.site import Site
from tests.support.installation import PASSWORD

pytestmark = pytest.mark.browser

MOST_STOPS = 20
HAVE_IT = "I have it, or it is destroyed"
FOCUSED = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const name = element.getAttribute("aria-label") ?? element.labels?.[0]?.innerText ?? element.innerText;
  return [name.trim(), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
}"""


def tab_to(person: Person, name: str) -> None:
    """Press Tab until the focus is on what has this name. Each stop on the way must show that it has the focus."""
    passed = []
    for _stop in range(MOST_STOPS):
        person.page.keyboard.press("Tab")
        label, in_sight = person.page.evaluate(FOCUSED)
        assert in_sight, f"no outline on {label}"
        if label == name:
            return
        passed.append(label)
    pytest.fail(f"{name} was not among {passed}")


def arrive_on(person: Person, field: str) -> None:
    """Wait until this field has the focus without a key having been pressed. A browser gives it some time after the page is there."""
    person.page.get_by_label(field).and_(person.page.locator(":focus")).wait_for()


def test_signing_in_by_keyboard(site: Site, anna: Person) -> None:
    """The first field has the focus on arrival; Enter sends; the code page needs no Tab at all."""
    phone = protect(site).phone
    keys = anna.page.keyboard
    anna.open("/sign-in")
    arrive_on(anna, "Email")
    keys.type(anna.email)
    tab_to(anna, "Password")
    keys.type(PASSWORD)
    keys.press("Enter")
    arrive_on(anna, "Code from your authenticator app")
    keys.type(phone.next_code())
    keys.press("Enter")
    anna.is_on("Dashboard")


def test_turning_2fa_on_by_keyboard(anna: Person) -> None:
    """Skip link, profile menu, both "Enable 2FA" buttons and "Continue" are reached by Tab and pressed by Enter."""
    keys = anna.page.keyboard
    arrive_signed_in(anna)
    tab_to(anna, "Profile menu")
    keys.press("Enter")
    tab_to(anna, "Account Settings")
    keys.press("Enter")
    anna.is_on("Account Settings")
    tab_to(anna, "Skip to the content")
    keys.press("Enter")
    tab_to(anna, "Enable 2FA")
    keys.press("Enter")
    anna.is_on("Set up 2FA")
    phone = anna.scan_qr_code()
    tab_to(anna, "6-digit code from the app")
    keys.type(phone.code())
    tab_to(anna, "Enable 2FA")
    keys.press("Enter")
    anna.is_on("Save your recovery codes")
    tab_to(anna, "Continue")
    keys.press("Space")
    anna.is_on("Account Settings")
    assert anna.box("2FA Enabled").is_visible()


def test_moving_to_a_new_phone_by_keyboard(site: Site, anna: Person) -> None:
    """The answers are reached by Tab and chosen by Space."""
    keys = anna.page.keyboard
    arrive_signed_in(anna, protect(site).session)
    anna.open("/account")
    tab_to(anna, "Move to a new phone")
    keys.press("Enter")
    anna.is_on("Move to a new phone")
    tab_to(anna, f"{HAVE_IT}\nYour recovery codes stay.")
    keys.press("Space")
    tab_to(anna, "Show the QR code")
    keys.press("Enter")
    anna.sees("Your old app works until you have entered a code from the new one.")


def test_adding_renaming_and_removing_an_app_by_keyboard(site: Site, anna: Person) -> None:
    """The name has the focus on arrival; what the list hides is opened, filled in and sent without a mouse."""
    keys = anna.page.keyboard
    arrive_signed_in(anna, protect(site).session)
    anna.open("/account/2fa/apps")
    tab_to(anna, "Add another app")
    keys.press("Enter")
    arrive_on(anna, "What do you call it?")
    keys.type("Tablet")
    keys.press("Enter")
    anna.sees("will sign you in as well.")
    phone = anna.scan_qr_code()
    tab_to(anna, "6-digit code from the app")
    keys.type(phone.code())
    keys.press("Enter")
    anna.is_on("Authenticator apps")
    tab_to(anna, "Rename")
    keys.press("Enter")
    tab_to(anna, "Name")
    keys.type("Phone")
    keys.press("Enter")
    anna.page.get_by_role("heading", level=2, name="Phone").wait_for()
    tab_to(anna, "Remove")
    keys.press("Enter")
    tab_to(anna, "Remove Phone")
    keys.press("Enter")
    anna.page.get_by_role("heading", level=2, name="Phone").wait_for(state="detached")
    anna.page.get_by_role("heading", level=2, name="Tablet").wait_for()


def test_the_profile_menu_closes_by_escape_and_by_a_click_elsewhere(anna: Person) -> None:
    """Escape gives the focus back to the icon."""
    menu = anna.page.get_by_role("banner").get_by_role("link", name="Account Settings")
    arrive_signed_in(anna)
    tab_to(anna, "Profile menu")
    anna.page.keyboard.press("Enter")
    menu.wait_for()
    anna.page.keyboard.press("Tab")
    anna.page.keyboard.press("Escape")
    menu.wait_for(state="hidden")
    assert anna.page.evaluate(FOCUSED)[0] == "Profile menu"

    anna.page.keyboard.press("Enter")
    menu.wait_for()
    anna.page.get_by_role("heading", level=1).click()
    menu.wait_for(state="hidden")
