"""A request as page handlers see it, and the site they answer from."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from xpressbot.entrypoints.ceremony_counts import CeremonyCounts
from xpressbot.entrypoints.house import House
from xpressbot.entrypoints.http.client_address import client_address
from xpressbot.entrypoints.http.cookies import Cookie, Cookies
from xpressbot.entrypoints.http.forms import Form
from xpressbot.entrypoints.http.paths import CODES_PATH
from xpressbot.entrypoints.http.rendering import Renderer
from xpressbot.entrypoints.http.wording import Text, refusal_text
from xpressbot.identity.application.caller import Client
from xpressbot.identity.application.re_enrolment import Enrollee
from xpressbot.identity.application.use_cases import Identity
from xpressbot.identity.domain.account import Account
from xpressbot.identity.domain.instant import whole_seconds_until
from xpressbot.identity.domain.outcomes import Denied, Raised, Reason, SignedIn
from xpressbot.identity.domain.token import Token

_MAX_USER_AGENT = 256
_THROTTLED = frozenset({Reason.THROTTLED, Reason.ADDRESS_THROTTLED})


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages share."""

    house: House
    renderer: Renderer
    cookies: Cookies
    destinations: frozenset[str]
    """The paths that `next` may name."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. Handlers run on a pool's thread, and answer with a response."""

    site: Site
    request: Request
    form: Form
    client: Client

    @classmethod
    def of(cls, site: Site, request: Request, form: Form) -> "Visit":
        """Read who asks from a request."""
        client = Client(
            address=client_address(request, site.house.settings.trusted_proxies),
            user_agent=request.headers.get("user-agent", "")[:_MAX_USER_AGENT],
            session=site.cookies.read(request, Cookie.SESSION),
            device=site.cookies.read(request, Cookie.DEVICE),
        )
        return cls(site, request, form, client)

    @property
    def identity(self) -> Identity:
        """The use cases."""
        return self.site.house.identity

    @property
    def counts(self) -> CeremonyCounts:
        """Where outcomes of proofs are counted."""
        return self.site.house.measures.ceremonies

    def now(self) -> int:
        """The time, for words about it."""
        return self.site.house.clock.now()

    def safe_next(self, text: str) -> str:
        """The place to go on to: exactly one of our own GET pages, else home (ASVS 3.7.2)."""
        return text if text in self.site.destinations else "/"

    def cookie(self, cookie: Cookie) -> Token | None:
        """The token in a cookie."""
        return self.site.cookies.read(self.request, cookie)

    def enrollee(self) -> Enrollee | Denied:
        """Who has to set up 2FA in this browser before there is a session, if anybody."""
        return self.identity.re_enrolment.enrollee(self.cookie(Cookie.SIGN_IN), self.cookie(Cookie.LINK), self.client)

    def page(self, template: str, account: Account | None, *, status: int = 200, **context: Any) -> HTMLResponse:
        """Answer with a page."""
        return self.site.renderer.page(template, account, status=status, **context)

    def refused(self, template: str, account: Account | None, denied: Denied, **context: Any) -> HTMLResponse:
        """Answer with the page again and why: 429 while waiting helps, else 401."""
        now = self.now()
        wait = whole_seconds_until(denied.retry_at, now) if denied.reason in _THROTTLED and denied.retry_at is not None else None
        response = self.page(
            template, account, status=401 if wait is None else 429, message=refusal_text(denied, now), retry_after=wait, **context
        )
        if wait is not None:
            response.headers["Retry-After"] = str(wait)
        return response

    def invalid(self, template: str, account: Account | None, errors: dict[str, Text], **context: Any) -> HTMLResponse:
        """Answer 422 with the page again and a message beside each field."""
        return self.page(template, account, status=422, errors=errors, **context)

    def signed_in(self, outcome: SignedIn, path: str | None = None) -> Response:
        """Give the browser its session and send it to where it was going, or to `path`."""
        response = redirect(path or (CODES_PATH if outcome.shows_codes else outcome.next_path))
        self.site.cookies.set(response, Cookie.SESSION, outcome.session)
        self.site.cookies.set(response, Cookie.DEVICE, outcome.device)
        self.site.cookies.clear(response, Cookie.SIGN_IN)
        return response

    def raised(self, outcome: Raised, path: str) -> Response:
        """Give the browser its session's new token and go on."""
        response = redirect(path)
        self.site.cookies.set(response, Cookie.SESSION, outcome.session)
        return response


def redirect(path: str) -> RedirectResponse:
    """303: the browser asks for `path` with GET."""
    return RedirectResponse(path, status_code=303)
