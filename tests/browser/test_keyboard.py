"""By keyboard alone, with the focus always in sight."""

import pytest

from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in, protect
from tests.browser.site import Site
from tests.support import labels
from tests.support.installation import PASSWORD

pytestmark = pytest.mark.browser

MOST_STOPS = 20
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
    arrive_on(anna, labels.EMAIL)
    keys.type(anna.email)
    tab_to(anna, labels.PASSWORD)
    keys.type(PASSWORD)
    keys.press("Enter")
    arrive_on(anna, labels.CODE_FROM_APP)
    keys.type(phone.next_code())
    keys.press("Enter")
    anna.is_on(labels.DASHBOARD)


def test_turning_2fa_on_by_keyboard(anna: Person) -> None:
    """Skip link, profile menu, both "Enable 2FA" buttons and "Continue" are reached by Tab and pressed by Enter."""
    keys = anna.page.keyboard
    arrive_signed_in(anna)
    tab_to(anna, labels.PROFILE_MENU)
    keys.press("Enter")
    tab_to(anna, labels.ACCOUNT_SETTINGS)
    keys.press("Enter")
    anna.is_on(labels.ACCOUNT_SETTINGS)
    tab_to(anna, labels.SKIP_TO_THE_CONTENT)
    keys.press("Enter")
    tab_to(anna, labels.ENABLE_2FA)
    keys.press("Enter")
    anna.is_on(labels.SET_UP_2FA)
    phone = anna.scan_qr_code()
    tab_to(anna, labels.FIRST_CODE)
    keys.type(phone.code())
    tab_to(anna, labels.ENABLE_2FA)
    keys.press("Enter")
    anna.is_on(labels.SAVE_YOUR_RECOVERY_CODES)
    tab_to(anna, labels.CONTINUE)
    keys.press("Space")
    anna.is_on(labels.ACCOUNT_SETTINGS)
    assert anna.box(labels.TWO_FACTOR_ENABLED).is_visible()


def test_moving_to_a_new_phone_by_keyboard(site: Site, anna: Person) -> None:
    """The answers are reached by Tab and chosen by Space."""
    keys = anna.page.keyboard
    arrive_signed_in(anna, protect(site).session)
    anna.open("/account")
    tab_to(anna, labels.MOVE_TO_A_NEW_PHONE)
    keys.press("Enter")
    anna.is_on(labels.MOVE_TO_A_NEW_PHONE)
    tab_to(anna, labels.OLD_PHONE_IS_SAFE_WITH_CONSEQUENCE)
    keys.press("Space")
    tab_to(anna, labels.SHOW_THE_QR_CODE)
    keys.press("Enter")
    anna.sees(labels.OLD_APP_WORKS_MEANWHILE)


def test_adding_renaming_and_removing_an_app_by_keyboard(site: Site, anna: Person) -> None:
    """The name has the focus on arrival; what the list hides is opened, filled in and sent without a mouse."""
    keys = anna.page.keyboard
    arrive_signed_in(anna, protect(site).session)
    anna.open("/account/2fa/apps")
    tab_to(anna, labels.ADD_ANOTHER_APP)
    keys.press("Enter")
    arrive_on(anna, labels.NAME_OF_NEW_APP)
    keys.type("Tablet")
    keys.press("Enter")
    anna.sees(labels.NEW_APP_SIGNS_IN_AS_WELL)
    phone = anna.scan_qr_code()
    tab_to(anna, labels.FIRST_CODE)
    keys.type(phone.code())
    keys.press("Enter")
    anna.is_on(labels.AUTHENTICATOR_APPS)
    tab_to(anna, labels.RENAME)
    keys.press("Enter")
    tab_to(anna, labels.NAME)
    keys.type("Phone")
    keys.press("Enter")
    anna.page.get_by_role("heading", level=2, name="Phone").wait_for()
    tab_to(anna, labels.REMOVE)
    keys.press("Enter")
    tab_to(anna, labels.REMOVE_PHONE)
    keys.press("Enter")
    anna.page.get_by_role("heading", level=2, name="Phone").wait_for(state="detached")
    anna.page.get_by_role("heading", level=2, name="Tablet").wait_for()


def test_the_profile_menu_closes_by_escape_and_by_a_click_elsewhere(anna: Person) -> None:
    """Escape gives the focus back to the icon."""
    menu = anna.page.get_by_role("banner").get_by_role("link", name=labels.ACCOUNT_SETTINGS)
    arrive_signed_in(anna)
    tab_to(anna, labels.PROFILE_MENU)
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
