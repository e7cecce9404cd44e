"""Sends many requests at once, each on a connection of its own."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import httpx

from tests.support.cookies import cookie_name
from xpressbot.foundation.tokens import Token

_TIMEOUT_SECONDS = 120
_NETWORKS = itertools.count(1)


@dataclass(frozen=True)
class Form:
    """A form to send, with the cookies of a pending sign-in, of a link and of a session, or none.

    fields: with `for`, as people.shown_to gives it, where the page has it.
    address: where it comes from, as a trusted proxy on this machine would tell.
    """

    path: str
    fields: dict[str, str]
    pending: Token | None = None
    link: Token | None = None
    session: Token | None = None
    address: str = ""

    def cookies(self, url: str) -> str:
        """As a browser sends them to an installation with this public URL."""
        tokens = {"sign-in": self.pending, "link": self.link, "session": self.session}
        return "; ".join(f"{cookie_name(kind, url)}={token.text}" for kind, token in tokens.items() if token is not None)


def own_network() -> str:
    """An address in a network where no other client has been."""
    number = next(_NETWORKS)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def found_no_place(response: httpx.Response) -> bool:
    """Whether it was refused because others were in the queue for the same account or link, or from the same network."""
    return response.status_code == 429 and response.headers["retry-after"] == "1" and "Too many at once" in response.text


def send(url: str, forms: Sequence[Form], *, again: Callable[[httpx.Response], bool] = lambda _response: False) -> list[httpx.Response]:
    """Send all forms at once, each on a connection of its own; one whose answer says `again` is sent anew until it does not."""

    async def one(form: Form) -> httpx.Response:
        while again(response := await ask(url, form)):
            pass
        return response

    async def everyone() -> list[httpx.Response]:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            return await asyncio.gather(*map(one, forms))

    return asyncio.run(everyone())


async def ask(url: str, form: Form, *, method: str = "POST") -> httpx.Response:
    """The answer to one form, sent by hand: a client that pools connections spends more on two hundred of them than the server does."""
    address, body = urlsplit(url), urlencode(form.fields)
    lines = [
        f"{method} {form.path} HTTP/1.1",
        f"Host: {address.netloc}",
        "Connection: close",
        f"Origin: {url}",
        "Sec-Fetch-Site: same-origin",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        *([f"Cookie: {cookies}"] if (cookies := form.cookies(url)) else []),
        *([f"X-Forwarded-For: {form.address}"] if form.address else []),
    ]
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write("\r\n".join([*lines, "", body]).encode())
        head, _separator, content = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
        await writer.wait_closed()
    status, *headers = head.decode("latin-1").split("\r\n")
    pairs = [(name, value) for name, _colon, value in (header.partition(": ") for header in headers)]
    request = httpx.Request(method, url + form.path)
    return httpx.Response(int(status.split()[1]), headers=pairs, content=content, request=request)
