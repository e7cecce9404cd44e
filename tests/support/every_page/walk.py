"""A walk through pages: what was seen in one language, and what several areas send."""

from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.browser import Browser
from tests.support.cookies import cookie_name
from tests.support.installation import Installation, install
from tests.support.mailed_links import links_to
from tests.support.pseudo_locale import LANGUAGES
from tests.support.reasons import REASONS
from xpressbot.entrypoints.http.app import create_app
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.sessions.caller import Caller

URL = "http://chat.test:8000"
NEW_PASSWORD = "copper-lantern-willow-harbour"
OWNER, MEMBER = "anna@example.com", "berta@example.com"
ERRORS = (403, 404, 405, 409, 410, 413, 415, 421, 422, 429, 500, 503)
BAD_PASSWORDS = ("", "short", "x" * 1500, "y" * 9000, "violet-anchor\tmeadow-kettle", "xpressbot-xpressbot", "passwordpassword")
BAD_ADDRESSES = ("", "anna", "\u00e4nna@example.com", "an\u200bna@example.com")


@dataclass(frozen=True)
class Page:
    """A page as it was answered."""

    name: str
    status: int
    html: str


@dataclass
class Walk:
    """The pages that were seen in one language. Whatever is sent to another page is followed there."""

    place: Path
    url: str
    texts: Texts
    pages: list[Page] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.installation: Installation = install(self.place, self.url, public_url=URL, allow_plain_http=True)
        self.app = create_app(self.installation.services, LANGUAGES)

    def browser(self) -> Browser:
        """A browser that asks for the language."""
        return Browser(self.app, self.installation.clock, url=URL, language=self.texts.tag)

    def holding(self, caller: Caller) -> Browser:
        """A browser that holds a person's session."""
        browser = self.browser()
        browser.cookies.set(cookie_name("session", URL), caller.token.text)
        return browser

    def see(self, name: str, response: httpx.Response, browser: Browser) -> httpx.Response:
        """Note what a browser shows in the end."""
        shown = browser.follow(response)
        self.pages.append(Page(name, shown.status_code, shown.text))
        return shown

    def get(self, browser: Browser, *paths: str) -> None:
        """Open pages."""
        for path in paths:
            self.see(f"GET {path}", browser.get(path), browser)

    def post(self, browser: Browser, path: str, **fields: str) -> httpx.Response:
        """Send a form."""
        return self.see(f"POST {path} {fields}", browser.post(path, fields), browser)


def reasons(path: str) -> list[str]:
    """A page without a reason, and with each that there is."""
    return [path, *(f"{path}?reason={reason}" for reason in REASONS)]


def wrong_first_codes(walk: Walk, browser: Browser) -> None:
    """An empty first code of a set-up, half of one, and a wrong one."""
    for code in ("", "12345", "000000"):
        walk.post(browser, "/account/2fa/confirm", code=code)


def open_mailed(walk: Walk, browser: Browser, address: str, kind: LinkKind) -> None:
    """The last link of a kind that was mailed to an address."""
    walk.get(browser, f"/link/{kind}?token={links_to(walk.installation, address, kind)[-1].text}")
