"""Every page in every notable state: axe finds nothing, nothing is wider than the screen, every target can be hit."""

import pytest

from tests.browser.conftest import NewBrowser
from tests.browser.inspection import inspect
from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in, protect, session_of
from tests.browser.site import Site
from tests.support import people
from xpressbot.foundation.tokens import Token

pytestmark = pytest.mark.browser


def test_signing_in(site: Site, anna: Person) -> None:
    """The sign-in pages: empty, filled in badly, refused, after a start too late."""
    phone = protect(site).phone
    findings = []

    anna.open("/sign-in")
    findings += inspect(anna.page)
    _send_as_it_is(anna, "Sign in")
    anna.sees("Enter your password.")
    findings += inspect(anna.page)

    anna.enter_password()
    anna.is_on("Enter your code")
    findings += inspect(anna.page)
    anna.enter_code("12345")
    anna.sees("The code has 6 digits")
    findings += inspect(anna.page)
    anna.enter_code("000000")
    anna.sees("That code is not right.")
    findings += inspect(anna.page)

    anna.page.get_by_role("link", name="Use a recovery code instead").click()
    anna.is_on("Use a recovery code")
    findings += inspect(anna.page)
    anna.page.get_by_label("Recovery code").fill("0000-0000-0000-0000")
    anna.button("Sign in").click()
    anna.sees("That code is not right.")
    findings += inspect(anna.page)

    site.clock.advance(minutes=11)
    anna.open("/sign-in/code")
    anna.sees("This sign-in is no longer valid")
    findings += inspect(anna.page)
    anna.sign_in_with_code(phone)
    findings += inspect(anna.page)
    assert findings == []


def test_waiting_after_wrong_passwords(anna: Person) -> None:
    """The sign-in page while a new try has to wait: the button is off, the time counts down."""
    for _try in range(6):
        anna.open("/sign-in")
        anna.page.get_by_label("Email").fill(anna.email)
        anna.page.get_by_label("Password").fill("wrong")
        anna.button("Sign in").click()
        anna.is_on("Sign in")
    anna.sees("Too many tries")
    assert inspect(anna.page) == []


def test_turning_2fa_on(anna: Person) -> None:
    """Dashboard, Account Settings, set-up and recovery codes of an account on its way to 2FA."""
    arrive_signed_in(anna)
    findings = inspect(anna.page)
    anna.page.get_by_label("Profile menu").click()
    findings += inspect(anna.page)
    anna.open("/account")
    findings += inspect(anna.page)

    anna.button("Enable 2FA").click()
    anna.is_on("Set up 2FA")
    findings += inspect(anna.page)
    phone = anna.scan_qr_code()
    anna.confirm_code("000000")
    anna.sees("4 more tries.")
    findings += inspect(anna.page)
    anna.open("/account")
    findings += inspect(anna.page)
    anna.link("Continue the set-up you began").click()

    anna.confirm_code(phone.code())
    anna.is_on("Save your recovery codes")
    findings += inspect(anna.page)
    anna.button("Continue").click()
    anna.is_on("Account Settings")
    findings += inspect(anna.page)
    anna.open("/account/2fa/disable")
    findings += inspect(anna.page)
    assert findings == []


def test_recovery_codes_and_confirming_who_one_is(site: Site, anna: Person) -> None:
    """The ledger, "Confirm it's you", the codes shown again, and a new set."""
    arrive_signed_in(anna, protect(site).session)
    site.clock.advance(minutes=6)
    anna.open("/account/2fa/recovery-codes")
    findings = inspect(anna.page)
    anna.button("Show recovery codes").click()
    anna.is_on("Confirm it's you")
    findings += inspect(anna.page)
    anna.page.get_by_label("Password").fill("wrong")
    anna.page.get_by_label("Code from your app, or a recovery code").fill("000000")
    anna.button("Confirm").click()
    anna.sees("more tries")
    findings += inspect(anna.page)
    assert findings == []


def test_after_a_recovery_code(site: Site, anna: Person) -> None:
    """Three codes left: warned on the dashboard and in the settings, with the ways out, used codes struck through."""
    protected = protect(site)
    session = [session_of(site, recovery_code=code) for code in protected.codes[:7]][-1]
    arrive_signed_in(anna, session)
    findings = inspect(anna.page)
    anna.open("/account")
    anna.sees("3 of 10 recovery codes left")
    findings += inspect(anna.page)
    anna.link("View recovery codes").click()
    anna.is_on("Recovery codes")
    findings += inspect(anna.page)
    anna.button("Show recovery codes").click()
    assert anna.shown_codes() == protected.codes
    findings += inspect(anna.page)
    anna.open("/account")
    anna.button("Make new recovery codes").click()
    anna.sees("The old codes stay valid until")
    findings += inspect(anna.page)
    anna.open("/account")
    anna.button("Reset 2FA on a new phone").click()
    anna.is_on("Reset 2FA on a new phone")
    findings += inspect(anna.page)
    anna.open("/account")
    anna.link("Continue the set-up you began").wait_for()
    findings += inspect(anna.page)
    assert findings == []


def test_what_is_wrong_with_the_installation(site: Site, anna: Person) -> None:
    """The owner's dashboard with an error and a warning, whose paths are longer than a phone is wide."""
    site.installation.services.settings.key_file.chmod(0o644)
    site.installation.services.background_check.renew()
    arrive_signed_in(anna, session_of(site))
    anna.sees("Error: File modes")
    anna.sees("Warning: Keys apart from data")
    assert inspect(anna.page) == []


def test_several_apps_and_a_move(site: Site, anna: Person) -> None:
    """The list with one, two and five apps, a rename open and refused, a removal open; adding one; the question of a move."""
    protected = protect(site)
    arrive_signed_in(anna, protected.session)
    anna.open("/account/2fa/apps")
    findings = inspect(anna.page)
    anna.open("/account/2fa/move")
    findings += inspect(anna.page)
    anna.open("/account/2fa/apps/add")
    findings += inspect(anna.page)
    _send_as_it_is(anna, "Show the QR code")
    anna.sees("Give it a name of up to 40 characters")
    findings += inspect(anna.page)
    for name in ("Tablet", "W" * 40, "Laptop", "\u0646\u0627\u0645"):
        anna.open("/account/2fa/apps/add")
        anna.page.get_by_label("What do you call it?").fill(name)
        anna.button("Show the QR code").click()
        anna.sees("will sign you in as well.")
        if name.startswith("W"):
            findings += inspect(anna.page)
        phone = anna.scan_qr_code()
        anna.confirm_code(phone.code(), button="Add this app")
        anna.is_on("Authenticator apps")
        if name == "Tablet":
            for summary in ("Rename", "Remove"):
                anna.page.locator("summary", has_text=summary).first.click()
            findings += inspect(anna.page)
            anna.page.get_by_label("Name").first.fill("tablet")
            anna.button("Save the name").first.click()
            anna.sees("One of your apps has this name already.")
            findings += inspect(anna.page)
    anna.open("/account/2fa/apps/add")
    anna.sees("You have 5 authenticator apps")
    findings += inspect(anna.page)
    anna.open("/account/2fa/move")
    findings += inspect(anna.page)
    anna.page.get_by_label("Laptop").check()
    anna.page.get_by_label("It was lost or stolen").check()
    anna.button("Show the QR code").click()
    anna.sees("Then it stops, and you get new recovery codes")
    findings += inspect(anna.page)
    anna.open("/account/2fa/disable")
    findings += inspect(anna.page)
    assert findings == []


def test_after_a_reset(site: Site, anna: Person) -> None:
    """The page that asks for the link in each of its states, and the set-up that comes before the session."""
    services = site.installation.services
    people.protected(services, "berta@example.com")
    protect(site)
    link, bertas = people.reset(services), people.reset(services, "berta@example.com")

    anna.open_link("re-enrolment", link)
    anna.sees("Your link works.")
    findings = inspect(anna.page)
    anna.page.context.clear_cookies()
    anna.enter_password()
    anna.is_on("Set up 2FA again")
    findings += inspect(anna.page)
    anna.page.get_by_label("Your link").fill("nonsense")
    anna.button("Go on").click()
    anna.sees("Paste the whole link")
    findings += inspect(anna.page)
    anna.open_link("re-enrolment", bertas)
    anna.sees("is for another account.")
    findings += inspect(anna.page)
    anna.open("/account/2fa/setup")
    anna.sees("Paste the one for yours.")
    findings += inspect(anna.page)

    anna.open_link("re-enrolment", link)
    anna.sees("Password and link are right")
    findings += inspect(anna.page)
    anna.button("Set up 2FA").click()
    anna.is_on("Set up 2FA")
    findings += inspect(anna.page)
    anna.confirm_code("000000")
    anna.sees("4 more tries.")
    findings += inspect(anna.page)
    assert findings == []


def test_a_reset_in_anothers_browser_and_an_invitation(site: Site, anna: Person) -> None:
    """Signed in as somebody else; invited, filled in badly, and a link that was used."""
    services = site.installation.services
    people.protected(services, "berta@example.com")
    link, invitation = people.reset(services, "berta@example.com"), services.identity.registration.invite("carl@example.com")
    assert isinstance(invitation, Token)
    arrive_signed_in(anna)
    anna.open_link("re-enrolment", link)
    anna.sees("You are signed in here as")
    findings = inspect(anna.page)
    anna.open_link("invite", invitation)
    anna.is_on("Your account")
    findings += inspect(anna.page)
    _send_as_it_is(anna, "Create the account")
    anna.sees("Enter your password.")
    findings += inspect(anna.page)
    anna.open("/link/invite?token=used")
    anna.is_on("This link does not work")
    findings += inspect(anna.page)
    assert findings == []


def test_pages_that_are_not_there(anna: Person) -> None:
    """An error page."""
    anna.open("/nowhere")
    anna.is_on("Page not found")
    assert inspect(anna.page) == []


def test_first_run_of_a_site_without_encryption(unclaimed_site: Site, new_browser: NewBrowser) -> None:
    """The welcome page, filled in badly, a used link, and above each the warning that it travels unencrypted."""
    anna = Person(new_browser(unclaimed_site), unclaimed_site)
    anna.page.goto(unclaimed_site.welcome_link())
    anna.is_on("Welcome to XpressBot")
    anna.sees("This page travels unencrypted.")
    findings = inspect(anna.page)
    _send_as_it_is(anna, "Create the owner's account")
    anna.sees("Enter your password.")
    findings += inspect(anna.page)
    anna.open("/welcome?token=used")
    anna.is_on("This link does not work")
    findings += inspect(anna.page)
    assert findings == []


def _send_as_it_is(person: Person, label: str) -> None:
    """Press a button although the browser itself would ask for the missing fields first."""
    button = person.button(label)
    button.evaluate("button => { button.form.noValidate = true; }")
    button.click()
