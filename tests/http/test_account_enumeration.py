"""An unknown address, a wrong password and a disabled account cannot be told apart (ASVS 6.3.8)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.http.conftest import both_engines
from tests.http.raw_requests import contents
from tests.support.browser import Browser
from tests.support.engine_events import listening
from tests.support.installation import PASSWORD, Installation
from tests.support.people import protected, reset
from xpressbot.foundation.times import HOUR
from xpressbot.identity.accounts.rules.account import AccountStatus

WRONG = "wrong-anchor-meadow-kettle"
TRIES = {
    "unknown": ("nobody@example.com", WRONG),
    "wrong": ("anna.b@example.com", WRONG),
    "disabled": ("peter9@example.com", WRONG),
    "disabled, right": ("peter9@example.com", PASSWORD),
    "protected": ("mary.x@example.com", WRONG),
    "reset": ("lost.k@example.com", WRONG),
}

OF_THE_ADDRESS = {"key", "account_id"}
"""What a count says of whom it is about; it goes into the same statement for everybody."""


@dataclass(frozen=True)
class Seen:
    """What a try showed and did, the typed address left out."""

    status: int
    body: str
    headers: list[tuple[str, str]]
    statements: list[str]
    rows: dict[str, list[dict[str, Any]]]


@contextmanager
def statements_of(installation: Installation) -> Iterator[list[str]]:
    """Every statement that goes to the database meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    with listening(installation.services.database, "before_cursor_execute", note):
        yield seen


def attempt(installation: Installation, browser: Browser, email: str, password: str) -> Seen:
    before = contents(installation)
    with statements_of(installation) as statements:
        response = browser.sign_in(email, password)
    after = contents(installation)
    written = {
        table: [
            {column: value for column, value in row.items() if column not in OF_THE_ADDRESS}
            for row in after[table]
            if row not in before[table]
        ]
        for table in after
    }
    body = response.text.replace(email, "TYPED")
    return Seen(response.status_code, body, _headers(response, len(email)), statements, written)


def _headers(response: httpx.Response, typed: int) -> list[tuple[str, str]]:
    headers = [(name, value) for name, value in response.headers.multi_items() if name != "x-request-id"]
    return [(name, str(int(value) - typed) if name == "content-length" else value) for name, value in headers]


@pytest.fixture
def people(installation: Installation, browser: Browser) -> Installation:
    """An owner, a disabled account, one with 2FA, and one whose 2FA was reset."""
    for email in ("anna.b@example.com", "peter9@example.com", "mary.x@example.com"):
        installation.add_account(email)
    protected(installation.services, "lost.k@example.com")
    reset(installation.services, "lost.k@example.com")
    installation.services.identity.administration.set_status("peter9@example.com", AccountStatus.DISABLED)
    browser.sign_in("mary.x@example.com")
    browser.enable_2fa()
    return installation


@both_engines
@pytest.mark.parametrize("tries", [1, 5, 6])
def test_every_refused_password_looks_and_costs_the_same(tries: int, people: Installation, new_browser: Callable[..., Browser]) -> None:
    """Same status, page, headers, statements and rows: at the first try, at the one that opens a wait, in the wait."""
    seen = {}
    for number, name in enumerate(["unknown", "wrong", "disabled", "protected", "reset"]):
        email, password = TRIES[name]
        for _earlier in range(tries - 1):
            attempt(people, new_browser(address=f"198.51.{number}.1"), email, password)
        seen[name] = attempt(people, new_browser(address=f"198.51.{number}.2"), email, password)
    assert seen["unknown"].status == (429 if tries == 6 else 401)
    assert seen["unknown"].statements
    for name, one in seen.items():
        assert one == seen["unknown"], name


@both_engines
@pytest.mark.parametrize(("owner_comes", "stranger_comes"), [(1, 2), (20, 23.99), (20, 24), (23, 25)])
@pytest.mark.parametrize("email", ["anna.b@example.com", "mary.x@example.com"])
def test_an_owners_sign_in_from_a_new_browser_changes_nothing_that_strangers_see(
    email: str, owner_comes: float, stranger_comes: float, people: Installation, new_browser: Callable[..., Browser]
) -> None:
    """An attacker who fills an address's count and comes back later sees a known and an unknown one alike, until it is forgotten."""
    pair = (email, "nobody@example.com")
    for _try in range(8):
        people.clock.advance(minutes=16)
        for number, address in enumerate(pair):
            assert new_browser(address=f"198.51.{number}.1").sign_in(address, WRONG).status_code == 401
    filled = people.clock.now()
    people.clock.set(filled + round(owner_comes * HOUR))
    assert new_browser(address="192.0.2.99").sign_in(email).status_code == 303
    people.clock.set(filled + round(stranger_comes * HOUR))
    later = [
        [attempt(people, new_browser(address=f"198.51.{number}.1"), address, WRONG) for address in (address,) * 6]
        for number, address in enumerate(pair)
    ]
    seen = [[(one.status, one.body, one.headers, one.statements) for one in tries] for tries in later]
    assert seen[0] == seen[1]
    forgotten = stranger_comes >= 24
    assert [status for status, *_rest in seen[0]] == ([401] * 5 + [429] if forgotten else [401] + [429] * 5)


@both_engines
def test_a_disabled_account_does_not_tell_that_the_password_was_right(people: Installation, new_browser: Callable[..., Browser]) -> None:
    """The right password of a disabled account is refused as an unknown address is."""
    seen = [
        attempt(people, new_browser(address=f"198.51.{number}.1"), *TRIES[name])
        for number, name in enumerate(["unknown", "disabled, right"])
    ]
    assert seen[0] == seen[1]
    assert "That address and password do not match" in seen[0].body


def test_refused_passwords_leave_no_event_on_anybodys_chain(people: Installation, new_browser: Callable[..., Browser]) -> None:
    """Strangers can neither flood a chain nor learn from it."""
    before = contents(people)["security_event"]
    for email, password in TRIES.values():
        for _try in range(7):
            new_browser().sign_in(email, password)
    assert contents(people)["security_event"] == before


def test_the_sign_in_page_of_a_person_disabled_meanwhile_says_nothing_of_it(
    people: Installation, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    """A pending sign-in of an account that was disabled ends like one that took too long."""
    other = new_browser()
    assert other.sign_in("mary.x@example.com").headers["location"] == "/sign-in/code"
    people.services.identity.administration.set_status("mary.x@example.com", AccountStatus.DISABLED)
    response = other.post("/sign-in/code", code="123456")
    assert response.headers["location"] == "/sign-in?reason=start_again"
    assert browser.who() is None
