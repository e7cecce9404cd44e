"""No client takes all places in the queue for hash threads: two are for one account or link, eight for one network (ASVS 15.2.2)."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette

from tests.http.raw_requests import DEVICE_COOKIE, LINK_COOKIE, SAME_ORIGIN, SESSION_COOKIE, rows, tries, words
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from tests.support.optional import present
from tests.support.people import invitation, welcome_link
from xpressbot.foundation.threads.worker_pools import SIGN_IN_THREADS_BEYOND_HASHES
from xpressbot.foundation.tokens import Token

ANNA, BERTA = "anna@example.com", "berta@example.com"
SOON_SECONDS = 60
STEP_UP = "/account/confirm-identity"
Networks = Callable[[int], str]


@dataclass(frozen=True)
class Try:
    """One form, from a network, with cookies."""

    path: str
    fields: dict[str, str]
    address: str = "192.0.2.7"
    cookies: dict[str, str] = field(default_factory=dict)


def at(email: str, address: str = "192.0.2.7", password: str = "guess", device: str = "") -> Try:
    """A try at an address."""
    return Try("/sign-in", {"email": email, "password": password}, address, {DEVICE_COOKIE: device} if device else {})


def elsewhere(number: int) -> str:
    """Another network for each number."""
    return f"198.51.100.{number}"


class Line:
    """The line of one worker all of whose sign-in threads are busy until the end of the block."""

    def __init__(self, installation: Installation, app: Starlette) -> None:
        self._app = app
        self._pool = installation.services.pools.sign_in
        self.waiting: list[asyncio.Task[httpx.Response]] = []

    async def send(self, attempt: Try) -> httpx.Response | None:
        """The answer to what found no place; None for what waits."""
        inside = self._pool.inside
        task = asyncio.create_task(self._post(attempt))
        async with asyncio.timeout(SOON_SECONDS):
            while not task.done() and self._pool.inside == inside:  # noqa: ASYNC110  # the queue's length gives no signal when it changes
                await asyncio.sleep(0)
        if task.done():
            return task.result()
        self.waiting.append(task)
        return None

    async def _post(self, attempt: Try) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app, client=(attempt.address, 50000), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=SAME_ORIGIN) as client:
            client.cookies.update(attempt.cookies)
            return await client.post(attempt.path, data=attempt.fields)


@asynccontextmanager
async def standing(installation: Installation, app: Starlette) -> AsyncIterator[Line]:
    """The line, which moves when the block ends."""
    pools, release, line = installation.services.pools, threading.Event(), Line(installation, app)
    busy = [asyncio.create_task(pools.sign_in.run(release.wait)) for _ in range(pools.hash_threads + SIGN_IN_THREADS_BEYOND_HASHES)]
    await asyncio.sleep(0)
    try:
        yield line
    finally:
        release.set()
        await asyncio.gather(*busy, *line.waiting)


def in_turn(installation: Installation, app: Starlette, attempts: list[Try]) -> list[int]:
    """What became of each, sent one after the other while none is served: 0 for a place in the queue, else the status."""

    async def story() -> list[int]:
        async with standing(installation, app) as line:
            answers = [await line.send(attempt) for attempt in attempts]
        return [0 if answer is None else answer.status_code for answer in answers]

    return asyncio.run(story())


def test_of_one_address_two_wait_and_the_third_is_asked_to_come_back(installation: Installation, app: Starlette) -> None:
    """429 with Retry-After and a sentence, nothing charged for it, whatever network it comes from and however it is spelt."""
    installation.add_account()

    async def story() -> httpx.Response:
        async with standing(installation, app) as line:
            assert [await line.send(at(ANNA, elsewhere(number))) for number in range(2)] == [None, None]
            refused = await line.send(at(" Anna@EXAMPLE.com", elsewhere(3)))
            assert rows(installation, "throttle_bucket") == []
            assert await line.send(at(BERTA, elsewhere(3))) is None
            return present(refused)

    refused = asyncio.run(story())
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert "Yours was not checked or counted. Go back, and send the form again in a second." in words(refused.text)
    assert tries(installation, "stranger") == 3


def test_an_address_without_an_account_has_two_places_as_well(installation: Installation, app: Starlette) -> None:
    """Or the third answer would tell which address has one."""
    installation.add_account()
    for email in (ANNA, "nobody@example.com"):
        assert in_turn(installation, app, [at(email, elsewhere(number)) for number in range(3)]) == [0, 0, 429]


@pytest.mark.parametrize(
    ("network", "other"),
    [(lambda _number: "192.0.2.7", "192.0.2.8"), (lambda number: f"2001:db8::{number:x}", "2001:db8:0:1::1")],
    ids=["one IPv4 address", "one IPv6 /64"],
)
def test_of_one_network_eight_wait(installation: Installation, app: Starlette, network: Networks, other: str) -> None:
    """Whatever they try; another network has places of its own."""
    attempts = [at(f"person{number}@example.com", network(number)) for number in range(9)]
    assert in_turn(installation, app, [*attempts, at("person9@example.com", other)]) == [0] * 8 + [429, 0]


def test_who_was_refused_a_place_holds_none(installation: Installation, app: Starlette) -> None:
    """A crowd at one address takes two of its network's eight, and no more."""
    crowd = [at(ANNA) for _number in range(20)]
    others = [at(f"person{number}@example.com") for number in range(7)]
    assert in_turn(installation, app, [*crowd, *others]) == [0, 0] + [429] * 18 + [0] * 6 + [429]


def test_places_are_free_again_when_their_holders_are_served(installation: Installation, app: Starlette) -> None:
    """Whatever became of them."""
    installation.add_account()
    malformed, gone = Try("/sign-in", {"email": "x", "password": "y"}), Try("/link/invite", {"name": "Berta", "password": PASSWORD})
    attempts = [at(ANNA), at(ANNA, password=PASSWORD), malformed, gone]
    for _round in range(3):
        assert in_turn(installation, app, attempts) == [0] * 4


class TestKnownBrowsers:
    """An address's known browsers have two places that strangers cannot take."""

    def test_strangers_at_its_address_keep_it_not_out(self, installation: Installation, app: Starlette, signed_in: Browser) -> None:
        """Nor do they from its own network. A third of its own waits for the two."""
        device = signed_in.cookies[DEVICE_COOKIE]
        strangers = [at(ANNA), at(ANNA, elsewhere(1)), *(at(f"person{number}@example.com") for number in range(7))]
        own = [at(ANNA, device=device) for _number in range(3)]
        assert in_turn(installation, app, [*strangers, *own]) == [0] * 9 + [0, 0, 429]

    def test_a_cookie_that_is_not_known_to_the_address_opens_none(
        self, installation: Installation, app: Starlette, signed_in: Browser
    ) -> None:
        """One that was made up, or that is another account's."""
        installation.add_account(BERTA, "Berta")
        strangers = [at(address, elsewhere(number)) for number, address in enumerate([ANNA, ANNA, BERTA, BERTA])]
        bogus = [at(ANNA, device=Token(bytes(32)).text), at(BERTA, device=signed_in.cookies[DEVICE_COOKIE])]
        assert in_turn(installation, app, [*strangers, *bogus]) == [0] * 4 + [429, 429]


def test_of_one_session_two_confirm_at_once(installation: Installation, app: Starlette, new_browser: Callable[..., Browser]) -> None:
    """Another session of the account is not kept waiting by them, nor is a live one by its whole network."""
    installation.add_account()
    browsers = [new_browser(), new_browser()]
    for browser in browsers:
        browser.follow(browser.sign_in())
    one, other = ({SESSION_COOKIE: browser.cookies[SESSION_COOKIE]} for browser in browsers)
    fields = {"password": "guess", "code": "", "next": "/"}
    confirmations = [Try(STEP_UP, fields, cookies=cookies) for cookies in (one, one, one, other)]
    assert in_turn(installation, app, confirmations) == [0, 0, 429, 0]
    crowd = [at(f"person{number}@example.com") for number in range(8)]
    unknown = Try(STEP_UP, fields, cookies={SESSION_COOKIE: Token(bytes(32)).text})
    assert in_turn(installation, app, [*crowd, *confirmations, unknown]) == [0] * 8 + [0, 0, 429, 0, 429]


def test_many_sessions_of_one_account_take_eight_places(
    installation: Installation, app: Starlette, new_browser: Callable[..., Browser]
) -> None:
    """Besides the eight of their network; further tries are answered 429, so one account cannot fill the queue."""
    installation.add_account()
    browser = new_browser()
    sessions = []
    for _number in range(10):
        browser.sign_in()
        sessions.append({SESSION_COOKIE: browser.cookies[SESSION_COOKIE]})
        del browser.cookies[SESSION_COOKIE]
    confirmations = [
        Try(STEP_UP, {"password": "guess", "code": "", "next": "/"}, cookies=cookies) for cookies in sessions for _twice in "ab"
    ]
    crowd = [at(f"person{number}@example.com") for number in range(8)]
    assert in_turn(installation, app, [*crowd, *confirmations]) == [0] * 8 + [0] * 8 + [429] * 12


@pytest.mark.parametrize("path", ["/welcome", "/link/invite"])
def test_of_one_link_two_wait(installation: Installation, app: Starlette, path: str) -> None:
    """The holder of an open one is not kept waiting by a crowd in the same network; who only says so is."""
    services = installation.services
    token = welcome_link(services) if path == "/welcome" else invitation(services, BERTA)
    fields = {"name": "Berta", "email": BERTA, "password": "passwordpassword"}
    attempts = [Try(path, fields, cookies={LINK_COOKIE: token.text}) for _number in range(3)]
    assert in_turn(installation, app, attempts) == [0, 0, 429]
    crowd = [at(f"person{number}@example.com") for number in range(8)]
    unknown = Try(path, fields, cookies={LINK_COOKIE: Token(bytes(32)).text})
    assert in_turn(installation, app, [*crowd, *attempts, unknown]) == [0] * 8 + [0, 0, 429, 429]
