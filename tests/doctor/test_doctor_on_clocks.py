"""What a clock that was wrong leaves behind, and phones that agree with each other against the server."""

import re

import pytest
from sqlalchemy import update

from tests.doctor.report import run_doctor
from tests.doctor.test_bounded_checks import on_the_page
from tests.doctor.test_doctor_on_accounts import add_apps
from tests.support.command_line import Shell
from tests.support.installation import CLIENT, Installation
from tests.support.many_accounts import add_accounts
from tests.support.people import Person, enrolment_steps, pending, protected, prove, signed_in
from tests.support.query_plans import recorded
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.times import HOUR, MINUTE
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.factors.reset import remove_all_factors
from xpressbot.identity.factors.totp import doctor_checks
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.factors.totp.rules.totp import latest_credible_step
from xpressbot.identity.tables import TOTP_AUTHENTICATOR

NAMES = ["anna@example.com", "berta@example.com", "carl@example.com", "dora@example.com"]


def use_steps(installation: Installation, emails: list[str], beyond: int) -> None:
    """People whose apps have used a step so far beyond what can be."""
    step = latest_credible_step(SystemClock().now()) + beyond
    accounts = [installation.add_account(email).id for email in emails]
    add_apps(installation, accounts, last_step=step)


def test_accounts_whose_codes_are_refused_are_named_with_the_command(shell: Shell, installation: Installation) -> None:
    """Until the operator has run it for them; not those that are disabled."""
    use_steps(installation, NAMES, beyond=10)
    installation.services.identity.administration.set_status(NAMES[3], AccountStatus.DISABLED)
    report = run_doctor(shell)
    finding = report.about("codes_of_the_future")
    assert report.code == 2
    assert finding["facts"] == {"accounts": [{"email": email} for email in NAMES[:3]]}
    assert "anna@example.com, berta@example.com, carl@example.com" in finding["what"]
    assert "If it is right, run for each of them: xpressbot 2fa clock-reset E" in finding["remedy"]
    for email in NAMES[:3]:
        assert shell.run("2fa", "clock-reset", email).code == 0
    assert "codes_of_the_future" not in run_doctor(shell).problems


def test_a_step_that_another_node_may_have_used_is_well(shell: Shell, installation: Installation) -> None:
    """Clocks of nodes may differ by two minutes."""
    use_steps(installation, NAMES[:1], beyond=-1)
    assert "codes_of_the_future" not in run_doctor(shell).problems


def test_after_a_clock_was_ahead_the_doctor_is_content_once_all_is_put_right(
    shell: Shell, installation: Installation, anna: Person
) -> None:
    """A year ahead, a sign-in, and back: it says both that the clock may be behind and what to do if it is right."""
    services, clock = installation.services, installation.clock
    clock.advance(hours=24 * 365)
    waiting = pending(services)
    prove(services.identity, waiting, TotpCode(anna.phone.code()), CLIENT)
    clock.advance(hours=-24 * 365)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (2, {"clock_set_back", "codes_of_the_future"})
    remedy = report.about("clock_set_back")["remedy"]
    assert remedy.startswith("If this machine's clock is wrong, set it by NTP. If it is right, sessions, sign-ins and links that are dated")
    assert shell.run("2fa", "clock-reset", anna.account.email).code == 0
    assert run_doctor(shell).code == 0


def sight(installation: Installation, person: Person, steps: int) -> None:
    """A code of a phone that is off by so many steps, at the sign-in."""
    code = person.phone.code(steps=steps)
    prove(installation.services.identity, pending(installation.services, person.account.email), TotpCode(code), CLIENT)


@pytest.fixture
def people(installation: Installation) -> list[Person]:
    return [protected(installation.services, email) for email in NAMES]


@pytest.mark.parametrize(("steps", "direction"), [(-4, "behind"), (4, "ahead")])
def test_three_phones_that_are_off_alike_make_the_doctor_ask_for_the_servers_clock(
    shell: Shell, installation: Installation, people: list[Person], steps: int, direction: str
) -> None:
    """A warning with NTP as its remedy; two phones are two wrong phones."""
    for person in people[:2]:
        sight(installation, person, steps)
    assert run_doctor(shell).problems == set()
    sight(installation, people[2], steps + 1)
    report = run_doctor(shell)
    assert (report.code, report.problems) == (1, {"phones_agree"})
    finding = report.about("phones_agree")
    assert finding["facts"] == {"phones": 3, "seconds": 120, "direction": direction}
    assert "it may be this machine's clock that is wrong" in finding["what"]
    assert "NTP" in finding["remedy"]


def test_phones_that_are_off_each_in_its_own_way_are_wrong_phones(shell: Shell, installation: Installation, people: list[Person]) -> None:
    """In both directions, or by different amounts; and one person with three refused codes is one phone."""
    for person, steps in zip(people, (-4, 4, -7, 7), strict=True):
        sight(installation, person, steps)
    for _try in range(3):
        sight(installation, people[0], -4)
    assert run_doctor(shell).problems == set()


@pytest.mark.parametrize("when", [-HOUR - MINUTE, 3 * MINUTE], ids=["an hour ago", "in the future"])
def test_refused_codes_of_another_time_tell_nothing_of_this_clock(
    shell: Shell, installation: Installation, people: list[Person], when: int
) -> None:
    """The clock may have been set since."""
    for person in people:
        sight(installation, person, -4)
    with installation.services.database.write() as connection:
        connection.execute(update(TOTP_AUTHENTICATOR).values(sighted_at=TOTP_AUTHENTICATOR.c.sighted_at + when))
        connection.commit()
    assert run_doctor(shell).problems == set()


def test_a_right_code_takes_a_phone_out_of_the_count(shell: Shell, installation: Installation, people: list[Person]) -> None:
    """A person who typed late, and then the next code, has shown that both clocks are right."""
    for person in people[:3]:
        sight(installation, person, -2)
    assert run_doctor(shell).problems == {"phones_agree"}
    sight(installation, people[0], 0)
    assert run_doctor(shell).problems == set()


def test_phones_that_are_being_set_up_count_too(shell: Shell, installation: Installation) -> None:
    """On a new server with a wrong clock no one gets further than that."""
    services = installation.services
    for email in NAMES[:3]:
        caller = signed_in(services, email)
        phone, _secret = enrolment_steps(services, caller)
        services.identity.two_factor.confirm(caller, TotpCode(phone.code(steps=-4)))
    report = run_doctor(shell)
    assert report.about("phones_agree")["facts"]["phones"] == 3


def test_apps_that_are_gone_tell_nothing(shell: Shell, installation: Installation) -> None:
    """Their codes open nothing anyway, whenever they were used or refused."""
    now, services = SystemClock().now(), installation.services
    used = {"last_used_at": now + HOUR, "last_step": latest_credible_step(now) + 10}
    sighted = {"sighted_step": 1, "sighted_offset": -4, "sighted_at": now}
    accounts = [installation.add_account(email).id for email in NAMES]
    add_apps(installation, accounts, **used, **sighted)
    with Transactions(services.database).writing() as tx:
        for account_id in accounts:
            remove_all_factors(tx, services.identity.kinds, account_id)
        tx.commit()
    assert run_doctor(shell).problems == set()


def test_an_app_that_was_set_up_at_last_keeps_no_sighting(installation: Installation) -> None:
    """At the sign-in, explaining a wrong clock takes two codes from then on."""
    services = installation.services
    caller = signed_in(services)
    phone, _secret = enrolment_steps(services, caller)
    services.identity.two_factor.confirm(caller, TotpCode(phone.code(steps=-4)))
    services.identity.two_factor.confirm(caller, TotpCode(phone.code()))
    with services.database.read() as connection:
        row = connection.execute(TOTP_AUTHENTICATOR.select()).one()
    assert (row.sighted_step, row.sighted_offset, row.sighted_at) == (None, None, None)


def test_a_page_looks_at_the_newest_apps(
    shell: Shell, installation: Installation, people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many of them; the doctor looks at all."""
    for person in people:
        sight(installation, person, -4)
    with installation.services.database.write() as connection:
        connection.execute(update(TOTP_AUTHENTICATOR).values(last_step=latest_credible_step(SystemClock().now()) + 100))
        connection.commit()
    monkeypatch.setattr(doctor_checks, "APPS_LOOKED_AT", 2)
    assert on_the_page(installation, "phones_agree") == []
    assert [len(facts["accounts"]) for facts in on_the_page(installation, "codes_of_the_future")] == [2]
    report = run_doctor(shell)
    assert report.about("phones_agree")["facts"]["phones"] == 4
    assert len(report.about("codes_of_the_future")["facts"]["accounts"]) == 4


@pytest.mark.parametrize("about", ["last_step >", "sighted_at >"])
def test_a_page_reads_no_more_apps_than_it_looks_at(installation: Installation, monkeypatch: pytest.MonkeyPatch, about: str) -> None:
    """They come in the order of their key, and the engine stops when it has enough: it neither reads nor sorts them all."""
    add_accounts(installation, accounts=1500)
    monkeypatch.setattr(doctor_checks, "APPS_LOOKED_AT", 10)
    with recorded(installation) as statements:
        installation.services.background_check.renew()
    ((statement, parameters),) = [(text, given) for text, given in statements if about in text]
    with installation.services.database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            read = [step for step in plan if re.match(r"(SCAN|SEARCH) totp_authenticator\b", step)]
            assert [step.startswith("SCAN totp_authenticator USING INDEX") for step in read] == [True]
        else:
            connection.exec_driver_sql("ANALYZE")
            explained = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
            assert "Limit" in explained
            assert re.findall(r"(\S+ Scan.*?) on totp_authenticator\b", explained) == ["Index Scan Backward using pk_totp_authenticator"]
