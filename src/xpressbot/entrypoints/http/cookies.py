"""The five cookies of the dashboard. With https they carry the __Host- prefix, so that no other host can plant them (ASVS 3.3)."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from xpressbot.foundation.installation_name import InstallationName
from xpressbot.foundation.settings import Settings
from xpressbot.foundation.times import DAY, MINUTE, SECOND
from xpressbot.foundation.tokens import Token
from xpressbot.identity.links import rules as link
from xpressbot.identity.sessions.rules import known_browser as device
from xpressbot.identity.sessions.rules import session
from xpressbot.identity.sign_in.rules import pending as pending_sign_in


class Cookie(StrEnum):
    """What a cookie is for."""

    SESSION = "session"
    SIGN_IN = "sign-in"
    DEVICE = "device"
    LINK = "link"
    LANGUAGE = "language"
    """Holds the tag of a language, and no token."""


_SPACE: Final = " \t"
"""What stands around a cookie's name (RFC 6265 5.2). Python and Starlette also drop what browsers take for a part of the name, so
that another host could plant a cookie under one that passes for a `__Host-` name here."""
LINK_COOKIE_LIFETIME: Final = 10 * MINUTE
LANGUAGE_COOKIE_LIFETIME: Final = 365 * DAY
_LIFETIMES: Final = {
    Cookie.SESSION: session.ABSOLUTE_LIFETIME,
    Cookie.SIGN_IN: pending_sign_in.LIFETIME,
    Cookie.DEVICE: device.LIFETIME,
    Cookie.LINK: min(LINK_COOKIE_LIFETIME, *link.LIFETIME.values()),
    Cookie.LANGUAGE: LANGUAGE_COOKIE_LIFETIME,
}


class Cookies:
    """Reads and writes cookies as the public URL demands.

    Its scheme decides about prefix and Secure. Its port, where it is not the scheme's own, ends each name: else two installations on
    one host would sign each other out.
    """

    def __init__(self, settings: Settings) -> None:
        self.secure: Final = settings.https
        prefix, ending = "__Host-" if self.secure else "", InstallationName.of(settings).in_cookies
        self._names: Final = {cookie: f"{prefix}xpressbot-{cookie}{ending}" for cookie in Cookie}
        self._by_name: Final = {name: cookie for cookie, name in self._names.items()}

    def name(self, cookie: Cookie) -> str:
        """The cookie's full name."""
        return self._names[cookie]

    def read(self, request: Request) -> Mapping[Cookie, Token]:
        """The tokens in the cookies; anything that is not one counts as none. Of several with one name the last one counts."""
        values = {cookie: value for cookie, value in self._values(request).items() if cookie is not Cookie.LANGUAGE}
        return {cookie: token for cookie, value in values.items() if (token := Token.parse(value)) is not None}

    def language(self, request: Request) -> str | None:
        """What the cookie names as the language that was chosen in this browser. Anybody may have written it."""
        return self._values(request).get(Cookie.LANGUAGE)

    def set(self, response: Response, cookie: Cookie, token: Token) -> None:
        """Give the browser a token. The server decides how long it is good; Max-Age only spares dead cookies."""
        self._set(response, cookie, token.text)

    def set_language(self, response: Response, tag: str) -> None:
        """Have the browser keep the language that was chosen in it."""
        self._set(response, Cookie.LANGUAGE, tag)

    def clear(self, response: Response, cookie: Cookie) -> None:
        """Take a cookie from the browser."""
        response.delete_cookie(self.name(cookie), path="/", secure=self.secure, httponly=True, samesite="lax")

    def _set(self, response: Response, cookie: Cookie, text: str) -> None:
        max_age = _LIFETIMES[cookie] // SECOND
        response.set_cookie(self.name(cookie), text, max_age=max_age, path="/", secure=self.secure, httponly=True, samesite="lax")

    def _values(self, request: Request) -> Mapping[Cookie, str]:
        return {cookie: text for name, text in cookie_pairs(request) if (cookie := self._by_name.get(name)) is not None}


def cookie_pairs(request: Request) -> Iterator[tuple[str, str]]:
    """The names and values of a request's cookies, in its order."""
    for header in request.headers.getlist("cookie"):
        for pair in header.split(";"):
            name, _equals, text = pair.partition("=")
            yield name.strip(_SPACE), text.strip(_SPACE)
