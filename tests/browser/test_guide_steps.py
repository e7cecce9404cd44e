"""Steps 1 to 5 of the guide, in its own words, as a person with a browser and a phone follows them."""

from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import EITHER_WAY, NewPerson
from tests.browser.shortcuts import arrive_signed_in, protect
from tests.browser.site import Site, issuer_at
from tests.support import labels

pytestmark = [pytest.mark.browser, EITHER_WAY]

ONE_LINE = 32
BACKGROUND = "element => getComputedStyle(element).backgroundColor.match(/[0-9.]+/g).map(Number)"


def test_steps_1_to_5_turn_2fa_on_and_every_sign_in_then_asks_for_a_code(new_person: NewPerson, way_to_browse: dict[str, Any]) -> None:
    """Profile icon, Account Settings, "2FA Disabled", green button, QR code, code, recovery codes, Continue, "2FA Enabled"."""
    anna = new_person(**way_to_browse)
    anna.sign_in()

    assert _is_in_the_top_right_corner(anna.page.locator("summary .initials"))
    anna.open_account_settings()

    enable = anna.box(labels.TWO_FACTOR_DISABLED).get_by_role("button", name=labels.ENABLE_2FA, exact=True)
    assert _is_green(enable)
    enable.click()

    anna.is_on(labels.SET_UP_2FA)
    phone = anna.scan_qr_code()
    assert unquote(phone.uri).startswith(f"otpauth://totp/{issuer_at(anna.site)}:anna@example.com?secret=")
    anna.confirm_code(phone.code())

    anna.is_on(labels.SAVE_YOUR_RECOVERY_CODES)
    assert len(set(anna.shown_codes())) == 10
    anna.button(labels.CONTINUE).click()

    anna.is_on(labels.ACCOUNT_SETTINGS)
    enabled = anna.box(labels.TWO_FACTOR_ENABLED)
    expect(enabled.get_by_role("link", name=labels.DISABLE_2FA, exact=True)).to_be_visible()
    expect(enabled.get_by_role("link", name=labels.VIEW_RECOVERY_CODES, exact=True)).to_be_visible()
    expect(anna.box(labels.TWO_FACTOR_DISABLED)).to_have_count(0)

    for _time in range(2):
        anna.sign_out()
        anna.sign_in_with_code(phone)


def test_the_recovery_codes_can_be_viewed_at_any_time(site: Site, new_person: NewPerson, way_to_browse: dict[str, Any]) -> None:
    """Step 5: masked first, shown after the person has confirmed who they are, the same codes as at first."""
    protected = protect(site)
    anna = new_person(**way_to_browse)
    arrive_signed_in(anna, protected.session)
    site.clock.advance(minutes=50)

    anna.open_account_settings()
    anna.box(labels.TWO_FACTOR_ENABLED).get_by_role("link", name=labels.VIEW_RECOVERY_CODES).click()
    anna.is_on(labels.RECOVERY_CODES)
    assert not any(code in anna.page.content() for code in protected.codes)
    masked = anna.page.locator(".ledger code")
    expect(masked).to_have_count(10)
    assert all((box := row.bounding_box()) and box["height"] < ONE_LINE for row in masked.all())
    anna.button(labels.SHOW_RECOVERY_CODES).click()
    anna.is_on(labels.CONFIRM_IDENTITY)
    anna.page.get_by_label(labels.PASSWORD).fill(anna.password)
    anna.page.get_by_label(labels.ANY_CODE).fill(protected.phone.code())
    anna.button(labels.CONFIRM).click()
    anna.is_on(labels.RECOVERY_CODES)
    anna.button(labels.SHOW_RECOVERY_CODES).click()
    assert anna.shown_codes() == protected.codes


def _is_green(element: Locator) -> bool:
    red, green, blue = element.evaluate(BACKGROUND)[:3]
    return bool(green > red and green > blue)


def _is_in_the_top_right_corner(element: Locator) -> bool:
    place, screen = element.bounding_box(), element.page.viewport_size
    assert place is not None
    assert screen is not None
    return screen["width"] - (place["x"] + place["width"]) < 40 and place["y"] < 40
