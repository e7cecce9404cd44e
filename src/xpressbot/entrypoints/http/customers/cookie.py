"""The cookie of a chat page: one for each channel, sent to its page alone."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from xpressbot.chat.channels.web.visitor import VISITOR_LIFETIME
from xpressbot.entrypoints.http.cookies import cookie_pairs
from xpressbot.foundation.installation_name import InstallationName
from xpressbot.foundation.settings import Settings
from xpressbot.foundation.times import SECOND
from xpressbot.foundation.tokens import Token


class VisitorCookie:
    """Reads and writes it as the public URL demands, like the dashboard's cookies.

    With https its name begins with __Secure-: the stricter __Host- asks for the path /, and would send it everywhere (RFC 6265bis 4.1.3).
    """

    def __init__(self, settings: Settings) -> None:
        self._secure = settings.https
        self.name: Final = f"{'__Secure-' if self._secure else ''}xpressbot-chat{InstallationName.of(settings).in_cookies}"

    def read(self, request: Request) -> Token | None:
        """The visitor's token. Of several the first one counts: browsers put the one with the longest path first (RFC 6265 5.4)."""
        return next((Token.parse(value) for name, value in cookie_pairs(request) if name == self.name), None)

    def set(self, response: Response, path: str, token: Token) -> None:
        """Have the browser keep the token, from now on for its whole lifetime. path: the chat page's."""
        age = VISITOR_LIFETIME // SECOND
        response.set_cookie(self.name, token.text, max_age=age, path=path, secure=self._secure, httponly=True, samesite="lax")

    def clear(self, response: Response, path: str) -> None:
        """Take it from the browser."""
        response.delete_cookie(self.name, path=path, secure=self._secure, httponly=True, samesite="lax")
