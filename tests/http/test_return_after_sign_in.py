"""When sign-in or step-up comes between, people come back to where they were."""

from collections.abc import Callable

import pytest
from starlette.applications import Starlette

from tests.http.conftest import Protected
from tests.http.raw_requests import SESSION_COOKIE, concrete, contents, paths_with, rows
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from xpressbot.identity.accounts.rules.account import AccountStatus

CODES = "/account/2fa/recovery-codes"
RESET = f"/team/members/{'0' * 32}/reset"
EXEMPTION = "/team/members/{member:id}/exemption"
CONVERSATION = "/inbox/{conversation:id}"
CONTACT = "/inbox/people/{contact:id}"
BOT = "/bots/{bot:id}"
CHANNEL = "/channels/{channel:id}"
TOPIC = f"{BOT}/topics/{{topic:slug}}"
RETURNS_TO = {
    "/channels": "/channels",
    f"{CHANNEL}/archive": f"{CHANNEL}/archive",
    f"{CHANNEL}/bot": CHANNEL,
    f"{CHANNEL}/settings": CHANNEL,
    f"{CHANNEL}/switch": CHANNEL,
    f"{BOT}/topics": BOT,
    TOPIC: TOPIC,
    "/bots/new": "/bots/new",
    "/bots/import": "/bots/import",
    f"{BOT}/rename": f"{BOT}/settings",
    f"{BOT}/archive": f"{BOT}/settings",
    f"{BOT}/restore": f"{BOT}/settings",
    f"{BOT}/publish": f"{BOT}/publish",
    f"{BOT}/roll-back": f"{BOT}/versions",
    f"{BOT}/checks/remove": f"{BOT}/checks",
    f"{BOT}/missed/phrase": f"{BOT}/missed",
    f"{CONVERSATION}/reply": CONVERSATION,
    f"{CONVERSATION}/take-over": CONVERSATION,
    f"{CONVERSATION}/hand-back": CONVERSATION,
    f"{CONVERSATION}/close": CONVERSATION,
    f"{CONTACT}/block": f"{CONTACT}/block",
    f"{CONTACT}/unblock": f"{CONTACT}/block",
    f"{CONTACT}/erase": f"{CONTACT}/erase",
    "/sign-out": "/",
    "/notices/seen": "/",
    "/mail/test": "/",
    "/first-steps/hide": "/",
    "/team/record/export": "/team/record",
    "/account/2fa/reminder": "/",
    "/team/policy": "/team/policy",
    EXEMPTION: EXEMPTION,
    f"{EXEMPTION}/end": EXEMPTION,
    "/account/2fa/start": "/account",
    "/account/2fa/start-over": "/account/2fa/setup",
    "/account/2fa/confirm": "/account/2fa/setup",
    "/account/2fa/disable": "/account/2fa/disable",
    "/account/2fa/apps/add": "/account/2fa/apps/add",
    "/account/2fa/apps/rename": "/account/2fa/apps",
    "/account/2fa/apps/remove": "/account/2fa/apps",
    f"{CODES}/reveal": CODES,
    f"{CODES}/regenerate": CODES,
    f"{CODES}/continue": CODES,
    f"{CODES}/check": CODES,
    f"{CODES}/download": CODES,
    "/account/confirm-identity": "/account/confirm-identity",
    "/account/password": "/account/password",
    "/account/language": "/account",
    "/account/profile": "/account/profile",
    "/account/email": "/account/email",
    "/account/export": "/account",
    "/link/email": "/link/email",
    "/account/close": "/account/close",
    "/account/sessions/end": "/account/sessions",
    "/account/sessions/end-others": "/account/sessions",
    "/account/sessions/stay": "/account/sessions",
    "/team/members/{member:id}/ownership": "/team/members/{member:id}/ownership",
    "/team/members/{member:id}/reinstate": "/team/members/{member:id}/reinstate",
    "/team/members/{member:id}/remove": "/team/members/{member:id}/remove",
    "/team/members/{member:id}/role": "/team/members/{member:id}/role",
    "/team/members/{member:id}/suspend": "/team/members/{member:id}/suspend",
    "/team/members/{member:id}/sessions/end": "/team/members/{member:id}",
    "/team/members/{member:id}/sessions/end-all": "/team/members/{member:id}",
    "/account/reset/stop": "/",
    RESET: RESET,
    f"{RESET}/approve": RESET,
    f"{RESET}/stop": RESET,
    f"{RESET}/link": RESET,
    "/team/invite": "/team/invite",
    "/team/invitations/{invitation:id}": "/team/invitations/{invitation:id}",
    "/team/invitations/{invitation:id}/revoke": "/team",
    "/team/remind": "/team",
}
NEEDS_STEP_UP = ["/account/2fa/start", "/account/2fa/disable", f"{CODES}/reveal", f"{CODES}/regenerate", f"{CODES}/download"]
PUBLIC = {"/sign-in", "/sign-in/code", "/sign-in/recovery-code", "/sign-in/new-password", "/sign-in/unlock", "/forgot-password"}
OF_CUSTOMERS = ["/chat/{channel:id}", "/chat/{channel:id}/forget"]
PUBLIC |= {
    "/welcome",
    "/language",
    "/link/invite",
    "/link/re-enrolment",
    "/link/password",
    "/link/not-me",
    "/link/email-stop",
    "/link/reset-stop",
    "/link/enrolment",
}


def test_a_person_not_signed_in_is_sent_to_sign_in_and_back_to_the_page_of_what_they_asked(app: Starlette, browser: Browser) -> None:
    """Every POST that needs a session names its GET page; every GET names itself."""
    assert {path: browser.post(concrete(path)).headers["location"] for path in RETURNS_TO} == {
        path: f"/sign-in?next={concrete(back)}" for path, back in RETURNS_TO.items()
    }
    assert set(map(concrete, paths_with(app, "POST"))) == set(map(concrete, RETURNS_TO)) | PUBLIC | set(map(concrete, OF_CUSTOMERS))
    for path in (
        "/",
        "/account",
        "/account/history",
        "/account/2fa/move",
        "/account/2fa/apps",
        "/account/2fa/apps/add",
        "/account/2fa/setup",
        "/account/2fa/disable",
        CODES,
        "/account/confirm-identity",
        "/account/email",
        "/account/password",
        "/account/sessions",
        *sorted({concrete(back) for back in RETURNS_TO.values() if back.startswith("/team/members/")}),
        "/team",
        "/team/invite",
        concrete("/team/invitations/{invitation:id}"),
        "/account/2fa/required",
        "/team/policy",
    ):
        assert browser.get(path).headers["location"] == f"/sign-in?next={path}"
    assert browser.get("/api/v1/session").status_code == 401


@pytest.mark.parametrize("minutes", [5, 50])
def test_an_old_proof_is_asked_for_again_and_nothing_is_done_before(minutes: int, protected: Protected, installation: Installation) -> None:
    """From 5 minutes on each sensitive POST leads to "Confirm it's you" and, proven there, to its page (ASVS 7.5.1)."""
    installation.clock.advance(minutes=minutes)
    protected.browser.get("/account")
    before = contents(installation)
    for path in NEEDS_STEP_UP:
        assert protected.browser.post(path).headers["location"] == f"/account/confirm-identity?next={RETURNS_TO[path]}"
    assert contents(installation) == before
    for path in NEEDS_STEP_UP:
        location = protected.browser.post(path).headers["location"]
        page = protected.browser.get(location).text
        assert f'name="next" value="{RETURNS_TO[path]}">' in page
        code = protected.phone.next_code()
        response = protected.browser.post("/account/confirm-identity", password=PASSWORD, code=code, next=RETURNS_TO[path])
        assert response.headers["location"] == RETURNS_TO[path]
        installation.clock.advance(minutes=5)


def test_a_proof_is_fresh_for_just_under_five_minutes(protected: Protected, installation: Installation) -> None:
    """And the enrolment that just completed counted as one."""
    installation.clock.advance(seconds=299)
    assert protected.browser.post(f"{CODES}/reveal").headers["location"] == CODES
    installation.clock.advance(seconds=1)
    assert protected.browser.post("/account/2fa/disable").headers["location"].startswith("/account/confirm-identity")


def test_a_step_up_needs_both_factors_where_2fa_is_on(protected: Protected, installation: Installation) -> None:
    """The password alone is 422, a wrong one 401, a used code 401; a recovery code does, and is spent."""
    used = protected.phone.code()
    installation.clock.advance(minutes=5)
    confirm = "/account/confirm-identity"
    assert "Code from your app, or a recovery code" in protected.browser.get(confirm).text
    answers = [
        protected.browser.post(confirm, password=PASSWORD),
        protected.browser.post(confirm, code=protected.phone.code()),
        protected.browser.post(confirm, password="wrong", code=protected.phone.code()),
        protected.browser.post(confirm, password=PASSWORD, code=used),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 401, 401]
    assert protected.browser.post("/account/2fa/disable").headers["location"].startswith(confirm)
    assert protected.browser.post(confirm, password=PASSWORD, code=protected.codes[0]).headers["location"] == "/"
    assert [row["position"] for row in rows(installation, "recovery_code") if row["used_at"]] == [1]
    assert protected.browser.post("/account/2fa/disable").headers["location"] == "/account"


def test_without_2fa_the_password_is_enough(signed_in: Browser, installation: Installation) -> None:
    """The page then asks for no code."""
    installation.clock.advance(minutes=5)
    assert 'name="code"' not in signed_in.get("/account/confirm-identity").text
    assert signed_in.post("/account/confirm-identity", password=PASSWORD, next="/account").headers["location"] == "/account"
    assert signed_in.post("/account/2fa/start").headers["location"] == "/account/2fa/setup"


def test_five_wrong_step_ups_end_the_session_and_the_sign_in_page_says_why(protected: Protected, installation: Installation) -> None:
    """Each page before says how many tries are left; the client that holds the session does not seem to be its owner."""
    installation.clock.advance(minutes=5)
    for left in (4, 3, 2, 1):
        response = protected.browser.post("/account/confirm-identity", password="wrong", code=protected.phone.code())
        assert response.status_code == 401
        assert f"{left} more tr" in response.text
    response = protected.browser.post("/account/confirm-identity", password=PASSWORD, code="000000")
    assert response.headers["location"] == "/sign-in?reason=session_ended"
    assert SESSION_COOKIE not in protected.browser.cookies
    assert "Too many wrong tries to confirm who you are, so you were signed out" in protected.browser.get(response.headers["location"]).text
    assert rows(installation, "session") == []


@pytest.mark.parametrize("ending", ["too old", "signed out elsewhere", "disabled"])
def test_a_session_that_has_ended_opens_nothing(
    ending: str, protected: Protected, installation: Installation, new_browser: Callable[..., Browser]
) -> None:
    """24 hours in all, ended from another browser, account disabled: the next request is refused."""
    if ending == "too old":
        for _half_hour in range(47):
            installation.clock.advance(minutes=30)
            assert protected.browser.who() is not None
        installation.clock.advance(minutes=30)
    elif ending == "disabled":
        installation.services.identity.administration.set_status("anna@example.com", AccountStatus.DISABLED)
    else:
        other = new_browser()
        other.sign_in()
        other.post("/sign-in/code", code=protected.phone.next_code())
        other.post("/account/2fa/disable")
    assert protected.browser.who() is None
    for path, back in RETURNS_TO.items():
        assert protected.browser.post(concrete(path)).headers["location"] == f"/sign-in?next={concrete(back)}"


def test_signing_out_ends_the_session_on_the_server(protected: Protected) -> None:
    """The cookie is taken away, and the token is dead wherever it was copied to (ASVS 7.4.1)."""
    token = protected.browser.cookies[SESSION_COOKIE]
    assert protected.browser.post("/sign-out").headers["location"] == "/sign-in"
    assert SESSION_COOKIE not in protected.browser.cookies
    protected.browser.cookies.set(SESSION_COOKIE, token, domain="127.0.0.1")
    assert protected.browser.who() is None


def test_the_api_says_who_is_signed_in_and_nothing_secret(protected: Protected, signed_in: Browser) -> None:
    """Exactly the fields that docs/http.md names."""
    who = signed_in.me()
    assert set(who) == {"account", "amr", "aal", "authenticated_at", "expires_at"}
    assert set(who["account"]) == {"id", "email", "name"}
    assert (who["account"]["email"], who["account"]["name"], who["amr"], who["aal"]) == ("anna@example.com", "Anna Berg", ["otp", "pwd"], 2)
    assert (who["authenticated_at"], who["expires_at"]) == ("2026-09-21T14:13:20Z", "2026-09-22T14:13:20Z")
