"""Pages that a link opens. Its token leaves the address bar for a short cookie at once, and its form acts on an open link alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import LINK_COOKIE_LIFETIME, Cookie
from xpressbot.entrypoints.http.errors import ExplainedError, NextLink
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.hashing_form_limits import Target, open_link
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import SIGN_IN_PATH
from xpressbot.entrypoints.messages.formatting import Text, number
from xpressbot.entrypoints.messages.links import link_path
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.foundation.times import MINUTE
from xpressbot.foundation.tokens import Token
from xpressbot.identity.links.charges import LinkRefusal, LinkThrottleRefusal
from xpressbot.identity.links.rules import LinkKind, LinkState
from xpressbot.identity.outcomes import Denied

Opened = TypeVar("Opened")
"""What a kind of link is found to be about: an account, an address, what its button would do."""


@dataclass(frozen=True, slots=True)
class LinkEntry:
    """How a link of one kind comes in, and what is said of one that is not open.

    used, another: marked texts of what to do when it was used, and how to get another one.
    """

    kind: LinkKind
    used: str
    another: str

    @property
    def path(self) -> str:
        """Of the page that it opens."""
        return link_path(self.kind)

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
            "No link is open in this browser. It remembers one for %(minutes)s minute, and only if it keeps cookies of this site. Open"
            " again the link that you were given.",
            "No link is open in this browser. It remembers one for %(minutes)s minutes, and only if it keeps cookies of this site. Open"
            " again the link that you were given.",
            minutes,
        )
        return ExplainedError(
            404, title=texts.gettext("Open your link once more"), detail=detail % {"minutes": number(texts, minutes)}, action=None
        )

    def state(self, request: PageRequest, token: Token | None) -> LinkState:
        """What has become of a link of this kind."""
        return request.identity.link_states.of(self.kind, token)

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


@dataclass(frozen=True, slots=True)
class OpenLink(Generic[Opened]):
    """A request of a browser that holds an open link. about: what was found of it. subject: whom its form acts for."""

    request: PageRequest
    entry: LinkEntry
    token: Token
    about: Opened
    subject: FormSubject

    def page(self, template: str, errors: dict[str, Text] | None = None, **context: Any) -> Response:
        """Answer with the page; 422 where there are messages beside its fields."""
        status = 422 if errors else 200
        return self.request.page(template, None, status=status, errors=errors or {}, **self._context, **context)

    def throttled(self, template: str, denied: Denied[LinkThrottleRefusal], **context: Any) -> Response:
        """Answer 429 with the page, and until when the link takes no more forms."""
        return self.request.refused(template, None, denied, **self._context, **context)

    def used(self, response: Response) -> Response:
        """Answer once it is done: the browser forgets the link."""
        self.request.site.cookies.clear(response, Cookie.LINK)
        return response

    @property
    def _context(self) -> dict[str, Any]:
        return {"shown_to": self.subject, "link_path": self.entry.path}


@dataclass(frozen=True, slots=True)
class LinkForm(Generic[Opened]):
    """What a kind of link declares of its pages, whose holder needs no session. Opening a link changes nothing; its form does.

    find: what an open link is about; None where it is not open. shown_to: whom its form acts for. show: the page with the form.
    do: what the form does. hashes: whether it hashes a password. must_hold: raises where no link of this kind opens anything any more.
    """

    entry: LinkEntry
    find: Callable[[PageRequest, Token], Opened | None]
    shown_to: Callable[[Token, Opened], FormSubject]
    show: Callable[[OpenLink[Opened]], Response]
    do: Callable[[OpenLink[Opened]], Response | Denied[LinkRefusal]]
    hashes: bool = False
    must_hold: Callable[[PageRequest], None] | None = None

    @property
    def get(self) -> "LinkPage[Opened]":
        """The page that takes the token, and shows the form."""
        return LinkPage("GET", self)

    @property
    def post(self) -> "LinkPage[Opened]":
        """Where the form is sent to."""
        return LinkPage("POST", self)

    def opened(self, request: PageRequest) -> OpenLink[Opened] | None:
        """The link that this browser holds, if it is open and of this kind."""
        token = request.cookie(Cookie.LINK)
        about = None if token is None else self.find(request, token)
        return None if token is None or about is None else OpenLink(request, self.entry, token, about, self.shown_to(token, about))


@dataclass(frozen=True, slots=True)
class LinkPage(Generic[Opened]):
    """The path of one kind of link, for one method: its form cannot run without an open link.

    A link that is used, expired or unknown is answered 410, a browser that holds none 404.
    """

    method: str
    form: LinkForm[Opened]

    @property
    def path(self) -> str:
        """As routes name it."""
        return self.form.entry.path

    @property
    def is_destination(self) -> bool:
        """Whether `next` may name it."""
        return False

    @property
    def hashes_at(self) -> Target | None:
        """What the form is a try at, if it hashes a password."""
        hashes = self.method == "POST" and self.form.hashes
        return open_link(lambda request: self.form.opened(request) is not None) if hashes else None

    def answer(self, request: PageRequest) -> Response:
        """Take the token out of the address bar, show the form, or do what it does."""
        if self.form.must_hold is not None:
            self.form.must_hold(request)
        taken = self.form.entry.taken_from_address(request) if self.method == "GET" else None
        if taken is not None:
            return taken
        link = self.form.opened(request)
        if link is None:
            raise self.form.entry.closed(request)
        if self.method == "GET":
            return self.form.show(link)
        refusal = request.refuse_form_of_another(link.subject, None, self.path)
        return self._outcome(link) if refusal is None else refusal

    def _outcome(self, link: OpenLink[Opened]) -> Response:
        outcome = self.form.do(link)
        match outcome:
            case Response():
                return outcome
            case Denied(LinkRefusal.LINK_GONE):
                raise self.form.entry.closed(link.request)
            case unknown:
                assert_never(unknown)


def keep_link(request: PageRequest, path: str, token: Token) -> Response:
    """Go to `path` with the token in its cookie."""
    response = redirect(path)
    request.site.cookies.set(response, Cookie.LINK, token)
    return response
