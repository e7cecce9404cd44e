"""What the doctor can find: the tables of docs/doctor.md and the words of the program against the registered checks."""

import re
from collections import Counter

import pytest

from tests.contract.documents import table
from xpressbot.bootstrap import doctor_checks
from xpressbot.diagnostics.check import COMMON_PROBLEMS, NOT_CHECKED, Finding, Severity
from xpressbot.diagnostics.database_checks import CLOCK_LIMIT, CLOCK_TOLERANCE, NEARLY_USED_PERCENT
from xpressbot.diagnostics.network_checks import _FEWEST_PREFIX_BITS, REMEMBERED_FOR
from xpressbot.entrypoints.messages.findings import advice as words
from xpressbot.entrypoints.messages.translation import ENGLISH
from xpressbot.foundation.times import DAY, SECOND
from xpressbot.identity.factors.recovery_codes.rules import FEW_CODES

CHECKS = doctor_checks()
PROBLEMS = [*COMMON_PROBLEMS, *(problem for check in CHECKS for problem in check.problems)]


def test_the_table_has_every_check_in_the_order_of_the_report() -> None:
    """Each is one row, and nothing else is."""
    assert list(dict.fromkeys(check.name for check in CHECKS)) == [row["Check"] for row in table("docs/doctor.md", "Check")]


def test_the_table_has_every_problem_with_its_severity() -> None:
    """A problem that is added, renamed or rated otherwise is so in the table too."""
    documented = {row["Problem"]: row["Severity"] for row in table("docs/doctor.md", "Problem")}
    assert {problem.code: problem.severity.value for problem in PROBLEMS} == documented


def test_no_two_problems_have_one_code() -> None:
    """Rooms define theirs apart from each other, and a script reads the code alone."""
    assert [code for code, count in Counter(problem.code for problem in PROBLEMS).items() if count > 1] == []


def test_the_severities_are_listed_from_the_least_on() -> None:
    """As `worst` compares them."""
    (listed,) = (row["Holds"] for row in table("docs/doctor.md", "Member") if row["Member"] == "worst")
    assert re.findall(r"ok|note|skipped|warning|error", listed) == [severity.value for severity in Severity]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_every_problem_has_words_and_a_remedy(problem: object) -> None:
    """Only what another fault hides has none of its own."""
    said = words.PROBLEMS[problem.code]
    assert said.what
    assert bool(said.remedy) == (problem != NOT_CHECKED)


def test_every_check_and_severity_has_words_and_no_words_are_left_over() -> None:
    """Also for when all is well."""
    assert set(words.CHECKS) == {check.name for check in CHECKS}
    assert set(words.PROBLEMS) == {problem.code for problem in PROBLEMS}
    assert set(words._SEVERITIES) == set(Severity)


def test_what_has_no_remedy_is_said_without_one() -> None:
    """An empty text is not looked up: catalogues answer it with their header."""
    said = words.advice(ENGLISH, Finding("schema", NOT_CHECKED, {"because": "database"}))
    assert (said.severity, said.title) == ("Not checked", "Schema")
    assert (said.what, said.remedy) == ("Not looked at before this is mended: Database.", "")


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
