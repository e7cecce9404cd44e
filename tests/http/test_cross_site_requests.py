"""Requests that come, or may come, from other sites (ASVS 3.5.1-3.5.3): nothing is changed by them."""

import pytest
from starlette.applications import Starlette

from tests.http.conftest import Protected
from tests.http.raw_requests import SESSION_COOKIE, concrete, contents, paths_with, set_cookies
from tests.support.browser import Browser
from tests.support.form_client import FORMS_WITH_FILE
from tests.support.installation import PASSWORD, Installation

OWN_ORIGIN = "http://127.0.0.1:8000"
OTHER_ORIGIN = "https://evil.example"
FOREIGN = {
    "Sec-Fetch-Site: cross-site": {"Sec-Fetch-Site": "cross-site"},
    "Sec-Fetch-Site: same-site": {"Sec-Fetch-Site": "same-site"},
    "Sec-Fetch-Site of no known kind": {"Sec-Fetch-Site": "SAME-ORIGIN, cross-site"},
    "cross-site though the Origin is ours": {"Sec-Fetch-Site": "cross-site", "Origin": OWN_ORIGIN},
    "foreign Origin": {"Origin": "https://evil.example"},
    "null Origin": {"Origin": "null"},
    "our host by another scheme": {"Origin": "https://127.0.0.1:8000"},
    "our host on another port": {"Origin": "http://127.0.0.1:9000"},
    "our host on the default port": {"Origin": "http://127.0.0.1"},
    "another loopback name than the Host": {"Origin": "http://localhost:8000"},
    "our host as the beginning of another": {"Origin": "http://127.0.0.1:8000.evil.example"},
    "our host as user name": {"Origin": "http://127.0.0.1:8000@evil.example"},
    "no scheme": {"Origin": "127.0.0.1:8000"},
    "empty Origin": {"Origin": ""},
    "a list of Origins": {"Origin": f"{OWN_ORIGIN} {OTHER_ORIGIN}"},
    "two Origins in one line": {"Origin": f"{OWN_ORIGIN}, {OWN_ORIGIN}"},
    "neither header, but a cookie": {},
    "two lines, ours first": [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
    "two lines, ours last": [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-origin")],
    "two lines, one of them empty": [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "")],
    "two Origins, ours first": [("Origin", OWN_ORIGIN), ("Origin", OTHER_ORIGIN)],
    "two Origins, ours last": [("Origin", OTHER_ORIGIN), ("Origin", OWN_ORIGIN)],
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_no_state_changer_acts_on_a_request_from_elsewhere(
    headers: dict[str, str] | list[tuple[str, str]], app: Starlette, protected: Protected, installation: Installation
) -> None:
    """Each POST route with a signed-in person's cookies and right values: 403, and not a row has changed."""
    fields = {"email": "anna@example.com", "password": PASSWORD, "code": protected.phone.next_code(), "shown": "1-1"}
    before = contents(installation)
    paths = paths_with(app, "POST")
    assert len(paths) >= 14
    for path in paths:
        response = protected.browser.request("POST", concrete(path), headers=headers, data=fields)
        assert response.status_code == 403, path
        assert "came from another site, so nothing was done" in response.text
        assert not set_cookies(response)
    assert contents(installation) == before
    assert protected.browser.who() is not None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_unsafe_method_is_guarded_wherever_it_goes(method: str, protected: Protected) -> None:
    """The guard stands before the router: unknown paths and the API too, with a problem document there."""
    response = protected.browser.request(method, "/api/v1/session", headers={"Origin": "https://evil.example"})
    assert (response.status_code, response.json()["code"]) == (403, "cross_site")
    assert protected.browser.request(method, "/nowhere", headers={"Origin": "null"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": OWN_ORIGIN},
        {},
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "same-origin"), ("Origin", OWN_ORIGIN), ("Origin", OWN_ORIGIN)],
    ],
    ids=["same-origin", "typed by the person", "older browser", "no browser and no cookie", "a proxy that repeats itself"],
)
def test_our_own_forms_and_programs_without_cookies_pass(headers: dict[str, str], installation: Installation, browser: Browser) -> None:
    """A sign-in from each of them succeeds."""
    installation.add_account()
    response = browser.request("POST", "/sign-in", headers=headers, data={"email": "anna@example.com", "password": PASSWORD})
    assert SESSION_COOKIE in set_cookies(response)


def test_following_a_link_from_another_site_keeps_the_person_signed_in(signed_in: Browser) -> None:
    """GET changes nothing, so it is not refused; SameSite=Lax sends the cookie."""
    assert signed_in.request("GET", "/account", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_behind_https_the_origin_must_be_the_public_one(https_installation: Installation, https_browser: Browser) -> None:
    """The public URL's scheme decides, not the listener's; the default port may be named."""
    https_installation.add_account()
    fields = {"email": "anna@example.com", "password": PASSWORD}
    for origin, status in {
        "http://bots.example.com": 403,
        "https://bots.example.com:8443": 403,
        "https://bots.example.com": 303,
        "https://bots.example.com:443": 303,
    }.items():
        https_browser.cookies.clear()
        response = https_browser.request("POST", "/sign-in", headers={"Origin": origin}, data=fields)
        assert response.status_code == status, origin


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/plain;charset=UTF-8", "application/json", "multipart/form-data; boundary=x", "application/x-www-form", "", None],
)
def test_a_body_that_is_no_form_is_415_at_every_state_changer(
    content_type: str | None, app: Starlette, protected: Protected, installation: Installation
) -> None:
    """JSON dressed as text/plain, the classic of cross-site forms, reaches no handler even from our own origin."""
    before = contents(installation)
    headers = {"Sec-Fetch-Site": "same-origin"} | ({} if content_type is None else {"Content-Type": content_type})
    is_with_file = content_type is not None and content_type.startswith("multipart/")
    for path in paths_with(app, "POST"):
        if is_with_file and path in FORMS_WITH_FILE:
            continue  # test_bots_files.py says what that one takes
        response = protected.browser.request("POST", concrete(path), headers=headers, content=b'{"code": "123456"}')
        assert response.status_code == 415, path
        assert "takes forms as browsers send them" in response.text
    assert contents(installation) == before
