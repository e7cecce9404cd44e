"""Keys are added, rotated to and retired while twelve people sign in to two workers that began with the old ring."""

import itertools
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import delete, select

from tests.processes.conftest import TwoWorkers, environment_of
from tests.support.browser import shown_codes
from tests.support.command_line import Answer, Shell
from tests.support.concurrent_requests import Form, own_network, send
from tests.support.cookies import cookie_name
from tests.support.installation import PASSWORD
from tests.support.people import Person, protected, shown_to
from tests.support.stored_secrets import count_decrypted_with, keys_in_use, stored_secrets
from xpressbot.foundation.crypto.key_ring import load_key_ring
from xpressbot.foundation.crypto.key_state import KEY_STATE
from xpressbot.foundation.tokens import Token
from xpressbot.identity.tables import THROTTLE_BUCKET

COMMANDS = ("add", "rotate", "retire")
PEOPLE = 12
READERS = 3
CODES_PAGE = "/account/2fa/recovery-codes"
SETUP_PAGE = "/account/2fa/setup"


@pytest.fixture
def shell(tmp_path: Path, two_workers: TwoWorkers) -> Shell:
    return Shell(tmp_path, environment_of(two_workers.services.settings))


@pytest.fixture
def people(two_workers: TwoWorkers) -> list[Person]:
    """Twelve with 2FA on and their codes saved."""
    with two_workers.services.database.write() as connection:
        connection.execute(delete(THROTTLE_BUCKET))
        connection.commit()
    return [protected(two_workers.services, f"rotated{number}@example.com") for number in range(PEOPLE)]


@pytest.fixture
def readers(two_workers: TwoWorkers, people: list[Person]) -> list[Person]:
    """Each in a browser that is still shown its first codes."""
    with two_workers.services.database.write() as connection:
        connection.execute(delete(THROTTLE_BUCKET))
        connection.commit()
    return [protected(two_workers.services, f"reader{number}@example.com", saves_codes=False) for number in range(READERS)]


def test_no_client_notices_that_keys_are_rotated(
    two_workers: TwoWorkers, shell: Shell, people: list[Person], readers: list[Person]
) -> None:
    """No 5xx and no client refused; then everything is on the new key, and a copy of the old ring opens nothing."""
    services = two_workers.services
    old_copy = shell.directory / "old.json"
    shutil.copy(services.settings.key_file, old_copy)
    assert count_decrypted_with(old_copy, services) == len(stored_secrets(services)) >= 11 * PEOPLE
    waiting = iter(people)
    looked_at = itertools.cycle(readers)
    for command in COMMANDS:
        before = _active_key(two_workers)
        with ThreadPoolExecutor(1) as threads:
            running = threads.submit(shell.run_fresh, "keys", command)
            if command == "rotate":
                _look_at_codes(two_workers, looked_at, until=partial(_has_another_key, two_workers, before, running))
            _sign_in(two_workers, list(itertools.islice(waiting, PEOPLE // len(COMMANDS))))
            _look_at_codes(two_workers, looked_at, until=running.done)
            _assert_done(running)
    assert next(waiting, None) is None

    (new,) = keys_in_use(services)
    ring_file = services.settings.key_file
    assert list(load_key_ring(ring_file).keys) == [new]
    assert count_decrypted_with(ring_file, services) == len(stored_secrets(services))
    assert count_decrypted_with(old_copy, services) == 0
    assert new not in load_key_ring(old_copy).keys
    assert b"DecryptionError" not in two_workers.server.logs


def _sign_in(two_workers: TwoWorkers, people: list[Person]) -> None:
    """All at once, with their password and then with the code that their phone shows; each then begins to move to a new phone."""
    url = two_workers.server.url
    passwords = [Form("/sign-in", {"email": person.account.email, "password": PASSWORD}, address=own_network()) for person in people]
    tokens = [Token.parse(answer.cookies[cookie_name("sign-in", url)]) for answer in _all_sent_to("/sign-in/code", url, passwords)]
    shown = [shown_to(two_workers.services, person.account.id, person.account.email) for person in people]
    codes = [
        Form("/sign-in/code", {"code": person.phone.code()} | fields, token)
        for person, fields, token in zip(people, shown, tokens, strict=True)
    ]
    session_name = cookie_name("session", url)
    for signed_in, fields in zip(_all_sent_to("/", url, codes), shown, strict=True):
        cookies = {session_name: signed_in.cookies[session_name]}
        started = httpx.post(f"{url}/account/2fa/start", data=fields, cookies=cookies, headers={"Origin": url})
        assert started.headers["location"] == SETUP_PAGE
        assert httpx.get(url + SETUP_PAGE, cookies=cookies).status_code == 200


def _all_sent_to(path: str, url: str, forms: list[Form]) -> list[httpx.Response]:
    answers = send(url, forms)
    assert [(answer.status_code, answer.headers.get("location")) for answer in answers] == [(303, path)] * len(forms)
    return answers


def _look_at_codes(two_workers: TwoWorkers, people: Iterable[Person], *, until: Callable[[], bool]) -> None:
    """One after the other, at least once: ten boxes each, opened by whichever worker answers."""
    for person in people:
        cookies = {cookie_name("session", two_workers.server.url): person.caller.token.text}
        response = httpx.get(two_workers.server.url + CODES_PAGE, cookies=cookies)
        assert (response.status_code, shown_codes(response.text)) == (200, list(person.codes))
        if until():
            return


def _assert_done(running: "Future[Answer]") -> None:
    answer = running.result()
    assert answer.code == 0, answer.err


def _active_key(two_workers: TwoWorkers) -> str:
    with two_workers.services.database.read() as connection:
        active_key: str = connection.execute(select(KEY_STATE.c.active_key)).scalar_one()
    return active_key


def _has_another_key(two_workers: TwoWorkers, before: str, running: "Future[Answer]") -> bool:
    """Or will have none, since the command is over."""
    return running.done() or _active_key(two_workers) != before
