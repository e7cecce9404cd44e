"""What may be used once is used once, however many try at the same moment."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.optional import present
from tests.support.people import claimant_of, invitation, pending, protected, refused, signed_in, welcome_link
from tests.support.races import Race, race_in_processes, race_in_threads
from tests.use_cases.instrumentation import before_statement
from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.foundation.crypto.key_ring import load_key_ring
from xpressbot.foundation.database.transaction import Writing
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.recovery_codes import store as recovery_code_store
from xpressbot.identity.factors.recovery_codes.codes import recovery_code_digest
from xpressbot.identity.factors.recovery_codes.rules import parse_code
from xpressbot.identity.factors.totp import store as totp_store
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.factors.totp.rules.totp import step_at
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import SignedIn
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal
from xpressbot.identity.sign_in import store as pending_store
from xpressbot.identity.tables import LINK
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.rules import Charge, Refusal

RACERS = 6
ONE_WINNER = [0] * (RACERS - 1) + [1]


@pytest.fixture(params=[race_in_threads, race_in_processes], ids=["threads", "processes"])
def race(request: pytest.FixtureRequest) -> Race:
    race: Race = request.param
    return race


def test_a_time_step_is_consumed_by_exactly_one_of_many(installation: Installation, race: Race) -> None:
    """UPDATE ... WHERE last_step < :step lets one of six equal steps through."""
    authenticator_id, now = _authenticator(installation), installation.clock.now()
    step = step_at(now)

    results = race(installation, RACERS, lambda tx, _number: totp_store.consume_step(tx, authenticator_id, step))

    assert sorted(results) == ONE_WINNER


def test_steps_are_consumed_in_rising_order_only(installation: Installation) -> None:
    """A request that consumes a later step shuts out all earlier ones, so that the greatest step always stands in the end."""
    authenticator_id, now = _authenticator(installation), installation.clock.now()
    step = step_at(now)

    results = race_in_threads(installation, RACERS, lambda tx, number: totp_store.consume_step(tx, authenticator_id, step + number))

    assert results[-1] == 1
    with installation.services.database.write() as connection:
        last = connection.exec_driver_sql("SELECT last_step FROM totp_authenticator").scalar_one()
    assert last == step + RACERS - 1


def test_a_refused_step_is_consumed_by_no_request(installation: Installation) -> None:
    """A step whose code was hinted at is spent, though last_step lies before it."""
    authenticator_id, now = _authenticator(installation), installation.clock.now()
    step = step_at(now)

    def refuse(tx: Writing, _number: int) -> int:
        totp_store.refuse_steps(tx, authenticator_id, [step])
        return 0

    race_in_threads(installation, RACERS, refuse)

    results = race_in_threads(installation, RACERS, lambda tx, _number: totp_store.consume_step(tx, authenticator_id, step))

    assert results == [0] * RACERS


def test_a_recovery_code_is_consumed_by_exactly_one_of_many(installation: Installation, race: Race) -> None:
    """One of six uses the code up, and nine are left."""
    person = protected(installation.services)
    digests = KeyedDigests(load_key_ring(installation.services.settings.key_file))
    digest = recovery_code_digest(digests, person.account.id, present(parse_code(person.codes[4])))
    now = installation.clock.now()

    results = race(installation, RACERS, lambda tx, _number: recovery_code_store.consume(tx, person.account.id, digest, "Firefox", now))

    assert sorted(results) == ONE_WINNER
    assert race(installation, 1, lambda tx, _number: recovery_code_store.count_unused(tx, person.account.id)) == [9]


def test_a_pending_sign_in_is_consumed_by_exactly_one_of_many(installation: Installation, race: Race) -> None:
    """One of six turns it into a session."""
    protected(installation.services)
    token = pending(installation.services)
    now = installation.clock.now()

    results = race(installation, RACERS, lambda tx, _number: pending_store.consume(tx, token.digest, now))

    assert sorted(results) == ONE_WINNER
    assert race(installation, 1, lambda tx, _number: pending_store.consume(tx, token.digest, now)) == [0]


def test_an_expired_pending_sign_in_is_consumed_by_no_request(installation: Installation) -> None:
    """The end of its ten minutes is part of the write's condition."""
    protected(installation.services)
    claimant = claimant_of(installation.services, pending(installation.services))
    token, end = claimant.token, claimant.pending.expires_at

    assert race_in_threads(installation, 1, lambda tx, _number: pending_store.consume(tx, token.digest, end)) == [0]
    assert race_in_threads(installation, 1, lambda tx, _number: pending_store.consume(tx, token.digest, end - 1)) == [1]


def test_a_link_is_consumed_by_exactly_one_of_many(installation: Installation, race: Race) -> None:
    """One of six opens the welcome link for good."""
    token, now = welcome_link(installation.services), installation.clock.now()

    results = race(installation, RACERS, lambda tx, _number: link_store.consume(tx, LinkKind.WELCOME, token.digest, now))

    assert sorted(results) == ONE_WINNER


def test_an_expired_link_is_consumed_by_no_request(installation: Installation) -> None:
    """The end of its hour is part of the write's condition."""
    token = welcome_link(installation.services)
    installation.clock.advance(hours=1)
    now = installation.clock.now()

    assert race_in_threads(installation, 1, lambda tx, _number: link_store.consume(tx, LinkKind.WELCOME, token.digest, now)) == [0]


def test_of_several_first_accounts_exactly_one_is_the_owner(installation: Installation, race: Race) -> None:
    """Each makes its account and claims the installation in one transaction; one claim counts."""
    now = installation.clock.now()

    def attempt(tx: Writing, number: int) -> bool:
        account = Account(f"{number:032x}", f"owner{number}@example.com", "Owner", AccountStatus.ACTIVE, 1, "-")
        assert account_store.add(tx, account, now)
        return installation_store.claim(tx, account.id)

    results = race(installation, RACERS, attempt)

    assert sorted(results) == ONE_WINNER
    with installation.services.database.read() as connection:
        owner = connection.exec_driver_sql("SELECT claimed_by FROM installation").scalar_one()
    assert owner == f"{results.index(1):032x}"


def test_one_address_makes_one_account_however_often_it_is_tried_at_once(installation: Installation) -> None:
    """Spellings of one address that differ in case are the same account."""
    now = installation.clock.now()

    def attempt(tx: Writing, number: int) -> bool:
        email = "anna@example.com" if number % 2 else "Anna@Example.COM"
        return account_store.add(tx, Account(f"{number:032x}", email, "Anna", AccountStatus.ACTIVE, 1, "-"), now)

    assert sorted(race_in_threads(installation, RACERS, attempt)) == ONE_WINNER


def test_tries_at_one_enrolment_never_outrun_its_five(installation: Installation) -> None:
    """Eight tries at once at a pending authenticator: five are let through to be checked."""
    caller = signed_in(installation.services)
    installation.services.identity.two_factor.start(caller, Totp.name)
    now = installation.clock.now()

    def attempt(tx: Writing, _number: int) -> int:
        enrolment = present(authenticator_store.enrolment_of(tx, caller.session.id))
        return _charged(throttle_store.charge(tx, [enrolment.bucket], now))

    results = race_in_threads(installation, 8, attempt)

    assert sorted(results) == [0, 0, 0, 1, 2, 3, 4, 5]
    assert (
        refused(installation.services.identity.two_factor.confirm(caller, TotpCode("000000"))).reason
        is EnrolmentRefusal.ENROLMENT_DISCARDED
    )


def test_tries_at_one_step_up_never_outrun_its_five(installation: Installation) -> None:
    """Eight tries at once at confirming one's identity: each of five gets its own number, the others none."""
    caller = signed_in(installation.services)

    bucket, now = caller.session.step_up_bucket, installation.clock.now()

    results = race_in_threads(installation, 8, lambda tx, _number: _charged(throttle_store.charge(tx, [bucket], now)))

    assert sorted(results) == [0, 0, 0, 1, 2, 3, 4, 5]
    assert refused(installation.services.identity.step_up.confirm(caller, PASSWORD, None)).reason is StepUpRefusal.SESSION_ENDED


def _charged(result: Sequence[Charge] | Refusal) -> int:
    return 0 if isinstance(result, Refusal) else result[0].tries


def _authenticator(installation: Installation) -> str:
    person = protected(installation.services)
    with installation.services.database.read() as connection:
        authenticator_id: str = connection.exec_driver_sql("SELECT id FROM authenticator").scalar_one()
    assert person.account.security_version == 2
    return authenticator_id


def test_a_process_that_waits_for_an_address_holds_none_of_its_links(installation: Installation) -> None:
    """Else two who accept two invitations to one address would wait for each other."""
    joining = installation.services.identity.joining
    token, database = invitation(installation.services), installation.services.database
    free: list[str] = []
    connect = database.write if database.engine.dialect.name == "postgresql" else database.read  # SQLite has no locks on rows

    def look() -> None:
        with connect() as connection:
            free.extend(connection.execute(select(LINK.c.email).with_for_update(nowait=True)).scalars())

    with before_statement(installation, "SELECT installation.id", look):
        assert isinstance(joining.accept(token, "Berta", PASSWORD, CLIENT), SignedIn)
    assert free == ["berta@example.com"]
