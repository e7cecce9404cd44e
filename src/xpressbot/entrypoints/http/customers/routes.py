"""The routes for customers: on the threads that are theirs, with their own cookie, without a session."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from xpressbot.chat.channels.web.visiting import Visiting
from xpressbot.entrypoints.http.client_address import client_address
from xpressbot.entrypoints.http.customers.cookie import VisitorCookie
from xpressbot.entrypoints.http.customers.errors import keep_for_error_page
from xpressbot.entrypoints.http.forms import SMALL_FORM, Form, read_form
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import Site
from xpressbot.entrypoints.http.paths import CHAT_PATH
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.foundation.tokens import TOKEN_BYTES, Token

_SEND_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class VisitorRequest:
    """A request of a customer. token: what their browser's cookie holds."""

    site: Site
    cookie: VisitorCookie
    starlette: Request
    form: Form
    token: Token | None

    @property
    def public_id(self) -> str:
        """Which channel the address names."""
        found: str = self.starlette.path_params["channel"]
        return found

    @property
    def path(self) -> str:
        """Of the chat page."""
        return path_with(CHAT_PATH, self.starlette.path_params)

    @property
    def texts(self) -> Texts:
        """The language to answer in: what the browser asks for."""
        return self.site.renderer.texts_for(self.starlette)

    @property
    def visiting(self) -> Visiting:
        """The use cases."""
        return self.site.services.chat.visiting

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return client_address(self.starlette, self.site.services.settings.trusted_proxies)

    @property
    def now(self) -> int:
        """The time, for words about it."""
        return self.site.services.clock.now()

    def query(self, name: str) -> str:
        """A parameter of the address; empty when it has none of this name."""
        return self.starlette.query_params.get(name, "")

    def new_token(self) -> Token:
        """For a visitor who has none: it is in the form before the first message, so that a form that is sent twice is one visitor's."""
        return Token(self.site.services.entropy.token_bytes(TOKEN_BYTES))

    def new_send_id(self) -> str:
        """For a new form."""
        return self.site.services.entropy.token_bytes(_SEND_ID_BYTES).hex()

    def page(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """Answer with a page."""
        return self.site.renderer.page(self.starlette, template, None, status=status, **context)


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """One path and method for customers. There is no session, and no form of it acts for a member."""

    method: str
    path: str
    handler: Callable[[VisitorRequest], Response]


def customer_routes(site: Site, pages: Sequence[CustomerPage]) -> list[Route]:
    """Starlette routes for the pages."""
    cookie = VisitorCookie(site.services.settings)
    return [Route(page.path, _endpoint(site, cookie, page), methods=[page.method]) for page in pages]


def _endpoint(site: Site, cookie: VisitorCookie, page: CustomerPage) -> Callable[[Request], object]:
    async def endpoint(starlette: Request) -> Response:
        form = await read_form(starlette, SMALL_FORM) if page.method == "POST" else Form()
        keep_for_error_page(starlette, form)
        request = VisitorRequest(site, cookie, starlette, form, cookie.read(starlette))
        return await site.services.pools.chat.run(lambda: page.handler(request))

    return endpoint
