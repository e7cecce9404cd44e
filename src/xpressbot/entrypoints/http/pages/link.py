"""Links that are handed to a person: their token leaves the address bar for a short cookie at once."""

from dataclasses import dataclass
from typing import assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import LINK_COOKIE_LIFETIME, Cookie
from xpressbot.entrypoints.http.errors import ExplainedError, NextLink
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import SIGN_IN_PATH
from xpressbot.entrypoints.messages.formatting import number
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.foundation.times import MINUTE
from xpressbot.foundation.tokens import Token
from xpressbot.identity.links.rules import LinkKind, LinkState


@dataclass(frozen=True, slots=True)
class LinkPage:
    """A page that is opened by one kind of link. used, another: marked texts of what to do when it was used, and how to get another one."""

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
            raise self.gone(request.texts, state)
        return keep_link(request, self.path, token)

    def closed(self, request: PageRequest) -> ExplainedError:
        """Why the page cannot be shown: the link that this browser holds works no more, or it holds none."""
        token = request.cookie(Cookie.LINK)
        if token is not None:
            return self.gone(request.texts, self.state(request, token))
        texts, minutes = request.texts, LINK_COOKIE_LIFETIME // MINUTE
        detail = texts.ngettext(
            "No link is open in this browser. It remembers one for %(minutes)s minute, and only if it keeps cookies of this site. Open the"
            " link that you were given once more.",
            "No link is open in this browser. It remembers one for %(minutes)s minutes, and only if it keeps cookies of this site. Open the"
            " link that you were given once more.",
            minutes,
        )
        return ExplainedError(
            404, title=texts.gettext("Open your link once more"), detail=detail % {"minutes": number(texts, minutes)}, action=None
        )

    def state(self, request: PageRequest, token: Token | None) -> LinkState:
        """What has become of a link of this kind."""
        return LinkState.UNKNOWN if token is None else request.identity.registration.link_state(self.kind, token)

    def gone_text(self, texts: Texts, state: LinkState) -> str:
        """Why a link does not work, and what to do."""
        match state:
            case LinkState.USED:
                said = [texts.gettext("This link was used, or a newer one took its place."), texts.gettext(self.used)]
            case LinkState.EXPIRED:
                said = [texts.gettext("This link has expired.")]
            case LinkState.OUTDATED:
                said = [
                    texts.gettext(
                        "Since this link was made, the password, 2FA or the status of the account has changed. It no longer works."
                    )
                ]
            case LinkState.OF_THE_FUTURE:
                said = [texts.gettext("The clock of this server was changed after this link was made, so the link no longer works.")]
            case LinkState.OPEN | LinkState.UNKNOWN:
                said = [texts.gettext("This is not a link for this page, or a part of it is missing. Copy the whole link and try again.")]
            case unknown:
                assert_never(unknown)
        return " ".join([*said, texts.gettext(self.another)])

    def gone(self, texts: Texts, state: LinkState) -> ExplainedError:
        """410 for a link that does not work."""
        action = NextLink(SIGN_IN_PATH, texts.gettext("Sign in")) if state is LinkState.USED else None
        return ExplainedError(410, title=texts.gettext("This link does not work"), detail=self.gone_text(texts, state), action=action)


def keep_link(request: PageRequest, path: str, token: Token) -> Response:
    """Go to `path` with the token in its cookie."""
    response = redirect(path)
    request.site.cookies.set(response, Cookie.LINK, token)
    return response
