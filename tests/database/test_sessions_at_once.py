"""Several requests at once on the sessions of one account, on both engines."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.people import caller_with, session_by_password, signed_in
from tests.support.races import race_in_threads
from tests.use_cases.instrumentation import parts_of
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import Denied, Done, SessionRenewed, StepUpRequired
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller, LockedCaller
from xpressbot.identity.sessions.gate import Gate, PasswordProof, SessionRefusal
from xpressbot.identity.sessions.listing import ListingRefusal
from xpressbot.identity.sessions.operation import Unchanged
from xpressbot.identity.sessions.rules.session import INACTIVITY_TIMEOUT, MOST_PER_ACCOUNT

EMAIL = "anna@example.com"


def at_once(*operations: Callable[[], object]) -> Sequence[object]:
    """What each answers, all begun at the same moment."""
    barrier = threading.Barrier(len(operations), timeout=60)

    def run(operation: Callable[[], object]) -> object:
        barrier.wait()
        return operation()

    with ThreadPoolExecutor(len(operations)) as threads:
        return list(threads.map(run, operations))


def second_session(installation: Installation) -> Caller:
    return caller_with(installation.services, session_by_password(installation.services, EMAIL).session)


def test_of_several_unlocks_at_once_one_gives_a_token(installation: Installation) -> None:
    """The others bring the token of before by then, and change nothing (ASVS 7.2.4)."""
    caller = signed_in(installation.services, EMAIL)
    installation.clock.advance(minutes=61)
    locked = installation.services.identity.sessions.recognise(caller.client)
    assert isinstance(locked, LockedCaller)
    outcomes = at_once(*[lambda: installation.services.identity.unlock.unlock(locked, PASSWORD)] * 4)
    (renewed,) = [outcome for outcome in outcomes if isinstance(outcome, SessionRenewed)]
    assert outcomes.count(Denied(SessionRefusal.TOKEN_SUPERSEDED)) == 3
    assert installation.services.identity.sessions.find(renewed.session) is not None
    assert installation.services.identity.sessions.find(caller.token) is None


def test_a_session_that_is_ended_and_confirmed_at_once_is_ended(installation: Installation) -> None:
    """Whichever comes first: neither its old token nor a new one opens anything afterwards (ASVS 7.4.5)."""
    services = installation.services
    owner = signed_in(services, EMAIL)
    for _ in range(5):
        thief = second_session(installation)
        ended, confirmed = at_once(
            partial(services.identity.session_listing.end, owner, thief.session.id),
            partial(services.identity.step_up.confirm, thief, PASSWORD, None),
        )
        assert ended == Done()
        tokens = [thief.token, *([confirmed.session] if isinstance(confirmed, SessionRenewed) else [])]
        assert [services.identity.sessions.find(token) for token in tokens] == [None] * len(tokens)
        assert isinstance(confirmed, SessionRenewed) or confirmed == Denied(SessionRefusal.NOT_SIGNED_IN)


def test_of_two_that_end_the_same_session_at_once_one_does(installation: Installation) -> None:
    """And the record tells of it once."""
    services = installation.services
    owner, other = signed_in(services, EMAIL), second_session(installation)
    ended = second_session(installation).session.id
    outcomes = at_once(*(partial(services.identity.session_listing.end, by, ended) for by in (owner, other)))
    assert sorted(map(str, outcomes)) == sorted(map(str, [Done(), Denied(ListingRefusal.NO_SUCH_SESSION)]))


def test_a_password_proof_counts_in_its_own_session_alone(installation: Installation) -> None:
    """One that was given in another session, or before the password changed, ends nothing."""
    services = installation.services
    owner, other = signed_in(services, EMAIL), second_session(installation)
    proof = services.identity.session_password.check(other, PASSWORD)
    assert isinstance(proof, PasswordProof)
    installation.clock.advance(minutes=6)
    assert services.identity.session_listing.end_others(owner, password=proof) == StepUpRequired()
    assert services.identity.sessions.find(other.token) is not None


def test_many_sign_ins_at_once_leave_the_account_the_sessions_it_may_have(installation: Installation) -> None:
    """The limit is kept under the account's lock (ASVS 7.1.2)."""
    services, template = installation.services, signed_in(installation.services, EMAIL)

    def begin(tx: Writing, number: int) -> int:
        account = account_store.lock(tx, template.account.id)
        assert account is not None
        for each in range(5):
            name = f"{number:02}{each:030}"
            session = replace(template.session, id=name)
            session_store.add(tx, session, name.encode(), account.security_version, CLIENT.address, CLIENT.user_agent)
        return len(session_store.list_open(tx, account.id, template.session.authenticated_at))

    counts = race_in_threads(installation, 6, begin)
    assert max(counts) == MOST_PER_ACCOUNT
    with services.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM session").scalar_one() == MOST_PER_ACCOUNT


def test_a_use_that_comes_too_late_to_be_noted_unlocks_nothing(installation: Installation) -> None:
    """The request was let in a moment before the hour was over, and wrote its last use after that."""
    caller = signed_in(installation.services, EMAIL)
    transactions = Transactions(installation.services.database)
    for late, noted in ((INACTIVITY_TIMEOUT, False), (INACTIVITY_TIMEOUT - 1, True)):
        with transactions.writing() as tx:
            session_store.touch(tx, caller.token.digest, caller.session.last_used_at + late)
            found = session_store.by_token(tx, caller.token.digest)
            tx.commit()
        assert found is not None
        assert (found.last_used_at == caller.session.last_used_at + late) is noted


def test_the_gate_lets_a_locked_session_do_nothing_but_what_its_actions_allow(installation: Installation) -> None:
    """Whatever use case calls it: the table of actions says which those are."""
    caller = signed_in(installation.services, EMAIL)
    installation.clock.advance(minutes=61)
    locked = installation.services.identity.sessions.recognise(caller.client)
    assert isinstance(locked, LockedCaller)
    parts = parts_of(installation)
    gate = Gate(parts.transactions, parts.system, parts.kinds.methods)
    let_through = {action for action in Action if gate.run(locked, action, lambda _entry: Unchanged(Done())) == Done()}
    assert let_through == {Action.UNLOCK, Action.SIGN_OUT}
    assert gate.run(locked, Action.CONFIRM_IDENTITY, lambda _entry: Unchanged(Done())) == Denied(SessionRefusal.SESSION_LOCKED)
    assert gate.run(caller, Action.SIGN_OUT, lambda _entry: Unchanged(Done())) == Denied(SessionRefusal.SESSION_LOCKED)
