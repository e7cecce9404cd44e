"""An older copy of the database, put in the place of a newer one: what was open in it opens nothing."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from tests.support.command_line import Shell
from tests.support.installation import CLIENT, Installation
from tests.support.people import Person, completed, enrolling, must_enrol, pending, protected, recovery_code, reset, signed_in
from xpressbot.bootstrap import Outside, end_what_is_open
from xpressbot.entrypoints.house import House
from xpressbot.foundation.database.engine import METADATA
from xpressbot.foundation.database.key_state import KEY_STATE
from xpressbot.foundation.database.leases import LEASE
from xpressbot.foundation.database.observations import OBSERVATION
from xpressbot.identity.adapters.database.restored_rows import ENDED, KEPT
from xpressbot.identity.adapters.database.tables import ACCOUNT, AUTHENTICATOR, SECURITY_EVENT
from xpressbot.identity.application.re_enrolment import Enrollee
from xpressbot.identity.application.second_factor import TotpCode
from xpressbot.identity.domain.account import AccountStatus
from xpressbot.identity.domain.outcomes import Denied, Done, Reason
from xpressbot.identity.domain.restoring import Open, Restored
from xpressbot.identity.domain.token import Token
from xpressbot.identity.domain.totp import step_at


@pytest.fixture
def house(installation: Installation) -> House:
    return installation.house


@pytest.fixture
def anna(house: House) -> Person:
    """The owner, with 2FA on and one session."""
    return protected(house)


def after_restore(installation: Installation) -> Restored:
    """What `restore` and `db after-restore` do, in the time of the test."""
    return end_what_is_open(installation.house.settings.url, Outside(installation.clock, installation.entropy))


def test_each_kind_of_what_is_open_is_ended_and_counted(installation: Installation, house: House, anna: Person) -> None:
    """Sessions, a half-done sign-in, two links, an unfinished set-up, and recovery codes that wait for Continue."""
    cem = signed_in(house, "cem@example.com")
    enrolling(house, cem)
    dora = protected(house, "dora@example.com")
    link = reset(house, dora.account.email)
    invitation = house.identity.registration.invite("emil@example.com")
    assert isinstance(invitation, Token)
    assert house.identity.recovery_codes.regenerate(anna.caller) == Done()
    waiting = pending(house)
    now = installation.clock.now()

    restored = after_restore(installation)

    ended = {Open.SESSION: 2, Open.PENDING_SIGN_IN: 1, Open.LINK: 2, Open.ENROLMENT: 1, Open.PREPARED_CODES: 1}
    assert restored == Restored(accounts=3, newest_record=now, without_link=1, ended=ended)
    for caller in (anna.caller, cem):
        assert house.identity.sessions.resolve(replace(CLIENT, session=caller.client.session)) is None
    assert isinstance(house.identity.sign_in.verify_second_factor(waiting, recovery_code(anna.codes[0]), CLIENT), Denied)
    enrollee = house.identity.re_enrolment.enrollee(must_enrol(house, dora.account.email), link, CLIENT)
    assert isinstance(enrollee, Enrollee)
    assert not isinstance(house.identity.re_enrolment.start(enrollee), Done)
    assert house.identity.registration.invited(invitation) is None


def test_it_can_be_repeated(installation: Installation, anna: Person) -> None:
    """The second time there is nothing to end."""
    first, second = after_restore(installation), after_restore(installation)
    assert (first.ended[Open.SESSION], second.ended) == (1, dict.fromkeys(Open, 0))
    assert second.accounts == 1


def test_people_sign_in_again_with_what_they_have(installation: Installation, house: House, anna: Person) -> None:
    """Password, app and recovery codes go on; the app's from the next minute."""
    after_restore(installation)
    completed(house, pending(house), recovery_code(anna.codes[0]))
    installation.clock.advance(seconds=60)
    completed(house, pending(house), TotpCode(anna.phone.code()))


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_that_counts_at_the_moment_counts_no_more(installation: Installation, house: House, anna: Person, steps: int) -> None:
    """It may have been used after the backup was made (RFC 6238 section 5.2: accepted once)."""
    code = TotpCode(anna.phone.code(steps=steps))
    after_restore(installation)
    outcome = house.identity.sign_in.verify_second_factor(pending(house), code, CLIENT)
    assert isinstance(outcome, Denied)
    assert outcome.reason is Reason.CODE_ALREADY_USED


def test_a_later_step_that_was_used_stays_used(installation: Installation, house: House, anna: Person) -> None:
    """What is refused already is never let in again."""
    later = step_at(installation.clock.now()) + 5
    with house.database.write() as connection:
        connection.execute(update(AUTHENTICATOR).values(last_step=later))
        connection.commit()
    after_restore(installation)
    assert column(house, AUTHENTICATOR.c.last_step) == [later]


def test_every_security_version_rises(installation: Installation, house: House, anna: Person) -> None:
    """So whatever carries the version an account had is void, be it in a table that the list does not know."""
    signed_in(house, "cem@example.com")
    before = column(house, ACCOUNT.c.security_version)
    after_restore(installation)
    assert column(house, ACCOUNT.c.security_version) == [version + 1 for version in before]


def test_it_leaves_no_security_event_and_changes_no_status(installation: Installation, house: House, anna: Person) -> None:
    """It happens to the installation and to nobody in particular; who was disabled stays so."""
    signed_in(house, "cem@example.com")
    house.identity.administration.set_status("cem@example.com", AccountStatus.DISABLED)
    before = column(house, func.count(SECURITY_EVENT.c.seq)), column(house, ACCOUNT.c.status)
    after_restore(installation)
    assert (column(house, func.count(SECURITY_EVENT.c.seq)), column(house, ACCOUNT.c.status)) == before


def test_each_table_says_what_becomes_of_it() -> None:
    """A new one, with mails that wait say, must be put into one of the lists."""
    ended = {table for table, _rows in ENDED.values()}
    of_foundation = {KEY_STATE, LEASE, OBSERVATION}
    assert ended | KEPT | of_foundation | {AUTHENTICATOR} == set(METADATA.tables.values())
    assert not (ended - {AUTHENTICATOR}) & KEPT
    assert set(ENDED) == set(Open)


def test_the_command_does_it_and_says_what_is_old(installation: Installation, house: House, anna: Person) -> None:
    """After pg_restore, say: how many came back and from when, what ended, and what an operator must see to."""
    settings = house.settings
    shell = Shell(settings.key_file.parent, {"XPRESSBOT_KEY_FILE": "nowhere.json", "XPRESSBOT_DATABASE_URL": settings.database_url})
    reset(house, anna.account.email)
    answer = shell.run("db", "after-restore")
    assert (answer.code, answer.err) == (0, "")
    assert "Accounts that came back: 1. The newest record is from 20" in answer.out
    assert "sessions: 0, half-done sign-ins: 0, links: 1, unfinished set-ups of 2FA: 0, recovery codes not yet in force: 0" in answer.out
    assert "Accounts that wait for 2FA to be set up again after a reset: 1." in answer.out
    for old in ("disabled since are enabled", "passwords and 2FA that were changed", "recovery codes that were used since are good again"):
        assert old in answer.out
    assert not (settings.key_file.parent / "nowhere.json").exists()


def column(house: House, selected: object) -> Sequence[object]:
    with house.database.read() as connection:
        return connection.execute(select(selected)).scalars().all()
