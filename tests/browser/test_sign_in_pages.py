"""Signing in where it goes wrong: waiting, double clicks, a second tab, by keyboard, with a password manager."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPerson
from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in, protect, session_of
from tests.browser.site import Site
from tests.support import labels
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.cookies import cookie_name

pytestmark = pytest.mark.browser


def test_the_code_goes_into_one_field_that_phones_and_password_managers_fill(site: Site, anna: Person) -> None:
    """Never split boxes; a number pad on a phone; spaces forgiven."""
    phone = protect(site).phone
    anna.enter_password()
    anna.is_on(labels.ENTER_YOUR_CODE)
    fields = anna.page.locator("form input:not([type=hidden])")
    expect(fields).to_have_count(1)
    expect(fields).to_have_attribute("inputmode", "numeric")
    expect(fields).to_have_attribute("autocomplete", "one-time-code")
    expect(fields).to_be_focused()
    code = phone.next_code()
    anna.enter_code(f" {code[:3]} {code[3:]}")
    anna.is_on(labels.DASHBOARD)


def test_password_managers_find_what_they_look_for(site: Site, anna: Person) -> None:
    """Address and password on the sign-in page, and the address again where only the password is asked for."""
    anna.open("/sign-in")
    expect(anna.page.get_by_label(labels.EMAIL)).to_have_attribute("autocomplete", "username")
    expect(anna.page.get_by_label(labels.PASSWORD)).to_have_attribute("autocomplete", "current-password")
    arrive_signed_in(anna)
    anna.open("/account/confirm-identity")
    expect(anna.page.locator("input[autocomplete=username]")).to_have_value(anna.email)
    expect(anna.page.get_by_label(labels.PASSWORD)).to_have_attribute("autocomplete", "current-password")


def test_a_page_that_has_to_wait_counts_down_and_then_lets_try_again(site: Site, new_person: NewPerson) -> None:
    """The button is off and the time right until the wait is over; then it works without a reload."""
    anna = new_person(locale="en-GB")
    anna.page.clock.install()
    for _try in range(6):
        anna.open("/sign-in")
        anna.page.get_by_label(labels.EMAIL).fill(anna.email)
        anna.page.get_by_label(labels.PASSWORD).fill("wrong")
        anna.button(labels.SIGN_IN).click()
        anna.page.get_by_role("alert").wait_for()
    anna.sees(labels.TOO_MANY_TRIES)
    anna.sees(labels.wait(30))
    expect(anna.button(labels.SIGN_IN)).to_be_disabled()

    anna.page.clock.fast_forward(12_000)
    anna.sees(labels.wait(18))
    anna.page.clock.fast_forward(17_000)
    anna.sees(labels.wait(1))
    expect(anna.button(labels.SIGN_IN)).to_be_disabled()
    anna.page.clock.fast_forward(1_000)
    anna.sees(labels.WAIT_IS_OVER)
    site.clock.advance(seconds=30)
    anna.page.get_by_label(labels.PASSWORD).fill(anna.password)
    anna.button(labels.SIGN_IN).click()
    anna.is_on(labels.DASHBOARD)


def test_a_double_click_on_sign_in_with_a_code_ends_signed_in(site: Site, anna: Person) -> None:
    """The second click comes while the first waits for its answer: it is not sent, or the browser would drop that answer."""
    _type_code(site, anna)
    sent: list[str] = []
    anna.page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    with site.answers_late():
        anna.page.mouse.click(*_send_code(anna))
    anna.is_on(labels.DASHBOARD)
    assert sent == [f"{site.url}/sign-in/code"]
    expect(anna.page.get_by_text(labels.NOTICE_OF_WRONG_CODE)).to_have_count(0)


def test_a_double_click_without_javascript_says_what_happened_and_costs_nothing(site: Site, new_person: NewPerson) -> None:
    """The browser drops the first answer. If that was the one with the session, the sign-in page says so; no wrong try is noted."""
    anna = new_person(java_script_enabled=False)
    phone = _type_code(site, anna)
    with site.answers_late():
        click = _send_code(anna)
        with anna.page.expect_request("**/sign-in/code"):
            anna.page.mouse.click(*click)
    dashboard = anna.page.get_by_role("heading", name=labels.DASHBOARD)
    dashboard.or_(anna.page.get_by_text(labels.JUST_SIGNED_IN)).wait_for()
    if not dashboard.is_visible():
        anna.sign_in_with_code(phone)
    expect(anna.page.get_by_text(labels.NOTICE_OF_WRONG_CODE)).to_have_count(0)


def test_a_second_tab_of_the_same_browser_goes_on_after_the_first_has_signed_in(site: Site, anna: Person) -> None:
    """Both tabs stood at the code; the first signs in, the second need not; signing out in one ends both."""
    phone = protect(site).phone
    anna.enter_password()
    anna.is_on(labels.ENTER_YOUR_CODE)
    second = Person(anna.page.context.new_page(), site)
    second.open("/sign-in/code")
    second.is_on(labels.ENTER_YOUR_CODE)

    code = phone.next_code()
    anna.enter_code(code)
    anna.is_on(labels.DASHBOARD)
    second.enter_code(code)
    second.is_on(labels.DASHBOARD)

    second.open("/account")
    anna.sign_out()
    second.sign_out()


def test_who_is_sent_to_sign_in_comes_back_to_where_they_were_going(site: Site, anna: Person) -> None:
    """A bookmark of the recovery codes leads there, by way of password and code."""
    phone = protect(site).phone
    anna.open("/account/2fa/recovery-codes")
    anna.is_on(labels.SIGN_IN)
    anna.page.get_by_label(labels.EMAIL).fill(anna.email)
    anna.page.get_by_label(labels.PASSWORD).fill(anna.password)
    anna.button(labels.SIGN_IN).click()
    anna.enter_code(phone.next_code())
    anna.is_on(labels.RECOVERY_CODES)


def test_a_late_second_browser_is_signed_out_by_enabling(site: Site, anna: Person) -> None:
    """Before enabling, the page says that it will; afterwards the other browser is asked to sign in."""
    other = session_of(site)
    arrive_signed_in(anna)
    anna.open("/account")
    anna.sees(labels.SIGNS_OUT_ONE_BROWSER)
    phone = anna.start_2fa()
    anna.sees(labels.SIGNS_OUT_ONE_BROWSER)
    anna.confirm_code(phone.code())
    anna.is_on(labels.SAVE_YOUR_RECOVERY_CODES)
    anna.page.context.clear_cookies()
    cookie: Any = {"name": cookie_name("session", site.url), "value": other.text, "url": site.url, "httpOnly": True}
    anna.page.context.add_cookies([cookie])
    anna.open("/")
    anna.is_on(labels.SIGN_IN)


def _type_code(site: Site, person: Person) -> AuthenticatorApp:
    phone = protect(site).phone
    person.enter_password()
    person.is_on(labels.ENTER_YOUR_CODE)
    person.page.get_by_label(labels.CODE_FROM_APP).fill(phone.next_code())
    return phone


def _send_code(person: Person) -> tuple[float, float]:
    """Click on "Sign in" and see the code off, without waiting for the answer. Gives the place of the click."""
    place = person.button(labels.SIGN_IN).bounding_box()
    assert place is not None
    middle = (place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    with person.page.expect_request("**/sign-in/code"):
        person.page.mouse.click(*middle)
    return middle
