"""The domain knows the standard library, itself, and one library that is pure."""

import ast
import sys
from pathlib import Path

import pytest

DOMAIN = Path(__file__).parents[2] / "src" / "xpressbot" / "identity" / "domain"
PURE_LIBRARIES = {"email_address.py": {"email_validator"}}
"""docs/adr/0022 says why: functions on text, with the tables of IDNA, as long as no deliverability is asked for."""
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
    allowed = (set(sys.stdlib_module_names) - IMPURE) | PURE_LIBRARIES.get(file.name, set())
    assert {name.partition(".")[0] for name in others} <= allowed
