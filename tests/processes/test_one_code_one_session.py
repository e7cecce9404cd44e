"""One code gives one session, though fifty browsers bring it to two processes at the same moment."""

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import httpx
import pytest
from sqlalchemy import delete, func, select

from tests.processes.conftest import TwoWorkers
from tests.support.concurrent_requests import Form, send
from tests.support.cookies import cookie_name
from tests.support.optional import present
from tests.support.people import Person, from_elsewhere, pending, protected, shown_to
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.tables import KNOWN_BROWSER, SECURITY_EVENT, SESSION, THROTTLE_BUCKET

BROWSERS = 50
_NUMBERS = itertools.count(1)


@pytest.fixture
def person(two_workers: TwoWorkers) -> Person:
    """A new person with 2FA on."""
    with two_workers.services.database.write() as connection:
        connection.execute(delete(THROTTLE_BUCKET))
        connection.commit()
    return protected(two_workers.services, f"person{next(_NUMBERS)}@example.com")


def submissions(two_workers: TwoWorkers, person: Person, way: str, count: int = BROWSERS) -> list[Form]:
    """The same right code, from as many pending sign-ins."""
    path, code = ("/sign-in/code", person.phone.code(steps=1)) if way == "totp" else ("/sign-in/recovery-code", person.codes[6])
    fields = {"code": code} | shown_to(two_workers.services, person.account.id, person.account.email)
    return [Form(path, fields, pending(two_workers.services, person.account.email, client=from_elsewhere())) for _browser in range(count)]


@pytest.mark.parametrize("way", ["totp", "recovery_code"])
def test_fifty_submissions_of_one_code_give_one_session(two_workers: TwoWorkers, person: Person, way: str) -> None:
    """ASVS 6.5.1: exactly one of fifty pending sign-ins becomes a session; the others are refused or have to wait."""
    answers = send(two_workers.server.url, submissions(two_workers, person, way))

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[303] == 1
    assert statuses[303] + statuses[401] + statuses[429] == BROWSERS
    _assert_one_session(two_workers, person, answers)


@pytest.mark.parametrize("way", ["totp", "recovery_code"])
def test_one_code_gives_one_session_though_no_throttle_slows_the_race(two_workers: TwoWorkers, person: Person, way: str) -> None:
    """With the bucket emptied all the time every submission is verified in the end, and the code still counts once."""
    forms = submissions(two_workers, person, way)
    with _bucket_kept_empty(two_workers):
        answers = send(two_workers.server.url, forms, again=lambda answer: answer.status_code == 429)

    assert Counter(answer.status_code for answer in answers) == {303: 1, 401: BROWSERS - 1}
    assert all("used" in answer.text for answer in answers if answer.status_code == 401)
    _assert_one_session(two_workers, person, answers)
    assert _count(two_workers, person, EventKind.SECOND_FACTOR_REFUSED) == BROWSERS - 1


def test_two_recovery_codes_in_the_same_race_give_a_session_each(two_workers: TwoWorkers, person: Person) -> None:
    """What is used once is the code, not the account."""
    first = [
        Form(
            "/sign-in/recovery-code",
            {"code": person.codes[number]} | shown_to(two_workers.services, person.account.id, person.account.email),
            pending(two_workers.services, person.account.email),
        )
        for number in (0, 1)
    ]
    answers = send(two_workers.server.url, first)

    assert [answer.status_code for answer in answers] == [303, 303]
    assert len({answer.cookies[cookie_name("session", two_workers.server.url)] for answer in answers}) == 2


def test_a_double_click_signs_in_once_and_is_charged_to_no_account(two_workers: TwoWorkers, person: Person) -> None:
    """Two equal requests of one browser: a session, and a word that it has just begun; no try is counted, no refusal noted."""
    (form,) = submissions(two_workers, person, "totp", count=1)
    answers = send(two_workers.server.url, [form, form])

    signed_in = [answer for answer in answers if cookie_name("session", str(answer.url)) in answer.cookies]
    (other,) = (answer for answer in answers if answer not in signed_in)
    assert [answer.headers["location"] for answer in signed_in] == ["/"]
    assert (other.status_code, other.headers["location"]) == (303, "/sign-in?reason=just_signed_in")
    assert "set-cookie" not in other.headers
    _assert_not_charged(two_workers, person)


def test_a_second_click_after_the_answer_goes_where_the_first_went(two_workers: TwoWorkers, person: Person) -> None:
    """With the new session onward; with only the consumed pending cookie to the sign-in page, which says why."""
    (form,) = submissions(two_workers, person, "totp", count=1)
    (answer,) = send(two_workers.server.url, [form])
    pending_name, session_name = (cookie_name(kind, two_workers.server.url) for kind in ("sign-in", "session"))
    cookies = f"{pending_name}={present(form.pending).text}"
    headers = {"Origin": two_workers.server.url, "Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=two_workers.server.url, headers=headers) as client:
        session = f"{cookies}; {session_name}={answer.cookies[session_name]}"
        onward = client.post(form.path, data=form.fields, headers={"Cookie": session})
        back = client.post(form.path, data=form.fields, headers={"Cookie": cookies})
        page = client.get(back.headers["location"])

    assert (onward.status_code, onward.headers["location"]) == (303, "/")
    assert back.headers["location"] == "/sign-in?reason=just_signed_in"
    assert "you have just signed in with this code" in page.text.lower()
    _assert_not_charged(two_workers, person)


def _assert_one_session(two_workers: TwoWorkers, person: Person, answers: list[httpx.Response]) -> None:
    (winner,) = (answer for answer in answers if cookie_name("session", str(answer.url)) in answer.cookies)
    assert (winner.status_code, winner.headers["location"]) == (303, "/")
    with two_workers.services.database.read() as connection:
        of_person = SESSION.c.account_id == person.account.id
        # One for the browser that turned 2FA on, one for the winner.
        assert connection.execute(select(func.count()).select_from(SESSION).where(of_person)).scalar_one() == 2
        assert connection.execute(select(func.count()).where(KNOWN_BROWSER.c.account_id == person.account.id)).scalar_one() == 2
    kinds = (EventKind.SIGNED_IN, EventKind.SIGNED_IN_IN_NEW_BROWSER, EventKind.SIGNED_IN_WITH_BACKUP)
    assert sum(_count(two_workers, person, kind) for kind in kinds) == 2


def _assert_not_charged(two_workers: TwoWorkers, person: Person) -> None:
    with two_workers.services.database.read() as connection:
        tries = connection.execute(select(THROTTLE_BUCKET.c.tries).where(THROTTLE_BUCKET.c.key == f"totp:{person.account.id}")).scalar()
    assert tries in {None, 0}
    assert _count(two_workers, person, EventKind.SECOND_FACTOR_REFUSED) == 0


def _count(two_workers: TwoWorkers, person: Person, kind: EventKind) -> int:
    with two_workers.services.database.read() as connection:
        of_kind = (SECURITY_EVENT.c.subject == person.account.id, SECURITY_EVENT.c.kind == kind.value)
        count: int = connection.execute(select(func.count()).select_from(SECURITY_EVENT).where(*of_kind)).scalar_one()
        return count


@contextmanager
def _bucket_kept_empty(two_workers: TwoWorkers) -> Iterator[None]:
    done = Event()

    def empty() -> None:
        while not done.wait(0.005):
            with two_workers.services.database.write() as connection:
                connection.execute(delete(THROTTLE_BUCKET))
                connection.commit()

    thread = Thread(target=empty)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
