"""What the dashboard tells under "Since you last looked", to which session, and until when."""

import re
from collections.abc import Callable

from starlette.applications import Starlette

from tests.http.conftest import Protected, both_engines
from tests.http.raw_requests import moment_shown, rows, words
from tests.support import labels
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from tests.support.optional import present
from tests.support.people import reset
from tests.support.policies import require_two_factor
from xpressbot.foundation.times import HOUR, MINUTE

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36"
SIGN_IN_KEPT_MINUTES = 30


def told(browser: Browser) -> str:
    """The notices on the dashboard, in words; empty when there are none."""
    return words(browser.get("/").text).partition(labels.SINCE_YOU_LAST_LOOKED)[2].partition(labels.GOT_IT)[0]


def shown(browser: Browser) -> str:
    """What "Got it" on the dashboard of this moment would send."""
    found = re.search(r'name="shown" value="([^"]*)"', browser.get("/").text)
    return found[1] if found else ""


def got_it(browser: Browser, what: str | None = None) -> None:
    assert browser.post("/notices/seen", shown=shown(browser) if what is None else what).headers["location"] == "/"


def another_session(protected: Protected, new_browser: Callable[..., Browser], **options: str) -> Browser:
    browser = new_browser(**options)
    browser.sign_in()
    assert browser.post("/sign-in/code", code=protected.phone.next_code()).headers["location"] == "/"
    return browser


@both_engines
def test_a_thief_with_the_owners_cookie_cannot_hide_what_they_did(
    protected: Protected, new_browser: Callable[..., Browser], app: Starlette, installation: Installation
) -> None:
    """What their session did is shown in the owner's others; neither an older page nor the thief's own makes them seen."""
    owner = another_session(protected, new_browser)
    got_it(owner)
    wrong = new_browser(address="203.0.113.66")
    wrong.sign_in()
    wrong.post("/sign-in/code", code="000000")
    older_page = shown(owner)
    assert older_page
    thief = new_browser(address="203.0.113.66", user_agent=CHROME)
    for cookie in protected.browser.cookies.jar:
        thief.cookies.set(cookie.name, present(cookie.value))
    assert thief.post("/account/2fa/recovery-codes/reveal").headers["location"] == "/account/2fa/recovery-codes"

    assert labels.NOTICE_OF_CODES_SHOWN not in told(thief)
    assert "Recovery codes shown Chrome on Windows" in told(owner)
    operation = next(word for word in shown(owner).split() if word not in older_page.split())
    got_it(thief, f"{shown(thief)} {operation}")
    got_it(owner, older_page)
    assert labels.NOTICE_OF_CODES_SHOWN in told(owner)
    assert "Wrong code" not in told(owner)
    got_it(owner)
    assert told(owner) == ""


@both_engines
def test_a_thief_with_two_sessions_cannot_hide_what_they_did(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """The second acknowledges what the first did; the owner reads it all the same, for a week."""
    thief = another_session(protected, new_browser, user_agent=CHROME)
    spare = thief.add_app("Spare")
    second = new_browser(address="203.0.113.66", user_agent=CHROME)
    second.sign_in()
    second.post("/sign-in/code", code=spare.next_code())
    got_it(second)
    owner = new_browser()

    for days, is_read in ((0, True), (6, True), (2, False)):
        installation.clock.advance(hours=24 * days)
        owner.sign_in()
        owner.post("/sign-in/code", code=protected.phone.next_code())
        got_it(owner)
        read = words(owner.get("/").text).partition("marked as read in the last 7 days")[2].partition("Recent activity")[0]
        assert ("Authenticator app added" in read) is is_read


@both_engines
def test_many_right_passwords_after_a_reset_leave_the_reset_visible(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """230 of them are one notice, with their number."""
    link = reset(installation.services)
    thief = new_browser(address="203.0.113.66", user_agent=CHROME)
    for _try in range(230):
        installation.clock.advance(seconds=3)  # else there are too many tries from one network
        assert thief.sign_in().headers["location"] == "/link/re-enrolment"
    owner = protected.browser
    owner.get(f"/link/re-enrolment?token={link.text}")
    owner.sign_in()
    owner.enable_2fa()
    assert "2FA was reset The operator of this XpressBot did this. Reason given:" in told(owner)
    assert "Right password, before 2FA was set up again 231 times From several browsers or networks, most recently:" in told(owner)
    assert len([row for row in rows(installation, "notice") if row["kind"] == "sign_in.enrolment_awaited"]) == 1


@both_engines
def test_a_right_password_that_stops_at_the_second_factor_is_told_at_the_next_sign_in(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """From a browser that was unknown: how often, when, from where, and that wrong ones had come before; once."""
    got_it(protected.browser)
    thief = new_browser(address="203.0.113.66", user_agent=CHROME)
    for _try in range(8):
        thief.sign_in(password="wrong")
        installation.clock.advance(minutes=16)
    assert thief.sign_in().headers["location"] == "/sign-in/code"
    assert told(protected.browser) == ""
    owner = another_session(protected, new_browser)
    assert f"Right password, but no right code Your password was entered at {moment_shown('2026-09-21 16:21')}" in told(owner)
    assert "Wrong passwords were tried before. Chrome on Windows · 203.0.113.66" in told(owner)
    assert "was not guessed" not in words(owner.get("/").text)
    got_it(owner)
    assert "but no right code" not in told(another_session(protected, new_browser))


@both_engines
def test_a_right_password_that_stops_is_told_when_the_sign_in_has_expired(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """Also to a person who is signed in all the time; more of them within the hour wait for the next event."""
    expiry, thief = installation.services.expiry, new_browser(address="203.0.113.66")
    counts = []
    for _half_hour in range(4):
        thief = new_browser(address="203.0.113.66")
        assert thief.sign_in().headers["location"] == "/sign-in/code"
        installation.clock.advance(minutes=SIGN_IN_KEPT_MINUTES)
        protected.browser.get("/")
        expiry.next_round()
        counts.append(sum(row["kind"] == "sign_in.stopped_at_second_factor" for row in rows(installation, "security_event")))
    assert counts == [1, 1, 2, 2]
    assert "3 times between" in told(protected.browser)
    assert [row["to_tell"] for row in rows(installation, "pending_sign_in")] == [True]


@both_engines
def test_a_sign_in_that_is_begun_anew_or_completed_has_not_stopped(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """A person who types the password twice in one browser is not told of themselves."""
    person = another_session(protected, new_browser)
    person.sign_in()
    person.post("/sign-in/code", code=protected.phone.next_code())
    got_it(person)
    person.sign_in()
    installation.clock.advance(minutes=11)
    person.sign_in()
    assert person.post("/sign-in/code", code=protected.phone.next_code()).headers["location"] == "/"
    assert told(person) == ""
    installation.clock.advance(minutes=SIGN_IN_KEPT_MINUTES)
    installation.services.expiry.next_round()
    assert told(person) == ""


@both_engines
def test_a_right_password_that_stops_is_told_although_the_account_changed_meanwhile(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """What ends unfinished sign-ins does not end the telling of them."""
    new_browser(address="203.0.113.66").sign_in()
    installation.clock.advance(minutes=6)
    protected.browser.post("/account/confirm-identity", password=PASSWORD, code=protected.phone.next_code())
    assert protected.browser.post("/account/2fa/disable").headers["location"] == "/account"
    owner = new_browser()
    assert owner.sign_in().headers["location"] == "/"
    assert "but no right code" in told(owner)


@both_engines
def test_a_sign_in_that_followed_waits_is_told_to_the_other_sessions(
    signed_in: Browser, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """With 2FA off the right password is all it takes."""
    guesser = new_browser(address="203.0.113.66", user_agent=CHROME)
    for _try in range(8):
        guesser.sign_in(password="wrong")
        installation.clock.advance(minutes=7)
        signed_in.get("/")
    installation.clock.advance(minutes=16)
    assert guesser.sign_in().headers["location"] == "/"
    assert "Signed in after wrong passwords Chrome on Windows · 203.0.113.66" in told(signed_in)
    assert "Signed in after wrong passwords" not in told(guesser)


@both_engines
def test_a_recovery_code_spent_to_confirm_who_you_are_is_told_everywhere(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """As at the sign-in: in the other sessions and in this one."""
    other = another_session(protected, new_browser)
    got_it(other)
    installation.clock.advance(minutes=6)
    confirmed = protected.browser.post("/account/confirm-identity", password=PASSWORD, code=protected.codes[0], next="/account")
    assert confirmed.headers["location"] == "/account"
    for browser in (protected.browser, other):
        assert "Confirmed who you are with a recovery code" in told(browser)


def test_what_is_told_as_one_says_when_the_places_differ(protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """An owner's own slip does not stand for another person's tries."""
    got_it(protected.browser)
    for address, agent in (("203.0.113.66", CHROME), ("192.0.2.7", "")):
        browser = new_browser(address=address, **({"user_agent": agent} if agent else {}))
        browser.sign_in()
        browser.post("/sign-in/code", code="000000")
    assert "Wrong code after the right password 2 times From several browsers or networks, most recently: Firefox" in told(
        protected.browser
    )


def test_an_hour_is_what_separates_two_events_of_stopped_sign_ins() -> None:
    """The numbers that the tests above stand on."""
    from xpressbot.identity.audit.rules import notice
    from xpressbot.identity.sign_in import retention
    from xpressbot.identity.sign_in.rules import pending as pending_sign_in

    assert notice.STOPPED_TOLD_EVERY == HOUR
    assert pending_sign_in.LIFETIME + retention.PENDING_SIGN_IN_KEPT == SIGN_IN_KEPT_MINUTES * MINUTE


def test_what_others_did_is_told_with_advice_of_its_own(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """Without mail a password alone sets 2FA up: the owner is to ask the member, and not to replace their own password."""
    owner, member = protected.browser, new_browser()
    installation.add_account("berta@example.com", "Berta Sommer")
    require_two_factor(installation)
    assert member.sign_in("berta@example.com").headers["location"] == "/link/enrolment"
    member.enable_2fa()
    assert "A member set up 2FA with the password alone Member: berta@example.com. No mail could be sent" in told(owner)
    assert "Ask them. If it was not they, have their 2FA reset" in told(owner)
    doubt = ("someone may know your password", "This wasn't me")
    assert [words(owner.get("/").text).count(sentence) for sentence in doubt] == [0, 0]
    thief = new_browser(address="203.0.113.66")
    thief.sign_in()
    thief.post("/sign-in/code", code="000000")
    assert [words(owner.get("/").text).count(sentence) for sentence in doubt] == [1, 1]


def test_who_hands_ownership_over_is_asked_in_their_other_browsers_whether_it_was_they(
    protected: Protected, new_browser: Callable[..., Browser], installation: Installation
) -> None:
    """A role is changed by others as a rule; by oneself it may have been somebody else who sat there."""
    berta, owner = installation.add_account("berta@example.com", "Berta Sommer"), another_session(protected, new_browser)
    got_it(owner)
    assert protected.browser.post(f"/team/members/{berta.id}/ownership").status_code == 303
    assert "Your role in the team changed" in told(owner)
    assert "someone may know your password" in words(owner.get("/").text)
    assert "This wasn't me" in words(owner.get("/").text)
