"""A browser without a screen: cookies, forms and redirects against the real application, in this process."""

import asyncio
import html
import re
from collections.abc import Mapping
from typing import Any, TypedDict

import httpx
from starlette.applications import Starlette

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.form_client import FORMS_WITH_FILE, FormFields
from tests.support.installation import PASSWORD
from tests.support.optional import present
from tests.support.settable_system import SettableClock

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


class AccountAnswer(TypedDict):
    """Whose session it is."""

    id: str
    email: str
    name: str


class SessionAnswer(TypedDict):
    """The body of /api/v1/session."""

    account: AccountAnswer
    amr: list[str]
    aal: int
    authenticated_at: str
    expires_at: str


class Browser:
    """Keeps cookies as a browser does. Redirects are followed only when asked for."""

    def __init__(
        self,
        app: Starlette,
        clock: SettableClock,
        *,
        address: str = "192.0.2.7",
        user_agent: str = FIREFOX,
        url: str = "http://127.0.0.1:8000",
        language: str | None = None,
    ) -> None:
        self.clock = clock
        self.url = url
        self._fields = FormFields(self.get, lambda: self.cookies)
        transport = httpx.ASGITransport(app=app, client=(address, 50000), raise_app_exceptions=False)
        headers = {"User-Agent": user_agent} | ({} if language is None else {"Accept-Language": language})
        self._client = httpx.AsyncClient(transport=transport, base_url=url, headers=headers, follow_redirects=False)

    @property
    def cookies(self) -> httpx.Cookies:
        """The cookie jar."""
        return self._client.cookies

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Any request, with nothing added to it."""
        return asyncio.run(self._client.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Open a page."""
        return self.request("GET", path, headers={"Sec-Fetch-Site": "same-origin"}, **options)

    def post(self, path: str, fields: Mapping[str, str] | None = None, **more: str) -> httpx.Response:
        """Send a form, with what its page says of whom it was shown to, unless `for` is given."""
        if path in FORMS_WITH_FILE:
            return self.upload(path, b"", **{**(fields or {}), **more})
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": self.url}
        return self.request("POST", path, data=self._fields.of(path, {**(fields or {}), **more}), headers=headers)

    def upload(self, path: str, content: bytes, **fields: str) -> httpx.Response:
        """Send a form with a file in its field `file`."""
        headers, file = {"Sec-Fetch-Site": "same-origin", "Origin": self.url}, ("bot.json", content, "application/json")
        return self.request("POST", path, data=self._fields.of(path, fields), files={"file": file}, headers=headers)

    def filled(self, path: str, fields: Mapping[str, str] | None = None) -> dict[str, str]:
        """The fields that a page's form would send to a path."""
        return self._fields.of(path, dict(fields or {}))

    def form_for(self, path: str) -> str | None:
        """Whom forms are shown to in this browser as it is now; None where no page shows one."""
        return self._fields.value(path)

    def follow(self, response: httpx.Response) -> httpx.Response:
        """Go where redirects lead."""
        while response.status_code == 303:
            response = self.get(response.headers["location"])
        return response

    def sign_in(self, email: str = "anna@example.com", password: str = PASSWORD, **fields: str) -> httpx.Response:
        """Send address and password."""
        return self.post("/sign-in", {"email": email, "password": password, **fields})

    def enable_2fa(self) -> AuthenticatorApp:
        """Turn 2FA on from a signed-in browser, or from one that must before there is a session."""
        assert self.post("/account/2fa/start").headers["location"] == "/account/2fa/setup"
        app = AuthenticatorApp(otpauth_uri(self.get("/account/2fa/setup").text), self.clock)
        response = self.post("/account/2fa/confirm", code=app.code())
        assert (response.status_code, response.headers["location"]) == (303, "/account/2fa/recovery-codes"), response.text
        return app

    def add_app(self, name: str) -> AuthenticatorApp:
        """Add an authenticator app from a signed-in browser with 2FA on."""
        assert self.post("/account/2fa/apps/add", name=name).headers["location"] == "/account/2fa/setup"
        app = AuthenticatorApp(otpauth_uri(self.get("/account/2fa/setup").text), self.clock)
        response = self.post("/account/2fa/confirm", code=app.code())
        assert (response.status_code, response.headers["location"]) == (303, "/account/2fa/apps"), response.text
        return app

    def apps(self) -> dict[str, str]:
        """The ids of the listed apps by the names that the page shows."""
        return shown_apps(self.get("/account/2fa/apps").text)

    def recovery_codes(self) -> list[str]:
        """The codes that the page shows."""
        return shown_codes(self.get("/account/2fa/recovery-codes").text)

    def who(self) -> SessionAnswer | None:
        """What /api/v1/session says; None where no one is signed in."""
        response = self.get("/api/v1/session")
        return response.json() if response.status_code == 200 else None

    def me(self) -> SessionAnswer:
        """The same of the signed-in person; there must be one."""
        return present(self.who())


def otpauth_uri(page: str) -> str:
    """The otpauth link of a set-up page."""
    found = re.search(r'href="(otpauth://[^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


def shown_apps(page: str) -> dict[str, str]:
    """The ids of the authenticator apps on a page by their names."""
    found = re.findall(r'(?s)<h2 class="status" id="app-(\w+)">.*?<span class="address">(.*?)</span></h2>', page)
    return {html.unescape(name): app_id for app_id, name in found}


def shown_codes(page: str) -> list[str]:
    """The recovery codes in a page, each once."""
    return list(dict.fromkeys(re.findall(r"\b(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}\b", page)))
