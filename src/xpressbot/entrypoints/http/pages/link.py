"""Links that are handed to a person: their token leaves the address bar for a short cookie at once."""

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.translation import _
from xpressbot.entrypoints.http.visit import Visit, redirect
from xpressbot.identity.domain.token import Token


def taken_from_address(visit: Visit, path: str, is_open: Callable[[Token], bool], what_next: str) -> Response | None:
    """Put the token of a link that was opened into its cookie and go to `path`; None when the address has no token.

    Raises HTTPException 410, with what to do next, for a link that is used, expired or unknown.
    """
    text = visit.request.query_params.get("token")
    if text is None:
        return None
    token = Token.parse(text)
    if token is None or not is_open(token):
        raise gone(what_next)
    return keep_link(visit, path, token)


def keep_link(visit: Visit, path: str, token: Token) -> Response:
    """Go to `path` with the token in its cookie."""
    response = redirect(path)
    visit.site.cookies.set(response, Cookie.LINK, token)
    return response


def gone(what_next: str) -> HTTPException:
    """The link does not work any more, or never did."""
    return HTTPException(410, gone_text(what_next))


def gone_text(what_next: str) -> str:
    """The same in words."""
    return _("This link was used or has expired. %(next)s") % {"next": what_next}
