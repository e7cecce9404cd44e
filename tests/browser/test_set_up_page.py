"""The set-up page: a QR code that any phone can read, a key to type, a secret that stays."""

from typing import Any, Literal

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import PHONE
from tests.browser.conftest import NewPerson
from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in
from tests.browser.site import Site
from tests.support import labels

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [{}, {**PHONE, "device_scale_factor": 1}], ids=["desktop", "phone"])
def test_the_qr_code_is_read_from_the_screen(new_person: NewPerson, device: dict[str, Any], scheme: Literal["light", "dark"]) -> None:
    """On white with its quiet zone in dark mode too, even on a phone whose screen has no pixels to spare."""
    anna = new_person(**device)
    anna.page.emulate_media(color_scheme=scheme)
    arrive_signed_in(anna)
    anna.open("/account")
    anna.button(labels.ENABLE_2FA).click()
    anna.is_on(labels.SET_UP_2FA)
    link = anna.page.get_by_role("link", name=labels.OPEN_ON_THIS_DEVICE)
    assert anna.scan_qr_code().uri == link.get_attribute("href")


def test_the_key_can_be_typed_or_copied(site: Site, new_person: NewPerson) -> None:
    """In groups of four; the copy button gives it without spaces, as apps want it."""
    anna = new_person(permissions=["clipboard-read", "clipboard-write"])
    arrive_signed_in(anna)
    phone = anna.start_2fa()
    groups = anna.page.get_by_role("group", name=labels.KEY_TO_TYPE).inner_text().split()
    assert {len(group) for group in groups} == {4}
    anna.button(labels.COPY_THE_KEY).click()
    expect(anna.page.get_by_role("status").filter(has_text=labels.COPIED)).to_be_visible()
    assert anna.page.evaluate("navigator.clipboard.readText()") == "".join(groups)
    assert f"secret={''.join(groups)}&" in phone.uri


def test_a_refresh_keeps_the_secret_and_starting_over_replaces_it(site: Site, anna: Person) -> None:
    """A reload, a second "Enable 2FA" and a second tab show the same QR code; only "Start over" another one; 10 minutes end it."""
    arrive_signed_in(anna)
    first = anna.start_2fa()
    anna.page.reload()
    assert anna.scan_qr_code().uri == first.uri
    second_tab = Person(anna.page.context.new_page(), site)
    second_tab.open("/account")
    second_tab.button(labels.ENABLE_2FA).click()
    second_tab.is_on(labels.SET_UP_2FA)
    assert second_tab.scan_qr_code().uri == first.uri

    anna.button(labels.START_OVER).click()
    anna.page.wait_for_load_state()
    second = anna.scan_qr_code()
    assert second.uri != first.uri
    second_tab.confirm_code(first.code())
    second_tab.sees(labels.WRONG_CODE)

    site.clock.advance(minutes=11)
    anna.confirm_code(second.code())
    anna.is_on(labels.ACCOUNT_SETTINGS)
    expect(anna.box(labels.TWO_FACTOR_DISABLED)).to_be_visible()


def test_a_phone_with_a_wrong_clock_is_told_so_at_once(anna: Person) -> None:
    """At set-up one code is enough to see it."""
    arrive_signed_in(anna)
    phone = anna.start_2fa()
    phone.fast_by = -120
    anna.confirm_code(phone.code())
    anna.sees(labels.PHONE_CLOCK_IS_BEHIND)
    phone.fast_by = 0
    anna.confirm_code(phone.code())
    anna.is_on(labels.SAVE_YOUR_RECOVERY_CODES)


def test_the_number_of_tries_left_is_said_once_and_right(anna: Person) -> None:
    """After each wrong code, and again after a reload; the fifth ends this QR code and changes nothing."""
    arrive_signed_in(anna)
    anna.start_2fa()
    for left in (4, 3, 2):
        anna.confirm_code("000000")
        anna.sees(labels.more_tries(left))
        expect(anna.page.get_by_text(labels.TRIES_ARE_LIMITED)).to_have_count(0)
    anna.open("/account/2fa/setup")
    anna.sees(labels.tries_of_qr_code(2))
    anna.confirm_code("000000")
    anna.sees(labels.more_tries(1))
    anna.confirm_code("000000")
    anna.is_on(labels.ACCOUNT_SETTINGS)
    expect(anna.box(labels.TWO_FACTOR_DISABLED)).to_be_visible()


def test_times_are_told_in_the_readers_time_zone(site: Site, new_person: NewPerson) -> None:
    """The server speaks of UTC; the page's script of the clock on the reader's wall."""
    anna = new_person(timezone_id="Asia/Tokyo", locale="en-GB")
    arrive_signed_in(anna)
    anna.start_2fa()
    time = anna.page.get_by_role("main").locator("time")
    assert time.get_attribute("datetime") == "2026-09-21T14:23:20Z"
    assert time.inner_text() == "23:23"
