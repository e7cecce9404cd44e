"""A person at the dashboard, who does what the guide says by the labels that the guide names."""

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.qr_code import read_qr_code
from tests.browser.site import Site
from tests.support import labels
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import PASSWORD
from xpressbot.foundation.tokens import Token

CODES_IN_A_SET = 10
CODE = re.compile(r"^(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$")


@dataclass
class Person:
    """A person with a browser, an account and, once it has scanned a QR code, a phone."""

    page: Page
    site: Site
    email: str = "anna@example.com"
    password: str = PASSWORD

    def open(self, path: str) -> None:
        """Type an address."""
        self.page.goto(self.site.url + path)

    def is_on(self, heading: str) -> None:
        """Wait until the page with this heading is there."""
        # Not `expect`: it looks again ever more seldom, this at every frame.
        self.page.get_by_role("heading", level=1, name=heading, exact=True).wait_for()

    def sees(self, text: str) -> None:
        """Wait until the page says something."""
        self.page.get_by_text(text).first.wait_for()

    def button(self, name: str) -> Locator:
        """A button by its whole label."""
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        """A link of the page itself, not of the bar or the navigation."""
        return self.page.get_by_role("main").get_by_role("link", name=name, exact=True)

    def box(self, label: str) -> Locator:
        """The notification box with this label."""
        return self.page.get_by_role("region", name=label, exact=True)

    def choice(self, name: str) -> Locator:
        """A radio button by the beginning of its label; the rest says what it means."""
        beginning = re.compile(f"^{re.escape(name)}")
        return self.page.get_by_role("radio", name=beginning)

    def enter_password(self) -> None:
        """Fill in the sign-in page."""
        self.open("/sign-in")
        self.page.get_by_label(labels.EMAIL).fill(self.email)
        self.page.get_by_label(labels.PASSWORD).fill(self.password)
        self.button(labels.SIGN_IN).click()

    def sign_in(self) -> None:
        """Sign in to an account without 2FA."""
        self.enter_password()
        self.is_on(labels.DASHBOARD)

    def open_link(self, kind: str, token: Token) -> None:
        """Open a link that the operator has handed over."""
        self.open(f"/link/{kind}?token={token.text}")

    def enter_code(self, code: str) -> None:
        """Fill in the code page that follows the password."""
        self.is_on(labels.ENTER_YOUR_CODE)
        self.page.get_by_label(labels.CODE_FROM_APP).fill(code)
        self.button(labels.SIGN_IN).click()

    def sign_in_with_code(self, phone: AuthenticatorApp) -> None:
        """Sign in with the next code of the phone."""
        self.enter_password()
        self.enter_code(phone.next_code())
        self.is_on(labels.DASHBOARD)

    def sign_in_with_recovery_code(self, code: str) -> None:
        """Sign in without the phone."""
        self.enter_password()
        self.is_on(labels.ENTER_YOUR_CODE)
        self.page.get_by_role("link", name=labels.RECOVERY_CODE_INSTEAD).click()
        self.is_on(labels.USE_A_RECOVERY_CODE)
        self.page.get_by_label(labels.RECOVERY_CODE).fill(code)
        self.button(labels.SIGN_IN).click()
        self.is_on(labels.DASHBOARD)

    def open_account_settings(self) -> None:
        """By the profile icon in the top-right corner and its menu."""
        self.page.locator("summary", has=self.page.locator(".initials")).click()
        self.page.get_by_role("banner").get_by_role("link", name=labels.ACCOUNT_SETTINGS).click()
        self.is_on(labels.ACCOUNT_SETTINGS)

    def scan_qr_code(self) -> AuthenticatorApp:
        """Take a phone to the screen."""
        return AuthenticatorApp(read_qr_code(self.page), self.site.clock)

    def start_2fa(self) -> AuthenticatorApp:
        """Steps 1 to 3 of the guide, up to the scan."""
        self.open_account_settings()
        self.box(labels.TWO_FACTOR_DISABLED).get_by_role("button", name=labels.ENABLE_2FA).click()
        self.is_on(labels.SET_UP_2FA)
        return self.scan_qr_code()

    def confirm_code(self, code: str, button: str = labels.ENABLE_2FA) -> None:
        """The rest of step 3."""
        self.page.get_by_label(labels.FIRST_CODE).fill(code)
        self.button(button).click()

    def shown_codes(self) -> list[str]:
        """The recovery codes on the page."""
        codes = self.page.get_by_role("region", name=labels.YOUR_RECOVERY_CODES).get_by_role("listitem")
        expect(codes).to_have_count(CODES_IN_A_SET)
        texts = [text.split()[0] for text in codes.all_inner_texts()]
        assert all(CODE.match(text) for text in texts), texts
        return texts

    def enable_2fa(self) -> tuple[AuthenticatorApp, list[str]]:
        """Steps 1 to 4 of the guide; the phone and the recovery codes."""
        phone = self.start_2fa()
        self.confirm_code(phone.code())
        self.is_on(labels.SAVE_YOUR_RECOVERY_CODES)
        codes = self.shown_codes()
        self.button(labels.CONTINUE).click()
        self.is_on(labels.ACCOUNT_SETTINGS)
        return phone, codes

    def set_up_2fa(self) -> None:
        """From a page that lets nobody by without 2FA to Account Settings, where it is on."""
        self.button(labels.SET_UP_2FA).click()
        self.is_on(labels.SET_UP_2FA)
        self.confirm_code(self.scan_qr_code().code())
        self.is_on(labels.SAVE_YOUR_RECOVERY_CODES)
        self.shown_codes()
        self.button(labels.CONTINUE).click()
        self.is_on(labels.ACCOUNT_SETTINGS)
        self.box(labels.TWO_FACTOR_ENABLED).wait_for()

    def sign_out(self) -> None:
        """By the profile menu."""
        self.page.locator("summary", has=self.page.locator(".initials")).click()
        self.button(labels.SIGN_OUT).click()
        self.is_on(labels.SIGN_IN)
