"""The recovery codes page says so when the set that a person has just saved did not come into force."""

import re
from collections.abc import Callable

import pytest

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import rows, words
from tests.support.browser import Browser, shown_codes
from tests.support.installation import Installation

PAGE = "/account/2fa/recovery-codes"
SENTENCE = (
    "The new codes do not work: they were shown too long ago, or you made newer ones in another tab."
    ' The codes for which you last pressed "Continue" work. If you do not have those, make new codes and save them.'
)


def form(page: str) -> dict[str, str]:
    """The fields that "Continue" sends from this page."""
    found = re.search(
        rf'<form method="post" action="{PAGE}/continue">(?:(?!</form>).)*<input type="hidden" name="set" value="([^"]+)">', page, re.DOTALL
    )
    assert found is not None, words(page)
    return {"set": found[1]}


def prepared(browser: Browser) -> tuple[dict[str, str], list[str]]:
    """A tab with a new set on it: its form and its codes."""
    browser.post(f"{PAGE}/regenerate")
    page = browser.get(PAGE).text
    return form(page), shown_codes(page)


def signs_in(browser: Browser, code: str) -> bool:
    browser.sign_in()
    return browser.post("/sign-in/recovery-code", code=code).status_code == 303


def test_the_form_names_the_set_that_is_on_the_page(signed_in: Browser, installation: Installation) -> None:
    """The first one, and one that is to replace it."""
    signed_in.enable_2fa()
    first = form(signed_in.get(PAGE).text)
    assert [row["id"] for row in rows(installation, "recovery_code_set")] == [first["set"]]
    assert signed_in.post(f"{PAGE}/continue", first).headers["location"] == "/account"
    second, _codes = prepared(signed_in)
    assert {row["id"]: row["state"] for row in rows(installation, "recovery_code_set")}[second["set"]] != "in_force"
    assert second != first
    assert signed_in.post(f"{PAGE}/continue", second).headers["location"] == "/account"
    assert [row["id"] for row in rows(installation, "recovery_code_set")] == [second["set"]]


@both_engines
@pytest.mark.parametrize("why", ["shown too long ago", "newer in another tab", "newer in another browser"])
def test_codes_that_were_not_put_in_force_are_told_of(why: str, protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """After the refused "Continue" the page says it, once; the earlier codes sign in, the saved ones do not."""
    other = new_browser()
    other.sign_in()
    other.post("/sign-in/code", code=protected.phone.next_code())
    fields, saved = prepared(protected.browser)
    if why == "shown too long ago":
        protected.browser.clock.advance(minutes=30)
    else:
        prepared(protected.browser if why == "newer in another tab" else other)

    response = protected.browser.post(f"{PAGE}/continue", fields)
    assert (response.status_code, response.headers["location"]) == (303, f"{PAGE}?reason=codes_not_kept")
    assert SENTENCE in words(protected.browser.follow(response).text)
    assert "The new codes do not work" not in words(protected.browser.get(PAGE).text)
    assert not signs_in(new_browser(), saved[0])
    assert signs_in(new_browser(), protected.codes[0])


def test_continue_twice_is_no_refusal(protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """The second click of a double click says that all is well."""
    fields, codes = prepared(protected.browser)
    assert [protected.browser.post(f"{PAGE}/continue", fields).headers["location"] for _click in range(2)] == ["/account"] * 2
    assert signs_in(new_browser(), codes[0])


@pytest.mark.parametrize("reason", ["no_enrolment", "wrong_code", "CODES_NOT_KEPT", "<b>codes</b>", "codes_not_kept<b>", ""])
def test_the_page_says_nothing_else_that_its_address_asks_for(reason: str, protected: Protected) -> None:
    """The reasons are a closed list of two."""
    page = protected.browser.request("GET", PAGE, params={"reason": reason}).text
    assert page == protected.browser.get(PAGE).text
