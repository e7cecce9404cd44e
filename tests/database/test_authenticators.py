"""Authenticator records on both engines: plans, names, revocation, and sessions that change the apps at once."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from sqlalchemy import select, update

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import Installation
from tests.support.people import Person, added, adding, caller_with, completed, enrolment_steps, pending, protected, signed_in
from tests.support.races import race_in_threads
from xpressbot.foundation.database.transaction import Writing
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.reset import revoke
from xpressbot.identity.factors.rules import MOST_PER_ACCOUNT, Addition, Authenticator, AuthenticatorState, Enrolment, Plan, Replacement
from xpressbot.identity.factors.totp import store as totp_store
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.factors.totp.rules.totp import step_at
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import Denied, SessionRenewed
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.tables import AUTHENTICATOR, SESSION, TOTP_AUTHENTICATOR

ROUNDS = 5
PLANS = [
    Replacement(),
    Replacement(replaces="f" * 32, renews_backups=True),
    Replacement(renews_backups=True),
    Addition(),
]
T = TypeVar("T")


@pytest.fixture
def anna(installation: Installation) -> Person:
    """Anna, with 2FA on."""
    return protected(installation.services)


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_an_enrolment_comes_back_as_it_was_kept(installation: Installation, plan: Plan) -> None:
    """With what its proven code will do, and under its name whatever script that is in."""
    account, now = signed_in(installation.services).account, installation.clock.now()
    pending_app = Authenticator(
        "a" * 32, account.id, "totp", "\u0646\u0627\u0645 O'Brien \U0001f642", AuthenticatorState.PENDING, now, None, None
    )
    enrolment = Enrolment(pending_app, "b" * 32, plan, now + 1)
    _write(installation, lambda tx: authenticator_store.add_enrolment(tx, enrolment, account.security_version))
    assert enrolment == _write(installation, lambda tx: authenticator_store.enrolment_of(tx, "b" * 32))


def test_an_enrolment_that_was_begun_on_another_version_of_its_account_counts_for_nothing(installation: Installation) -> None:
    """Whichever change raised the version: it is neither found nor shown, and in its place another one can be begun."""
    services = installation.services
    caller = signed_in(services)
    phone, _secret = enrolment_steps(services, caller)
    _write(installation, lambda tx: account_store.raise_security_version(tx, caller.account.id))
    assert _write(installation, lambda tx: authenticator_store.enrolment_of(tx, caller.session.id)) is None
    with services.database.write() as connection:
        connection.execute(update(SESSION).values(security_version=caller.account.security_version + 1))
        connection.commit()
    caller = caller_with(services, caller.token)
    assert services.identity.two_factor.view(caller) is None
    for outcome in (services.identity.two_factor.confirm(caller, TotpCode(phone.code())), services.identity.two_factor.start_over(caller)):
        assert outcome == Denied(EnrolmentRefusal.NO_ENROLMENT)
    assert enrolment_steps(services, caller)[0].uri != phone.uri
    assert [row["state"] for row in _rows(installation)] == ["pending"]


def test_a_name_is_given_to_one_app_alone(installation: Installation, anna: Person) -> None:
    """The others of the account, and other accounts', keep theirs."""
    protected(installation.services, "berta@example.com")
    added(installation.services, anna.caller, "Tablet")
    first, second, other = _rows(installation)
    _write(installation, lambda tx: authenticator_store.rename(tx, first["id"], "Phone"))
    assert _rows(installation) == [{**first, "name": "Phone"}, second, other]


def test_revoking_takes_one_apps_secret_and_no_others(installation: Installation, anna: Person) -> None:
    """Its row stays, and the secret goes; it cannot be taken up again, and its steps are consumed by no request."""
    protected(installation.services, "berta@example.com")
    added(installation.services, anna.caller, "Tablet")
    first, second, other = _rows(installation)
    step = step_at(installation.clock.now()) + 1
    _write(installation, lambda tx: authenticator_store.revoke(tx, second["id"]))
    assert not _write(installation, lambda tx: totp_store.consume_step(tx, second["id"], step))
    _write(installation, lambda tx: revoke(tx, installation.services.identity.kinds, second["id"], "totp"))
    assert _rows(installation) == [first, {**second, "state": "revoked"}, other]
    with installation.services.database.read() as connection:
        assert set(connection.execute(select(TOTP_AUTHENTICATOR.c.id)).scalars()) == {first["id"], other["id"]}
    assert not _write(installation, lambda tx: totp_store.consume_step(tx, second["id"], step))
    assert not _write(installation, lambda tx: authenticator_store.activate(tx, second["id"], "", 1))
    assert _write(installation, lambda tx: totp_store.consume_step(tx, first["id"], step))


def test_apps_are_listed_in_the_order_in_which_they_were_confirmed(installation: Installation, anna: Person) -> None:
    """Whatever order the rows lie in."""
    caller = anna.caller
    for name in ("Zebra", "Ant"):
        installation.clock.advance(seconds=1)
        caller = added(installation.services, caller, name)
    apps = installation.services.identity.authenticators.listed(caller)
    _write(installation, lambda tx: authenticator_store.rename(tx, apps[0].id, "Phone"))
    assert [app.name for app in installation.services.identity.authenticators.listed(caller)] == ["Phone", "Zebra", "Ant"]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_sessions_that_remove_the_last_two_apps_at_once_leave_one(installation: Installation, anna: Person, number: int) -> None:
    """The one that is first ends the other's session; an account keeps a way in."""
    services = installation.services
    mine = added(services, anna.caller, f"Tablet {number}")
    other = elsewhere(installation, anna.phone)
    phone, tablet = (app.id for app in services.identity.authenticators.listed(mine))
    outcomes = at_once(
        lambda: services.identity.authenticators.remove(mine, phone), lambda: services.identity.authenticators.remove(other, tablet)
    )
    assert sorted(isinstance(outcome, SessionRenewed) for outcome in outcomes) == [False, True]
    assert Denied(SessionRefusal.NOT_SIGNED_IN) in outcomes
    assert sorted(row["state"] for row in _rows(installation)) == ["active", "revoked"]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_sessions_that_add_the_fifth_app_at_once_do_not_make_six(installation: Installation, anna: Person, number: int) -> None:
    """One app is added, and the other counts for nothing, since the session that began it has ended."""
    services, mine = installation.services, anna.caller
    for name in range(2, MOST_PER_ACCOUNT):
        mine = added(services, mine, f"App {name}")
    other = elsewhere(installation, anna.phone)
    codes = [TotpCode(adding(services, caller, f"{name} {number}").code()) for caller, name in ((mine, "Mine"), (other, "Other"))]
    outcomes = at_once(
        lambda: services.identity.two_factor.confirm(mine, codes[0]), lambda: services.identity.two_factor.confirm(other, codes[1])
    )
    assert sorted(isinstance(outcome, InPlace) for outcome in outcomes) == [False, True]
    assert sorted(row["state"] for row in _rows(installation)) == ["active"] * MOST_PER_ACCOUNT + ["pending"]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_confirming_and_removing_at_once_come_one_after_the_other(installation: Installation, anna: Person, number: int) -> None:
    """A move away from an app that is removed meanwhile is over, or was done before: never an app that none replaced."""
    services = installation.services
    mine = added(services, anna.caller, f"Tablet {number}")
    other = elsewhere(installation, anna.phone)
    phone, _tablet = (app.id for app in services.identity.authenticators.listed(mine))
    new, _secret = enrolment_steps(services, mine, replaces=phone)
    code = TotpCode(new.code())
    confirmed, removed = at_once(
        lambda: services.identity.two_factor.confirm(mine, code), lambda: services.identity.authenticators.remove(other, phone)
    )
    assert isinstance(confirmed, InPlace) is not isinstance(removed, SessionRenewed)
    states = [row["state"] for row in _rows(installation)]
    assert sorted(states) == (["active", "active", "revoked"] if isinstance(confirmed, InPlace) else ["active", "pending", "revoked"])


def elsewhere(installation: Installation, phone: AuthenticatorApp) -> Caller:
    """The same person in another browser."""
    outcome = completed(installation.services, pending(installation.services), TotpCode(phone.code()))
    return caller_with(installation.services, outcome.session)


def at_once(*operations: Callable[[], T]) -> list[T]:
    """What each of these answers, begun at the same moment."""
    barrier = threading.Barrier(len(operations), timeout=60)

    def run(operation: Callable[[], T]) -> T:
        barrier.wait()
        return operation()

    with ThreadPoolExecutor(len(operations)) as threads:
        return list(threads.map(run, operations))


def _write(installation: Installation, operation: Callable[[Writing], T]) -> T:
    answers: list[T] = []

    def attempt(tx: Writing, _number: int) -> int:
        answers.append(operation(tx))
        return 0

    race_in_threads(installation, 1, attempt)
    return answers[0]


def _rows(installation: Installation) -> list[Mapping[str, Any]]:
    with installation.services.database.read() as connection:
        return [dict(row) for row in connection.execute(select(AUTHENTICATOR).order_by(AUTHENTICATOR.c.id)).mappings()]
