"""The domain knows the standard library and itself."""

import ast
import sys
from pathlib import Path

import pytest

DOMAIN = Path(__file__).parents[2] / "src" / "xpressbot" / "identity" / "domain"
IMPURE = {"os", "time", "secrets", "random", "socket", "subprocess", "sqlite3", "threading"}


@pytest.mark.parametrize("file", sorted(DOMAIN.glob("*.py")), ids=lambda file: file.name)
def test_a_rule_imports_nothing_that_could_reach_outside(file: Path) -> None:
    """No library, no clock, no chance, no input or output."""
    imported = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    others = {name for name in imported if not name.startswith("xpressbot.identity.domain")}
    assert {name.partition(".")[0] for name in others} <= set(sys.stdlib_module_names) - IMPURE
