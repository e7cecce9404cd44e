"""The README quotes no ratio that the bench has not measured."""

import re

from tests.contract.documents import read

_SECTION = re.compile(r"^## Performance$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_RATIO = re.compile(r"\b\d+\.\d+\b(?= times)")
_FOUND = re.compile(r"\*\*(\d+\.\d+)\*\*")


def invented(readme: str, results: str) -> set[str]:
    """Ratios of the README's performance section that the results do not hold."""
    return {ratio for section in _SECTION.findall(readme) for ratio in _RATIO.findall(section)} - set(_FOUND.findall(results))


def test_the_readme_quotes_only_measured_ratios() -> None:
    """Each "x.xx times" of its performance section stands among the bars of bench/RESULTS.md."""
    assert set() == invented(read("README.md"), read("bench/RESULTS.md"))


def test_an_invented_ratio_is_found() -> None:
    """One that was measured is let pass, one that was not is named; other sections and other numbers are left alone."""
    results = "| M3 | at least 5 times | **8.21** | met |"
    readme = "## Elsewhere\n3.00 times\n## Performance\n8.21 times, with Python 3.11; sign-in 9.99 times.\n## More\n4.00 times\n"
    assert invented(readme, results) == {"9.99"}
