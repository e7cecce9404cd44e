"""A stolen session cookie gains nothing from the owner's step-up, though it asks without a pause meanwhile (ASVS 7.2.4)."""

import asyncio
import itertools
from collections.abc import Iterator

import httpx
from sqlalchemy import func, select, update

from tests.processes.conftest import TwoWorkers
from tests.support.concurrent_requests import Form, ask
from tests.support.cookies import cookie_name
from tests.support.installation import PASSWORD
from tests.support.people import Person, caller_with, protected, shown_to
from xpressbot.foundation.times import MINUTE
from xpressbot.foundation.tokens import Token
from xpressbot.identity.tables import AUTHENTICATOR, RECOVERY_CODE_SET, SESSION

THIEVES = 3
ROUNDS = 3
BEFORE = 4
"""Answers that the thieves have had when the owner confirms who they are."""
AFTER = 6
"""And from then on, each, before they give up."""
CHANGES = (
    "/account/2fa/disable",
    "/account/2fa/recovery-codes/regenerate",
    "/account/2fa/recovery-codes/reveal",
    "/account/2fa/start",
)
_NUMBERS = itertools.count(1)


def test_no_request_with_the_stolen_cookie_rides_a_step_up(two_workers: TwoWorkers) -> None:
    """Three connections, again and again: what was let in under the old token waits for the lock, and changes nothing."""
    for _round in range(ROUNDS):
        person = protected(two_workers.services, f"robbed{next(_NUMBERS)}@example.com")
        owner, answers = asyncio.run(robbed(two_workers, person))
        session = Token.parse(owner.cookies.get(cookie_name("session", two_workers.server.url), ""))
        assert session is not None, owner.text
        caller = caller_with(two_workers.services, session)
        assert caller.account.id == person.account.id
        assert {answer.status_code for answer in answers} <= {303, 409}
        assert not [answer for answer in answers if "set-cookie" in answer.headers]
        assert state_of(two_workers, person) == {"apps": 1, "set-ups": 0, "sets": 1, "shown": 0}


async def robbed(two_workers: TwoWorkers, person: Person) -> tuple[httpx.Response, list[httpx.Response]]:
    """What the owner is answered to the step-up, and the thieves before and after it."""
    age_the_proof(two_workers, person)
    subject = shown_to(two_workers.services, person.account.id, person.account.email)
    stolen, url = person.caller.token, two_workers.server.url
    answers: list[httpx.Response] = []
    enough, is_over = asyncio.Event(), asyncio.Event()

    async def thief(paths: Iterator[str]) -> None:
        left = AFTER
        while left:
            answers.append(await ask(url, Form(next(paths), subject, session=stolen)))
            left -= is_over.is_set()
            if len(answers) >= BEFORE:
                enough.set()

    async def owner() -> httpx.Response:
        await enough.wait()
        fields = {"password": PASSWORD, "code": person.phone.code()} | subject
        answer = await ask(url, Form("/account/confirm-identity", fields, session=stolen))
        is_over.set()
        return answer

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        for number in range(THIEVES):
            tasks.create_task(thief(itertools.cycle(CHANGES[number:] + CHANGES[:number])))
        confirming = tasks.create_task(owner())
    return confirming.result(), answers


def age_the_proof(two_workers: TwoWorkers, person: Person) -> None:
    """The session has begun a while ago, so that its proof is fresh no more."""
    with two_workers.services.database.write() as connection:
        earlier = update(SESSION).where(SESSION.c.id == person.caller.session.id).values(proven_at=SESSION.c.proven_at - 10 * MINUTE)
        connection.execute(earlier)
        connection.commit()


def state_of(two_workers: TwoWorkers, person: Person) -> dict[str, int]:
    """How the account is protected, and what was begun or shown."""
    of_account = AUTHENTICATOR.c.account_id == person.account.id
    counts = {
        "apps": select(func.count()).where(of_account, AUTHENTICATOR.c.state == "active"),
        "set-ups": select(func.count()).where(of_account, AUTHENTICATOR.c.state == "pending"),
        "sets": select(func.count()).where(RECOVERY_CODE_SET.c.account_id == person.account.id),
        "shown": select(func.count()).where(SESSION.c.account_id == person.account.id, SESSION.c.codes_visible_until > 0),
    }
    with two_workers.services.database.read() as connection:
        return {name: connection.execute(count).scalar_one() for name, count in counts.items()}
