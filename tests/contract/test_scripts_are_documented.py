"""docs/scripts.md against the format: its names, its numbers, and its example."""

import re

from tests.contract.documents import read, table
from xpressbot.chat.scripts.checks import differences
from xpressbot.chat.scripts.problems import problems_of
from xpressbot.chat.scripts.reading import StepKind, read_script
from xpressbot.chat.scripts.script import Answer, Comparison, On, Script

DOCUMENT = "docs/scripts.md"


def named(heading: str) -> set[str]:
    """What the tables under this heading call their rows in a file."""
    return {row["In a file"] for row in table(DOCUMENT, heading)}


def test_each_name_of_the_format_has_its_row() -> None:
    """Starts, steps, answers and comparisons."""
    assert set(On) == named("Starts on")
    assert set(StepKind) == named("Step")
    assert set(Answer) == named("Answer")
    assert set(Comparison) == named("If the field is")


def test_the_example_is_a_script_without_problems_whose_checks_pass() -> None:
    """And is written in few lines for the reader: XpressBot writes it with other line breaks."""
    (example,) = re.findall(r"^```json\n(.*?)^```", read(DOCUMENT), re.MULTILINE | re.DOTALL)
    script = read_script(example)
    assert isinstance(script, Script)
    assert problems_of(script) == ()
    assert script.checks
    assert [differences(script, check) for check in script.checks] == [()] * len(script.checks)
