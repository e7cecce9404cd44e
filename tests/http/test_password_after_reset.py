"""After an operator's reset the password alone reaches nothing but the page that asks for the link."""

from collections.abc import Callable

import pytest
from starlette.applications import Starlette

from tests.http.conftest import RE_ENROLMENT, Reset, both_engines
from tests.http.raw_requests import (
    LINK_COOKIE,
    METHODS,
    PENDING_COOKIE,
    SAME_ORIGIN,
    SESSION_COOKIE,
    concrete,
    contents,
    form_of,
    only,
    routes_of,
    rows,
    set_cookies,
    words,
)
from tests.http.test_pending_sign_in_opens_nothing import essence
from tests.support import labels, people
from tests.support.browser import Browser, otpauth_uri
from tests.support.installation import PASSWORD, Installation
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import AccountStatus

SETUP = "/account/2fa/setup"
SECOND_STEPS = ("/sign-in/code", "/sign-in/recovery-code")
ASKS_FOR_THE_LINK = f"{RE_ENROLMENT}?reason=must_enrol"
FOR_ANOTHER = f"{RE_ENROLMENT}?reason=link_of_another"
CONTINUES = {
    ("POST", "/account/2fa/start"),
    ("GET", SETUP),
    ("HEAD", SETUP),
    ("POST", "/account/2fa/start-over"),
    ("POST", "/account/2fa/confirm"),
}
"""What the set-up before a session consists of; without the link it only leads to the page that asks for it."""
OF_ITS_KIND = CONTINUES | {
    *((method, path) for path in SECOND_STEPS for method in ("GET", "HEAD", "POST")),
    *((method, RE_ENROLMENT) for method in ("GET", "HEAD", "POST")),
    *((method, "/link/enrolment") for method in ("GET", "HEAD", "POST")),
    ("POST", "/sign-out"),
}


def links_that_are_not_hers(installation: Installation, reset: Reset) -> dict[str, Token | None]:
    """All that may stand in the link cookie and is no open link of Anna's."""
    identity = installation.services.identity
    installation.add_account("berta@example.com", "Berta")
    people.protected(installation.services, "clara@example.com")
    invitation = identity.invitations.issue("new@example.com")
    assert isinstance(invitation, Token)
    used = reset.link
    people.reset(installation.services)  # which voids Anna's first link
    return {
        "none": None,
        "forged": Token(bytes(32)),
        "void": used,
        "an invitation": invitation,
        "for another account": people.reset(installation.services, "clara@example.com"),
    }


@pytest.mark.parametrize("held", ["none", "forged", "void", "an invitation", "for another account", "expired"])
def test_with_the_password_alone_no_route_opens_anything(
    held: str, app: Starlette, installation: Installation, reset: Reset, new_browser: Callable[..., Browser]
) -> None:
    """Every route by every method, with whatever stands in the link cookie: no session, no page but one, and no row changed."""
    link = reset.link if held == "expired" else links_that_are_not_hers(installation, reset)[held]
    if held == "expired":
        installation.clock.advance(hours=24)
    token = people.must_enrol(installation.services).text
    before, differing = contents(installation), set()
    asks = FOR_ANOTHER if held == "for another account" else ASKS_FOR_THE_LINK
    # An invitation is good for its own page, whichever browser brings it; and signing out is asked elsewhere, since it ends this.
    left_out = {"/sign-out"} | ({"/link/invite"} if held == "an invitation" else set())
    for path in sorted({route.path for route in routes_of(app)} - left_out):
        for method in METHODS:
            cookies = {"sign_in": token} | ({} if link is None else {"link": link.text})
            browser, stranger = only(new_browser(), **cookies), only(new_browser(), **({} if link is None else {"link": link.text}))
            fields = {"code": reset.phone.code(), "password": PASSWORD, "name": "Anna"} if method == "POST" else None
            signed_out = stranger.request(method, concrete(path), headers=SAME_ORIGIN, data=fields)
            with_cookie = browser.request(method, concrete(path), headers=SAME_ORIGIN, data=fields and browser.filled(path, fields))
            assert not {SESSION_COOKIE, PENDING_COOKIE} & set(set_cookies(with_cookie)), (method, path)
            assert "otpauth" not in with_cookie.text
            if essence(signed_out) != essence(with_cookie):
                differing.add((method, path))
                if (method, path) in CONTINUES:
                    assert with_cookie.headers["location"] == asks, (method, path)
                elif path in SECOND_STEPS:
                    assert with_cookie.headers["location"] == RE_ENROLMENT, (method, path)
                else:
                    assert path in {RE_ENROLMENT, "/link/enrolment"}
    assert differing == OF_ITS_KIND - {("POST", "/sign-out")} - ({("HEAD", RE_ENROLMENT)} if held == "for another account" else set())
    assert contents(installation) == before
    browser = only(new_browser(), sign_in=token)
    assert "the link that an admin of your team or the operator of this XpressBot gives you" in words(browser.get(RE_ENROLMENT).text)
    assert browser.who() is None


@both_engines
def test_with_password_and_link_only_the_set_up_opens(
    app: Starlette, installation: Installation, reset: Reset, new_browser: Callable[..., Browser]
) -> None:
    """The link page, start, set-up, start over, confirm and sign-out; every other route answers as to that link alone."""
    waiting = people.must_enrol(installation.services)
    people.enrolling_again(installation.services, waiting, reset.link)
    before, differing = contents(installation), set()
    for path in sorted({route.path for route in routes_of(app)}):
        for method in METHODS:
            if method == "POST" and path in {"/sign-out", "/account/2fa/start-over"}:
                continue  # they are asked below: each ends what the others need
            browser = only(new_browser(), sign_in=waiting.text, link=reset.link.text)
            form = form_of(path, browser.filled(path)) if method == "POST" else {}
            signed_out = only(new_browser(), link=reset.link.text).request(method, concrete(path), headers=SAME_ORIGIN, **form)
            with_cookie = browser.request(method, concrete(path), headers=SAME_ORIGIN, **form)
            assert SESSION_COOKIE not in set_cookies(with_cookie), (method, path)
            assert browser.who() is None
            if essence(signed_out) != essence(with_cookie):
                differing.add((method, path))
    assert differing | {("POST", "/sign-out"), ("POST", "/account/2fa/start-over")} == OF_ITS_KIND - {("HEAD", RE_ENROLMENT)}
    assert contents(installation) == before
    browser = only(new_browser(), sign_in=waiting.text, link=reset.link.text)
    assert browser.post("/account/2fa/start-over").headers["location"] == SETUP
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    assert browser.get(SETUP).headers["location"].startswith("/sign-in?next=")


def test_neither_the_old_app_nor_the_old_codes_help(must_enrol: Browser, reset: Reset, installation: Installation) -> None:
    """They lead to the page that asks for the link, and no try is counted for them."""
    before = contents(installation)
    for path, code in (("/sign-in/code", reset.phone.next_code()), ("/sign-in/recovery-code", reset.codes[0])):
        assert must_enrol.post(path, code=code).headers["location"] == RE_ENROLMENT
        assert must_enrol.post(path, code="malformed").headers["location"] == RE_ENROLMENT
    assert contents(installation) == before
    assert must_enrol.who() is None


def test_the_link_alone_reaches_nothing_but_the_sign_in(app: Starlette, reset: Reset, new_browser: Callable[..., Browser]) -> None:
    """A person who has found the link has no password; every route but its page answers as to anybody."""
    asked = 0
    for path in {route.path for route in routes_of(app)}:
        for method in METHODS:
            if path == RE_ENROLMENT and method in {"GET", "HEAD", "POST"}:
                continue
            signed_out = only(new_browser(), link="A" * 43).request(method, concrete(path), headers=SAME_ORIGIN)
            with_cookie = only(new_browser(), link=reset.link.text).request(method, concrete(path), headers=SAME_ORIGIN)
            assert essence(signed_out) == essence(with_cookie), (method, path)
            asked += 1
    assert asked > 24 * len(METHODS)
    page = only(new_browser(), link=reset.link.text).get(RE_ENROLMENT)
    assert labels.LINK_WORKS in words(page.text)


@pytest.mark.parametrize("cookie", ["session", "device", "link"])
def test_its_token_in_another_cookie_opens_nothing(cookie: str, must_enrol: Browser, new_browser: Callable[..., Browser]) -> None:
    """The tables are apart."""
    browser = only(new_browser(), **{cookie: must_enrol.cookies[PENDING_COOKIE]})
    assert browser.who() is None
    assert browser.get(RE_ENROLMENT).status_code == (410 if cookie == "link" else 404)
    assert browser.post("/account/2fa/start").headers["location"] == "/sign-in?next=/account"


@both_engines
def test_password_link_and_a_first_code_make_the_session(must_enrol: Browser, reset: Reset, installation: Installation) -> None:
    """From the page that asks for the link to the recovery codes; the next sign-in is like any other."""
    assert must_enrol.get(f"{RE_ENROLMENT}?token={reset.link.text}").headers["location"] == RE_ENROLMENT
    assert "Password and link are right for anna@example.com" in words(must_enrol.get(RE_ENROLMENT).text)
    phone = must_enrol.enable_2fa()
    codes = must_enrol.recovery_codes()
    assert (len(codes), set(codes) & set(reset.codes)) == (10, set())
    assert (must_enrol.me()["amr"], must_enrol.me()["aal"]) == (["otp", "pwd"], 2)
    assert (PENDING_COOKIE in must_enrol.cookies, LINK_COOKIE in must_enrol.cookies) == (False, False)
    assert must_enrol.post("/account/2fa/recovery-codes/continue").headers["location"] == "/account"
    assert "Reason given: Phone and codes lost." in words(must_enrol.get("/").text)
    must_enrol.post("/sign-out")
    assert must_enrol.sign_in().headers["location"] == "/sign-in/code"
    assert must_enrol.post("/sign-in/code", code=phone.code()).status_code == 401
    assert must_enrol.post("/sign-in/code", code=phone.next_code()).headers["location"] == "/"
    assert [row["consumed_at"] is not None for row in rows(installation, "link")] == [True]


def test_the_set_up_before_a_session_refuses_as_any_other(must_enrol: Browser, reset: Reset) -> None:
    """Malformed 422 and not counted, wrong 401 with the tries left; the fifth discards the secret and leads back."""
    must_enrol.get(f"{RE_ENROLMENT}?token={reset.link.text}")
    must_enrol.post("/account/2fa/start")
    key = otpauth_uri(must_enrol.get(SETUP).text)
    assert must_enrol.post("/account/2fa/confirm", code="12345").status_code == 422
    for left in (4, 3, 2, 1):
        response = must_enrol.post("/account/2fa/confirm", code="000000")
        assert (response.status_code, otpauth_uri(response.text)) == (401, key)
        assert f"{left} more tr" in words(response.text)
    response = must_enrol.post("/account/2fa/confirm", code="000000")
    assert response.headers["location"] == f"{RE_ENROLMENT}?reason=enrolment_discarded"
    page = must_enrol.get(response.headers["location"])
    assert "this set-up was discarded" in words(page.text)
    assert 'action="/account/2fa/start"' in page.text
    must_enrol.enable_2fa()


def test_without_a_start_the_set_up_leads_to_the_page_that_begins_it(must_enrol: Browser, reset: Reset) -> None:
    """Wrong order is explained in words that fit that page."""
    must_enrol.get(f"{RE_ENROLMENT}?token={reset.link.text}")
    answers = [must_enrol.get(SETUP), must_enrol.post("/account/2fa/start-over"), must_enrol.post("/account/2fa/confirm", code="123456")]
    assert {answer.headers["location"] for answer in answers} == {f"{RE_ENROLMENT}?reason=no_enrolment"}
    page = words(must_enrol.get(f"{RE_ENROLMENT}?reason=no_enrolment").text)
    assert labels.NO_OPEN_SET_UP in page
    assert "If 2FA is off" not in page


def test_starting_over_shows_another_secret(must_enrol: Browser, reset: Reset) -> None:
    """A reload and a second start do not."""
    must_enrol.get(f"{RE_ENROLMENT}?token={reset.link.text}")
    uris = []
    for path in ("/account/2fa/start", "/account/2fa/start", "/account/2fa/start-over"):
        assert must_enrol.post(path).headers["location"] == SETUP
        uris.append(otpauth_uri(must_enrol.get(SETUP).text))
    assert uris[0] == uris[1] != uris[2]


def test_signing_out_of_it_ends_the_sign_in_and_keeps_the_link(must_enrol: Browser, reset: Reset) -> None:
    """Its cookie goes; the same link goes on with another sign-in."""
    must_enrol.get(f"{RE_ENROLMENT}?token={reset.link.text}")
    must_enrol.post("/account/2fa/start")
    token = must_enrol.cookies[PENDING_COOKIE]
    response = must_enrol.post("/sign-out")
    assert (response.headers["location"], list(set_cookies(response))) == ("/sign-in", [PENDING_COOKIE])
    assert only(must_enrol, sign_in=token, link=reset.link.text).get(SETUP).headers["location"] == (
        f"/sign-in?next={SETUP}&reason=just_signed_in"
    )
    must_enrol.cookies.clear()
    assert must_enrol.sign_in().headers["location"] == RE_ENROLMENT
    must_enrol.get(f"{RE_ENROLMENT}?token={reset.link.text}")
    must_enrol.enable_2fa()


@pytest.mark.parametrize("end", ["ten minutes", "a second reset", "disabled"])
def test_a_set_up_whose_sign_in_has_ended_says_so_at_the_sign_in_page(
    end: str, must_enrol: Browser, reset: Reset, installation: Installation
) -> None:
    """Also on the page that asks for the link: who was too slow is not told that the link was bad."""
    must_enrol.get(f"{RE_ENROLMENT}?token={reset.link.text}")
    must_enrol.post("/account/2fa/start")
    page = must_enrol.get(SETUP)
    assert page.status_code == 200
    match end:
        case "ten minutes":
            installation.clock.advance(minutes=10)
        case "a second reset":
            people.reset(installation.services)
        case _:
            installation.services.identity.administration.set_status("anna@example.com", AccountStatus.DISABLED)
    response = must_enrol.post("/account/2fa/confirm", code="123456")
    assert response.headers["location"] == f"/sign-in?next={SETUP}&reason=start_again"
    assert labels.SIGN_IN_EXPIRED in words(must_enrol.get(response.headers["location"]).text)
    only(must_enrol, sign_in=must_enrol.cookies[PENDING_COOKIE])
    assert must_enrol.get(RE_ENROLMENT).headers["location"] == "/sign-in?reason=start_again"


def test_a_double_click_that_comes_late_leads_to_the_recovery_codes(must_enrol: Browser, reset: Reset) -> None:
    """With the session that has begun onward; with the used sign-in alone to the sign-in page, which says what has happened."""
    must_enrol.get(f"{RE_ENROLMENT}?token={reset.link.text}")
    before = {name: must_enrol.cookies[name] for name in (PENDING_COOKIE, LINK_COOKIE)}
    phone = must_enrol.enable_2fa()
    for name, value in before.items():
        must_enrol.cookies.set(name, value, domain="127.0.0.1")
    late = must_enrol.post("/account/2fa/confirm", code=phone.code())
    assert late.headers["location"] == "/account/2fa/recovery-codes"
    assert len(must_enrol.recovery_codes()) == 10
    alone = only(must_enrol, sign_in=before[PENDING_COOKIE], link=before[LINK_COOKIE])
    late = alone.post("/account/2fa/confirm", code=phone.code())
    assert (late.headers["location"], set_cookies(late)) == (f"/sign-in?next={SETUP}&reason=just_signed_in", {})
    assert labels.JUST_SIGNED_IN in words(alone.get(late.headers["location"]).text)


def test_a_session_and_a_sign_in_that_must_enrol_in_one_browser_are_kept_apart(
    installation: Installation, reset: Reset, browser: Browser
) -> None:
    """Berta is signed in and Anna gives her password here: a set-up goes on for neither, and the link page says why.

    Or a tab left open would set up Anna's phone for Berta. With Berta signed out, Anna's goes on.
    """
    installation.add_account("berta@example.com", "Berta")
    browser.sign_in("berta@example.com")
    assert browser.sign_in().headers["location"] == RE_ENROLMENT
    browser.get(f"{RE_ENROLMENT}?token={reset.link.text}")
    page = browser.get(RE_ENROLMENT)
    assert "You are signed in here as berta@example.com. Sign out first" in words(page.text)
    assert "/account/2fa/start" not in page.text
    before = contents(installation)
    for method, path in sorted(CONTINUES):
        fields = browser.filled(path, {"code": "123456"}) if method == "POST" else None
        response = browser.request(method, path, headers=SAME_ORIGIN, data=fields)
        assert response.headers["location"] == RE_ENROLMENT, path
    assert contents(installation) == before
    assert browser.me()["account"]["email"] == "berta@example.com"
    assert browser.post("/sign-out").headers["location"] == "/sign-in"
    assert browser.who() is None
    browser.enable_2fa()
    assert browser.me()["account"]["email"] == "anna@example.com"
