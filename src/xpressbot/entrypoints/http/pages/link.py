"""Links that are handed to a person: their token leaves the address bar for a short cookie at once."""

from dataclasses import dataclass
from typing import assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import LINK_COOKIE_LIFETIME, Cookie
from xpressbot.entrypoints.http.errors import Action, ExplainedError
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import SIGN_IN_PATH
from xpressbot.entrypoints.messages.translation import _
from xpressbot.foundation.times import MINUTE
from xpressbot.foundation.tokens import Token
from xpressbot.identity.links.rules import LinkKind, LinkState


@dataclass(frozen=True, slots=True)
class LinkPage:
    """A page that is opened by one kind of link. used, another: what to do when it was used, and how to get another one."""

    kind: LinkKind
    path: str
    used: str
    another: str

    def taken_from_address(self, request: PageRequest) -> Response | None:
        """Put the token of a link that was opened into its cookie and go to the page; None when the address has no token.

        Raises ExplainedError 410 for a link that is used, expired or unknown.
        """
        text = request.starlette.query_params.get("token")
        if text is None:
            return None
        token = Token.parse(text)
        state = self.state(request, token)
        if token is None or state is not LinkState.OPEN:
            raise self.gone(state)
        return keep_link(request, self.path, token)

    def closed(self, request: PageRequest) -> ExplainedError:
        """Why the page cannot be shown: the link that this browser holds works no more, or it holds none."""
        token = request.cookie(Cookie.LINK)
        if token is not None:
            return self.gone(self.state(request, token))
        detail = _(
            "No link is open in this browser. It remembers one for %(minutes)d minutes, and only if it keeps cookies of this site. Open"
            " the link that you were given once more."
        )
        return ExplainedError(
            404, title=_("Open your link once more"), detail=detail % {"minutes": LINK_COOKIE_LIFETIME // MINUTE}, action=None
        )

    def state(self, request: PageRequest, token: Token | None) -> LinkState:
        """What has become of a link of this kind."""
        return LinkState.UNKNOWN if token is None else request.identity.registration.link_state(self.kind, token)

    def gone_text(self, state: LinkState) -> str:
        """Why a link does not work, and what to do."""
        match state:
            case LinkState.USED:
                said = [_("This link was used, or a newer one took its place."), self.used, self.another]
            case LinkState.EXPIRED:
                said = [_("This link has expired."), self.another]
            case LinkState.OF_THE_FUTURE:
                said = [_("The clock of this server was changed after this link was made, so it opens nothing."), self.another]
            case LinkState.OPEN | LinkState.UNKNOWN:
                said = [_("This is no link of this page, or not the whole of it. Copy all of it and try again."), self.another]
            case unknown:
                assert_never(unknown)
        return " ".join(said)

    def gone(self, state: LinkState) -> ExplainedError:
        """410 for a link that does not work."""
        action = Action(SIGN_IN_PATH, _("Sign in")) if state is LinkState.USED else None
        return ExplainedError(410, title=_("This link does not work"), detail=self.gone_text(state), action=action)


def keep_link(request: PageRequest, path: str, token: Token) -> Response:
    """Go to `path` with the token in its cookie."""
    response = redirect(path)
    request.site.cookies.set(response, Cookie.LINK, token)
    return response
