"""RowExpiry on both engines: one process at a time, in no one's way, and nothing removed twice or by mistake."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import Table, func, select

from tests.support.child_processes import fork_together
from tests.support.event_chain import broken_at, events_of
from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.many_accounts import EXPIRING, add_accounts, add_expired_rows
from tests.support.optional import present
from tests.support.people import completed, pending, protected, session_by_password
from tests.support.races import Race, race_in_processes, race_in_threads
from tests.support.settable_system import SeededEntropy
from tests.use_cases.instrumentation import after_transaction, statements
from xpressbot.bootstrap import build
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.expiry import RowExpiry, remove, walk
from xpressbot.foundation.database.leases import LEASE, take_lease
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.entropy import SystemEntropy
from xpressbot.foundation.times import HOUR, SECOND
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.recovery_codes.kind import check_bucket
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import SignedIn
from xpressbot.identity.tables import AUTHENTICATOR, KNOWN_BROWSER, LINK, PENDING_SIGN_IN, SESSION, THROTTLE_BUCKET
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.rules import FORGOTTEN_AFTER, second_factor, stranger

TERM = 150 * SECOND


@pytest.mark.parametrize(("race", "racers"), [(race_in_threads, 12), (race_in_processes, 8)], ids=["threads", "processes"])
def test_of_many_at_once_one_takes_the_lease(installation: Installation, race: Race, racers: int) -> None:
    """Whether no process had it before, or one whose time is over."""
    now = installation.clock.now()

    def attempt(tx: Writing, number: int, at: int) -> int:
        return take_lease(tx, "job", f"racer {number}", at, TERM)

    assert sum(race(installation, racers, lambda tx, number: attempt(tx, number, now))) == 1
    assert sum(race(installation, racers, lambda tx, number: attempt(tx, number, now + TERM))) == 1


def test_a_lease_is_held_to_its_last_moment_and_renewed_by_its_holder(installation: Installation) -> None:
    """Others get it when it has run out, and also when only a clock that was ahead can have given it."""
    with installation.services.database.write() as connection:

        def take(holder: str, at: int) -> bool:
            return take_lease(Writing(connection), "job", holder, at, TERM)

        assert take("first", 0)
        assert not take("second", TERM - 1)
        assert take("first", TERM - 1)
        assert not take("second", TERM)
        assert take("second", 2 * TERM - 1)
        assert not take("first", TERM - 1)
        assert take("first", TERM - 2)
        assert take_lease(Writing(connection), "another job", "second", TERM, TERM)
        assert connection.execute(select(func.count()).select_from(LEASE)).scalar_one() == 2


def test_of_several_processes_one_removes_rows(installation: Installation) -> None:
    """Four workers come to their round at the same time: one of them removes all there is."""
    add_expired_rows(installation, installation.add_account().id, rows=5)

    def child(_number: int, meet: Callable[[], None]) -> int:
        services = build(installation.services.settings, system=System(installation.clock, SystemEntropy()), durable=False)
        meet()
        return sum(services.expiry.next_round().values())

    assert sorted(fork_together(4, child, beside=installation.services.database)) == [0, 0, 0, 5 * len(EXPIRING)]


def test_two_removals_at_once_remove_every_row_once(installation: Installation) -> None:
    """The lease saves work and guards nothing: without it, what two remove adds up to what there was."""
    add_expired_rows(installation, installation.add_account().id, rows=60)
    now, transactions, start = installation.clock.now(), _transactions(installation), threading.Barrier(2, timeout=60)

    def remove_expired(kind: str) -> int:
        with transactions.reading() as tx:
            found = walk(tx, EXPIRING[kind], None, now, 1000)
        keys = [row.key for row in found.outdated]
        start.wait()
        with transactions.writing() as tx:
            removed = remove(tx, EXPIRING[kind], keys, now)
            tx.commit()
        return removed

    for kind in EXPIRING:
        with ThreadPoolExecutor(2) as threads:
            assert sum(threads.map(remove_expired, [kind, kind])) == 60


def test_what_a_process_is_busy_with_is_passed_over(installation: Installation) -> None:
    """The removal waits for no lock, and takes the row the next time. SQLite has one writer at a time, and no locks on rows."""
    on_postgres = installation.services.database.engine.dialect.name == "postgresql"
    add_expired_rows(installation, installation.add_account().id, ["sessions"], rows=3)
    with installation.services.database.write() if on_postgres else installation.services.database.read() as busy:
        busy.execute(select(SESSION.c.id).limit(1).with_for_update()).all()
        assert installation.services.expiry.next_round()["sessions"] == (2 if on_postgres else 3)
    installation.services.expiry.next_round()
    assert _count(installation, SESSION) == 0


def test_people_sign_in_while_a_batch_is_being_removed(installation: Installation) -> None:
    """PostgreSQL: an unfinished removal keeps no one from signing in to the very account whose rows go."""
    anna = protected(installation.services)
    installation.services.expiry.next_round()
    add_expired_rows(installation, anna.account.id, rows=3)
    now = installation.clock.now()
    with _transactions(installation).writing() as tx:
        for kind in EXPIRING:
            keys = [row.key for row in walk(tx, EXPIRING[kind], None, now, 100).outdated]
            assert remove(tx, EXPIRING[kind], keys, now) == 3
        if installation.services.database.engine.dialect.name == "postgresql":
            completed(installation.services, pending(installation.services), TotpCode(anna.phone.code()))
        tx.commit()
    assert broken_at(installation.services, anna.account.id) is None
    given_back = {"network_counts", "stranger_counts"}
    assert not any(removed for kind, removed in installation.services.expiry.next_round().items() if kind not in given_back)


@pytest.mark.parametrize("kind", ["sessions", "pending_sign_ins", "enrolments", "known_browsers"])
def test_young_rows_are_not_even_looked_at(installation: Installation, kind: str) -> None:
    """However many people are signed in, a walk is as long as what is old enough: here one row, and no further stretch."""
    add_accounts(installation, accounts=20)
    add_expired_rows(installation, installation.add_account().id, [kind])
    with _transactions(installation).reading() as tx:
        stretch = walk(tx, EXPIRING[kind], None, installation.clock.now(), 2)
    assert (len(stretch.outdated), stretch.end) == (1, None)


def test_rows_of_use_stay(installation: Installation) -> None:
    """Of each table that has expiring rows, what lives stays; and no count of second factors or saved codes ever goes."""
    services, now = installation.services, installation.clock.now()
    anna = protected(services)
    pending(services)
    link = services.identity.invitations.issue("berta@example.com")
    assert link
    with _transactions(installation).writing() as tx:
        of_factors = [second_factor(kind.name, anna.account.id) for kind in services.identity.kinds]
        for bucket in (*of_factors, check_bucket(anna.account.id), stranger("someone")):
            throttle_store.charge(tx, [bucket], now)
        tx.commit()
    # A count whose tries were all given back goes at once.
    services.expiry.next_round()
    before = {
        table: _count(installation, table) for table in (SESSION, PENDING_SIGN_IN, LINK, KNOWN_BROWSER, AUTHENTICATOR, THROTTLE_BUCKET)
    }

    assert not any(services.expiry.next_round().values())
    assert {table: _count(installation, table) for table in before} == before

    installation.clock.advance(hours=1000 * 24)
    services.expiry.next_round()
    assert {table: _count(installation, table) for table in before} == {
        SESSION: 0,
        PENDING_SIGN_IN: 0,
        LINK: 0,
        KNOWN_BROWSER: 0,
        AUTHENTICATOR: before[AUTHENTICATOR],
        THROTTLE_BUCKET: 3,
    }


def test_a_count_that_owes_an_event_is_taken_once_by_the_process_that_comes_first(installation: Installation) -> None:
    """Two at once: one event, on an unbroken chain."""
    account = installation.add_account()
    _guessed_at(installation, account)
    installation.clock.advance(seconds=FORGOTTEN_AFTER / SECOND)
    removers = [_with_the_lease(installation) for _remover in range(2)]
    start = threading.Barrier(2, timeout=60)

    def remove_expired(expiry: RowExpiry) -> int:
        start.wait()
        return expiry.next_round()["stranger_counts"]

    with ThreadPoolExecutor(2) as threads:
        assert sum(threads.map(remove_expired, removers)) == 1
    kinds = [EventKind(event.kind) for event in events_of(installation.services, account.id)]
    assert kinds == [EventKind.ACCOUNT_CREATED, EventKind.PASSWORD_GUESSING]
    assert broken_at(installation.services, account.id) is None


def test_a_count_that_owes_an_event_is_not_simply_removed(installation: Installation) -> None:
    """Not even if it is asked for: only who tells may take it, after having locked the account, and the chain comes last."""
    account = installation.add_account()
    _guessed_at(installation, account)
    installation.clock.advance(seconds=FORGOTTEN_AFTER / SECOND)
    now = installation.clock.now()
    with _transactions(installation).writing() as tx:
        found = walk(tx, EXPIRING["stranger_counts"], None, now, 100).outdated
        assert [row.owed_to for row in found] == [account.id]
        assert remove(tx, EXPIRING["stranger_counts"], [row.key for row in found], now) == 0
    with statements(installation) as sent:
        installation.services.expiry.next_round()
    tables = [present(re.search(r"(?:FROM|INTO|UPDATE) (\w+)", statement))[1] for statement in sent]
    order = tables[tables.index("account") :][:7]
    assert order == [
        "account",
        "throttle_bucket",
        "chain_head",
        "security_event",
        "chain_head",
        "notice",
        "notice",
    ]


def test_what_a_sign_in_tells_in_between_is_not_told_again(installation: Installation) -> None:
    """The owner signs in from a known browser, just when the removal has found the strangers' count."""
    account = installation.add_account()
    known = replace(CLIENT, device=session_by_password(installation.services, account.email).device)
    _guessed_at(installation, account)
    _until_only_the_strangers_count_is_outdated(installation)
    operation = partial(installation.services.identity.password_step.begin, account.email, PASSWORD, "/", known)
    lease_and_walks = 1 + list(EXPIRING).index("stranger_counts") + 1
    with after_transaction(installation, lease_and_walks, operation):
        installation.services.expiry.next_round()
    kinds = [EventKind(event.kind) for event in events_of(installation.services, account.id)]
    assert kinds == [EventKind.ACCOUNT_CREATED, EventKind.SIGNED_IN, EventKind.PASSWORD_GUESSING, EventKind.SIGNED_IN]


def test_a_removal_and_a_sign_in_of_the_same_account_tell_of_guesses_once(installation: Installation) -> None:
    """Whichever locks the account first; the chain has no gap."""
    account = installation.add_account()
    _guessed_at(installation, account)
    installation.clock.advance(seconds=FORGOTTEN_AFTER / SECOND)
    start = threading.Barrier(2, timeout=60)

    def sign_in() -> bool:
        start.wait()
        return isinstance(installation.services.identity.password_step.begin(account.email, PASSWORD, "/", CLIENT), SignedIn)

    def remove_expired() -> bool:
        start.wait()
        installation.services.expiry.next_round()
        return True

    with ThreadPoolExecutor(2) as threads:
        done = [threads.submit(sign_in), threads.submit(remove_expired)]
        assert [operation.result() for operation in done] == [True, True]
    installation.services.expiry.next_round()
    kinds = [EventKind(event.kind) for event in events_of(installation.services, account.id)]
    assert sorted(kinds) == sorted([EventKind.ACCOUNT_CREATED, EventKind.PASSWORD_GUESSING, EventKind.SIGNED_IN])
    assert broken_at(installation.services, account.id) is None


def _guessed_at(installation: Installation, account: Account) -> None:
    for _try in range(8):
        installation.clock.advance(minutes=20)
        installation.services.identity.password_step.begin(account.email, "guess", "/", CLIENT)


def _until_only_the_strangers_count_is_outdated(installation: Installation) -> None:
    installation.clock.advance(seconds=(FORGOTTEN_AFTER - HOUR) / SECOND)
    installation.services.expiry.next_round()
    installation.clock.advance(hours=1)


def _with_the_lease(installation: Installation) -> RowExpiry:
    """Takes itself for the one that has the lease: its name is drawn from the same time and the same bytes as any other's."""
    return RowExpiry(_transactions(installation), System(installation.clock, SeededEntropy()), [*EXPIRING.values()])


def _transactions(installation: Installation) -> Transactions:
    return Transactions(installation.services.database)


def _count(installation: Installation, table: Table) -> int:
    with installation.services.database.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()
