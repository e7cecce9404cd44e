"""Cookies as browsers are told to keep them (ASVS 3.3)."""

from http.cookies import SimpleCookie

import httpx

from tests.http.conftest import PUBLIC_URL
from tests.http.raw_requests import DEVICE_COOKIE, LINK_COOKIE, PENDING_COOKIE, SESSION_COOKIE
from tests.support.browser import Browser
from tests.support.cookies import cookie_name
from tests.support.installation import PASSWORD, Installation
from tests.support.people import welcome_link

HOUR = 3600


def flags_of(response: httpx.Response) -> dict[str, dict[str, object]]:
    """Attributes of each cookie that a response sets; max-age is 0 for one it takes away."""
    jar = SimpleCookie()
    for line in response.headers.get_list("set-cookie"):
        jar.load(line)
    return {name: {key: value for key, value in morsel.items() if value != "" and key != "expires"} for name, morsel in jar.items()}


def cookies_of_the_guide(installation: Installation, browser: Browser) -> dict[str, dict[str, object]]:
    """Every cookie that claiming, enabling, signing out and signing in set, in order."""
    token = welcome_link(installation.services)
    seen = flags_of(browser.get(f"/welcome?token={token.text}"))
    seen |= flags_of(browser.post("/welcome", name="Anna Berg", email="anna@example.com", password=PASSWORD))
    phone = browser.enable_2fa()
    browser.post("/sign-out")
    seen |= flags_of(browser.sign_in())
    seen |= {f"after {name}": flags for name, flags in flags_of(browser.post("/sign-in/code", code=phone.next_code())).items()}
    return seen


def test_over_http_cookies_are_hidden_from_scripts_and_kept_from_other_sites(installation: Installation, browser: Browser) -> None:
    """HttpOnly, SameSite=Lax, Path=/, no Domain; no Secure and no prefix, which browsers would refuse on http."""
    common = {"path": "/", "httponly": True, "samesite": "lax"}
    assert cookies_of_the_guide(installation, browser) == {
        LINK_COOKIE: common | {"max-age": "0"},
        SESSION_COOKIE: common | {"max-age": str(24 * HOUR)},
        DEVICE_COOKIE: common | {"max-age": str(90 * 24 * HOUR)},
        PENDING_COOKIE: common | {"max-age": str(HOUR // 6)},
        f"after {SESSION_COOKIE}": common | {"max-age": str(24 * HOUR)},
        f"after {DEVICE_COOKIE}": common | {"max-age": str(90 * 24 * HOUR)},
        f"after {PENDING_COOKIE}": common | {"max-age": "0"},
    }


def test_over_https_cookies_are_secure_and_carry_the_host_prefix(https_installation: Installation, https_browser: Browser) -> None:
    """The same with Secure, under names that no other host can plant."""
    seen = cookies_of_the_guide(https_installation, https_browser)
    assert {name.removeprefix("after ") for name in seen} == {
        cookie_name(kind, PUBLIC_URL) for kind in ("link", "session", "device", "sign-in")
    }
    for name, flags in seen.items():
        assert flags == {"path": "/", "httponly": True, "samesite": "lax", "secure": True, "max-age": flags["max-age"]}, name


def test_over_https_cookies_without_the_prefix_are_not_read(https_installation: Installation, https_browser: Browser) -> None:
    """A subdomain could have planted those."""
    https_installation.add_account()
    https_browser.sign_in()
    token = https_browser.cookies["__Host-xpressbot-session"]
    assert https_browser.who() is not None
    https_browser.cookies.clear()
    https_browser.cookies.set("xpressbot-session", token, domain="bots.example.com")
    assert https_browser.who() is None


def test_the_link_cookie_lives_ten_minutes(installation: Installation, browser: Browser) -> None:
    """The token leaves the address bar for a short cookie."""
    token = welcome_link(installation.services)
    assert flags_of(browser.get(f"/welcome?token={token.text}"))[LINK_COOKIE]["max-age"] == "600"


def test_every_rise_gives_a_new_session_token_and_the_old_one_dies(installation: Installation, browser: Browser) -> None:
    """Sign-in, enabling, step-up, disabling (ASVS 7.2.4): no token that was seen before opens anything."""
    installation.add_account()
    tokens = []
    browser.sign_in()
    tokens.append(browser.cookies[SESSION_COOKIE])
    phone = browser.enable_2fa()
    tokens.append(browser.cookies[SESSION_COOKIE])
    browser.post("/account/confirm-identity", password=PASSWORD, code=phone.next_code())
    tokens.append(browser.cookies[SESSION_COOKIE])
    browser.post("/account/2fa/disable")
    tokens.append(browser.cookies[SESSION_COOKIE])
    assert len(set(tokens)) == 4
    assert browser.who() is not None
    for token in tokens[:-1]:
        browser.cookies.set(SESSION_COOKIE, token, domain="127.0.0.1")
        assert browser.who() is None
