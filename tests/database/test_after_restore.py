"""An older copy of the database, put in the place of a newer one: what was open in it opens nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import pytest
from sqlalchemy import ColumnElement, func, select, update

from tests.support.command_line import Shell
from tests.support.installation import CLIENT, Installation
from tests.support.mailed_links import email_link, links_to
from tests.support.people import (
    Person,
    completed,
    enrolment_steps,
    invited_address,
    must_enrol,
    not_me_link,
    pending,
    protected,
    prove,
    recovery_code,
    reset,
    signed_in,
)
from xpressbot.bootstrap import end_what_is_open
from xpressbot.chat import retention as retention_of_chat
from xpressbot.diagnostics.observations import OBSERVATION
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.key_state import KEY_STATE
from xpressbot.foundation.database.engine import METADATA
from xpressbot.foundation.database.leases import LEASE
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.mail import claims, outbox
from xpressbot.foundation.mail.outbox import OUTBOX, MailState, NewMail, Priority
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.administration.after_restore import Restored
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.factors.totp.rules.totp import step_at
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, Done
from xpressbot.identity.passwords.this_wasnt_me import Report
from xpressbot.identity.profile.email_confirmation import EMAIL_CHANGED_MAIL, EmailChanged
from xpressbot.identity.profile.email_stop import Stop
from xpressbot.identity.sign_in.re_enrolment import Enrollee
from xpressbot.identity.tables import ACCOUNT, SECURITY_EVENT, TOTP_AUTHENTICATOR
from xpressbot.identity.use_cases import at_restore

T = TypeVar("T")


@pytest.fixture
def services(installation: Installation) -> Services:
    return installation.services


@pytest.fixture
def anna(services: Services) -> Person:
    """The owner, with 2FA on and one session."""
    return protected(services)


def after_restore(installation: Installation) -> Restored:
    """What `restore` and `db after-restore` do, in the time of the test."""
    return end_what_is_open(installation.services.settings.url, System(installation.clock, installation.entropy))


def test_each_kind_of_what_is_open_is_ended_and_counted(installation: Installation, services: Services, anna: Person) -> None:
    """Sessions, a half-done sign-in, links, an unfinished set-up, mails, recovery codes before "Continue"."""
    cem = signed_in(services, "cem@example.com")
    enrolment_steps(services, cem)
    dora = protected(services, "dora@example.com")
    link = reset(services, dora.account.email)
    invitation = services.identity.invitations.issue("emil@example.com")
    assert isinstance(invitation, Token)
    assert services.identity.recovery_codes.regenerate(anna.caller) == Done()
    waiting = pending(services)
    services.identity.forgotten.ask(anna.account.email, CLIENT)
    now = installation.clock.now()

    restored = after_restore(installation)

    ended = {
        "sessions": 2,
        "half-done sign-ins": 1,
        "links": 2,
        "unfinished set-ups of 2FA": 1,
        "invitations": 1,
        "requested resets": 0,
        "mails not sent": 4,
        "recovery codes not yet in force": 1,
    }
    assert restored == Restored(accounts=3, newest_record=now, without_link=1, ended=ended)
    for caller in (anna.caller, cem):
        assert services.identity.sessions.resolve(replace(CLIENT, session=caller.client.session)) is None
    assert isinstance(prove(services.identity, waiting, recovery_code(anna.codes[0]), CLIENT), Denied)
    enrollee = services.identity.re_enrolment.enrollee(must_enrol(services, dora.account.email), link, CLIENT)
    assert isinstance(enrollee, Enrollee)
    assert not isinstance(services.identity.re_enrolment.start(enrollee, Totp.name), Done)
    assert invited_address(services.identity, invitation) is None


def test_the_address_before_a_change_is_still_told_of_it(installation: Installation, services: Services) -> None:
    """The change came back with the copy, without a link that stops it: its mail goes on waiting. All others end. (PEOPLE 14, 25)."""
    cem = signed_in(services, "cem@example.com")
    token = email_link(installation, cem, "cem@example.net")
    services.identity.forgotten.ask("cem@example.com", CLIENT)
    assert isinstance(services.identity.email_confirmation.confirm(cem, token), EmailChanged)
    assert after_restore(installation).ended["mails not sent"] == 2
    assert column(services, select(OUTBOX.c.kind).where(OUTBOX.c.state == "waiting").scalar_subquery()) == ["email-changed"]
    (stop,) = links_to(installation, "cem@example.com", LinkKind.EMAIL_STOP)
    assert isinstance(services.identity.email_stop.stop(stop, CLIENT), Stop)


def test_mails_that_were_given_up_end(installation: Installation, services: Services) -> None:
    """Whatever they tell: `mail retry` sends nothing that was given up before the backup."""
    transactions, now = Transactions(services.database), installation.clock.now()
    with transactions.writing() as tx:
        for number, kind in enumerate(("notice", EMAIL_CHANGED_MAIL)):
            outbox.add(tx, f"{number:032}", NewMail(kind, Priority.URGENT, None, {}, now))
            mail = claims.claim(tx, now, now + 1)
            assert mail is not None
            claims.end(tx, mail, MailState.DEAD, now)
        tx.commit()
    assert after_restore(installation).ended["mails not sent"] == 2
    assert services.mail.revive_dead_letters() == 0


def test_links_of_before_open_nothing_unless_they_take_power_away(installation: Installation, services: Services, anna: Person) -> None:
    """Those for a new password and for an address end. "This wasn't me" and the one that stops a change go on."""
    identity, address = services.identity, anna.account.email
    not_me = not_me_link(services)
    confirmation = email_link(installation, anna.caller, "anna@example.net")
    password = identity.password_reset.issue(address)
    assert isinstance(password, Token)
    assert identity.email_confirmation.is_open(confirmation)
    after_restore(installation)
    assert identity.password_reset.account_of(password) is None
    assert not identity.email_confirmation.is_open(confirmation)
    assert isinstance(identity.this_wasnt_me.report(not_me, CLIENT), Report)


def test_it_can_be_repeated(installation: Installation, anna: Person) -> None:
    """The second time there is nothing to end."""
    first, second = after_restore(installation), after_restore(installation)
    assert (first.ended["sessions"], second.ended) == (1, dict.fromkeys(first.ended, 0))
    assert second.accounts == 1


def test_people_sign_in_again_with_what_they_have(installation: Installation, services: Services, anna: Person) -> None:
    """Password, app and recovery codes go on; the app's from the next minute."""
    after_restore(installation)
    completed(services, pending(services), recovery_code(anna.codes[0]))
    installation.clock.advance(seconds=60)
    completed(services, pending(services), TotpCode(anna.phone.code()))


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_that_counts_at_the_moment_counts_no_more(installation: Installation, services: Services, anna: Person, steps: int) -> None:
    """It may have been used after the backup was made (RFC 6238 section 5.2: accepted once)."""
    code = TotpCode(anna.phone.code(steps=steps))
    after_restore(installation)
    outcome = prove(services.identity, pending(services), code, CLIENT)
    assert isinstance(outcome, Denied)
    assert outcome.reason is ProofRefusal.CODE_ALREADY_USED


def test_a_later_step_that_was_used_stays_used(installation: Installation, services: Services, anna: Person) -> None:
    """What is refused already is never let in again."""
    later = step_at(installation.clock.now()) + 5
    with services.database.write() as connection:
        connection.execute(update(TOTP_AUTHENTICATOR).values(last_step=later))
        connection.commit()
    after_restore(installation)
    assert column(services, TOTP_AUTHENTICATOR.c.last_step) == [later]


def test_every_security_version_rises(installation: Installation, services: Services, anna: Person) -> None:
    """So whatever carries the version an account had is void, be it in a table that the list does not know."""
    signed_in(services, "cem@example.com")
    before = column(services, ACCOUNT.c.security_version)
    after_restore(installation)
    assert column(services, ACCOUNT.c.security_version) == [version + 1 for version in before]


def test_it_leaves_no_security_event_and_changes_no_status(installation: Installation, services: Services, anna: Person) -> None:
    """It happens to the installation and to no account in particular; who was disabled stays so."""
    signed_in(services, "cem@example.com")
    services.identity.administration.set_status("cem@example.com", AccountStatus.DISABLED)
    before = column(services, func.count(SECURITY_EVENT.c.seq)), column(services, ACCOUNT.c.status)
    after_restore(installation)
    assert (column(services, func.count(SECURITY_EVENT.c.seq)), column(services, ACCOUNT.c.status)) == before


def test_each_table_says_what_becomes_of_it(services: Services) -> None:
    """Once: a new one, with mails that wait say, must stand in the list of its package or kind."""
    of_foundation = [KEY_STATE, LEASE, OBSERVATION]
    of_packages = [*at_restore(services.identity.kinds), *retention_of_chat.AT_RESTORE]
    said = Counter(table.name for table in (*(said.table for said in of_packages), *of_foundation))
    assert said == dict.fromkeys(METADATA.tables, 1)


def test_the_command_does_it_and_says_what_is_old(installation: Installation, services: Services, anna: Person) -> None:
    """After pg_restore, say: how many came back and from when, what ended, and what an operator must see to."""
    settings = services.settings
    shell = Shell(settings.key_file.parent, {"XPRESSBOT_KEY_FILE": "nowhere.json", "XPRESSBOT_DATABASE_URL": settings.database_url})
    reset(services, anna.account.email)
    answer = shell.run("db", "after-restore")
    assert (answer.code, answer.err) == (0, "")
    assert "Accounts that came back: 1. The newest record is from 20" in answer.out
    assert "sessions: 0, half-done sign-ins: 0, links: 1, unfinished set-ups of 2FA: 0, " in answer.out
    assert "mails not sent: 2" in answer.out
    assert "Accounts that wait for 2FA to be set up again after a reset: 1." in answer.out
    for old in ("disabled since are enabled", "passwords and 2FA that were changed", "recovery codes that were used since are good again"):
        assert old in answer.out
    assert not (settings.key_file.parent / "nowhere.json").exists()


def column(services: Services, selected: ColumnElement[T]) -> Sequence[T]:
    with services.database.read() as connection:
        return connection.execute(select(selected)).scalars().all()
