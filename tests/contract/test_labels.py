"""Browser tests take what pages say from tests/support/labels.py, so that a word that changes is changed once."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.documents import ROOT, name_of

FILES = sorted(path for path in (ROOT / "tests/browser").glob("*.py"))
READING = frozenset(
    {"arrive_on", "box", "button", "get_by_label", "get_by_text", "is_on", "link", "sees", "tab_to", "to_contain_text", "to_have_text"}
)
"""What takes a label or a sentence as its argument."""
NAMING = frozenset({"button", "has_text"})
GIVEN_BY_TESTS = frozenset({"Laptop", "Phone", "Tablet", "Chrome on Linux"})
"""Names of apps that the tests type, and what the browser itself is called."""


def literals(source: str) -> set[str]:
    """Texts of pages that a test has as literals."""
    return {text for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) for text in _of(node)} - GIVEN_BY_TESTS


def _of(call: ast.Call) -> Iterator[str]:
    called = getattr(call.func, "attr", None) or getattr(call.func, "id", "")
    read = [argument for argument in call.args if called in READING]
    named = NAMING | ({"name"} if called == "get_by_role" else set())
    read += [keyword.value for keyword in call.keywords if keyword.arg in named]
    for argument in read:
        for node in ast.walk(argument):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_browser_test_repeats_no_label(file: Path) -> None:
    """What it clicks, fills in or reads stands among the labels."""
    assert literals(file.read_text("utf-8")) == set()


@pytest.mark.parametrize(
    "source",
    [
        "anna.button('Sign in')",
        "page.get_by_role('button', name='Sign in')",
        "anna.sees(f'{count} more tries')",
        "anna.send(button='Go')",
    ],
)
def test_a_label_in_a_test_is_found(source: str) -> None:
    """As an argument, by its keyword, or as a part of a longer text."""
    assert literals(source)
