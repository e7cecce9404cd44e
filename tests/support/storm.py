"""Many requests at one moment, from as many browsers."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from xpressbot.identity.domain.token import Token

_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Form:
    """A form to send, with the cookie of a pending sign-in or none."""

    path: str
    fields: dict[str, str]
    pending: Token | None = None


def send(url: str, forms: Sequence[Form], *, again: Callable[[httpx.Response], bool] = lambda _response: False) -> list[httpx.Response]:
    """Send all forms at once, each on a connection of its own; one whose answer says `again` is sent anew until it does not."""

    async def one(client: httpx.AsyncClient, form: Form) -> httpx.Response:
        while again(response := await client.post(form.path, data=form.fields)):
            pass
        return response

    async def everyone() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx.AsyncHTTPTransport(limits=limits) as network:
            browsers = [
                httpx.AsyncClient(base_url=url, timeout=_TIMEOUT_SECONDS, headers=_headers(url, form), transport=network, trust_env=False)
                for form in forms
            ]
            return await asyncio.gather(*map(one, browsers, forms))

    return asyncio.run(everyone())


def _headers(url: str, form: Form) -> dict[str, str]:
    cookie = {} if form.pending is None else {"Cookie": f"xpressbot-sign-in={form.pending.text}"}
    return {"Origin": url, "Sec-Fetch-Site": "same-origin", **cookie}
