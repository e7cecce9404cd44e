"""What is dated in the future passes no statement that opens something, and is not in the way of what counts."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import select, update

from tests.support.installation import CLIENT, Installation
from tests.support.people import (
    added,
    completed,
    enrolment_steps,
    invitation,
    invited_address,
    pending,
    protected,
    prove,
    recovery_code,
    refused,
    reset,
    session_by_password,
    signed_in,
)
from tests.support.policies import exempt_until
from tests.support.teams import BERTA, member, reminding, roster
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.mail.outbox import OUTBOX, MailState
from xpressbot.foundation.times import DAY, MINUTE, latest_credible
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.two_factor_policy import LONGEST_EXEMPTION
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.recovery_codes import store as recovery_code_store
from xpressbot.identity.factors.totp import store as totp_store
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.factors.totp.rules.totp import latest_credible_step, step_at
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.rules import LIFETIME, Link, LinkKind, LinkState
from xpressbot.identity.outcomes import Denied, SignedIn
from xpressbot.identity.sessions import known_browser_store
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.rules.known_browser import MOST_PER_ACCOUNT
from xpressbot.identity.sessions.rules.session import CODES_SHOWN_FOR
from xpressbot.identity.sign_in import store as pending_store
from xpressbot.identity.sign_in.second_step import SecondStepOutcome
from xpressbot.identity.tables import AUTHENTICATOR, KNOWN_BROWSER, REFUSED_STEP, SESSION, TOTP_AUTHENTICATOR
from xpressbot.identity.team.reminders import Reminded, ReminderRefusal
from xpressbot.identity.team.rules.roster import MemberState, RosterFilter
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.rules import Charge, Refusal, network

T = TypeVar("T")
AHEAD = [(2 * MINUTE, True), (2 * MINUTE + 1, False), (365 * DAY, False)]


def run(installation: Installation, operation: Callable[[Writing], T]) -> T:
    with Transactions(installation.services.database).writing() as tx:
        result = operation(tx)
        tx.commit()
    return result


def year_ahead(installation: Installation, days: int = 365) -> None:
    installation.clock.advance(hours=24 * days)


@pytest.mark.parametrize(("ahead", "consumed"), AHEAD)
def test_a_pending_sign_in_of_the_future_is_consumed_by_no_request(installation: Installation, ahead: int, *, consumed: bool) -> None:
    """Its date is part of the write's condition."""
    protected(installation.services)
    now = installation.clock.now()
    installation.clock.set(now + ahead)
    waiting = pending(installation.services)
    assert run(installation, lambda tx: pending_store.consume(tx, waiting.digest, now)) is consumed


@pytest.mark.parametrize(("ahead", "usable"), AHEAD)
def test_a_link_of_the_future_is_neither_found_nor_consumed(installation: Installation, ahead: int, *, usable: bool) -> None:
    """And it is known for what it is, until it is used."""
    now = installation.clock.now()
    installation.clock.set(now + ahead)
    digest = invitation(installation.services).digest
    state = LinkState.OPEN if usable else LinkState.OF_THE_FUTURE
    assert run(installation, lambda tx: link_store.state(tx, LinkKind.INVITE, digest, now)) is state
    assert (run(installation, lambda tx: link_store.find_open(tx, LinkKind.INVITE, digest, now)) is not None) is usable
    assert run(installation, lambda tx: link_store.consume(tx, LinkKind.INVITE, digest, now)) is usable


def test_a_new_link_voids_one_of_the_future(installation: Installation) -> None:
    """Or that one would open something on the day that it is dated to."""
    identity = installation.services.identity
    year_ahead(installation)
    first = invitation(installation.services)
    year_ahead(installation, -365)
    second = invitation(installation.services)
    assert invited_address(identity, second) == "berta@example.com"
    year_ahead(installation)
    assert invited_address(identity, first) is None
    assert installation.services.identity.link_states.of(LinkKind.INVITE, first) is LinkState.USED


def test_a_link_that_was_used_in_the_future_was_used(installation: Installation) -> None:
    """A person who opens it once more is told that, and needs no new one."""
    now = installation.clock.now()
    year_ahead(installation)
    token = invitation(installation.services)
    assert run(installation, lambda tx: link_store.consume(tx, LinkKind.INVITE, token.digest, installation.clock.now()))
    assert run(installation, lambda tx: link_store.state(tx, LinkKind.INVITE, token.digest, now)) is LinkState.USED


def test_a_link_that_expires_late_is_not_taken_for_one_of_the_future(installation: Installation) -> None:
    """It is the making that counts."""
    now = installation.clock.now()
    link = Link(LinkKind.INVITE, email="berta@example.com")
    run(installation, lambda tx: link_store.add(tx, link, bytes(32), now, now + 2 * max(LIFETIME.values())))
    assert run(installation, lambda tx: link_store.find_open(tx, LinkKind.INVITE, bytes(32), now)) == link


@pytest.mark.parametrize(("ahead", "known"), AHEAD)
def test_a_browser_is_not_known_by_a_sign_in_of_the_future(installation: Installation, ahead: int, *, known: bool) -> None:
    """It would pass for a known one for as long as the clock was ahead, and ninety days."""
    now, account = installation.clock.now(), installation.add_account()
    run(installation, lambda tx: known_browser_store.remember(tx, None, bytes(32), account.id, "d", now + ahead))
    assert (run(installation, lambda tx: known_browser_store.find(tx, bytes(32), account.id, now)) is not None) is known


def test_browsers_of_the_future_push_out_none_that_counts(installation: Installation) -> None:
    """Twenty of them would leave no room, since they seem to be the newest."""
    account, now = installation.add_account(), installation.clock.now()
    for number in range(MOST_PER_ACCOUNT):
        remember = partial(
            known_browser_store.remember,
            old_hash=None,
            new_hash=number.to_bytes(32, "big"),
            account_id=account.id,
            new_id=f"d{number}",
            now=now + DAY,
        )
        run(installation, remember)
    run(installation, lambda tx: known_browser_store.remember(tx, None, b"\xff" * 32, account.id, "now", now))
    assert run(installation, lambda tx: known_browser_store.find(tx, b"\xff" * 32, account.id, now)) == "now"
    with installation.services.database.read() as connection:
        assert len(connection.execute(select(KNOWN_BROWSER.c.id)).all()) == MOST_PER_ACCOUNT


@pytest.mark.parametrize(("ahead", "charged"), AHEAD)
def test_a_set_up_of_the_future_takes_no_try(installation: Installation, ahead: int, *, charged: bool) -> None:
    """Its date is looked at before a try is charged, and the right code opens nothing."""
    caller, now = signed_in(installation.services), installation.clock.now()
    phone, _secret = enrolment_steps(installation.services, caller)
    with installation.services.database.write() as connection:
        connection.execute(update(AUTHENTICATOR).values(created_at=now + ahead, expires_at=now + ahead + 10 * MINUTE))
        connection.commit()
    outcome = installation.services.identity.two_factor.confirm(caller, TotpCode(phone.code()))
    assert isinstance(outcome, InPlace) if charged else outcome == Denied(EnrolmentRefusal.NO_ENROLMENT)


@pytest.mark.parametrize("moment", ["authenticated_at", "proven_at", "last_used_at"])
def test_sessions_of_the_future_are_not_counted_and_end_when_told_to(installation: Installation, moment: str) -> None:
    """Whichever of their dates it is; others, and those of other accounts, stay."""
    services, now = installation.services, installation.clock.now()
    caller, other = signed_in(services), signed_in(services, "berta@example.com")
    further = [session_by_password(services, "anna@example.com") for _ in range(2)]
    with services.database.write() as connection:
        for session_id, ahead in ((further[0].session_id, 2 * MINUTE), (further[1].session_id, 2 * MINUTE + 1)):
            connection.execute(update(SESSION).where(SESSION.c.id == session_id).values({moment: now + ahead}))
        connection.execute(update(SESSION).where(SESSION.c.id == other.session.id).values({moment: now + DAY}))
        connection.commit()
    assert run(installation, lambda tx: session_store.count_others(tx, caller.account.id, caller.session.id, now)) == 1
    assert run(installation, lambda tx: session_store.end_from_the_future(tx, caller.account.id, now)) == 1
    with services.database.read() as connection:
        left = set(connection.execute(select(SESSION.c.id)).scalars())
    assert left >= {caller.session.id, further[0].session_id, other.session.id}
    assert further[1].session_id not in left


def test_a_window_that_a_node_slightly_ahead_began_goes_on(installation: Installation) -> None:
    """Tries are counted together by two nodes of which one is two minutes behind."""
    counted = network("network")

    def charge() -> Charge:
        charges = run(installation, lambda tx: throttle_store.charge(tx, [counted], installation.clock.now()))
        assert not isinstance(charges, Refusal)
        (charge,) = charges
        return charge

    charge()
    installation.clock.advance(minutes=-2)
    assert charge().tries == 2
    installation.clock.advance(seconds=-1)
    assert charge().tries == 1


@pytest.mark.parametrize(("ahead", "handed_over"), AHEAD)
def test_codes_that_were_made_in_the_future_are_not_shown_at_the_next_sign_in(
    installation: Installation, ahead: int, *, handed_over: bool
) -> None:
    """They were not saved; they would be shown at each sign-in for as long as the clock was ahead."""
    now = installation.clock.now()
    installation.clock.set(now + ahead)
    services = installation.services
    anna = signed_in(services)
    phone, _secret = enrolment_steps(services, anna)
    services.identity.two_factor.confirm(anna, TotpCode(phone.code()))
    made_after = now - CODES_SHOWN_FOR
    found = run(installation, lambda tx: recovery_code_store.hand_over_unsaved(tx, anna.account.id, "s", made_after, latest_credible(now)))
    assert (found is not None) is handed_over


def last_steps(installation: Installation) -> list[int | None]:
    with installation.services.database.read() as connection:
        return list(connection.execute(select(TOTP_AUTHENTICATOR.c.last_step).order_by(TOTP_AUTHENTICATOR.c.id)).scalars())


def test_only_steps_of_the_future_are_brought_back(installation: Installation) -> None:
    """To the step of now and never to nothing; what a node slightly ahead has used stays used, and so do other accounts' steps."""
    services = installation.services
    anna = protected(services)
    installation.clock.advance(seconds=1)
    added(services, anna.caller, "tablet")
    installation.clock.advance(seconds=1)
    protected(services, "berta@example.com")
    now = installation.clock.now()
    latest, step = latest_credible_step(now), step_at(now)
    with services.database.write() as connection:
        ids = list(connection.execute(select(AUTHENTICATOR.c.id).order_by(AUTHENTICATOR.c.id)).scalars())
        for authenticator_id, last_step in zip(ids, (latest, latest + 1, latest + 1), strict=True):
            of_this = update(TOTP_AUTHENTICATOR).where(TOTP_AUTHENTICATOR.c.id == authenticator_id)
            connection.execute(of_this.values(last_step=last_step))
        connection.commit()
    assert run(installation, lambda tx: totp_store.bring_back(tx, anna.account.id, latest, step)) == 1
    assert last_steps(installation) == [latest, step, latest + 1]
    assert run(installation, lambda tx: totp_store.bring_back(tx, anna.account.id, latest, step)) == 0


def test_no_code_is_good_twice_after_the_clock_was_put_right(installation: Installation) -> None:
    """Neither one that was used before the clock went ahead, nor one that was told to be right while it was refused."""
    services, clock = installation.services, installation.clock
    anna = protected(services)
    used = anna.phone.code()
    completed(services, pending(services), TotpCode(used))
    year_ahead(installation)
    completed(services, pending(services), TotpCode(anna.phone.code()))
    year_ahead(installation, -365)
    waiting = pending(services)
    told = anna.phone.code(steps=1)
    assert send_code(installation, waiting, told) == Denied(ProofRefusal.CLOCK_WAS_AHEAD)
    assert services.identity.administration.reset_clock("anna@example.com") is not None
    for code in (used, told):
        assert refused(send_code(installation, waiting, code)).reason is ProofRefusal.CODE_ALREADY_USED
    clock.advance(seconds=30)
    assert refused(send_code(installation, waiting, told)).reason is ProofRefusal.CODE_ALREADY_USED
    clock.advance(seconds=30)
    assert isinstance(send_code(installation, waiting, anna.phone.code()), SignedIn)


def test_a_step_that_was_refused_in_the_future_stays_refused(installation: Installation) -> None:
    """What the operator puts right is what was used last, and nothing else."""
    services = installation.services
    anna = protected(services)
    year_ahead(installation)
    ahead = step_at(installation.clock.now())
    completed(services, pending(services), TotpCode(anna.phone.code()))
    with services.database.read() as connection:
        authenticator_id = connection.execute(select(AUTHENTICATOR.c.id)).scalar_one()
    run(installation, lambda tx: totp_store.refuse_steps(tx, authenticator_id, [ahead + 5]))
    year_ahead(installation, -365)
    services.identity.administration.reset_clock("anna@example.com")
    with services.database.read() as connection:
        assert connection.execute(select(REFUSED_STEP.c.step)).scalar_one() == ahead + 5
    assert not run(installation, lambda tx: totp_store.consume_step(tx, authenticator_id, ahead + 5))
    assert run(installation, lambda tx: totp_store.consume_step(tx, authenticator_id, ahead + 4))


def test_recovery_codes_and_resets_work_while_codes_of_the_app_do_not(installation: Installation) -> None:
    """No one waits for the operator with the codes on paper, and the operator's stronger means works as ever."""
    services = installation.services
    anna = protected(services)
    year_ahead(installation)
    completed(services, pending(services), TotpCode(anna.phone.code()))
    year_ahead(installation, -365)
    waiting = pending(services)
    assert send_code(installation, waiting, anna.phone.code()) == Denied(ProofRefusal.CLOCK_WAS_AHEAD)
    assert completed(services, waiting, recovery_code(anna.codes[0]))
    assert services.identity.re_enrolment.is_open(reset(services))


def send_code(installation: Installation, waiting: Token, code: str) -> SecondStepOutcome:
    return prove(installation.services.identity, waiting, TotpCode(code), CLIENT)


@pytest.mark.parametrize(("ahead", "exempt"), AHEAD)
def test_an_exemption_that_lasts_longer_than_any_may_is_none_in_the_roster(installation: Installation, ahead: int, *, exempt: bool) -> None:
    """It was given by a clock that was ahead, and counts for nothing at the sign-in: its member is reminded like the others."""
    services = installation.services
    owner = protected(services, "owner@example.com").caller
    signed_in(services, BERTA)
    exempt_until(installation, BERTA, installation.clock.now() + LONGEST_EXEMPTION + ahead)
    assert (member(services, owner, BERTA).exempt_until is not None) is exempt
    page = roster(services, owner, RosterFilter(state=MemberState.EXEMPT))
    assert ([one.account.email for one in page.members], page.counts.exempt) == (([BERTA], 1) if exempt else ([], 0))
    assert reminding(installation).remind(owner) == (Denied(ReminderRefusal.NOBODY_TO_REMIND) if exempt else Reminded(1))


@pytest.mark.parametrize(("ahead", "reminded"), AHEAD)
def test_a_reminder_of_the_future_is_not_what_was_sent_today(installation: Installation, ahead: int, *, reminded: bool) -> None:
    """Else nobody would be reminded until the day that it is dated to."""
    services = installation.services
    owner = protected(services, "owner@example.com").caller
    signed_in(services, BERTA)
    assert reminding(installation).remind(owner) == Reminded(1)
    with services.database.write() as connection:
        connection.execute(update(OUTBOX).values(state=MailState.SENT.value, ended_at=installation.clock.now() + ahead))
        connection.commit()
    assert roster(services, owner).counts.to_remind == (0 if reminded else 1)
    assert reminding(installation).remind(owner) == (Denied(ReminderRefusal.NOBODY_TO_REMIND) if reminded else Reminded(1))
