"""The guide's answers to "what if": a lost phone, a new phone, several people."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import EITHER_WAY, WITH_AND_WITHOUT_JAVASCRIPT, NewPerson
from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in, protect
from tests.browser.site import Site
from tests.support import labels
from tests.support.authenticator_app import AuthenticatorApp

pytestmark = pytest.mark.browser


@WITH_AND_WITHOUT_JAVASCRIPT
def test_question_8_a_recovery_code_signs_in_and_2fa_is_reset_on_a_new_phone(
    site: Site, new_person: NewPerson, way_to_browse: dict[str, Any]
) -> None:
    """A new QR code; the old app works until the new one has proven a code; the recovery codes stay."""
    protected = protect(site)
    old_phone, codes = protected.phone, protected.codes
    anna, elsewhere = new_person(**way_to_browse), new_person()

    anna.sign_in_with_recovery_code(codes[3].lower().replace("-", " "))
    anna.open_account_settings()
    anna.box(labels.SIGNED_IN_WITH_RECOVERY_CODE).get_by_role("button", name=labels.RESET_ON_NEW_PHONE).click()
    anna.is_on(labels.RESET_ON_NEW_PHONE)
    new_phone = anna.scan_qr_code()
    assert new_phone.uri != old_phone.uri
    elsewhere.sign_in_with_code(old_phone)

    anna.confirm_code(new_phone.code())
    anna.is_on(labels.ACCOUNT_SETTINGS)
    expect(anna.box(labels.TWO_FACTOR_ENABLED)).to_be_visible()
    _refused_then_let_in(elsewhere, refused=old_phone, let_in=new_phone)

    anna.link(labels.VIEW_RECOVERY_CODES).click()
    anna.button(labels.SHOW_RECOVERY_CODES).click()
    assert anna.shown_codes() == codes
    expect(anna.page.get_by_role("listitem").filter(has_text=codes[3])).to_contain_text(labels.CODE_IS_USED)


@WITH_AND_WITHOUT_JAVASCRIPT
def test_question_8_a_recovery_code_signs_in_and_2fa_is_disabled(site: Site, new_person: NewPerson, way_to_browse: dict[str, Any]) -> None:
    """The other way out for a person without a phone: from then on the password is enough."""
    anna = new_person(**way_to_browse)
    anna.sign_in_with_recovery_code(protect(site).codes[0])

    anna.open_account_settings()
    anna.box(labels.SIGNED_IN_WITH_RECOVERY_CODE).get_by_role("link", name=labels.DISABLE_2FA).click()
    anna.is_on(labels.DISABLE_2FA)
    anna.button(labels.DISABLE_2FA).click()
    anna.is_on(labels.ACCOUNT_SETTINGS)
    expect(anna.box(labels.TWO_FACTOR_DISABLED)).to_be_visible()
    anna.sign_out()
    anna.sign_in()


@WITH_AND_WITHOUT_JAVASCRIPT
def test_question_10_disable_on_the_old_phone_then_enable_on_a_new_one(
    site: Site, new_person: NewPerson, way_to_browse: dict[str, Any]
) -> None:
    """The new phone's codes sign in, the old one's do not; the recovery codes are new ones."""
    protected = protect(site)
    anna = new_person(**way_to_browse)
    arrive_signed_in(anna, protected.session)

    anna.open_account_settings()
    anna.box(labels.TWO_FACTOR_ENABLED).get_by_role("link", name=labels.DISABLE_2FA).click()
    anna.is_on(labels.DISABLE_2FA)
    anna.button(labels.DISABLE_2FA).click()
    anna.is_on(labels.ACCOUNT_SETTINGS)
    new_phone, new_codes = anna.enable_2fa()
    assert not set(protected.codes) & set(new_codes)

    anna.sign_out()
    _refused_then_let_in(anna, refused=protected.phone, let_in=new_phone)


@EITHER_WAY
def test_question_11_each_account_has_2fa_of_its_own(site: Site, new_person: NewPerson) -> None:
    """Anna's 2FA leaves Bo's account alone; when both have it, neither's phone is any good for the other."""
    site.installation.add_account("bo@example.com", "Bo Lind")
    annas_phone = protect(site).phone
    bo = new_person("bo@example.com")
    bo.sign_in()
    bos_phone, _codes = bo.enable_2fa()
    bo.sign_out()

    _refused_then_let_in(bo, refused=annas_phone, let_in=bos_phone)
    _refused_then_let_in(new_person(), refused=bos_phone, let_in=annas_phone)


def _refused_then_let_in(person: Person, *, refused: AuthenticatorApp, let_in: AuthenticatorApp) -> None:
    person.enter_password()
    person.enter_code(refused.next_code())
    person.sees(labels.WRONG_CODE)
    person.enter_code(let_in.code())
    person.is_on(labels.DASHBOARD)
