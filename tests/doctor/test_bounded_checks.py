"""What the owner's page asks of the accounts has a bound; xpressbot doctor asks of them all."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, text

from tests.doctor.conftest import sqlite_only
from tests.doctor.report import run_doctor
from tests.doctor.test_doctor_on_accounts import METHODS, add_apps, charge
from tests.support.command_line import Shell
from tests.support.databases import sqlite_driver
from tests.support.engine_events import listening
from tests.support.installation import Installation
from tests.support.optional import present
from tests.support.people import Person
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.times import HOUR
from xpressbot.identity.administration import installation_queries as queries
from xpressbot.identity.factors.recovery_codes import doctor_checks as recovery_codes
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling.rules import SECOND_FACTOR

NAMES = [f"person{number}@example.com" for number in range(4)]


def add_people(installation: Installation) -> list[str]:
    """People with 2FA and no recovery code left, who have had their apps since one after the other; their accounts."""
    accounts = [installation.add_account(email).id for email in NAMES]
    add_apps(installation, accounts)
    return accounts


def on_the_page(installation: Installation, problem: str) -> list[Mapping[str, Any]]:
    """The facts of what the owner's page tells of a problem."""
    installation.services.background_check.renew()
    return [
        finding.facts
        for finding in present(installation.services.background_check.last()).findings
        if finding.problem and finding.problem.code == problem
    ]


def test_a_page_looks_at_the_codes_of_those_who_have_had_their_apps_longest(
    shell: Shell, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many of them; the doctor looks at everybody's."""
    add_people(installation)
    monkeypatch.setattr(recovery_codes, "ACCOUNTS_LOOKED_AT", 2)
    (facts,) = on_the_page(installation, "few_recovery_codes")
    assert [account["email"] for account in facts["accounts"]] == NAMES[:2]
    assert [account["email"] for account in run_doctor(shell).about("few_recovery_codes")["facts"]["accounts"]] == NAMES


def test_a_page_names_some_of_many_suspended_accounts(shell: Shell, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor names them all, each with what is suspended, in the order of their addresses."""
    for number, account in enumerate(add_people(installation)):
        factor, _method = METHODS[number % 2]
        charge(installation, throttle.second_factor(factor, account), present(SECOND_FACTOR.suspend_at))
    monkeypatch.setattr(queries, "MOST_SUSPENDED", 3)
    (facts,) = on_the_page(installation, "second_factor_suspended")
    assert len(facts["accounts"]) == 3
    everybody = run_doctor(shell).about("second_factor_suspended")["facts"]["accounts"]
    assert everybody == [{"email": name, "method": METHODS[number % 2][1]} for number, name in enumerate(NAMES)]


def test_a_page_looks_for_the_latest_use_in_the_newest_sessions(
    shell: Shell, installation: Installation, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is enough to see a clock that was set back since; the doctor looks at all records."""
    ahead = {"at": SystemClock().now() + HOUR}
    monkeypatch.setattr(queries, "NEWEST_SESSIONS", 1)
    with installation.services.database.write() as connection:
        connection.execute(text("UPDATE security_event SET at = :at"), ahead)
        connection.commit()
    assert on_the_page(installation, "clock_set_back") == []
    assert run_doctor(shell).problems == {"clock_set_back"}
    with installation.services.database.write() as connection:
        connection.execute(text("UPDATE session SET last_used_at = :at"), ahead)
        connection.commit()
    assert len(on_the_page(installation, "clock_set_back")) == 1


@pytest.fixture
def plans(installation: Installation) -> Iterator[list[str]]:
    """How SQLite goes about each statement that reads."""
    plans: list[str] = []

    def explain(connection: Connection, _cursor: object, statement: str, parameters: Any, *_more: object) -> None:
        if statement.startswith("SELECT"):
            steps = sqlite_driver(connection).execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(step[3] for step in steps)

    with listening(installation.services.database, "before_cursor_execute", explain):
        yield plans


@sqlite_only
def test_a_page_reads_no_large_table_from_end_to_end(installation: Installation, anna: Person, plans: list[str]) -> None:
    """Neither events nor codes nor accounts, however many there are; of apps and sessions the first in the order of an index."""
    installation.services.background_check.renew()
    assert any(plan.startswith("SEARCH account") for plan in plans)
    scanned = {table for plan in plans for table in re.findall(r"^SCAN (\w+)(?! USING (?:COVERING )?INDEX)", plan)}
    assert scanned & {"account", "security_event", "recovery_code_set"} == set()
