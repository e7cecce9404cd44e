"""Choosing a language in a browser: at the foot of a page before signing in, and in Account Settings."""

import pytest

from tests.browser.inspection import inspect
from tests.browser.person import Person
from tests.browser.site import Site
from tests.support import labels
from tests.support.languages import LANGUAGES

pytestmark = pytest.mark.browser


def test_a_person_changes_the_language_before_and_after_signing_in(site: Site, anna: Person) -> None:
    """Hindi by the switch, kept through a wrong password and the sign-in; Spanish by the account's choice. axe finds nothing in either."""
    hindi, spanish = LANGUAGES.of_choice("hi"), LANGUAGES.of_choice("es")
    anna.open("/sign-in")
    anna.button(hindi.name).click()
    anna.is_on(hindi.gettext(labels.SIGN_IN))
    findings = inspect(anna.page)
    for password in ("wrong", anna.password):
        anna.page.get_by_label(hindi.gettext(labels.EMAIL)).fill(anna.email)
        anna.page.get_by_label(hindi.gettext(labels.PASSWORD)).fill(password)
        anna.button(hindi.gettext(labels.SIGN_IN)).click()
    anna.is_on(hindi.gettext(labels.DASHBOARD))
    anna.open("/account")
    findings += inspect(anna.page)
    anna.page.get_by_label(hindi.gettext(labels.LANGUAGE_OF_PAGES)).select_option(spanish.name)
    anna.button(hindi.gettext(labels.SAVE_THE_LANGUAGE)).click()
    anna.is_on(spanish.gettext(labels.ACCOUNT_SETTINGS))
    findings += inspect(anna.page)
    assert anna.page.evaluate("document.documentElement.lang") == "es"
    assert findings == []
