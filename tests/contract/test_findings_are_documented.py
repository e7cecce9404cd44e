"""What the doctor can find: docs/doctor.md and the words of the program against the registered checks."""

import re
from collections import Counter

import pytest

from tests.contract.documents import table
from xpressbot.bootstrap import DEFAULT_SYSTEM, doctor_checks
from xpressbot.diagnostics.check import COMMON_PROBLEMS, NOT_CHECKED, Finding, Problem, Severity
from xpressbot.entrypoints.messages.findings import advice as words
from xpressbot.entrypoints.messages.findings.factors import METHODS
from xpressbot.entrypoints.messages.translation import ENGLISH
from xpressbot.foundation.crypto.encryption import Encryption, KeyedDigests
from xpressbot.foundation.crypto.key_ring import EMPTY_KEY_RING
from xpressbot.foundation.entropy import SystemEntropy
from xpressbot.identity.factors.registry import all_kinds

CHECKS = doctor_checks()
PROBLEMS = [*COMMON_PROBLEMS, *(problem for check in CHECKS for problem in check.problems)]


def test_no_two_problems_have_one_code() -> None:
    """Packages define theirs apart from each other, and a script reads the code alone."""
    assert [code for code, count in Counter(problem.code for problem in PROBLEMS).items() if count > 1] == []


def test_the_severities_are_listed_from_the_least_on() -> None:
    """As `worst` compares them."""
    (listed,) = (row["Holds"] for row in table("docs/doctor.md", "Member") if row["Member"] == "worst")
    assert re.findall(r"ok|note|skipped|warning|error", listed) == [severity.value for severity in Severity]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_every_problem_has_words_and_a_remedy(problem: Problem) -> None:
    """Only what another fault hides has none of its own."""
    said = words.PROBLEMS[problem.code]
    assert said.what
    assert bool(said.remedy) == (problem != NOT_CHECKED)


def test_every_check_and_severity_has_words_and_no_words_are_left_over() -> None:
    """Also for when all is well."""
    assert set(words.CHECKS) == {check.name for check in CHECKS}
    assert set(words.PROBLEMS) == {problem.code for problem in PROBLEMS}
    assert set(words.SEVERITIES) == set(Severity)


def test_every_kind_of_factor_has_a_name_in_findings_and_no_name_is_left_over() -> None:
    """The doctor tells which of an account's factors is suspended."""
    encryption = Encryption(EMPTY_KEY_RING, SystemEntropy(), lambda: EMPTY_KEY_RING)
    kinds = all_kinds(encryption, KeyedDigests(EMPTY_KEY_RING), DEFAULT_SYSTEM)
    assert set(METHODS) == {kind.method for kind in kinds}


def test_what_has_no_remedy_is_said_without_one() -> None:
    """An empty text is not looked up: catalogues answer it with their header."""
    said = words.advice(ENGLISH, Finding("schema", NOT_CHECKED, {"because": "database"}))
    assert (said.severity, said.title) == ("Not checked", "Schema")
    assert (said.what, said.remedy) == ("Not looked at before this is mended: Database.", "")
