"""Every page in every notable state: axe finds nothing, nothing is wider than the screen, every target can be hit."""

import pytest

from tests.browser.conftest import NewBrowser
from tests.browser.inspection import inspect
from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in, protect, session_of
from tests.browser.site import Site
from tests.support import labels, people
from tests.support.mailed_links import links_to
from xpressbot.foundation.tokens import Token
from xpressbot.identity.links.rules import LinkKind

pytestmark = pytest.mark.browser


def test_signing_in(site: Site, anna: Person) -> None:
    """The sign-in pages: empty, filled in badly, refused, after a start too late."""
    phone = protect(site).phone
    findings = []

    anna.open("/sign-in")
    findings += inspect(anna.page)
    _send_as_it_is(anna, labels.SIGN_IN)
    anna.sees(labels.PASSWORD_MISSING)
    findings += inspect(anna.page)

    anna.enter_password()
    anna.is_on(labels.ENTER_YOUR_CODE)
    findings += inspect(anna.page)
    anna.enter_code("12345")
    anna.sees(labels.CODE_MALFORMED)
    findings += inspect(anna.page)
    anna.enter_code("000000")
    anna.sees(labels.WRONG_CODE)
    findings += inspect(anna.page)

    anna.page.get_by_role("link", name=labels.RECOVERY_CODE_INSTEAD).click()
    anna.is_on(labels.USE_A_RECOVERY_CODE)
    findings += inspect(anna.page)
    anna.page.get_by_label(labels.RECOVERY_CODE).fill("0000-0000-0000-0000")
    anna.button(labels.SIGN_IN).click()
    anna.sees(labels.WRONG_CODE)
    findings += inspect(anna.page)

    site.clock.advance(minutes=11)
    anna.open("/sign-in/code")
    anna.sees(labels.SIGN_IN_EXPIRED)
    findings += inspect(anna.page)
    anna.sign_in_with_code(phone)
    findings += inspect(anna.page)
    assert findings == []


def test_waiting_after_wrong_passwords(anna: Person) -> None:
    """The sign-in page while a new try has to wait: the button is off, the time counts down."""
    for _try in range(6):
        anna.open("/sign-in")
        anna.page.get_by_label(labels.EMAIL).fill(anna.email)
        anna.page.get_by_label(labels.PASSWORD).fill("wrong")
        anna.button(labels.SIGN_IN).click()
        anna.is_on(labels.SIGN_IN)
    anna.sees(labels.TOO_MANY_TRIES)
    assert inspect(anna.page) == []


def test_turning_2fa_on(anna: Person) -> None:
    """Dashboard, Account Settings, set-up and recovery codes of an account on its way to 2FA."""
    arrive_signed_in(anna)
    findings = inspect(anna.page)
    anna.page.get_by_label(labels.PROFILE_MENU).click()
    findings += inspect(anna.page)
    anna.open("/account")
    findings += inspect(anna.page)

    anna.button(labels.ENABLE_2FA).click()
    anna.is_on(labels.SET_UP_2FA)
    findings += inspect(anna.page)
    phone = anna.scan_qr_code()
    anna.confirm_code("000000")
    anna.sees(labels.more_tries(4))
    findings += inspect(anna.page)
    anna.open("/account")
    findings += inspect(anna.page)
    anna.link(labels.CONTINUE_SET_UP).click()

    anna.confirm_code(phone.code())
    anna.is_on(labels.SAVE_YOUR_RECOVERY_CODES)
    findings += inspect(anna.page)
    anna.button(labels.CONTINUE).click()
    anna.is_on(labels.ACCOUNT_SETTINGS)
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
    anna.button(labels.SHOW_RECOVERY_CODES).click()
    anna.is_on(labels.CONFIRM_IDENTITY)
    findings += inspect(anna.page)
    anna.page.get_by_label(labels.PASSWORD).fill("wrong")
    anna.page.get_by_label(labels.ANY_CODE).fill("000000")
    anna.button(labels.CONFIRM).click()
    anna.sees(labels.more_tries(4))
    findings += inspect(anna.page)
    assert findings == []


def test_after_a_recovery_code(site: Site, anna: Person) -> None:
    """Three codes left: warned on the dashboard and in the settings, with the ways out, used codes struck through."""
    protected = protect(site)
    session = [session_of(site, recovery_code=code) for code in protected.codes[:7]][-1]
    arrive_signed_in(anna, session)
    findings = inspect(anna.page)
    anna.open("/account")
    anna.sees(labels.codes_left(3))
    findings += inspect(anna.page)
    anna.link(labels.VIEW_RECOVERY_CODES).click()
    anna.is_on(labels.RECOVERY_CODES)
    findings += inspect(anna.page)
    anna.button(labels.SHOW_RECOVERY_CODES).click()
    assert anna.shown_codes() == protected.codes
    findings += inspect(anna.page)
    anna.open("/account")
    anna.button(labels.MAKE_NEW_RECOVERY_CODES).click()
    anna.sees(labels.OLD_CODES_STAY_VALID)
    findings += inspect(anna.page)
    anna.open("/account")
    anna.button(labels.RESET_ON_NEW_PHONE).click()
    anna.is_on(labels.RESET_ON_NEW_PHONE)
    findings += inspect(anna.page)
    anna.open("/account")
    anna.link(labels.CONTINUE_SET_UP).wait_for()
    findings += inspect(anna.page)
    assert findings == []


def test_what_is_wrong_with_the_installation(site: Site, anna: Person) -> None:
    """The owner's dashboard with an error and a warning, whose paths are longer than a phone is wide."""
    site.installation.services.settings.key_file.chmod(0o644)
    site.installation.services.background_check.renew()
    arrive_signed_in(anna, session_of(site))
    anna.sees(labels.FILE_MODES_ARE_WRONG)
    anna.sees(labels.KEYS_BESIDE_DATA)
    assert inspect(anna.page) == []


def test_the_history(site: Site, anna: Person) -> None:
    """With an event open, with what cannot be understood, and with nothing found."""
    arrive_signed_in(anna, protect(site).session)
    anna.open("/account/history")
    anna.page.locator(".events summary").first.click()
    findings = inspect(anna.page)
    anna.page.goto(f"{site.url}/account/history?group=x&from=2026-02-30&to=x&before=x")
    findings += inspect(anna.page)
    anna.page.goto(f"{site.url}/account/history?to=2020-01-01")
    findings += inspect(anna.page)
    assert findings == []


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
    _send_as_it_is(anna, labels.SHOW_THE_QR_CODE)
    anna.sees(labels.NAME_MISSING)
    findings += inspect(anna.page)
    for name in ("Tablet", "W" * 40, "Laptop", "\u0646\u0627\u0645"):
        anna.open("/account/2fa/apps/add")
        anna.page.get_by_label(labels.NAME_OF_NEW_APP).fill(name)
        anna.button(labels.SHOW_THE_QR_CODE).click()
        anna.sees(labels.NEW_APP_SIGNS_IN_AS_WELL)
        if name.startswith("W"):
            findings += inspect(anna.page)
        phone = anna.scan_qr_code()
        anna.confirm_code(phone.code(), button=labels.ADD_THIS_APP)
        anna.is_on(labels.AUTHENTICATOR_APPS)
        if name == "Tablet":
            for summary in ("Rename", "Remove"):
                anna.page.locator("summary", has_text=summary).first.click()
            findings += inspect(anna.page)
            anna.page.get_by_label(labels.NAME).first.fill("tablet")
            anna.button(labels.SAVE_THE_NAME).first.click()
            anna.sees(labels.NAME_TAKEN)
            findings += inspect(anna.page)
    anna.open("/account/2fa/apps/add")
    anna.sees(labels.TOO_MANY_APPS)
    findings += inspect(anna.page)
    anna.open("/account/2fa/move")
    findings += inspect(anna.page)
    anna.page.get_by_label("Laptop").check()
    anna.page.get_by_label(labels.OLD_APP_IS_LOST).check()
    anna.button(labels.SHOW_THE_QR_CODE).click()
    anna.sees(labels.LOST_APP_STOPS)
    findings += inspect(anna.page)
    anna.open("/account/2fa/disable")
    findings += inspect(anna.page)
    assert findings == []


def test_sessions_and_a_lock(site: Site, anna: Person) -> None:
    """The list with two sessions of one kind of browser, a wrong password there, the offer to stay, the locked session."""
    protected = protect(site)
    session_of(site, recovery_code=protected.codes[1])
    arrive_signed_in(anna, session_of(site, recovery_code=protected.codes[0]))
    anna.open("/account/sessions")
    findings = inspect(anna.page)
    site.clock.advance(minutes=6)
    anna.page.clock.install()
    anna.open("/account/sessions")
    anna.page.get_by_text(labels.SIGN_OUT_THIS_BROWSER).first.click()
    findings += inspect(anna.page)
    anna.page.locator("details[open]").get_by_label(labels.YOUR_PASSWORD, exact=True).fill("wrong")
    anna.page.locator("details[open] button[type=submit]").click()
    anna.sees(labels.more_tries(4))
    findings += inspect(anna.page)
    anna.page.clock.fast_forward("56:00")
    anna.button(labels.STAY_SIGNED_IN).wait_for()
    findings += inspect(anna.page)
    site.clock.advance(minutes=61)
    anna.open("/account")
    anna.is_on(labels.SESSION_LOCKED)
    findings += inspect(anna.page)
    assert findings == []


def test_name_address_data_and_closing(site: Site, anna: Person) -> None:
    """The pages of the profile, a mailed link to a new address opened by its person and by nobody, and a refusal to close."""
    arrive_signed_in(anna)
    findings = []
    for path in ("/account/profile", "/account/email", "/account/close"):
        anna.open(path)
        findings += inspect(anna.page)
    anna.page.locator("main form button").click()
    anna.page.locator("#refusal").wait_for()
    findings += inspect(anna.page)
    anna.open("/account/email")
    anna.page.get_by_label(labels.NEW_ADDRESS).fill("anna.berg@example.net")
    anna.page.locator("main form button[type=submit]").click()
    findings += inspect(anna.page)
    (link,) = links_to(site.installation, "anna.berg@example.net", LinkKind.EMAIL)
    anna.open_link("email", link)
    findings += inspect(anna.page)
    anna.page.locator("main form button").click()
    findings += inspect(anna.page)
    (stop,) = links_to(site.installation, anna.email, LinkKind.EMAIL_STOP)
    anna.open_link("email-stop", stop)
    findings += inspect(anna.page)
    anna.page.locator("main form button").click()
    findings += inspect(anna.page)
    assert findings == []


def test_after_a_reset(site: Site, anna: Person) -> None:
    """The page that asks for the link in each of its states, and the set-up that comes before the session."""
    services = site.installation.services
    people.protected(services, "berta@example.com")
    protect(site)
    link, bertas = people.reset(services), people.reset(services, "berta@example.com")

    anna.open_link("re-enrolment", link)
    anna.sees(labels.LINK_WORKS)
    findings = inspect(anna.page)
    anna.page.context.clear_cookies()
    anna.enter_password()
    anna.is_on(labels.SET_UP_2FA_AGAIN)
    findings += inspect(anna.page)
    anna.page.get_by_label(labels.YOUR_LINK).fill("nonsense")
    anna.button(labels.GO_ON).click()
    anna.sees(labels.LINK_MALFORMED)
    findings += inspect(anna.page)
    anna.open_link("re-enrolment", bertas)
    anna.sees(labels.LINK_OF_ANOTHER_ACCOUNT)
    findings += inspect(anna.page)
    anna.open("/account/2fa/setup")
    anna.sees(labels.PASTE_YOUR_OWN_LINK)
    findings += inspect(anna.page)

    anna.open_link("re-enrolment", link)
    anna.sees(labels.PASSWORD_AND_LINK_ARE_RIGHT)
    findings += inspect(anna.page)
    anna.button(labels.SET_UP_2FA).click()
    anna.is_on(labels.SET_UP_2FA)
    findings += inspect(anna.page)
    anna.confirm_code("000000")
    anna.sees(labels.more_tries(4))
    findings += inspect(anna.page)
    assert findings == []


def test_a_reset_in_anothers_browser_and_an_invitation(site: Site, anna: Person) -> None:
    """Signed in as another person; invited, filled in badly, and a link that was used."""
    services = site.installation.services
    people.protected(services, "berta@example.com")
    link, invitation = people.reset(services, "berta@example.com"), services.identity.registration.invite("carl@example.com")
    assert isinstance(invitation, Token)
    arrive_signed_in(anna)
    anna.open_link("re-enrolment", link)
    anna.sees(labels.SIGNED_IN_AS_ANOTHER_PERSON)
    findings = inspect(anna.page)
    anna.open_link("invite", invitation)
    anna.is_on(labels.YOUR_ACCOUNT)
    findings += inspect(anna.page)
    _send_as_it_is(anna, labels.CREATE_ACCOUNT)
    anna.sees(labels.PASSWORD_MISSING)
    findings += inspect(anna.page)
    anna.open("/link/invite?token=used")
    anna.is_on(labels.LINK_DOES_NOT_WORK)
    findings += inspect(anna.page)
    assert findings == []


def test_pages_that_are_not_there(anna: Person) -> None:
    """An error page."""
    anna.open("/nowhere")
    anna.is_on(labels.PAGE_NOT_FOUND)
    assert inspect(anna.page) == []


def test_first_run_of_a_site_without_encryption(unclaimed_site: Site, new_browser: NewBrowser) -> None:
    """The welcome page, filled in badly, a used link, and above each the warning that it travels unencrypted."""
    anna = Person(new_browser(unclaimed_site), unclaimed_site)
    anna.page.goto(unclaimed_site.welcome_link())
    anna.is_on(labels.WELCOME)
    anna.sees(labels.PLAIN_HTTP_WARNING)
    findings = inspect(anna.page)
    _send_as_it_is(anna, labels.CREATE_OWNER)
    anna.sees(labels.PASSWORD_MISSING)
    findings += inspect(anna.page)
    anna.open("/welcome?token=used")
    anna.is_on(labels.LINK_DOES_NOT_WORK)
    findings += inspect(anna.page)
    assert findings == []


def _send_as_it_is(person: Person, label: str) -> None:
    """Press a button although the browser itself would ask for the missing fields first."""
    button = person.button(label)
    button.evaluate("button => { button.form.noValidate = true; }")
    button.click()
