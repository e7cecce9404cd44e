"""A page says why a person was sent back to it only in sentences of its own, whatever the address asks for."""

from collections.abc import Mapping

from tests.http.conftest import RE_ENROLMENT, Protected
from tests.http.raw_requests import words
from tests.support import labels
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.policies import require_two_factor
from tests.support.reasons import REASONS
from xpressbot.identity.factors.authenticators import AddRefusal, RemoveRefusal
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.protection import AuthenticatorRefusal, DisableRefusal
from xpressbot.identity.outcomes import Reason
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal
from xpressbot.identity.sign_in.refusals import PendingRefusal, ReEnrolmentRefusal, SignInRefusal

SAID_IN_SETTINGS = {
    EnrolmentRefusal.NO_ENROLMENT: "The set-up is no longer open",
    EnrolmentRefusal.ENROLMENT_DISCARDED: "Too many wrong codes, so this set-up was discarded.",
    AuthenticatorRefusal.NO_SUCH_AUTHENTICATOR: labels.APP_IS_GONE,
    DisableRefusal.REQUIRED_BY_TEAM: "Your team requires 2FA, so it stays on.",
}
SAID_ON_THE_PAGE_OF_THE_MAILED_LINK: Mapping[Reason, str] = {
    EnrolmentRefusal.NO_ENROLMENT: labels.NO_OPEN_SET_UP,
    EnrolmentRefusal.ENROLMENT_DISCARDED: "Too many wrong codes, so this set-up was discarded.",
    ReEnrolmentRefusal.MUST_ENROL: "Sign in again, and a new one is mailed.",
    ReEnrolmentRefusal.LINK_OF_ANOTHER: "The link that is open in this browser is for another account.",
}
SAID_AT_SIGN_IN = {
    SignInRefusal.START_AGAIN: labels.SIGN_IN_EXPIRED,
    PendingRefusal.JUST_SIGNED_IN: "You have just signed in with this code.",
    StepUpRefusal.SESSION_ENDED: "Too many wrong tries to confirm who you are",
    PendingRefusal.CLOCK_WAS_CHANGED: "The server's clock was changed after you signed in",
}
SAID_AT_THE_APPS = {
    AddRefusal.TOO_MANY_AUTHENTICATORS: "You have 5 authenticator apps",
    AuthenticatorRefusal.NO_SUCH_AUTHENTICATOR: labels.APP_IS_GONE,
    RemoveRefusal.LAST_AUTHENTICATOR: labels.ONLY_APP,
}
SAID_ON_THE_LINK_PAGE = {
    ReEnrolmentRefusal.MUST_ENROL: "Without it 2FA cannot be set up again.",
    ReEnrolmentRefusal.LINK_OF_ANOTHER: "Paste the one for yours.",
    EnrolmentRefusal.NO_ENROLMENT: labels.NO_OPEN_SET_UP,
    EnrolmentRefusal.ENROLMENT_DISCARDED: "Too many wrong codes, so this set-up was discarded.",
}
HOSTILE = [
    "",
    "nothing",
    "NO_ENROLMENT",
    " no_enrolment",
    "no_enrolment\x00",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "%(time)s",
    "__class__",
    "x" * 20_000,
]


def assert_says_only(said: Mapping[Reason, str], browser: Browser, path: str) -> None:
    """For each reason there is: its sentence where the page has one, and otherwise the page as without a reason."""
    plain = browser.request("GET", path).text
    for reason in REASONS:
        page = browser.request("GET", path, params={"reason": reason.value}).text
        if reason in said:
            assert said[reason] in words(page), reason
            assert said[reason] not in words(plain), reason
        else:
            assert page == plain, reason


def assert_unchanged_by_what_is_no_reason(browser: Browser, path: str) -> None:
    plain = browser.request("GET", path)
    for reason in HOSTILE:
        odd = browser.request("GET", path, params={"reason": reason})
        assert (odd.status_code, odd.text) == (plain.status_code, plain.text), (path, reason[:80])


def test_account_settings_say_what_leads_there_and_nothing_else(signed_in: Browser) -> None:
    """No one can be sent to a page that claims something else has happened to their account."""
    assert_says_only(SAID_IN_SETTINGS, signed_in, "/account")


def test_the_sign_in_page_says_what_leads_there_and_nothing_else(browser: Browser) -> None:
    """Its closed list is another one."""
    assert_says_only(SAID_AT_SIGN_IN, browser, "/sign-in")


def test_the_list_of_apps_says_what_leads_there_and_nothing_else(protected: Protected) -> None:
    """Its closed list is a third one."""
    assert_says_only(SAID_AT_THE_APPS, protected.browser, "/account/2fa/apps")


def test_the_page_that_asks_for_the_link_says_what_leads_there_and_nothing_else(must_enrol: Browser) -> None:
    """Nor does its list let anybody claim something else."""
    assert_says_only(SAID_ON_THE_LINK_PAGE, must_enrol, RE_ENROLMENT)


def test_where_the_team_requires_it_the_pages_say_what_leads_there_and_nothing_else(installation: Installation, signed_in: Browser) -> None:
    """In a session that was there before nothing, and at a sign-in a list of its own."""
    require_two_factor(installation)
    assert_says_only({}, signed_in, "/account/2fa/required")
    assert_unchanged_by_what_is_no_reason(signed_in, "/account/2fa/required")
    signed_in.post("/sign-out")
    assert signed_in.sign_in().headers["location"] == "/link/enrolment"
    assert_says_only(SAID_ON_THE_PAGE_OF_THE_MAILED_LINK, signed_in, "/link/enrolment")
    assert_unchanged_by_what_is_no_reason(signed_in, "/link/enrolment")


def test_a_reason_that_is_none_changes_not_the_page_that_asks_for_the_link(must_enrol: Browser) -> None:
    """As on the others."""
    assert_unchanged_by_what_is_no_reason(must_enrol, RE_ENROLMENT)


def test_a_reason_that_is_none_changes_no_page(signed_in: Browser) -> None:
    """Markup, templates and formats in it are neither shown nor obeyed."""
    for path in ("/account", "/account/2fa/recovery-codes", "/sign-in"):
        assert_unchanged_by_what_is_no_reason(signed_in, path)


def test_of_two_reasons_only_one_of_the_list_is_said(signed_in: Browser) -> None:
    """An address may repeat it."""
    page = signed_in.request("GET", "/account?reason=<b>x</b>&reason=no_enrolment").text
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;" not in page
