"""Steps asked for out of order change nothing (ASVS 2.3.1), and a double click is no second try."""

from collections.abc import Callable

import pytest

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import PENDING_COOKIE, SESSION_COOKIE, contents, only, rows, tries
from tests.support import labels
from tests.support.browser import Browser
from tests.support.installation import Installation

CODES = "/account/2fa/recovery-codes"
NO_ENROLMENT = "/account?reason=no_enrolment"


def test_what_comes_before_its_time_leads_to_the_settings(signed_in: Browser, installation: Installation) -> None:
    """2FA off and nothing started: every step of 2FA but the start is 303 /account, which says why where that is not plain to see."""
    before = contents(installation)
    for path in ("/account/2fa/confirm", "/account/2fa/start-over"):
        assert signed_in.post(path, code="123456").headers["location"] == NO_ENROLMENT, path
    for path in ("/account/2fa/disable", f"{CODES}/reveal", f"{CODES}/regenerate", f"{CODES}/check"):
        assert signed_in.post(path, code="123456").headers["location"] == "/account", path
    for path in ("/account/2fa/setup", "/account/2fa/disable", CODES):
        assert signed_in.get(path).headers["location"] == "/account", path
    assert contents(installation) == before


def test_pressing_continue_or_download_while_2fa_is_off_leads_to_the_settings(signed_in: Browser) -> None:
    """There is no set of codes."""
    assert signed_in.post(f"{CODES}/continue").headers["location"] == "/account"
    assert signed_in.post(f"{CODES}/download").headers["location"] == "/account"


def test_the_second_step_without_the_first_leads_to_sign_in(browser: Browser) -> None:
    """GET and POST, code and recovery code; a right-looking code is not looked at."""
    for path in ("/sign-in/code", "/sign-in/recovery-code"):
        assert browser.get(path).headers["location"] == "/sign-in"
        assert browser.post(path, code="123456").headers["location"] == "/sign-in"


def test_a_confirmation_of_another_browsers_set_up_is_out_of_order(signed_in: Browser, new_browser: Callable[..., Browser]) -> None:
    """An enrolment belongs to the session that began it."""
    signed_in.post("/account/2fa/start")
    other = new_browser()
    other.sign_in()
    assert other.get("/account/2fa/setup").headers["location"] == "/account"
    assert other.post("/account/2fa/confirm", code="123456").headers["location"] == NO_ENROLMENT
    assert signed_in.get("/account/2fa/setup").status_code == 200


def test_a_person_who_is_signed_in_is_sent_on_from_the_sign_in_pages(signed_in: Browser) -> None:
    """To where `next` says, or home."""
    assert signed_in.get("/sign-in").headers["location"] == "/"
    assert signed_in.get("/sign-in?next=/account").headers["location"] == "/account"
    assert signed_in.get("/sign-in/code").headers["location"] == "/"
    assert signed_in.post("/sign-in/code", code="123456").headers["location"] == "/"


@both_engines
@pytest.mark.parametrize("way", ["code", "recovery-code"])
def test_a_double_click_is_not_charged_and_told_apart(
    way: str, protected: Protected, pending: Browser, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """With the new session onward; with the consumed pending cookie alone to the sign-in page, which says what happened."""
    path, code = f"/sign-in/{way}", protected.phone.next_code() if way == "code" else protected.codes[0]
    token = pending.cookies[PENDING_COOKIE]
    assert pending.post(path, code=code).headers["location"] == "/"
    session = pending.cookies[SESSION_COOKIE]
    before = contents(installation)
    assert only(pending, sign_in=token, session=session).post(path, code=code).headers["location"] == "/"
    late = only(new_browser(), sign_in=token)
    response = late.post(path, code=code)
    assert response.headers["location"] == "/sign-in?reason=just_signed_in"
    assert labels.JUST_SIGNED_IN in late.get(response.headers["location"]).text
    assert late.who() is None
    assert contents(installation) == before
    assert (tries(installation, "totp:"), tries(installation, "recovery_code:")) == (0, 0)


def test_a_double_click_on_enable_goes_to_the_codes(signed_in: Browser, installation: Installation) -> None:
    """The second half finds 2FA on and the codes still on show."""
    phone = signed_in.enable_2fa()
    assert signed_in.post("/account/2fa/confirm", code=phone.code()).headers["location"] == CODES
    assert len(signed_in.recovery_codes()) == 10
    assert len(rows(installation, "recovery_code_set")) == 1


def test_pressing_continue_twice_is_pressing_it_once(signed_in: Browser) -> None:
    """Both lead to the settings, and the codes stay masked."""
    signed_in.enable_2fa()
    assert [signed_in.post(f"{CODES}/continue").headers["location"] for _click in range(2)] == ["/account", "/account"]
    assert signed_in.recovery_codes() == []


def test_pressing_disable_twice_is_pressing_it_once(protected: Protected) -> None:
    """The second finds 2FA off, and leads to the settings too."""
    assert [protected.browser.post("/account/2fa/disable").headers["location"] for _click in range(2)] == ["/account", "/account"]
    assert "2FA Disabled" in protected.browser.get("/account").text


def test_five_wrong_codes_discard_the_set_up_and_change_nothing_else(signed_in: Browser, installation: Installation) -> None:
    """Tries are counted down on the page, the fifth leads back to the settings, and sign-in is as before."""
    signed_in.post("/account/2fa/start")
    for left in (4, 3, 2, 1):
        response = signed_in.post("/account/2fa/confirm", code="000000")
        assert response.status_code == 401
        assert f"{left} more tr" in response.text
    discarded = signed_in.post("/account/2fa/confirm", code="000000")
    assert "Too many wrong codes, so this set-up was discarded" in signed_in.follow(discarded).text
    assert signed_in.get("/account/2fa/setup").headers["location"] == "/account"
    assert [row["state"] for row in rows(installation, "authenticator")] == []
    assert "2FA Disabled" in signed_in.get("/account").text


def test_a_set_up_ends_after_ten_minutes(signed_in: Browser, installation: Installation) -> None:
    """Then it is as if it had not been started."""
    signed_in.post("/account/2fa/start")
    installation.clock.advance(seconds=599)
    assert signed_in.get("/account/2fa/setup").status_code == 200
    installation.clock.advance(seconds=1)
    assert signed_in.get("/account/2fa/setup").headers["location"] == "/account"
    late = signed_in.post("/account/2fa/confirm", code="123456")
    assert late.headers["location"] == NO_ENROLMENT
    assert "The set-up is no longer open: it took more than 10 minutes" in signed_in.follow(late).text
