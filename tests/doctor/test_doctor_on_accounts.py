"""What the operator should know of people: set-ups left unfinished, recovery codes that run out, factors that are suspended."""

from collections.abc import Sequence

import pytest
from sqlalchemy import insert, update

from tests.doctor.report import run_doctor
from tests.support.command_line import Shell
from tests.support.installation import Installation
from tests.support.optional import present
from tests.support.people import Person, enrolment_steps, protected, signed_in
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.factors.recovery_codes.rules import FEW_CODES
from xpressbot.identity.tables import AUTHENTICATOR, RECOVERY_CODE, RECOVERY_CODE_SET, THROTTLE_BUCKET, TOTP_AUTHENTICATOR
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling.rules import PASSWORD, SECOND_FACTOR, Bucket

METHODS = [("totp", "otp"), ("recovery_code", "recovery_code")]


def test_unfinished_set_ups_are_counted_once_their_time_is_over(shell: Shell, installation: Installation) -> None:
    """A note, since they open nothing; one that is still open is left alone."""
    enrolment_steps(installation.services, signed_in(installation.services))
    assert run_doctor(shell).problems == set()
    enrolment_steps(installation.services, signed_in(installation.services, "berta@example.com"))
    with installation.services.database.write() as connection:
        connection.execute(update(AUTHENTICATOR).values(expires_at=1))
        connection.commit()
    report = run_doctor(shell)
    assert (report.code, report.problems) == (0, {"enrolments_expired"})
    assert report.about("enrolments_expired")["severity"] == "note"
    assert report.about("enrolments_expired")["facts"] == {"count": 2}


def test_accounts_whose_recovery_codes_run_out_are_named(shell: Shell, installation: Installation) -> None:
    """From as many on as sign-in warns from, fewest first; not those without 2FA, nor those that are disabled."""
    services = installation.services
    left = {"anna": FEW_CODES + 1, "berta": FEW_CODES, "carl": 0, "dora": 1}
    for name, count in left.items():
        spend(installation, protected(services, f"{name}@example.com"), but=count)
    signed_in(services, "emil@example.com")
    services.identity.administration.set_status("dora@example.com", AccountStatus.DISABLED)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (1, {"few_recovery_codes"})
    assert report.about("few_recovery_codes")["facts"]["accounts"] == [
        {"email": "carl@example.com", "left": 0},
        {"email": "berta@example.com", "left": FEW_CODES},
    ]


def test_of_many_accounts_the_words_name_ten_and_the_facts_all(shell: Shell, installation: Installation) -> None:
    """A page and a terminal have an end."""
    accounts = [installation.add_account(f"person{number:02}@example.com") for number in range(12)]
    add_apps(installation, [account.id for account in accounts])
    finding = run_doctor(shell).about("few_recovery_codes")
    assert len(finding["facts"]["accounts"]) == 12
    assert finding["what"].endswith("person09@example.com (0) and 2 more.")


@pytest.mark.parametrize(("factor", "method"), METHODS)
def test_an_account_with_a_suspended_factor_is_named(
    shell: Shell, installation: Installation, anna: Person, factor: str, method: str
) -> None:
    """At the count that suspends and not before; which of the two is said."""
    bucket, suspend_at = throttle.second_factor(factor, anna.account.id), present(SECOND_FACTOR.suspend_at)
    charge(installation, bucket, suspend_at - 1)
    assert run_doctor(shell).code == 0
    charge(installation, bucket, suspend_at)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (1, {"second_factor_suspended"})
    finding = report.about("second_factor_suspended")
    assert finding["facts"]["accounts"] == [{"email": anna.account.email, "method": method}]
    assert finding["remedy"].endswith("xpressbot 2fa reset E --reason R.")


def test_wrong_passwords_suspend_no_account(shell: Shell, installation: Installation, anna: Person) -> None:
    """However many there were."""
    charge(installation, throttle.stranger(anna.account.id), present(PASSWORD.alarm_at))
    assert run_doctor(shell).code == 0


def add_apps(installation: Installation, accounts: Sequence[str], last_used_at: int | None = None, **totp: int) -> None:
    """Write an app for each of these accounts, the oldest first."""
    common = {"kind": "totp", "name": "", "state": "active", "created_at": 1, "confirmed_at": 1, "last_used_at": last_used_at}
    plan = {"security_version": 1, "plan": "replace", "renews_backups": False}
    ids = [{"id": f"{number}", "account_id": account_id} for number, account_id in enumerate(accounts)]
    with installation.services.database.write() as connection:
        connection.execute(insert(AUTHENTICATOR), [common | plan | row for row in ids])
        connection.execute(insert(TOTP_AUTHENTICATOR), [{"secret": b""} | totp | row for row in ids])
        connection.commit()


def spend(installation: Installation, person: Person, *, but: int) -> None:
    """Use up a person's codes, except some."""
    theirs = RECOVERY_CODE_SET.c.account_id == person.account.id
    used = update(RECOVERY_CODE).where(RECOVERY_CODE.c.set_id == RECOVERY_CODE_SET.c.id, theirs, RECOVERY_CODE.c.position > but)
    with installation.services.database.write() as connection:
        connection.execute(used.values(used_at=1))
        connection.commit()


def charge(installation: Installation, bucket: Bucket, tries: int) -> None:
    """Leave this many tries in a bucket, as an attacker with much patience would."""
    with installation.services.database.write() as connection:
        if not connection.execute(update(THROTTLE_BUCKET).where(THROTTLE_BUCKET.c.key == bucket.key).values(tries=tries)).rowcount:
            row = {"key": bucket.key, "tries": tries, "next_allowed_at": 0, "window_began_at": 0, "charged_at": 0, "reported_tries": 0}
            connection.execute(insert(THROTTLE_BUCKET).values(row))
        connection.commit()
