"""What the doctor can find: the tables of docs/doctor.md and the words of the program against the closed lists."""

import re

import pytest

from tests.contract.documents import table
from xpressbot.diagnostics.database_checks import CLOCK_LIMIT, CLOCK_TOLERANCE, NEARLY_USED_PERCENT
from xpressbot.diagnostics.findings import Check, Finding, Problem, Severity
from xpressbot.diagnostics.network_checks import _FEWEST_PREFIX_BITS, REMEMBERED_FOR
from xpressbot.entrypoints.messages.findings import _PROBLEMS, _WELL, SEVERITIES, TITLES
from xpressbot.foundation.times import DAY, SECOND
from xpressbot.identity.factors.recovery_codes.rules import FEW_CODES


def test_the_table_has_every_check_in_the_order_of_the_report() -> None:
    """Each is one row, and nothing else is."""
    assert [check.value for check in Check] == [row["Check"] for row in table("docs/doctor.md", "Check")]


def test_the_table_has_every_problem_with_its_severity() -> None:
    """A problem that is added, renamed or rated otherwise is so in the table too."""
    documented = {row["Problem"]: row["Severity"] for row in table("docs/doctor.md", "Problem")}
    assert {problem.value: Finding(Check.SETTINGS, problem).severity.value for problem in Problem} == documented


def test_the_severities_are_listed_from_the_least_on() -> None:
    """As `worst` compares them."""
    (listed,) = (row["Holds"] for row in table("docs/doctor.md", "Member") if row["Member"] == "worst")
    assert re.findall(r"ok|note|skipped|warning|error", listed) == [severity.value for severity in Severity]


@pytest.mark.parametrize("problem", Problem)
def test_every_problem_has_words_and_a_remedy(problem: Problem) -> None:
    """Only what another fault hides has none of its own."""
    what, remedy = _PROBLEMS[problem]
    assert what
    assert bool(remedy) == (problem is not Problem.NOT_CHECKED)


def test_every_check_and_severity_has_words() -> None:
    """Also for when all is well."""
    assert set(TITLES) == set(_WELL) == set(Check)
    assert set(SEVERITIES) == set(Severity)


def test_the_tables_repeat_numbers_truly() -> None:
    """Sentences that repeat a number do so in words that the code's numbers make."""
    checks = {row["Check"]: row["What is looked at"] for row in table("docs/doctor.md", "Check")}
    problems = {row["Problem"]: row["Meaning"] for row in table("docs/doctor.md", "Problem")}
    assert FEW_CODES == 3
    assert "three codes or fewer" in checks["recovery_codes"]
    assert f"within {REMEMBERED_FOR // DAY} days" in checks["forwarded_headers"]
    assert f"more than {CLOCK_TOLERANCE // SECOND} s off" in problems["clock_differs"]
    assert f"{CLOCK_LIMIT // SECOND} s or more" in problems["clock_far_off"]
    assert f"more than {CLOCK_TOLERANCE // SECOND} s in the future" in problems["clock_set_back"]
    v4, v6 = _FEWEST_PREFIX_BITS[4], _FEWEST_PREFIX_BITS[6]
    assert f"fewer than {v4} bits (IPv6: {v6})" in problems["proxies_too_wide"]
    assert f"{NEARLY_USED_PERCENT} %" in problems["connections_nearly_used"]
