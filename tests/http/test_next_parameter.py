"""`next`: exactly our own GET pages, kept through every step between (ASVS 3.7.2)."""

from collections.abc import Callable

import pytest
from starlette.applications import Starlette

from tests.http.conftest import Protected
from tests.http.raw_requests import concrete, paths_with
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from xpressbot.entrypoints.http.page_routes import destinations
from xpressbot.entrypoints.http.routing import SignedInPage
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import StepUpRequired

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\\\evil.example",
    "https:evil.example",
    "https://evil.example/account",
    "http://127.0.0.1:8000/account",
    "//127.0.0.1:8000/account",
    "/%2f%2fevil.example",
    "/account%0d%0aSet-Cookie:%20a=b",
    "/account\r\nSet-Cookie: a=b",
    "/account\t",
    " /account",
    "/account\x00",
    "javascript:alert(1)",
    "data:text/html,x",
    "account",
    "/account/",
    "/account/../sign-in",
    "/./account",
    "/account?x=1",
    "/account#x",
    "/ACCOUNT",
    "/account\u2028",
    "/\u0430ccount",
    "/nowhere",
    "/sign-in",
    "/sign-in/code",
    "/sign-in/recovery-code",
    "/sign-in/new-password",
    "/forgot-password",
    "/link/password",
    "/sign-in/unlock",
    "/sign-out",
    "/welcome",
    "/link/invite",
    "/account/confirm-identity",
    "/account/2fa/start",
    "/account/2fa/recovery-codes/reveal",
    "/api/v1/session",
    "/api/v1/openapi.json",
    "/healthz",
    "/static/style.css",
    "/" * 5000,
    "",
]
DESTINATIONS = [
    "/",
    "/account",
    "/account/2fa/apps",
    "/account/2fa/apps/add",
    "/account/2fa/disable",
    "/account/2fa/move",
    "/account/2fa/recovery-codes",
    "/account/2fa/required",
    "/account/2fa/setup",
    "/account/close",
    "/account/email",
    "/account/history",
    "/account/password",
    "/account/profile",
    "/account/sessions",
    "/team",
    "/team/members/{member:id}",
    "/team/members/{member:id}/ownership",
    "/team/members/{member:id}/reinstate",
    "/team/members/{member:id}/remove",
    "/team/members/{member:id}/role",
    "/team/members/{member:id}/suspend",
    "/team/members/{member:id}/reset",
    "/team/record",
    "/team/resets",
    "/team/invitations/{invitation:id}",
    "/team/invite",
]
OF_CHAT = [
    "/bots",
    "/bots/archived",
    "/bots/import",
    "/bots/new",
    "/bots/{bot:id}",
    "/bots/{bot:id}/checks",
    "/bots/{bot:id}/export",
    "/bots/{bot:id}/missed",
    "/bots/{bot:id}/publish",
    "/bots/{bot:id}/roll-back",
    "/bots/{bot:id}/settings",
    "/bots/{bot:id}/topics/{topic:slug}",
    "/bots/{bot:id}/versions",
    "/bots/record",
    "/channels",
    "/channels/{channel:id}",
    "/channels/{channel:id}/archive",
    "/inbox",
    "/inbox/{conversation:id}",
    "/inbox/people/{contact:id}/block",
    "/inbox/people/{contact:id}/erase",
]
OF_A_LINK = ["/link/email"]
"""Reached by a link first, and then after signing in."""
OF_THE_TEAM = ["/team/members/{member:id}/exemption", "/team/policy"]


def test_a_place_that_is_no_page_of_ours_leads_to_the_dashboard(installation: Installation, browser: Browser) -> None:
    """From the sign-in form, from the sign-in page of a person signed in, and from the step-up form."""
    installation.add_account()
    for place in ELSEWHERE:
        installation.clock.advance(seconds=3)  # else there are too many tries from one network
        browser.cookies.clear()
        assert 'name="next" value="/">' in browser.get("/sign-in", params={"next": place}).text
        assert browser.sign_in(next=place).headers["location"] == "/", place
        assert browser.get("/sign-in", params={"next": place}).headers["location"] == "/", place
        assert 'name="next" value="/">' in browser.get("/account/confirm-identity", params={"next": place}).text
        response = browser.post("/account/confirm-identity", password=PASSWORD, next=place)
        assert response.headers["location"] == "/", place


def test_a_place_that_is_no_page_of_ours_leads_to_the_dashboard_after_the_code_too(
    protected: Protected, new_browser: Callable[..., Browser]
) -> None:
    """The 2FA step adds no way out."""
    for place in ELSEWHERE:
        browser = new_browser()
        browser.sign_in(next=place)
        assert browser.post("/sign-in/code", code=protected.phone.next_code(), next=place).headers["location"] == "/", place


@pytest.mark.parametrize("way", ["password", "code", "recovery code", "step-up"])
def test_each_page_of_ours_is_kept_through_the_steps_between(way: str, protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """From the page asked for, by the redirect, the form's hidden field and the pending row, back to the page."""
    if way == "password":
        protected.browser.post("/account/2fa/disable")
    places = [concrete(place) for place in (DESTINATIONS[: len(protected.codes)] if way == "recovery code" else DESTINATIONS)]
    for number, place in enumerate(places):
        browser = protected.browser if way == "step-up" else new_browser()
        if way == "step-up":
            response = browser.post("/account/confirm-identity", password=PASSWORD, code=protected.phone.next_code(), next=place)
        else:
            asked = browser.get(place)
            assert asked.headers["location"] == f"/sign-in?next={place}"
            assert f'name="next" value="{place}">' in browser.get(asked.headers["location"]).text
            response = browser.sign_in(next=place)
        if way == "code":
            response = browser.post("/sign-in/code", code=protected.phone.next_code())
        elif way == "recovery code":
            response = browser.post("/sign-in/recovery-code", code=protected.codes[number])
        assert response.headers["location"] == place


def test_the_pages_that_may_come_next_are_the_signed_in_get_pages(app: Starlette) -> None:
    """A new page has to be thought about here."""
    signed_in_pages = set(paths_with(app, "GET")) - {"/sign-in", "/sign-in/code", "/sign-in/recovery-code", "/sign-in/unlock", "/welcome"}
    others = {
        "/account/confirm-identity",
        "/forgot-password",
        "/sign-in/new-password",
        "/link/email-stop",
        "/link/enrolment",
        "/link/invite",
        "/link/not-me",
        "/link/password",
        "/link/re-enrolment",
        "/link/reset-stop",
        "/healthz",
        "/readyz",
        "/metrics",
        "/static/{name}",
        "/api/v1/session",
        "/api/v1/openapi.json",
        "/chat/{channel:id}",
        "/chat/{channel:id}/theme.css",
    }
    assert sorted(signed_in_pages - others) == sorted(DESTINATIONS + OF_A_LINK + OF_CHAT + OF_THE_TEAM)


def test_a_wrong_password_keeps_the_place(installation: Installation, browser: Browser) -> None:
    """The page that says no has the place in its form still."""
    installation.add_account()
    page = browser.sign_in(password="not the password at all", next="/account")
    assert (page.status_code, 'name="next" value="/account">' in page.text) == (401, True)


def test_a_page_that_no_other_page_leads_back_to_stops_the_start() -> None:
    """A POST without a GET page of its own must name the page to return to."""
    with pytest.raises(ValueError, match="no page leads back to"):
        destinations([SignedInPage("POST", "/somewhere", Action.SIGN_OUT, lambda _visit, _caller: StepUpRequired())])
