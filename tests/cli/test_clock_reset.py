"""xpressbot 2fa clock-reset: the way out of codes that were used while the server's clock was ahead."""

import json
import re

import pytest
from sqlalchemy import select, update

from tests.cli.test_reset_and_invite import served as served  # noqa: PLC0414  # a fixture, used by its name
from tests.support.command_line import Answer, Shell
from tests.support.people import Person, protected, signed_in
from xpressbot.entrypoints.cli.installation import FAILED
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.times import DAY
from xpressbot.identity.factors.totp.rules.totp import step_at
from xpressbot.identity.tables import AUTHENTICATOR, SECURITY_EVENT, SESSION, TOTP_AUTHENTICATOR

ANNA = "anna@example.com"


def send_to_the_future(services: Services, *, of: str = "") -> None:
    """As if the clock had been a year ahead at the last use; of one account's apps and sessions, or of all."""
    ahead = SystemClock().now() + 365 * DAY
    with services.database.write() as connection:
        for table, values in (
            (AUTHENTICATOR, {"last_used_at": ahead}),
            (TOTP_AUTHENTICATOR, {"last_step": step_at(ahead)}),
            (SESSION, {"authenticated_at": ahead, "last_used_at": ahead, "expires_at": ahead + DAY}),
        ):
            rows = update(table).values(values)
            connection.execute(rows.where(table.c.account_id == of) if of else rows)
        connection.commit()


def state(services: Services) -> dict[str, tuple[int | None, int]]:
    """Of each account: the last step of its app, and how many sessions it has."""
    with services.database.read() as connection:
        steps = dict(connection.execute(select(TOTP_AUTHENTICATOR.c.account_id, TOTP_AUTHENTICATOR.c.last_step)).all())
        sessions = list(connection.execute(select(SESSION.c.account_id)).scalars())
    return {account: (step, sessions.count(account)) for account, step in steps.items()}


@pytest.fixture
def anna(services: Services) -> Person:
    return protected(services)


def test_the_last_step_becomes_the_one_of_now_and_sessions_end(shell: Shell, services: Services, anna: Person) -> None:
    """Of this account and of no other; the answer says what the clock says, so that a wrong one is seen."""
    berta = protected(services, "berta@example.com")
    send_to_the_future(services)
    before = state(services)
    answer = shell.run("2fa", "clock-reset", ANNA)
    assert (answer.code, answer.err) == (0, "")
    assert re.fullmatch(
        r"This machine's clock, which says \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, is taken for right\. Of anna@example\.com:\n"
        r"authenticator apps whose next code is good again: 1; sessions that have ended: 1\.\n",
        answer.out,
    )
    step, sessions = state(services)[anna.account.id]
    assert step is not None
    assert step_at(SystemClock().now()) - 1 <= step <= step_at(SystemClock().now())
    assert sessions == 0
    assert state(services)[berta.account.id] == before[berta.account.id]


def test_it_leaves_an_event(shell: Shell, services: Services, anna: Person) -> None:
    """With who did it, and how much."""
    send_to_the_future(services)
    shell.run("2fa", "clock-reset", ANNA)
    with services.database.read() as connection:
        stored = connection.execute(select(SECURITY_EVENT).where(SECURITY_EVENT.c.kind == "account.clock_reset")).one()
    assert (stored.actor, json.loads(stored.details)) == ("operator", {"authenticators": 1, "sessions_ended": 1})


def test_a_second_time_there_is_nothing_to_do(shell: Shell, services: Services, anna: Person) -> None:
    """Exit code 1 and a sentence; nothing is written, and no step is taken back twice."""
    send_to_the_future(services)
    shell.run("2fa", "clock-reset", ANNA)
    before = state(services)
    answer = shell.run("2fa", "clock-reset", ANNA)
    assert (answer.code, answer.out) == (FAILED, "")
    assert answer.err.startswith("anna@example.com: nothing is dated in the future of this machine's clock, which says 20")
    assert state(services) == before
    with services.database.read() as connection:
        events = select(SECURITY_EVENT.c.seq).where(SECURITY_EVENT.c.kind == "account.clock_reset")
        assert len(connection.execute(events).all()) == 1


def test_what_is_dated_as_it_should_be_stays(shell: Shell, services: Services, anna: Person) -> None:
    """A used step of a moment ago is not made good again, and no session is signed out."""
    before = state(services)
    assert shell.run("2fa", "clock-reset", ANNA).code == FAILED
    assert state(services) == before
    assert services.identity.sessions.resolve(anna.caller.client) is not None


def test_an_account_without_2fa_loses_its_sessions_of_the_future(shell: Shell, services: Services) -> None:
    """They would open something on the day that they are dated to."""
    signed_in(services)
    send_to_the_future(services)
    assert "apps whose next code is good again: 0; sessions that have ended: 1." in shell.run("2fa", "clock-reset", ANNA).out


def test_an_unknown_account_is_named(shell: Shell, services: Services, anna: Person) -> None:
    """Exit code 1 and a sentence."""
    assert shell.run("2fa", "clock-reset", "nobody@example.com") == Answer(FAILED, "", "There is no account 'nobody@example.com'.\n")
    assert shell.run("2fa", "clock-reset", "nobody") == Answer(FAILED, "", "There is no account 'nobody'.\n")


def test_it_works_on_both_engines(served: Shell) -> None:
    """From the same command line."""
    assert served.run("accounts", "create", "--email", ANNA, "--name", "Anna", stdin="violet-anchor-meadow-kettle").code == 0
    assert "nothing is dated in the future" in served.run("2fa", "clock-reset", ANNA).err
