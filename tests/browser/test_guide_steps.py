"""Steps 1 to 5 of the guide, in its own words, as a person with a browser and a phone follows them."""

from urllib.parse import unquote

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import EITHER_WAY, NewPerson
from tests.browser.shortcuts import arrive_signed_in, protect
from tests.browser.site import Site, issuer_at

pytestmark = [pytest.mark.browser, EITHER_WAY]

ONE_LINE = 32
BACKGROUND = "element => getComputedStyle(element).backgroundColor.match(/[0-9.]+/g).map(Number)"


def test_steps_1_to_5_turn_2fa_on_and_every_sign_in_then_asks_for_a_code(new_person: NewPerson, way_to_browse: dict[str, object]) -> None:
    """Profile icon, Account Settings, "2FA Disabled", green button, QR code, code, recovery codes, Continue, "2FA Enabled"."""
    anna = new_person(**way_to_browse)
    anna.sign_in()

    assert _is_in_the_top_right_corner(anna.page.locator("summary .initials"))
    anna.open_account_settings()

    enable = anna.box("2FA Disabled").get_by_role("button", name="Enable 2FA", exact=True)
    assert _is_green(enable)
    enable.click()

    anna.is_on("Set up 2FA")
    phone = anna.scan_qr_code()
    assert unquote(phone.uri).startswith(f"otpauth://totp/{issuer_at(anna.site)}:anna@example.com?secret=")
    anna.confirm_code(phone.code())

    anna.is_on("Save your recovery codes")
    assert len(set(anna.shown_codes())) == 10
    anna.button("Continue").click()

    anna.is_on("Account Settings")
    enabled = anna.box("2FA Enabled")
    expect(enabled.get_by_role("link", name="Disable 2FA", exact=True)).to_be_visible()
    expect(enabled.get_by_role("link", name="View recovery codes", exact=True)).to_be_visible()
    expect(anna.box("2FA Disabled")).to_have_count(0)

    for _time in range(2):
        anna.sign_out()
        anna.sign_in_with_code(phone)


def test_the_recovery_codes_can_be_viewed_at_any_time(site: Site, new_person: NewPerson, way_to_browse: dict[str, object]) -> None:
    """Step 5: masked first, shown after the person has confirmed who they are, the same codes as at first."""
    protected = protect(site)
    anna = new_person(**way_to_browse)
    arrive_signed_in(anna, protected.session)
    site.clock.advance(minutes=50)

    anna.open_account_settings()
    anna.box("2FA Enabled").get_by_role("link", name="View recovery codes").click()
    anna.is_on("Recovery codes")
    assert not any(code in anna.page.content() for code in protected.codes)
    masked = anna.page.locator(".ledger code")
    expect(masked).to_have_count(10)
    assert all(row.bounding_box()["height"] < ONE_LINE for row in masked.all())
    anna.button("Show recovery codes").click()
    anna.is_on("Confirm it's you")
    anna.page.get_by_label("Password").fill(anna.password)
    anna.page.get_by_label("Code from your app, or a recovery code").fill(protected.phone.code())
    anna.button("Confirm").click()
    anna.is_on("Recovery codes")
    anna.button("Show recovery codes").click()
    assert anna.shown_codes() == protected.codes


def _is_green(element: Locator) -> bool:
    red, green, blue = element.evaluate(BACKGROUND)[:3]
    return bool(green > red and green > blue)


def _is_in_the_top_right_corner(element: Locator) -> bool:
    place, screen = element.bounding_box(), element.page.viewport_size
    assert place is not None
    assert screen is not None
    return screen["width"] - (place["x"] + place["width"]) < 40 and place["y"] < 40
